"""What a viewer is sent: the current frame, and nothing more; without anywidget, an error that says what to install."""

import warnings
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameIndexError, TransformError
from dicompix.pixels.image.library import MissingLibraryError
from dicompix.pixels.image.shown import show
from dicompix.pixels.image.viewer import BINS, Feed, histogram

Make = Callable[..., Dataset]
Example = Callable[[str], Path]


def content(dataset: Dataset, frame: int = 0, voi: Any = 0) -> dict[str, Any]:
    return Feed(dicompix.Image(dataset)).content(frame, voi)


def test_a_gray_frame_is_its_samples_and_a_table_of_the_values_that_occur(make: Make) -> None:
    stored = np.array([[[5, 6], [7, 9]], [[1, 2], [3, 4]]], np.uint16)
    dataset = make(stored, frames=2, RescaleSlope=2, RescaleIntercept=-1024, Modality="CT")
    found = content(dataset, voi=(-1010, 8))
    assert (found["frame"], found["frames"], found["size"], found["type"]) == (0, 2, (2, 2), "uint16")
    assert np.frombuffer(found["stored"], "<u2").tolist() == [5, 6, 7, 9]
    assert found["first"] == 5
    assert np.frombuffer(found["values"], "<f8").tolist() == [-1014, -1012, -1010, -1008, -1006]
    # (x + 1010.5) / 7 + 0.5: 0, 0.286, 0.571, 0.857, 1
    assert list(found["shades"]) == [0, 73, 146, 219, 255]
    assert (found["unit"], found["measured"], found["physical"]) == ("HU", "values", None)
    assert (found["window"], found["samples"], found["overlay"]) == ((-1010, 8), (), None)
    assert content(dataset, 1)["first"] == 1


def test_presets_come_with_names(make: Make) -> None:
    stored = np.arange(4, dtype=np.uint16).reshape(2, 2)
    elements = {"WindowCenter": [40, 480], "WindowWidth": [80, 2500], "WindowCenterWidthExplanation": ["BRAIN", ""]}
    table = Dataset()
    table.LUTDescriptor, table.LUTData, table.LUTExplanation = [4, 0, 8], [0, 1, 2, 255], "CURVE"
    found = content(make(stored, VOILUTSequence=Sequence([table]), **elements))["presets"]
    assert [voi for voi, _ in found] == [0, 1, 2, "full", "auto", None]
    assert [name for _, name in found][:3] == ["VOI LUT CURVE", "BRAIN (40 / 80)", "480 / 2500"]
    assert content(make(stored, VOILUTFunction="SIGMOID", **elements))["presets"][1][1] == "480 / 2500 SIGMOID"


@pytest.mark.parametrize(
    ("elements", "voi", "window"),
    [
        ({}, 0, (51, 100)),  # the range present: 51 - 0.5 less and more 49.5 is 1 and 100
        ({"WindowCenter": 40, "WindowWidth": 80}, 0, (40, 80)),
        ({"WindowCenter": 40, "WindowWidth": 80}, "full", (51, 100)),
        ({"RescaleSlope": 0.001, "RescaleIntercept": 0}, "full", (0.0505, 0.099)),
        # stored units, as windows of PET often have
        (
            {"RescaleSlope": 0.001, "RescaleIntercept": 0, "Modality": "PT", "WindowCenter": 80, "WindowWidth": 50},
            0,
            (0.08, 0.05),
        ),
    ],
)
def test_dragging_starts_from_the_window_shown(
    make: Make, elements: dict[str, Any], voi: Any, window: tuple[float, float]
) -> None:
    stored = np.arange(1, 101, dtype=np.uint16).reshape(10, 10)
    assert content(make(stored, **elements), voi=voi)["window"] == pytest.approx(window)


def test_another_view_of_the_frame_is_its_shades_and_is_not_decoded_again(make: Make) -> None:
    class Counting(dicompix.Image):
        decoded = 0

        def frame(self, *given: Any, **named: Any) -> Any:
            Counting.decoded += 1
            return super().frame(*given, **named)

    image = Counting(make(np.arange(12, dtype=np.uint16).reshape(3, 2, 2), frames=3, WindowCenter=5, WindowWidth=6))
    feed = Feed(image)
    feed.content(1, 0)
    sent = feed.shades(1, None)
    assert Counting.decoded == 1
    assert set(sent) == {"frame", "voi", "shades", "window"}
    assert list(sent["shades"]) == image.display(1, voi=None).reshape(-1).tolist()
    assert feed.shades(1, (4.0, 5.0)) == {}
    assert "no view 4" in feed.shades(1, 4)["error"]


