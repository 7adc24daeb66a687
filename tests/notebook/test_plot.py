"""`image.plot()`: the picture of `display` on axes in millimetres, a colour bar in modality units."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameIndexError
from dicompix.pixels.image.library import MissingLibraryError

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

Make = Callable[..., Dataset]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


@pytest.fixture
def stored() -> Stored:
    return np.arange(0, 4096, 34, dtype=np.uint16)[:120].reshape(10, 12)


def bar_of(axes: Any) -> Any:
    """Return the axes of the colour bar, None without one."""
    others = [other for other in axes.figure.axes if other is not axes]
    return others[0] if others else None


def shade(axes: Any, value: float) -> int:
    """Return the gray level, 0 to 255, that the colour bar shows for a value."""
    mapped = bar_of(axes)._colorbar.mappable
    level: int = round(255 * mapped.to_rgba(value)[0])
    return level


def test_the_picture_is_that_of_display(make: Make, stored: Stored) -> None:
    image = dicompix.Image(make(stored, RescaleSlope=1, RescaleIntercept=-1024, Modality="CT"))
    for voi in (0, "auto", (40, 400)):
        shown = image.plot(voi=voi).images[0]
        np.testing.assert_array_equal(shown.get_array(), image.display(voi=voi))
        assert (shown.norm.vmin, shown.norm.vmax) == (0, 255)


def test_axes_are_millimetres_from_the_first_pixels_centre(make: Make, stored: Stored) -> None:
    axes = dicompix.Image(make(stored, PixelSpacing=[2, 0.5])).plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("mm", "mm")
    assert axes.images[0].get_extent() == [-0.25, 5.75, 19, -1]
    assert axes.get_aspect() == 1


def test_spacing_of_a_frame_is_its_own(make: Make, stored: Stored) -> None:
    dataset = make(np.stack([stored, stored]), frames=2, PixelSpacing=[9, 9])
    items = []
    for spacing in (1, 3):
        measures, item = Dataset(), Dataset()
        measures.PixelSpacing = [spacing, spacing]
        item.PixelMeasuresSequence = Sequence([measures])
        items.append(item)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(items)
    image = dicompix.Image(dataset)
    assert image.plot(0).images[0].get_extent() == [-0.5, 11.5, 9.5, -0.5]
    axes = image.plot(-1)
    assert axes.images[0].get_extent() == [-1.5, 34.5, 28.5, -1.5]
    assert axes.get_title() == "frame 1 of 2"


def test_without_spacing_axes_are_pixels(make: Make, stored: Stored) -> None:
    axes = dicompix.Image(make(stored, PixelAspectRatio=[2, 1])).plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("column", "row")
    assert axes.images[0].get_extent() == [-0.5, 11.5, 9.5, -0.5]
    assert axes.get_aspect() == 2


def test_the_colour_bar_has_the_window_and_the_unit(make: Make, stored: Stored) -> None:
    image = dicompix.Image(make(stored, RescaleSlope=1, RescaleIntercept=-1024, Modality="CT"))
    axes = image.plot(voi=(40, 401))
    bar = bar_of(axes)
    assert bar.get_ylabel() == "HU"
    # LINEAR (PS3.3 C.11.2.1.2.1): from 40 - 0.5 - 200 to 40 - 0.5 + 200
    assert (bar._colorbar.vmin, bar._colorbar.vmax) == (-160.5, 239.5)
    assert [shade(axes, value) for value in (-500, -160, 239, 900)] == [0, 0, 255, 255]
    assert abs(shade(axes, 39.5) - 128) <= 1


@pytest.mark.parametrize(
    ("elements", "ends", "label", "dark"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, (29.5, 129.5), "stored value", 129),
        ({"RescaleSlope": 2, "RescaleIntercept": 0, "RescaleType": "US"}, (29.5, 129.5), "modality value", 30),
        ({"VOILUTFunction": "LINEAR_EXACT"}, (29.5, 130.5), "stored value", 30),
        ({"VOILUTFunction": "SIGMOID"}, (-21, 181), "stored value", -20),
        # a window outside of what rescale can give was meant for stored values, as in many PET and MR files
        ({"Modality": "PT", "RescaleSlope": 0.001, "RescaleIntercept": 0}, (0.0295, 0.1295), "modality value", 0.03),
        (
            {"Modality": "PT", "RescaleSlope": -0.001, "RescaleIntercept": 0},
            (-0.1295, -0.0295),
            "modality value",
            -0.03,
        ),
    ],
)
def test_colour_bars_of_other_views(
    make: Make, stored: Stored, elements: dict[str, Any], ends: tuple[float, float], label: str, dark: float
) -> None:
    image = dicompix.Image(make(stored, WindowCenter=80, WindowWidth=101, **elements))
    axes = image.plot()
    bar = bar_of(axes)
    assert (bar._colorbar.vmin, bar._colorbar.vmax) == pytest.approx(ends)
    assert bar.get_ylabel() == label
    assert shade(axes, dark) < 10
    np.testing.assert_array_equal(axes.images[0].get_array(), image.display())


def test_a_threshold_has_a_bar_from_black_to_white(make: Make, stored: Stored) -> None:
    axes = dicompix.Image(make(stored)).plot(voi=(40.5, 1))  # above 40 all is white (PS3.3 C.11.2.1.2.1)
    bar = bar_of(axes)
    assert (bar._colorbar.vmin, bar._colorbar.vmax) == (39.5, 40.5)
    assert (shade(axes, 39.6), shade(axes, 40.4)) == (0, 255)


def test_odd_attributes_are_reported_as_by_display(make: Make, stored: Stored) -> None:
    image = dicompix.Image(make(stored, WindowCenter=80, WindowWidth=0))
    with pytest.warns(dicompix.PixelWarning, match="Window Width is outside its domain"):
        image.plot()


def test_the_unit_of_pet_is_its_units(make: Make, stored: Stored) -> None:
    # PET Image has no Rescale Type (PS3.3 C.8.9.1, C.8.9.4)
    elements = {"RescaleSlope": 2, "RescaleIntercept": 0, "Modality": "PT", "Units": "BQML"}
    assert bar_of(dicompix.Image(make(stored, **elements)).plot()).get_ylabel() == "BQML"
    assert bar_of(dicompix.Image(make(stored, RescaleType="SUV", **elements)).plot()).get_ylabel() == "SUV"


@pytest.mark.parametrize("spacing", [[1, 1], [1, 9], [9, 1]])
@pytest.mark.parametrize("layout", [None, "constrained", "tight"])
def test_a_colour_bar_is_as_high_as_the_picture(make: Make, stored: Stored, spacing: list[float], layout: Any) -> None:
    from matplotlib import pyplot as plt

    figure, both = plt.subplots(1, 2, layout=layout)
    for axes in both:
        dicompix.Image(make(stored, PixelSpacing=spacing)).plot(ax=axes)
    figure.canvas.draw()
    bars: list[Any] = figure.axes[2:]
    for axes, bar in zip(both, bars, strict=True):
        arrows = bar._colorbar._extend_patches
        drawn = [patch.get_window_extent() for patch in arrows] + [bar.get_window_extent()]
        low, high = min(box.y0 for box in drawn), max(box.y1 for box in drawn)
        picture = axes.get_window_extent()
        assert (low, high) == pytest.approx((picture.y0, picture.y1), abs=1)
        assert 0 < bar.get_window_extent().x0 - picture.x1 < 0.2 * figure.bbox.width


def test_colour_has_no_bar_and_axes_may_be_given(make: Make) -> None:
    from matplotlib import pyplot as plt

    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    figure, (left, right) = plt.subplots(1, 2)
    image = dicompix.Image(make(picture))
    assert image.plot(ax=right) is right
    np.testing.assert_array_equal(right.images[0].get_array(), picture)
    assert figure.axes == [left, right]
    assert not left.images


def test_the_place_under_the_cursor_is_told_with_its_value(make: Make, stored: Stored) -> None:
    elements = {"RescaleSlope": 1, "RescaleIntercept": -1024, "Modality": "CT", "PixelSpacing": [2, 0.5]}
    axes = dicompix.Image(make(stored, **elements)).plot()
    # row 3 and column 4: pixel 40 of 12 columns, stored 40 * 34
    assert axes.format_coord(2.1, 5.7) == f"row 3, column 4: {40 * 34 - 1024} HU"
    assert axes.format_coord(-50, 0) == "row 0, column -100"


def test_there_is_no_such_frame(make: Make, stored: Stored) -> None:
    with pytest.raises(FrameIndexError, match="no frame 1"):
        dicompix.Image(make(stored)).plot(1)


def test_without_matplotlib_the_error_says_what_to_install(
    make: Make, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "dicompix\[notebook\]"'):
        dicompix.Image(make(stored)).plot()
