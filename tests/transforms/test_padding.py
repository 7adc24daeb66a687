import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.transforms import PaintPadding, Pipeline, PixelPadding, Rescale, YbrToRgb, reinterpret

words = st.integers(-32768, 32767)


@given(value=words, limit=words, stored=st.lists(words))
def test_range_is_inclusive_in_either_order(value: int, limit: int, stored: list[int]) -> None:
    values = np.array([*stored, value, limit], np.int16)
    low, high = min(value, limit), max(value, limit)
    assert PixelPadding(value, limit).mask(values).tolist() == [low <= one <= high for one in values.tolist()]


def test_a_single_value() -> None:
    assert PixelPadding(63536).mask(np.array([[63536, 0]], np.uint16)).tolist() == [[True, False]]


def test_a_value_that_the_type_cannot_hold_matches_nothing() -> None:
    assert not PixelPadding(-2000).mask(np.arange(65536, dtype=np.uint16)).any()
    assert PixelPadding(-2000, 1).mask(np.array([0, 1, 2], np.uint16)).tolist() == [True, True, False]


def test_float_variants() -> None:
    stored = np.array([-1.5, 0.1, np.nan, 3e38], np.float32)
    assert PixelPadding(float(np.float32(0.1))).mask(stored).tolist() == [False, True, False, False]
    assert PixelPadding(float("nan")).mask(stored).tolist() == [False, False, True, False]
    assert PixelPadding(1e38, 4e38).mask(stored).tolist() == [False, False, False, True]
    with pytest.raises(TransformError, match="needed numbers"):
        PixelPadding(float("nan"), 1)


@given(value=words)
def test_reinterpreting_there_and_back(value: int) -> None:
    unsigned = reinterpret(value, signed=False, bits=16)
    assert unsigned == int(np.array(value, np.int16).view(np.uint16))
    assert reinterpret(unsigned, signed=True, bits=16) == value


def test_painting_by_stored_value_before_the_steps() -> None:
    steps = PaintPadding(PixelPadding(-2000, -1990), Rescale(2, 4000), background=-1)
    stored = np.array([-2000, -1995, -1989, 0], np.int16)
    assert steps(stored).tolist() == [-1, -1, 22, 4000]
    assert stored.tolist() == [-2000, -1995, -1989, 0]


def test_painting_no_steps_leaves_the_input() -> None:
    stored = np.array([0, 5], np.int16)
    assert PaintPadding(PixelPadding(0), Pipeline(), background=9)(stored).tolist() == [9, 5]
    assert stored.tolist() == [0, 5]


def test_painting_compiles_where_the_steps_do() -> None:
    fmt = PixelFormat(rows=1, columns=1, bits_allocated=16, bits_stored=16, signed=True)
    chain = Pipeline((PaintPadding(PixelPadding(-32768), Rescale(1, 0), background=0),))
    assert chain.compile(fmt)(np.array([-32768, -32767], np.int16)).tolist() == [0, -32767]
    assert not PaintPadding(PixelPadding(0), YbrToRgb("YBR_FULL")).elementwise
