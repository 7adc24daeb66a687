"""A part of the work, in memory that this process and a worker share: frames to decode, and what comes out."""

import mmap
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import accumulate, count
from pathlib import Path

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import CodecError, PixelError
from dicompix.pixels.frames import Buffer
from dicompix.pixels.limits import Limits, set_limits

_ALIGNED = 64
_MOST_MET = 16  # areas that a worker keeps mapped
_GRACE = 2.0  # seconds after which a worker that nobody has stopped ends by itself


@dataclass(frozen=True, slots=True)
class Place:
    """Shared memory that another process can open; `number` is its own as long as this process lives."""

    number: int
    path: str
    size: int


class Area:
    """Shared memory that this process and a worker see: encoded frames to decode, and room for what comes out."""

    _numbers = count()

    def __init__(self, size: int) -> None:
        if sys.platform == "linux":
            self._file = os.memfd_create("dicompix")
            path = f"/proc/{os.getpid()}/fd/{self._file}"
        else:
            self._file, path = tempfile.mkstemp(prefix="dicompix-")
        os.truncate(self._file, size)
        self._mapped = mmap.mmap(self._file, size)
        self.view = memoryview(self._mapped)
        self.place = Place(next(self._numbers), path, size)

    def close(self) -> None:
        """Let go of the memory, which no array may show any more, and of its name."""
        self.view.release()
        self._mapped.close()
        os.close(self._file)
        if not self.place.path.startswith("/proc/"):
            with suppress(OSError):
                Path(self.place.path).unlink()


_met: dict[int, memoryview] = {}  # areas that this worker has seen, the last few: pages are there from then on


def _view_of(place: Place) -> memoryview:
    """Return the bytes of an area of another process."""
    found = _met.get(place.number)
    if found is None:
        if len(_met) >= _MOST_MET:
            del _met[next(iter(_met))]
        with Path(place.path).open("r+b") as file:
            found = _met[place.number] = memoryview(mmap.mmap(file.fileno(), place.size))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the work: frames of one format, which lie in an area one after the other, the decoded ones behind."""

    decoder: Decoder
    lengths: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: str
    coded: bool
    limits: Limits
    timeout: float

    @property
    def size(self) -> int:
        """Return how many bytes it needs of an area."""
        return self._begin + len(self.lengths) * int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize

    @property
    def _begin(self) -> int:
        return -(-sum(self.lengths) // _ALIGNED) * _ALIGNED

    def encoded(self, view: memoryview) -> list[memoryview]:
        """Return where each frame's bytes are."""
        stops = [*accumulate(self.lengths)]
        return [view[stop - length : stop] for stop, length in zip(stops, self.lengths, strict=True)]

    def fill(self, view: memoryview, frames: Sequence[Buffer]) -> None:
        """Put each frame's bytes where they belong."""
        for target, data in zip(self.encoded(view), frames, strict=True):
            # NumPy lets other threads go on while it copies.
            np.copyto(np.frombuffer(target, np.uint8), np.frombuffer(data, np.uint8))

    def decoded(self, view: memoryview) -> Stored:
        """Return where the decoded frames are."""
        shape = (len(self.lengths), *self.shape)
        return np.frombuffer(view, self.dtype, int(np.prod(shape)), self._begin).reshape(shape)


def limit(memory: int) -> None:
    """Let this worker process take `memory` bytes more than it has, where the system can hold it to that."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415  # not on every system

    with Path("/proc/self/status").open(encoding="ascii") as status:
        held = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = held + memory
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def work(part: Part, place: Place) -> list[Frame | PixelError]:
    """Decode frames into shared memory and say what they are, or why there is none; runs in a worker."""
    with _alarm(part.timeout + _GRACE):
        return _all_decoded(part, place)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Have the system end this process after that time, as nobody may be left to stop it."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _all_decoded(part: Part, place: Place) -> list[Frame | PixelError]:
    set_limits(frame_bytes=part.limits.frame_bytes, array_bytes=part.limits.array_bytes)
    view = _view_of(place)
    return [_decoded(part, data, out) for data, out in zip(part.encoded(view), part.decoded(view), strict=True)]


def _decoded(part: Part, data: memoryview, out: Stored) -> Frame | PixelError:
    try:
        frame = part.decoder.coded_frame(data)[0] if part.coded else part.decoder.frame(data, out)
    except PixelError as problem:
        return problem
    except MemoryError:
        return CodecError("the codec needed more memory than its limit")
    if not np.may_share_memory(frame.array, out):
        out[...] = frame.array
    return replace(frame, array=np.empty(0))
