"""Images in JupyterLab and Notebook 7, in headless Chromium: cells run, slider and window dragged, pixels compared."""

import io
import json
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom.data import get_testdata_file

import dicompix
from dicompix.pixels.codecs.base import Stored

Run = Callable[..., Any]
APPS = ("lab", "notebook")

SETUP = """import dicompix
import numpy as np
from pydicom.data import get_testdata_file
def opened(name): return dicompix.open_image(get_testdata_file(name, download=False))
"""
# A CT of three frames, with padding outside and two windows by name.
SERIES = (
    SETUP
    + """
ds = dicompix.dcmread(get_testdata_file("CT_small.dcm", download=False))
first = ds.pixel_array
frames = np.stack([first, first[::-1], first.T])
frames[:, :8] = -2000
ds.PixelData, ds.NumberOfFrames = frames.tobytes(), 3
ds.PixelPaddingValue = -2000
ds.WindowCenter, ds.WindowWidth, ds.WindowCenterWidthExplanation = [40, 480], [400, 2500], ["SOFT", "BONE"]
image = dicompix.Image(ds)
"""
)


@pytest.fixture(scope="module")
def series() -> dicompix.Image:
    names: dict[str, Any] = {}
    exec(SERIES, names)
    image = names["image"]
    assert isinstance(image, dicompix.Image)
    return image


def decoded(url: str) -> Stored:
    return np.asarray(pillow.open(io.BytesIO(b64decode(url.split(",")[1]))).convert("RGB"))


def rgb(picture: Stored) -> Stored:
    return picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)


def shown(page: Any, frame: int, voi: Any = None) -> Stored:
    """Return the viewer's picture once it shows a frame, and a view where one is given."""
    page.wait_for_function(
        """([frame, voi]) => {
            const painted = document.querySelector(".dicompix-viewer")?.dataset.painted ?? "";
            return painted.startsWith(`${frame} `) && (voi === null || painted === `${frame} ${voi}`);
        }""",
        arg=[frame, voi],
    )
    return decoded(page.evaluate("document.querySelector('.dicompix-picture').toDataURL()"))


def painted(page: Any) -> Any:
    """Return the view that was drawn last."""
    text = page.evaluate("document.querySelector('.dicompix-viewer').dataset.painted")
    return json.loads(text.split(" ", 1)[1])


def settle(voi: Any) -> Any:
    return tuple(voi) if isinstance(voi, list) else voi


def execute(page: Any, code: str) -> str:
    """Run a cell below the others and return the text that it prints."""
    page.evaluate(
        """async code => {
            const {commands, shell} = window.jupyterapp;
            await commands.execute("notebook:insert-cell-below");
            shell.currentWidget.content.activeCell.model.sharedModel.setSource(code);
            await commands.execute("notebook:run-cell");
        }""",
        code,
    )
    output = page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
    output.wait_for()
    return str(output.inner_text()).strip()


def drag(page: Any, selector: str, start: tuple[float, float], stop: tuple[float, float], *, steps: int = 8) -> None:
    """Drag from one place in an element to another, both as parts of its width and height."""
    element = page.locator(selector)
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    ends = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, stop)]
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=steps)
    page.mouse.up()
    # the last place is drawn with the browser's next picture
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("app", APPS)
def test_an_image_shows_itself(run: Run, app: str) -> None:
    page = run(SETUP + 'opened("examples_overlay.dcm")', app=app)
    picture = page.wait_for_selector(".jp-OutputArea-output img")
    path = get_testdata_file("examples_overlay.dcm", download=False)
    with dicompix.open_image(str(path)) as image:
        expected = rgb(image.thumbnail(size=320))
    np.testing.assert_array_equal(decoded(picture.get_attribute("src")), expected)
    assert "MR · 1 frame of 300 × 484 · MONOCHROME2" in page.locator(".jp-OutputArea-output").inner_text()  # noqa: RUF001


