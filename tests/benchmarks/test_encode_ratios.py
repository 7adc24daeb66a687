"""Encoding, as ratios to `Dataset.compress` of pydicom with its plugins."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
from pydicom.dataset import Dataset

from benchmarks.conftest import Contender, Race
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.encode import encode_all
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.testing import make_format
from support.builders import data_set

FRAMES, ROUNDS = 24, 3
GOALS = {
    s.RLE_LOSSLESS: 1.5,
    s.JPEG_LS: 1.5,
    s.JPEG_2000_LOSSLESS: 1.5,
}


def series() -> Stored:
    """Return 24 frames of 512 x 512, 16 bits used: smooth with the noise of a scanner."""
    y, x = np.mgrid[:512, :512]
    noise = np.random.default_rng(1).normal(0, 300, (FRAMES, 512, 512))
    waves = 30000 + 15000 * np.sin(x / 40) + 10000 * np.cos(y / 31)
    frames: Stored = (waves + noise).clip(0, 65535).astype(np.uint16)
    return frames


def theirs(frames: Stored, uid: str) -> Contender:
    """Return a contender: pydicom's compress on a fresh data set."""
    fmt = PixelFormat(rows=512, columns=512, bits_allocated=16, bits_stored=16, frames=FRAMES)
    described = data_set(fmt, frames.tobytes())

    def prepare() -> Callable[[], object]:
        fresh: Dataset = deepcopy(described)
        return lambda: fresh.compress(uid, generate_instance_uid=False)

    return prepare


def ours(frames: Stored, uid: str) -> Contender:
    fmt = make_format((512, 512), 16, transfer_syntax=uid)
    return lambda: lambda: encode_all(frames, fmt)


@pytest.mark.parametrize("uid", GOALS)
def test_encoding(uid: str, race: Race) -> None:
    frames = series()
    name = f"encode {FRAMES} x 512 x 512, 16 bit, {s.syntax_for(uid).name}"
    race.run(name, theirs(frames, uid), ours(frames, uid), rounds=ROUNDS, goal=("faster", GOALS[uid]))
