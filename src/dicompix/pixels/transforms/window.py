"""A window: modality values -> values of interest, in an output range (PS3.3 C.11.2.1.2, C.11.2.1.3)."""

import operator
from dataclasses import dataclass
from math import isfinite

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform


def ramp_linear(x: Array, center: float, width: float) -> Array:
    """Return the LINEAR ramp, 0 to 1; a width of 1 is a pure threshold (PS3.3 C.11.2.1.2.1)."""
    return ramp_linear_exact(x, center - 0.5, width - 1)


def ramp_linear_exact(x: Array, center: float, width: float) -> Array:
    """Return the LINEAR_EXACT ramp, 0 to 1 (PS3.3 C.11.2.1.3.2)."""
    if width == 0:
        return (x > center).astype(np.float64)
    ramp = x - center
    ramp /= width
    ramp += 0.5
    return ramp.clip(0, 1, out=ramp)


def ramp_sigmoid(x: Array, center: float, width: float) -> Array:
    """Return the SIGMOID ramp, between 0 and 1 (PS3.3 C.11.2.1.3.1)."""
    exponent = x - center
    exponent *= -4 / width
    # exp overflows float64 from 710 on, where the ramp is 0 to 300 places
    return 1 / (1 + np.exp(np.minimum(exponent, 700, out=exponent), out=exponent))


RAMPS = {"LINEAR": ramp_linear, "LINEAR_EXACT": ramp_linear_exact, "SIGMOID": ramp_sigmoid}
# Window Width is at least 1 for LINEAR and above 0 for the others (PS3.3 C.11.2.1.2.1, C.11.2.1.3).
_NARROWEST = {
    "LINEAR": (operator.ge, 1, "greater than or equal to 1"),
    "LINEAR_EXACT": (operator.gt, 0, "greater than 0"),
    "SIGMOID": (operator.gt, 0, "greater than 0"),
}


@dataclass(frozen=True, slots=True)
class Window(Transform):
    """Window Center and Width by a VOI LUT Function, onto `output` (its ymin and ymax).

    >>> Window(50, 101, output=(0, 255))(np.array([-5, 0, 50, 100, 999]))
    array([  0.   ,   1.275, 128.775, 255.   , 255.   ])
    """

    center: float
    width: float
    function: str = "LINEAR"
    output: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        """Check the function's name and its domain."""
        if self.function not in RAMPS:
            raise TransformError(
                f"Unsupported (0028,1056) VOI LUT Function value '{self.function}', needed one of {', '.join(RAMPS)}"
            )
        if not all(map(isfinite, (self.center, self.width, *self.output))):
            raise TransformError(
                f"window center {self.center}, width {self.width}, output {self.output}: needed finite numbers"
            )
        compare, bound, needed = _NARROWEST[self.function]
        if not compare(self.width, bound):
            raise TransformError(
                f"The (0028,1051) Window Width must be {needed} for a '{self.function}' windowing operation, "
                f"found {self.width}"
            )

    def __call__(self, values: Array) -> Array:
        """Return ramp * (ymax - ymin) + ymin, and ymin and ymax themselves outside the window."""
        result = RAMPS[self.function](values.astype(np.float64, copy=False), float(self.center), float(self.width))
        low, high = map(float, self.output)
        # low + (high - low) may miss high by a rounding
        above = None if low + (high - low) == high else result == 1
        result *= high - low
        result += low
        if above is not None:
            result[above] = high
        return result
