"""Stored values of a frame -> the range present in them, padding aside, in blocks."""

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.transforms.base import blocks, flat
from dicompix.pixels.transforms.padding import PixelPadding

Range = tuple[float, float]

ROBUST = (0.5, 99.5)  # percentiles of "auto"
# Percentiles of wide values are those of so many at the most, evenly spread; narrow ones are counted, each of them.
SAMPLED = 1 << 18
_BLOCK = 1 << 18


def range_present(stored: Stored, padding: PixelPadding | None, kind: str) -> Range | None:
    """Return least and greatest value for "full", percentiles for "auto"; None where all is padding or not finite.

    >>> range_present(np.array([5, 9, 3], np.uint8), PixelPadding(9), "full")
    (3.0, 5.0)
    """
    values = flat(stored)
    if kind == "full":
        return _extremes(values, padding)
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:
        return _counted(values, padding)
    kept = _kept(values[:: -(-values.size // SAMPLED) or 1], padding)
    if not kept.size:
        return None
    low, high = np.percentile(kept, ROBUST)
    return float(low), float(high)


def _kept(values: Stored, padding: PixelPadding | None) -> Stored:
    """Return the values that are finite and no padding."""
    if padding is not None:
        values = values[~padding.mask(values)]
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def _extremes(values: Stored, padding: PixelPadding | None) -> Range | None:
    kept = (_kept(values[part], padding) for part in blocks(values.size))
    ends = [(float(block.min()), float(block.max())) for block in kept if block.size]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def _counted(values: Stored, padding: PixelPadding | None) -> Range | None:
    """Return the percentiles by counting how often each value occurs."""
    limits = np.iinfo(values.dtype)
    counts = np.zeros(int(limits.max) - int(limits.min) + 1, np.int64)
    for part in blocks(values.size, _BLOCK):
        index = values[part].astype(np.intp)
        index -= limits.min
        found = np.bincount(index)
        counts[: found.size] += found
    every = np.arange(limits.min, int(limits.max) + 1)
    if padding is not None:
        counts[padding.mask(every)] = 0
    below = np.cumsum(counts)
    if not below[-1]:
        return None
    low, high = (float(every[np.searchsorted(below, below[-1] * percent / 100)]) for percent in ROBUST)
    return low, high
