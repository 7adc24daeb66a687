"""Which stored values are padding, not image (PS3.3 C.7.5.1.1.2)."""

from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform


def reinterpret(value: int, *, signed: bool, bits: int) -> int:
    """Return the value that the same `bits` bits have under the other VR, US for SS or SS for US.

    >>> reinterpret(63536, signed=True, bits=16), reinterpret(-2000, signed=False, bits=16)
    (-2000, 63536)
    """
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if signed and low >> (bits - 1) else low


@dataclass(frozen=True, slots=True)
class PixelPadding:
    """Pixel Padding Value and, where there is one, its Range Limit: inclusive, in either order, integer or float.

    >>> PixelPadding(-2000, -1990).mask(np.array([-2000, -1995, -1989, 0], np.int16))
    array([ True,  True, False, False])
    """

    value: float
    limit: float | None = None

    def __post_init__(self) -> None:
        """Refuse a range that has no end."""
        if self.limit is not None and (isnan(self.value) or isnan(self.limit)):
            raise TransformError(f"the pixel padding range runs from {self.value} to {self.limit}: needed numbers")

    def mask(self, stored: Array) -> NDArray[np.bool_]:
        """Return where the stored values, before any modality step, are padding."""
        if isnan(self.value):
            return np.isnan(stored)
        if self.limit is None:
            return np.asarray(stored == self.value)
        low, high = sorted((self.value, self.limit))
        # a limit that float32 cannot hold is infinite there, and compares rightly
        with np.errstate(over="ignore"):
            return np.asarray((stored >= low) & (stored <= high))


@dataclass(frozen=True, slots=True, repr=False)
class PaintPadding(Transform):
    """The steps within, with `background` in place of what they make of padding.

    >>> PaintPadding(PixelPadding(0), abs, background=9)(np.array([0, -3]))
    array([9, 3])
    """

    padding: PixelPadding
    steps: Transform
    background: float = 0

    @property
    def elementwise(self) -> bool:
        """Follow the steps within."""
        return self.steps.elementwise

    def __call__(self, values: Array) -> Array:
        """Return the steps' result with padding painted over."""
        result = self.steps(values)
        result[self.padding.mask(values)] = self.background
        return result

    def __repr__(self) -> str:
        """Say what is padding, not the steps."""
        limit = "" if self.padding.limit is None else f" to {self.padding.limit:g}"
        return f"PaintPadding({self.padding.value:g}{limit} as {self.background:g})"
