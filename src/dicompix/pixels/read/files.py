"""Path, URL or file object -> Dataset and the Source of its pixel data, which stays where it is (PS3.10 7)."""

import mmap
import os
from dataclasses import dataclass
from io import BufferedReader, BytesIO, FileIO, TextIOBase
from pathlib import Path
from struct import unpack
from typing import Any, BinaryIO

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import BaseTag
from pydicom.uid import register_transfer_syntax

from dicompix.pixels.errors import Finding, FormatError
from dicompix.pixels.frames import BufferSource, MappedSource, Source, ahead
from dicompix.pixels.read.blocks import BlockSource, SourceFile, fetch_by_number, fetch_from, is_numbered, reader_of
from dicompix.pixels.read.deflated import HEAD, inflated_file
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
from dicompix.pixels.read.remote import Options, is_url, redacted, source_of
from dicompix.pixels.read.unpack import gunzipped, is_gzip, seeks_slowly, spooled
from dicompix.pixels.syntaxes import GE_PRIVATE_BIG

Target = str | os.PathLike[str] | BinaryIO | Dataset
_UNDEFINED = 0xFFFFFFFF
# The groups that data sets with pixel data begin with: rubbish is not taken to pieces, which may take long.
_BEGINNINGS = {group.to_bytes(2, order) for group in range(2, 0x2A, 2) for order in ("little", "big")}

