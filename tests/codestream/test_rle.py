"""RLE headers (PS3.5 G.5)."""

import struct

import pytest

from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import CodecError


def header(count: int, *offsets: int) -> bytes:
    return struct.pack("<16I", count, *offsets, *[0] * (15 - len(offsets)))


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_offsets(make: type[bytes] | type[bytearray] | type[memoryview]) -> None:
    found = peek(make(header(3, 64, 70, 80) + bytes(30)), "rle")
    assert found is not None
    assert (found.kind, found.segments, found.lossless) == ("rle", (64, 70, 80), True)
    assert (found.rows, found.columns, found.samples, found.precision, found.start) == (0, 0, 0, 0, 0)


def test_fifteen_segments_and_rubbish_in_unused_offsets() -> None:
    offsets = tuple(range(64, 79))
    full = peek(header(15, *offsets) + bytes(15), "rle")
    assert full is not None
    assert full.segments == offsets
    one = peek(header(1, 64, 7, 0xFFFFFFFF) + bytes(2), "rle")
    assert one is not None
    assert one.segments == (64,)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "has 0 bytes, needed the 64"),
        (header(1, 64)[:63], "has 63 bytes, needed the 64"),
        (header(0) + bytes(4), "counts 0 segments, needed 1 to 15"),
        (header(16, 64) + bytes(4), "counts 16 segments"),
        (b"\x00\x00\x00\x01" + header(1, 64)[4:] + bytes(4), "counts 16777216 segments"),
        (header(1, 64), "segment 1 of 1 begins at byte 64, needed 64 to 63"),
        (header(1, 63) + bytes(4), "segment 1 of 1 begins at byte 63, needed 64 to 67"),
        (header(1, 0) + bytes(4), "segment 1 of 1 begins at byte 0,"),
        (header(1, 68) + bytes(4), "segment 1 of 1 begins at byte 68, needed 64 to 67"),
        (header(2, 64, 64) + bytes(4), "segment 2 of 2 begins at byte 64, as one before it does"),
        (header(3, 64, 66, 73) + bytes(9), "segment 3 of 3 begins at byte 73, needed 64 to 72"),
        (header(2, 64, 0xFFFFFFFF) + bytes(4), "segment 2 of 2 begins at byte 4294967295"),
        (header(2, 64) + bytes(4), "segment 2 of 2 begins at byte 0"),
    ],
)
def test_broken_headers(data: bytes, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        peek(data, "rle")


@pytest.mark.parametrize("second", [0x00FFD8FF, 0x51FF4FFF])
def test_offsets_that_look_like_another_signature(second: int) -> None:
    with pytest.raises(CodecError, match=f"segment 2 of 2 begins at byte {second}"):
        peek(header(2, 64, second) + bytes(4), "rle")


def test_another_codestream_under_rle_is_recognised() -> None:
    found = peek(bytes.fromhex("FFD8 FFC3000B 0C 0002 0003 01 011100 FFDA0008 01 0100 01 00 00 55 FFD9"), "rle")
    assert found is not None
    assert found.kind == "jpeg-lossless"
