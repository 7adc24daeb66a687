"""A part of the work: frames to decode in memory that this process and a worker share, and what comes out."""

import mmap
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from dicompix.isolate.areas import Place, shown
from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import CodecError, PixelError
from dicompix.pixels.frames import Buffer
from dicompix.pixels.limits import Limits, set_limits

_MOST_MET = 16  # areas that a worker keeps mapped
_GRACE = 2.0  # seconds after which a worker that nobody has stopped ends by itself


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
    """A part of the work: frames of one format, which lie in an area one after the other.

    What comes out belongs into another area, which holds the frames of all parts: the first of these is number `first`.
    """

    decoder: Decoder
    lengths: tuple[int, ...]
    first: int
    shape: tuple[int, ...]
    dtype: str
    coded: bool
    limits: Limits
    timeout: float

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
        """Return where the decoded frames belong."""
        return shown(view, (self.first + len(self.lengths), *self.shape), self.dtype)[self.first :]


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


def work(part: Part, encoded: Place, decoded: Place) -> list[Frame | PixelError]:
    """Decode frames into shared memory and say what they are, or why there is none; runs in a worker."""
    with _alarm(part.timeout + _GRACE):
        return _all_decoded(part, _view_of(encoded), _view_of(decoded))


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


def _all_decoded(part: Part, encoded: memoryview, decoded: memoryview) -> list[Frame | PixelError]:
    set_limits(frame_bytes=part.limits.frame_bytes, array_bytes=part.limits.array_bytes)
    return [_decoded(part, data, out) for data, out in zip(part.encoded(encoded), part.decoded(decoded), strict=True)]


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
