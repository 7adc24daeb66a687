"""Every sample format of the Image Pixel module, native and coded, by hand-made bytes (PS3.3 C.7.6.3, PS3.5 8)."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import PixelWarning
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    DEFLATED_LITTLE,
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    GE_PRIVATE_BIG,
    HTJ2K_LOSSLESS,
    IMPLICIT_LITTLE,
    JPEG_2000_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    RLE_LOSSLESS,
)
from dicompix.pixels.testing import make_format
from support import packing
from support.arrays import color, gray
from support.builders import data_set, file_of, stack
from support.reading import Encode, read, stored

NATIVE = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED_LITTLE]


@pytest.mark.parametrize("uid", NATIVE)
@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (4, 8), (7, 3), (2, 4), (1, 17)])
def test_one_bit_at_any_alignment(uid: str, shape: tuple[int, int]) -> None:
    frames = np.random.default_rng(sum(shape)).integers(0, 2, (5, *shape), np.uint8)
    fmt = replace(make_format(shape, 1, transfer_syntax=uid), frames=5)
    np.testing.assert_array_equal(stored(fmt, packing.bits(frames)), frames)


@pytest.mark.parametrize("shape", [(3, 5), (4, 8), (19, 23)])
def test_one_bit_in_frames_of_their_own(shape: tuple[int, int]) -> None:
    frames = np.random.default_rng(sum(shape)).integers(0, 2, (3, *shape), np.uint8)
    for uid, encode in (
        (RLE_LOSSLESS, packing.rle_bits),
        (DEFLATED_IMAGE_FRAME, lambda frame: packing.deflate(packing.bits(frame))),
        (ENCAPSULATED_UNCOMPRESSED, packing.bits),
    ):
        fmt = replace(make_format(shape, 1, transfer_syntax=uid), frames=3)
        pixels = packing.encapsulate([[encode(frame)] for frame in frames])
        np.testing.assert_array_equal(stored(fmt, pixels, encapsulated=True), frames)


def test_twelve_bits_packed() -> None:
    # b0 = p0 & 255, b1 = (p0 >> 8) | (p1 & 15) << 4, b2 = p1 >> 4; frame 1 begins in the middle of a byte.
    frames = np.array([[[0x123, 0x456, 0x789]], [[0xABC, 0xDEF, 0x012]]], np.uint16)
    fmt = PixelFormat(rows=1, columns=3, frames=2, bits_allocated=12, bits_stored=12)
    pixels = bytes.fromhex("23 61 45 89 C7 AB EF 2D 01")
    np.testing.assert_array_equal(stored(fmt, pixels), frames)


@pytest.mark.parametrize("uid", [*NATIVE, EXPLICIT_BIG, GE_PRIVATE_BIG])
@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize("signed", [False, True])
def test_whole_bytes(uid: str, bits: int, signed: bool) -> None:  # noqa: FBT001
    frames = stack(gray(bits, signed=signed), 3)
    big = uid in {EXPLICIT_BIG, GE_PRIVATE_BIG}
    fmt = replace(make_format(frames.shape[1:], bits, signed=signed, transfer_syntax=uid), frames=3)
    np.testing.assert_array_equal(stored(fmt, packing.words(frames, big_endian=big)), frames)


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("uid", [*NATIVE, EXPLICIT_BIG])
def test_floating_point_needs_no_integer_attributes(kind: str, uid: str) -> None:
    frames = np.linspace(-1e30, 1e30, 24).reshape(2, 3, 4).astype(kind)
    frames[0, 0, 0], frames[1, 0, 0] = np.nan, -np.inf
    bits = frames.dtype.itemsize * 8
    fmt = PixelFormat(
        rows=3, columns=4, frames=2, bits_allocated=bits, bits_stored=bits, floating=True, transfer_syntax=uid
    )
    content = data_set(fmt, packing.words(frames, big_endian=uid == EXPLICIT_BIG))
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
        assert keyword not in content
    dataset = dicompix.dcmread(file_of(content))
    np.testing.assert_array_equal(dataset.pixel_array, frames)
    np.testing.assert_array_equal(np.stack(list(dataset.pixels)), frames)


@pytest.mark.parametrize("uid", [EXPLICIT_LITTLE, EXPLICIT_BIG, RLE_LOSSLESS, DEFLATED_IMAGE_FRAME])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("stored_bits", [9, 12, 15])
def test_unused_bits_are_no_part_of_a_value(uid: str, signed: bool, stored_bits: int) -> None:  # noqa: FBT001
    frame = gray(stored_bits, signed=signed)
    dirt = np.random.default_rng(stored_bits).integers(0, 1 << 16, frame.shape, np.uint16)
    mask = (1 << stored_bits) - 1
    dirty = (frame.view(np.uint16) & mask) | (dirt & (0xFFFF ^ mask))
    fmt = make_format(frame.shape, stored_bits, signed=signed, transfer_syntax=uid)
    np.testing.assert_array_equal(first(fmt, dirty), frame)


def first(fmt: PixelFormat, cells: Stored) -> Stored:
    uid = fmt.transfer_syntax
    encoders: dict[str, Encode] = {
        RLE_LOSSLESS: packing.rle,
        DEFLATED_IMAGE_FRAME: lambda cell: packing.deflate(packing.words(cell)),
    }
    if uid in encoders:
        return read(fmt, packing.encapsulate([[bytes(encoders[uid](cells))]]), encapsulated=True).pixel_array
    return read(fmt, packing.words(cells, big_endian=uid == EXPLICIT_BIG)).pixel_array


@pytest.mark.parametrize(("stored_bits", "high_bit"), [(12, 15), (12, 13), (8, 15), (10, 12)])
@pytest.mark.parametrize("uid", [EXPLICIT_LITTLE, RLE_LOSSLESS])
@pytest.mark.parametrize("signed", [False, True])
def test_high_bit_tells_where_the_value_lies(
    uid: str,
    stored_bits: int,
    high_bit: int,
    signed: bool,  # noqa: FBT001
) -> None:
    narrow = gray(stored_bits, signed=signed)
    frame = narrow.astype(np.int16 if signed else np.uint16)
    shift = high_bit + 1 - stored_bits
    cells = ((frame.view(np.uint16) & ((1 << stored_bits) - 1)) << shift) | 1  # bit 0 is not the value's
    fmt = replace(
        make_format(frame.shape, 16, signed=signed, transfer_syntax=uid), bits_stored=stored_bits, high_bit=high_bit
    )
    with pytest.warns(PixelWarning, match=f"high-bit: .*found {high_bit}, used {stored_bits - 1}"):
        array = first(fmt, cells)
    np.testing.assert_array_equal(array, frame)


@pytest.mark.parametrize("shape", [(3, 5), (2, 4), (1, 1)])
@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("vr", ["OW", "OB"])
def test_eight_bits_in_big_endian_words(shape: tuple[int, int], frames: int, vr: str) -> None:
    # In OW, each pair of bytes changes places, over the ends of rows and frames (PS3.5 8.1.2, annex A.3).
    samples = np.arange(frames * shape[0] * shape[1], dtype=np.uint8).reshape(frames, *shape) + 1
    data = samples.tobytes() + b"\0" * (samples.size % 2)
    if vr == "OW":
        data = np.frombuffer(data, np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    fmt = replace(make_format(shape, transfer_syntax=EXPLICIT_BIG), frames=frames)
    dataset = read(fmt, data, vr=vr)
    np.testing.assert_array_equal(dataset.pixel_array, samples[0] if frames == 1 else samples)
    np.testing.assert_array_equal(np.stack(list(dataset.pixels)), samples)


@pytest.mark.parametrize("uid", [EXPLICIT_LITTLE, EXPLICIT_BIG, RLE_LOSSLESS, DEFLATED_IMAGE_FRAME])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planar", [0, 1])
def test_planar_configuration(uid: str, bits: int, planar: int) -> None:
    frame = color(bits)
    fmt = replace(make_format(frame.shape, bits, transfer_syntax=uid), planar=planar)
    planes = packing.words(frame, big_endian=uid == EXPLICIT_BIG, planar=bool(planar))
    if uid == RLE_LOSSLESS:  # planes by nature, whatever is declared (PS3.5 G.2)
        dataset = read(fmt, packing.encapsulate([[packing.rle(frame)]]), encapsulated=True)
    elif uid == DEFLATED_IMAGE_FRAME:
        dataset = read(fmt, packing.encapsulate([[packing.deflate(planes)]]), encapsulated=True)
    else:
        dataset = read(fmt, planes)
    np.testing.assert_array_equal(dataset.pixel_array, frame)


@pytest.mark.parametrize("planar", [0, 1])
def test_planar_configuration_means_nothing_to_jpeg(planar: int) -> None:
    frame = color(8)
    streams = {
        JPEG_LOSSLESS_SV1: imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, colorspace="RGB"),
        JPEG_LS: imagecodecs.jpegls_encode(frame),
        JPEG_2000_LOSSLESS: imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0, mct=False),
        HTJ2K_LOSSLESS: imagecodecs.htj2k_encode(frame, reversible=True, rgb=False),
        JPEG_XL_LOSSLESS: imagecodecs.jpegxl_encode(frame, lossless=True),
    }
    for uid, stream in streams.items():
        fmt = replace(make_format(frame.shape, transfer_syntax=uid), planar=planar)
        dataset = read(fmt, packing.encapsulate([[bytes(stream)]]), encapsulated=True)
        np.testing.assert_array_equal(dataset.pixel_array, frame)
        del dataset.PlanarConfiguration
        np.testing.assert_array_equal(dataset.pixel_array, frame)
