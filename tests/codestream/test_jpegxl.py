"""JPEG XL headers: libjxl's own streams, and bits laid out by hand (ISO/IEC 18181-1 annex D, 18181-2)."""

import struct

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.errors import CodecError

SIGNATURE = bytes.fromhex("0000000C 4A584C20 0D0A870A")
FILE_TYPE = bytes.fromhex("00000014 66747970 6A786C20 00000000 6A786C20")

# SizeHeader, small, of 8 x 8: ratio 1.
SMALL = ((1, 1), (0, 5), (1, 3))
# ColourEncoding: not all default, no ICC profile, ColourSpace 1 by its second value.
GRAY = ((0, 1), (0, 1), (1, 2))
RGB = ((1, 1),)
# BitDepth: integer, 8 bits by the first value; then modular_16bit_buffers.
EIGHT = ((0, 1), (0, 2), (1, 1))
NO_EXTRA_FIELDS = ((0, 1), (0, 1))  # not all default, no extra fields
NO_EXTRA_CHANNELS = ((0, 2),)
NO_XYB = ((0, 1),)

Fields = tuple[tuple[int, int], ...]


def pack(*groups: Fields) -> bytes:
    """Pack (value, bits) pairs, least significant bit first."""
    number, position = 0, 0
    for value, count in (field for fields in groups for field in fields):
        number |= value << position
        position += count
    return number.to_bytes(-(-position // 8), "little")


def bare(*groups: Fields) -> bytes:
    return b"\xff\x0a" + pack(*groups) + bytes(4)


def box(kind: bytes, contents: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I4s", len(contents) + 8 if length is None else length, kind) + contents


def look(data: bytes | bytearray) -> Codestream:
    found = peek(data, "jpeg-xl")
    assert found is not None
    assert found.kind == "jpeg-xl"
    return found


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f2", "f4"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_libjxl_streams(dtype: str, samples: int, *, lossless: bool, container: bool) -> None:
    image = np.zeros((20, 30) if samples == 1 else (20, 30, samples), dtype)
    keep = {"lossless": True} if lossless else {"distance": 1.0}
    found = look(imagecodecs.jpegxl_encode(image, effort=1, usecontainer=container, **keep))
    assert (found.rows, found.columns, found.samples, found.precision) == (
        20,
        30,
        samples,
        image.itemsize * 8,
    )
    assert found.lossless is (None if lossless else False)
    assert found.complete


@pytest.mark.parametrize(
    "size",
    [
        (8, 8), (16, 24), (7, 9), (256, 256), (257, 256), (108, 192), (120, 100), (300, 400), (64, 96),
        (40, 50), (33, 66), (100, 120), (1, 1), (1, 600), (600, 1), (9000, 3),
    ],
)  # fmt: skip
def test_libjxl_sizes(size: tuple[int, int]) -> None:
    found = look(imagecodecs.jpegxl_encode(np.zeros(size, np.uint8), effort=1, lossless=True))
    assert (found.rows, found.columns) == size


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 13, 14, 15, 16])
def test_libjxl_bits(bits: int) -> None:
    image = np.zeros((20, 30), np.uint16)
    found = look(imagecodecs.jpegxl_encode(image, effort=1, lossless=True, bitspersample=bits))
    assert (found.samples, found.precision) == (1, bits)


@pytest.mark.parametrize("shape", [(64, 48), (64, 48, 3)])
def test_recompressed_jpeg(shape: tuple[int, ...]) -> None:
    data = imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(np.zeros(shape, np.uint8)), usecontainer=True)
    assert b"jbrd" in data
    found = look(data)
    assert (found.rows, found.columns, found.samples, found.precision) == (
        64,
        48,
        1 if len(shape) == 2 else 3,
        8,
    )
    assert (found.lossless, found.complete) == (None, True)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        (((1, 1), (4, 5), (0, 3), (2, 5)), (40, 24)),
        (((1, 1), (4, 5), (1, 3)), (40, 40)),
        (((1, 1), (4, 5), (2, 3)), (40, 48)),
        (((1, 1), (5, 5), (3, 3)), (48, 64)),
        (((1, 1), (4, 5), (4, 3)), (40, 60)),
        (((1, 1), (4, 5), (5, 3)), (40, 71)),
        (((1, 1), (4, 5), (6, 3)), (40, 50)),
        (((1, 1), (4, 5), (7, 3)), (40, 80)),
        (((0, 1), (0, 2), (510, 9), (0, 3), (1, 2), (8190, 13)), (511, 8191)),
        (((0, 1), (2, 2), (200000, 18), (0, 3), (3, 2), (1 << 29, 30)), (200001, (1 << 29) + 1)),
    ],
)
def test_size_header(fields: Fields, size: tuple[int, int]) -> None:
    found = look(bare(fields, ((1, 1),)))
    assert (found.rows, found.columns) == size
    assert (found.samples, found.precision, found.lossless) == (3, 8, False)  # all default metadata


@pytest.mark.parametrize(("color", "samples"), [(GRAY, 1), (RGB, 3), (((0, 1), (1, 1), (0, 2)), 3)])
def test_color_encoding(color: Fields, samples: int) -> None:
    found = look(bare(SMALL, NO_EXTRA_FIELDS, EIGHT, NO_EXTRA_CHANNELS, NO_XYB, color))
    assert (found.samples, found.precision, found.lossless) == (samples, 8, None)


