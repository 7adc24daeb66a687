"""Decoding in worker processes that are there already: time as a ratio to the same work in threads of this process."""

import warnings
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import pytest

import dicompix
from benchmarks.conftest import Contender, Race
from benchmarks.workloads import FRAMES, RECIPES, Workload, workload
from dicompix.pixels.decode import isolation

ROUNDS = 15


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module", autouse=True)
def _workers() -> Iterator[None]:
    with dicompix.isolated():
        yield


def decoding(work: Workload, *, isolated: bool) -> Contender:
    """Return a contender: all frames of a file that was just opened, here or in the workers."""

    def prepare() -> Callable[[], object]:
        image = dicompix.open_image(BytesIO(work.file))
        return image.stored if isolated else lambda: here(image.stored)

    return prepare


def here(job: Callable[[], object]) -> object:
    """Return what a job returns outside of isolation."""
    held = isolation.copy()
    isolation.clear()
    try:
        return job()
    finally:
        isolation.extend(held)


@pytest.mark.parametrize("name", RECIPES)
def test_isolation(name: str, race: Race) -> None:
    work = workload(name)
    image = dicompix.open_image(BytesIO(work.file))
    np.testing.assert_array_equal(image.stored(), here(image.stored))
    contenders = (decoding(work, isolated=False), decoding(work, isolated=True))
    race.run(f"{name}, {FRAMES} frames, isolated()", *contenders, rounds=ROUNDS, goal=("slower", 1.2))
