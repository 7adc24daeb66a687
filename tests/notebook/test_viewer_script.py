"""viewer.js in a browser, without Jupyter: its picture for any window is that of `display`, pixel by pixel."""

import io
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.image import viewer
from dicompix.pixels.image.viewer import Feed

Make = Callable[..., Dataset]
Example = Callable[[str], Path]
Draw = Callable[..., Stored]

# A model as ipywidgets has it: bytes come as views into a larger buffer.
PAGE = """async ([script, style, content, shared]) => {
    const url = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
    const module = await import(url);
    const unpack = (value) => {
        if (Array.isArray(value) || value === null || typeof value !== "object") return value;
        if (!("base64" in value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpack(v)]));
        const bytes = Uint8Array.from(" " + atob(value.base64), (c) => c.charCodeAt(0));
        return new DataView(bytes.buffer, 1);
    };
    const state = {_content: unpack(content), _shades: {}, invert: false, overlays: false, ...shared};
    const heard = {};
    window.model = {
        get: (name) => state[name],
        set(name, value) { state[name] = value; for (const act of heard[`change:${name}`] ?? []) act(); },
        on: (name, act) => (heard[name] ??= []).push(act),
        off: (name) => delete heard[name],
        save_changes() { window.saved = (window.saved ?? 0) + 1; },
    };
    window.answer = (name, value) => window.model.set(name, unpack(value)); // as Python does
    window.viewer = module;
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const place = document.createElement("div");
    place.style.width = "520px"; // as ipywidgets lays it out
    document.body.replaceChildren(sheet, place);
    window.stop = module.default.render({model: window.model, el: place});
}"""


def packed(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: packed(one) for name, one in value.items()}
    return value


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 700, "height": 900})
    page.goto("about:blank")
    yield page
    page.close()


def picture_of(page: Any) -> Stored:
    """Return what the canvas holds after the next drawing."""
    url = page.evaluate(
        """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
            () => done(document.querySelector(".dicompix-picture").toDataURL()))))"""
    )
    rgba = np.asarray(pillow.open(io.BytesIO(b64decode(url.split(",")[1]))).convert("RGBA"))
    assert (rgba[..., 3] == 255).all()
    return rgba[..., :3]


def rgb(picture: Stored) -> Stored:
    return picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)


@pytest.fixture
def open_page(page: Any) -> Callable[..., Any]:
    """Give `open_page(image, voi=0, frame=0)`: the page with the viewer of an image on it."""

    def opened(image: dicompix.Image, voi: Any = 0, frame: int = 0) -> Any:
        content = packed(Feed(image).content(frame, voi))
        script, style = (Path(viewer.__file__).with_name(f"viewer.{kind}").read_text("utf-8") for kind in ("js", "css"))
        shared = {"voi": list(voi) if isinstance(voi, tuple) else voi, "frame": frame}
        page.evaluate(PAGE, [script, style, content, shared])
        return page

    return opened


def lut(first: int, bits: int, entries: Stored, **others: Any) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item.LUTData = entries.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    for name, value in others.items():
        setattr(item, name, value)
    return item