@pytest.mark.parametrize(
    ("depth", "bits"),
    [
        (((0, 1), (0, 2)), 8),
        (((0, 1), (1, 2)), 10),
        (((0, 1), (2, 2)), 12),
        (((0, 1), (3, 2), (15, 6)), 16),
        (((1, 1), (0, 2), (7, 4)), 32),
        (((1, 1), (1, 2), (4, 4)), 16),
        (((1, 1), (2, 2), (6, 4)), 24),
    ],
)
def test_bit_depth(depth: Fields, bits: int) -> None:
    found = look(bare(SMALL, NO_EXTRA_FIELDS, depth, ((1, 1),), NO_EXTRA_CHANNELS, NO_XYB, GRAY))
    assert (found.samples, found.precision) == (1, bits)


ANIMATION = ((1, 1), (0, 2), (2, 2), (77, 8), (1, 2), (5, 3), (0, 1))


@pytest.mark.parametrize(
    "extra_fields",
    [
        ((5, 3), (0, 1), (0, 1), (0, 1)),  # orientation only
        ((0, 3), (1, 1), *SMALL, (0, 1), (0, 1)),  # intrinsic size
        (
            (0, 3),
            (0, 1),
            (1, 1),
            (1, 1),
            (2, 2),
            (9, 5),
            (0, 3),
            (3, 2),
            (300, 9),
            (0, 1),
        ),  # preview in eighths
        ((0, 3), (0, 1), (1, 1), (0, 1), (1, 2), (99, 8), (4, 3), (0, 1)),  # preview by ratio
        ((0, 3), (0, 1), (0, 1), *ANIMATION),
    ],
)
def test_extra_fields_are_passed_over(extra_fields: Fields) -> None:
    front = ((0, 1), (1, 1))
    found = look(bare(SMALL, front, extra_fields, ((0, 1), (2, 2), (1, 1)), NO_EXTRA_CHANNELS, NO_XYB, GRAY))
    assert (found.rows, found.columns, found.samples, found.precision) == (8, 8, 1, 12)


@pytest.mark.parametrize(
    ("channel", "bits"),
    [
        (((1, 1),), 10),  # all default alpha
        (((0, 1), (0, 2), (0, 1), (3, 2), (15, 6), (0, 2), (0, 2), (1, 1)), 16),  # alpha, associated
        (((0, 1), (1, 2), (0, 1), (0, 2), (3, 2), (2, 3), (0, 2)), 10),  # depth, shifted
        (((0, 1), (2, 2), (0, 4), (0, 1), (2, 2), (0, 2), (0, 2), *((9, 16),) * 4), 12),  # spot colour
        (((0, 1), (2, 2), (3, 4), (0, 1), (0, 2), (1, 2), (0, 2), (1, 2), (3, 2)), 10),  # colour filter array
        (
            ((0, 1), (2, 2), (2, 4), (0, 1), (0, 2), (0, 2), (1, 2), (3, 4), *((65, 8),) * 3),
            10,
        ),  # black, "AAA"
    ],
)
def test_extra_channel(channel: Fields, bits: int) -> None:
    ten = ((0, 1), (1, 2), (1, 1))
    found = look(bare(SMALL, NO_EXTRA_FIELDS, ten, ((1, 2),), channel, NO_XYB, GRAY))
    assert (found.samples, found.precision, found.lossless) == (2, bits, None)


def test_metadata_longer_than_is_read_is_not_stated() -> None:
    name = ((3, 2), (1000, 10), *((65, 8),) * 1048)
    black = ((0, 1), (2, 2), (2, 4), (0, 1), (0, 2), (0, 2), *name)
    found = look(bare(SMALL, NO_EXTRA_FIELDS, EIGHT, ((1, 2),), black, NO_XYB, GRAY))
    assert (found.rows, found.columns, found.samples, found.precision) == (8, 8, 0, 0)


@pytest.mark.parametrize("length", [None, 0, 1])
def test_container_with_one_codestream_box(length: int | None) -> None:
    codestream = bare(SMALL, ((1, 1),))
    size = struct.pack(">Q", len(codestream) + 16) if length == 1 else b""
    found = look(SIGNATURE + FILE_TYPE + box(b"jxll", b"\x0a") + box(b"jxlc", size + codestream, length))
    assert (found.rows, found.start, found.complete) == (8, 0, True)


def test_codestream_spread_over_boxes() -> None:
    codestream = bare(SMALL, NO_EXTRA_FIELDS, EIGHT, NO_EXTRA_CHANNELS, NO_XYB, GRAY)
    parts = [box(b"jxlp", struct.pack(">I", i) + codestream[i : i + 1]) for i in range(len(codestream))]
    found = look(SIGNATURE + FILE_TYPE + b"".join(parts))
    assert (found.rows, found.columns, found.samples, found.precision) == (8, 8, 1, 8)


def test_box_cut_off() -> None:
    data = SIGNATURE + FILE_TYPE + box(b"jxlc", bare(SMALL, ((1, 1),)), 5000)
    assert not look(data).complete


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff\x0a", "ends inside its jpeg-xl header, after 2 bytes"),
        (b"\xff\x0a\x98\x40", "ends inside its jpeg-xl header"),
        (bare(SMALL, NO_EXTRA_FIELDS)[:4], "ends inside its jpeg-xl header"),
        (
            bare(SMALL, NO_EXTRA_FIELDS, ((0, 1), (3, 2), (40, 6))),
            "states 41 bits per sample, needed 1 to 32",
        ),
        (SIGNATURE + FILE_TYPE, "neither a jxlc nor a jxlp box"),
        (SIGNATURE + FILE_TYPE + box(b"jxlc", b"\xff\xd8"), "begins with FF D8, needed FF 0A"),
    ],
)
def test_broken_headers(data: bytes, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        peek(data, "jpeg-xl")
