"""Data set -> where each of its frames lies in the patient: Plane (PS3.3 C.7.6.2, C.7.6.16.2, C.8.8.3.2)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from typing import Self

import numpy as np

from dicompix.pixels.read import Dataset
from dicompix.pixels.read.groups import group_of, numbers_of
from dicompix.volume.errors import VolumeError

Numbers = tuple[float, ...]
# The functional group that holds an attribute of a frame (PS3.3 C.7.6.16.2.1, 2.3 and 2.4).
_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SpacingBetweenSlices": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
}
_NEEDED = (
    ("Image Position (Patient) (0020,0032)", 3),
    ("Image Orientation (Patient) (0020,0037)", 6),
    ("Pixel Spacing (0028,0030)", 2),
)


@dataclass(frozen=True, slots=True)
class Plane:
    """Where one frame lies: position of its first pixel in mm, directions of a row and of a column, spacing.

    `spacing` is between rows, then between columns; `apart` what the header says of the distance to the next slice.
    """

    position: Numbers
    orientation: Numbers
    spacing: Numbers
    apart: float = 0.0

    @classmethod
    def of(cls, position: Numbers, orientation: Numbers, spacing: Numbers, apart: Numbers = ()) -> Self:
        """Return a plane; VolumeError where numbers are missing, no finite ones, or no directions at all."""
        found = (position, orientation, spacing)
        named = zip(found, _NEEDED, strict=True)
        missing = [name for value, (name, count) in named if len(value) != count or not all(map(isfinite, value))]
        if missing:
            raise VolumeError(f"there is no usable {', '.join(missing)}")
        if not _are_directions(orientation):
            raise VolumeError(f"Image Orientation (Patient) {orientation} is not two perpendicular unit vectors")
        if min(spacing) <= 0:
            raise VolumeError(f"Pixel Spacing is {spacing}, needed two numbers above 0")
        return cls(position, orientation, spacing, next((abs(one) for one in apart if one and isfinite(one)), 0.0))

    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the unit vectors of a row, of a column, and of the normal, row x column."""
        row, column = np.reshape(self.orientation, (2, 3))
        row = row / np.linalg.norm(row)
        column = column - row * (row @ column)
        column = column / np.linalg.norm(column)
        return row, column, np.cross(row, column)


@lru_cache(maxsize=64)
def _are_directions(orientation: Numbers) -> bool:
    """Tell whether these are two perpendicular unit vectors, but for rounding."""
    row, column = np.reshape(orientation, (2, 3))
    return bool(np.allclose([row @ row, column @ column, 1 + row @ column], 1, rtol=0, atol=0.02))


def planes_of(dataset: Dataset, frames: int) -> tuple[Plane, ...]:
    """Return the plane of each frame, from its functional groups, from the root, or by Grid Frame Offset Vector."""
    offsets = numbers_of(dataset, "GridFrameOffsetVector")
    if len(offsets) == frames > 1:
        return _by_offsets(_plane(dataset, 0), offsets)
    if frames > 1 and not any(group_of(dataset, frame, "PlanePositionSequence") for frame in (0, frames - 1)):
        raise VolumeError(f"there is no position for each of its {frames} frames")
    return tuple(_plane(dataset, frame) for frame in range(frames))


def _plane(dataset: Dataset, frame: int) -> Plane:
    position, orientation, spacing, apart, thickness = (_numbers(dataset, frame, name) for name in _GROUPS)
    return Plane.of(position, orientation, spacing, (*apart, *thickness))


def _numbers(dataset: Dataset, frame: int, keyword: str) -> Numbers:
    place = group_of(dataset, frame, _GROUPS[keyword])
    return numbers_of(dataset if place is None else place.attributes, keyword)


def _by_offsets(first: Plane, offsets: Numbers) -> tuple[Plane, ...]:
    """Return the planes of a dose grid: parallel to the first, so far along its normal."""
    normal, origin = first.axes()[2], np.array(first.position)
    places = [tuple((origin + normal * (offset - offsets[0])).tolist()) for offset in offsets]
    return tuple(replace(first, position=place) for place in places)