def gray_images(make: Make) -> Iterator[tuple[str, dicompix.Image]]:
    rng = np.random.default_rng(5)
    signed = rng.integers(-2048, 2048, (24, 30), np.int16)
    unsigned = rng.integers(0, 4096, (24, 30), np.uint16)
    ct = {"RescaleSlope": 1, "RescaleIntercept": -1024, "Modality": "CT"}
    twelve = {"BitsStored": 12, "HighBit": 11}
    yield "int16", dicompix.Image(make(signed, **twelve))
    yield "rescaled", dicompix.Image(make(unsigned, **twelve, **ct))
    odd = {"RescaleSlope": -0.3, "RescaleIntercept": 17.1}
    yield "negative slope", dicompix.Image(make(unsigned, **twelve, **odd))
    yield "MONOCHROME1", dicompix.Image(make(unsigned, PhotometricInterpretation="MONOCHROME1", **twelve))
    yield "8 bits", dicompix.Image(make((unsigned >> 4).astype(np.uint8)))
    padded = unsigned.copy()
    padded[:5] = 4000
    yield "padding", dicompix.Image(make(padded, PixelPaddingValue=4000, **twelve, **ct))
    presentation = lut(0, 10, np.round(1023 * np.linspace(0, 1, 256) ** 2.2))
    yield "Presentation LUT", dicompix.Image(make(unsigned, PresentationLUTSequence=Sequence([presentation]), **twelve))
    modality = lut(0, 16, rng.integers(0, 65536, 4096), ModalityLUTType="OD")
    yield "Modality LUT", dicompix.Image(make(unsigned, ModalityLUTSequence=Sequence([modality]), **twelve))
    xray = {"PixelIntensityRelationship": "LOG", "Modality": "XA", "RescaleSlope": 2, "RescaleIntercept": 0}
    yield "rescale not for display", dicompix.Image(make(unsigned, **twelve, **xray))
    yield "32 bits", dicompix.Image(make(rng.integers(0, 2**32, (24, 30), np.uint32), RescaleSlope=1e-6))
    colored = {"PixelPresentation": "MIXED", **palette(3000, 64)}
    yield "supplemental palette", dicompix.Image(make(np.where(unsigned < 3064, unsigned, 0), **twelve, **colored))


def palette(first: int, entries: int) -> dict[str, Any]:
    ramp = np.linspace(0, 65535, entries).astype("<u2")
    found: dict[str, Any] = {}
    for color, table in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp // 3)):
        found[f"{color}PaletteColorLookupTableDescriptor"] = [entries, first, 16]
        found[f"{color}PaletteColorLookupTableData"] = table.tobytes()
    return found


NAMES = (
    *("int16", "rescaled", "negative slope", "MONOCHROME1", "8 bits", "padding", "Presentation LUT", "Modality LUT"),
    *("rescale not for display", "32 bits", "supplemental palette"),
)


def windows_of(image: dicompix.Image) -> list[tuple[float, float]]:
    """Return windows inside, outside, narrow, and with ends that are no whole numbers."""
    modality = image.modality()
    rng = np.random.default_rng(1)
    low, high = float(modality.min()), float(modality.max())
    random = [
        (float(c), float(w)) for c, w in zip(rng.uniform(low, high, 8), rng.uniform(0, high - low, 8), strict=True)
    ]
    return [*random, (low, 1.0), (high, 2.0), ((low + high) / 2, 0.25), (40.0, 400.0)]


@pytest.mark.parametrize("name", NAMES)
def test_any_window_gives_the_picture_of_display(make: Make, open_page: Callable[..., Any], name: str) -> None:
    image = dict(gray_images(make))[name]
    page = open_page(image)
    np.testing.assert_array_equal(picture_of(page), rgb(image.display()))
    seen = set()
    for window in windows_of(image):
        page.evaluate("window => model.set('voi', window)", list(window))
        picture = picture_of(page)
        np.testing.assert_array_equal(picture, rgb(image.display(voi=window)), err_msg=str(window))
        seen.add(picture.tobytes())
    assert len(seen) > 5


def test_float_pixels_not_a_number_and_infinite(open_page: Callable[..., Any], example: Example) -> None:
    dataset = dicompix.dcmread(example("CT_small.dcm"))
    values = np.random.default_rng(2).normal(0, 1, (128, 128)).astype(np.float32)
    values[0, :3] = np.nan, np.inf, -np.inf
    del dataset.PixelData, dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.BitsAllocated, dataset.FloatPixelData = 32, values.tobytes()
    image = dicompix.Image(dataset)
    page = open_page(image)
    for window in [(0.0, 0.5), (0.3, 3.7), (-1.0, 1.0)]:
        page.evaluate("window => model.set('voi', window)", list(window))
        np.testing.assert_array_equal(picture_of(page), rgb(image.display(voi=window)))