def test_text_of_the_file_does_not_become_markup(run: Run) -> None:
    page = run(
        SERIES
        + """
ds.WindowCenterWidthExplanation = ["<img src=x onerror='document.title=1'>", "<b>B"]
ds.Modality = "<script>document.title = 1</script>"
image""",
        "image.view()",
    )
    page.wait_for_selector(".jp-OutputArea-output img")
    shown(page, 0)
    assert page.locator(".jp-OutputArea-output").locator("b, script, img[src=x]").count() == 0
    assert "<script>" in page.locator(".jp-OutputArea-output").first.inner_text()
    assert page.title() != "1"


@pytest.mark.parametrize("app", APPS)
def test_the_slider_and_the_window_are_dragged(run: Run, series: dicompix.Image, app: str) -> None:
    page = run(SERIES + "viewer = image.view()\nviewer", app=app)
    start = shown(page, 0)
    np.testing.assert_array_equal(start, rgb(series.display(0)))
    drag(page, ".dicompix-frame", (0.02, 0.5), (0.98, 0.5))
    np.testing.assert_array_equal(shown(page, 2), rgb(series.display(2)))
    drag(page, ".dicompix-stage", (0.5, 0.5), (0.7, 0.4))
    voi = settle(painted(page))
    assert isinstance(voi, tuple)
    assert voi[0] < 40
    assert voi[1] > 400
    windowed = shown(page, 2)
    assert (windowed != rgb(series.display(2))).any()
    np.testing.assert_array_equal(windowed, rgb(series.display(2, voi=voi)))
    # padding stays black
    assert not windowed[:8].any()
    # ipywidgets keeps changes back while the kernel is busy, so the last may come after a cell that was run at once
    told = (execute(page, "import json; print(json.dumps([viewer.frame, viewer.voi]))") for _ in range(10))
    assert any(json.loads(text) == [2, list(voi)] for text in told)
    # the window stays when another frame is chosen
    page.locator(".dicompix-stage").press("ArrowLeft")
    np.testing.assert_array_equal(shown(page, 1), rgb(series.display(1, voi=voi)))


def test_presets_numbers_invert_and_reset(run: Run, series: dicompix.Image) -> None:
    page = run(SERIES + "viewer = image.view(frame=1)\nviewer")
    np.testing.assert_array_equal(shown(page, 1, "0"), rgb(series.display(1)))
    options = page.locator(".dicompix-preset option").all_inner_texts()
    assert options[:4] == ["SOFT (40 / 400)", "BONE (480 / 2500)", "full range", "auto: 0.5 to 99.5 %"]
    for option, voi in (("full range", "full"), ("auto: 0.5 to 99.5 %", "auto"), ("BONE (480 / 2500)", 1)):
        page.locator(".dicompix-preset").select_option(label=option)
        np.testing.assert_array_equal(shown(page, 1, json.dumps(voi)), rgb(series.display(1, voi=voi)))
    page.locator(".dicompix-width").select_text()
    page.keyboard.type("321")
    page.keyboard.press("Enter")
    np.testing.assert_array_equal(shown(page, 1, "[480,321]"), rgb(series.display(1, voi=(480, 321))))
    page.locator(".dicompix-reset").click()
    soft = series.display(1)
    np.testing.assert_array_equal(shown(page, 1, "0"), rgb(soft))
    page.locator(".dicompix-invert").click()
    page.wait_for_function("document.querySelector('.dicompix-invert').getAttribute('aria-pressed') === 'true'")
    inverted = 255 - soft
    inverted[:8] = 0
    np.testing.assert_array_equal(shown(page, 1), rgb(inverted))
    cells = page.locator(".jp-CodeCell").count()
    page.locator(".dicompix-stage").focus()
    page.keyboard.type("dda")  # which would delete the notebook's cell, and add one
    assert page.locator(".jp-CodeCell").count() == cells


