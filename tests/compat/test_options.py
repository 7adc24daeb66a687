"""Each decoding option does what it says, by hand-made samples; on real files all do what they do in pydicom."""

import inspect
import logging
import re
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.arrays import iter_pixels, pixel_array
from dicompix.pixels.compat.options import NO_OPTIONS, NOTHING, as_pixel_options, options_of
from dicompix.pixels.errors import BadValueError, PixelWarning
from dicompix.pixels.syntaxes import EXPLICIT_BIG, JPEG_2000_LOSSLESS, JPEG_LS, RLE_LOSSLESS
from support import packing

Make = Callable[..., Dataset]

# as_pixel_options


def test_signature_is_pydicoms() -> None:
    ours, theirs = map(inspect.signature, (as_pixel_options, pydicom.pixels.as_pixel_options))
    assert [(p.name, p.kind) for p in ours.parameters.values()] == [
        (p.name, p.kind) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize("name", ["CT_small.dcm", "color-px.dcm", "examples_ybr_color.dcm", "emri_small.dcm"])
def test_pixel_options_of_real_files_are_pydicoms(name: str, example: Callable[[str], Path]) -> None:
    dataset = pydicom.dcmread(example(name))
    assert as_pixel_options(dataset) == pydicom.pixels.as_pixel_options(dataset)
    assert as_pixel_options(dataset, rows=1, foo=2) == pydicom.pixels.as_pixel_options(dataset, rows=1, foo=2)


def test_pixel_options_without_number_of_frames_and_with_offsets(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0])
    assert as_pixel_options(dataset) == {
        "rows": 4,
        "columns": 6,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "number_of_frames": 1,
        "bits_allocated": 16,
        "bits_stored": 16,
        "pixel_representation": 0,
    }
    dataset.ExtendedOffsetTable = bytes(8)
    assert "extended_offsets" not in as_pixel_options(dataset)  # lengths are missing
    dataset.ExtendedOffsetTableLengths = struct.pack("<Q", 48)
    assert as_pixel_options(dataset)["extended_offsets"] == (bytes(8), struct.pack("<Q", 48))


@pytest.mark.parametrize("frames", [0, None])
def test_pixel_options_with_no_frames_warn(frames: int | None, make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0])
    dataset.NumberOfFrames = frames
    with pytest.warns(PixelWarning, match=rf"A value of '{frames}' for \(0028,0008\) .* is invalid, assuming 1 frame"):
        assert as_pixel_options(dataset)["number_of_frames"] == 1


# What options become


def test_no_options_are_no_options() -> None:
    assert options_of({"use_pdh": False}) is NO_OPTIONS
    assert options_of({"index": None, "raw": False, "decoding_plugin": "", "nonsense": 1}).description is NOTHING


def test_both_forces_are_refused() -> None:
    with pytest.raises(BadValueError, match="'force_ybr' and 'force_rgb' cannot both be True"):
        options_of({"force_rgb": True, "force_ybr": True})
    assert options_of({"force_rgb": True, "force_ybr": True, "raw": True}).color == "as-coded"


def test_an_unknown_pixel_keyword_is_refused() -> None:
    with pytest.raises(BadValueError, match="Unknown 'pixel_keyword' value 'Pixels'"):
        options_of({"pixel_keyword": "Pixels"})


# What stands for the data set's own values


def test_shape_options_stand_for_the_data_sets(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2)
    array = pixel_array(dataset, rows=8, columns=6, number_of_frames=1)
    assert np.array_equal(array, ramp.reshape(8, 6))
    array = pixel_array(
        dataset, columns=2, samples_per_pixel=3, photometric_interpretation="RGB", planar_configuration=0
    )
    assert np.array_equal(array, ramp.reshape(2, 4, 2, 3))
    array = pixel_array(
        dataset, columns=2, samples_per_pixel=3, photometric_interpretation="RGB", planar_configuration=1
    )
    assert np.array_equal(array, ramp.reshape(2, 3, 4, 2).transpose(0, 2, 3, 1))
    assert (dataset.Rows, dataset.NumberOfFrames, dataset.SamplesPerPixel) == (4, 2, 1)  # it stays as it was