@pytest.mark.parametrize(
    "name", ["examples_palette.dcm", "examples_rgb_color.dcm", "examples_ybr_color.dcm", "SC_rgb_rle_16bit.dcm"]
)
def test_colour_is_shown_without_a_window(open_page: Callable[..., Any], example: Example, name: str) -> None:
    image = dicompix.open_image(example(name))
    page = open_page(image)
    np.testing.assert_array_equal(picture_of(page), image.display())
    for part in ("preset", "window", "invert"):
        assert page.locator(f".dicompix-{part}").is_hidden()
    page.evaluate("model.set('invert', true)")
    np.testing.assert_array_equal(picture_of(page), image.display())


def test_invert_leaves_padding_and_overlay_is_white(
    make: Make, open_page: Callable[..., Any], example: Example
) -> None:
    image = dict(gray_images(make))["padding"]
    page = open_page(image)
    page.evaluate("model.set('invert', true)")
    expected = 255 - image.display()
    expected[:5] = 0
    np.testing.assert_array_equal(picture_of(page), rgb(expected))
    image = dicompix.open_image(example("examples_overlay.dcm"))
    page = open_page(image)
    page.locator(".dicompix-overlays").click()
    drawn = image.display(overlays=True)
    assert (drawn != image.display()).any()
    np.testing.assert_array_equal(picture_of(page), rgb(drawn))


def hover(page: Any, row: int, column: int) -> str:
    """Put the pointer on a pixel and return what the viewer says of it."""
    box = page.locator(".dicompix-picture").bounding_box()
    size = page.evaluate("[document.querySelector('canvas').width, document.querySelector('canvas').height]")
    x, y = box["x"] + (column + 0.5) * box["width"] / size[0], box["y"] + (row + 0.5) * box["height"] / size[1]
    page.mouse.move(x, y, steps=2)  # a pointer that has moved within the picture
    return " ".join(page.locator(".dicompix-status").inner_text().split())


def test_the_value_under_the_cursor(make: Make, open_page: Callable[..., Any]) -> None:
    stored = np.arange(12, dtype=np.uint16).reshape(3, 4)
    ct = dicompix.Image(make(stored, RescaleSlope=2, RescaleIntercept=-1024, Modality="CT"))
    assert hover(open_page(ct), 1, 2) == "row 1, column 2 stored 6 → -1012 HU"
    plain = dicompix.Image(make(stored.astype(np.int16) - 5))
    assert hover(open_page(plain), 2, 3) == "row 2, column 3 stored 6"
    elements = {"PixelIntensityRelationship": "LOG", "Modality": "XA", "RescaleSlope": 2, "RescaleIntercept": 1}
    assert hover(open_page(dicompix.Image(make(stored, **elements))), 0, 3) == "row 0, column 3 stored 3 → 7"
    color = dicompix.Image(make(np.arange(24, dtype=np.uint8).reshape(2, 4, 3)))
    assert hover(open_page(color), 1, 1) == "row 1, column 1 R 15 G 16 B 17"


def test_values_keep_the_digits_that_single_precision_has(make: Make, open_page: Callable[..., Any]) -> None:
    stored = np.array([[12345, 54321]], np.uint16)
    pet = dicompix.Image(make(stored, RescaleSlope=1.0123, RescaleIntercept=0, Modality="PT", Units="BQML"))
    # 54321 * 1.0123 = 54989.1483
    assert hover(open_page(pet), 0, 1) == "row 0, column 1 stored 54321 → 54989.15 BQML"


def test_a_palettes_index_is_told_with_its_colour(open_page: Callable[..., Any], example: Example) -> None:
    image = dicompix.open_image(example("examples_palette.dcm"))
    row, column = 20, 300
    red, green, blue = image.display()[row, column]
    expected = f"row 20, column 300 stored {image[0][row, column]} → R {red} G {green} B {blue}"
    assert hover(open_page(image), row, column) == expected


