"""Memory that this process and a worker share, used again when nobody needs what is in it."""

import mmap
import os
import sys
import tempfile
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from math import prod
from pathlib import Path
from threading import Lock
from weakref import finalize

import numpy as np

from dicompix.pixels.codecs.base import Stored

KEPT_BYTES = 1 << 25  # memory to use again is no larger: new pages cost more than decoding some codings
SHOWN_BYTES = 1 << 20  # smaller arrays are copied: that costs less than new pages
MOST_SHOWN = 16  # arrays that lie in shared memory at a time, each with two file handles


@dataclass(frozen=True, slots=True)
class Place:
    """Shared memory that another process can open; `number` is its own as long as this process lives."""

    number: int
    path: str
    size: int


class Area:
    """Shared memory that this process and a worker see."""

    _numbers = count()

    def __init__(self, size: int) -> None:
        if sys.platform == "linux":
            self._file = os.memfd_create("dicompix")
            path = f"/proc/{os.getpid()}/fd/{self._file}"
        else:
            self._file, path = tempfile.mkstemp(prefix="dicompix-")
        os.truncate(self._file, size)
        self.place = Place(next(self._numbers), path, size)

    @cached_property
    def view(self) -> memoryview:
        """The bytes, as a worker sees them."""
        return memoryview(mmap.mmap(self._file, self.place.size))

    def own(self, size: int) -> mmap.mmap:
        """Return the first bytes as this process sees them alone, when no worker writes any more."""
        return mmap.mmap(self._file, size, access=mmap.ACCESS_COPY)

    def close(self) -> None:
        """Let go of the memory, as soon as no array shows it any more, and of its name."""
        self.__dict__.pop("view", None)
        os.close(self._file)
        if not self.place.path.startswith("/proc/"):
            with suppress(OSError):
                Path(self.place.path).unlink()


class Areas:
    """The shared memory of some workers: no more than `most` areas wait to be used again."""

    def __init__(self, most: int) -> None:
        self._most, self._ended, self._lock = most, False, Lock()
        self._free: list[Area] = []
        self._shown: set[Area] = set()
        self._unseen: deque[Area] = deque()

    def take(self, size: int) -> Area:
        """Return shared memory of that many bytes or more, used before where there is such."""
        whole = 1 << max(size - 1, 0).bit_length()
        self._collect()
        with self._lock:
            for i, area in enumerate(self._free):
                if area.place.size == whole:
                    return self._free.pop(i)
        return Area(whole)

    def give_back(self, area: Area) -> None:
        """Keep shared memory for the next part of the work, or let go of it."""
        with self._lock:
            keep = not self._ended and area.place.size <= KEPT_BYTES
            if keep:
                self._free.append(area)
            spare = self._free.pop(0) if len(self._free) > self._most else None if keep else area
        if spare is not None:
            spare.close()

    def array(self, area: Area, shape: tuple[int, ...], dtype: str) -> Stored:
        """Return the array that workers have put into an area: in the shared memory itself, where that costs less."""
        size = prod(shape) * np.dtype(dtype).itemsize
        with self._lock:
            shares = sys.platform == "linux" and size >= SHOWN_BYTES and len(self._shown) < MOST_SHOWN
            if shares:
                self._shown.add(area)
        if not shares:
            array = shown(area.view, shape, dtype).copy()
            self.give_back(area)
            return array
        own = area.own(size)
        finalize(own, self._lose, area).atexit = False
        return shown(own, shape, dtype)

    def _lose(self, area: Area) -> None:
        """Note that no array shows an area any more; called in the middle of anything, so it waits for no lock."""
        self._unseen.append(area)
        self._shown.discard(area)
        if self._ended:
            self._collect()

    def _collect(self) -> None:
        """Use again what no array shows any more."""
        with suppress(IndexError):
            while True:
                self.give_back(self._unseen.popleft())

    def close(self) -> None:
        """Let go of all memory, of what an array shows when it is gone."""
        with self._lock:
            self._ended = True
            free, self._free = self._free, []
        for area in free:
            area.close()
        self._collect()


def shown(memory: memoryview | mmap.mmap, shape: tuple[int, ...], dtype: str) -> Stored:
    """Return the array that memory begins with."""
    return np.frombuffer(memory, dtype, prod(shape)).reshape(shape)
