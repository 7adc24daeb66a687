"""A header that lies about its size gets an error before memory is taken."""

import struct
import tracemalloc
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError, FrameError, LimitError, PixelError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.limits import MAX_FRAME_BYTES, check_frame
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    EXPLICIT_LITTLE,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL,
    RLE_LOSSLESS,
)
from support.golden import GOLDEN
from support.packing import deflate, rle

SMALL = np.arange(64, dtype=np.uint8).reshape(8, 8)


def huge(uid: str, bits: int = 8) -> PixelFormat:
    return PixelFormat(rows=65535, columns=65535, bits_allocated=bits, bits_stored=bits, transfer_syntax=uid)


def lying(stream: bytes, marker: bytes, at: int) -> bytes:
    """Return the stream with 65,535 lines and columns in its frame header."""
    start = stream.index(marker) + at
    return stream[:start] + b"\xff\xff\xff\xff" + stream[start + 4 :]


def large(stream: bytes | bytearray) -> bytes:
    """Return a JPEG 2000 stream with 65,535 columns and rows, in one tile, in SIZ (T.800 A.5.1)."""
    size, start = struct.pack(">II", 65535, 65535), bytes(stream).index(b"\xff\x51") + 6
    return bytes(stream[:start]) + size + bytes(stream[start + 8 : start + 16]) + size + bytes(stream[start + 24 :])


STREAMS = {
    EXPLICIT_LITTLE: SMALL.tobytes(),
    DEFLATED_IMAGE_FRAME: deflate(SMALL.tobytes()),
    RLE_LOSSLESS: rle(SMALL),
    JPEG_BASELINE: lying(GOLDEN["baseline-8"].stream, b"\xff\xc0", 5),
    JPEG_LOSSLESS_SV1: lying(GOLDEN["sv1-8"].stream, b"\xff\xc3", 5),
    JPEG_LS: lying(GOLDEN["jls-8"].stream, b"\xff\xf7", 5),
    JPEG_2000: large(imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")),
    HTJ2K_LOSSLESS: large(imagecodecs.htj2k_encode(SMALL)),
}


@pytest.mark.parametrize("uid", STREAMS)
def test_what_a_lying_header_claims_is_not_allocated(uid: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((LimitError, CodecError)):
            decode_frame(STREAMS[uid], huge(uid))
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("uid", "stream"),
    [
        (JPEG_2000, imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")),
        (HTJ2K_LOSSLESS, imagecodecs.htj2k_encode(SMALL)),
        (JPEG_XL, imagecodecs.jpegxl_encode(SMALL)),
    ],
)
def test_a_data_set_that_lies_is_overruled_by_the_codestream(uid: str, stream: bytes) -> None:
    frame = decode_frame(bytes(stream), huge(uid))
    assert frame.array.shape == (8, 8)
    assert [finding.code for finding in frame.findings] == ["codestream-size"]


def test_small_frames_are_never_refused() -> None:
    fmt = PixelFormat(rows=1000, columns=1000, transfer_syntax=RLE_LOSSLESS)
    check_frame(fmt, 1, peek(rle(SMALL), "rle"))


def test_what_the_coding_can_hold_is_allowed() -> None:
    # One pair of bytes repeats a value 128 times (PS3.5 G.3.2).
    fmt = PixelFormat(rows=2048, columns=1024, transfer_syntax=RLE_LOSSLESS)
    stream = peek(rle(SMALL), "rle")
    check_frame(fmt, 2048 * 1024 // 64, stream)
    with pytest.raises(LimitError, match="2048 x 1024 x 1 samples would take 2097152 bytes, but 32767 bytes of rle"):
        check_frame(fmt, 2048 * 1024 // 64 - 1, stream)


@pytest.mark.parametrize("uid", [JPEG_2000, HTJ2K_LOSSLESS, JPEG_XL])
def test_blank_frames_take_few_bytes_in_any_size(uid: str) -> None:
    fmt = PixelFormat(rows=8192, columns=8192, bits_allocated=16, bits_stored=16, transfer_syntax=uid)
    stream = peek(bytes(imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")), "jpeg-2000")
    check_frame(fmt, 200, stream)
    larger = replace(fmt, rows=32768)
    check_frame(larger, 1 << 20, stream)
    with pytest.raises(LimitError):
        check_frame(larger, 200, stream)


def test_a_line_of_jpeg_ls_takes_a_bit() -> None:
    fmt = PixelFormat(rows=16000, columns=16000, transfer_syntax=JPEG_LS)
    stream = peek(GOLDEN["jls-8"].stream, "jpeg-ls")
    check_frame(fmt, 2000, stream)
    with pytest.raises(LimitError):
        check_frame(fmt, 1999, stream)


def test_packed_samples_take_less_than_their_array() -> None:
    for bits in (1, 12):
        fmt = PixelFormat(rows=2000, columns=2000, bits_allocated=bits, bits_stored=bits)
        check_frame(fmt, fmt.frame_bytes, None)
        with pytest.raises(LimitError):
            check_frame(fmt, fmt.frame_bytes - 1, None)


def test_no_frame_is_larger_than_the_limit() -> None:
    with pytest.raises(LimitError, match=f"the limit is {MAX_FRAME_BYTES} bytes") as found:
        check_frame(huge(JPEG_XL, 16), 1 << 40, None)
    assert isinstance(found.value, FrameError)
    assert isinstance(found.value, ValueError)
    assert isinstance(found.value, PixelError)