@pytest.mark.parametrize("spacing", [[1, 1], [1, 3], [2.5, 1]])
def test_the_cursor_is_right_to_the_last_pixel_and_when_zoomed_and_moved(
    make: Make, open_page: Callable[..., Any], spacing: list[float]
) -> None:
    stored = np.random.default_rng(7).permutation(37 * 53).astype(np.uint16).reshape(37, 53)
    elements = {"RescaleSlope": 0.5, "RescaleIntercept": -100.25, "Modality": "CT", "PixelSpacing": spacing}
    image = dicompix.Image(make(stored, **elements))
    page, modality = open_page(image), image.modality()

    def expected(row: int, column: int) -> str:
        return f"row {row}, column {column} stored {image[0][row, column]} → {modality[row, column]:g} HU"

    for row, column in ((0, 0), (0, 52), (36, 0), (36, 52), (18, 26)):
        assert hover(page, row, column) == expected(row, column)
    for _ in range(4):
        page.mouse.wheel(0, -100)
    page.locator(".dicompix-stage").focus()
    for key in ("Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    stage, picture = (page.locator(f".dicompix-{name}").bounding_box() for name in ("stage", "picture"))
    assert picture["width"] > 2 * stage["width"]
    # the middle of the stage lies in this pixel
    row = int((stage["y"] + stage["height"] / 2 - picture["y"]) / picture["height"] * 37)
    column = int((stage["x"] + stage["width"] / 2 - picture["x"]) / picture["width"] * 53)
    assert hover(page, row, column) == expected(row, column)


def test_zoom_keeps_the_pixel_under_the_cursor_and_dragging_with_shift_moves(
    make: Make, open_page: Callable[..., Any]
) -> None:
    page = open_page(dicompix.Image(make(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64))))
    before = hover(page, 20, 40)
    assert "row 20, column 40" in before
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.wait_for_function("document.querySelector('.dicompix-picture').getBoundingClientRect().width > 700")
    assert page.locator(".dicompix-status").inner_text().split() == before.split()
    voi = page.evaluate("model.get('voi')")
    left = page.locator(".dicompix-picture").bounding_box()["x"]
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(300, 300)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert page.locator(".dicompix-picture").bounding_box()["x"] != left
    assert page.evaluate("model.get('voi')") == voi
    page.keyboard.press("r")
    assert page.locator(".dicompix-picture").bounding_box()["width"] == pytest.approx(512)


def test_pixels_that_are_not_square(make: Make, open_page: Callable[..., Any]) -> None:
    image = dicompix.Image(make(np.eye(20, dtype=np.uint8), PixelSpacing=[1, 2]))
    box = open_page(image).locator(".dicompix-picture").bounding_box()
    assert (box["width"], box["height"]) == pytest.approx((512, 256))


@pytest.mark.parametrize(
    ("window", "move", "expected"),
    [
        ((40, 400), (100, 0), [40, 600]),  # half a window's width in 100 pixels
        ((40, 400), (0, -50), [-60, 400]),
        ((40, 400), (-1000, 0), [40, 1]),
        ((0.5, 1), (10, 10), [0.55, 1.05]),
        ((20000, 40000), (1, 3), [20600, 40200]),
    ],
)
def test_dragging(page: Any, open_page: Callable[..., Any], make: Make, window: Any, move: Any, expected: Any) -> None:
    page = open_page(dicompix.Image(make(np.eye(4, dtype=np.uint8))))
    assert page.evaluate("([window, move]) => viewer.dragged(window, ...move)", [window, move]) == expected


def test_the_preset_that_is_chosen(page: Any, open_page: Callable[..., Any], make: Make) -> None:
    open_page(dicompix.Image(make(np.eye(4, dtype=np.uint8))))
    own = [[0, "BRAIN (40 / 80)"], [1, "BONE (500 / 2000)"]]
    ranges = [["full", "full range"], ["auto", "auto"], [None, "all"]]
    cases = [
        (0, own + ranges, 0),
        (-1, own + ranges, 1),
        ("bone", own + ranges, 1),
        ("auto", own + ranges, 3),
        (None, own + ranges, 4),
        ([40, 80], own + ranges, -1),
        (0, ranges, 0),
    ]
    for voi, presets, place in cases:
        assert page.evaluate("([presets, voi]) => viewer.chosen(presets, voi)", [presets, voi]) == place, voi


