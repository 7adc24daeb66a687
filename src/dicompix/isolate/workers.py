"""The worker processes, and frames on their way to them and back."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from concurrent.futures import TimeoutError as OutOfTime
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from threading import Lock
from typing import Any

from pebble import ProcessExpired, ProcessPool

from dicompix.isolate.areas import MOST_SHOWN, Area, Areas, Place
from dicompix.isolate.part import Part, limit, work
from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import CodecError, PixelError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.limits import current_limits
from dicompix.pixels.syntaxes import syntax_for

# Frames go to the workers in so many parts each, no worker idle for long where decoding is slow: by the codestream's
# kind. Where it is about as fast as copying, messages cost more than that.
PARTS = {"jpeg-2000": 3, "jpeg-ls": 3, "jpeg-xl": 3}
AT_ONCE = 3  # parts that a worker has to do or to come, each with shared memory of its own
PART_BYTES = 1 << 24  # decoded bytes that a part of several frames has at most
MOST_CALLS = 50  # for the workers to be there
_PRELOADED = [
    "dicompix.isolate",
    *(f"dicompix.pixels.codecs.{name}" for name in ("imagecodecs", "imagecodecs_jpeg")),
    *(f"imagecodecs._{name}" for name in ("jpeg8", "jpegls", "jpeg2k", "htj2k", "jpegxl", "imcd")),
]
_LOADED_IN = os.getpid()
_ENDINGS = (ProcessExpired, OutOfTime, OSError, BrokenProcessPool, CancelledError)


def _who() -> int:
    """Return which worker this is, slowly enough for the others to answer as well."""
    time.sleep(0.01)
    return os.getpid()


class Workers:
    """Worker processes and what they may take: seconds a part of the work, bytes of memory each."""

    def __init__(self, timeout: float, memory: int, workers: int) -> None:
        self.timeout, self.memory, self.count = timeout, memory, workers
        self._process, self._lock, self._ended = os.getpid(), Lock(), False
        self.areas = Areas(workers * AT_ONCE + MOST_SHOWN // 4)
        self._tasks: set[Any] = set()
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        forked = os.getpid() != _LOADED_IN  # the server that forks workers is its parent's: it has none
        server = "forkserver" in get_all_start_methods() and not forked
        context: Any = get_context("forkserver" if server else "spawn")
        if server:
            context.set_forkserver_preload(_PRELOADED)
        return ProcessPool(self.count, initializer=limit, initargs=(self.memory,), context=context)

    def warm(self) -> None:
        """Start the workers; CodecError where they do not start."""
        found: set[int] = set()
        try:
            for _ in range(MOST_CALLS):
                found.update([task.result() for task in [self._scheduled(_who) for _ in range(self.count)]])
                if len(found) == self.count:
                    break
        except AssertionError as problem:  # multiprocessing's
            raise CodecError(f"the worker processes do not start: {problem}") from problem
        except (*_ENDINGS, CodecError) as problem:
            raise CodecError(
                f"the worker processes do not start ({problem}): a script must have its own code under "
                "`if __name__ == '__main__':`, as the workers import it"
            ) from problem

    def decode(
        self, decoder: Decoder, parts: Sequence[Buffer], fmt: PixelFormat, *, coded: bool = False
    ) -> tuple[Stored, list[Frame | PixelError]]:
        """Decode frames of one format; return the array of all, and each frame, or why there is none."""
        if os.getpid() != self._process:
            raise CodecError("isolated() was entered before this process was forked: enter it in this one as well")
        kinds = syntax_for(decoder.fmt.transfer_syntax).kinds
        step = -(-len(parts) // (self.count * max([PARTS.get(kind, 1) for kind in kinds], default=1)))
        shape, dtype = fmt.frame_shape, fmt.dtype.str
        part = partial(Part, decoder=decoder, shape=shape, dtype=dtype, coded=coded, timeout=self.timeout)
        result = self.areas.take(len(parts) * fmt.array_bytes)
        try:
            answers = _Job(self, part, result.place, parts).answers(max(1, min(step, PART_BYTES // fmt.array_bytes)))
        except BaseException:
            result.close()  # a worker may still write to it
            raise
        array = self.areas.array(result, (len(parts), *shape), dtype)
        every = zip(answers, array, strict=True)
        return array, [replace(one, array=out) if isinstance(one, Frame) else one for one, out in every]

    def send(self, part: Part, encoded: Place, decoded: Place) -> Any:
        """Have a worker do a part of the work; return its future."""
        return self._scheduled(work, part, encoded, decoded)

    def _scheduled(self, work: Callable[..., object], *arguments: object) -> Any:
        for _ in range(2):
            pool = self._pool
            try:
                task: Any = pool.schedule(work, arguments, timeout=self.timeout)
            except RuntimeError as problem:
                self._renew(pool, problem)
                continue
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return task
        raise CodecError("the worker processes cannot be started again")

    def _renew(self, pool: ProcessPool, problem: RuntimeError) -> None:
        """Start other workers: a pool ends for good when one is killed while it has nothing to do."""
        with self._lock:
            if self._ended:
                raise CodecError("isolated() has ended: its workers are gone") from problem
            if self._pool is pool:
                _stop(pool)
                self._pool = self._new_pool()

    def stop(self) -> None:
        """Stop the workers, whatever they do, and let go of their memory."""
        with self._lock:
            self._ended = True
            _stop(self._pool)
        self.areas.close()
        for task in tuple(self._tasks):  # other threads wait for them
            if task.cancel():
                task.set_running_or_notify_cancel()


def _stop(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


class _Job:
    """Frames to decode: parts that wait, parts that workers have, and an answer for each frame that is done."""

    def __init__(self, workers: Workers, part: Callable[..., Part], result: Place, frames: Sequence[Buffer]) -> None:
        self._workers, self._part, self._result, self._frames = workers, part, result, frames
        self._waiting: deque[range] = deque()
        self._running: dict[Any, tuple[range, Area]] = {}
        self._done: dict[int, Frame | PixelError] = {}
        self._broken = 0

    def answers(self, step: int) -> list[Frame | PixelError]:
        """Return what each frame is, decoded in parts of that many, or why there is none."""
        count = len(self._frames)
        self._waiting.extend(range(i, min(i + step, count)) for i in range(0, count, step))
        try:
            while self._waiting or self._running:
                while self._waiting and len(self._running) < self._workers.count * AT_ONCE:
                    self._send(self._waiting.popleft())
                for task in wait(self._running, return_when=FIRST_COMPLETED).done:
                    self._take(task)
        finally:  # an interrupted caller leaves nothing to the workers
            for task, (_, area) in self._running.items():
                task.cancel()
                area.close()
        return [self._done[i] for i in range(count)]

    def _send(self, numbers: range) -> None:
        given = [self._frames[i] for i in numbers]
        part = self._part(lengths=tuple(map(len, given)), first=numbers[0], limits=current_limits())
        area = self._workers.areas.take(sum(part.lengths))
        part.fill(area.view, given)
        try:
            task = self._workers.send(part, area.place, self._result)
        except BaseException:
            area.close()
            raise
        self._running[task] = numbers, area

    def _take(self, task: Any) -> None:
        numbers, area = self._running.pop(task)
        try:
            found: list[Frame | PixelError] = task.result()
        except _ENDINGS as problem:
            area.close()
            self._failed(numbers, problem)
        else:
            self._done.update(zip(numbers, found, strict=True))
            self._workers.areas.give_back(area)

    def _failed(self, numbers: range, problem: Exception) -> None:
        """Try frames alone that no worker returned from; of one alone say why."""
        self._broken += isinstance(problem, BrokenProcessPool)
        if len(numbers) > 1 or (isinstance(problem, BrokenProcessPool) and self._broken <= MOST_CALLS):
            self._waiting.extend(range(i, i + 1) for i in numbers)
        else:
            self._done[numbers[0]] = CodecError(_reason(problem, self._workers.timeout))


def _reason(problem: Exception, timeout: float) -> str:
    if isinstance(problem, OutOfTime):
        return f"the codec did not end within {timeout:g} seconds: its process was stopped"
    if isinstance(problem, ProcessExpired):
        return f"the codec's process died ({problem}, exit status {problem.exitcode})"
    return f"the codec's process was stopped ({type(problem).__name__}: {problem})"
