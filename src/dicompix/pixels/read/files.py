"""Path or file object -> Dataset and the Source of its pixel data, which stays in the file (PS3.10 7)."""

import mmap
import os
import zlib
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from struct import unpack
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import register_transfer_syntax

from dicompix.pixels.errors import FrameError
from dicompix.pixels.frames import BufferSource, Source
from dicompix.pixels.read.describe import PIXEL_ELEMENTS, transfer_syntax
from dicompix.pixels.syntaxes import GE_PRIVATE_BIG, syntax_for

Target = str | os.PathLike[str] | BinaryIO | Dataset
_UNDEFINED = 0xFFFFFFFF

# pydicom takes a private syntax for explicit VR, and warns, unless it is told.
register_transfer_syntax(GE_PRIVATE_BIG, implicit_vr=True, little_endian=True)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A data set, and where its pixel data is: None where the data set itself holds it."""

    dataset: Dataset
    source: Source | None = None


def open_pixels(target: Target) -> Opened:
    """Read a file's elements up to its pixel data and map the rest; what cannot be mapped is read into memory."""
    if isinstance(target, str | os.PathLike):
        with Path(target).open("rb") as file:
            return _open(file)
    return Opened(target) if isinstance(target, Dataset) else _open_kept(target)


def _open_kept(file: BinaryIO) -> Opened:
    """Open a file object and leave it where it was."""
    if not hasattr(file, "seek"):
        raise TypeError(f"needed a path, a binary file object or a Dataset, found {type(file).__name__}")
    position = file.tell()
    try:
        return _open(file)
    finally:
        file.seek(position)


def _open(file: BinaryIO) -> Opened:
    try:
        return _read(file)
    except zlib.error as problem:
        raise FrameError(f"the deflated data set cannot be inflated: {problem}; the file is cut or broken") from problem


def _read(file: BinaryIO) -> Opened:
    file.seek(0)
    mapped = _mapped(file)
    if mapped is None:
        file.seek(0)
        return Opened(dcmread(file))
    dataset = _up_to_pixels(file, mapped)
    if _deflated(dataset):
        file.seek(0)
        return Opened(dcmread(file))
    element = _pixel_element(dataset, mapped, file.tell())
    if element is None:
        return Opened(dataset)
    dataset._dict[element.tag] = element  # noqa: SLF001  # deferred: pydicom reads it on demand
    undefined = element.length == _UNDEFINED
    stop = len(mapped) if undefined else element.value_tell + element.length
    return Opened(dataset, BufferSource(memoryview(mapped)[element.value_tell : stop], delimited=undefined))


def _up_to_pixels(file: BinaryIO, mapped: mmap.mmap) -> Dataset:
    """Read the elements before the pixel data; a file without preamble counts where pixel data follows them."""
    try:
        return dcmread(file, stop_before_pixels=True)
    except InvalidDicomError:
        file.seek(0)
        try:
            dataset = dcmread(file, stop_before_pixels=True, force=True)
            found = "Rows" in dataset and _pixel_element(dataset, mapped, file.tell()) is not None
        except Exception:  # noqa: BLE001  # whatever pydicom makes of bytes that are no DICOM
            found = False
        if not found:
            raise
        return dataset


def _mapped(file: BinaryIO) -> mmap.mmap | None:
    """Return the file's bytes mapped; None for what is no plain file, a GzipFile for one, whose number is another's."""
    if not isinstance(getattr(file, "raw", file), FileIO):
        return None
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None


def _deflated(dataset: Dataset) -> bool:
    if not getattr(dataset, "file_meta", None):
        return False
    return syntax_for(transfer_syntax(dataset)[0]).deflated_data_set


def _encoding(dataset: Dataset) -> tuple[bool, bool]:
    """Return whether VRs are implicit and byte order little, as pydicom found the elements, not as the syntax says."""
    found = next((e for e in dataset._dict.values() if isinstance(e, RawDataElement)), None)  # noqa: SLF001
    if found is None:
        return bool(dataset.original_encoding[0]), bool(dataset.original_encoding[1])
    return found.is_implicit_VR, found.is_little_endian


def _pixel_element(dataset: Dataset, data: mmap.mmap, position: int) -> RawDataElement | None:
    """Return the header of the pixel element at `position`, its value left where it is; None at the end of the file."""
    if position + 12 > len(data):
        return None
    implicit, little = _encoding(dataset)
    order = "<" if little else ">"
    group, number = unpack(f"{order}HH", data[position : position + 4])
    tag = group << 16 | number
    if tag not in PIXEL_ELEMENTS:
        return None
    vr = None if implicit else data[position + 4 : position + 6].decode("latin-1")
    start = position + (8 if implicit else 12)
    (length,) = unpack(f"{order}I", data[start - 4 : start])
    return RawDataElement(BaseTag(tag), vr, length, None, start, implicit, little)
