"""A file that ends inside its pixel data -> the data set with what there is, which pydicom leaves out (PS3.5 A.4)."""

import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydicom.dataelem import RawDataElement

from dicompix.pixels.errors import Finding, FrameError, PixelError, PixelWarning
from dicompix.pixels.read import content_of
from dicompix.pixels.read.deflated import check_deflated
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
from dicompix.pixels.read.elements import UNDEFINED
from dicompix.pixels.read.files import open_pixels, too_deep

_CUT = Finding(
    code="sequence-delimiter",
    message="the file ends before the sequence delimitation item of its pixel data",
    attribute="PixelData",
    clause="PS3.5 A.4",
)


_PARAMETERS = ("fp", "defer_size", "stop_before_pixels", "force", "specific_tags")
_LOST = {"preamble", "sequence-delimiter"}  # what pydicom's data set does not tell of its file


def _given(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return dict(zip(_PARAMETERS, args, strict=False)) | kwargs


@contextmanager
def explained(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[None]:
    """Refuse a deflated data set that fills the memory (PS3.5 A.5), and put pydicom's words for what is broken in ours.

    `args` and `kwargs` are those of `dcmread`.
    """
    try:
        _check_deflated(_given(args, kwargs).get("fp"))
        yield
    except zlib.error as problem:
        raise FrameError(f"the deflated data set cannot be inflated: {problem}; the file is cut or broken") from problem
    except RecursionError as problem:
        raise too_deep() from problem


def _check_deflated(file: Any) -> None:
    if isinstance(file, str | os.PathLike):
        with suppress(OSError), Path(file).open("rb") as opened:
            check_deflated(opened)
    elif hasattr(file, "seek") and hasattr(file, "tell") and file.tell() == 0:
        try:
            check_deflated(file)
        finally:
            file.seek(0)


def lost_findings(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Finding, ...]:
    """Return what is wrong with a file and cannot be seen in the data set that pydicom read from it."""
    given = _given(args, kwargs)
    file = given["fp"]
    if not (isinstance(file, str | os.PathLike) or hasattr(file, "seek")):
        return ()
    try:
        opened = open_pixels(file, force=bool(given.get("force")))
        found = (*opened.findings, *content_of(opened.dataset, opened.source).findings)
    except PixelError:  # the data set says it again
        return ()
    return tuple(finding for finding in found if finding.code in _LOST)


def add_cut_elements(dataset: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Add the elements of a data set that ends inside its pixel data, where pydicom keeps none at all.

    `args` and `kwargs` are those of the `dcmread` that gave the data set.
    """
    elements = dataset._dict  # noqa: SLF001
    if elements:
        return
    given = _given(args, kwargs)
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
