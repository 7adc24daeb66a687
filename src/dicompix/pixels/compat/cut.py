"""A file that ends inside its pixel data -> the data set with what there is, which pydicom leaves out (PS3.5 A.4)."""

import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydicom.dataelem import RawDataElement

from dicompix.pixels.errors import Finding, FrameError, PixelWarning
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
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


def add_cut_elements(dataset: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Add the elements of a data set that ends inside its pixel data, where pydicom keeps none at all.

    `args` and `kwargs` are those of the `dcmread` that gave the data set.
    """
    elements = dataset._dict  # noqa: SLF001
    if elements:
        return
    given = dict(zip(("fp", "defer_size", "stop_before_pixels", "force", "specific_tags"), args, strict=False)) | kwargs
    file = given["fp"]
    asked = not given.get("stop_before_pixels") and given.get("specific_tags") is None
    if not asked or not (isinstance(file, str | os.PathLike) or hasattr(file, "seek")):
        return
    opened = open_pixels(file, force=bool(given.get("force")))
    source = opened.source
    if source is None:
        return
    elements.update(opened.dataset._dict)  # noqa: SLF001
    for tag in PIXEL_ELEMENTS:
        element = elements.get(tag)
        if isinstance(element, RawDataElement) and element.length == UNDEFINED:
            elements[element.tag] = element._replace(value=bytes(source.read(0, len(source))))
            warnings.warn(str(_CUT), PixelWarning, stacklevel=3)
