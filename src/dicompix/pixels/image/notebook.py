"""An image -> what a notebook shows of it: HTML and PNG, small, escaped, and never an exception."""

import io
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import Photometric
from dicompix.pixels.frames import count_of
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.shown import pixel_size, presets
from dicompix.pixels.read.elements import attribute
from dicompix.pixels.syntaxes import syntax_for

if TYPE_CHECKING:
    from dicompix.pixels.image.image import Image

SINGLE = 320  # rows and columns of the picture of one frame at the most
TILE, TILES = 96, 8  # and of each of several, evenly spread
SMALLEST = 256  # a single picture is enlarged to that
LISTED = 5  # findings
_GRAY = (Photometric.MONOCHROME1, Photometric.MONOCHROME2)
# No colours but half-transparent gray: text and background are the notebook's, light or dark.
_BOX = "display:inline-block;max-width:100%;margin:2px 0;font-size:13px;line-height:1.5"
_STRIP = "display:flex;flex-wrap:wrap;gap:6px;align-items:flex-end"
_SMALL = "opacity:.7;font-size:11px"
_EDGE = "outline:1px solid rgba(128,128,128,.5)"  # a white picture on a white page has one too
_TROUBLE = "border-left:3px solid #d32f2f;padding:2px 8px;overflow-wrap:anywhere"

Tile = tuple[int, Stored | str]  # number of a frame, and its picture or what is wrong with it


def to_html(image: "Image") -> str:
    """Return the picture, or a strip of some frames', with a caption."""
    return _html(image, _tiles(image))


def to_png(image: "Image") -> bytes | None:
    """Return the picture, or those of some frames side by side; None where no frame can be shown."""
    return _sheet(_tiles(image))


def to_mimebundle(image: "Image") -> dict[str, str]:
    """Return what ``to_html`` and ``to_png`` return and the plain text, by media type; frames are decoded once."""
    tiles = _tiles(image)
    sheet = _sheet(tiles)
    bundle = {"text/plain": repr(image), "text/html": _html(image, tiles)}
    return bundle if sheet is None else {**bundle, "image/png": b64encode(sheet).decode()}


def viewer_png(image: "Image", frame: int, voi: Voi) -> bytes | None:
    """Return the picture of a frame for where a viewer cannot be; None where it cannot be shown."""
    picture = _picture(image, frame, SINGLE, voi)
    return None if isinstance(picture, str) else _png(picture)


def _tiles(image: "Image") -> list[Tile]:
    count = len(image)
    numbers = np.unique(np.linspace(0, count - 1, min(count, TILES)).astype(int)).tolist()
    return [(number, _picture(image, number, SINGLE if count == 1 else TILE)) for number in numbers]


def _picture(image: "Image", number: int, size: int, voi: Voi = 0) -> Stored | str:
    """Return the picture of a frame, or the error that keeps it from being shown."""
    try:
        with catch_warnings():
            simplefilter("ignore")  # findings are listed below the picture
            return image.thumbnail(number, size=size, voi=voi)
    except Exception as problem:  # noqa: BLE001  # a notebook would show a traceback in place of the object
        return f"{type(problem).__name__}: {problem}"


def _png(picture: Stored) -> bytes:
    from PIL import Image as pillow  # noqa: N813, PLC0415  # a picture library is loaded by those who need it

    buffer = io.BytesIO()
    pillow.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def _sheet(tiles: list[Tile]) -> bytes | None:
    """Return one PNG of all pictures side by side."""
    pictures = [picture for _, picture in tiles if not isinstance(picture, str)]
    if not pictures:
        return None
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [np.stack([picture] * 3, -1) if picture.ndim == 2 else picture for picture in pictures]
    tallest = max(len(picture) for picture in pictures)
    pads = ((0, tallest - len(picture)) for picture in pictures)
    padded = [
        np.pad(picture, (pad, (0, 0), (0, 0))[: picture.ndim]) for picture, pad in zip(pictures, pads, strict=True)
    ]
    return _png(np.ascontiguousarray(np.concatenate(padded, axis=1)))


