"""An image in memory -> what of it can be pickled: where its file's bytes are, or its data set."""

import mmap
import os
from copy import copy
from io import BytesIO
from pathlib import Path
from pickle import PicklingError
from typing import Any
from weakref import WeakSet

import numpy as np

from dicompix.pixels.errors import FrameError
from dicompix.pixels.frames import BitFrameIndex, Buffer, BufferSource, FrameIndex, Source, SwappedSource
from dicompix.pixels.read import Content, Dataset, content_of, open_content
from dicompix.pixels.read.blocks import SourceFile, joined

Maker = tuple[Any, ...]  # a function and its arguments, as `__reduce__` gives them


# Each map keeps a file descriptor, of which a process may have but 256; arrays that look at a map keep it alive.
MOST_MAPS = 64
_maps: WeakSet[mmap.mmap] = WeakSet()
_MAP = mmap.mmap


class FilePart:
    """Bytes `start` to `stop` of a file of `size` bytes, by its path: pickled unread.

    Mapped at first use, or read each time while too many files are mapped.
    """

    delimited = False  # the frames in it have been found already

    def __init__(self, path: str, start: int, stop: int, size: int) -> None:
        self.path, self.start, self.stop, self.size = path, start, stop, size
        self._view: memoryview | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    def __reduce__(self) -> Maker:
        return FilePart, (self.path, self.start, self.stop, self.size)

    def read(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop` of this part, a view where it is mapped."""
        if self._view is None:
            with Path(self.path).open("rb", buffering=0) as file:
                found = os.fstat(file.fileno()).st_size
                if found != self.size:
                    raise FrameError(f"{self.path} has {found} bytes, needed {self.size}: it is another file by now")
                if len(_maps) >= MOST_MAPS:
                    first, last = self.start + start, min(self.start + stop, self.stop)
                    file.seek(first)
                    return joined(file.read, first, max(first, last))
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            _maps.add(data)
            self._view = memoryview(data)[self.start : self.stop]
        return self._view[start:stop]


def kept(content: Content, target: object) -> Content:
    """Return the content of a file that was opened by its path, without its map where too many are kept already."""
    index = content.index
    source = _inner(index.source)
    data = _map_of(source)
    if data is None or not len(source):
        return content
    if len(_maps) < MOST_MAPS:
        _maps.add(data)
        return content
    if not isinstance(target, str | os.PathLike) or not _is_there(target, len(data)):  # gzip: what is mapped is not it
        return content
    start = _address(source.buffer) - _address(data)
    part = FilePart(str(Path(target).absolute()), start, start + len(source), len(data))
    index.source = part if source is index.source else SwappedSource(part)
    return content


def portable_index(index: FrameIndex, dataset: Dataset, frames: int) -> FrameIndex | None:
    """Return an index of the same frames that can be pickled, with a file's path, or with the encoded bytes once.

    None for bytes that are elsewhere: at a URL, behind a file object, or on a DICOMweb server.
    """
    inner = _inner(index.source)
    mapped = _map_of(inner)
    source: Source
    if isinstance(inner, FilePart):
        source = inner
    elif mapped is not None:
        path = _path_of(dataset, mapped)
        if not path:
            return None
        start = _address(inner.buffer) - _address(mapped)
        source = FilePart(path, start, start + len(inner), len(mapped))
    elif isinstance(inner, BufferSource) and len(inner):
        source = BufferSource(bytes(inner.buffer))
    else:
        return None
    return _moved(index, SwappedSource(source) if inner is not index.source else source, frames)


def _moved(index: FrameIndex, source: Source, frames: int) -> FrameIndex:
    """Return an index of the same frames in another source."""
    if index.contiguous or isinstance(index, BitFrameIndex):  # found by arithmetic
        moved = copy(index)
        moved.source = source
        return moved
    spans = [index.spans(i) for i in range(min(frames, len(index)))]
    return FrameIndex(source, spans, declared=index.declared)


def _inner(source: Any) -> Any:
    return source.source if isinstance(source, SwappedSource) else source


def _map_of(source: Source) -> mmap.mmap | None:
    """Return the memory map that a source looks at, None where it has its bytes in memory or far away."""
    held = source.buffer.obj if isinstance(source, BufferSource) and isinstance(source.buffer, memoryview) else None
    return held if isinstance(held, _MAP) else None


def _address(buffer: Buffer | mmap.mmap) -> int:
    return int(np.frombuffer(buffer, np.uint8).ctypes.data)


def _path_of(dataset: Dataset, mapped: mmap.mmap) -> str:
    """Return the absolute path of the file that is mapped; "" where no name leads back to it."""
    name = getattr(dataset, "filename", None)
    if not isinstance(name, str | os.PathLike) or getattr(dataset, "buffer", None) is not None:
        return ""
    path = Path(name).absolute()
    return str(path) if _is_there(path, len(mapped)) else ""


def _is_there(path: str | os.PathLike[str], size: int) -> bool:
    return Path(path).is_file() and Path(path).stat().st_size == size


def maker_of(kind: type[Any], dataset: Dataset, content: Content, options: dict[str, Any]) -> Maker:
    """Return how to make an image again: from its file's path, its data set in memory, or where its source leads to.

    `options` are the keywords that it was made with.
    """
    inner, buffer = _inner(content.index.source), getattr(dataset, "buffer", None)
    if not len(inner):  # the index itself knows where to get frames
        return _indexed, (kind, dataset, content, options)
    mapped = _map_of(inner)
    if isinstance(inner, FilePart) and _is_there(inner.path, inner.size):
        return _opened, (kind, inner.path, options)
    if mapped is not None and (path := _path_of(dataset, mapped)):
        return _opened, (kind, path, options)
    if mapped is None and not isinstance(inner, BufferSource | FilePart):
        return _sourced, (kind, dataset, inner, options)
    if mapped is None and not isinstance(inner, FilePart) and isinstance(buffer, BytesIO | SourceFile | None):
        return _indexed, (kind, dataset, None, options)
    raise PicklingError(
        "the image was opened from a file object, or from a file that is no longer where it was, which stays in its "
        "process: open it by its path or URL"
    )


def _opened(kind: Any, path: str, options: dict[str, Any]) -> Any:
    dataset, content = open_content(path)
    return kind(dataset, kept(content, path), **options)


def _sourced(kind: Any, dataset: Dataset, source: Source, options: dict[str, Any]) -> Any:
    return kind(dataset, content_of(dataset, source), **options)


def _indexed(kind: Any, dataset: Dataset, content: Content | None, options: dict[str, Any]) -> Any:
    return kind(dataset, content, **options)