def test_colour_is_its_picture(make: Make) -> None:
    stored = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    found = content(make(stored))
    assert found["stored"] == found["shades"] == stored.tobytes()
    assert (found["samples"], found["first"], found["values"], found["presets"]) == (("R", "G", "B"), None, None, ())
    assert found["unit"] == ""


def test_wide_samples_are_one_entry_a_pixel(make: Make) -> None:
    stored = np.array([[0, 2**31], [2**32 - 1, 7]], np.uint32)
    found = content(make(stored, RescaleSlope=0.5, RescaleIntercept=0))
    assert (found["first"], found["type"]) == (None, "uint32")
    assert np.frombuffer(found["values"]).tolist() == [0, 2**30, (2**32 - 1) / 2, 3.5]
    assert list(found["shades"]) == [0, 128, 255, 0]


def test_big_endian_samples_are_sent_little_endian(example: Example) -> None:
    with dicompix.open_image(example("MR_small_bigendian.dcm")) as image:
        found = Feed(image).content(0, 0)
        np.testing.assert_array_equal(np.frombuffer(found["stored"], "<i2").reshape(64, 64), image[0])


def test_an_overlay_is_a_bit_a_pixel(example: Example) -> None:
    with dicompix.open_image(example("examples_overlay.dcm")) as image:
        sent = Feed(image).content(0, 0)["overlay"]
        bits = np.unpackbits(np.frombuffer(sent, np.uint8), bitorder="little", count=300 * 484).reshape(300, 484)
        expected = image.overlays[0].mask(300, 484)
        assert expected.any()
        np.testing.assert_array_equal(bits.astype(bool), expected)


def test_an_overlay_that_cannot_be_shown_is_left_out(make: Make) -> None:
    dataset = make(np.eye(4, dtype=np.uint8))
    dataset.add_new(0x60000010, "US", None)
    dataset.add_new(0x60000011, "US", None)
    found = content(dataset)
    assert found["overlay"] is None
    assert "error" not in found


def test_what_is_wrong_is_sent_not_raised(example: Example, make: Make) -> None:
    feed = Feed(dicompix.open_image(example("MR_truncated.dcm")))
    assert feed.content(0, 0)["error"].startswith("FrameIndexError: frame 0 needs 8192 bytes, found 8130")
    assert "error" in content(make(np.eye(3, dtype=np.uint8)), voi="missing")


def histogram_of(make: Make, stored: Stored, **elements: Any) -> dict[str, Any]:
    image = dicompix.Image(make(stored, **elements))
    found = histogram(show(image, 0, image.frame(0)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("elements", "axis"),
    [
        ({}, "stored value"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "Modality": "CT"}, "HU"),
        ({"RescaleSlope": 2, "RescaleIntercept": 0}, "modality value"),
        # PET Image has no Rescale Type: Units are those of its modality values (PS3.3 C.8.9.1)
        ({"RescaleSlope": 2, "RescaleIntercept": 0, "Modality": "PT", "Units": "BQML"}, "BQML"),
        # a rescale that is not for display: the window works on stored values (PS3.3 C.8.7.1.1.2)
        (
            {"RescaleSlope": 2, "RescaleIntercept": 0, "Modality": "XA", "PixelIntensityRelationship": "LOG"},
            "stored value",
        ),
    ],
)
def test_a_histograms_axis_is_what_a_window_works_on(make: Make, elements: dict[str, Any], axis: str) -> None:
    assert content(make(np.arange(4, dtype=np.uint16).reshape(2, 2), **elements))["axis"] == axis


def test_findings_are_told_and_nobody_is_warned(make: Make) -> None:
    stored = np.arange(4, dtype=np.uint16).reshape(2, 2)
    image = dicompix.Image(make(stored, WindowCenter=2, WindowWidth=0))
    feed = Feed(image)
    assert content(make(stored))["findings"] == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as in python -W error: an exception here would be seen by nobody
        found = feed.content(0, 0)
        assert "error" not in found | feed.shades(0, None)
    assert (found["found"], found["findings"]) == ("1 finding", [str(image.findings[0])])
    assert found["findings"][0].startswith("window-width: Window Width is outside its domain")


