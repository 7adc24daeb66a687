"""Colours from stored values by one look-up table per channel (PS3.3 C.7.6.3.1.5, C.7.9, C.8.16.2.1.1.1)."""

from dataclasses import dataclass

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform, blocks, flat, output
from dicompix.pixels.transforms.lut import Lut

WELL_KNOWN_PALETTES = {  # PS3.6 Annex B
    "HOT_IRON": "1.2.840.10008.1.5.1",
    "PET": "1.2.840.10008.1.5.2",
    "HOT_METAL_BLUE": "1.2.840.10008.1.5.3",
    "PET_20_STEP": "1.2.840.10008.1.5.4",
    "SPRING": "1.2.840.10008.1.5.5",
    "SUMMER": "1.2.840.10008.1.5.6",
    "FALL": "1.2.840.10008.1.5.7",
    "WINTER": "1.2.840.10008.1.5.8",
}


@dataclass(frozen=True, slots=True, repr=False)
class Palette(Transform):
    """Red, green, blue, and perhaps alpha: each channel looks up by its own descriptor.

    >>> ramp = Lut(np.array([0, 100, 255]), first=0, bits=8)
    >>> Palette(ramp, ramp, Lut(np.array([9, 8]), first=2, bits=8))(np.array([0, 1, 3]))
    array([[  0,   0,   9],
           [100, 100,   9],
           [255, 255,   8]], dtype=uint8)
    """

    red: Lut
    green: Lut
    blue: Lut
    alpha: Lut | None = None

    @property
    def channels(self) -> tuple[Lut, ...]:
        """Return the three or four tables in order."""
        rgb = (self.red, self.green, self.blue)
        return rgb if self.alpha is None else (*rgb, self.alpha)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Return the type that holds the entries of every channel."""
        return np.result_type(*(lut.table for lut in self.channels))

    def __call__(self, values: Array, *, out: Array | None = None) -> Array:
        """Return (..., 3) or (..., 4): the entries as they stand."""
        channels = self.channels
        out = output((*values.shape, len(channels)), self.dtype, out)
        source, target = flat(values), out.reshape(-1, len(channels))
        for part in blocks(source.size):
            for channel, lut in enumerate(channels):
                target[part, channel] = lut.table.take(lut.index(source[part]))
        return out

    def to_display(self) -> "Palette":
        """Return the same palette with entries of 8 bits, scaled by the depth that the entries really have.

        >>> wide = Lut(np.array([0, 32896, 65535]), first=0, bits=16)
        >>> Palette(wide, wide, wide).to_display().red.table
        array([  0, 128, 255], dtype=uint8)
        """
        full = full_scale(self.channels)
        scaled = (Lut((510 * lut.table.astype(np.int64) + full) // (2 * full), lut.first, 8) for lut in self.channels)
        return Palette(*scaled)

    def __repr__(self) -> str:
        """Say the tables' size, depth and start; not the entries."""
        red, kind = self.red, "RGB" if self.alpha is None else "RGBA"
        return f"Palette({kind}, {red.table.size} entries of {red.bits} bits, first value mapped {red.first})"


@dataclass(frozen=True, slots=True, repr=False)
class SupplementalPalette(Transform):
    """Gray below the palette's first value mapped, colour from there on (PS3.3 C.8.16.2.1.1.1).

    `gray` gives 8-bit gray levels from stored values; the palette is taken at 8 bits.
    """

    gray: Transform
    palette: Palette

    def __post_init__(self) -> None:
        """Refuse an alpha channel: gray has none."""
        if self.palette.alpha is not None:
            raise TransformError("a Supplemental Palette Color Lookup Table has red, green and blue, found alpha too")

    @property
    def elementwise(self) -> bool:
        """Follow the gray steps."""
        return self.gray.elementwise

    def __call__(self, values: Array) -> Array:
        """Return (..., 3) as uint8."""
        gray = self.gray(values)
        if gray.dtype != np.uint8:
            raise TransformError(f"the gray steps beside a supplemental palette give {gray.dtype}, needed uint8")
        coloured = values >= self.palette.red.first
        return np.where(coloured[..., np.newaxis], self.palette.to_display()(values), gray[..., np.newaxis])

    def __repr__(self) -> str:
        """Say where colour begins."""
        return f"SupplementalPalette({self.palette.red.table.size} entries from {self.palette.red.first})"


def full_scale(channels: tuple[Lut, ...]) -> int:
    """Return the entry that stands for full intensity, by the descriptor's bits and what writers make of them.

    Entries that all stay below 256 are 8-bit values under a 16-bit descriptor, as many writers leave them; entries
    whose low bytes are all zero are 8-bit values in the high byte.

    >>> full_scale((Lut(np.array([0, 200]), first=0, bits=16),))
    255
    """
    bits = max(lut.bits for lut in channels)
    high = max(int(lut.table.max()) for lut in channels)
    if high < 256:
        return (1 << min(bits, 8)) - 1
    if bits == 16 and not any(np.any(lut.table & 0xFF) for lut in channels):
        return 0xFF00
    return (1 << max(bits, high.bit_length())) - 1
