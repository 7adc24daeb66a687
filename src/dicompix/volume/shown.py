"""A volume -> what a notebook shows of it: the middle slice as PNG, and HTML around it."""

import io
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.image.ranges import range_present

if TYPE_CHECKING:
    from dicompix.volume.volume import Volume

LARGEST = 320  # rows and columns of the picture at the most


def to_png(volume: "Volume") -> bytes | None:
    """Return the middle slice, its percentiles 0.5 and 99.5 black and white; None for colours of more than 8 bits."""
    from PIL import Image as pillow  # noqa: N813, PLC0415  # a picture library is loaded by those who need it

    middle = volume.array[len(volume) // 2]
    step = -(-max(middle.shape[:2]) // LARGEST)
    middle = middle[::step, ::step]
    if middle.ndim == 3 and (middle.dtype != np.uint8 or middle.shape[2] != 3):
        return None
    picture = np.ascontiguousarray(middle) if middle.ndim == 3 else _gray(middle)
    buffer = io.BytesIO()
    pillow.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def _gray(values: Stored) -> Stored:
    low, high = range_present(values, None, "auto") or (0.0, 1.0)
    shades = (values.astype(np.float64) - low) / (high - low or 1.0)
    shades = np.floor(255 * np.nan_to_num(shades, posinf=1, neginf=0).clip(0, 1) + 0.5)
    picture: Stored = shades.astype(np.uint8)
    return picture


def to_html(volume: "Volume") -> str:
    """Return the picture in the shape that its voxels have in the patient, and the volume's own words below it."""
    png, text = to_png(volume), escape(repr(volume)[1:-1])
    if png is None:
        return f"<div>{text}</div>"
    width, height = (size * mm for size, mm in zip(volume.shape[2:0:-1], volume.spacing, strict=False))
    scale = LARGEST / max(width, height)
    style = f"width:{round(width * scale)}px;height:{round(height * scale)}px;max-width:none;margin:0"
    picture = f'<img alt="middle slice" style="{style}" src="data:image/png;base64,{b64encode(png).decode()}">'
    return f"<div>{picture}<div>{text}; slice {len(volume) // 2}, 0.5 to 99.5 % of its values</div></div>"
