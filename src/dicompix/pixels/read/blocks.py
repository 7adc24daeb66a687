"""Bytes fetched range by range -> Source and file object: few requests, small memory, any number of threads."""

import io
import os
from collections.abc import Callable
from pickle import PicklingError
from threading import Lock
from typing import Any, BinaryIO, Self
from weakref import finalize

from dicompix.pixels.errors import PixelError
from dicompix.pixels.frames import Buffer, FarSource, Source, ahead

Fetch = Callable[[int, int], bytes]  # first byte, one past the last byte -> those bytes, or SourceError
Again = tuple[Callable[..., Any], tuple[Any, ...]]  # how to open it in another process

LEAST_BLOCK, MOST_BLOCK = 1 << 16, 1 << 23
# How far behind the last block a read still counts as going on from there: what one request costs in time, in bytes.
NEAR = 1 << 20
_ITEM_HEADER = 8


class SourceError(PixelError, OSError):
    """The bytes cannot be fetched: the server, the network or the file must be looked at."""


class MissingSourceError(SourceError, FileNotFoundError):
    """There is nothing at that address."""


class BlockSource(FarSource):
    """Bytes fetched as they are asked for: one frame by one request, reads one after the other by growing blocks."""

    def __init__(self, fetch: Fetch, size: int, again: Again | None = None) -> None:
        self.delimited = False
        self._fetch, self._size, self.again = fetch, size, again
        self._lock = Lock()
        self._blocks: dict[int, bytes] = {}  # by first byte, in the order of fetching
        self._end, self._step = 0, 0

    def __len__(self) -> int:
        return self._size

    def __reduce__(self) -> Again:
        if self.again is None:
            raise PicklingError(
                "the image was opened from a file object, which stays in its process: open it by its path or URL"
            )
        return self.again

    def read(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`, and fetch no others unless frame after frame is read."""
        return self._read(start, min(stop, self._size), near=_ITEM_HEADER, least=0)

    def read_ahead(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`; blocks grow as long as reads go on from the last one."""
        return self._read(start, min(stop, self._size), near=NEAR, least=LEAST_BLOCK)

    def part(self, start: int, stop: int, *, delimited: bool) -> "PartSource":
        """Return bytes `start` to `stop` as a source of their own."""
        return PartSource(self, start, stop, delimited=delimited)

    def _read(self, start: int, stop: int, *, near: int, least: int) -> Buffer:
        begin = start
        known: list[memoryview] = []
        with self._lock:
            while begin < stop and (piece := self._known(begin, stop)):
                known.append(piece)
                begin += len(piece)
            if begin >= stop:
                return known[0] if len(known) == 1 else b"".join(known)
            self._keep_at_most(MOST_BLOCK)
            follows = 0 <= begin - self._end <= near
            self._step = min(max(2 * self._step, LEAST_BLOCK), MOST_BLOCK) if follows else least
            self._end = end = min(max(stop, begin + self._step), self._size)
        data = self._fetch(begin, end)  # outside the lock: threads fetch side by side
        with self._lock:
            self._blocks[begin] = data
            self._keep_at_most(2 * MOST_BLOCK)
        found = memoryview(data)[: stop - begin]
        return b"".join((*known, found)) if known else found

    def _known(self, start: int, stop: int) -> memoryview:
        """Return as many of the bytes as one block holds from `start` on."""
        for first, data in self._blocks.items():
            if first <= start < first + len(data):
                return memoryview(data)[start - first : stop - first]
        return memoryview(b"")

    def _keep_at_most(self, size: int) -> None:
        """Let go of the oldest blocks; the newest stays, whatever its size."""
        while len(self._blocks) > 1 and sum(map(len, self._blocks.values())) > size:
            del self._blocks[next(iter(self._blocks))]


class PartSource(FarSource):
    """Some of another source's bytes."""

    def __init__(self, whole: FarSource, start: int, stop: int, *, delimited: bool) -> None:
        self.delimited = delimited
        self._whole = whole
        self._start, self._stop = start, min(stop, len(whole))

    def __len__(self) -> int:
        return max(self._stop - self._start, 0)

    def read(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`."""
        return self._whole.read(self._start + start, min(self._start + stop, self._stop))

    def read_ahead(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`, the next ones likely to follow."""
        return self._whole.read_ahead(self._start + start, min(self._start + stop, self._stop))

    def part(self, start: int, stop: int, *, delimited: bool) -> "PartSource":
        """Return some of these bytes as a source of their own."""
        return PartSource(self._whole, self._start + start, min(self._start + stop, self._stop), delimited=delimited)


class SourceFile(io.RawIOBase):
    """A source as a file object that pydicom reads from; a copy of it reads the same source."""

    def __init__(self, source: Source, name: str = "") -> None:
        self._source = source
        self._position = 0
        self.name = name

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another byte."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._source)}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, less of it at the end."""
        data = ahead(self._source)(self._position, self._position + len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """Return everything from here on."""
        data = bytes(self._source.read(self._position, len(self._source)))
        self._position += len(data)
        return data

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self._source, self.name)

    def __reduce__(self) -> Again:
        """Pickle how to open it again, or all bytes where nothing else leads back to them."""
        if isinstance(self._source, BlockSource) and self._source.again is not None:
            return SourceFile, (self._source, self.name)
        return io.BytesIO, (bytes(self._source.read(0, len(self._source))),)


def reader_of(source: Source, name: str = "") -> io.BufferedReader:
    """Return a source as a file object for many small reads."""
    return io.BufferedReader(SourceFile(source, name), LEAST_BLOCK)


def fetch_from(file: BinaryIO) -> Fetch:
    """Return how to fetch bytes from a file object, which stays where it was; one thread at a time."""
    lock = Lock()

    def fetch(start: int, stop: int) -> bytes:
        with lock:
            if getattr(file, "closed", False):
                raise SourceError("the file object that the image was opened from is closed: keep it open")
            position = file.tell()
            try:
                file.seek(start)
                return joined(file.read, start, stop)
            finally:
                file.seek(position)

    return fetch


def is_numbered(file: object) -> bool:
    """Tell whether a file object is a plain file of the system, to be read by `fetch_by_number`."""
    return isinstance(getattr(file, "raw", file), io.FileIO) and hasattr(os, "pread")


def fetch_by_number(number: int) -> Fetch:
    """Return how to fetch bytes of an open file by its number: by many threads side by side, also once it is closed."""
    own = os.dup(number)

    def fetch(start: int, stop: int) -> bytes:
        position = start

        def read(size: int) -> bytes:
            nonlocal position
            data = os.pread(own, size, position)
            position += len(data)
            return data

        return joined(read, start, stop)

    finalize(fetch, os.close, own)
    return fetch


def joined(read: Callable[[int], bytes], start: int, stop: int) -> bytes:
    """Return as many bytes as lie between two positions, however few `read` gives at a time, or raise SourceError."""
    data = read(stop - start)
    while len(data) < stop - start and (more := read(stop - start - len(data))):
        data += more
    if len(data) != stop - start:
        raise SourceError(
            f"the file gave {len(data)} bytes instead of {stop - start} from byte {start} on: "
            "it has become shorter since the image was opened; open it again"
        )
    return data
