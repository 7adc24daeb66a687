"""Display shutters -> masks of what stays visible (PS3.3 C.7.6.11, C.7.6.15)."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.overlay import Mask, Overlay


class Shutter(Protocol):
    """A shape that hides what lies outside it; pixels are counted from 1, and an edge is still visible."""

    def visible(self, rows: int, columns: int) -> Mask:
        """Return True for each pixel that the shutter leaves visible."""


def _grid(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(1, rows + 1)[:, np.newaxis], np.arange(1, columns + 1)[np.newaxis]


@dataclass(frozen=True, slots=True, kw_only=True)
class RectangularShutter:
    """RECTANGULAR: the columns of two vertical edges and the rows of two horizontal ones.

    >>> RectangularShutter(left=2, right=3, upper=1, lower=1).visible(2, 4).astype(int)
    array([[0, 1, 1, 0],
           [0, 0, 0, 0]])
    """

    left: int
    right: int
    upper: int
    lower: int

    def visible(self, rows: int, columns: int) -> Mask:
        """Return the rows and columns from edge to edge."""
        row, column = _grid(rows, columns)
        return (row >= self.upper) & (row <= self.lower) & (column >= self.left) & (column <= self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularShutter:
    """CIRCULAR: a center as (row, column), and a radius in pixels along a row.

    `aspect` is the height of a pixel by its width, as in Pixel Aspect Ratio (0028,0034).
    """

    center: tuple[int, int]
    radius: float
    aspect: float = 1.0

    def visible(self, rows: int, columns: int) -> Mask:
        """Return the pixels whose centers lie within the circle.

        >>> CircularShutter(center=(2, 2), radius=1).visible(3, 3).astype(int)
        array([[0, 1, 0],
               [1, 1, 1],
               [0, 1, 0]])
        """
        row, column = _grid(rows, columns)
        across = column - self.center[1]
        down = (row - self.center[0]) * self.aspect
        return np.asarray(across**2 + down**2 <= self.radius**2)


@dataclass(frozen=True, slots=True)
class PolygonalShutter:
    """POLYGONAL: vertices as (row, column); the last is joined to the first.

    >>> PolygonalShutter(((1, 1), (1, 3), (3, 1))).visible(3, 3).astype(int)
    array([[1, 1, 1],
           [1, 1, 0],
           [1, 0, 0]])
    """

    vertices: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        """Refuse what encloses nothing."""
        if len(self.vertices) < 3:
            raise TransformError(f"a polygonal shutter has {len(self.vertices)} vertices, needed at least 3")

    def visible(self, rows: int, columns: int) -> Mask:
        """Return the pixels that an odd number of edges lie to the left of, and those on an edge."""
        row, column = _grid(rows, columns)
        inside, on_edge = np.zeros((2, rows, columns), np.bool_)
        for (row0, column0), (row1, column1) in pairwise((*self.vertices, self.vertices[0])):
            # twice the area of the triangle of edge and pixel: positive on one side, zero on the line
            side = (column - column0) * (row1 - row0) - (row - row0) * (column1 - column0)
            within = (row >= min(row0, row1)) & (row <= max(row0, row1))
            between = (column >= min(column0, column1)) & (column <= max(column0, column1))
            on_edge |= (side == 0) & within & between
            crossed = within & (row < max(row0, row1))
            inside ^= crossed & (side > 0 if row1 > row0 else side < 0)
        return np.asarray(inside | on_edge)


@dataclass(frozen=True, slots=True)
class BitmapShutter:
    """BITMAP: an overlay whose set pixels are hidden (PS3.3 C.7.6.15)."""

    overlay: Overlay

    def visible(self, rows: int, columns: int) -> Mask:
        """Return the pixels that the overlay leaves free.

        >>> BitmapShutter(Overlay(data=np.eye(2, dtype=bool)[None])).visible(2, 2).astype(int)
        array([[0, 1],
               [1, 0]])
        """
        return ~self.overlay.mask(rows, columns)


def visible_area(shutters: Iterable[Shutter], rows: int, columns: int) -> Mask:
    """Return what every shutter leaves visible: several shapes are applied together."""
    visible = np.ones((rows, columns), np.bool_)
    for shutter in shutters:
        visible &= shutter.visible(rows, columns)
    return visible
