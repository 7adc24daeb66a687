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
        save_changes() {},
    };
    window.viewer = module;
    const sheet = document.createElement("style");
    sheet.textContent = style;
    document.body.replaceChildren(sheet);
    window.stop = module.default.render({model: window.model, el: document.body});
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
    return [*random, (low, 1.0), (high, 2.0), ((low + high) / 2, 0.25), (40.0, 400.0), (low, 0.0), (7.0, -80.0)]


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
    page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / size[0], box["y"] + (row + 0.5) * box["height"] / size[1]
    )
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
    assert page.locator(".dicompix-ends").inner_text().split() == ["0", "199"]
