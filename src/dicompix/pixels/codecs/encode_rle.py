"""Samples -> RLE Lossless: PackBits segments, one per byte of the composite pixel code (PS3.5 annex G)."""

from collections.abc import Callable, Iterator
from itertools import groupby

import numpy as np

from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored
from dicompix.pixels.codecs.encode_native import in_file_order, packed
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codestream.rle import HEADER, MOST_RLE_SEGMENTS
from dicompix.pixels.format import PixelFormat

_LONGEST = 128  # bytes that one run or one literal covers (PS3.5 G.3.1)


def encode(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:  # noqa: ARG001  # nothing to choose
    """Encode one frame; PackBits in pure Python."""
    return _framed(array, fmt, lambda plane: b"".join(pack_line(line.tobytes()) for line in plane))


def encode_imagecodecs(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:  # noqa: ARG001
    """Encode one frame; PackBits by imagecodecs, each row for itself."""
    pack = library().packbits_encode
    return _framed(array, fmt, lambda plane: bytes(pack(plane)))


def _framed(array: Stored, fmt: PixelFormat, pack: Callable[[Stored], bytes]) -> Encoded:
    """Return header and segments, each of even length (PS3.5 G.4, G.5)."""
    segments = []
    for plane in byte_planes(array, fmt):
        segment = pack(plane)
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets, position = [0] * MOST_RLE_SEGMENTS, HEADER.size
    for number, segment in enumerate(segments):
        offsets[number], position = position, position + len(segment)
    return Encoded(HEADER.pack(len(segments), *offsets) + b"".join(segments), fmt.photometric, int(fmt.samples > 1))


def byte_planes(array: Stored, fmt: PixelFormat) -> Iterator[Stored]:
    """Yield (rows, columns) of bytes: for each sample the most significant byte first (PS3.5 G.2).

    Of 1-bit samples the packed frame is the one plane.
    """
    if fmt.bits_allocated == 1:
        yield np.frombuffer(packed(array, fmt), np.uint8).reshape(1, -1)
        return
    depth = -(-fmt.bits_allocated // 8)
    cells = in_file_order(array, fmt).reshape(fmt.rows, fmt.columns, fmt.samples)
    little = cells.astype(cells.dtype.newbyteorder("<"), copy=False).view(np.uint8)
    by_byte = little.reshape(fmt.rows, fmt.columns, fmt.samples, depth)
    for sample in range(fmt.samples):
        for place in reversed(range(depth)):
            yield by_byte[:, :, sample, place].copy()  # of plain strides: a view of one column has others


def pack_line(line: bytes) -> bytes:
    r"""Return one row by PackBits: runs of three or more replicated, everything else literal (PS3.5 G.3.1).

    >>> pack_line(b"\7\7\7\7\1\2")
    b'\xfd\x07\x01\x01\x02'
    """
    result, literal = bytearray(), bytearray()

    def flush() -> None:
        for start in range(0, len(literal), _LONGEST):
            part = literal[start : start + _LONGEST]
            result.append(len(part) - 1)
            result.extend(part)
        literal.clear()

    for value, group in groupby(line):
        count = sum(1 for _ in group)
        while count >= 3:
            flush()
            taken = min(count, _LONGEST)
            result += bytes([257 - taken, value])
            count -= taken
        literal += bytes([value]) * count
    flush()
    return bytes(result)
