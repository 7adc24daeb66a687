"""Image: everything that one DICOM image can do, and how to open one."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.image.render import Voi
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

        `values` "stored" or "modality" writes 16-bit gray with those values as they are (PNG, TIFF). Raises
        TransformError where they are negative, not whole, or above 65535.
        """
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if values == "display":
            self.to_pil(frame, voi=voi).save(Path(path))
            return
        if values not in {"stored", "modality"}:
            raise TransformError(f"values is {values!r}, needed 'display', 'stored' or 'modality'")
        array = self[frame] if values == "stored" else self.modality(frame)
        pillow.fromarray(exact(array, np.dtype(np.uint16))).save(Path(path))

    def montage(self, frames: Sequence[int] | None = None, *, columns: int = 0, voi: Voi = 0) -> "Picture":
        """Return the pictures of several frames, all of them by default, side by side and row by row."""
        from PIL import Image as pillow  # noqa: N813, PLC0415

        pictures = [self.to_pil(i, voi=voi) for i in (range(len(self)) if frames is None else frames)]
        if not pictures:
            raise TransformError("a montage needs one frame or more")
        across = columns or math.ceil(math.sqrt(len(pictures)))
        width, height = pictures[0].size
        sheet = pillow.new(pictures[0].mode, (width * across, height * -(-len(pictures) // across)))
        for number, picture in enumerate(pictures):
            sheet.paste(picture, (number % across * width, number // across * height))
        return sheet


def open_image(target: Target, *, codec: Choice = None, raw: bool = False) -> Image:
    """Open a path, a binary file object or a Dataset as an Image; nothing is decoded yet.

    `codec` names one codec or an order of several; `raw` keeps YBR samples. Raises pydicom's InvalidDicomError for
    what is no DICOM file, FormatError or FrameError for pixel data that cannot be read.
    """
    opened = open_pixels(target)
    return Image(opened.dataset, content_of(opened.dataset, opened.source), codec=codec, raw=raw)
