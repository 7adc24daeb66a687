"""Times as ratios to pydicom and to the bare codecs, memory as a ratio to what the result and the codec need."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import dicompix
from benchmarks import memory
from benchmarks.conftest import Contender, Race, Row
from benchmarks.workloads import FRAMES, RECIPES, Workload, many_small, native, workload
from dicompix.pixels.codecs.base import Stored

ROUNDS, ACCESSES = 9, 2000
TIMED = [name for name, recipe in RECIPES.items() if recipe.goal]
Read = Callable[[BytesIO], Any]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def access(read: Read, file: bytes) -> Contender:
    """Return a contender: the first `pixel_array` of a data set just read."""

    def prepare() -> Callable[[], object]:
        dataset = read(BytesIO(file))
        return lambda: dataset.pixel_array

    return prepare


def cached_access(read: Read, file: bytes) -> Contender:
    """Return a contender: many more accesses to `pixel_array`."""
    dataset = read(BytesIO(file))
    assert dataset.pixel_array is dataset.pixel_array

    def work() -> None:
        for _ in range(ACCESSES):
            dataset.pixel_array  # noqa: B018  # the access is what is timed

    return lambda: work


def stored(work: Workload, workers: int, out: Stored) -> Contender:
    """Return a contender: all frames into one array that is there already."""

    def prepare() -> Callable[[], object]:
        image = dicompix.open_image(BytesIO(work.file))
        return lambda: image.stored(workers=workers, out=out)

    return prepare


def bare(work: Workload, out: Stored, threads: int = 1) -> Contender:
    """Return a contender: the bare codec in a loop into the same array, or in as many loops as threads."""

    def loop(first: int) -> None:
        for i in range(first, len(out), threads):
            work.recipe.bare(work.encoded[i], out[i])

    pool = ThreadPoolExecutor(threads)
    return lambda: (lambda: loop(0)) if threads == 1 else lambda: list(pool.map(loop, range(threads)))


def test_first_access(race: Race) -> None:
    file = native()
    theirs, ours = access(pydicom.dcmread, file), access(dicompix.dcmread, file)
    race.run("pixel_array, first access, native 512 x 512", theirs, ours, rounds=200, goal=("faster", 4))


def test_cached_access(race: Race) -> None:
    file = native()
    theirs, ours = cached_access(pydicom.dcmread, file), cached_access(dicompix.dcmread, file)
    race.run(f"pixel_array, {ACCESSES} cached accesses", theirs, ours, rounds=ROUNDS, goal=("faster", 25))


@pytest.mark.parametrize("name", RECIPES)
def test_all_frames_against_pydicom(name: str, race: Race) -> None:
    work = workload(name)
    theirs, ours = access(pydicom.dcmread, work.file), access(dicompix.dcmread, work.file)
    goal = ("faster", work.recipe.goal)
    race.run(f"{name}, {FRAMES} frames, against pydicom", theirs, ours, rounds=ROUNDS, goal=goal)


@pytest.mark.parametrize("name", RECIPES)
def test_one_worker_against_the_bare_codec(name: str, race: Race) -> None:
    work = workload(name)
    out = np.zeros_like(work.recipe.pixels())
    race.run(f"{name}, one worker, bare", bare(work, out), stored(work, 1, out), rounds=ROUNDS, goal=("slower", 1.1))


@pytest.mark.parametrize("name", RECIPES)
def test_two_workers_against_the_bare_codec(name: str, race: Race) -> None:
    work = workload(name)
    out = np.zeros_like(work.recipe.pixels())
    race.run(f"{name}, two workers, bare", bare(work, out), stored(work, 2, out), rounds=ROUNDS, goal=("faster", 1.4))


def test_what_two_threads_can_do_here(race: Race) -> None:
    work = workload("JPEG lossless")
    out = np.zeros_like(work.recipe.pixels())
    race.run("(this machine: two bare threads)", bare(work, out), bare(work, out, 2), rounds=ROUNDS, goal=("faster", 0))


def test_by_index_against_iterating(race: Race) -> None:
    file = many_small()

    def prepare(walk: Callable[[dicompix.Image], object]) -> Contender:
        def opened() -> Callable[[], object]:
            image = dicompix.open_image(BytesIO(file))
            return lambda: walk(image)

        return opened

    iterating = prepare(lambda image: sum(1 for _ in image))
    by_index = prepare(lambda image: sum(1 for i in range(len(image)) if image[i] is not None))
    race.run("4,000 frames, no table: index, iterate", iterating, by_index, rounds=ROUNDS, goal=("slower", 1.1))


@pytest.mark.skipif(not memory.RESET.exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize("name", RECIPES)
def test_peak_memory(name: str, tmp_path: Path, add_row: Callable[[Row], None]) -> None:
    work = workload(name)
    file = tmp_path / "workload.dcm"
    file.write_bytes(work.file)
    ours, codec = (_measured(who, name, file) for who in ("ours", "bare"))
    needed = max(work.recipe.pixels().nbytes, codec)
    allowed = 1.1 * needed + len(work.file)
    texts = (f"{allowed / 1e6:.1f} MB", f"{ours / 1e6:.1f} MB")
    add_row(Row(f"{name}, peak memory of what is allowed", *texts, ours / allowed, "≤ 1", ours <= allowed))


def _measured(who: str, name: str, file: Path) -> int:
    command = [sys.executable, "-m", "benchmarks.memory", who, name, str(file)]
    folder = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return int(done.stdout)
