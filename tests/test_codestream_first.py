"""Where the codestream and the data set disagree, or one cannot say: sign, precision, colour, kind (PS3.5 8.2)."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.errors import PixelWarning
from dicompix.pixels.format import Photometric
from dicompix.pixels.syntaxes import (
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
)
from dicompix.pixels.testing import make_format
from support import packing
from support.arrays import gray
from support.golden import GOLDEN
from support.reading import Encode, quiet, read


@pytest.mark.parametrize("uid", [JPEG_LS, JPEG_LOSSLESS_SV1])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_sign_comes_from_the_data_set_where_the_codestream_cannot_tell(uid: str, bits: int) -> None:
    frame = gray(bits, signed=True)
    cells = frame.view(frame.dtype.str.replace("i", "u")) & ((1 << bits) - 1)
    if uid == JPEG_LS:
        stream = packing.jpeg_ls_frame(cells, bits)
    else:
        stream = bytes(imagecodecs.jpeg8_encode(cells, lossless=True, predictor=1, bitspersample=bits))
    fmt = make_format(frame.shape, bits, signed=True, transfer_syntax=uid)
    array = quiet(fmt, bytes(stream))
    np.testing.assert_array_equal(array, frame)
    assert array.dtype == frame.dtype


@pytest.mark.parametrize(("declared", "coded_signed"), [(True, False), (False, True)])
def test_a_sign_that_jpeg_2000_contradicts_is_reported(declared: bool, coded_signed: bool) -> None:  # noqa: FBT001
    # Pixel Representation says how to read the bits; the bits are the codestream's (PS3.5 8.2.4).
    frame = gray(12, signed=coded_signed)
    stream = imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0, bitspersample=12)
    fmt = make_format(frame.shape, 12, signed=declared, transfer_syntax=JPEG_2000_LOSSLESS)
    with pytest.warns(PixelWarning, match="codestream-sign"):
        array = quiet(fmt, bytes(stream))
    cells = frame.astype(np.int64) & 0xFFF
    expected = np.where(cells > 2047, cells - 4096, cells) if declared else cells
    np.testing.assert_array_equal(array, expected)


def test_frames_of_different_precision_are_each_right() -> None:
    frames = [gray(12), gray(10), gray(12)]
    streams = [
        [bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0, bitspersample=bits))]
        for frame, bits in zip(frames, (12, 10, 12), strict=True)
    ]
    fmt = replace(make_format(frames[0].shape, 12, transfer_syntax=JPEG_2000_LOSSLESS), frames=3)
    dataset = read(fmt, packing.encapsulate(streams), encapsulated=True)
    with pytest.warns(PixelWarning, match="codestream-precision"):
        array = dataset.pixel_array
    np.testing.assert_array_equal(array, np.stack(frames))


@pytest.mark.parametrize(
    ("uid", "stream", "declared", "code"),
    [
        (JPEG_BASELINE, GOLDEN["baseline-rgb"].stream, Photometric.YBR_FULL_422, "codestream-color"),
        (JPEG_BASELINE, GOLDEN["baseline-ycc422"].stream, Photometric.RGB, "codestream-color"),
        (JPEG_BASELINE, GOLDEN["jls-rgb-il"].stream, Photometric.RGB, "codestream-kind"),
        (JPEG_LS, GOLDEN["baseline-ycc422"].stream, Photometric.YBR_FULL_422, "codestream-kind"),
    ],
)
def test_what_the_codestream_says_goes_first_and_is_reported(
    uid: str, stream: bytes, declared: Photometric, code: str
) -> None:
    fmt = make_format((19, 23, 3), photometric=declared, transfer_syntax=uid)
    with pytest.warns(PixelWarning, match=code):
        array = quiet(fmt, stream)
    golden = next(golden for golden in GOLDEN.values() if golden.stream == stream)
    right = quiet(replace(golden.fmt), stream)
    np.testing.assert_array_equal(array, right)


def test_overshoot_of_lossy_codings_is_clamped_not_wrapped() -> None:
    # 12-bit JPEG around the greatest 10-bit value comes out above it.
    golden = GOLDEN["extended-12"]
    assert golden.pixels is not None
    fmt = replace(golden.fmt, bits_stored=10, transfer_syntax=JPEG_EXTENDED)
    array = quiet(fmt, golden.stream)
    assert array.max() == 1023
    bright = golden.pixels > 1030
    assert bright.any()
    assert (array[bright] == 1023).all()


def test_lossy_jpeg_2000_of_full_range_edges_does_not_wrap() -> None:
    frame = np.zeros((32, 32), np.uint8)
    frame[:, 16:] = 255
    stream = imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=False, level=30)
    array = quiet(make_format(frame.shape, transfer_syntax=JPEG_2000), bytes(stream))
    assert np.abs(array.astype(int) - frame).max() < 60


@pytest.mark.parametrize(
    ("bits", "uid"), [(12, JPEG_LS), (10, JPEG_LS), (12, JPEG_XL_LOSSLESS), (10, JPEG_2000_LOSSLESS)]
)
def test_values_above_bits_stored_are_kept_where_the_codestream_says_its_precision(bits: int, uid: str) -> None:
    cells = gray(16)
    encoders: dict[str, Encode] = {
        JPEG_LS: imagecodecs.jpegls_encode,
        JPEG_2000_LOSSLESS: lambda array: imagecodecs.jpeg2k_encode(array, codecformat="j2k", reversible=True, level=0),
        JPEG_XL_LOSSLESS: lambda array: imagecodecs.jpegxl_encode(array, lossless=True),
    }
    assert cells.max() >> bits
    fmt = make_format(cells.shape, bits, transfer_syntax=uid)
    with pytest.warns(PixelWarning, match=f"codestream-precision.*found {bits}, used 16"):
        array = quiet(fmt, bytes(encoders[uid](cells)))
    np.testing.assert_array_equal(array, cells)


def test_values_above_bits_stored_are_masked_in_lossless_jpeg() -> None:
    cells = gray(16)
    fmt = make_format(cells.shape, 12, transfer_syntax=JPEG_LOSSLESS)
    stream = imagecodecs.ljpeg_encode(cells, bitspersample=16)
    with pytest.warns(PixelWarning, match="codestream-precision.*used the lower 12 of 16 bits"):
        array = quiet(fmt, bytes(stream))
    np.testing.assert_array_equal(array, cells & 4095)
