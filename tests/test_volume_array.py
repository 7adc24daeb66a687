"""A volume in NumPy's and a notebook's hands."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813

from dicompix.pixels.codecs.base import Stored
from dicompix.volume import Volume, read_volume
from dicompix.volume.volume import Headers

Example = Callable[[str], Path]


def volume_of(array: Stored) -> Volume:
    where = np.diag([1.0, 2.0, 5.0, 1.0])
    return Volume(array=array, affine=where, paths=(), frames=(), datasets=Headers([]))


def picture_of(volume: Volume) -> Stored:
    png = volume._repr_png_()
    assert png is not None
    return np.asarray(pillow.open(BytesIO(png)))


def test_numpy_takes_a_volume_for_its_array(example: Example) -> None:
    volume = read_volume(example("rtdose.dcm"))
    array = np.asarray(volume)
    assert array is volume.array
    assert (volume.shape, volume.dtype, volume.ndim, len(volume)) == ((15, 10, 10), np.dtype(float), 3, 15)
    assert np.mean(volume) == volume.array.mean()
    assert not np.shares_memory(np.array(volume), volume.array)
    assert np.asarray(volume, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.array(volume, dtype=np.float32, copy=False)


def test_a_volume_is_indexed_as_its_array() -> None:
    volume = volume_of(np.arange(24.0).reshape(2, 3, 4))
    assert volume[1, 2, 3] == 23
    assert volume[..., ::2].shape == (2, 3, 2)
    assert [plane.sum() for plane in volume] == [66, 210]
    assert np.shares_memory(volume[0], volume.array)
    with pytest.raises(IndexError):
        volume[2]


def test_a_cell_shows_the_middle_slice() -> None:
    array = np.zeros((3, 2, 4), np.int16)
    array[1, :, 2:] = -1000
    volume = volume_of(array)
    assert picture_of(volume).tolist() == [[255, 255, 0, 0]] * 2
    html = volume._repr_html_()
    assert "width:320px;height:320px" in html  # 4 columns of 1 mm, 2 rows of 2 mm
    assert "Volume (3, 2, 4) int16 of 1 x 2 x 5 mm; slice 1" in html


def test_a_large_slice_is_shown_small() -> None:
    assert picture_of(volume_of(np.zeros((1, 700, 1000), np.uint8))).shape == (175, 250)


@pytest.mark.parametrize("value", [7, np.nan, np.inf])
def test_a_slice_of_one_value_is_shown(value: float) -> None:
    assert picture_of(volume_of(np.full((1, 2, 2), value, np.float32))).shape == (2, 2)


def test_colours_are_shown_as_they_are() -> None:
    array = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)
    assert np.array_equal(picture_of(volume_of(array)), array[1])
    wide = volume_of(array.astype(np.uint16))
    assert wide._repr_png_() is None
    assert wide._repr_html_() == "<div>Volume (2, 3, 4, 3) uint16 of 1 x 2 x 5 mm</div>"
