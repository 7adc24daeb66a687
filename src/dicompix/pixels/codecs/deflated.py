"""Deflated Image Frame Compression: raw deflate of one native frame -> samples (PS3.5 A.4.13, RFC 1951)."""

import zlib

from dicompix.pixels.codecs import native
from dicompix.pixels.codecs.base import DecodeRequest, Frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, most_frame_bytes


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Return the samples of one deflated frame; never inflates to more than the frame's own size and a pad byte."""
    return native.decode(inflate(data, fmt.frame_bytes, most_frame_bytes(fmt)), fmt, want)


def inflate(data: Buffer, size: int, most: int) -> bytes:
    """Return `size` to `most` bytes of a raw deflate stream, or CodecError where it is broken or ends early."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        result = stream.decompress(data, most)
    except zlib.error as problem:
        raise CodecError(f"the deflate stream is broken: {problem}; needed raw deflate (RFC 1951)") from problem
    if len(result) < size:
        raise CodecError(f"the deflate stream ends after {len(result)} bytes, needed {size}")
    return result
