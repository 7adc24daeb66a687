"""Every colour space and layout of colour samples, from hand-made bytes to RGB (PS3.3 C.7.6.3.1.2, PS3.5 8.2)."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels import convert_color_space

import dicompix
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    RLE_LOSSLESS,
)
from dicompix.pixels.testing import make_format
from support import packing
from support.arrays import color, gray
from support.builders import data_set, file_of
from support.reading import Encode, read, stored

YBR, YBR_422 = Photometric.YBR_FULL, Photometric.YBR_FULL_422
PARTIAL_422, PARTIAL_420 = Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420


def ybr_image(fmt: PixelFormat, pixels: bytes, *, raw: bool = False) -> dicompix.Image:
    return dicompix.open_image(file_of(data_set(fmt, pixels)), raw=raw)


def test_ybr_full_becomes_rgb_unless_raw() -> None:
    frame = color(8)
    fmt = make_format(frame.shape, photometric=YBR)
    pixels = packing.words(frame)
    np.testing.assert_array_equal(ybr_image(fmt, pixels, raw=True)[0], frame)
    rgb = convert_color_space(frame, "YBR_FULL", "RGB")
    np.testing.assert_array_equal(read(fmt, pixels).pixel_array, rgb)
    assert ybr_image(fmt, pixels).frame(0).photometric == Photometric.RGB


@pytest.mark.parametrize("columns", [22, 23, 1, 2])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("frames", [1, 2])
def test_shared_chroma_of_any_width(columns: int, padded: bool, bits: int, frames: int) -> None:  # noqa: FBT001
    picture = color(bits, rows=6, columns=columns)
    data, back = packing.shared_422(picture, rows_padded=padded)
    fmt = replace(make_format(picture.shape, bits, photometric=YBR_422), frames=frames)
    whole = ybr_image(fmt, data * frames, raw=True).stored()
    np.testing.assert_array_equal(whole, np.stack([back] * frames))


def test_rows_of_an_odd_number_of_shared_pixels() -> None:
    # 3 x 3, pairs run on: Y0 Y1 B R, Y2 Y3 B R, Y4 Y5 B R, Y6 Y7 B R, and Y8 alone, with its chroma beyond the end.
    fmt = make_format((3, 3, 3), photometric=YBR_422)
    data = bytes([0, 1, 100, 200, 2, 3, 101, 201, 4, 5, 102, 202, 6, 7, 103, 203, 8, 0])
    whole = ybr_image(fmt, data, raw=True).stored()[0].reshape(9, 3)
    assert whole[:, 0].tolist() == list(range(9))
    assert whole[:8, 1:].tolist() == [[100 + n // 2, 200 + n // 2] for n in range(8)]


@pytest.mark.parametrize("space", [PARTIAL_422, PARTIAL_420])
def test_studio_range(space: Photometric) -> None:
    # Black is (16, 128, 128), white (235, 128, 128), and red by Rec. BT.601 (81, 90, 240): (254, 0, 0) when rounded.
    picture = np.empty((2, 6, 3), np.uint8)
    picture[:, :2], picture[:, 2:4], picture[:, 4:] = (16, 128, 128), (235, 128, 128), (81, 90, 240)
    data, back = packing.shared_420(picture) if space is PARTIAL_420 else packing.shared_422(picture)
    np.testing.assert_array_equal(back, picture)
    fmt = make_format(picture.shape, photometric=space)
    np.testing.assert_array_equal(ybr_image(fmt, data, raw=True)[0], picture)
    rgb = read(fmt, data).pixel_array
    assert rgb[0, ::2].tolist()[:2] == [[0, 0, 0], [255, 255, 255]]
    assert np.abs(rgb[0, 4].astype(int) - (254, 0, 0)).max() <= 1


@pytest.mark.parametrize("uid", [RLE_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS, DEFLATED_IMAGE_FRAME])
def test_ybr_full_in_lossless_codings_really_is_ybr(uid: str) -> None:
    frame = color(8)
    encoders: dict[str, Encode] = {
        RLE_LOSSLESS: packing.rle,
        JPEG_LS: imagecodecs.jpegls_encode,
        JPEG_2000_LOSSLESS: lambda array: imagecodecs.jpeg2k_encode(
            array, codecformat="j2k", reversible=True, level=0, mct=False
        ),
        DEFLATED_IMAGE_FRAME: lambda array: packing.deflate(packing.words(array)),
    }
    fmt = make_format(frame.shape, photometric=YBR, transfer_syntax=uid)
    pixels = packing.encapsulate([[bytes(encoders[uid](frame))]])
    np.testing.assert_array_equal(
        read(fmt, pixels, encapsulated=True).pixel_array, convert_color_space(frame, "YBR_FULL", "RGB")
    )


@pytest.mark.parametrize("declared", [Photometric.YBR_RCT, Photometric.RGB])
def test_the_component_transform_of_jpeg_2000_is_undone(declared: Photometric) -> None:
    frame = color(8)
    for uid, stream in (
        (JPEG_2000_LOSSLESS, imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0)),
        (HTJ2K_LOSSLESS, imagecodecs.htj2k_encode(frame, reversible=True, rgb=True)),
    ):
        fmt = make_format(frame.shape, photometric=declared, transfer_syntax=uid)
        dataset = read(fmt, packing.encapsulate([[bytes(stream)]]), encapsulated=True)
        np.testing.assert_array_equal(dataset.pixel_array, frame)
        assert dataset.pixels.frame(0).photometric == Photometric.RGB


@pytest.mark.parametrize("space", [Photometric.MONOCHROME1, Photometric.PALETTE_COLOR])
def test_indices_and_inverse_gray_are_as_stored(space: Photometric) -> None:
    frame = gray(8)
    fmt = make_format(frame.shape, photometric=space)
    np.testing.assert_array_equal(read(fmt, packing.words(frame)).pixel_array, frame)


@pytest.mark.parametrize("space", [Photometric.ARGB, Photometric.CMYK])
@pytest.mark.parametrize("planar", [0, 1])
def test_retired_formats_of_four_samples(space: Photometric, planar: int) -> None:
    frames = np.stack([color(8, samples=4), color(8, samples=4)[::-1]])
    fmt = replace(make_format(frames.shape[1:], photometric=space), frames=2, planar=planar)
    pixels = b"".join(packing.words(frame, planar=bool(planar)) for frame in frames)
    np.testing.assert_array_equal(stored(fmt, pixels), frames)
