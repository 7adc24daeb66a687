"""Rows of bytes -> rows of bytes gone wrong: for hypothesis, and by number for runs that can be repeated."""

import struct
from collections.abc import Callable, Sequence
from random import Random

from hypothesis import strategies as st

Change = Callable[[bytearray, Random], None]

PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")  # in either byte order

# Numbers at which arithmetic goes wrong, in 1, 2 and 4 bytes of either order.
EDGES = tuple(
    struct.pack(order + kind, value & mask)
    for kind, mask in (("B", 0xFF), ("H", 0xFFFF), ("I", 0xFFFFFFFF))
    for value in (0, 1, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, -2, -1)
    for order in "<>"
)


def flip_bits(data: bytearray, random: Random) -> None:
    """Turn one bit over, or a few."""
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def set_edge(data: bytearray, random: Random) -> None:
    """Put a number from the edge of its range somewhere."""
    value, at = random.choice(EDGES), random.randrange(len(data))
    data[at : at + len(value)] = value


def cut_off(data: bytearray, random: Random) -> None:
    """Drop the end."""
    del data[random.randrange(len(data)) :]


def leave_out(data: bytearray, random: Random) -> None:
    """Drop a few bytes from the middle."""
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 2, 4, 8, 64))]


def repeat(data: bytearray, random: Random) -> None:
    """Have a few bytes twice."""
    at = random.randrange(len(data))
    data[at:at] = data[at : at + random.choice((1, 2, 8, 64, 512))]


def swap_parts(data: bytearray, random: Random) -> None:
    """Let two equally long parts change places."""
    size = random.choice((1, 2, 4, 8, 16))
    a, b = (random.randrange(len(data)) for _ in range(2))
    if abs(a - b) >= size and max(a, b) + size <= len(data):
        data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


def blank(data: bytearray, random: Random) -> None:
    """Overwrite a part with one value."""
    at, value = random.randrange(len(data)), random.choice((0, 0xFF, random.randrange(256)))
    size = min(random.choice((2, 8, 64)), len(data) - at)
    data[at : at + size] = bytes([value]) * size


CHANGES: tuple[Change, ...] = (flip_bits, flip_bits, set_edge, set_edge, cut_off, leave_out, repeat, swap_parts, blank)


def pixels_begin(data: bytes) -> int:
    """Return where the pixel data of a file seems to begin, 0 where there is none."""
    places = [data.rfind(tag) for tag in PIXEL_DATA]
    return max(places) + 12 if max(places) >= 0 else 0


def mutated(seed: bytes, random: Random) -> bytes:
    """Return a row of bytes with one change or several; of a file, mostly its pixel data."""
    begin = pixels_begin(seed) if random.randrange(3) else 0
    data = bytearray(seed[begin:])
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        if data:
            random.choice(CHANGES)(data, random)
    return seed[:begin] + data


def rows(seeds: Sequence[bytes], *, own: bool = True) -> st.SearchStrategy[bytes]:
    """Return what hypothesis draws: seeds gone wrong, and some bytes of its `own`."""
    wrong = st.builds(mutated, st.sampled_from(seeds), st.randoms(use_true_random=False))
    return st.one_of(wrong, wrong, wrong, st.binary(max_size=256)) if own else wrong
