"""The terminal that is written to -> how it shows a picture: kitty's, iTerm2's or sixel graphics, or half blocks."""

import os
import re
import select
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from struct import unpack
from typing import Literal

from rich.console import Console

Way = Literal["kitty", "iterm", "sixel", "blocks", "png"]

# By the names that terminals give themselves, and hand on to the programs in them.
_BY_TERM: dict[str, Way] = {
    "xterm-kitty": "kitty",
    "xterm-ghostty": "kitty",
    "foot": "sixel",
    "foot-extra": "sixel",
    "mlterm": "sixel",
}
_BY_PROGRAM: dict[str, Way] = {
    "ghostty": "kitty",
    "WarpTerminal": "kitty",
    "iTerm.app": "iterm",
    "iTerm2": "iterm",
    "WezTerm": "iterm",
    "mintty": "iterm",
}
_COLORS = {"truecolor", "256"}
# One pixel that is not to be kept, which terminals with kitty's graphics answer; then what every terminal answers.
_KITTY_QUERY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_ATTRIBUTES_QUERY = "\x1b[c"
_ATTRIBUTES = re.compile(rb"\x1b\[\?([\d;]*)c")
_SIXEL = b"4"  # among the device attributes of the VT340 and all that draw as it does
_SECONDS = 1.0  # that an answer may take, over the slowest of lines
_CELL = (10, 20)  # pixels of a character where the terminal does not say


@dataclass(frozen=True, slots=True)
class Room:
    """How much of the terminal a picture may take, in characters, and the pixels of one; `exact` tells that it said."""

    columns: int
    lines: int
    cell: tuple[int, int] = _CELL
    exact: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """Return the width and height in pixels."""
        return self.columns * self.cell[0], self.lines * self.cell[1]


def has_terminal(console: Console) -> bool:
    """Tell whether a terminal itself takes what is printed: no pipe and no file, whatever FORCE_COLOR says."""
    return console.is_terminal and console.file.isatty()


def way_for(console: Console, environ: Mapping[str, str] = os.environ) -> Way:
    """Return the best way to show a picture there: PNG where it cannot be shown, as in a pipe."""
    if not has_terminal(console) or console.is_dumb_terminal:
        return "png"
    nested = "TMUX" in environ or environ.get("TERM", "").startswith(("tmux", "screen"))
    known = None if nested else _known(environ)  # the names are those of the terminal around it
    found = known or _told(_ask(console, _ATTRIBUTES_QUERY if nested else _KITTY_QUERY + _ATTRIBUTES_QUERY))
    return found or ("blocks" if can_show_blocks(console) else "png")


def can_show_blocks(console: Console) -> bool:
    """Tell whether a console has enough colours for a picture, and the character it is made of."""
    colors = console.color_system in _COLORS and not console.no_color
    return console.is_terminal and colors and console.encoding.startswith("utf")


def _known(environ: Mapping[str, str]) -> Way | None:
    """Return the way of a terminal that has told its name.

    >>> _known({"TERM": "xterm-kitty"}), _known({"LC_TERMINAL": "iTerm2"}), _known({"TERM": "xterm-256color"})
    ('kitty', 'iterm', None)
    """
    if environ.get("KITTY_WINDOW_ID"):
        return "kitty"
    program = environ.get("TERM_PROGRAM") or environ.get("LC_TERMINAL", "")  # which ssh hands on
    return _BY_TERM.get(environ.get("TERM", "")) or _BY_PROGRAM.get(program)


def _told(answer: bytes) -> Way | None:
    r"""Return the way that a terminal's answer tells of.

    >>> _told(b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c"), _told(b"\x1b[?62;4;22c"), _told(b"\x1b[?64;1c")
    ('kitty', 'sixel', None)
    """
    if b"\x1b_Gi=31;OK" in answer:
        return "kitty"
    found = _ATTRIBUTES.search(answer)
    return "sixel" if found and _SIXEL in found[1].split(b";")[1:] else None


def _ask(console: Console, question: str) -> bytes:
    """Return what the terminal answers, up to its device attributes; nothing where it cannot be asked, or is silent."""
    try:
        import termios
        import tty
    except ImportError:  # on Windows
        return b""
    if sys.stdin is None or not sys.stdin.isatty():
        return b""
    keys = sys.stdin.fileno()
    if os.tcgetpgrp(keys) != os.getpgrp():  # in the background its input is not ours
        return b""
    before, answer = termios.tcgetattr(keys), b""
    try:
        tty.setcbreak(keys)  # without echo
        console.file.write(f"\x1b7{question}\x1b8\x1b[K")  # a terminal that prints what it does not know is wiped
        console.file.flush()
        while not _ATTRIBUTES.search(answer) and select.select([keys], [], [], _SECONDS)[0]:
            part = os.read(keys, 1024)
            answer += part
            if not part:
                break
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)
    return answer


def room_of(console: Console, columns: int | None, spare: int) -> Room:
    """Return the room in a terminal; `columns` may lower its width, `spare` lines are left free."""
    width, lines = min(columns or console.width, console.width), max(2, console.height - spare)
    try:
        import fcntl
        import termios

        size = fcntl.ioctl(console.file.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError):
        return Room(width, lines)
    rows, across, wide, high = unpack("HHHH", size)
    if not (rows and across and high >= rows and wide >= across):
        return Room(width, lines)
    return Room(width, lines, (wide // across, high // rows), exact=True)
