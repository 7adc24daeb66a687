import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import Rescale


def test_hounsfield_units_by_hand() -> None:
    stored = np.array([[0, 1024], [4095, 65535]], np.uint16)
    assert Rescale(1, -1024)(stored).tolist() == [[-1024, 0], [3071, 64511]]


def test_result_is_new_float64_and_input_untouched() -> None:
    stored = np.array([1.5, 2.5])
    modality = Rescale(2, 0)(stored)
    assert modality.dtype == np.float64
    assert stored.tolist() == [1.5, 2.5]


def test_uint64_does_not_wrap() -> None:
    assert Rescale(1, -1)(np.array([0, 2**40], np.uint64)).tolist() == [-1, 2**40 - 1]


@given(
    slope=st.floats(0.01, 100).flatmap(lambda m: st.sampled_from([m, -m])),
    intercept=st.floats(-5000, 5000),
    stored=st.lists(st.integers(-32768, 32767), min_size=1),
)
def test_the_inverse_rescale_gives_the_stored_values_back(slope: float, intercept: float, stored: list[int]) -> None:
    values = np.array(stored, np.int16)
    back = Rescale(1 / slope, -intercept / slope)(Rescale(slope, intercept)(values))
    assert np.abs(back - values).max() < 1e-6


@pytest.mark.parametrize(("slope", "intercept"), [(float("nan"), 0), (1, float("inf"))])
def test_numbers_that_are_none_are_refused(slope: float, intercept: float) -> None:
    with pytest.raises(TransformError, match="finite"):
        Rescale(slope, intercept)
