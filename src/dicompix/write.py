"""Dataset -> file, also for transfer syntaxes whose UIDs pydicom's writers do not know (PS3.10 7.1)."""

import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset, write_file_meta_info

from dicompix.pixels.syntaxes import SYNTAXES, syntax_for

_OWN_OPTIONS = {"enforce_file_format", "implicit_vr", "little_endian", "overwrite", "write_like_original"}


def save(
    dataset: Dataset,
    target: Any,
    original: Callable[..., None],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> None:
    """Write with pydicom's own writer where it knows the transfer syntax, else with its building blocks."""
    meta = getattr(dataset, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    if uid is None or _known_to_pydicom(uid) or uid not in SYNTAXES:
        original(dataset, target, *args, **options)
        return
    unknown = set(options) - _OWN_OPTIONS
    if unknown:
        raise TypeError(f"Invalid keyword argument(s) for save_as(): {', '.join(sorted(unknown))}")
    if isinstance(target, str | bytes | os.PathLike):
        mode = "wb" if options.get("overwrite", True) else "xb"
        with Path(os.fsdecode(target)).open(mode) as file:
            _write(dataset, file, enforce=bool(options.get("enforce_file_format")))
    else:
        _write(dataset, target, enforce=bool(options.get("enforce_file_format")))


def _known_to_pydicom(uid: Any) -> bool:
    try:
        return isinstance(uid.is_little_endian, bool)
    except ValueError:
        return False


def _write(dataset: Dataset, file: Any, *, enforce: bool) -> None:
    syntax = syntax_for(dataset.file_meta.TransferSyntaxUID)
    stream = DicomFileLike(file)
    stream.is_little_endian = not syntax.big_endian_data_set
    stream.is_implicit_VR = syntax.implicit_vr
    stream.write((getattr(dataset, "preamble", None) or b"\0" * 128) + b"DICM")
    write_file_meta_info(stream, deepcopy(dataset.file_meta), enforce_standard=enforce)
    if "PixelData" in dataset:
        dataset["PixelData"].is_undefined_length = syntax.encapsulated
    write_dataset(stream, dataset)
