"""The RLE header: the first 64 bytes of a frame -> Codestream with its segment offsets (PS3.5 G.5)."""

import struct

from dicompix.pixels.codestream.base import Codestream, Data
from dicompix.pixels.errors import CodecError

HEADER = struct.Struct("<16I")
MOST_RLE_SEGMENTS = 15


def read(data: Data, start: int = 0) -> Codestream:
    """Return the segment offsets, each checked: no decoder that follows them leaves the data.

    >>> header = bytes.fromhex("01000000 40000000") + bytes(56)
    >>> read(header + bytes([0, 7])).segments
    (64,)
    """
    segments = segment_offsets(data, start)
    return Codestream(
        kind="rle", rows=0, columns=0, samples=0, precision=0, lossless=True, segments=segments, start=start
    )


def segment_offsets(data: Data, start: int = 0) -> tuple[int, ...]:
    """Return where each segment begins; CodecError where one would leave the data (PS3.5 G.5)."""
    size = len(data) - start
    if size < HEADER.size:
        raise CodecError(f"the frame has {size} bytes, needed the {HEADER.size} of an RLE header and its segments")
    count, *offsets = HEADER.unpack_from(data, start)
    if not 1 <= count <= MOST_RLE_SEGMENTS:
        raise CodecError(f"the RLE header counts {count} segments, needed 1 to {MOST_RLE_SEGMENTS}")
    least = HEADER.size
    for number, offset in enumerate(offsets[:count], start=1):
        if not least <= offset < size:
            raise CodecError(f"RLE segment {number} of {count} begins at byte {offset}, needed {least} to {size - 1}")
        least = offset + 1
    return tuple(offsets[:count])
