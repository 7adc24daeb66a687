"""A file that cannot be opened -> the error that says which one, what it is, and what to do."""

import errno
import os
from contextlib import suppress
from typing import Any

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicompix.pixels.errors import MissingElementError, PixelError
from dicompix.pixels.read.excerpt import Later
from dicompix.pixels.read.files import open_pixels
from dicompix.pixels.read.remote import is_url, redacted

_IMAGES = ("Image", "Segmentation Storage", "RT Dose", "Parametric Map")  # of the names of storage classes
_NO_IMAGE = ("Surface Segmentation",)
_FORCE = "Use force=True to force reading."
_ADVICE = (
    "Nor is it a data set alone with pixel data (PS3.10 7.1). If it is DICOM all the same: "
    "dicompix.dcmread(path, force=True).pixels"
)
_MANY = (
    "this process has as many files open as it may: close images and other files, keep paths in place of them, or "
    "raise the limit (ulimit -n)"
)


class NoDicomError(PixelError, InvalidDicomError):
    """What was to be opened is no DICOM file."""


def refused(problem: Exception, target: Any) -> Exception:
    """Return the error for a target that cannot be opened: with its name, what it is, and what to do about it."""
    if isinstance(problem, InvalidDicomError):
        text = str(problem).replace(_FORCE, _ADVICE)
        problem = NoDicomError(text)
    elif isinstance(problem, MissingElementError) and (kind := _kind(target)):
        problem.args = (f"{problem}; {kind}",)
    elif isinstance(problem, OSError) and problem.errno == errno.EMFILE:
        add_name(problem, _MANY)
    add_name(problem, _name(target))
    return problem


def add_name(problem: Exception, name: str) -> None:
    """Add the name of a file to an error's notes, once, where its text does not have it."""
    if name and name not in str(problem) and name not in getattr(problem, "__notes__", ()):
        problem.add_note(name)


def name_of(dataset: Dataset | Later) -> str:
    """Return the name of the file that a data set was read from; "" for one in memory."""
    name: object = ""
    with suppress(Exception):  # a file that has gone meanwhile
        name = (dataset.now() if isinstance(dataset, Later) else dataset).__dict__.get("filename")
    return os.fsdecode(name) if isinstance(name, str | os.PathLike) else ""


def _name(target: Any) -> str:
    if isinstance(target, Dataset):
        return name_of(target)
    name = target if isinstance(target, str | os.PathLike) else getattr(target, "name", "")
    return redacted(os.fsdecode(name)) if isinstance(name, str | os.PathLike) else ""


def _kind(target: Any) -> str:
    """Return what a file without pixel data is, "" where it could hold an image, or where nobody can tell."""
    if isinstance(target, str) and is_url(target):
        return ""
    with suppress(Exception):  # whatever is wrong with it, the error is another one
        dataset = open_pixels(target).dataset
        meta = getattr(dataset, "file_meta", None)
        uid = dataset.get("SOPClassUID") or (meta and meta.get("MediaStorageSOPClassUID"))
        name = "" if not uid else str(uid.name)
        if name and name != uid and (name.startswith(_NO_IMAGE) or not any(kind in name for kind in _IMAGES)):
            return f"it is of the class {name}, which holds no image"
    return ""