def test_bits_and_sign_stand_for_the_data_sets(make: Make) -> None:
    words = np.array([[0x0FFF, 0x1001]], np.uint16)
    dataset = make(words, BitsStored=12, HighBit=11)
    assert pixel_array(dataset).tolist() == [[0x0FFF, 0x0001]]
    assert pixel_array(dataset, bits_stored=16).tolist() == [[0x0FFF, 0x1001]]
    assert pixel_array(dataset, bits_stored=4).tolist() == [[15, 1]]  # High Bit belongs to the stated Bits Stored
    assert pixel_array(dataset, pixel_representation=1).tolist() == [[-1, 1]]
    assert pixel_array(dataset, bits_allocated=8, bits_stored=8, columns=4).tolist() == [[0xFF, 0x0F, 0x01, 0x10]]
    assert pixel_array(dataset, **as_pixel_options(dataset)).tolist() == pixel_array(dataset).tolist()


def test_the_data_sets_own_options_keep_its_high_bit(make: Make) -> None:
    dataset = make(np.array([[0x5A80]], np.uint16), BitsStored=12, HighBit=15)
    with pytest.warns(PixelWarning, match="high-bit"):
        assert pixel_array(dataset, **as_pixel_options(dataset)).tolist() == [[0x5A8]]


def test_the_pixel_keyword_and_the_transfer_syntax_stand_for_the_data_sets(make: Make) -> None:
    floats = np.array([[1.5, -2.0]], np.float32)
    dataset = make(floats.view(np.uint16))
    array = pixel_array(dataset, pixel_keyword="FloatPixelData", bits_allocated=32, columns=2)
    assert array.dtype == np.float32
    assert np.array_equal(array, floats)
    big = pixel_array(make(np.array([[0x0102]], np.uint16)), transfer_syntax_uid=EXPLICIT_BIG)
    assert big.dtype == np.dtype(">u2")
    assert big.tolist() == [[0x0201]]


@pytest.mark.parametrize("given", [{"pixel_vr": "OW"}, {"be_swap_ow": True}])
def test_bytes_in_big_endian_words(given: dict[str, Any], make: Make) -> None:
    pixels = bytes([1, 0, 3, 2, 0, 4])  # 0 1 2 | 3 4 0 in words of the other order
    dataset = make(np.zeros((1, 5), np.uint8), syntax=EXPLICIT_BIG, PixelData=pixels)
    dataset["PixelData"].VR = "OB"
    assert pixel_array(dataset).tolist() == [[1, 0, 3, 2, 0]]
    assert pixel_array(dataset, **given).tolist() == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("as_bytes", [False, True])
def test_extended_offsets_stand_for_the_data_sets(as_bytes: object, make: Make, ramp: Stored) -> None:
    encoded = [packing.rle(frame) for frame in ramp]
    dataset = make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=encoded)
    sizes = [len(frame) + len(frame) % 2 for frame in encoded]
    offsets, lengths = [8 + sizes[0], 0], [sizes[1], sizes[0]]  # the frames exchanged
    tables = (struct.pack("<2Q", *offsets), struct.pack("<2Q", *lengths)) if as_bytes else (offsets, lengths)
    assert np.array_equal(pixel_array(dataset, extended_offsets=tables), ramp[::-1])


def test_extended_offsets_of_different_number_are_ignored(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=[packing.rle(frame) for frame in ramp])
    message = "The number of items in .7FE0,0001. 'Extended Offset Table' .* will be ignored"
    with pytest.warns(PixelWarning, match=message):
        assert np.array_equal(pixel_array(dataset, extended_offsets=([0, 8], [3])), ramp)


# What becomes of the samples

YBR = np.array([[[76, 85, 255], [150, 44, 21]]], np.uint8)  # red and green (PS3.3 C.7.6.3.1.2)
RED_GREEN = [[[254, 0, 0], [0, 255, 1]]]


