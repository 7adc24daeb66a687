"""decompress: the same samples, native, and a data set that says so; judged by pydicom's own native reader."""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat import bookkeeping
from dicompix.pixels.compat import decompress as module
from dicompix.pixels.compat.decompress import decompress
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    MissingCodecError,
    MissingElementError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.format import FOUR_SAMPLES, Photometric
from dicompix.pixels.testing import CodecCase
from support import packing
from support.arrays import color, gray
from support.builders import data_set, file_of
from support.cases import CASES
from support.snapshot import snapshot

ENCAPSULATED = [uid for uid in CASES if s.syntax_for(uid).encapsulated]
OFFSET_TABLES = {"ExtendedOffsetTable", "ExtendedOffsetTableLengths"}


def compressed(case: CodecCase, count: int = 1) -> Dataset:
    fmt = replace(case.fmt, frames=count)
    return data_set(fmt, packing.encapsulate([[case.data]] * count), encapsulated=True)


def rle(array: Stored, **elements: Any) -> Dataset:
    """Return a data set of RLE frames (frames, rows, columns[, 3]), coded without the code under test."""
    fmt = replace(CASES[s.RLE_LOSSLESS][0].fmt, rows=array.shape[1], columns=array.shape[2], frames=len(array))
    bits = array.dtype.itemsize * 8
    colors = {"samples": 3, "photometric": Photometric.RGB} if array.ndim == 4 else {}
    fmt = replace(fmt, bits_allocated=bits, bits_stored=bits, signed=array.dtype.kind == "i", **colors)  # type: ignore[arg-type]
    frames = [[packing.rle(frame)] for frame in array]
    result = data_set(fmt, packing.encapsulate(frames, packing.offsets_of(frames)), encapsulated=True)
    for keyword, value in elements.items():
        setattr(result, keyword, value)
    return result


def image_of(dataset: Dataset, *, raw: bool = False) -> Stored:
    with dicompix.open_image(file_of(dataset), raw=raw) as image:
        return image.stored()


def read_back(dataset: Dataset, folder: Path) -> Stored:
    """Return the native samples that pydicom reads from the file it writes, frames axis included."""
    dataset.save_as(folder / "native.dcm", enforce_file_format=True)
    again = pydicom.dcmread(folder / "native.dcm")
    assert not again["PixelData"].is_undefined_length
    array = pydicom.pixels.pixel_array(again, raw=True)
    return array if again.get("NumberOfFrames", 1) > 1 else array[np.newaxis]


