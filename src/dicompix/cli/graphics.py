"""A picture -> the escape sequences by which terminals draw pixels: kitty's, iTerm2's, and sixels."""

import re
from base64 import standard_b64encode
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
from PIL import Image as pillow  # noqa: N813

from dicompix.cli.picture import scaled
from dicompix.cli.terminal import Room, Way
from dicompix.pixels.codecs.base import Stored

_CHUNK = 4096  # characters of base64 in one escape sequence
_BAND = 6  # rows of pixels in a line of sixels
_RUN = re.compile(r"(.)\1{3,}")


def _png(picture: pillow.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "png")
    return file.getvalue()


def kitty(picture: Stored, room: Room) -> str:
    """Return a picture by kitty's graphics protocol: a PNG in pieces, drawn at once, without an answer.

    See https://sw.kovidgoyal.net/kitty/graphics-protocol/.
    """
    shown = scaled(picture, room.pixels)
    data = standard_b64encode(_png(shown)).decode()
    pieces = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    width = "" if room.exact else f"c={_columns(shown, room)},"
    keys = [f"a=T,f=100,q=2,{width}", *[""] * (len(pieces) - 1)]
    more = [1] * (len(pieces) - 1) + [0]
    return "".join(f"\x1b_G{key}m={m};{piece}\x1b\\" for key, m, piece in zip(keys, more, pieces, strict=True))


def iterm(picture: Stored, room: Room) -> str:
    """Return a picture by iTerm2's protocol: a PNG as an inline file, as wide as its columns.

    See https://iterm2.com/documentation-images.html.
    """
    shown = scaled(picture, room.pixels)
    data = _png(shown)
    keys = f"inline=1;size={len(data)};width={_columns(shown, room)};preserveAspectRatio=1"
    return f"\x1b]1337;File={keys}:{standard_b64encode(data).decode()}\x07"


def _columns(shown: pillow.Image, room: Room) -> int:
    return -(-shown.width // room.cell[0])


def sixel(picture: Stored, room: Room) -> str:
    """Return a picture as sixels, six rows a line, in up to 256 colours of 0 to 100 percent (DEC STD 070)."""
    shown = scaled(picture, room.pixels)
    if shown.mode == "L":
        numbers = (np.asarray(shown, np.uint16) * 100 + 127) // 255
        palette = [[level] * 3 for level in range(101)]
    else:
        few = shown.quantize(256)
        numbers = np.asarray(few)
        colors = np.asarray(few.getpalette("RGB"), np.uint16).reshape(-1, 3)
        palette = ((colors * 100 + 127) // 255).tolist()
    head = f'\x1bP0;1q"1;1;{shown.width};{shown.height}'
    known = "".join(f"#{number};2;{r};{g};{b}" for number, (r, g, b) in enumerate(palette))
    bands = (numbers[row : row + _BAND] for row in range(0, len(numbers), _BAND))
    return f"{head}{known}{'-'.join('$'.join(_planes(band)) for band in bands)}\x1b\\"


def _planes(band: Stored) -> Iterator[str]:
    """Yield for each colour in six rows which pixels have it: a character a column, its lowest bit the top row."""
    weights = 1 << np.arange(len(band))
    for number in np.unique(band):
        characters = (weights @ (band == number) + ord("?")).astype(np.uint8).tobytes().decode()
        yield f"#{number}" + _RUN.sub(lambda run: f"!{len(run[0])}{run[1]}", characters)


GRAPHICS: dict[Way, Callable[[Stored, Room], str]] = {"kitty": kitty, "iterm": iterm, "sixel": sixel}