def close(array: Stored, expected: Any) -> bool:
    return bool(np.abs(array.astype(int) - np.array(expected)).max() <= 1)


def test_color_options(make: Make) -> None:
    dataset = make(YBR, PhotometricInterpretation="YBR_FULL")
    assert close(pixel_array(dataset), RED_GREEN)
    keeping: list[dict[str, Any]] = [{"raw": True}, {"as_rgb": False}, {"raw": True, "force_rgb": True}]
    for kept in keeping:
        assert np.array_equal(pixel_array(dataset, **kept), YBR)
    assert close(pixel_array(dataset, force_rgb=True), RED_GREEN)  # once, not twice
    named_rgb = make(YBR)
    assert np.array_equal(pixel_array(named_rgb), YBR)
    assert close(pixel_array(named_rgb, force_rgb=True, as_rgb=False), RED_GREEN)
    rgb = make(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))
    assert close(pixel_array(rgb, force_ybr=True), YBR)
    assert close(next(iter_pixels(rgb, force_ybr=True)), YBR)


@pytest.mark.parametrize("force", ["force_rgb", "force_ybr"])
def test_forcing_colour_on_gray_samples_is_refused(force: str, make: Make, ramp: Stored) -> None:
    options: dict[str, Any] = {force: True}
    with pytest.raises(BadValueError, match=f"'{force}' needs 3 integer samples"):
        next(iter_pixels(make(ramp[0]), **options))


@pytest.mark.parametrize("coding", ["native", "rle"])
def test_unused_bits_are_left_where_they_are_not_to_be_corrected(coding: str, make: Make) -> None:
    words = np.array([[0x1FFF, 0x0800]], np.int16)
    coded = {"syntax": RLE_LOSSLESS, "encoded": [packing.rle(words)]} if coding == "rle" else {}
    dataset = make(words, BitsStored=12, HighBit=11, PixelRepresentation=1, **coded)
    assert pixel_array(dataset).tolist() == [[-1, -2048]]
    assert pixel_array(dataset, correct_unused_bits=False).tolist() == [[0x1FFF, 0x0800]]
    if coding == "native":
        assert next(iter_pixels(dataset, correct_unused_bits=False)).tolist() == [[0x1FFF, 0x0800]]


SIGNED = np.array([[-2000, 1, -1, 4095]] * 4, np.int16)  # 13 bits


def coded_unsigned(make: Make, syntax: str) -> Dataset:
    """Return signed samples of 13 bits that were coded as unsigned ones."""
    cells = (SIGNED.view(np.uint16) & 0x1FFF).astype(np.uint16)
    if syntax == JPEG_LS:
        frame = bytes(imagecodecs.jpegls_encode(cells))
    else:
        frame = bytes(imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True, bitspersample=13))
    return make(SIGNED, syntax=syntax, encoded=[frame], BitsStored=13, HighBit=12)


@pytest.mark.parametrize(
    ("syntax", "option"),
    [(JPEG_LS, "apply_jls_sign_correction"), (JPEG_2000_LOSSLESS, "apply_j2k_sign_correction")],
)
def test_sign_correction_of_codestreams(syntax: str, option: str, make: Make) -> None:
    dataset = coded_unsigned(make, syntax)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(pixel_array(dataset), SIGNED)
        assert np.array_equal(pixel_array(dataset, correct_unused_bits=False), SIGNED)  # no business of it
        without: dict[str, Any] = {option: False}
        uncorrected = pixel_array(dataset, **without)
    assert uncorrected.dtype == np.int16
    assert np.array_equal(uncorrected, SIGNED & 0x1FFF)


