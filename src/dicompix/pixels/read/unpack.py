"""Packed and one-way streams -> bytes that can be read at random, in memory or in a temporary file (RFC 1951, 1952)."""

import gzip
import mmap
import zlib
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile

from dicompix.pixels.errors import FrameError, LimitError
from dicompix.pixels.frames import BufferSource, MappedSource, Source, ahead
from dicompix.pixels.read.blocks import reader_of

GZIP_MAGIC = b"\x1f\x8b\x08"
MOST_IN_MEMORY = 1 << 26  # bytes; what is larger goes to a temporary file
MOST_UNPACKED = 1 << 34
_BLOCK = 1 << 20
_RAW_DEFLATE = -15
# Whose file objects seek by reading again from their beginning.
_SLOW_TO_SEEK = {"gzip", "bz2", "lzma", "zipfile"}

Readable = Callable[[int], bytes]


def seeks_slowly(file: object) -> bool:
    """Tell whether a file object is a packed member of something, each step back in which unpacks it anew."""
    return any(kind.__module__ in _SLOW_TO_SEEK for kind in type(file).__mro__)


def spooled(read: Readable) -> BufferSource:
    """Return all that a stream gives: small ones in memory, large ones in a temporary file without a name."""
    total = 0
    with SpooledTemporaryFile(MOST_IN_MEMORY) as spool:
        for block in _blocks(read):
            total += len(block)
            if total > MOST_UNPACKED:
                raise LimitError(
                    f"unpacked, the file is larger than {MOST_UNPACKED} bytes: unpack it to a file first, and open that"
                )
            spool.write(block)
        spool.seek(0)
        if total <= MOST_IN_MEMORY:
            return BufferSource(spool.read())
        return MappedSource(memoryview(mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)))


def _blocks(read: Readable) -> Iterator[bytes]:
    try:
        while block := read(_BLOCK):
            yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise FrameError(f"the packed file cannot be unpacked: {problem}; it is cut or broken") from problem


def is_gzip(head: bytes) -> bool:
    """Tell whether a file is packed, by its first bytes; a preamble may begin like anything (PS3.10 7.1)."""
    return head.startswith(GZIP_MAGIC) and head[128:132] != b"DICM"


def gunzipped(source: Source) -> BufferSource:
    """Return the bytes of a gzip file, all its members."""
    with reader_of(source) as packed, gzip.GzipFile(fileobj=packed) as file:
        return spooled(file.read)


def inflated(source: Source, start: int) -> BufferSource:
    """Return the deflated data set that begins at `start` (PS3.5 A.5); what follows it is padding."""
    try:
        return spooled(_Inflater(source, start).read)
    except FrameError as problem:
        if problem.__cause__ is None:
            raise
        reason = problem.__cause__
    raise FrameError(f"the deflated data set cannot be inflated: {reason}; the file is cut or broken") from reason


class _Inflater:
    """Inflate a source piece by piece."""

    def __init__(self, source: Source, start: int) -> None:
        self._read = ahead(source)
        self._position, self._end = start, len(source)
        self._stream = zlib.decompressobj(_RAW_DEFLATE)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes more, none at the end."""
        while not self._stream.eof:
            packed = self._stream.unconsumed_tail or self._more()
            data = self._stream.decompress(packed, size)
            if data:
                return data
            if not packed:
                raise zlib.error("incomplete or truncated stream")
        return b""

    def _more(self) -> bytes:
        stop = min(self._position + _BLOCK, self._end)
        data = bytes(self._read(self._position, stop))
        self._position = stop
        return data