def _html(image: "Image", tiles: list[Tile]) -> str:
    shown = "".join(_figure(image, tile) for tile in tiles)
    return f'<div style="{_BOX}"><div style="{_STRIP}">{shown}</div>{_caption(image)}{_findings(image)}</div>'


def _figure(image: "Image", tile: Tile) -> str:
    number, picture = tile
    single = len(image) == 1
    label = "" if single else f'<div style="{_SMALL};text-align:center">{number}</div>'
    if isinstance(picture, str):
        return f'<div style="{_TROUBLE};max-width:{SINGLE if single else 2 * TILE}px">{escape(picture)}{label}</div>'
    width, height = _css_size(image, number, picture, single=single)
    style = f"width:{width}px;height:{height}px;max-width:none;margin:1px;{_EDGE};image-rendering:"
    style += "pixelated" if width > picture.shape[1] else "auto"
    data = b64encode(_png(picture)).decode()
    return f'<div><img alt="frame {number}" style="{style}" src="data:image/png;base64,{data}">{label}</div>'


def _css_size(image: "Image", number: int, picture: Stored, *, single: bool) -> tuple[int, int]:
    """Return width and height on the page: pixels that are not square are shown as they are."""
    rows, columns = picture.shape[:2]
    try:
        height = rows * pixel_size(image.dataset, number)[1]
    except Exception:  # noqa: BLE001  # whatever Pixel Spacing holds, there is a picture
        height = rows
    longest = max(height, columns)
    least, most = (SMALLEST, SINGLE) if single else (TILE, TILE)
    # enlarged by whole numbers, so that pixels stay alike
    factor = most / longest if longest > most else max(1, least // int(max(longest, 1)))
    return max(1, round(columns * factor)), max(1, round(height * factor))


def _caption(image: "Image") -> str:
    fmt = image.format
    frames = "1 frame" if fmt.frames == 1 else f"{fmt.frames:,} frames"
    parts = [
        _text(image, "Modality"),
        f"{frames} of {fmt.rows} × {fmt.columns}",  # noqa: RUF001  # as it is printed
        f"{fmt.photometric.value}, {_samples(image)}",
        _view(image),
        syntax_for(fmt.transfer_syntax).name,
    ]
    return f"<div>{' · '.join(escape(part) for part in parts if part)}</div>"


def _samples(image: "Image") -> str:
    fmt = image.format
    if fmt.floating or fmt.bits_stored == fmt.bits_allocated:
        return str(fmt.dtype)
    return f"{fmt.dtype} ({fmt.bits_stored} bits)"


def _text(image: "Image", keyword: str) -> str:
    try:
        return str(attribute(image.dataset, keyword) or "")
    except Exception:  # noqa: BLE001  # pydicom converts at first use
        return ""


def _view(image: "Image") -> str:
    """Return the name of the view that the picture shows."""
    if image.format.photometric not in _GRAY:
        return ""
    try:
        voi, name = presets(image.dataset, image.format, 0)[0]
    except Exception:  # noqa: BLE001  # the picture's own error says more
        return ""
    return f"window {name}" if voi == 0 and not name.startswith("VOI LUT") else name


def listed_findings(image: "Image") -> tuple[str, list[str]]:
    """Return how many findings an image has, in words, and the first of them."""
    found = image.findings
    lines = [*map(str, found[:LISTED]), *([f"and {len(found) - LISTED} more"] if len(found) > LISTED else [])]
    return count_of(len(found), "finding"), lines


def _findings(image: "Image") -> str:
    title, lines = listed_findings(image)
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    style = "margin:0;padding-left:20px"
    return f'<details><summary>{title}</summary><ul style="{style}">{listed}</ul></details>' if lines else ""
