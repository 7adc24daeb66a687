"""Every sample format of the Image Pixel module, native and coded, by hand-made bytes (PS3.3 C.7.6.3, PS3.5 8)."""

from collections.abc import Callable
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from pydicom.pixels import convert_color_space

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import PixelWarning
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    DEFLATED_LITTLE,
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    GE_PRIVATE_BIG,
    HTJ2K_LOSSLESS,
    IMPLICIT_LITTLE,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    RLE_LOSSLESS,
)
from dicompix.pixels.testing import make_format
from support import packing
from support.arrays import color, gray
from support.builders import data_set, file_of, stack
from support.golden import GOLDEN


def read(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False, vr: str = "") -> dicompix.FileDataset:
    return dicompix.dcmread(file_of(data_set(fmt, pixels, encapsulated=encapsulated, vr=vr)))


def stored(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False) -> Stored:
    """Return all frames as `Image` and as `pixel_array` give them, which must be the same."""
    dataset = read(fmt, pixels, encapsulated=encapsulated)
    array = dicompix.open_image(file_of(data_set(fmt, pixels, encapsulated=encapsulated))).stored()
    np.testing.assert_array_equal(dataset.pixel_array, array[0] if fmt.frames == 1 else array)
    return array


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


Encode = Callable[[Stored], bytes | bytearray]


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


def quiet(fmt: PixelFormat, stream: bytes) -> Stored:
    return read(fmt, packing.encapsulate([[stream]]), encapsulated=True).pixel_array


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
        (JPEG_BASELINE, GOLDEN["baseline-rgb"].stream, YBR_422, "codestream-color"),
        (JPEG_BASELINE, GOLDEN["baseline-ycc422"].stream, Photometric.RGB, "codestream-color"),
        (JPEG_BASELINE, GOLDEN["jls-rgb-il"].stream, Photometric.RGB, "codestream-kind"),
        (JPEG_LS, GOLDEN["baseline-ycc422"].stream, YBR_422, "codestream-kind"),
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
def test_values_above_bits_stored_are_masked_in_lossless_codings(bits: int, uid: str) -> None:
    cells = gray(16)
    encoders: dict[str, Encode] = {
        JPEG_LS: imagecodecs.jpegls_encode,
        JPEG_2000_LOSSLESS: lambda array: imagecodecs.jpeg2k_encode(array, codecformat="j2k", reversible=True, level=0),
        JPEG_XL_LOSSLESS: lambda array: imagecodecs.jpegxl_encode(array, lossless=True),
    }
    fmt = make_format(cells.shape, bits, transfer_syntax=uid)
    with pytest.warns(PixelWarning, match="codestream-precision"):
        array = quiet(fmt, bytes(encoders[uid](cells)))
    expected = np.minimum(cells, (1 << bits) - 1) if uid == JPEG_XL_LOSSLESS else cells & ((1 << bits) - 1)
    np.testing.assert_array_equal(array, expected)
