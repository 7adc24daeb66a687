"""A look-up table and its descriptor: Modality, VOI and Palette LUT data -> Lut (PS3.3 C.11.1.1.1, C.11.2.1.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform, blocks, flat, output


def sign16(value: int) -> int:
    """Return the low 16 bits of a value, read as a signed number.

    >>> sign16(64512), sign16(-1024), sign16(7)
    (-1024, -1024, 7)
    """
    return ((value & 0xFFFF) ^ 0x8000) - 0x8000


@dataclass(frozen=True, eq=False, repr=False)
class Lut(Transform):
    """A table whose entry 0 belongs to the value `first`; below it and past the end, the nearest entry.

    Float input is rounded down to the integer below it first, NaN takes entry 0.

    >>> Lut(np.array([5, 6, 7]), first=-1, bits=8)(np.array([-9, -1, 0, 1, 9], np.int16))
    array([5, 5, 6, 7, 7], dtype=uint8)
    """

    table: Array
    first: int
    bits: int

    def __post_init__(self) -> None:
        """Check the table and keep it read-only, as uint8 where 8 bits hold every entry, else as uint16."""
        if not 1 <= self.bits <= 16:
            raise TransformError(f"the LUT Descriptor says {self.bits} bits per entry, needed 1 to 16")
        table = np.asarray(self.table)
        if table.ndim != 1 or table.dtype.kind not in "iu" or not 1 <= table.size <= 65536:
            raise TransformError(
                f"the LUT is {table.dtype} of shape {table.shape}, needed 1 to 65536 integers in one row"
            )
        low, high = int(table.min()), int(table.max())
        if low < 0 or high > 65535:
            raise TransformError(f"the LUT's entries run from {low} to {high}, needed 0 to 65535")
        table = table.astype(np.uint8 if self.bits <= 8 and high < 256 else np.uint16)
        table.setflags(write=False)
        object.__setattr__(self, "table", table)

    @classmethod
    def from_descriptor(
        cls,
        descriptor: Sequence[int],
        data: bytes | Sequence[int] | Array,
        *,
        signed_first: bool,
        big_endian: bool = False,
    ) -> "Lut":
        """Build the table from a LUT Descriptor and LUT Data, as read by whichever VR (PS3.3 C.11.1.1.1).

        >>> Lut.from_descriptor((4, 64512, 8), bytes([1, 2, 3, 4]), signed_first=True)
        Lut(4 entries of 8 bits, first value mapped -1024)
        """
        entries, first, bits = read_descriptor(descriptor, signed_first=signed_first)
        return cls(read_entries(data, entries, bits, big_endian=big_endian), first, bits)

    @property
    def last(self) -> int:
        """Return the value that the last entry belongs to."""
        return self.first + self.table.size - 1

    @property
    def top(self) -> int:
        """Return the greatest value that the descriptor's bits can hold."""
        return (1 << self.bits) - 1

    def __call__(self, values: Array, *, out: Array | None = None) -> Array:
        """Return the entry of each value, in blocks."""
        values = np.asarray(values)
        out = output(values.shape, self.table.dtype, out)
        source, target = flat(values), out.reshape(-1)
        for part in blocks(source.size):
            np.take(self.table, self.index(source[part]), out=target[part], mode="clip")
        return out

    def index(self, values: Array) -> Array:
        """Return each value's place in the table as intp, without wrapping, whatever the values' type."""
        low, high = self.first, self.last
        if values.dtype.kind == "b":
            values = values.view(np.uint8)
        if values.dtype.kind == "f":
            # fmax and fmin, unlike clip, pass over NaN, once floor has made it a quiet one
            values = np.fmin(np.fmax(np.floor(values.astype(np.float64)), low), high)
        else:
            limits = np.iinfo(values.dtype)
            low, high = (min(max(bound, limits.min), limits.max) for bound in (low, high))
            values = values.clip(low, high)
        index = values.astype(np.intp)
        index -= self.first
        return index.clip(0, self.table.size - 1, out=index)

    def __eq__(self, other: object) -> bool:
        """Tell whether both map every value alike."""
        if not isinstance(other, Lut):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self._key())

    def _key(self) -> tuple[int, int, bytes]:
        return self.first, self.bits, self.table.astype("<u2").tobytes()

    def __repr__(self) -> str:
        """Say size, depth and start; not the entries."""
        return f"Lut({self.table.size} entries of {self.bits} bits, first value mapped {self.first})"


def read_descriptor(descriptor: Sequence[int], *, signed_first: bool) -> tuple[int, int, int]:
    """Return entries, first value mapped and bits per entry (PS3.3 C.11.1.1.1).

    All three are read with one VR, though only the second can be negative: 0 entries stand for 65536.

    >>> read_descriptor((0, -1024, 16), signed_first=True), read_descriptor((-25536, -1, 16), signed_first=False)
    ((65536, -1024, 16), (40000, 65535, 16))
    """
    if len(descriptor) != 3:
        raise TransformError(f"the LUT Descriptor has {len(descriptor)} values, needed 3: {list(descriptor)}")
    entries, first, bits = (int(value) for value in descriptor)
    return (entries & 0xFFFF) or 65536, sign16(first) if signed_first else first & 0xFFFF, bits & 0xFFFF


def read_entries(data: bytes | Sequence[int] | Array, entries: int, bits: int, *, big_endian: bool = False) -> Array:
    """Return LUT Data as one unsigned integer per entry: packed bytes, or one entry per word, by its length.

    Entries of 8 bits may share a word; what follows the last entry is padding.

    >>> read_entries(bytes([1, 2, 3, 0]), 3, 8), read_entries([0x0201, 0x0003], 3, 8)
    (array([1, 2, 3], dtype=uint8), array([1, 2, 3], dtype=uint8))
    """
    words = _words(data, entries, bits, big_endian=big_endian)
    if len(words) < entries:
        raise TransformError(f"the LUT Data has {len(words)} entries of {bits} bits, its descriptor says {entries}")
    return words[:entries]


def _words(data: bytes | Sequence[int] | Array, entries: int, bits: int, *, big_endian: bool) -> Array:
    if not isinstance(data, bytes | bytearray | memoryview):
        values = np.atleast_1d(np.asarray(data)).astype(np.int64) & 0xFFFF
        if bits > 8 or len(values) >= entries:
            return values.astype(np.uint16)
        return values.astype("<u2").view(np.uint8)
    if bits <= 8 and len(data) < max(2 * entries, entries + 2):
        packed = np.frombuffer(data, np.uint8)
        # a word's low byte is the earlier entry
        return packed[: len(packed) & ~1].reshape(-1, 2)[:, ::-1].reshape(-1) if big_endian else packed
    return np.frombuffer(data, ">u2" if big_endian else "<u2", count=len(data) // 2).astype(np.uint16)
