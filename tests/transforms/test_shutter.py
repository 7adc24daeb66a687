import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import (
    BitmapShutter,
    CircularShutter,
    Overlay,
    PolygonalShutter,
    RectangularShutter,
    Shutter,
    visible_area,
)

ROWS, COLUMNS = 7, 9
edges = st.integers(-1, 11)


@given(left=edges, right=edges, upper=edges, lower=edges)
def test_rectangle_pixel_by_pixel(left: int, right: int, upper: int, lower: int) -> None:
    visible = RectangularShutter(left=left, right=right, upper=upper, lower=lower).visible(ROWS, COLUMNS)
    for (row, column), seen in np.ndenumerate(visible):
        assert seen == (upper <= row + 1 <= lower and left <= column + 1 <= right)


@given(row=edges, column=edges, radius=st.integers(0, 9))
def test_circle_pixel_by_pixel(row: int, column: int, radius: int) -> None:
    visible = CircularShutter(center=(row, column), radius=radius).visible(ROWS, COLUMNS)
    for (r, c), seen in np.ndenumerate(visible):
        assert seen == ((r + 1 - row) ** 2 + (c + 1 - column) ** 2 <= radius**2)


def test_circle_of_tall_pixels_is_flat() -> None:
    visible = CircularShutter(center=(4, 4), radius=2, aspect=2).visible(7, 7)
    assert visible.sum(axis=0).tolist() == [0, 1, 1, 3, 1, 1, 0]
    assert visible.sum(axis=1).tolist() == [0, 0, 1, 5, 1, 0, 0]


@given(left=st.integers(1, 9), right=st.integers(1, 9), upper=st.integers(1, 7), lower=st.integers(1, 7))
def test_polygon_of_four_corners_is_the_rectangle(left: int, right: int, upper: int, lower: int) -> None:
    left, right, upper, lower = min(left, right), max(left, right), min(upper, lower), max(upper, lower)
    rectangle = RectangularShutter(left=left, right=right, upper=upper, lower=lower).visible(ROWS, COLUMNS)
    corners = ((upper, left), (upper, right), (lower, right), (lower, left))
    for order in (corners, corners[::-1], corners[1:] + corners[:1]):
        assert np.array_equal(PolygonalShutter(order).visible(ROWS, COLUMNS), rectangle)


def test_polygon_with_a_notch() -> None:
    arrow = ((1, 1), (5, 3), (1, 5), (5, 5), (5, 1))
    assert PolygonalShutter(arrow).visible(5, 5).astype(int).tolist() == [
        [1, 0, 0, 0, 1],
        [1, 0, 0, 0, 1],
        [1, 1, 0, 1, 1],
        [1, 1, 0, 1, 1],
        [1, 1, 1, 1, 1],
    ]


def test_polygon_reaching_outside_the_image() -> None:
    assert PolygonalShutter(((-5, -5), (-5, 50), (50, 50), (50, -5))).visible(3, 4).all()
    assert not PolygonalShutter(((10, 10), (10, 20), (20, 20))).visible(3, 4).any()


def test_polygon_of_two_vertices_is_refused() -> None:
    with pytest.raises(TransformError, match="at least 3"):
        PolygonalShutter(((1, 1), (2, 2)))


def test_shapes_apply_together() -> None:
    bitmap = Overlay(data=np.ones((1, 1, 1), bool), origin=(2, 2))
    shutters: list[Shutter] = [
        RectangularShutter(left=2, right=4, upper=2, lower=4),
        CircularShutter(center=(3, 3), radius=2),
        BitmapShutter(bitmap),
    ]
    assert visible_area(shutters, 5, 5).astype(int).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    assert visible_area([], 2, 2).all()
