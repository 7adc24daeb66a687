"""Decoding in worker processes, which may crash, hang or exhaust their memory without harm to this one: isolated()."""

import contextlib
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as OutOfTime
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

import numpy as np
from pebble import ProcessExpired, ProcessPool

from dicompix.pixels import decode
from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import BadValueError, CodecError, PixelError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.parallel import available_cores

TASKS_A_WORKER = 3  # frames go to the workers in so many parts each: few messages, yet no worker idle for long
WORTH_A_HANDLE = 1 << 22  # bytes below which frames are copied: a mapping keeps a file handle as long as it lives
_PRELOADED = ["dicompix.isolate", "imagecodecs"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Shared memory that another process can open: a file's path, and where in it an array lies."""

    path: str
    start: int
    shape: tuple[int, ...]
    dtype: str

    def open(self) -> Stored:
        """Return the array; it keeps the mapping alive."""
        dtype = np.dtype(self.dtype)
        count = int(np.prod(self.shape))
        begin = self.start // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        with Path(self.path).open("r+b") as file:
            mapped = mmap.mmap(file.fileno(), self.start - begin + count * dtype.itemsize, offset=begin)
        return np.frombuffer(mapped, dtype, count, self.start - begin).reshape(self.shape)


class _Area:
    """Memory for frames that workers fill and this process sees; given back when the last array over it is gone."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        size = max(1, int(np.prod(shape)) * dtype.itemsize)
        if sys.platform == "linux":
            self.file = os.memfd_create("dicompix")
            self.path = f"/proc/{os.getpid()}/fd/{self.file}"
        else:
            self.file, self.path = tempfile.mkstemp(prefix="dicompix-")
        os.truncate(self.file, size)
        self.array: Stored = np.frombuffer(mmap.mmap(self.file, size), dtype, int(np.prod(shape))).reshape(shape)

    def place(self, first: int, last: int) -> _Place:
        """Return where frames `first` to `last` lie, for a worker."""
        start = first * int(np.prod(self.shape[1:])) * self.dtype.itemsize
        return _Place(self.path, start, (last - first, *self.shape[1:]), self.dtype.str)

    def close(self) -> None:
        """Let go of the file; the array stays."""
        os.close(self.file)
        if not self.path.startswith("/proc/"):
            with contextlib.suppress(OSError):
                Path(self.path).unlink()


def _limit(memory: int) -> None:
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


def _work(decoder: Decoder, parts: Sequence[bytes], place: _Place, *, coded: bool) -> list[Frame | PixelError]:
    """Decode frames into shared memory and say what they are, or why there is none; runs in a worker."""
    return [_decoded(decoder, data, out, coded=coded) for data, out in zip(parts, place.open(), strict=True)]


def _decoded(decoder: Decoder, data: bytes, out: Stored, *, coded: bool) -> Frame | PixelError:
    try:
        frame = decoder.coded_frame(data)[0] if coded else decoder.frame(data, out)
    except PixelError as problem:
        return problem
    except MemoryError:
        return CodecError("the codec needed more memory than its limit")
    if not np.may_share_memory(frame.array, out):
        out[...] = frame.array
    return replace(frame, array=np.empty(0))


class Workers:
    """Worker processes and what they may take: seconds a part of the work, bytes of memory each."""

    def __init__(self, timeout: float, memory: int, workers: int) -> None:
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        context: Any = get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(_PRELOADED)
        self.timeout, self.count = timeout, workers
        self.pool = ProcessPool(workers, initializer=_limit, initargs=(memory,), context=context)

    def warm(self) -> None:
        """Start the workers; CodecError where they do not start."""
        fmt = PixelFormat(rows=1, columns=1)
        area = _Area((1, 1, 1), fmt.dtype)
        try:
            tasks = [self._send(Decoder(fmt=fmt), [b"\0"], slice(0, 1), area, coded=False) for _ in range(self.count)]
            for task in tasks:
                task.result()
        except (ProcessExpired, OutOfTime) as problem:
            raise CodecError(
                f"the worker processes do not start ({problem}): a script must have its own code under "
                "`if __name__ == '__main__':`, as the workers import it"
            ) from problem
        finally:
            area.close()

    def decode(
        self, decoder: Decoder, parts: Sequence[Buffer], fmt: PixelFormat, *, coded: bool = False
    ) -> tuple[Stored, list[Frame | PixelError]]:
        """Decode frames of one format; return the array of all, and each frame, or why there is none."""
        area = _Area((len(parts), *fmt.frame_shape), fmt.dtype)
        try:
            answers = self._answers(decoder, [bytes(part) for part in parts], area, coded=coded)
        finally:
            area.close()
        array = area.array.copy() if area.array.nbytes < WORTH_A_HANDLE else area.array
        return array, [
            answer if isinstance(answer, PixelError) else replace(answer, array=one)
            for answer, one in zip(answers, array, strict=True)
        ]

    def _answers(self, decoder: Decoder, parts: list[bytes], area: _Area, *, coded: bool) -> list[Frame | PixelError]:
        """Have the workers decode frames, several at a time; each alone where they did not return from that."""
        step = -(-len(parts) // (self.count * TASKS_A_WORKER))
        starts = range(0, len(parts), step)
        tasks = [self._send(decoder, parts, slice(i, min(i + step, len(parts))), area, coded=coded) for i in starts]
        answers: list[Frame | PixelError] = []
        for start, task in zip(starts, tasks, strict=True):
            try:
                answers += task.result()
            except (ProcessExpired, OutOfTime) as problem:
                last = min(start + step, len(parts))
                alone = step > 1
                answers += [
                    self._alone(decoder, parts, i, area, coded=coded) if alone else self._failure(problem)
                    for i in range(start, last)
                ]
        return answers

    def _alone(self, decoder: Decoder, parts: list[bytes], i: int, area: _Area, *, coded: bool) -> Frame | PixelError:
        try:
            answers: list[Frame | PixelError] = self._send(decoder, parts, slice(i, i + 1), area, coded=coded).result()
        except (ProcessExpired, OutOfTime) as problem:
            return self._failure(problem)
        return answers[0]

    def _send(self, decoder: Decoder, parts: list[bytes], few: slice, area: _Area, *, coded: bool) -> Any:
        place = area.place(few.start, few.stop)
        return self.pool.schedule(_work, [decoder, parts[few], place], {"coded": coded}, self.timeout)

    def _failure(self, problem: ProcessExpired | OutOfTime) -> CodecError:
        if isinstance(problem, OutOfTime):
            return CodecError(f"the codec did not end within {self.timeout:g} seconds: its process was stopped")
        return CodecError(f"the codec's process died ({problem}, exit status {problem.exitcode})")

    def stop(self) -> None:
        """Stop the workers, whatever they do."""
        self.pool.stop()  # type: ignore[no-untyped-call]
        self.pool.join()


@contextmanager
def isolated(*, timeout: float = 30.0, memory: int = 1 << 31, workers: int | None = None) -> Iterator[None]:
    """Decode in worker processes, all threads of this one included, until the block ends.

    A crash, a hang of more than `timeout` seconds, or more than `memory` bytes (where the system can limit it) is a
    CodecError for the frame, and the work goes on. The workers, one a core by default, start on entry. A script needs
    its code under ``if __name__ == "__main__":``. Codecs added to a registry at run time are not known to the workers
    unless their module is an entry point. Raises CodecError where the workers do not start.
    """
    if timeout <= 0 or memory <= 0 or (workers is not None and workers < 1):
        raise BadValueError(f"timeout {timeout}, memory {memory}, workers {workers}: needed more than 0 of each")
    pool = Workers(timeout, memory, available_cores() if workers is None else workers)
    try:
        pool.warm()
        with decode.isolated_by(pool.decode):
            yield
    finally:
        pool.stop()
