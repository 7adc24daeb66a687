import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import Lut, PresentationLut, ToDisplay

p_values = st.lists(st.floats(0, 1), min_size=1)


@given(p=p_values)
def test_identity_and_inverse_sum_to_one(p: list[float]) -> None:
    values = np.array(p)
    assert np.array_equal(PresentationLut()(values), values)
    assert PresentationLut("INVERSE")(values) + values == pytest.approx(np.ones(len(p)))


@given(value=st.integers(100, 200), others=st.lists(st.integers(-500, 5000)))
def test_a_values_result_does_not_depend_on_its_neighbours(value: int, others: list[int]) -> None:
    # known defect 6 of pydicom: the image's own minimum and maximum decide there
    lut = Lut(np.arange(4096), 0, 12)
    step = PresentationLut(lut=lut, input_range=(0, 4095))
    assert step(np.array([value, *others]))[0] * 4095 == pytest.approx(value)


def test_sequence_spreads_the_range_over_the_entries() -> None:
    lut = Lut(np.array([0, 1000, 65535]), 0, 16)
    step = PresentationLut(lut=lut, input_range=(10, 20))
    assert (step(np.array([0, 10, 12.4, 12.5, 17.4, 17.6, 20, 99])) * 65535).round().tolist() == [
        *(0, 0, 0, 1000, 1000, 65535, 65535, 65535)
    ]


def test_range_of_a_voi_lut_normalises_it() -> None:
    assert PresentationLut(input_range=(0, 65535))(np.array([0, 65535, 13107], np.uint16)).tolist() == [0, 1, 0.2]


@pytest.mark.parametrize(
    ("shape", "input_range"), [("LIN OD", (0, 1)), ("IDENTITY", (1, 1)), ("IDENTITY", (0, float("inf")))]
)
def test_bad_shape_or_range_is_refused(shape: str, input_range: tuple[float, float]) -> None:
    with pytest.raises(TransformError):
        PresentationLut(shape, input_range=input_range)


@given(p=p_values)
def test_display_is_the_rounded_level(p: list[float]) -> None:
    assert ToDisplay()(np.array(p)).tolist() == [int(255 * one + 0.5) for one in p]


def test_display_of_what_is_out_of_range() -> None:
    odd = np.array([-0.1, 1.5, np.nan, -np.inf, np.inf])
    assert ToDisplay()(odd).tolist() == [0, 255, 0, 0, 255]
    assert np.isnan(odd[2])


def test_every_8_bit_level_comes_back() -> None:
    levels = np.arange(256)
    assert np.array_equal(ToDisplay()(PresentationLut(input_range=(0, 255))(levels)), levels)
