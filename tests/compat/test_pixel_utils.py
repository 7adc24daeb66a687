"""Names of pydicom.pixels.utils: values by hand and from the standard, the same as pydicom's on its own files."""

import inspect
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pydicom.pixels.utils
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.compat import layout
from dicompix.pixels.errors import PixelError

NAMES = (
    *("expand_ybr422", "get_expected_length", "get_image_pixel_ids", "get_j2k_parameters", "get_nr_frames"),
    *("pixel_dtype", "reshape_pixel_array"),
)


def data_set(uid: str = s.EXPLICIT_LITTLE, **values: Any) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(uid)
    ds.set_original_encoding(False, uid != s.EXPLICIT_BIG)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def outcome(function: Callable[..., Any], *args: Any) -> tuple[object, list[str]]:
    """Return what a call gives, or the built-in error that it raises, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = function(*args)
        except Exception as problem:  # noqa: BLE001  # any error is compared
            bases = (AttributeError, NotImplementedError, ValueError, TypeError)
            value = next(base for base in bases if isinstance(problem, base)), str(problem).rstrip(".")
    return value, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_pydicoms(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(home, name)) for home in (layout, pydicom.pixels.utils))
    plain = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert plain[0] == plain[1]


# get_expected_length

LENGTHS = [  # rows, columns, samples, bits, frames, photometric -> bytes, pixels
    ((3, 3, 1, 1, None, "MONOCHROME2"), (2, 9)),
    ((3, 3, 1, 1, 3, "MONOCHROME2"), (4, 27)),
    ((3, 3, 1, 8, 3, "MONOCHROME2"), (27, 27)),
    ((3, 3, 1, 16, 3, "MONOCHROME2"), (54, 27)),
    ((2, 4, 3, 8, None, "RGB"), (24, 24)),
    ((2, 4, 3, 8, None, "YBR_FULL"), (24, 24)),
    ((2, 4, 3, 8, None, "YBR_FULL_422"), (16, 24)),
    ((2, 4, 3, 16, 2, "YBR_FULL_422"), (64, 48)),
]


@pytest.mark.parametrize(("described", "length"), LENGTHS)
def test_expected_length(described: tuple[Any, ...], length: tuple[int, int]) -> None:
    rows, columns, samples, bits, frames, photometric = described
    ds = data_set(Rows=rows, Columns=columns, SamplesPerPixel=samples, BitsAllocated=bits)
    ds.PhotometricInterpretation = photometric
    if frames is not None:
        ds.NumberOfFrames = frames
    assert (layout.get_expected_length(ds), layout.get_expected_length(ds, unit="pixels")) == length
    assert length == (
        pydicom.pixels.utils.get_expected_length(ds),
        pydicom.pixels.utils.get_expected_length(ds, unit="pixels"),
    )


def test_expected_length_needs_its_elements() -> None:
    with pytest.raises(AttributeError, match="Rows"):
        layout.get_expected_length(Dataset())


# get_nr_frames


@pytest.mark.parametrize("value", [None, 0])
def test_no_frames_are_one_with_a_warning(value: int | None) -> None:
    ds = data_set(NumberOfFrames=value)
    with pytest.warns(UserWarning, match=rf"value of {value} for \(0028,0008\) 'Number of Frames' is non-conformant"):
        assert layout.get_nr_frames(ds) == 1
    assert layout.get_nr_frames(ds, warn=False) == 1


def test_the_warning_is_logged_as_pydicoms_are(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.warns(UserWarning, match="non-conformant"), caplog.at_level("WARNING", logger="pydicom"):
        layout.get_nr_frames(data_set(NumberOfFrames=0))
    assert "changed to 1" in caplog.text


def test_frames_as_they_are_stated() -> None:
    assert layout.get_nr_frames(data_set()) == 1
    assert layout.get_nr_frames(data_set(NumberOfFrames="7")) == 7


# get_image_pixel_ids


def test_ids_change_with_the_values() -> None:
    ds = data_set(Rows=3, PixelData=b"abc")
    before = layout.get_image_pixel_ids(ds)
    assert before == pydicom.pixels.utils.get_image_pixel_ids(ds)
    assert before["PixelData"] == id(ds.PixelData)
    ds.PixelData = b"abcd"
    changed = layout.get_image_pixel_ids(ds)
    assert {key for key in before if before[key] != changed[key]} == {"PixelData"}


# pixel_dtype

TYPES = [
    ((1, 0), "u1"),
    ((1, 1), "u1"),
    ((8, 0), "u1"),
    ((8, 1), "i1"),
    ((16, 0), "u2"),
    ((16, 1), "i2"),
    ((32, 1), "i4"),
    ((64, 0), "u8"),
]


@pytest.mark.parametrize("uid", [s.EXPLICIT_LITTLE, s.EXPLICIT_BIG])
@pytest.mark.parametrize(("described", "dtype"), TYPES)
def test_types_in_the_files_byte_order(described: tuple[int, int], dtype: str, uid: str) -> None:
    ds = data_set(uid, BitsAllocated=described[0], PixelRepresentation=described[1])
    order = ">" if uid == s.EXPLICIT_BIG else "<"
    assert layout.pixel_dtype(ds) == np.dtype(order + dtype)


def test_floating_types() -> None:
    assert layout.pixel_dtype(data_set(BitsAllocated=32), as_float=True) == np.dtype("<f4")
    assert layout.pixel_dtype(data_set(BitsAllocated=64), as_float=True) == np.dtype("<f8")


BAD_TYPES: list[dict[str, Any]] = [
    {"BitsAllocated": 16, "PixelRepresentation": 2},
    {"BitsAllocated": 0, "PixelRepresentation": 0},
    {"BitsAllocated": 15, "PixelRepresentation": 0},
    {"BitsAllocated": 24, "PixelRepresentation": 1},
    {"BitsAllocated": 16},
    {"PixelRepresentation": 0},
]


@pytest.mark.parametrize("values", BAD_TYPES, ids=str)
def test_types_that_cannot_be_fail_as_in_pydicom(values: dict[str, Any]) -> None:
    ours, theirs = (outcome(home.pixel_dtype, data_set(**values)) for home in (layout, pydicom.pixels.utils))
    assert ours == theirs
    assert isinstance(ours[0], tuple)


def test_a_type_needs_a_byte_order() -> None:
    ds = Dataset()
    ds.BitsAllocated, ds.PixelRepresentation = 8, 1
    with pytest.raises(AttributeError, match=r"Unable to determine the endianness.*in 'Dataset\.file_meta'") as caught:
        layout.pixel_dtype(ds)
    assert isinstance(caught.value, PixelError)


# reshape_pixel_array


@pytest.mark.parametrize("frames", [1, 2])
def test_one_sample_a_pixel(frames: int) -> None:
    ds = data_set(Rows=2, Columns=3, SamplesPerPixel=1, NumberOfFrames=frames)
    flat = np.arange(6 * frames)
    shaped = layout.reshape_pixel_array(ds, flat)
    assert shaped.tolist() == ([[0, 1, 2], [3, 4, 5]] if frames == 1 else flat.reshape(2, 2, 3).tolist())
    assert np.shares_memory(shaped, flat)


COLOR = [  # syntax, Planar Configuration -> whether samples lie in planes
    (s.EXPLICIT_LITTLE, 0, False),
    (s.EXPLICIT_LITTLE, 1, True),
    (s.RLE_LOSSLESS, 0, True),
    (s.JPEG_BASELINE, 1, False),
    (s.JPEG_LOSSLESS_SV1, 1, False),
    (s.JPEG_LS, 1, False),
    (s.JPEG_2000, 1, False),
]


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize(("uid", "planar", "planes"), COLOR)
def test_three_samples_a_pixel(uid: str, planar: int, planes: bool, frames: int) -> None:  # noqa: FBT001
    ds = data_set(uid, Rows=1, Columns=2, SamplesPerPixel=3, NumberOfFrames=frames, PlanarConfiguration=planar)
    frame = [10, 11, 20, 21, 30, 31] if planes else [10, 20, 30, 11, 21, 31]
    flat = np.array([value + 100 * f for f in range(frames) for value in frame])
    wanted = [
        [[[10 + 100 * f, 20 + 100 * f, 30 + 100 * f], [11 + 100 * f, 21 + 100 * f, 31 + 100 * f]]]
        for f in range(frames)
    ]
    shaped = layout.reshape_pixel_array(ds, flat)
    assert shaped.tolist() == (wanted if frames > 1 else wanted[0])
    assert np.array_equal(shaped, pydicom.pixels.utils.reshape_pixel_array(ds, flat))


BAD_SHAPES: list[dict[str, Any]] = [
    {"SamplesPerPixel": 0},
    {"SamplesPerPixel": 3, "PlanarConfiguration": 2},
    {"SamplesPerPixel": 3},
    {},
]


@pytest.mark.parametrize("values", BAD_SHAPES, ids=str)
def test_shapes_that_cannot_be_fail_as_in_pydicom(values: dict[str, Any]) -> None:
    ds = data_set(Rows=1, Columns=2, **values)
    ours, theirs = (outcome(home.reshape_pixel_array, ds, np.zeros(6)) for home in (layout, pydicom.pixels.utils))
    assert ours == theirs
    assert isinstance(ours[0], tuple)


# expand_ybr422


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_chroma_is_given_to_both_of_a_pair(bits: int) -> None:
    # Y1 Y2 CB CR -> Y1 CB CR, Y2 CB CR (PS3.3 C.7.6.3.1.2)
    source = np.array([1, 2, 8, 9, 3, 4, 6, 7], f"<u{bits // 8}")
    wanted = np.array([1, 8, 9, 2, 8, 9, 3, 6, 7, 4, 6, 7], source.dtype)
    assert layout.expand_ybr422(source.tobytes(), bits) == wanted.tobytes()
    assert layout.expand_ybr422(bytearray(source.tobytes()), bits) == wanted.tobytes()


def test_other_bits_have_no_shared_chroma() -> None:
    with pytest.raises(ValueError, match="Bits Allocated of 1"):
        layout.expand_ybr422(b"abcd", 1)


# get_j2k_parameters

SIZ = bytes.fromhex("FF4F FF51") + bytes(38)  # SOC, SIZ, up to the first component's Ssiz
JP2 = bytes.fromhex("0000000C 6A502020 0D0A870A")


@pytest.mark.parametrize(
    ("stream", "found"),
    [
        (SIZ + b"\x07", {"precision": 8, "is_signed": False, "jp2": False}),
        (SIZ + b"\x0b", {"precision": 12, "is_signed": False, "jp2": False}),
        (SIZ + b"\x8b", {"precision": 12, "is_signed": True, "jp2": False}),
        (SIZ, {}),
        (b"", {}),
        (SIZ[:20], {}),
        (b"\xff\x4e" + SIZ[2:] + b"\x07", {}),
        (b"\xff\x4f\xff\x52" + SIZ[4:] + b"\x07", {}),
        (JP2 + bytes.fromhex("0000000A 66747970 0000") + bytes.fromhex("00000000 6A703263") + SIZ + b"\x07",
         {"precision": 8, "is_signed": False, "jp2": True}),
        (JP2 + bytes.fromhex("00000033 6A703263") + SIZ + b"\x8f", {"precision": 16, "is_signed": True, "jp2": True}),
        (JP2 + bytes.fromhex("00000000 66747970 0000"), {}),  # pydicom would look for ever
        (JP2, {}),
    ],
    ids=range(12),
)  # fmt: skip
def test_precision_and_sign_by_the_first_component(stream: bytes, found: dict[str, Any]) -> None:
    assert layout.get_j2k_parameters(stream) == found


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "693_J2KI.dcm", "MR_small_jp2klossless.dcm", "SC_rgb_gdcm_KY.dcm"])
def test_real_streams_as_pydicom_reads_them(name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    stream = get_frame(pydicom.dcmread(path).PixelData, 0)
    found = layout.get_j2k_parameters(stream)
    assert found
    assert found == pydicom.pixels.utils.get_j2k_parameters(stream)


def test_rubbish_is_no_stream() -> None:
    chance = random.Random(4)
    for start in (b"", JP2, SIZ[:4]):
        for length in range(0, 60, 7):
            layout.get_j2k_parameters(start + chance.randbytes(length))


def test_encapsulated_pixel_data_is_not_a_codestream() -> None:
    assert layout.get_j2k_parameters(encapsulate([SIZ + b"\x07"])) == {}