def test_a_frame_that_cannot_be_decoded_shows_why(open_page: Callable[..., Any], example: Example) -> None:
    page = open_page(dicompix.open_image(example("MR_truncated.dcm")))
    assert "FrameIndexError" in page.locator(".dicompix-message").inner_text()
    assert page.locator(".dicompix-picture").is_hidden()


def test_the_histogram_is_drawn_with_the_window_on_it(make: Make, open_page: Callable[..., Any]) -> None:
    stored = np.repeat(np.arange(0, 200, dtype=np.uint8), 2).reshape(20, 20)
    page = open_page(dicompix.Image(make(stored, RescaleSlope=1, RescaleIntercept=0)))
    page.evaluate("model.set('voi', [100.5, 101])")
    picture_of(page)
    # the ramp runs from 50 to 150; the drawing from -0.5 to 199.5, one unit a value
    inside = page.locator(".dicompix-inside")
    assert (float(inside.get_attribute("x")), float(inside.get_attribute("width"))) == pytest.approx((50.5, 100))
    assert page.locator(".dicompix-counts").get_attribute("d").count("M") == 200
    assert page.locator(".dicompix-ends").inner_text().split() == ["0", "modality", "value", "199"]


def named_views(make: Make) -> Iterator[tuple[str, dicompix.Image]]:
    stored = np.random.default_rng(4).integers(0, 4096, (20, 30), np.uint16)
    windows = {"WindowCenter": [40, 480, -600], "WindowWidth": [80.5, 2500, 1]}
    ct = {"RescaleSlope": 1, "RescaleIntercept": -1024, "Modality": "CT", "BitsStored": 12, "HighBit": 11, **windows}
    yield "LINEAR", dicompix.Image(make(stored, **ct))
    yield "LINEAR_EXACT", dicompix.Image(make(stored, VOILUTFunction="LINEAR_EXACT", **ct))
    yield "SIGMOID", dicompix.Image(make(stored, VOILUTFunction="SIGMOID", **ct))
    table = lut(-1024, 16, np.round(65535 * np.linspace(0, 1, 4096) ** 0.5), LUTExplanation="ROOT")
    yield "VOI LUT", dicompix.Image(make(stored, VOILUTSequence=Sequence([table]), **ct))
    pet = {"Modality": "PT", "RescaleSlope": 0.001, "RescaleIntercept": 0}
    yield "stored units", dicompix.Image(make(stored, WindowCenter=[2000, 3000], WindowWidth=[800, 90], **pet))


@pytest.mark.parametrize("name", ["LINEAR", "LINEAR_EXACT", "SIGMOID", "VOI LUT", "stored units"])
def test_each_view_of_the_file_gives_the_picture_of_display(
    make: Make, open_page: Callable[..., Any], name: str
) -> None:
    image = dict(named_views(make))[name]
    page, feed = open_page(image), Feed(image)
    labels = page.locator(".dicompix-preset option").all_inner_texts()[:-1]
    views = [voi for voi, _ in feed.content(0, 0)["presets"]]
    assert len(labels) == len(views) >= 5
    for label, voi in reversed(list(zip(labels, views, strict=True))):
        page.locator(".dicompix-preset").select_option(label=label)
        assert page.evaluate("model.get('voi')") == voi
        page.evaluate("shades => answer('_shades', shades)", packed(feed.shades(0, voi)))
        np.testing.assert_array_equal(picture_of(page), rgb(image.display(voi=voi)), err_msg=label)


def test_a_typed_window(make: Make, open_page: Callable[..., Any]) -> None:
    stored = np.arange(12, dtype=np.uint16).reshape(3, 4)
    image = dicompix.Image(make(stored, WindowCenter=5, WindowWidth=8))
    page = open_page(image)
    center, width = (page.get_by_label(f"Window {name}") for name in ("center", "width"))
    center.press("Enter")  # nothing was changed: the file's view stays chosen
    assert page.evaluate("model.get('voi')") == 0
    for nothing in ("0", "-3", ""):  # is no window
        width.fill(nothing)
        width.press("Enter")
        assert (page.evaluate("model.get('voi')"), width.input_value()) == (0, "8")
    page.evaluate("model.set('voi', [0.123456789012, 3])")
    picture_of(page)
    assert center.input_value() == "0.1234568"
    width.select_text()
    width.press_sequentially("2.5")
    width.press("Enter")
    assert page.evaluate("model.get('voi')") == [0.123456789012, 2.5]  # the other keeps all its digits
    center.press("ArrowUp")
    assert page.evaluate("model.get('voi')") == [1.1234568, 2.5]


