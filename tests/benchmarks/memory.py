"""How far decoding one file raises the process's memory: `python -m benchmarks.memory ours|bare RECIPE FILE`."""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

import dicompix
from benchmarks.workloads import RECIPES

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def peak_of(work: Callable[[], object]) -> int:
    """Return by how many bytes `work` raises the resident set at its peak (proc(5): VmHWM, clear_refs)."""
    ctypes.CDLL(None).malloc_trim(0)
    RESET.write_text("5")
    before = _kilobytes("VmRSS")
    work()
    return (_kilobytes("VmHWM") - before) * 1024


def _kilobytes(name: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1])


def ours(path: str) -> int:
    """Return the peak of opening a file and decoding all its frames, its bytes included."""

    def work() -> object:
        with dicompix.open_image(path) as image:
            return image.stored()

    work()  # libraries and threads are there from now on
    return peak_of(work)


def bare(path: str, recipe: str) -> int:
    """Return the peak of the bare codec in a loop into one array, that array included."""
    with dicompix.open_image(path) as image:
        encoded, fmt = [bytes(image.encoded(i)) for i in range(len(image))], image.format

    def work() -> object:
        out = np.empty(fmt.shape, fmt.dtype)
        for data, frame in zip(encoded, out, strict=True):
            RECIPES[recipe].bare(data, frame)
        return out

    work()
    return peak_of(work)


if __name__ == "__main__":
    who, name, file = sys.argv[1:]
    sys.stdout.write(str(ours(file) if who == "ours" else bare(file, name)))
