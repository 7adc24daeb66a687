"""Image: everything that one DICOM image can do, and how to open one."""

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import TransformError
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.view import Views
from dicompix.pixels.read import Target, content_of, open_pixels
from dicompix.pixels.registry import Choice
from dicompix.pixels.transforms.pipeline import exact

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


class Image(Views):
    """The frames of one data set: ``len``, index, slice, iterate, ``stored()``, ``modality(i)``, ``display(i)``.

    >>> from pydicom.data import get_testdata_file
    >>> with open_image(get_testdata_file("CT_small.dcm", download=False)) as image:
    ...     len(image), image.shape, image.dtype, int(image[0].max())
    (1, (1, 128, 128), dtype('int16'), 2191)
    """

    def to_pil(self, frame: int = 0, *, voi: Voi = 0) -> "Picture":
        """Return the picture of one frame as a Pillow image, mode L or RGB."""
        from PIL import Image as pillow  # noqa: N813, PLC0415  # a picture library is loaded by those who need it

        return pillow.fromarray(self.display(frame, voi=voi))

    def save(self, path: str | os.PathLike[str], *, frame: int = 0, voi: Voi = 0, values: str = "display") -> None:
        """Write one frame as a picture file; the format follows the path's suffix: PNG, JPEG, TIFF...

        `values` "stored" or "modality" writes gray values as they are: 16 bits in PNG and TIFF, and in TIFF 32-bit
        floats where they are negative, not whole, or above 65535. Raises TransformError for what a format cannot hold.
        """
        target = Path(path)
        if values == "display":
            self._write(self.to_pil(frame, voi=voi), target)
            return
        if values not in {"stored", "modality"}:
            raise TransformError(f"values is {values!r}, needed 'display', 'stored' or 'modality'")
        array = self[frame] if values == "stored" else self.modality(frame)
        self._write(_exact_picture(array, target, values), target)

    @staticmethod
    def _write(picture: "Picture", target: Path) -> None:
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if target.suffix.lower() not in pillow.registered_extensions():
            raise TransformError(f"the path ends in {target.suffix!r}, needed a picture's suffix: .png, .jpg, .tif...")
        picture.save(target)

    def montage(self, frames: Iterable[int] | slice | None = None, *, columns: int = 0, voi: Voi = 0) -> "Picture":
        """Return the pictures of several frames, all of them by default, side by side and row by row."""
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if columns < 0:
            raise TransformError(f"a montage of {columns} columns, needed 1 or more, or 0 for about a square")
        every = range(len(self))
        chosen = every if frames is None else every[frames] if isinstance(frames, slice) else frames
        pictures = [self.to_pil(i, voi=voi) for i in chosen]
        if not pictures:
            raise TransformError("a montage needs one frame or more")
        across = columns or math.ceil(math.sqrt(len(pictures)))
        width, height = pictures[0].size
        sheet = pillow.new(pictures[0].mode, (width * across, height * -(-len(pictures) // across)))
        for number, picture in enumerate(pictures):
            sheet.paste(picture, (number % across * width, number // across * height))
        return sheet


def _exact_picture(array: Stored, target: Path, values: str) -> "Picture":
    """Return gray values as they are, 16-bit where that holds them, else 32-bit float for a TIFF."""
    from PIL import Image as pillow  # noqa: N813, PLC0415

    suffix = target.suffix.lower()
    if array.ndim != 2 or suffix not in {".png", ".tif", ".tiff"}:
        raise TransformError(
            f"values {values!r} of a frame of shape {array.shape} for {target.name!r}: needed one sample a pixel, and "
            ".png or .tif, which hold 16 bits"
        )
    try:
        return pillow.fromarray(exact(array, np.dtype(np.uint16)))
    except TransformError:
        if suffix == ".png":
            raise
    single = array.astype(np.float32)
    if array.dtype.kind != "f" and not np.array_equal(single.astype(np.float64), array):
        raise TransformError("the values do not all fit 32-bit floats, which is what TIFF holds")
    return pillow.fromarray(single)


def open_image(target: Target, *, codec: Choice = None, raw: bool = False) -> Image:
    """Open a path, a binary file object or a Dataset as an Image; nothing is decoded yet.

    `codec` names one codec or an order of several; `raw` keeps YBR samples. Raises pydicom's InvalidDicomError for
    what is no DICOM file, FormatError or FrameError for pixel data that cannot be read.
    """
    opened = open_pixels(target)
    return Image(opened.dataset, content_of(opened.dataset, opened.source), codec=codec, raw=raw)
