"""The tile-parts of a JPEG 2000 codestream that is cut: which tiles are whole, and what completes the others."""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dicompix.pixels.codestream.base import has_end_marker, marker_segments
from dicompix.pixels.errors import CodecError

_SIZ_AT, _SOT_MARKER = 8, 0x90  # the first marker segment's sizes (T.800 A.5.1)
_SOT, _SOD, _EOC = b"\xff\x90", b"\xff\x93", b"\xff\xd9"
_HEAD = struct.Struct(">2sHHIBB")  # SOT, 10, tile, length, number of the tile-part, count of them or 0 (T.800 A.4.2)
_LEAST = _HEAD.size + len(_SOD)


@dataclass(frozen=True, slots=True)
class TilePart:
    """One tile-part: its tile, its number, how many the tile has or 0, where it begins and, by its length, ends."""

    tile: int
    number: int
    count: int
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The reference grid: the image's area and its tiles (T.800 B.2, B.3)."""

    right: int
    bottom: int
    left: int
    top: int
    tile_width: int
    tile_height: int
    tile_left: int
    tile_top: int

    @property
    def across(self) -> int:
        """Return how many tiles there are in a row of them."""
        return -((self.tile_left - self.right) // self.tile_width)

    def __len__(self) -> int:
        """Return how many tiles there are."""
        return self.across * -((self.tile_top - self.bottom) // self.tile_height)

    def area(self, tile: int) -> tuple[slice, slice]:
        """Return the rows and the columns of a tile, the image's own from 0 on.

        >>> Grid(100, 80, 0, 0, 64, 64, 0, 0).area(3)
        (slice(64, 80, None), slice(64, 100, None))
        """
        down, along = divmod(tile, self.across)
        top, left = self.tile_top + down * self.tile_height, self.tile_left + along * self.tile_width
        rows = slice(max(top, self.top) - self.top, min(top + self.tile_height, self.bottom) - self.top)
        return rows, slice(max(left, self.left) - self.left, min(left + self.tile_width, self.right) - self.left)


@dataclass(frozen=True, slots=True)
class CutTiles:
    """What a cut codestream holds of its tiles: `parts` that are whole, and what there is of the `last` one, if any.

    `whole` are the tiles with each of their tile-parts, `begun` those with a part of their packets.
    """

    data: bytes
    grid: Grid
    header: int
    parts: tuple[TilePart, ...]
    last: TilePart | None
    whole: frozenset[int]
    begun: frozenset[int]

    @property
    def needed(self) -> int:
        """Return how many bytes the whole codestream has, 0 where nothing tells."""
        last = self.last
        if last is None or last.stop <= last.first or len(self.whole | {last.tile}) < len(self.grid):
            return 0
        return last.stop + len(_EOC) if last.number + 1 == last.count else 0

    def missing(self, room: int) -> int:
        """Return how many bytes the cut tile-part lacks, `room` where it does not say so or would have more."""
        if self.last is None:
            return 0
        lacking = self.last.stop - len(self.data)
        return lacking if 0 < lacking < room else room

    def completed(self, room: int, ones: int = 0) -> bytes:
        """Return a codestream of all tiles: the cut tile-part ends with `ones` bytes FF and zeros, others are empty.

        FF FF is what an arithmetic decoder takes for the end of its bytes (T.800 C.3.4): nothing significant follows.
        A packet that begins with a zero bit is empty (T.800 B.10.3).
        """
        pieces = [self.data[: self.header], *(self.data[part.first : part.stop] for part in self.parts)]
        if self.last is not None:
            filled = self.missing(room)
            rest = self.data[self.last.first :] + b"\xff" * ones + bytes(filled - ones)
            head = _HEAD.pack(_SOT, 10, self.last.tile, len(rest), self.last.number, self.last.count)
            pieces += [head, rest[_HEAD.size :]]
        return b"".join((*pieces, *self._empty_parts(), _EOC))

    @property
    def empty(self) -> "CutTiles":
        """Return the same codestream without any of its packets."""
        return replace(self, parts=(), last=None, whole=frozenset(), begun=frozenset())

    def _empty_parts(self) -> Iterator[bytes]:
        """Yield a tile-part of empty packets for each one that is absent; OpenJPEG wants a byte of them."""
        held, stated = Counter[int](), Counter[int]()
        for part in (*self.parts, *([] if self.last is None else [self.last])):
            held[part.tile] += 1
            stated[part.tile] = max(stated[part.tile], part.count)
        for tile in range(len(self.grid)):
            count = stated[tile] or 1
            for number in range(held[tile], count):
                yield _HEAD.pack(_SOT, 10, tile, _LEAST + 1, number, count) + _SOD + b"\0"


def cut_tiles(data: bytes) -> CutTiles:
    """Return what there is of a codestream's tiles; CodecError for one that nothing is missing of.

    An end marker does not count where the lengths of the tile-parts say that there is more.
    """
    grid = Grid(*struct.unpack_from(">8I", data, _SIZ_AT))
    header = next((first - 4 for marker, first, _ in marker_segments(data, 2) if marker == _SOT_MARKER), 0)
    if not header:
        raise CodecError("the JPEG 2000 codestream is cut before its first tile-part")
    # Without an end, zeros may be padding in place of what was there, and FF the first half of a marker.
    data = data[: data.rfind(_EOC)] if has_end_marker(data, len(data)) else data.rstrip(b"\0\xff")
    parts, position = [], header
    while data[position : position + 2] == _SOT and position + _LEAST <= len(data):
        parts.append(_tile_part(data, position, grid))
        position = parts[-1].stop
        if not parts[-1].first + _LEAST <= position <= len(data):
            break
    last = parts.pop() if parts and not _ends(data, parts[-1]) else None
    whole = _whole(parts)
    if len(whole) == len(grid):
        raise CodecError("every tile-part is there: where the codestream is broken nobody can tell")
    begun = whole | {part.tile for part in parts}
    if last is None or not _holds_packets(data, last):
        return CutTiles(data, grid, header, tuple(parts), None, whole, begun)
    return CutTiles(data, grid, header, tuple(parts), last, whole, begun | {last.tile})


def _tile_part(data: bytes, position: int, grid: Grid) -> TilePart:
    _, _, tile, length, number, count = _HEAD.unpack_from(data, position)
    if tile >= len(grid):
        raise CodecError(f"the tile-part at byte {position} is of tile {tile}, needed less than {len(grid)}")
    return TilePart(tile, number, count, position, position + length)


def _ends(data: bytes, part: TilePart) -> bool:
    """Tell whether a tile-part ends where its length says, and another one or nothing follows."""
    return part.first + _LEAST <= part.stop <= len(data) and data[part.stop : part.stop + 2] in {b"", _SOT}


def _holds_packets(data: bytes, part: TilePart) -> bool:
    """Tell whether a cut tile-part has a byte of its packets; one that lacks bytes inside has none that is known."""
    inside = part.first + _LEAST <= part.stop < len(data)
    return not inside and 0 <= data.find(_SOD, part.first + _HEAD.size) < len(data) - len(_SOD)


def _whole(parts: list[TilePart]) -> frozenset[int]:
    """Return the tiles with as many tile-parts as they say."""
    held, stated = Counter(part.tile for part in parts), Counter[int]()
    for part in parts:
        stated[part.tile] = max(stated[part.tile], part.count)
    return frozenset(tile for tile in held if held[tile] == stated[tile])
