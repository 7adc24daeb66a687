"""Deflated Image Frame Compression: raw deflate of one native frame -> samples (PS3.5 A.4.13, RFC 1951)."""

import zlib

from dicompix.pixels.codecs import native
from dicompix.pixels.codecs.base import DecodeRequest, Frame
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, most_frame_bytes


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Return the samples of one deflated frame; never inflates to more than the frame's own size and a pad byte."""
    samples, odd = inflate(data, fmt.frame_bytes, most_frame_bytes(fmt))
    frame = native.decode(samples, fmt, want)
    if not odd:
        return frame
    return frame.noting(Finding(code="deflated-stream", message=odd, clause="PS3.5 A.4.13, RFC 1951"))


def inflate(data: Buffer, size: int, most: int) -> tuple[bytes, str]:
    """Return `size` to `most` bytes of a raw deflate stream and what is odd about it; CodecError where it is cut."""
    # A zlib header is a multiple of 31, its first byte 78 in practice (RFC 1950 2.2), which raw deflate hardly has.
    wrapped = bytes(data[:1]) == b"\x78" and int.from_bytes(data[:2]) % 31 == 0
    stream = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    try:
        result = stream.decompress(data, most)
        more = b"" if stream.eof else stream.decompress(stream.unconsumed_tail, 2)
    except zlib.error as problem:
        raise CodecError(f"the deflate stream is broken: {problem}; needed raw deflate (RFC 1951)") from problem
    if len(result) < size:
        raise CodecError(f"the deflate stream ends after {len(result)} bytes, needed {size}")
    if len(more) > most % 2:
        return result, "the deflate stream holds more than a frame: the rest is left out"
    if wrapped:
        return result, "the deflate stream has a zlib header"
    return result, "" if stream.eof else "the deflate stream has no final block"