def test_the_signature_is_pydicoms() -> None:
    ours, theirs = (inspect.signature(function) for function in (decompress, pydicom.pixels.decompress))
    shapes = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("uid", ENCAPSULATED, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("as_rgb", [True, False])
@pytest.mark.filterwarnings("ignore:lossless-prediction")  # noise takes 17 bits to predict
def test_pydicom_reads_the_samples_that_were_decoded(uid: str, count: int, as_rgb: bool, tmp_path: Path) -> None:  # noqa: FBT001
    for case in CASES[uid]:
        if case.fmt.floating or case.fmt.photometric in FOUR_SAMPLES:
            continue  # PS3.5 encapsulates integers, and pydicom reads no four samples
        dataset = compressed(case, count)
        raw = not as_rgb and case.fmt.photometric not in {Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420}
        wanted = image_of(dataset, raw=raw)
        assert decompress(dataset, as_rgb=as_rgb) is dataset
        assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE
        assert str(dataset["PixelData"].VR) == ("OW" if case.fmt.bits_allocated > 8 else "OB"), case.name
        assert len(dataset.PixelData) % 2 == 0
        found = read_back(dataset, tmp_path)
        np.testing.assert_array_equal(found, wanted, err_msg=case.name)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(image_of(dataset, raw=True), wanted, err_msg=case.name)


@pytest.mark.filterwarnings("ignore:high-bit")
def test_what_is_said_of_the_pixels_follows() -> None:
    frames = np.stack([color(8), color(8)[::-1]])
    dataset = rle(frames, PlanarConfiguration=1, HighBit=6, LossyImageCompression="00")
    dataset.ExtendedOffsetTable = dataset.ExtendedOffsetTableLengths = bytes(16)  # stale: the table of other frames
    with pytest.warns(PixelWarning, match="extended-offset-table"):
        decompress(dataset)
    assert not OFFSET_TABLES & set(dataset.dir())
    assert (dataset.PlanarConfiguration, dataset.HighBit, dataset.NumberOfFrames) == (0, 7, 2)
    assert (dataset.PhotometricInterpretation, dataset.LossyImageCompression) == ("RGB", "00")
    assert dataset.PixelData == frames.tobytes()


def test_bits_and_sizes_follow_the_codestream() -> None:
    # A JPEG-LS stream of 12 bits and 19 x 23 pixels, under a header of 8 bits and 19 x 20 pixels.
    case = next(case for case in CASES[s.JPEG_LS] if case.fmt.bits_stored == 12 and case.fmt.samples == 1)
    dataset = compressed(case)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.Columns = 8, 8, 7, 20
    with pytest.warns(PixelWarning):
        decompress(dataset)
    described = [dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.Rows, dataset.Columns]
    assert described == [16, 12, 11, 19, 23]
    np.testing.assert_array_equal(dataset.pixel_array, case.expected)


def test_odd_lengths_are_padded() -> None:
    frames = gray(8, rows=3, columns=3)[np.newaxis]
    dataset = decompress(rle(frames))
    assert dataset.PixelData == frames.tobytes() + b"\0"


def test_frames_of_one_bit_lie_bit_behind_bit() -> None:
    # 3 frames of 3 x 3 pixels: each one coded by itself, 27 bits in a row when native (PS3.5 8.1.1)
    frames = (np.arange(27).reshape(3, 3, 3) % 5 < 2).astype(np.uint8)
    case = next(case for case in CASES[s.DEFLATED_IMAGE_FRAME] if case.fmt.bits_allocated == 1)
    fmt = replace(case.fmt, rows=3, columns=3, frames=3)
    coded = [[packing.deflate(packing.bits(frame[np.newaxis]))] for frame in frames]
    dataset = decompress(data_set(fmt, packing.encapsulate(coded), encapsulated=True))
    bits = np.packbits(frames.ravel(), bitorder="little").tobytes()
    assert dataset.PixelData == bits
    assert (dataset.BitsAllocated, dataset["PixelData"].VR) == (1, "OB")
    np.testing.assert_array_equal(dataset.pixel_array, frames)


def test_an_identifier_is_new_unless_kept() -> None:
    frames = gray(8)[np.newaxis]
    new, kept = decompress(rle(frames)), decompress(rle(frames), generate_instance_uid=False)
    assert kept.SOPInstanceUID == kept.file_meta.MediaStorageSOPInstanceUID == "1.2.3.4"
    assert new.SOPInstanceUID == new.file_meta.MediaStorageSOPInstanceUID != "1.2.3.4"


def test_the_number_of_frames_is_added_only_where_it_says_something() -> None:
    assert "NumberOfFrames" not in decompress(rle(gray(8)[np.newaxis]))
    one = rle(gray(8)[np.newaxis], NumberOfFrames=1)
    assert decompress(one).NumberOfFrames == 1
    more = rle(np.stack([gray(8)] * 3), NumberOfFrames=2)
    with pytest.warns(PixelWarning, match="excess-frames"):
        decompress(more)
    assert more.NumberOfFrames == 3


def test_options_of_pydicom_are_understood() -> None:
    frames = np.stack([color(8)] * 2)
    dataset = rle(frames, PhotometricInterpretation="YBR_FULL")
    decompress(dataset, index=1, raw=True, decoding_plugin="pydicom", use_pdh=False, unknown_to_us=3)
    assert dataset.PhotometricInterpretation == "YBR_FULL"
    assert dataset.PixelData == frames.tobytes()
    forced = decompress(rle(frames), force_ybr=True)
    assert forced.PhotometricInterpretation == "YBR_FULL"
    assert forced.PixelData != frames.tobytes()
    described = decompress(rle(frames), photometric_interpretation="YBR_FULL", as_rgb=False)
    assert described.PhotometricInterpretation == "YBR_FULL"


def test_handlers_of_pydicom_2(example: Callable[[str], Path]) -> None:
    wanted = pydicom.dcmread(example("MR_small_RLE.dcm")).pixel_array.tobytes()
    dataset = pydicom.dcmread(example("MR_small_RLE.dcm"))
    dataset.pixel_array_options(use_v2_backend=True)
    with pytest.raises(ValueError, match="'zip' is not a known handler name"):
        decompress(dataset, decoding_plugin="zip", use_pdh=True)
    decompress(dataset, decoding_plugin="rle", use_pdh=True)
    assert dataset.PixelData == wanted
    for ask in (True, False):
        colors = rle(color(8)[np.newaxis], PhotometricInterpretation="YBR_FULL")
        colors.pixel_array_options(use_v2_backend=ask)
        decompress(colors, use_pdh=True)
        assert colors.PhotometricInterpretation == "YBR_FULL"  # they leave colour alone
        assert colors.PixelData[: color(8).size] == color(8).tobytes()


def test_the_cached_array_is_of_the_new_pixels(example: Callable[[str], Path]) -> None:
    dataset = dicompix.dcmread(example("MR_small_RLE.dcm"))
    before = dataset.pixel_array
    decompress(dataset)
    assert dataset._pixel_array is None
    np.testing.assert_array_equal(dataset.pixel_array, before)
    assert dataset.pixel_array is not before


# Icons


def with_icon(icon: Dataset) -> Dataset:
    dataset = rle(gray(16)[np.newaxis])
    del icon.file_meta
    dataset.IconImageSequence = [icon]
    return dataset


def test_an_icon_is_decompressed_with_its_image(tmp_path: Path) -> None:
    small = gray(8, rows=4, columns=4)
    dataset = decompress(with_icon(rle(small[np.newaxis])))
    read_back(dataset, tmp_path)
    again = pydicom.dcmread(tmp_path / "native.dcm")
    assert again.IconImageSequence[0].PixelData == small.tobytes()
    assert "TransferSyntaxUID" not in again.IconImageSequence[0]


def test_a_native_icon_and_a_broken_one_stay() -> None:
    small = data_set(CASES[s.EXPLICIT_LITTLE][0].fmt, CASES[s.EXPLICIT_LITTLE][0].data)
    value = small.PixelData
    assert decompress(with_icon(small)).IconImageSequence[0].PixelData == value
    broken = rle(gray(8)[np.newaxis], PixelData=packing.encapsulate([[b"no RLE"]]))
    dataset = with_icon(broken)
    with pytest.warns(PixelWarning, match="an icon stays compressed"):
        decompress(dataset)
    assert dataset.IconImageSequence[0]["PixelData"].is_undefined_length
    assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE


# Failures


def without_pixels() -> Dataset:
    dataset = rle(gray(8)[np.newaxis])
    del dataset.PixelData
    return dataset


def without_syntax() -> Dataset:
    dataset = rle(gray(8)[np.newaxis])
    del dataset.file_meta.TransferSyntaxUID
    return dataset


def without_meta() -> Dataset:
    dataset = without_syntax()
    del dataset.file_meta
    return dataset


def of_syntax(uid: str) -> Dataset:
    dataset = rle(gray(8)[np.newaxis])
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    return dataset


def broken_last_frame() -> Dataset:
    frames = [[packing.rle(gray(8))], [packing.rle(gray(8))], [b"\1\0\0\0 no segments"]]
    dataset = rle(np.stack([gray(8)] * 3))
    dataset.PixelData = packing.encapsulate(frames)
    return dataset


def too_large() -> Dataset:
    # 4 GB promised by a header, in a few bytes
    return rle(np.zeros((1, 8, 8), np.uint8), Rows=65535, Columns=65535)


FAILING = {
    "no pixels": (without_pixels, MissingElementError, r"no \(7FE0,0010\) 'Pixel Data' element"),
    "no syntax": (without_syntax, MissingElementError, r"there's no \(0002,0010\) 'Transfer Syntax UID'"),
    "no meta": (without_meta, MissingElementError, r"there's no \(0002,0010\) 'Transfer Syntax UID'"),
    "native": (lambda: of_syntax(s.IMPLICIT_LITTLE), BadValueError, "already uncompressed"),
    "deflated data set": (lambda: of_syntax(s.DEFLATED_LITTLE), BadValueError, "already uncompressed"),
    "video": (lambda: of_syntax("1.2.840.10008.1.2.4.102"), UnsupportedError, "video"),
    "elsewhere": (lambda: of_syntax("1.2.840.10008.1.2.4.94"), UnsupportedError, "JPIP"),
    "unknown": (lambda: of_syntax("1.2.3.4"), UnsupportedError, "1.2.3.4"),
    "broken frame": (broken_last_frame, CodecError, "frame 2: Unable to decode"),
    "lying header": (too_large, FrameError, "cannot hold them"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_changes_nothing(name: str) -> None:
    build, kind, text = FAILING[name]
    dataset = build()
    before = snapshot(dataset)
    with pytest.raises(kind, match=text):
        decompress(dataset)
    assert snapshot(dataset) == before


def test_more_than_a_length_can_tell_is_refused_before_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bookkeeping.LONGEST_VALUE == 2**32 - 2  # PS3.5 7.1: even, below FFFFFFFF
    monkeypatch.setattr(module, "LONGEST_VALUE", 99)
    dataset = rle(gray(8, rows=10, columns=10)[np.newaxis])
    before = snapshot(dataset)
    with pytest.raises(ValueError, match="greater than the maximum allowed by the DICOM Standard") as caught:
        decompress(dataset)
    assert isinstance(caught.value, FrameError)
    assert snapshot(dataset) == before


def test_plugins_by_name() -> None:
    frames = gray(16)[np.newaxis]
    for name in ("pydicom", "pylibjpeg", "dicompix", "imagecodecs"):
        assert decompress(rle(frames), decoding_plugin=name).PixelData == frames.tobytes()
    with pytest.raises(BadValueError, match="No plugin named 'fast'"):
        decompress(rle(frames), decoding_plugin="fast")


def test_missing_codecs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_installed(*_: object) -> None:
        raise MissingCodecError("somelib - requires somelib")

    monkeypatch.setattr(module, "results_for", none_installed)
    text = "Unable to decompress as the plugins for the 'RLE Lossless' decoder are all missing dependencies:\nsomelib"
    with pytest.raises(RuntimeError, match=text):
        decompress(rle(gray(8)[np.newaxis]))


def test_a_warning_turned_into_an_error_changes_nothing() -> None:
    dataset = rle(np.stack([gray(8)] * 3), NumberOfFrames=2)
    before = snapshot(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PixelWarning):
            decompress(dataset)
    assert snapshot(dataset) == before


def test_the_warning_points_at_the_caller() -> None:
    with pytest.warns(PixelWarning) as caught:
        decompress(rle(np.stack([gray(8)] * 3), NumberOfFrames=2))
    assert caught[0].filename == __file__
