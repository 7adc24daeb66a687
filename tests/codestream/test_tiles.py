"""The tile-parts of a JPEG 2000 codestream that is cut: which are there, and what completes them (T.800 A.4.2, B.3)."""

import struct

import pytest

from dicompix.pixels.codestream.tiles import Grid, cut_tiles
from dicompix.pixels.errors import CodecError

SOD, EOC = b"\xff\x93", b"\xff\xd9"


def tile_part(tile: int, packets: bytes, number: int = 0, count: int = 1, length: int | None = None) -> bytes:
    """Return SOT with the length of the tile-part, SOD and packets."""
    stated = 14 + len(packets) if length is None else length
    return struct.pack(">2sHHIBB", b"\xff\x90", 10, tile, stated, number, count) + SOD + packets


def header(columns: int = 8, rows: int = 4, size: int = 4) -> bytes:
    """Return SOC and SIZ of one 8-bit component in square tiles, and a COD that nobody reads here."""
    siz = struct.pack(">H8IH", 0, columns, rows, 0, 0, size, size, 0, 0, 1) + b"\x07\x01\x01"
    return b"\xff\x4f\xff\x51" + struct.pack(">H", 2 + len(siz)) + siz + b"\xff\x52\x00\x0c" + bytes(10)


HEADER = header()
FIRST, SECOND = tile_part(0, b"abcdef"), tile_part(1, b"ghijkl")
WHOLE = HEADER + FIRST + SECOND + EOC


def test_the_areas_of_tiles_are_those_of_the_standard() -> None:
    """T.800 B.3 with the image from (10, 6) to (50, 40) and tiles of 20 x 16 from (4, 2) on, worked out by hand."""
    grid = Grid(50, 40, 10, 6, 20, 16, 4, 2)
    assert len(grid) == 3 * 3
    assert grid.area(0) == (slice(0, 12), slice(0, 14))
    assert grid.area(4) == (slice(12, 28), slice(14, 34))
    assert grid.area(8) == (slice(28, 34), slice(34, 40))


def test_a_tile_part_that_is_cut_is_completed_to_its_length() -> None:
    cut = cut_tiles(HEADER + FIRST + SECOND[:-4])
    assert [cut.whole, cut.begun] == [{0}, {0, 1}]
    assert cut.missing(1000) == 4
    assert cut.completed(1000) == HEADER + FIRST + SECOND[:-4] + bytes(4) + EOC
    assert cut.completed(1000, ones=3) == HEADER + FIRST + SECOND[:-4] + b"\xff\xff\xff\0" + EOC
    assert cut.needed == len(WHOLE)


@pytest.mark.parametrize("length", [0, 1 << 31])
def test_a_tile_part_without_a_length_that_can_be_gets_as_much_room_as_is_given(length: int) -> None:
    cut = cut_tiles(HEADER + FIRST + tile_part(1, b"gh", length=length))
    assert cut.missing(10) == 10
    assert cut.completed(10) == HEADER + FIRST + tile_part(1, b"gh" + bytes(10)) + EOC


def test_tiles_that_are_absent_are_completed_by_an_empty_packet() -> None:
    cut = cut_tiles(HEADER + FIRST)
    assert [cut.whole, cut.begun] == [{0}, {0}]
    assert cut.last is None
    assert cut.completed(1000) == HEADER + FIRST + tile_part(1, b"\0") + EOC


def test_a_tile_is_whole_with_each_of_its_tile_parts() -> None:
    parts = [tile_part(0, b"ab", 0, 2), tile_part(1, b"cd", 0, 2), tile_part(1, b"ef", 1, 0)]
    cut = cut_tiles(HEADER + b"".join(parts))
    assert [cut.whole, cut.begun] == [{1}, {0, 1}]
    assert cut.completed(0) == HEADER + b"".join(parts) + tile_part(0, b"\0", 1, 2) + EOC
    assert cut_tiles(HEADER + tile_part(0, b"ab", 0, 0)).whole == set()  # nothing says how many there are


@pytest.mark.parametrize("tail", [b"", b"\0", bytes(700), b"\xff"])
def test_zeros_at_the_end_may_be_padding(tail: bytes) -> None:
    cut = cut_tiles(HEADER + FIRST + tile_part(1, b"ghijk\0")[:-1] + tail)
    assert cut.whole == {0}
    assert cut.missing(1000) == 1


def test_an_end_marker_does_not_count_where_the_lengths_say_more() -> None:
    cut = cut_tiles(HEADER + FIRST + SECOND[:-4] + EOC)
    assert [cut.whole, cut.missing(1000)] == [{0}, 4]


def test_a_tile_part_that_lacks_bytes_inside_does_not_count() -> None:
    cut = cut_tiles(HEADER + FIRST[:-2] + SECOND + EOC)
    assert not cut.whole | cut.begun
    assert cut.last is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (WHOLE, "where the codestream is broken nobody can tell"),
        (HEADER, "out of range"),
        (HEADER + EOC, "before its first tile-part"),
        (HEADER + FIRST[:8], "has length 10"),
        (HEADER + tile_part(2, b"ab") + SECOND[:5], "of tile 2, needed less than 2"),
    ],
)
def test_what_holds_no_part_of_a_tile_is_an_error(data: bytes, message: str) -> None:
    with pytest.raises((CodecError, IndexError), match=message):
        cut_tiles(data)
