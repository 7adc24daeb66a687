"""What an image shows of itself: HTML and PNG that are small, escaped, and there whatever the file holds."""

import io
import re
from base64 import b64decode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored

Make = Callable[..., Dataset]
Example = Callable[[str], Path]


class Page(HTMLParser):
    """Collects the tags, attributes and text of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data

    def arrays(self) -> list[Stored]:
        sources = [picture["src"] or "" for picture in self.pictures]
        return [pixels_of(b64decode(source.removeprefix("data:image/png;base64,"))) for source in sources]


def pixels_of(png: bytes | None) -> Stored:
    assert png is not None
    assert png.startswith(b"\x89PNG")
    return np.asarray(pillow.open(io.BytesIO(png)))


def page_of(image: dicompix.Image) -> Page:
    return Page(image._repr_html_())


def test_a_single_frame_shows_its_picture_and_a_caption(make: Make) -> None:
    stored = np.array([[0, 100, 200], [300, 400, 500]], np.uint16)
    image = dicompix.Image(make(stored, WindowCenter=250, WindowWidth=501, Modality="MR", BitsStored=12, HighBit=11))
    page = page_of(image)
    # (x - 249.5) / 500 + 0.5, times 255, rounded: 0.25, 51.25, ...
    expected = [[0, 51, 102], [153, 204, 255]]
    assert page.arrays()[0].tolist() == expected
    assert pixels_of(image._repr_png_()).tolist() == expected
    assert page.text == (
        "MR · 1 frame of 2 × 3 · MONOCHROME2, uint16 (12 bits) · window 250 / 501 · Explicit VR Little Endian"  # noqa: RUF001
    )


def test_several_frames_are_a_strip_of_eight_at_the_most(make: Make) -> None:
    stored = np.repeat(np.arange(100, dtype=np.uint8), 12).reshape(100, 3, 4)
    page = page_of(dicompix.Image(make(stored, frames=100, WindowCenter=128, WindowWidth=256)))
    assert [picture["alt"] for picture in page.pictures] == [
        f"frame {number}" for number in (0, 14, 28, 42, 56, 70, 84, 99)
    ]
    assert [array.flat[0] for array in page.arrays()] == [0, 14, 28, 42, 56, 70, 84, 99]
    sheet = pixels_of(dicompix.Image(make(stored, frames=100))._repr_png_())
    assert sheet.shape == (3, 32)


def test_large_pictures_are_made_small(make: Make) -> None:
    noise = np.random.default_rng(3).integers(0, 4096, (2000, 1500), np.uint16)
    image = dicompix.Image(make(noise))
    assert page_of(image).arrays()[0].shape == (320, 240)
    assert len(image._repr_html_()) < 200_000


def test_small_pictures_are_enlarged_by_whole_numbers(make: Make) -> None:
    style = page_of(dicompix.Image(make(np.eye(100, dtype=np.uint8)))).pictures[0]["style"] or ""
    assert "width:200px;height:200px" in style
    assert "pixelated" in style


@pytest.mark.parametrize(
    ("elements", "size"),
    [
        ({"PixelSpacing": [2, 1]}, "width:100px;height:200px"),
        ({"PixelAspectRatio": [1, 2]}, "width:200px;height:100px"),
    ],
)
def test_pixels_that_are_not_square_are_shown_as_they_are(make: Make, elements: dict[str, Any], size: str) -> None:
    page = page_of(dicompix.Image(make(np.eye(100, dtype=np.uint8), **elements)))
    assert size in (page.pictures[0]["style"] or "")


def test_text_from_the_file_is_escaped(make: Make) -> None:
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    stored = np.arange(4, dtype=np.uint16).reshape(2, 2)
    elements = {"WindowCenter": 2, "WindowWidth": 4, "WindowCenterWidthExplanation": evil}
    page = page_of(dicompix.Image(make(stored, **elements)))
    assert set(page.tags) == {"div", "img"}
    assert len(page.pictures) == 1
    assert evil in page.text


def test_findings_are_listed_and_nobody_is_warned(make: Make, recwarn: pytest.WarningsRecorder) -> None:
    stored = np.arange(4, dtype=np.uint16).reshape(2, 2)
    page = page_of(dicompix.Image(make(stored, WindowCenter=2, WindowWidth=0)))
    assert "1 finding" in page.text
    assert "window-width: Window Width is outside its domain" in page.text
    assert not recwarn.list


def test_a_frame_that_cannot_be_decoded_shows_why(example: Example, make: Make) -> None:
    image = dicompix.open_image(example("MR_truncated.dcm"))
    page = page_of(image)
    assert not page.pictures
    assert "FrameIndexError: frame 0 needs 8192 bytes, found 8130" in page.text
    assert "MR · 1 frame of 64 × 64" in page.text  # noqa: RUF001
    assert image._repr_png_() is None
    assert set(image._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_salvaged_frame_shows_what_there_is(example: Example) -> None:
    image = dicompix.open_image(example("MR_truncated.dcm"), errors="salvage")
    page = page_of(image)
    shown = page.arrays()[0]
    assert shown.shape == (64, 64)
    np.testing.assert_array_equal(pixels_of(image._repr_png_()), shown)
    with dicompix.open_image(example("MR_small.dcm")) as whole:
        np.testing.assert_array_equal(shown[:63], whole.display()[:63])
    assert "31 of 4096 pixels are missing" in page.text


def test_what_is_stored_of_a_huge_picture_is_bounded(make: Make) -> None:
    stored = np.zeros((4, 60000), np.uint8)
    stored[:, ::7] = 255
    wide = dicompix.Image(make(stored))
    assert page_of(wide).arrays()[0].shape == pixels_of(wide._repr_png_()).shape == (1, 320)
    noise = np.random.default_rng(0).integers(0, 256, (20, 3000, 2000), np.uint8)
    many = dicompix.Image(make(noise, frames=20))
    assert pixels_of(many._repr_png_()).shape == (96, 8 * 64)
    assert sum(map(len, many._repr_mimebundle_().values())) < 300_000


def test_a_white_picture_on_a_white_page_has_an_edge(make: Make) -> None:
    style = page_of(dicompix.Image(make(np.full((9, 9), 255, np.uint8)))).pictures[0]["style"] or ""
    assert "outline:1px solid" in style


def test_an_image_that_is_closed_and_one_that_makes_no_sense_still_show_something(make: Make) -> None:
    with dicompix.Image(make(np.eye(3, dtype=np.uint8))) as image:
        pass
    assert "the image is closed" in page_of(image).text
    odd = make(np.eye(3, dtype=np.uint8), RescaleSlope=1, RescaleIntercept=0)
    odd.PixelSpacing = [1, 1]
    odd["PixelSpacing"]._value = ["a", "b"]
    odd["RescaleSlope"]._value = "none"
    assert re.search("DICOM|1 frame", page_of(dicompix.Image(odd)).text)


def test_colour_is_colour(make: Make) -> None:
    stored = np.array([[[255, 0, 0], [0, 128, 255]]], np.uint8)
    image = dicompix.Image(make(stored))
    assert page_of(image).arrays()[0].tolist() == stored.tolist()
    assert "window" not in page_of(image).text


def test_the_bundle_is_what_the_single_reprs_are(example: Example) -> None:
    image = dicompix.open_image(example("CT_small.dcm"))
    bundle = image._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == repr(image)
    assert bundle["text/html"] == image._repr_html_()
    assert b64decode(bundle["image/png"]) == image._repr_png_()
    np.testing.assert_array_equal(pixels_of(image._repr_png_()), image.display())