def several(make: Make, frames: int = 30) -> dicompix.Image:
    stored = np.arange(frames, dtype=np.uint8)[:, None, None] + np.zeros((1, 16, 24), np.uint8)
    return dicompix.Image(make(stored, frames=frames, WindowCenter=128, WindowWidth=256))


def test_keys_turn_frames_over_also_before_they_come(make: Make, open_page: Callable[..., Any]) -> None:
    page = open_page(several(make))
    frame = "model.get('frame')"
    page.locator(".dicompix-stage").focus()
    keys = (("ArrowRight", 1), ("ArrowDown", 2), ("PageDown", 12), ("ArrowUp", 11), ("ArrowLeft", 10))
    for key, expected in (*keys, ("End", 29), ("ArrowRight", 29), ("PageUp", 19), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate(frame) == expected
    slider = page.get_by_role("slider", name="Frame")
    slider.focus()
    for expected in (1, 2, 3):  # Python has answered none of them
        page.keyboard.press("ArrowRight")
        picture_of(page)
        assert page.evaluate(frame) == expected
    assert page.locator(".dicompix-count").inner_text() == "frame 0 of 30"  # what is shown


def test_what_python_has_yet_to_send_is_waited_for(make: Make, open_page: Callable[..., Any]) -> None:
    image = several(make)
    page, feed = open_page(image), Feed(image)
    wait = page.get_by_text("waiting for Python")
    picture_of(page)
    assert wait.is_hidden()
    page.keyboard.press("Tab")
    page.locator(".dicompix-stage").focus()
    page.keyboard.press("End")
    wait.wait_for()
    page.evaluate("content => answer('_content', content)", packed(feed.content(29, 0)))
    wait.wait_for(state="hidden")
    assert page.locator(".dicompix-count").inner_text() == "frame 29 of 30"
    page.evaluate("model.set('voi', 'auto')")
    wait.wait_for()
    page.evaluate("shades => answer('_shades', shades)", packed(feed.shades(29, "missing")))
    assert "no view is explained as 'missing'" in page.locator(".dicompix-message").inner_text()
    page.evaluate("model.set('voi', [5, 10])")
    picture_of(page)
    assert wait.is_hidden()


def test_a_zoomed_picture_moves_by_keys(make: Make, open_page: Callable[..., Any]) -> None:
    page = open_page(dicompix.Image(make(np.eye(64, dtype=np.uint8))))
    box = page.locator(".dicompix-picture").bounding_box
    page.locator(".dicompix-stage").focus()
    before = box()
    page.keyboard.press("Shift+ArrowRight")
    assert box() == before  # whole, there is nowhere to move to
    for _ in range(4):
        page.keyboard.press("=")
    zoomed = box()
    assert zoomed["width"] == pytest.approx(512 * 1.25**4)
    page.keyboard.press("Shift+ArrowRight")
    assert box()["x"] == pytest.approx(zoomed["x"] - 40)
    page.keyboard.press("Shift+ArrowUp")
    assert box()["y"] == pytest.approx(zoomed["y"] + 40)
    page.keyboard.press("I")
    assert page.get_by_role("button", name="Invert", pressed=True).is_visible()
    page.keyboard.press("-")
    assert box()["width"] == pytest.approx(512 * 1.25**3)


def test_every_control_has_a_name_and_a_visible_focus(open_page: Callable[..., Any], make: Make) -> None:
    stored = np.arange(64, dtype=np.int16).reshape(2, 4, 8)
    dataset = make(stored, frames=2, RescaleSlope=1, RescaleIntercept=0, Modality="CT")
    page = open_page(dicompix.Image(dataset))
    picture_of(page)
    roles = (
        *(("combobox", "View"), ("spinbutton", "Window center"), ("spinbutton", "Window width"), ("slider", "Frame")),
        *(("button", "Invert"), ("button", "Reset"), ("img", "frame 0 of 2, 4 × 8")),  # noqa: RUF001
        *(("img", "Histogram of HU, window 32 / 64"), ("application", "Picture. Arrow keys change the frame")),
    )
    for role, name in roles:
        assert page.get_by_role(role, name=name).is_visible(), (role, name)
    assert page.get_by_role("slider", name="Frame").get_attribute("aria-valuetext") == "frame 0 of 2"
    for name in ("preset", "center", "width", "invert", "reset", "stage", "frame"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == f"dicompix-{name}"
        assert page.evaluate("getComputedStyle(document.activeElement).outline").endswith("solid 2px"), name


def test_the_wheel_turns_frames_over_and_zooms_with_control(make: Make, open_page: Callable[..., Any]) -> None:
    page = open_page(several(make))
    hover(page, 8, 12)
    for _ in range(3):
        page.mouse.wheel(0, 120)
    page.wait_for_function("model.get('frame') === 3")
    for _ in range(4):
        page.mouse.wheel(0, -15)  # a touchpad's small steps: sixty make one frame
    page.wait_for_function("model.get('frame') === 2")
    width = page.locator(".dicompix-picture").bounding_box()["width"]
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function(
        "before => document.querySelector('.dicompix-picture').getBoundingClientRect().width > before * 1.2", arg=width
    )
    assert page.evaluate("model.get('frame')") == 2


def test_a_page_that_is_scrolled_is_not_stopped_by_a_picture_that_comes_along(
    make: Make, open_page: Callable[..., Any]
) -> None:
    page = open_page(several(make))
    page.evaluate("document.body.style.padding = '900px 0 3000px'")
    page.mouse.move(200, 300, steps=2)
    for _ in range(8):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(50)
    page.wait_for_function("scrollY === 960")  # with the picture under the pointer now
    stage = page.locator(".dicompix-stage").bounding_box()
    assert stage["x"] < 200 < stage["x"] + stage["width"]
    assert stage["y"] < 300 < stage["y"] + stage["height"]
    assert page.evaluate("model.get('frame')") == 0
    page.mouse.move(210, 310, steps=2)
    page.mouse.wheel(0, 120)
    page.wait_for_function("model.get('frame') === 1")
    assert page.evaluate("scrollY") == 960


def test_python_is_told_of_dragging_a_few_times_and_of_its_end(make: Make, open_page: Callable[..., Any]) -> None:
    page = open_page(dicompix.Image(make(np.arange(4096, dtype=np.uint16).reshape(64, 64))))
    hover(page, 32, 32)
    page.evaluate("window.saved = 0; window.voi = []; model.save_changes = () => voi.push(model.get('voi'))")
    page.evaluate("window.began = performance.now()")
    page.mouse.down()
    box = page.locator(".dicompix-stage").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 200, steps=100)
    page.mouse.up()
    told, seconds = page.evaluate("[voi, (performance.now() - began) / 1000]")
    assert 1 <= len(told) <= 10 * seconds + 2
    assert told[-1] == page.evaluate("model.get('voi')")


def touch(page: Any, kind: str, *points: tuple[float, float]) -> None:
    """Do with fingers what a touch screen does."""
    places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    page.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})