# pydicom takes a private syntax for explicit VR, and warns, unless it is told.
register_transfer_syntax(GE_PRIVATE_BIG, implicit_vr=True, little_endian=True)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A data set, and where its pixel data is: None where the data set itself holds it."""

    dataset: Dataset
    source: Source | None = None
    findings: tuple[Finding, ...] = ()


_PREAMBLE = Finding(
    code="preamble",
    message="the file does not begin with 128 bytes and DICM: it was read as a data set",
    clause="PS3.10 7.1",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """All bytes of a file, and the name to call it by; `file` is where pydicom can read it by its name at any time."""

    source: BufferSource | BlockSource
    name: str = ""
    file: BufferedReader | None = None

    def reader(self) -> BufferedReader | BytesIO:
        """Return a file object at the first byte."""
        return self.file or self._in_memory() or reader_of(self.source, self.name)

    def leave_in(self, dataset: FileDataset) -> None:
        """Let pydicom read from here what it has not read yet."""
        if self.file is None:
            dataset.buffer = self._in_memory() or SourceFile(self.source, self.name)
            dataset.filename = self.name or None

    def _in_memory(self) -> BytesIO | None:
        held = self.source.buffer if isinstance(self.source, BufferSource) else None
        return BytesIO(held) if isinstance(held, bytes) else None  # they are shared, not copied


def open_pixels(target: Target, *, force: bool = False, storage_options: Options | None = None) -> Opened:
    """Read a file's elements up to its pixel data, and leave the rest where it is until it is asked for.

    With `force` a file need not be in the DICOM File Format (PS3.10 7): a data set alone will do. `storage_options`
    are for a URL: what its fsspec file system takes, credentials among it.
    """
    if isinstance(target, str) and is_url(target):
        return _open_url(target, storage_options, force=force)
    if storage_options is not None:
        raise TypeError("storage_options are for URLs: there is none to open")
    if isinstance(target, Dataset):
        return Opened(target)
    if isinstance(target, str | os.PathLike):
        with Path(target).open("rb") as file:
            return _open(file, force=force)
    return _open_object(target, force=force)


def _open_url(url: str, options: Options | None, *, force: bool) -> Opened:
    found = source_of(url, options)
    if isinstance(found, Path):
        return open_pixels(found, force=force)
    return _read(_Whole(found, redacted(url)), force=force)


def _open_object(file: Any, *, force: bool) -> Opened:
    if not hasattr(file, "read") or isinstance(file, TextIOBase):
        raise TypeError(f"needed a path, a URL, a binary file object or a Dataset, found {type(file).__name__}")
    return _open_kept(file, force=force) if _seekable(file) else _open(file, force=force)


def _seekable(file: BinaryIO) -> bool:
    asked = getattr(file, "seekable", None)
    return hasattr(file, "seek") and (asked is None or bool(asked()))


def _open_kept(file: BinaryIO, *, force: bool) -> Opened:
    """Open a file object and leave it where it was."""
    position = file.tell()
    try:
        file.seek(0)
        return _open(file, force=force)
    finally:
        file.seek(position)


def _open(file: BinaryIO, *, force: bool) -> Opened:
    """Open a file object that is at its beginning."""
    name = getattr(file, "name", "")
    name = name if isinstance(name, str) else ""
    data = mapped(file)
    if data is not None:
        named = file if isinstance(file, BufferedReader) and name else None
        return _read(_Whole(MappedSource(memoryview(data)), name, named), force=force)
    if isinstance(file, BytesIO):
        return _read(_Whole(BufferSource(file.getvalue())), force=force)
    if seeks_slowly(file) or not _seekable(file):
        return _read(_Whole(spooled(file.read), name), force=force)
    size = file.seek(0, os.SEEK_END)
    fetch = fetch_by_number(file.fileno()) if is_numbered(file) else fetch_from(file)
    return _read(_Whole(BlockSource(fetch, size), name), force=force)


def _read(whole: _Whole, *, force: bool) -> Opened:
    head = bytes(ahead(whole.source)(0, HEAD))
    if is_gzip(head):
        whole = _Whole(gunzipped(whole.source), whole.name)
        head = bytes(whole.source.read(0, HEAD))
    file = whole.reader()
    found = inflated_file(head, file, whole.source)
    if found is None:
        dataset = _up_to_pixels(file, whole.source, force=force)
        position = file.tell()
    else:
        dataset, body, position = found
        whole = _Whole(body, whole.name)
    whole.leave_in(dataset)
    findings = () if head[128:132] == b"DICM" else (_PREAMBLE,)
    element = _pixel_element(dataset, whole.source, position)
    if element is None:
        return Opened(dataset, findings=findings)
    dataset._dict[element.tag] = element  # noqa: SLF001  # deferred: pydicom reads it on demand
    undefined = element.length == _UNDEFINED
    stop = len(whole.source) if undefined else element.value_tell + element.length
    return Opened(dataset, whole.source.part(element.value_tell, stop, delimited=undefined), findings)


def _up_to_pixels(file: BufferedReader | BytesIO, source: Source, *, force: bool) -> FileDataset:
    """Read the elements before the pixel data; a file without preamble counts where pixel data follows them."""
    try:
        return dcmread(file, stop_before_pixels=True)
    except RecursionError as problem:
        raise too_deep() from problem
    except InvalidDicomError:
        file.seek(0)
        if not force and file.read(2) not in _BEGINNINGS:
            raise
        file.seek(0)
        try:
            dataset = dcmread(file, stop_before_pixels=True, force=True)
            found = force or ("Rows" in dataset and _pixel_element(dataset, source, file.tell()) is not None)
        except Exception:  # noqa: BLE001  # whatever pydicom makes of bytes that are no DICOM
            found = False
        if not found:
            raise
        return dataset


def too_deep() -> FormatError:
    """Return the error for sequences in sequences in sequences, of which pydicom reads some hundred levels."""
    return FormatError("the sequences of the data set lie too deep in each other to be read (PS3.5 7.5)")


def mapped(file: BinaryIO) -> mmap.mmap | None:
    """Return the file's bytes mapped; None for what is no plain file, a GzipFile for one, whose number is another's."""
    if not isinstance(getattr(file, "raw", file), FileIO):
        return None
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None


def _encoding(dataset: Dataset) -> tuple[bool, bool]:
    """Return whether VRs are implicit and byte order little, as pydicom found the elements, not as the syntax says."""
    found = next((e for e in dataset._dict.values() if isinstance(e, RawDataElement)), None)  # noqa: SLF001
    if found is None:
        return bool(dataset.original_encoding[0]), bool(dataset.original_encoding[1])
    return found.is_implicit_VR, found.is_little_endian


def _pixel_element(dataset: Dataset, source: Source, position: int) -> RawDataElement | None:
    """Return the header of the pixel element at `position`, its value left where it is; None at the end of the file."""
    implicit, little = _encoding(dataset)
    size = 8 if implicit else 12
    data = bytes(ahead(source)(position, position + size))
    if len(data) < size:
        return None
    order = "<" if little else ">"
    group, number = unpack(f"{order}HH", data[:4])
    tag = group << 16 | number
    if tag not in PIXEL_ELEMENTS:
        return None
    vr = None if implicit else data[4:6].decode("latin-1")
    (length,) = unpack(f"{order}I", data[size - 4 : size])
    return RawDataElement(BaseTag(tag), vr, length, None, position + size, implicit, little)
