from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import Overlay, burn_in, from_packed_bits, from_pixel_bits


@given(frames=st.integers(1, 3), rows=st.integers(1, 5), columns=st.integers(1, 11), data=st.data())
def test_bits_run_on_from_row_to_row_and_frame_to_frame(
    frames: int, rows: int, columns: int, data: st.DataObject
) -> None:
    count = frames * rows * columns
    packed = data.draw(st.binary(min_size=-(-count // 8), max_size=-(-count // 8) + 1))
    overlay = from_packed_bits(packed, rows, columns, frames)
    assert (overlay.frames, overlay.rows, overlay.columns) == (frames, rows, columns)
    assert overlay.data.ravel().tolist() == [bool(packed[i // 8] >> (i % 8) & 1) for i in range(count)]


def test_short_data_is_refused() -> None:
    with pytest.raises(TransformError, match="has 8 bits, 1 x 3 x 3 need 9"):
        from_packed_bits(bytes(1), 3, 3)


@pytest.mark.parametrize("dtype", ["uint16", "int16", ">u2", ">i2"])
def test_unused_pixel_bits(dtype: str) -> None:
    stored = np.array([[[0x8FFF, 0x0FFF, 0x1000]], [[0x0000, 0x9000, 0x8000]]], np.uint16).view(np.int16)
    stored = stored.astype(np.dtype(dtype)) if "i" in dtype else stored.view(np.uint16).astype(dtype)
    assert from_pixel_bits(stored, 15).data.tolist() == [[[True, False, False]], [[False, True, True]]]
    assert from_pixel_bits(stored, 12).data.tolist() == [[[False, False, True]], [[False, True, False]]]
    assert from_pixel_bits(stored[0], 12).data.tolist() == [[[False, False, True]]]


@pytest.mark.parametrize("position", [-1, 16])
def test_a_bit_that_is_not_there_is_refused(position: int) -> None:
    with pytest.raises(TransformError, match="Overlay Bit Position"):
        from_pixel_bits(np.zeros((2, 2), np.uint16), position)


def slow_mask(overlay: Overlay, rows: int, columns: int, frame: int) -> list[list[bool]]:
    """C.9.2.1.3: the origin is counted from 1 and may lie outside the image."""
    mask = [[False] * columns for _ in range(rows)]
    index = frame - overlay.frame_origin + 1
    if 0 <= index < overlay.frames:
        for row, column in np.argwhere(overlay.data[index]).tolist():
            r, c = row + overlay.origin[0] - 1, column + overlay.origin[1] - 1
            if 0 <= r < rows and 0 <= c < columns:
                mask[r][c] = True
    return mask


@given(
    origin=st.tuples(st.integers(-6, 8), st.integers(-6, 8)),
    frame_origin=st.integers(1, 3),
    frame=st.integers(0, 4),
    seed=st.integers(0, 9),
)
def test_mask_equals_the_slow_reference(origin: tuple[int, int], frame_origin: int, frame: int, seed: int) -> None:
    data = np.random.default_rng(seed).integers(0, 2, (2, 3, 4)).astype(bool)
    overlay = Overlay(data=data, origin=origin, frame_origin=frame_origin)
    assert overlay.mask(5, 6, frame).tolist() == slow_mask(overlay, 5, 6, frame)


def test_burning_in_copies_the_picture() -> None:
    overlay = Overlay(data=np.eye(2, dtype=bool)[np.newaxis])
    gray, colour = np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8)
    assert burn_in(gray, overlay, 255).tolist() == [[255, 0], [0, 255]]
    assert burn_in(colour, overlay, (1, 2, 3))[1].tolist() == [[0, 0, 0], [1, 2, 3]]
    assert not gray.any()
    assert not colour.any()
    assert not burn_in(gray, overlay, 255, frame=1).any()


def test_data_of_another_shape_or_type_is_refused() -> None:
    wrong: list[Any] = [np.zeros((2, 2), bool), np.zeros((1, 2, 2), np.uint8)]
    for data in wrong:
        with pytest.raises(TransformError, match="needed bool"):
            Overlay(data=data)
