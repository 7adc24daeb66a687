"""The one thread pool, and the one way to use it: a job for each number, results in order."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from functools import cache
from threading import current_thread
from typing import TypeVar

from dicompix.pixels.transforms.base import Array, output

Result = TypeVar("Result")
_THREADS = "dicompix-worker"
# Above this many bytes a second thread gains more than it costs; parts are small enough to even out.
WORTH_THREADS = 1 << 20
PARTS_A_WORKER = 4


def available_cores() -> int:
    """Return how many cores this process may use; DICOMPIX_WORKERS lowers it."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    limit = os.environ.get("DICOMPIX_WORKERS", "")
    return max(1, min(cores, int(limit))) if limit.isdecimal() else cores


def usable_cores() -> int:
    """Return how many threads a piece of work may use here: one inside another parallel loop."""
    return 1 if current_thread().name.startswith(_THREADS) else available_cores()


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  # a forked child needs a pool of its own
    return ThreadPoolExecutor(available_cores(), thread_name_prefix=_THREADS)


@contextmanager
def _on_core(worker: int, workers: int) -> Iterator[None]:
    """Keep this thread on a core of its own while there is a worker for each core.

    Threads that wake each other are put on one core by some systems, to save power or to share a machine, and are
    spread only after milliseconds, as long as it may take to decode everything.
    """
    cores = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
    if not cores or workers < len(cores):
        yield
        return
    _bind(cores[worker % len(cores) :][:1])
    try:
        yield
    finally:
        _bind(cores)


def _bind(cores: list[int]) -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may forbid it
            os.sched_setaffinity(0, cores)


def in_parallel(job: Callable[[int], Result], count: int, workers: int) -> list[Result]:
    """Return ``[job(0), ..., job(count - 1)]``, computed on so many threads; the first failure by number is raised.

    A nested call runs serially.

    >>> in_parallel(lambda i: i * i, 4, workers=2)
    [0, 1, 4, 9]
    """
    if min(workers, count, usable_cores() if workers > 1 else 1) <= 1:
        return [job(i) for i in range(count)]
    waiting, done, failed = iter(range(count)), dict[int, Result](), dict[int, BaseException]()

    def work(worker: int) -> None:
        with _on_core(worker, workers):
            while not failed and (i := next(waiting, None)) is not None:
                try:
                    done[i] = job(i)
                except BaseException as problem:  # noqa: BLE001  # the calling thread raises it
                    failed[i] = problem

    pool = _pool(os.getpid())
    running = {pool.submit(work, worker) for worker in range(min(workers, count))}
    try:
        while running and len(done) < count:  # a worker that waits for its core may have nothing left to do
            stopped, running = wait(running, return_when=FIRST_COMPLETED)
            for future in stopped:
                future.result()
    finally:
        list(waiting)  # an interrupted caller leaves nothing to the workers
    if failed:
        raise failed[min(failed)]
    return [done[i] for i in range(count)]


def in_parts(ready: Callable[..., Array], array: Array, out: Array | None = None, *, tail: int = 0) -> Array:
    """Return ``ready(array, out=out)``, computed part by part on several threads where the array is large.

    The last `tail` axes of the array belong to one element.
    """
    workers = usable_cores() if array.nbytes >= WORTH_THREADS and array.flags.c_contiguous else 1
    if workers == 1:
        return ready(array, out=out)
    elements = array.reshape(-1, *array.shape[array.ndim - tail :])
    sample = ready(elements[:0])
    out = output((*array.shape[: array.ndim - tail], *sample.shape[1:]), sample.dtype, out)
    target = out.reshape(-1, *sample.shape[1:])
    step = -(-len(elements) // (workers * PARTS_A_WORKER))
    parts = [slice(start, start + step) for start in range(0, len(elements), step)]
    in_parallel(lambda i: ready(elements[parts[i]], out=target[parts[i]]), len(parts), workers)
    return out