def test_two_fingers_zoom_and_one_windows(make: Make, open_page: Callable[..., Any]) -> None:
    page = open_page(dicompix.Image(make(np.arange(4096, dtype=np.uint16).reshape(64, 64))))
    page.session = page.context.new_cdp_session(page)
    box = page.locator(".dicompix-stage").bounding_box()
    x, y = box["x"] + 256, box["y"] + 256
    touch(page, "touchStart", (x, y))
    assert "row 32, column 32" in page.locator(".dicompix-status").inner_text()
    touch(page, "touchMove", (x + 20, y))
    assert page.evaluate("model.get('voi')") != 0
    touch(page, "touchStart", (x + 20, y), (x - 80, y))
    assert page.evaluate("model.get('voi')") == 0  # the first finger meant no window
    touch(page, "touchMove", (x + 120, y), (x - 180, y))
    touch(page, "touchEnd")
    assert page.locator(".dicompix-picture").bounding_box()["width"] == pytest.approx(3 * 512)
    assert page.evaluate("model.get('voi')") == 0
    touch(page, "touchStart", (x, y))
    touch(page, "touchMove", (x + 50, y))
    touch(page, "touchEnd")
    assert page.evaluate("model.get('voi')[1]") > 4096


def test_a_finger_scrolls_the_page_where_it_has_nothing_else_to_do(make: Make, open_page: Callable[..., Any]) -> None:
    style = "getComputedStyle(document.querySelector('.dicompix-stage')).touchAction"
    page = open_page(dicompix.Image(make(np.zeros((4, 4, 3), np.uint8))))
    assert page.evaluate(style) == "pan-y"
    page.locator(".dicompix-stage").press("+")
    assert page.evaluate(style) == "none"
    page = open_page(dicompix.Image(make(np.zeros((4, 4), np.uint8))))
    assert page.evaluate(style) == "none"


