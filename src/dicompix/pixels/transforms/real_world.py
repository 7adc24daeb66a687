"""Real world values from stored values, and where there are none (PS3.3 C.7.6.16.2.11)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform


@dataclass(frozen=True, eq=False)
class RealWorldMapping(Transform):
    """Slope and intercept, or a table, for stored values from `first` to `last`; NaN outside.

    >>> RealWorldMapping(first=1, last=2, slope=0.5, intercept=1.0)(np.array([0, 1, 2, 3]))
    array([nan, 1.5, 2. , nan])
    """

    first: float
    last: float
    slope: float = 1.0
    intercept: float = 0.0
    table: Array | None = None
    unit: str = ""
    unit_meaning: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        """Check the range, and that a table covers it."""
        if not self.first <= self.last:
            raise TransformError(
                f"Real World Values are mapped from {self.first} to {self.last}, needed a rising range"
            )
        needed = self.last - self.first + 1
        if self.table is not None and len(self.table) < needed:
            raise TransformError(f"Real World Value LUT Data has {len(self.table)} entries, needed {needed:g}")

    def __call__(self, values: Array) -> Array:
        """Return real world values as float64, NaN where a value is not mapped."""
        inside = (values >= self.first) & (values <= self.last)
        result: Array = np.full(values.shape, np.nan)
        mapped: Any = values[inside]
        if self.table is None:
            result[inside] = mapped * float(self.slope) + float(self.intercept)
        else:
            result[inside] = np.asarray(self.table, np.float64)[mapped.astype(np.intp) - int(self.first)]
        return result
