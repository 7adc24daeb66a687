from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import RAMPS, Window

FUNCTIONS = sorted(RAMPS)


def by_the_standard(x: float, c: float, w: float, function: str) -> float:
    """C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2 with ymin 0 and ymax 1."""
    if function == "SIGMOID":
        return 1 / (1 + exp(min(-4 * (x - c) / w, 700)))
    low, high = (c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2) if function == "LINEAR" else (c - w / 2, c + w / 2)
    if x <= low:
        return 0
    if x > high:
        return 1
    return ((x - (c - 0.5)) / (w - 1) + 0.5) if function == "LINEAR" else (x - c) / w + 0.5


windows = st.builds(
    Window,
    center=st.floats(-2000, 2000),
    width=st.floats(1, 5000) | st.just(1.0),
    function=st.sampled_from(FUNCTIONS),
    output=st.sampled_from([(0.0, 1.0), (0.0, 255.0), (-1024.1, 3071.3), (7.0, -3.0)]),
)
values = st.lists(st.integers(-32768, 32767), min_size=1, max_size=30)


@given(window=windows, stored=values)
def test_follows_the_formulas(window: Window, stored: list[int]) -> None:
    low, high = window.output
    ramp = [by_the_standard(x, window.center, window.width, window.function) for x in stored]
    expected = [y * (high - low) + low for y in ramp]
    assert window(np.array(stored, np.int16)) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@given(window=windows, stored=values)
def test_never_falls_where_the_output_rises(window: Window, stored: list[int]) -> None:
    result = window(np.sort(np.array(stored, np.int16)))
    low, high = window.output
    assert np.all(np.diff(result) * (high - low) >= 0)
    assert min(low, high) - 1e-9 <= result.min() <= result.max() <= max(low, high) + 1e-9


@given(window=windows)
def test_far_ends_are_the_outputs_own_ends(window: Window) -> None:
    ends = window(np.array([-1e7, 1e7]))
    if window.function == "SIGMOID":
        assert ends == pytest.approx(window.output)
    else:
        assert ends.tolist() == list(window.output)


def test_the_standards_own_example() -> None:
    # C.11.2.1.2.1: center 2048, width 4096 maps 0..4095 onto the whole output range
    assert Window(2048, 4096, output=(0, 255))(np.array([0, 4095])).tolist() == [0, 255]
    # and center 0, width 100: x <= -50 is ymin, x > 49 is ymax
    assert Window(0, 100)(np.array([-51, -50, 49, 50])).tolist() == [0, 0, 1, 1]
    assert Window(0, 100)(np.array([-49])) == pytest.approx([1 / 99])
    # and center 0, width 1: x <= -0.5 is ymin, x > -0.5 is ymax
    assert Window(0, 1, output=(3, 4))(np.array([-1, -0.5, -0.49, 0])).tolist() == [3, 3, 4, 4]


def test_linear_exact_example() -> None:
    # C.11.2.1.3.2: center 0, width 100: x <= -50 is ymin, x > 50 is ymax
    assert Window(0, 100, "LINEAR_EXACT")(np.array([-50, 0, 25, 50])).tolist() == [0, 0.5, 0.75, 1]


def test_sigmoid_does_not_overflow() -> None:
    result = Window(0, 1e-3, "SIGMOID", (0, 10))(np.array([-(2**31), 0, 2**31 - 1], np.int32))
    assert result[0] == pytest.approx(0, abs=1e-200)
    assert result[1:].tolist() == [5, 10]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_input_untouched(function: str) -> None:
    stored = np.array([1.0, 2.0, 3.0])
    assert Window(2, 2, function)(stored).dtype == np.float64
    assert stored.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("width", "function", "phrase"),
    [
        (0.999, "LINEAR", "greater than or equal to 1 for a 'LINEAR' windowing operation"),
        (0, "LINEAR_EXACT", "greater than 0 for a 'LINEAR_EXACT' windowing operation"),
        (-1, "SIGMOID", "greater than 0 for a 'SIGMOID' windowing operation"),
        (10, "linear", "Unsupported .* VOI LUT Function value 'linear'"),
        (float("nan"), "LINEAR", "finite"),
    ],
)
def test_out_of_domain_is_refused(width: float, function: str, phrase: str) -> None:
    with pytest.raises(TransformError, match=phrase):
        Window(40, width, function)


def test_narrow_windows_in_their_domain_are_taken() -> None:
    assert Window(0.25, 0.5, "LINEAR_EXACT")(np.array([0, 0.25, 0.5])).tolist() == [0, 0.5, 1]
