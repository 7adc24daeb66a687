"""Reading a series of 200 native CT slices: time as a ratio to pydicom's loop, memory as a ratio to the volume."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_modality_lut

from benchmarks import memory
from benchmarks.conftest import Race, Row
from benchmarks.workloads import SLICES, write_series
from dicompix.volume import read_volume

ROUNDS = 7


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 200 slices."""
    return write_series(tmp_path_factory.mktemp("series"))


def by_pydicom(folder: Path, values: str) -> Any:
    """Stack a series as scripts do, by file names."""
    files = map(pydicom.dcmread, sorted(folder.iterdir()))
    if values == "stored":
        return np.stack([file.pixel_array for file in files])
    return np.stack([apply_modality_lut(file.pixel_array, file) for file in files])


@pytest.mark.parametrize("values", ["stored", "modality"])
def test_series(values: Any, series: Path, race: Race) -> None:
    np.testing.assert_array_equal(read_volume(series, values=values).array, by_pydicom(series, values))
    theirs = lambda: lambda: by_pydicom(series, values)  # noqa: E731
    ours = lambda: lambda: read_volume(series, values=values)  # noqa: E731
    race.run(f"series of {SLICES} native slices, {values} values", theirs, ours, rounds=ROUNDS, goal=("faster", 2))


@pytest.mark.skipif(not memory.RESET.exists(), reason="peak memory is read from Linux's /proc")
def test_series_memory(series: Path, add_row: Callable[[Row], None]) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.test_volume_ratios", str(series)]
    folder = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    peak, volume = map(int, done.stdout.split())
    texts = (f"{1.1 * volume / 1e6:.1f} MB", f"{peak / 1e6:.1f} MB")
    add_row(
        Row(
            f"series of {SLICES} slices, peak memory of what is allowed",
            *texts,
            peak / (1.1 * volume),
            "≤ 1",
            peak <= 1.1 * volume,
        )
    )


if __name__ == "__main__":
    path = sys.argv[1]
    size = read_volume(path, values="stored").array.nbytes  # libraries and threads are there from now on
    sys.stdout.write(f"{memory.peak_of(lambda: read_volume(path, values='stored'))} {size}")