def test_what_is_missing_of_a_broken_frame_is_told_and_not_counted(make: Make) -> None:
    dataset = make(np.arange(100, 200, dtype=np.uint16).reshape(10, 10))
    dataset.PixelData = dataset.PixelData[:150]  # 75 pixels of 100
    for raw in (dataset, None):
        if raw is None:  # samples too wide for a table
            dataset = make(np.arange(100, 200, dtype=np.uint32).reshape(10, 10))
            dataset.PixelData = dataset.PixelData[:300]
        found = Feed(dicompix.Image(dataset, errors="salvage")).content(0, 0)
        bits = np.unpackbits(np.frombuffer(found["missing"], np.uint8), bitorder="little", count=100)
        assert bits.tolist() == [0] * 75 + [1] * 25
        counted = found["histogram"]
        assert (sum(counted["counts"]), counted["least"], counted["most"]) == (75, 100, 174)
    assert content(make(np.eye(2, dtype=np.uint8)))["missing"] is None


def test_whatever_goes_wrong_is_told_not_raised(make: Make) -> None:
    class Worst(dicompix.Image):
        def frame(self, *given: Any, **named: Any) -> Any:
            raise ZeroDivisionError("division by zero")

    image = Worst(make(np.eye(3, dtype=np.uint8)))
    found = Feed(image).content(0, 0)
    assert (found["error"], found["frames"]) == ("ZeroDivisionError: division by zero", 1)
    assert Feed(image).shades(0, "auto")["error"] == "ZeroDivisionError: division by zero"


def test_a_histogram_counts_values_and_not_padding(make: Make) -> None:
    stored = np.array([[0, 0, 3, 3], [3, 5, 5, 900]], np.uint16)
    found = histogram_of(make, stored, RescaleSlope=10, RescaleIntercept=-1000, PixelPaddingValue=900)
    assert found["counts"] == [2, 0, 0, 3, 0, 2]
    assert (found["least"], found["most"]) == (-1000, -950)
    assert (found["low"], found["high"]) == (-1005, -945)


def test_each_bar_has_as_many_stored_values(make: Make) -> None:
    stored = np.arange(600, dtype=np.uint16).reshape(20, 30)
    found = histogram_of(make, stored, RescaleSlope=0.1, RescaleIntercept=-7)
    assert found["counts"] == [3] * 200
    assert histogram_of(make, np.full((4, 4), 7, np.uint8))["counts"] == [16]


def test_large_frames_are_sampled(make: Make) -> None:
    stored = np.zeros((2048, 1024), np.uint8)
    stored[1024:] = 1
    found = histogram_of(make, stored)
    assert found["counts"] == [1 << 19, 1 << 19]
    wide = histogram_of(make, stored.astype(np.uint32))
    assert (sum(wide["counts"]), len(wide["counts"])) == (1 << 20, BINS)


def test_without_anywidget_the_error_says_what_to_install(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(MissingLibraryError, match=r'anywidget is not installed.*pip install "dicompix\[notebook\]"'):
        dicompix.Image(make(np.eye(3, dtype=np.uint8))).view()


def test_the_widgets_traits_are_checked(make: Make) -> None:
    pytest.importorskip("anywidget")
    viewer = dicompix.Image(make(np.zeros((3, 2, 2), np.uint8), frames=3)).view(-1, voi="AUTO")
    assert (viewer.frame, viewer.voi) == (2, "auto")
    viewer.frame, viewer.voi = -3, [40, 80]
    assert (viewer.frame, viewer.voi, viewer._content["frame"], viewer._shades) == (0, (40.0, 80.0), 0, {})
    viewer.voi = None
    assert viewer._shades["voi"] is None
    with pytest.raises(FrameIndexError, match="no frame 3"):
        viewer.frame = 3
    with pytest.raises(TransformError, match="voi is"):
        viewer.voi = (1, 2, 3)
    viewer.close()


def test_where_no_widget_can_be_there_is_a_picture(make: Make) -> None:
    pytest.importorskip("anywidget")
    image = dicompix.Image(make(np.array([[0, 255]], np.uint8)))
    viewer = image.view(voi=(128, 256))
    data, _ = viewer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(viewer) == f"<Viewer of frame 0, voi=(128.0, 256.0): {image!r}>"
    picture = pillow.open(BytesIO(b64decode(data["image/png"])))
    assert np.asarray(picture).tolist() == [[0, 255]]
    viewer.close()
