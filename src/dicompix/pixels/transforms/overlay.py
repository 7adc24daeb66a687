"""Overlay planes: packed bits or unused pixel bits -> Overlay, and burned into a picture (PS3.3 C.9.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """One 60xx group: its bits as (frames, rows, columns) and where they lie on the image.

    `origin` is the image's row and column, counted from 1, under the overlay's first pixel; `frame_origin` is
    the image frame, counted from 1, that the first overlay frame belongs to. `type` is G(raphics) or R(OI).
    """

    data: Mask
    origin: tuple[int, int] = (1, 1)
    frame_origin: int = 1
    type: str = "G"
    group: int = 0x6000
    label: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        """Check shape and type of the bits."""
        if self.data.ndim != 3 or self.data.dtype != np.bool_:
            raise TransformError(
                f"overlay data is {self.data.dtype} of shape {self.data.shape}, needed bool (frames, rows, columns)"
            )

    @property
    def frames(self) -> int:
        """Return how many frames the overlay has."""
        return int(self.data.shape[0])

    @property
    def rows(self) -> int:
        """Return Overlay Rows (60xx,0010)."""
        return int(self.data.shape[1])

    @property
    def columns(self) -> int:
        """Return Overlay Columns (60xx,0011)."""
        return int(self.data.shape[2])

    def mask(self, rows: int, columns: int, frame: int = 0) -> Mask:
        """Return the overlay as it lies on image frame `frame`, counted from 0: empty where it has none.

        >>> Overlay(data=np.ones((1, 1, 2), bool), origin=(2, 0)).mask(2, 2)
        array([[False, False],
               [ True, False]])
        """
        mask = np.zeros((rows, columns), np.bool_)
        index = frame - (self.frame_origin - 1)
        if 0 <= index < self.frames:
            top, left = self.origin[0] - 1, self.origin[1] - 1
            part = self.data[index, max(-top, 0) :, max(-left, 0) :]
            place = mask[max(top, 0) :, max(left, 0) :]
            height, width = (min(a, b) for a, b in zip(part.shape, place.shape, strict=True))
            place[:height, :width] = part[:height, :width]
        return mask


def from_packed_bits(data: bytes, rows: int, columns: int, frames: int = 1) -> Overlay:
    """Return the overlay that Overlay Data (60xx,3000) holds: one bit a pixel, the lowest first (PS3.5 8.1.2).

    The bits run on from row to row and frame to frame; the rest of the last word is padding.

    >>> from_packed_bits(bytes([0b000101]), rows=2, columns=3).data.astype(int)
    array([[[1, 0, 1],
            [0, 0, 0]]])
    """
    count = frames * rows * columns
    if len(data) * 8 < count:
        raise TransformError(f"the overlay data has {len(data) * 8} bits, {frames} x {rows} x {columns} need {count}")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
    return Overlay(data=bits.view(np.bool_).reshape(frames, rows, columns))


def from_pixel_bits(stored: Array, bit_position: int) -> Overlay:
    """Return the overlay in one bit of each stored pixel, shaped (rows, columns) or (frames, rows, columns) (retired).

    >>> from_pixel_bits(np.array([[0x1001, 0x0FFF]], np.uint16), 12).data.tolist()
    [[[True, False]]]
    """
    bits = stored.dtype.itemsize * 8
    if stored.dtype.kind not in "iu" or not 0 <= bit_position < bits or stored.ndim not in {2, 3}:
        raise TransformError(
            f"Overlay Bit Position (60xx,0102) is {bit_position} in {stored.dtype} pixels of shape {stored.shape}"
        )
    plane = (stored.view(f"{stored.dtype.byteorder}u{stored.dtype.itemsize}") >> bit_position) & 1
    return Overlay(data=plane.astype(np.bool_).reshape(-1, *stored.shape[-2:]))


def burn_in(picture: Array, overlay: Overlay, value: float | tuple[int, int, int], *, frame: int = 0) -> Array:
    """Return a copy of the picture, (rows, columns) or (rows, columns, 3), with `value` where the overlay is set.

    >>> burn_in(np.zeros((1, 2), np.uint8), from_packed_bits(bytes([2]), 1, 2), 255)
    array([[  0, 255]], dtype=uint8)
    """
    burned = picture.copy()
    burned[overlay.mask(picture.shape[0], picture.shape[1], frame)] = value
    return burned
