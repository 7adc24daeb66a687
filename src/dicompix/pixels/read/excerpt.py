"""A file -> Content, from the few elements that tell it; the data set is read when it is asked for (PS3.10 7).

Only a plain local file without any finding is opened so. Every other is read by pydicom at once.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from io import BufferedReader, BytesIO, FileIO
from mmap import mmap
from threading import Lock
from typing import BinaryIO

from pydicom import dcmread
from pydicom.charset import STAND_ALONE_ENCODINGS, python_encoding
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from dicompix.pixels.errors import PixelError
from dicompix.pixels.frames import MappedSource
from dicompix.pixels.read import describe as d
from dicompix.pixels.read.content import Content, content_of
from dicompix.pixels.read.elements import UNDEFINED, Key
from dicompix.pixels.read.files import Target, mapped, open_pixels
from dicompix.pixels.read.remote import Options, is_url
from dicompix.pixels.read.scan import Place, Scan, scan, wanted

_CHARACTER_SET = Key(0x00080005)
_TAGS = {int(tag): tag for tag in (*d.DESCRIBING, _CHARACTER_SET)}
_WANTED = wanted((tag for tag in _TAGS if tag not in d.PIXEL_ELEMENTS), d.PIXEL_ELEMENTS)
# What a value may look like that pydicom and we read alike, and neither has anything to say about.
_UNSIGNED, _TABLE = ("US", re.compile(rb"..", re.DOTALL)), ("OV", re.compile(rb".+", re.DOTALL))
_PLAIN: dict[int, tuple[str, re.Pattern[bytes]]] = {
    **dict.fromkeys((d.SAMPLES, d.PLANAR, d.ROWS, d.COLUMNS, d.ALLOCATED, d.STORED, d.HIGH_BIT, d.SIGN), _UNSIGNED),
    d.PHOTOMETRIC: ("CS", re.compile(rb"[A-Z0-9_ ]{1,16}")),
    d.FRAMES: ("IS", re.compile(rb"[0-9]{1,11} ?")),
    d.EXTENDED_OFFSETS: _TABLE,
    d.EXTENDED_LENGTHS: _TABLE,
    _CHARACTER_SET: ("CS", re.compile(rb"[A-Z0-9_ \\]*")),
}
_MEMBERS = Dataset().__dict__
_PIXEL_VRS = {"OB", "OW", "OF", "OD", ""}


class Later:
    """A data set that is read when it is asked for, once."""

    def __init__(self, read: Callable[[], Dataset]) -> None:
        self._held: Callable[[], Dataset] | Dataset = read
        self._lock = Lock()

    def now(self) -> Dataset:
        """Return the data set."""
        with self._lock:
            if not isinstance(self._held, Dataset):
                self._held = self._held()
            return self._held


def open_content(target: Target, storage_options: Options | None = None) -> tuple[Dataset | Later, Content]:
    """Return a target's data set, and what its pixel data is and where its frames lie; see `open_pixels`."""
    if storage_options is not None or not isinstance(target, str | os.PathLike) or is_url(os.fspath(target)):
        return whole(target, storage_options)
    with FileIO(os.fspath(target)) as file:
        found = briefly(file)
        if found is not None:
            return found
        with BufferedReader(file) as reader:
            return whole(reader)


def whole(target: Target, storage_options: Options | None = None) -> tuple[Dataset, Content]:
    """Open a target by all elements before its pixel data."""
    opened = open_pixels(target, storage_options=storage_options)
    content = content_of(opened.dataset, opened.source)
    if opened.findings:
        content = replace(content, header=(*opened.findings, *content.header))
    return opened.dataset, content


def briefly(file: BinaryIO) -> tuple[Later, Content] | None:
    """Return the content of a plain file; None where another data set than the excerpt could tell more."""
    data = mapped(file)
    found = None if data is None else scan(data, _WANTED)
    if data is None or found is None or found.tag not in d.PIXEL_ELEMENTS or not _is_plain(data, found):
        return None
    _, start, length = found.last
    undefined = length == UNDEFINED
    stop = len(data) if undefined else start + length
    source = MappedSource(memoryview(data)[start:stop], delimited=undefined)
    try:
        content = content_of(_excerpt(data, found), source)
    except PixelError:
        return None
    if content.header:
        return None
    pixels = _raw(found.tag, found.last, None, implicit=found.implicit)
    return Later(_reader(data[:start], pixels, file)), content


def _is_plain(data: mmap, found: Scan) -> bool:
    """Tell whether each value is such that nobody has to interpret it."""
    for tag, (vr, start, length) in found.places.items():
        kind, form = _PLAIN[tag]
        if vr not in {kind, ""} or not form.fullmatch(data, start, start + length):
            return False
    _, start, length = found.places.get(_CHARACTER_SET, ("", 0, 0))
    return found.last[0] in _PIXEL_VRS and _is_known(data[start : start + length])


@lru_cache(maxsize=64)
def _is_known(character_set: bytes) -> bool:
    """Tell whether pydicom knows the names of character sets, and that they go together (PS3.3 C.12.1.1.2)."""
    names = character_set.decode("latin-1").rstrip(" ").split("\\")
    alone = len(names) == 1 or not set(names) & set(STAND_ALONE_ENCODINGS)
    return alone and all(name in python_encoding for name in names)


def _excerpt(data: mmap, found: Scan) -> Dataset:
    """Return the elements that describe the pixel data, as pydicom reads them."""
    implicit, places = found.implicit, {found.tag: found.last, **found.places}
    places.pop(_CHARACTER_SET, None)
    elements = {}
    for tag, place in places.items():
        value = None if tag == found.tag else data[place[1] : place[1] + place[2]]
        elements[_TAGS[tag]] = _raw(tag, place, value, implicit=implicit)
    members = {"_dict": elements, "file_meta": _meta(found.syntax), "_read_implicit": implicit, "_read_little": True}
    dataset = Dataset.__new__(Dataset)
    dataset.__dict__.update(_MEMBERS, **members)  # its own constructor costs more than all else here
    return dataset


def _raw(tag: int, place: Place, value: bytes | None, *, implicit: bool) -> RawDataElement:
    vr, start, length = place
    return RawDataElement(_TAGS[tag], vr or None, length, value, start, implicit, True)


@cache
def _meta(uid: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(uid)
    return meta


def _reader(header: bytes, pixels: RawDataElement, file: BinaryIO) -> Callable[[], Dataset]:
    """Return how to read a file's elements up to its pixel data, as they were when it was opened."""
    name, changed = file.name, os.fstat(file.fileno()).st_mtime

    def read() -> Dataset:
        dataset = dcmread(BytesIO(header), stop_before_pixels=True)
        dataset.filename, dataset.buffer, dataset.fileobj_type, dataset.timestamp = name, None, open, changed
        dataset._dict[pixels.tag] = pixels  # noqa: SLF001  # deferred: pydicom reads it on demand
        return dataset

    return read
