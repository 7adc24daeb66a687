"""set_pixel_data: an array in, and a data set that pydicom itself reads the same from (PS3.3 C.7.6.3)."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.compat.set_pixels import set_pixel_data
from dicompix.pixels.errors import BadValueError, FormatError, FrameError, PixelError, UnsupportedError
from support.snapshot import snapshot

GRAY = np.arange(15, dtype=np.uint8).reshape(3, 5)
COLOR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)


def test_the_signature_is_pydicoms() -> None:
    ours, theirs = (inspect.signature(function) for function in (set_pixel_data, pydicom.pixels.set_pixel_data))
    shapes = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert shapes[0] == shapes[1]


@st.composite
def arrays(draw: Any) -> tuple[Any, str, int]:
    """Return an array, a photometric interpretation that fits it, and Bits Stored that its values fit."""
    dtype = np.dtype(draw(st.sampled_from(["u1", "i1", "<u2", ">u2", "<i2", ">i2"])))
    samples = draw(st.sampled_from([1, 3]))
    terms = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"] if samples == 1 else ["RGB", "YBR_FULL"]
    shape = draw(st.tuples(*[st.integers(1, 5)] * 2))
    shape = (*((draw(st.integers(1, 3)),) if draw(st.booleans()) else ()), *shape, *((3,) if samples == 3 else ()))
    bits = draw(st.integers(1, dtype.itemsize * 8))
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if dtype.kind == "i" else (0, (1 << bits) - 1)
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(low, high, shape, np.int64, endpoint=True)
    return values.astype(dtype), draw(st.sampled_from(terms)), bits


@given(arrays())
def test_pydicom_reads_what_was_put_in(case: tuple[Any, str, int]) -> None:
    array, photometric, bits = case
    dataset = Dataset()
    set_pixel_data(dataset, array, photometric, bits)
    expected = array[0] if dataset.get("NumberOfFrames") == 1 else array
    read, described = pydicom.pixels.get_decoder(s.EXPLICIT_LITTLE).as_array(dataset, raw=True)
    np.testing.assert_array_equal(read, expected)
    assert read.dtype == array.dtype.newbyteorder("<")
    assert (described["photometric_interpretation"], dataset.HighBit) == (photometric, bits - 1)
    assert len(dataset.PixelData) % 2 == 0
    assert str(dataset["PixelData"].VR) == ("OB" if array.dtype.itemsize == 1 else "OW")


def test_one_bit_a_pixel_runs_on_from_frame_to_frame() -> None:
    # 2 frames of 1 x 5 pixels: 10 bits, the first one lowest (PS3.5 8.1.1)
    dataset = Dataset()
    array = np.array([[[1, 0, 1, 1, 0]], [[0, 1, 0, 0, 1]]], bool)
    set_pixel_data(dataset, array, "MONOCHROME2", 1)
    assert dataset.PixelData == bytes([0b01001101, 0b00000010])
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation) == (1, 1, 0, 0)
    assert (dataset.NumberOfFrames, dataset["PixelData"].VR) == (2, "OB")
    np.testing.assert_array_equal(dataset.pixel_array, array)


def test_pairs_of_pixels_keep_the_first_chrominance() -> None:
    # Y1 B1 R1 Y2 B2 R2 -> Y1 Y2 B1 R1 (PS3.3 C.7.6.3.1.2)
    dataset = Dataset()
    set_pixel_data(dataset, COLOR, "YBR_FULL_422", 8)
    first_row = [0, 3, 1, 2, 6, 9, 7, 8]
    assert list(dataset.PixelData) == [*first_row, *[v + 12 for v in first_row], *[v + 24 for v in first_row]]
    assert (dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration) == (
        *("YBR_FULL_422", 3),
        0,
    )


def test_what_described_other_pixels_goes() -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(s.JPEG_2000)
    dataset.NumberOfFrames, dataset.PlanarConfiguration = 7, 1
    dataset.ExtendedOffsetTable = dataset.ExtendedOffsetTableLengths = bytes(8)
    dataset.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00"
    dataset["PixelData"].is_undefined_length = True
    dataset.SOPInstanceUID = "1.2.3"
    set_pixel_data(dataset, GRAY, "MONOCHROME2", 8)
    assert not {"NumberOfFrames", "PlanarConfiguration", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"} & set(
        dataset.dir()
    )
    assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE
    assert not dataset["PixelData"].is_undefined_length
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID != "1.2.3"
    np.testing.assert_array_equal(dataset.pixel_array, GRAY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (s.IMPLICIT_LITTLE, s.IMPLICIT_LITTLE),
        (s.DEFLATED_LITTLE, s.DEFLATED_LITTLE),
        (s.ENCAPSULATED_UNCOMPRESSED, s.EXPLICIT_LITTLE),
        (s.JPEG_XL, s.EXPLICIT_LITTLE),
        (None, s.EXPLICIT_LITTLE),
    ],
)
def test_the_transfer_syntax_stays_native(before: str | None, after: str) -> None:
    dataset = Dataset()
    if before is not None:
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = UID(before)
    set_pixel_data(dataset, GRAY, "MONOCHROME2", 8, generate_instance_uid=False)
    assert dataset.file_meta.TransferSyntaxUID == after
    assert "SOPInstanceUID" not in dataset


def test_a_file_keeps_what_was_put_in(example: Callable[[str], Path], tmp_path: Path) -> None:
    dataset = pydicom.dcmread(example("CT_small.dcm"))
    array = np.arange(-6, 6, dtype=np.int16).reshape(3, 4)
    set_pixel_data(dataset, array, "MONOCHROME2", 12)
    dataset.save_as(tmp_path / "a.dcm")
    again = pydicom.dcmread(tmp_path / "a.dcm")
    np.testing.assert_array_equal(again.pixel_array, array)
    assert (again.SOPInstanceUID, again.Rows, again.Columns) == (dataset.SOPInstanceUID, 3, 4)


def test_a_big_endian_data_set_without_a_syntax_becomes_little_endian(example: Callable[[str], Path]) -> None:
    dataset = pydicom.dcmread(example("ExplVR_BigEnd.dcm"))
    del dataset.file_meta.TransferSyntaxUID
    set_pixel_data(dataset, GRAY, "MONOCHROME2", 8)
    assert dataset.original_encoding == (False, True)


TOO_LARGE = np.broadcast_to(np.uint8(0), (2, 65535, 40000))
REFUSED = {
    "float32": (np.zeros((2, 2), np.float32), "MONOCHROME2", 8, BadValueError, "Unsupported ndarray dtype 'float32'"),
    "int32": (np.zeros((2, 2), np.int32), "MONOCHROME2", 8, BadValueError, "Unsupported ndarray dtype 'int32'"),
    "term": (COLOR, "YBR_RCT", 8, BadValueError, "Unsupported 'photometric_interpretation' value 'YBR_RCT'"),
    "ndim": (GRAY[0], "MONOCHROME2", 8, BadValueError, "must have 2 or 3 dimensions, not 1"),
    "color ndim": (GRAY, "RGB", 8, BadValueError, "must have 3 or 4 dimensions, not 2"),
    "samples": (GRAY[None], "RGB", 8, BadValueError, r"must have shape \(rows, columns, 3\)"),
    "no bits": (GRAY, "MONOCHROME2", 0, BadValueError, "Invalid 'bits_stored' value '0'"),
    "bits": (GRAY, "MONOCHROME2", 9, BadValueError, "Invalid 'bits_stored' value '9'"),
    "range": (GRAY, "MONOCHROME2", 3, BadValueError, r"\[0, 14\] is greater than that allowed by .* \[0, 7\]"),
    "signed range": (GRAY.view(np.int8) - 9, "MONOCHROME2", 4, BadValueError, r"\[-9, 5\] is greater .* \[-8, 7\]"),
    "odd pairs": (COLOR[:, :3], "YBR_FULL_422", 8, BadValueError, "even number of columns, not 3"),
    "odd pairs, even total": (COLOR[:2, :3], "YBR_FULL_422", 8, BadValueError, "even number of columns, not 3"),
    "empty": (GRAY[:0], "MONOCHROME2", 8, BadValueError, "has no pixels"),
    "rows": (np.zeros((65536, 1), np.uint8), "MONOCHROME2", 8, BadValueError, "'Rows' value of '65536'"),
    "color bits": (COLOR > 3, "RGB", 1, BadValueError, "one bit a sample"),
    "length": (TOO_LARGE, "MONOCHROME2", 8, FrameError, r"5242800000 bytes long, the most .* is 2\*\*32 - 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_arrays_change_nothing(name: str, example: Callable[[str], Path]) -> None:
    array, photometric, bits, kind, text = REFUSED[name]
    for dataset in (pydicom.dcmread(example("CT_small.dcm")), Dataset()):
        before = snapshot(dataset)
        with pytest.raises(kind, match=text) as caught:
            set_pixel_data(dataset, array, photometric, bits)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, PixelError)
        assert snapshot(dataset) == before
        assert hasattr(dataset, "file_meta") == (before["meta"] is not None)


@pytest.mark.parametrize("keyword", ["FloatPixelData", "DoubleFloatPixelData"])
def test_floating_point_pixel_data_has_to_go_first(keyword: str) -> None:
    dataset = Dataset()
    setattr(dataset, keyword, bytes(8))
    with pytest.raises(AttributeError, match=r"has an existing .* element") as caught:
        set_pixel_data(dataset, GRAY, "MONOCHROME2", 8)
    assert isinstance(caught.value, FormatError)
    assert "PixelData" not in dataset


@pytest.mark.parametrize("uid", [s.EXPLICIT_BIG, s.GE_PRIVATE_BIG])
def test_big_endian_is_refused_as_pydicom_does(uid: str) -> None:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    with pytest.raises(NotImplementedError, match="is big-endian, which is not supported") as caught:
        set_pixel_data(dataset, GRAY, "MONOCHROME2", 8)
    assert isinstance(caught.value, UnsupportedError)


def test_the_cached_array_is_dropped(example: Callable[[str], Path]) -> None:
    dataset = pydicom.dcmread(example("CT_small.dcm"))
    assert dataset.pixel_array.shape == (128, 128)
    set_pixel_data(dataset, GRAY, "MONOCHROME2", 8)
    assert (dataset._pixel_array, dataset._pixel_id) == (None, {})
