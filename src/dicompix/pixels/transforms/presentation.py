"""Values of interest -> P-values -> the 8-bit picture (PS3.3 C.11.4, C.11.6)."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform
from dicompix.pixels.transforms.lut import Lut

SHAPES = ("IDENTITY", "INVERSE")


@dataclass(frozen=True, slots=True)
class PresentationLut(Transform):
    """P-values, 0 to 1, from values in `input_range`; a `lut`, where there is one, stands in for the shape.

    The range is what the step before can give, never an image's own least and greatest value.

    >>> PresentationLut("INVERSE", input_range=(0, 200))(np.array([0, 50, 200, 300]))
    array([1.  , 0.75, 0.  , 0.  ])
    """

    shape: str = "IDENTITY"
    lut: Lut | None = None
    input_range: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        """Check the shape's name and the range."""
        if self.shape not in SHAPES:
            raise TransformError(
                f"A (2050,0020) 'Presentation LUT Shape' value of '{self.shape}' is not supported, "
                f"needed one of {', '.join(SHAPES)}"
            )
        low, high = self.input_range
        if not (isfinite(low) and isfinite(high) and low < high):
            raise TransformError(f"the input range of a Presentation LUT is {low} to {high}, needed two rising numbers")

    def __call__(self, values: Array) -> Array:
        """Scale the range onto 0 to 1, then invert or look up."""
        low, high = map(float, self.input_range)
        p = values.astype(np.float64)
        p -= low
        p /= high - low
        p.clip(0, 1, out=p)
        if self.lut is not None:
            return self._look_up(p, self.lut)
        return 1 - p if self.shape == "INVERSE" else p

    @staticmethod
    def _look_up(p: Array, lut: Lut) -> Array:
        """Spread 0 to 1 over the entries, whatever the first value mapped (PS3.3 C.11.4)."""
        entry = np.floor(np.nan_to_num(p) * (lut.table.size - 1) + 0.5).astype(np.intp)
        return lut.table.take(entry) / lut.top


@dataclass(frozen=True, slots=True)
class ToDisplay(Transform):
    """The last step to a picture: floor(255 p + 0.5) as uint8, NaN as 0.

    >>> ToDisplay()(np.array([-1, 0, 0.5, 1, 7]))
    array([  0,   0, 128, 255, 255], dtype=uint8)
    """

    def __call__(self, values: Array) -> Array:
        """Return the gray levels; adding a half and truncating is the floor, as p is not negative."""
        # fmax and fmin, unlike clip, pass over NaN
        p = np.fmin(np.fmax(values, 0, dtype=np.float64), 1)
        p *= 255
        p += 0.5
        return p.astype(np.uint8)
