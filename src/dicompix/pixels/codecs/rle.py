"""RLE Lossless: PackBits segments, one per byte of the composite pixel code -> samples (PS3.5 annex G)."""

import re

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.codecs.native import unpack_bits
from dicompix.pixels.codestream.rle import segment_bounds
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer

_NOTHING = re.compile(rb"\x80*")  # any number of them does nothing (PS3.5 G.3.1)


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # planes are interleaved anew
    """Return the samples of one RLE frame; pure Python and NumPy, cannot read outside `data`."""
    bounds = check_header(data, fmt)
    size = segment_bytes(fmt)
    planes = np.empty((len(bounds), size), np.uint8)
    excess = 0
    for number, (start, stop) in enumerate(bounds):
        decoded = unpack_segment(data[start:stop], size, number)
        excess = max(excess, len(decoded) - size)
        planes[number] = np.frombuffer(decoded, np.uint8, size)
    frame = from_planes(planes, fmt)
    return frame if excess <= 1 else frame.noting(_too_long(size + excess, size))


def _too_long(found: int, used: int) -> Finding:
    message = "an RLE segment decodes to more bytes than the frame has: the rest is left out"
    return Finding(code="rle-segments", message=message, found=found, used=used, clause="PS3.5 G.3.2")


def segment_bytes(fmt: PixelFormat) -> int:
    """Return the bytes of one decoded segment: one per pixel, or the packed frame where Bits Allocated is 1."""
    pixels = fmt.rows * fmt.columns
    return -(-pixels // 8) if fmt.bits_allocated == 1 else pixels


def check_header(data: Buffer, fmt: PixelFormat) -> list[tuple[int, int]]:
    """Return where each segment lies; CodecError unless there are as many as the format needs (PS3.5 G.5)."""
    bounds = segment_bounds(data)
    needed = fmt.samples * -(-fmt.bits_allocated // 8)
    if len(bounds) != needed:
        raise CodecError(
            f"the RLE header lists {len(bounds)} segments, needed {needed} for {fmt.samples} samples "
            f"of {fmt.bits_allocated} bits (PS3.5 G.2)"
        )
    return bounds


def unpack_segment(segment: Buffer, size: int, number: int = 0) -> bytearray:
    r"""Return the `size` bytes of one PackBits segment (PS3.5 G.3.2), and those that its last run has more.

    >>> unpack_segment(bytes([1, 7, 8, 254, 9]), 5)
    bytearray(b'\x07\x08\t\t\t')
    """
    source, result, position = bytes(segment), bytearray(), 0
    while len(result) <= size + 1 and position < len(source):
        count = source[position]
        position += 1
        if count < 128:
            result += source[position : position + count + 1]
            position += count + 1
        elif count > 128:
            result += source[position : position + 1] * (257 - count)
            position += 1
        elif nothing := _NOTHING.match(source, position):
            position = nothing.end()
    if len(result) < size:
        raise CodecError(f"RLE segment {number} decodes to {len(result)} bytes, needed {size} (PS3.5 G.3.2)")
    return result


def from_planes(planes: Stored, fmt: PixelFormat) -> Frame:
    """Return samples from byte planes, for each sample the most significant byte first (PS3.5 G.2)."""
    if fmt.bits_allocated == 1:
        bits = unpack_bits(planes.reshape(-1))[: fmt.rows * fmt.columns]
        return Frame(bits.reshape(fmt.frame_shape), fmt.photometric)
    depth = len(planes) // fmt.samples
    by_significance = planes.reshape(fmt.samples, depth, fmt.rows, fmt.columns)
    words = np.ascontiguousarray(by_significance.transpose(2, 3, 0, 1))
    array = words.view(f">u{depth}").astype(fmt.dtype.str.replace("i", "u")).view(fmt.dtype)
    return Frame(array.reshape(fmt.frame_shape), fmt.photometric)
