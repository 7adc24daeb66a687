"""A format and bytes -> the array that a user of the library gets, by way of a file."""

from collections.abc import Callable

import numpy as np

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import PixelFormat
from support import packing
from support.builders import data_set, file_of

Encode = Callable[[Stored], bytes | bytearray]


def read(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False, vr: str = "") -> dicompix.FileDataset:
    """Return the data set read from a file that holds these pixels."""
    return dicompix.dcmread(file_of(data_set(fmt, pixels, encapsulated=encapsulated, vr=vr)))


def stored(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False) -> Stored:
    """Return all frames as `Image` and as `pixel_array` give them, which must be the same."""
    dataset = read(fmt, pixels, encapsulated=encapsulated)
    array = dicompix.open_image(file_of(data_set(fmt, pixels, encapsulated=encapsulated))).stored()
    np.testing.assert_array_equal(dataset.pixel_array, array[0] if fmt.frames == 1 else array)
    return array


def quiet(fmt: PixelFormat, stream: bytes) -> Stored:
    """Return the array of one coded frame; any warning is an error, unless the test expects it."""
    return read(fmt, packing.encapsulate([[stream]]), encapsulated=True).pixel_array