def test_excess_frames_are_left_out_where_they_are_not_allowed(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, NumberOfFrames=1)
    with pytest.warns(PixelWarning, match="larger than the given .* value of 1. The returned data will include these"):
        assert np.array_equal(pixel_array(dataset), ramp)
    with pytest.warns(PixelWarning, match="is 96 bytes long, which indicates it contains 48 bytes of excess padding"):
        assert np.array_equal(pixel_array(dataset, allow_excess_frames=False), ramp[0])
    dataset = make(
        np.stack([*ramp, ramp[0]]), frames=3, syntax=RLE_LOSSLESS, encoded=[packing.rle(f) for f in ramp] * 2
    )
    dataset.NumberOfFrames = 3
    with pytest.warns(PixelWarning, match="4 frames have been found in the encapsulated pixel data, which is larger"):
        assert len(pixel_array(dataset)) == 4
    with pytest.warns(
        PixelWarning, match="otherwise pass 'allow_excess_frames=False' to return only the first 3 frames"
    ):
        assert len(list(iter_pixels(dataset))) == 4
    assert len(pixel_array(dataset, allow_excess_frames=False)) == 3  # and no warning
    assert len(list(iter_pixels(dataset, allow_excess_frames=False))) == 3
    assert np.array_equal(pixel_array(dataset, index=3), ramp[1])


@pytest.mark.parametrize(
    ("option", "plugins"),
    [({"rle_segment_order": "<"}, ["", "pydicom"]), ({"byteorder": ">"}, ["", "pylibjpeg"])],
)
def test_segments_in_the_other_order(option: dict[str, Any], plugins: list[str], make: Make) -> None:
    color = np.arange(24, dtype=np.uint16).reshape(2, 4, 3) * 1000
    for array in (color[..., 0], color):
        dataset = make(array, syntax=RLE_LOSSLESS, encoded=[packing.rle(array)])
        for plugin in plugins:
            assert np.array_equal(pixel_array(dataset, decoding_plugin=plugin, **option), array.byteswap())
        other = "pylibjpeg" if "pydicom" in plugins else "pydicom"
        assert np.array_equal(pixel_array(dataset, decoding_plugin=other, **option), array)  # that plugin's it is not


# Views


def test_views_of_native_pixel_data(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2)
    view = pixel_array(dataset, view_only=True)
    assert np.shares_memory(view, np.frombuffer(dataset.PixelData, np.uint16))
    assert not view.flags.writeable
    assert np.array_equal(view, ramp)
    one = pixel_array(dataset, view_only=True, index=1)
    assert np.shares_memory(one, view)
    assert np.array_equal(one, ramp[1])
    for frame, expected in zip(iter_pixels(dataset, view_only=True), ramp, strict=True):
        assert np.shares_memory(frame, view)
        assert np.array_equal(frame, expected)
    copied = pixel_array(dataset)
    assert copied.flags.writeable
    assert not np.shares_memory(copied, view)


def test_a_view_by_plane_and_in_big_endian_order(make: Make) -> None:
    color = np.arange(24, dtype=np.uint16).reshape(2, 4, 3)
    by_plane = color.transpose(2, 0, 1).astype(">u2").tobytes()
    dataset = make(color, syntax=EXPLICIT_BIG, PixelData=by_plane, PlanarConfiguration=1)
    view = pixel_array(dataset, view_only=True)
    assert view.dtype == np.dtype(">u2")
    assert view.base is not None
    assert np.array_equal(view, color)


NO_VIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "bits": ({"bits_allocated": 1, "bits_stored": 1}, "for bit-packed pixel data"),
    "unused": ({"bits_stored": 12}, "when .0028,0101. 'Bits Stored' doesn't equal .* 'correct_unused_bits=True'"),
    "words": (
        {"be_swap_ow": True, "columns": 12, "bits_allocated": 8, "bits_stored": 8},
        "for 8-bit pixel data encoded",
    ),
    "colour": (
        {"bits_allocated": 8, "bits_stored": 8, "columns": 4, "samples_per_pixel": 3, "planar_configuration": 0}
        | {"photometric_interpretation": "YBR_FULL"},
        "if applying a color space conversion",
    ),
    "shared": (
        {"bits_allocated": 8, "bits_stored": 8, "columns": 6, "samples_per_pixel": 3, "planar_configuration": 0}
        | {"photometric_interpretation": "YBR_FULL_422", "raw": True},
        "for uncompressed pixel data with a photometric interpretation of 'YBR_FULL_422'",
    ),
}


