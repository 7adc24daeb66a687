"""The RLE header: the first 64 bytes of a frame -> Codestream with its segment offsets (PS3.5 G.5)."""

import struct
from itertools import pairwise

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


def is_header(data: Data) -> bool:
    """Tell whether bytes can only be an RLE header: few segments, the first right behind it, the others after it."""
    if len(data) < HEADER.size:
        return False
    count, *offsets = HEADER.unpack_from(data)
    used, unused = offsets[:count], offsets[count:]
    return 1 <= count <= MOST_RLE_SEGMENTS and used[0] == HEADER.size and used == sorted(used) and not any(unused)


def segment_bounds(data: Data) -> list[tuple[int, int]]:
    """Return where each segment lies, in the header's order: up to the next one in the data (PS3.5 G.5).

    >>> segment_bounds(bytes.fromhex("02000000 42000000 40000000") + bytes(56))
    [(66, 68), (64, 66)]
    """
    offsets = segment_offsets(data)
    ends = dict(pairwise([*sorted(offsets), len(data)]))
    return [(offset, ends[offset]) for offset in offsets]


def segment_offsets(data: Data, start: int = 0) -> tuple[int, ...]:
    """Return where each segment begins, in any order; CodecError where one would leave the data (PS3.5 G.5)."""
    size = len(data) - start
    if size < HEADER.size:
        raise CodecError(f"the frame has {size} bytes, needed the {HEADER.size} of an RLE header and its segments")
    count, *offsets = HEADER.unpack_from(data, start)
    if not 1 <= count <= MOST_RLE_SEGMENTS:
        raise CodecError(f"the RLE header counts {count} segments, needed 1 to {MOST_RLE_SEGMENTS}")
    found = tuple(offsets[:count])
    for number, offset in enumerate(found, start=1):
        if not HEADER.size <= offset < size:
            needed = f"{HEADER.size} to {size - 1}"
            raise CodecError(f"RLE segment {number} of {count} begins at byte {offset}, needed {needed}")
        if offset in found[: number - 1]:
            raise CodecError(f"RLE segment {number} of {count} begins at byte {offset}, as one before it does")
    return found
