"""Modality values from stored values by slope and intercept (PS3.3 C.11.1.1.2)."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform


@dataclass(frozen=True, slots=True)
class Rescale(Transform):
    """Output units = slope * stored value + intercept, as float64.

    >>> Rescale(2, -1024)(np.array([0, 1, 600], np.uint16))
    array([-1024., -1022.,   176.])
    """

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers that no value survives."""
        if not (isfinite(self.slope) and isfinite(self.intercept)):
            raise TransformError(
                f"Rescale Slope (0028,1053) is {self.slope} and Rescale Intercept (0028,1052) is "
                f"{self.intercept}, needed two finite numbers"
            )

    def __call__(self, values: Array) -> Array:
        """Return m * SV + b."""
        modality = values.astype(np.float64)
        if self.slope != 1:
            modality *= float(self.slope)
        modality += float(self.intercept)
        return modality
