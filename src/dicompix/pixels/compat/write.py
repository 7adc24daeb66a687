"""Dataset -> file, also for transfer syntaxes whose UIDs pydicom's writers do not know (PS3.10 7.1)."""

import warnings
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset, validate_file_meta
from pydicom.filewriter import dcmwrite

from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    GE_PRIVATE_BIG,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    JPEG_XL_RECOMPRESSION,
    Syntax,
    syntax_for,
)

# Not in pydicom 3.0's dictionary of UIDs, so that its writers refuse them; other libraries add some, sometimes.
UNKNOWN_TO_PYDICOM = {DEFLATED_IMAGE_FRAME, JPEG_XL_LOSSLESS, JPEG_XL_RECOMPRESSION, JPEG_XL, GE_PRIVATE_BIG}

_WRITER_OPTIONS = {"enforce_file_format", "implicit_vr", "little_endian", "overwrite", "write_like_original"}


def save(
    dataset: Dataset,
    target: Any,
    original: Callable[..., None],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    """Write with pydicom's own `save_as` where it knows the transfer syntax, else by stating the encoding to it."""
    meta = getattr(dataset, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if uid not in UNKNOWN_TO_PYDICOM:
        original(dataset, target, *args, **options)
        return
    syntax = syntax_for(str(uid))
    unknown = set(options) - _WRITER_OPTIONS
    if unknown:
        raise TypeError(f"Invalid keyword argument(s) for save_as(): {', '.join(sorted(unknown))}")
    _check_encoding(dataset, syntax, options)
    wanted = dataset
    if _enforced(options, args):
        wanted = copy(dataset)
        wanted.file_meta = _complete_meta(dataset)
        wanted.preamble = getattr(dataset, "preamble", None) or bytes(128)
    if "PixelData" in wanted and syntax.encapsulated:
        wanted["PixelData"].VR = "OB"  # PS3.5 A.4
        wanted["PixelData"].is_undefined_length = True
    dcmwrite(
        target,
        wanted,
        implicit_vr=syntax.implicit_vr,
        little_endian=not syntax.big_endian_data_set,
        force_encoding=True,
        overwrite=options.get("overwrite", True),
    )


def _check_encoding(dataset: Dataset, syntax: Syntax, options: dict[str, Any]) -> None:
    """Raise ValueError where an argument or the data set's own byte order contradicts the transfer syntax."""
    little = not syntax.big_endian_data_set
    for name, needed in (("implicit_vr", syntax.implicit_vr), ("little_endian", little)):
        if options.get(name) not in {None, needed}:
            raise ValueError(f"The '{name}' value is not consistent with '{syntax.name}', which needs {needed}")
    if dataset.original_encoding[1] not in {None, little}:
        raise ValueError("save_as() cannot be used to convert between little and big endian encoding")


def _enforced(options: dict[str, Any], args: tuple[Any, ...]) -> bool:
    """Tell whether the caller wants the whole DICOM File Format, in pydicom's new words or its old ones."""
    like_original = options.get("write_like_original", args[0] if args else None)
    if like_original is None:
        return bool(options.get("enforce_file_format"))
    warnings.warn("'write_like_original' is deprecated, use 'enforce_file_format'", DeprecationWarning, stacklevel=4)
    return not like_original


def _complete_meta(dataset: Dataset) -> FileMetaDataset:
    """Return a copy of the file meta with all that PS3.10 7.1 requires; AttributeError where that cannot be known."""
    meta: FileMetaDataset = deepcopy(dataset.file_meta)
    for name in ("SOPClassUID", "SOPInstanceUID"):
        value = dataset.get(name)
        if value:
            setattr(meta, f"MediaStorage{name}", value)
    validate_file_meta(meta, enforce_standard=True)
    meta.FileMetaInformationGroupLength = 0  # the writer puts the real length here
    return meta
