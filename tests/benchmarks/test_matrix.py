"""Every transfer syntax, and the work that is no syntax's, by every reader there is: times and peaks of memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import matrix_files as files
from benchmarks.conftest import MATRIX
from benchmarks.contenders import CONTENDERS
from benchmarks.linearity import SIZES, measure_growth
from benchmarks.matrix import EVERYBODY, Contest, Worker, measure
from benchmarks.matrix_files import EXACT, FRAMES, KINDS, TILES
from benchmarks.report import Matrix
from benchmarks.test_display_ratios import large_ct
from benchmarks.workloads import SLICES, color, write_series
from dicompix.pixels import syntaxes as s

Compete = Callable[[Contest], None]
RESCALE, NO_RESCALE = (1.0, -1024.0), (1.0, 0.0)  # CT_small's; colour has none
MANY = {s.EXPLICIT_LITTLE: 200, s.RLE_LOSSLESS: 100, s.JPEG_LOSSLESS_SV1: 100, s.HTJ2K_LOSSLESS: 100}
LARGE = {
    s.EXPLICIT_LITTLE: 4096,
    s.JPEG_LOSSLESS_SV1: 2048,
    s.JPEG_LS: 2048,
    s.JPEG_2000_LOSSLESS: 2048,
    s.HTJ2K_LOSSLESS: 2048,
}


@pytest.fixture(scope="session")
def workers() -> Iterator[dict[str, Worker]]:
    """Give each contender's process."""
    started = {name: Worker(name) for name in EVERYBODY}
    yield started
    for worker in started.values():
        worker.stop()


@pytest.fixture
def results(request: pytest.FixtureRequest) -> Matrix:
    """Give what this run has measured, to add to."""
    return request.config.stash.setdefault(MATRIX, Matrix())


@pytest.fixture
def compete(workers: dict[str, Worker], results: Matrix, tmp_path: Path) -> Compete:
    """Give `compete(contest)`, which measures one row by all that have a way to do it."""

    def run(contest: Contest) -> None:
        names = [name for name in EVERYBODY if contest.job["do"] in CONTENDERS[name]]
        results.outcomes.append(measure(contest, workers, names, tmp_path))
        for file in tmp_path.glob("*.dcm"):
            file.unlink()

    return run


def stored(group: str, what: str, uid: str, path: Path, frames: int) -> Contest:
    """Return the row of reading one file of one syntax."""
    kind = KINDS[uid]
    job = {"do": "stored", "path": str(path), "uid": uid}
    judged = kind.encode is not None and s.syntax_for(uid).family not in {"native", "deflated"} and frames > 1
    rescale = NO_RESCALE if kind.pixels is color else RESCALE
    return Contest(group=group, what=what, job=job, near=kind.near, rescale=rescale, frames=frames, judged=judged)


def exact_pixels(uid: str, frames: int) -> Any:
    """Return what comes out of a lossless coding; None for a lossy one."""
    return None if s.syntax_for(uid).lossy else files.repeated(uid, frames)[0]


@pytest.mark.parametrize("uid", KINDS)
def test_one_frame(uid: str, compete: Compete, tmp_path: Path) -> None:
    compete(stored("one frame", KINDS[uid].label, uid, files.many_frames(tmp_path, uid, 1), 1))


@pytest.mark.parametrize("uid", KINDS)
def test_several_frames(uid: str, compete: Compete, tmp_path: Path) -> None:
    row = stored(f"{FRAMES} frames", KINDS[uid].label, uid, files.many_frames(tmp_path, uid, FRAMES), FRAMES)
    compete(row.of(exact_pixels(uid, FRAMES)))


@pytest.mark.parametrize("uid", MANY)
def test_many_frames(uid: str, compete: Compete, tmp_path: Path) -> None:
    frames = MANY[uid]
    what = f"{frames} frames of 512 x 512, {KINDS[uid].label}"
    compete(stored("larger work", what, uid, files.many_frames(tmp_path, uid, frames), frames))


@pytest.mark.parametrize("uid", LARGE)
def test_large_frame(uid: str, compete: Compete, tmp_path: Path) -> None:
    side = LARGE[uid]
    what = f"1 frame of {side} x {side}, {KINDS[uid].label}"
    compete(stored("larger work", what, uid, files.large(tmp_path, uid, side), 1))


def test_random_tiles(compete: Compete, tmp_path: Path) -> None:
    path, uid = files.tiled(tmp_path), s.JPEG_BASELINE
    numbers = np.random.default_rng(4).choice(TILES, 50, replace=False).tolist()
    job = {"do": "tiles", "path": str(path), "uid": uid, "numbers": numbers}
    what = f"50 random tiles of {TILES}, JPEG baseline"
    compete(Contest(group="larger work", what=what, job=job, near=KINDS[uid].near, frames=50))


def test_series(compete: Compete, tmp_path: Path) -> None:
    folder = tmp_path / "series"
    folder.mkdir()
    job = {"do": "series", "path": str(write_series(folder))}
    what = f"series of {SLICES} native slices of 512 x 512"
    compete(Contest(group="larger work", what=what, job=job, near=EXACT, rescale=RESCALE, frames=SLICES, judged=False))


def test_display(compete: Compete, tmp_path: Path) -> None:
    path = tmp_path / "display.dcm"
    large_ct().save_as(path)
    job = {"do": "display", "path": str(path)}
    compete(Contest(group="larger work", what="picture of 4096 x 4096, int16", job=job, near=(2.0, 1.0), judged=False))


@pytest.mark.parametrize("uid", [s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS])
def test_compress(uid: str, compete: Compete, tmp_path: Path) -> None:
    path = files.many_frames(tmp_path, s.EXPLICIT_LITTLE, FRAMES)
    what = f"compress {FRAMES} frames, {KINDS[uid].label}"
    job = {"do": "encode", "path": str(path), "uid": uid}
    compete(Contest(group="larger work", what=what, job=job, frames=FRAMES, judged=False))


def test_growth(workers: dict[str, Worker], results: Matrix, tmp_path: Path) -> None:
    paths = {size: files.small_frames(tmp_path, size) for size in SIZES}
    results.growth = measure_growth(paths, workers)
