"""Frames of mixed files by eight threads, 100,000 by default: ``python -m soak.load [--frames N] [--report FILE]``.

Files are opened and closed all the time, by path, by file object and as data sets. Each array is compared with the
one that a single thread decoded first; memory must be flat from the warm-up on, and no file may stay open. The last
line printed is the report as JSON, and the exit status says whether all was well.
"""

import argparse
import gc
import json
import resource
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from random import Random
from threading import Lock
from time import monotonic

import numpy as np

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from support.builders import data_set, file_of
from support.cases import CASES
from support.packing import encapsulate, offsets_of

FRAMES, THREADS = 100_000, 8
WARM_UP = 0.2  # of the frames; caches, pools and arenas of the allocator are full then
GROWTH = 32 << 20  # bytes of memory that the rest may add: fragments of what is free, no leak of 400 bytes a frame
COUNT = 4  # frames of a file
REPEAT = 12  # times in both directions that a small picture is repeated in the large ones, so that threads share it


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A file, and its frames as one thread decodes them."""

    path: Path
    expected: Stored


def samples(folder: Path) -> list[Sample]:
    """Write a few files of each syntax that pydicom reads as well, and large native and RLE ones."""
    found = []
    for uid in CASES:
        for number, case in enumerate(CASES[uid][::4]):
            fmt = replace(case.fmt, frames=COUNT)
            if s.syntax_for(uid).encapsulated:
                frames = [[case.data]] * COUNT
                content = data_set(fmt, encapsulate(frames, offsets_of(frames)), encapsulated=True)
            elif fmt.frame_bits % 8 == 0:
                content = data_set(fmt, case.data * COUNT)
            else:
                continue
            path = folder / f"{uid}-{number}.dcm"
            path.write_bytes(file_of(content).getvalue())
            found.append(path)
    large = next(case.fmt for case in CASES[s.EXPLICIT_LITTLE] if case.fmt.bits_allocated == 16 and not case.fmt.signed)
    large = replace(large, rows=large.rows * REPEAT, columns=large.columns * REPEAT, frames=COUNT)
    ramp = np.arange(COUNT * large.rows * large.columns, dtype="<u2")
    found.append(folder / "large.dcm")
    found[-1].write_bytes(file_of(data_set(large, ramp.tobytes())).getvalue())
    return [Sample(path, _alone(path)) for path in found]


def _alone(path: Path) -> Stored:
    with dicompix.open_image(path) as image:
        return image.stored(workers=1)


def one_frame(sample: Sample, random: Random) -> tuple[int, bool]:
    """Open a file by its path and decode one frame."""
    number = random.randrange(COUNT)
    with dicompix.open_image(sample.path) as image:
        return 1, np.array_equal(image[number], sample.expected[number])


def all_frames(sample: Sample, random: Random) -> tuple[int, bool]:
    """Open a file object and decode all of it, with threads of the library's own."""
    with sample.path.open("rb") as file, dicompix.open_image(file) as image:
        return COUNT, np.array_equal(image.stored(workers=random.choice((1, 2, None))), sample.expected)


def each_frame(sample: Sample, random: Random) -> tuple[int, bool]:
    """Iterate over some frames, and leave the iterator and the image to be collected."""
    image, wanted = dicompix.open_image(sample.path), random.randrange(1, COUNT + 1)
    found = list(islice(image, wanted))
    return wanted, np.array_equal(found, sample.expected[:wanted])


def as_data_set(sample: Sample, random: Random) -> tuple[int, bool]:
    """Read a file as pydicom does."""
    array = dicompix.dcmread(sample.path, defer_size=random.choice((None, 100))).pixel_array
    return COUNT, np.array_equal(array, sample.expected)


WAYS: tuple[Callable[[Sample, Random], tuple[int, bool]], ...] = (one_frame, all_frames, each_frame, as_data_set)


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def open_files() -> Counter[str]:
    """Return what this process has open, by name."""
    found: Counter[str] = Counter()
    for path in Path("/proc/self/fd").iterdir():
        try:
            found[str(path.readlink())] += 1
        except OSError:  # the listing's own
            continue
    return found


class Load:
    """Work for threads, until so many frames are decoded."""

    def __init__(self, files: list[Sample], frames: int) -> None:
        self.files, self.frames = files, frames
        self.lock, self.seeds = Lock(), count()
        self.done = 0
        self.wrong: Counter[str] = Counter()

    def work(self) -> None:
        """Decode until it is done; one thread's share."""
        while self.done < self.frames:
            random = Random(next(self.seeds))
            sample, way = random.choice(self.files), random.choice(WAYS)
            frames, same = way(sample, random)
            with self.lock:
                self.done += frames
                if not same:
                    self.wrong[f"{way.__name__} of {sample.path.name}"] += 1

    def run(self, frames: int) -> int:
        """Have all threads work until so many frames are decoded in all; return the memory held then."""
        self.frames = frames
        with ThreadPoolExecutor(THREADS) as pool:
            for task in [pool.submit(self.work) for _ in range(THREADS)]:
                task.result()
        gc.collect()
        return resident()


def stages(frames: int) -> Iterator[int]:
    """Yield at how many frames the memory is measured: after the warm-up, then four times."""
    first = int(frames * WARM_UP)
    return (first + (frames - first) * part // 4 for part in range(5))


def soaked(frames: int, folder: Path) -> dict[str, object]:
    """Decode so many frames and return what became of memory, files and results."""
    files = samples(folder)
    load, start = Load(files, frames), monotonic()
    load.run(max(frames // 100, 1))  # pools and modules are there
    before = open_files()
    memory = [load.run(stage) for stage in stages(frames)]
    left = open_files() - before
    return {
        "frames": load.done,
        "files": len(files),
        "threads": THREADS,
        "seconds": round(monotonic() - start, 1),
        "memory": memory,
        "growth": memory[-1] - memory[0],
        "wrong": dict(load.wrong),
        "left_open": {name: number for name, number in left.items() if name.startswith("/")},
    }


def main(arguments: list[str] | None = None) -> int:
    """Run, print the report, and say whether all was well."""
    parser = argparse.ArgumentParser(prog="soak.load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--report", type=Path)
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        report = soaked(given.frames, Path(folder))
    text = json.dumps(report)
    if given.report is not None:
        given.report.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    growth = report["growth"]
    assert isinstance(growth, int)
    return int(bool(growth > GROWTH or report["wrong"] or report["left_open"]))


if __name__ == "__main__":
    sys.exit(main())