def test_the_viewer_is_there_again_when_the_page_is_loaded_again(run: Run, series: dicompix.Image) -> None:
    page = run(SERIES + "viewer = image.view(2, voi=(7, 80))\nviewer")
    shown(page, 2)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    np.testing.assert_array_equal(shown(page, 2), rgb(series.display(2, voi=(7, 80))))


def test_python_drives_the_viewer_too(run: Run, series: dicompix.Image) -> None:
    page = run(SERIES + "viewer = image.view()\nviewer")
    shown(page, 0)
    execute(page, "viewer.frame, viewer.voi = -1, (100, 50)\nprint(1)")
    np.testing.assert_array_equal(shown(page, 2), rgb(series.display(2, voi=(100, 50))))
    execute(page, "viewer.voi = 'bone'\nprint(2)")
    np.testing.assert_array_equal(shown(page, 2, '"bone"'), rgb(series.display(2, voi=1)))
    assert page.locator(".dicompix-preset option:checked").inner_text() == "BONE (480 / 2500)"
    text = "try:\n    viewer.frame = 3\nexcept Exception as problem:\n    print(type(problem).__name__, problem)"
    assert execute(page, text) == "FrameIndexError there is no frame 3: the image has 3 frames"
    for width, stage in (("700px", 692), ("300px", 292)):
        execute(page, f"viewer.layout.width = '{width}'\nprint(3)")
        wide = "width => document.querySelector('.dicompix-stage').getBoundingClientRect().width === width"
        page.wait_for_function(wide, arg=stage)


def test_only_the_frame_shown_travels(run: Run) -> None:
    code = """
class Many(dicompix.Image):
    asked = []
    def frame(self, index, **options):
        Many.asked.append(index)
        return super().frame(index)
viewer = Many(ds).view(1)
print(Many.asked, len(viewer._content["stored"]))"""
    page = run(SERIES + code)
    output = page.wait_for_selector(".jp-OutputArea-output")
    assert output.inner_text().strip() == f"[1] {128 * 128 * 2}"


def test_a_slow_kernel_is_asked_for_the_last_frame_and_not_for_all(run: Run) -> None:
    code = """
import time
class Slow(dicompix.Image):
    asked = []
    def frame(self, index, **options):
        Slow.asked.append(index)
        time.sleep(0.2)
        return super().frame(index)
ds.PixelData, ds.NumberOfFrames = np.stack([first] * 300).tobytes(), 300
ds.WindowCenter, ds.WindowWidth = 40, 400
del ds.WindowCenterWidthExplanation
viewer = Slow(ds).view()
viewer"""
    page = run(SERIES + code)
    shown(page, 0)
    began = time.monotonic()
    drag(page, ".dicompix-frame", (0.02, 0.5), (0.98, 0.5), steps=150)
    shown(page, 299)
    seconds = time.monotonic() - began
    asked = json.loads(execute(page, "print(Slow.asked)"))
    assert asked[-1] == 299
    assert len(asked) <= seconds / 0.2 + 2
    assert len(asked) < 100  # of 150 places on the way


def test_two_viewers_fit_beside_each_other_and_scroll_together(run: Run, series: dicompix.Image) -> None:
    code = """
from ipywidgets import HBox, jslink
left, right = image.view(), image.view(voi=1)
jslink((left, "frame"), (right, "frame"))
HBox([left, right])"""
    page = run(SERIES + code)
    pictures = page.locator(".dicompix-picture")
    page.wait_for_function("document.querySelectorAll('.dicompix-viewer[data-painted]').length === 2")
    page.locator(".dicompix-stage").first.press("End")
    page.wait_for_function("document.querySelectorAll('.dicompix-viewer')[1].dataset.painted === '2 1'")
    picture = decoded(pictures.last.evaluate("canvas => canvas.toDataURL()"))
    np.testing.assert_array_equal(picture, rgb(series.display(2, voi=1)))
    room = page.locator(".jp-OutputArea-output").bounding_box()
    box = pictures.last.bounding_box()
    assert 100 < box["width"] < 512
    assert box["x"] + box["width"] <= room["x"] + room["width"]
