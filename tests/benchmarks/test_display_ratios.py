"""Times of transforms and of the picture as ratios to pydicom's functions."""

import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

import dicompix.pixels
from benchmarks.conftest import Race, Row
from dicompix import Image
from dicompix.pixels.codecs.base import Stored

ROUNDS = 5
SIDE = 4096


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def large_ct() -> Dataset:
    """Return pydicom's CT, tiled to 4096 x 4096, with noise so that neighbours differ, and a window."""
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    tiles = np.tile(dataset.pixel_array, (SIDE // 128, SIDE // 128))
    noise = np.random.default_rng(0).integers(0, 16, tiles.shape, dtype=np.int16)
    dataset.Rows = dataset.Columns = SIDE
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.PixelData = (tiles + noise).tobytes()
    return dataset


@cache
def colour() -> Stored:
    """Return pydicom's RGB example, tiled to about 2048 x 2048."""
    dataset = pydicom.dcmread(str(get_testdata_file("examples_rgb_color.dcm", download=False)))
    return np.ascontiguousarray(np.tile(dataset.pixel_array, (9, 7, 1))[:2048, :2048])


def always(work: Callable[[], object]) -> Callable[[], Callable[[], object]]:
    """Return a contender that needs no preparation."""
    return lambda: work


def chain(stored: Stored, dataset: Dataset) -> Stored:
    """Do what scripts do today: modality, VOI, then scale to 8 bits."""
    values = pydicom.pixels.apply_voi_lut(pydicom.pixels.apply_modality_lut(stored, dataset), dataset)
    low, high = values.min(), values.max()
    scaled: Stored = ((values - low) / (high - low) * 255).astype(np.uint8)
    return scaled


def test_display(race: Race) -> None:
    dataset = large_ct()
    stored, image = dataset.pixel_array, Image(dataset)
    theirs, ours = always(lambda: chain(stored, dataset)), always(image.display)
    race.run("display, 4096 x 4096 int16", theirs, ours, rounds=ROUNDS, goal=("faster", 12))


def test_apply_voi_lut(race: Race) -> None:
    dataset = large_ct()
    modality = pydicom.pixels.apply_modality_lut(dataset.pixel_array, dataset)
    theirs = always(lambda: pydicom.pixels.apply_voi_lut(modality, dataset))
    ours = always(lambda: dicompix.pixels.apply_voi_lut(modality, dataset))
    race.run("apply_voi_lut, 4096 x 4096 float64", theirs, ours, rounds=ROUNDS, goal=("faster", 3))


@pytest.mark.parametrize(("workers", "goal"), [(1, 3), (2, 4.5)])
@pytest.mark.parametrize("spaces", [("YBR_FULL", "RGB"), ("RGB", "YBR_FULL")], ids="-".join)
def test_convert_color_space(
    workers: int, goal: float, spaces: tuple[str, str], race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICOMPIX_WORKERS", str(workers))
    arr = colour()
    theirs = always(lambda: pydicom.pixels.convert_color_space(arr, *spaces))
    ours = always(lambda: dicompix.pixels.convert_color_space(arr, *spaces))
    label = f"convert_color_space {' to '.join(spaces)}, {workers} threads"
    race.run(label, theirs, ours, rounds=ROUNDS, goal=("faster", goal))


def test_apply_color_lut(race: Race) -> None:
    arr = np.ascontiguousarray(colour()[..., 0])
    theirs = always(lambda: pydicom.pixels.apply_color_lut(arr, palette="PET"))
    ours = always(lambda: dicompix.pixels.apply_color_lut(arr, palette="PET"))
    race.run("apply_color_lut, 2048 x 2048 uint8", theirs, ours, rounds=ROUNDS, goal=("faster", 3))


def test_display_memory(add_row: Callable[[Row], None]) -> None:
    image = Image(large_ct())
    image.display()
    tracemalloc.start()
    picture = image.display()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    allowed = picture.nbytes + 16_000_000
    texts = (f"{allowed / 1e6:.1f} MB", f"{peak / 1e6:.1f} MB")
    add_row(Row("display, peak memory of what is allowed", *texts, peak / allowed, "≤ 1", peak <= allowed))
