"""A file that ends inside its pixel data -> the data set with what there is, which pydicom leaves out (PS3.5 A.4)."""

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from typing import Any

from pydicom.dataelem import RawDataElement

from dicompix.pixels.errors import Finding, FrameError, PixelWarning
from dicompix.pixels.read.describe import PIXEL_ELEMENTS, ROWS
from dicompix.pixels.read.elements import UNDEFINED
from dicompix.pixels.read.files import open_pixels

_CUT = Finding(
    code="sequence-delimiter",
    message="the file ends before the sequence delimitation item of its pixel data",
    attribute="PixelData",
    clause="PS3.5 A.4",
)


@contextmanager
def explained() -> Iterator[None]:
    """Turn zlib's error for a deflated data set that is cut or broken into ours (PS3.5 A.5)."""
    try:
        yield
    except zlib.error as problem:
        raise FrameError(f"the deflated data set cannot be inflated: {problem}; the file is cut or broken") from problem


def add_cut_pixels(dataset: Any) -> None:
    """Add the pixel data that pydicom could not read to its end; where it was left out on purpose, nothing.

    pydicom takes pixel data of undefined length for absent where the file ends before the delimiter.
    """
    elements = dataset._dict  # noqa: SLF001
    if any(tag in elements for tag in PIXEL_ELEMENTS) or ROWS not in elements:
        return
