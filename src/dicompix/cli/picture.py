"""A picture -> the size that fits, and half blocks of it: two pixels a cell, its foreground and its background."""

import math

import numpy as np
from PIL import Image as pillow  # noqa: N813
from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style

from dicompix.pixels.codecs.base import Stored

UPPER_HALF = "▀"
_MOST_ENLARGED = 8  # times that a small picture is made larger


def fitted(size: tuple[int, int], room: tuple[int, int]) -> tuple[int, int]:
    """Return the (width, height) of a picture that is to fit a room of pixels; small ones are enlarged evenly.

    >>> fitted((512, 256), (80, 60)), fitted((10, 10), (80, 60)), fitted((50, 40), (80, 60))
    ((80, 40), (60, 60), (50, 40))
    """
    scale = min(room[0] / size[0], room[1] / size[1])
    if scale > 1:
        scale = min(math.floor(scale), _MOST_ENLARGED)
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def scaled(picture: Stored, room: tuple[int, int]) -> pillow.Image:
    """Return an 8-bit picture, gray or RGB, in the size that fits a room of pixels."""
    whole = pillow.fromarray(picture)
    size = fitted(whole.size, room)
    return whole.resize(size, pillow.Resampling.NEAREST if size[0] >= whole.width else pillow.Resampling.BOX)


def half_blocks(picture: Stored, room: tuple[int, int]) -> Segments:
    """Return an 8-bit picture, gray or RGB, as text of at most `room` columns and twice as many pixels as lines.

    >>> print(half_blocks(np.array([[0, 255], [255, 0]], np.uint8), (2, 1)).segments[0].style)
    #000000 on #ffffff
    """
    columns, lines = room
    pixels = np.asarray(scaled(picture, (columns, 2 * lines)).convert("RGB"))
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, np.zeros_like(pixels[:1])])
    segments = []
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        segments += [Segment(UPPER_HALF, _style(*ends)) for ends in zip(upper.tolist(), lower.tolist(), strict=True)]
        segments.append(Segment.line())
    return Segments(segments)


def _style(upper: list[int], lower: list[int]) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
