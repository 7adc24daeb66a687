"""A segmented palette -> one entry per value: discrete, linear and indirect segments (PS3.3 C.7.9.2)."""

from dataclasses import dataclass, field

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array

DISCRETE, LINEAR, INDIRECT = 0, 1, 2
# Units of the table that hold an indirect segment's byte offset, the least significant first (PS3.3 C.7.9.2.3).
_OFFSET_UNITS = {8: 4, 16: 2}


def expand_segments(data: bytes, bits: int, entries: int, *, big_endian: bool = False) -> Array:
    """Return the `entries` values that Segmented Palette Color Lookup Table Data stands for.

    Opcodes, lengths and values take `bits` bits, 8 or 16, each. In big endian data the bytes of each word are swapped.

    >>> expand_segments(bytes([0, 1, 10, 1, 4, 30]), 8, 5)
    array([10, 15, 20, 25, 30], dtype=uint8)
    """
    if bits not in _OFFSET_UNITS:
        raise TransformError(f"a segmented palette has entries of 8 or 16 bits, found {bits}")
    units = np.frombuffer(bytes(data[: len(data) & ~1]), ">u2" if big_endian else "<u2").astype("<u2")
    if bits == 8:
        units = np.concatenate([units.view(np.uint8), np.frombuffer(bytes(data[2 * units.size :]), np.uint8)])
    expansion = _Expansion(units.tolist(), bits, entries)
    expansion.run()
    return np.array(expansion.values, np.uint8 if bits == 8 else np.uint16)


@dataclass(slots=True)
class _Expansion:
    """The table being read, and the values so far."""

    units: list[int]
    bits: int
    entries: int
    values: list[int] = field(default_factory=list)
    expanded: int = 0  # segments so far

    def run(self) -> None:
        """Expand every segment; a single unit left over is padding."""
        at = 0
        while len(self.units) - at >= 2:
            at = self.indirect(at) if self.units[at] == INDIRECT else self.segment(at)
        if len(self.values) != self.entries:
            raise TransformError(
                f"the segmented palette expands to {len(self.values)} values, its descriptor says {self.entries}"
            )

    def take(self, at: int, count: int) -> list[int]:
        """Return `count` units from there."""
        if at + count > len(self.units):
            raise TransformError(
                f"a segment of the segmented palette needs {count} units at {at}, the table has {len(self.units)}"
            )
        return self.units[at : at + count]

    def segment(self, at: int) -> int:
        """Expand the discrete or linear segment there and return where the next one starts."""
        opcode, length = self.take(at, 2)
        self.expanded += 1
        if self.expanded > self.entries + len(self.units):  # empty ones, again and again
            raise TransformError(f"the segmented palette has more segments than the {self.entries} entries need")
        if opcode not in {DISCRETE, LINEAR}:
            raise TransformError(
                f"the segmented palette has unknown segment type '{opcode}' at unit {at}, needed 0 or 1"
            )
        if len(self.values) + length > self.entries:
            raise TransformError(
                f"the segmented palette expands to at least {len(self.values) + length} values, "
                f"its descriptor says {self.entries}"
            )
        if opcode == DISCRETE:
            self.values += self.take(at + 2, length)
            return at + 2 + length
        self.values += self.line(self.take(at + 2, 1)[0], length)
        return at + 3

    def line(self, end: int, length: int) -> list[int]:
        """Return `length` values from one step after the last value to `end` (PS3.3 C.7.9.2.2)."""
        if not self.values:
            raise TransformError(
                "Error expanding a segmented palette color lookup table: the first segment cannot be a linear segment, "
                "which starts from the value before it"
            )
        start = self.values[-1]
        steps = np.arange(1, length + 1)
        points: list[int] = np.rint(start + (end - start) * steps / max(length, 1)).astype(int).tolist()
        return points

    def indirect(self, at: int) -> int:
        """Expand segments from elsewhere in the table again, none of them indirect (PS3.3 C.7.9.2.3)."""
        width = _OFFSET_UNITS[self.bits]
        count, *offset = self.take(at + 1, 1 + width)
        if not self.values:
            raise TransformError(
                "Error expanding a segmented palette color lookup table: the first segment cannot be an indirect "
                "segment, which repeats segments before it"
            )
        start, odd = divmod(sum(unit << (self.bits * i) for i, unit in enumerate(offset)), self.bits // 8)
        if odd:
            raise TransformError(f"an indirect segment points into the middle of a 16-bit unit, at unit {start}")
        for _ in range(count):
            start = self.segment(start)
        return at + 2 + width