def test_what_a_broken_file_does_not_hold_is_marked(make: Make, open_page: Callable[..., Any]) -> None:
    dataset = make(np.arange(100, 200, dtype=np.uint16).reshape(10, 10))
    dataset.PixelData = dataset.PixelData[:150]  # 75 pixels of 100
    image = dicompix.Image(dataset, errors="salvage")
    page = open_page(image)
    np.testing.assert_array_equal(picture_of(page), rgb(image.display()))
    marked = page.evaluate(
        """() => { const layer = document.querySelector(".dicompix-missing");
        const {data} = layer.getContext("2d").getImageData(0, 0, 10, 10);
        return Array.from({length: 100}, (_, i) => data[4 * i + 3] > 0); }"""
    )
    assert marked == [False] * 75 + [True] * 25
    assert page.locator(".dicompix-missing").is_visible()
    assert hover(page, 7, 4) == "row 7, column 4 stored 174"
    assert hover(page, 7, 5) == "row 7, column 5 missing in the file"
    assert page.locator(".dicompix-ends").inner_text().split()[0::3] == ["100", "174"]
    assert page.locator("summary").inner_text() == f"{len(image.findings)} findings"
    listed = page.locator(".dicompix-findings li").all_text_contents()
    assert listed == [str(finding) for finding in image.findings]
    assert any("25 of 100 pixels are missing" in line for line in listed)
    assert open_page(dicompix.Image(make(np.eye(3, dtype=np.uint8)))).locator(".dicompix-missing").is_hidden()


@pytest.mark.parametrize("width", [300, 900])
def test_the_picture_is_as_wide_as_its_place(make: Make, open_page: Callable[..., Any], width: int) -> None:
    names = ["ABDOMEN, SOFT TISSUE, A NAME FOR THE PATIENT PEOPLE", "BONE"]
    elements = {"WindowCenter": [40, 480], "WindowWidth": [400, 2500], "WindowCenterWidthExplanation": names}
    page = open_page(dicompix.Image(make(np.eye(100, dtype=np.uint16), **elements)))
    page.set_viewport_size({"width": 1000, "height": 900})
    page.locator(".dicompix-viewer").evaluate("(root, width) => root.parentElement.style.width = `${width}px`", width)
    stage = ".dicompix-stage"
    page.wait_for_function(
        f"width => document.querySelector('{stage}').getBoundingClientRect().width === width - 8", arg=width
    )
    assert page.locator(stage).bounding_box()["height"] == width - 8
    right = page.locator(".dicompix-viewer").bounding_box()["x"] + width
    for part in ("preset", "center", "width", "invert", "reset"):
        box = page.locator(f".dicompix-{part}").bounding_box()
        assert box["x"] + box["width"] <= right