@pytest.mark.parametrize("name", NO_VIEWS)
def test_where_no_view_is_possible_the_log_says_why(
    name: str, make: Make, ramp: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    given, reason = NO_VIEWS[name]
    dataset = make(ramp, frames=2)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "pydicom"):
        warnings.simplefilter("ignore")
        wanted = pixel_array(dataset, allow_excess_frames=False, **given)
        array = pixel_array(dataset, allow_excess_frames=False, view_only=True, **given)
        frames = list(iter_pixels(dataset, allow_excess_frames=False, view_only=True, **given))
    assert np.array_equal(array, wanted)
    assert np.array_equal(frames, wanted)
    assert array.flags.writeable
    said = [record.getMessage() for record in caplog.records if "Unable to return an ndarray" in record.getMessage()]
    assert len(said) == 2  # once a call, not once a frame
    assert re.search(f"that's a view on the original buffer {reason}", said[0])


# All of them on real files, as in pydicom

CASES: list[dict[str, Any]] = [
    {},
    {"raw": True},
    {"as_rgb": False},
    {"force_rgb": True},
    {"force_ybr": True},
    {"correct_unused_bits": False},
    {"view_only": True, "raw": True, "correct_unused_bits": False},
    {"be_swap_ow": True},
    {"apply_jls_sign_correction": False},
    {"apply_j2k_sign_correction": False},
    {"index": 0},
    {"decoding_plugin": "pylibjpeg", "byteorder": ">"},
    {"decoding_plugin": "pydicom", "rle_segment_order": "<"},
    {"number_of_frames": 1, "allow_excess_frames": False},
]
FILES = (
    *(
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
        "rtdose.dcm",
        "color-px.dcm",
        "SC_rgb_rle_2frame.dcm",
        "MR_small_RLE.dcm",
    ),
    *("SC_ybr_full_422_uncompressed.dcm", "SC_rgb_small_odd_big_endian.dcm", "OBXXXX1A_expb.dcm"),
    *("JPEG2000.dcm", "J2K_pixelrep_mismatch.dcm", "MR_small_jpeg_ls_lossless.dcm", "emri_small.dcm", "JPEG-LL.dcm"),
    *("693_J2KR.dcm", "SC_rgb_gdcm2k_uncompressed.dcm", "SC_rgb_jpeg_dcmtk.dcm"),
)


def outcome(read: Callable[..., Any], path: Path, given: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return read(path, **given)
        except Exception as error:  # noqa: BLE001  # which one is what is compared
            return error


@pytest.mark.parametrize("given", CASES, ids=str)
@pytest.mark.parametrize("name", FILES)
def test_options_on_real_files_are_pydicoms(name: str, given: dict[str, Any], example: Callable[[str], Path]) -> None:
    path = example(name)
    theirs, ours = outcome(pydicom.pixels.pixel_array, path, given), outcome(pixel_array, path, given)
    if isinstance(theirs, Exception):
        assert isinstance(ours, np.ndarray | type(theirs)), repr(ours)  # we may be able to decode it
        return
    assert isinstance(ours, np.ndarray), repr(ours)
    assert (ours.shape, ours.dtype, ours.flags.writeable) == (theirs.shape, theirs.dtype, theirs.flags.writeable)
    assert np.array_equal(ours, theirs)


def test_the_property_takes_the_same_options(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, BitsStored=8, HighBit=7, kind=dicompix.Dataset)
    for given in (
        {"correct_unused_bits": False},
        {"rows": 2, "columns": 12},
        {"index": 1, "bits_stored": 16},
        {"raw": 1},
    ):
        dataset.pixel_array_options(**given)
        assert np.array_equal(dataset.pixel_array, pixel_array(dataset, **given))
        assert dataset.pixel_array is dataset.pixel_array
