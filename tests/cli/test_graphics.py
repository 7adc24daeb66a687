"""`dicompix show` in terminals that draw pixels: who is asked what, what is written, and what picture that is."""

import io
import os
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from rich.console import Console

from dicompix.cli import terminal
from dicompix.cli.graphics import iterm, kitty, sixel
from dicompix.cli.terminal import Room, way_for
from support.pseudo_terminal import Terminal, iterm_picture, kitty_picture, sixel_picture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
GRAY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)
PERCENT = np.array([0, 4, 8, 12, 16, 20], np.int64)  # of 0, 10, 20 ... 50 of 255, to the nearest
NOISE = np.random.default_rng(5).integers(0, 256, (150, 190), np.uint8)  # more than one piece, more than one band
COLOR = np.arange(7 * 5 * 3, dtype=np.uint8).reshape(7, 5, 3) * 2
ROOM = Room(30, 10, (8, 16), exact=True)  # 240 x 160 pixels
KITTY, SIXEL, PLAIN = b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", b"\x1b[?62;4;22c", b"\x1b[?62;22c"


@pytest.fixture
def path(make: Callable[..., Dataset], as_file: Callable[[Dataset], BytesIO], tmp_path: Path) -> Path:
    """Return a file of one frame, with a window that leaves its values alone."""
    file = tmp_path / "one.dcm"
    file.write_bytes(as_file(make(GRAY, WindowCenter=128, WindowWidth=256)).getvalue())
    return file


def enlarged(picture: np.ndarray, times: int) -> np.ndarray:
    return picture.repeat(times, axis=0).repeat(times, axis=1)


# What is written


def test_kitty_gets_a_png_in_pieces() -> None:
    text = kitty(NOISE, ROOM)
    picture, keys = kitty_picture(text.encode())
    assert np.array_equal(picture, NOISE)
    assert keys == {"a": "T", "f": "100", "q": "2", "m": "1"}
    assert text.count("\x1b_G") > 5
    assert kitty_picture(kitty(NOISE, Room(30, 10)).encode())[1]["c"] == "19"  # of 190 pixels, 10 a character


def test_iterm_gets_an_inline_file() -> None:
    picture, keys = iterm_picture(iterm(NOISE, ROOM).encode())
    assert np.array_equal(picture, NOISE)
    assert (keys["inline"], keys["width"], keys["preserveAspectRatio"]) == ("1", "24", "1")  # 190 of 8 pixels


def test_sixels_are_drawn_in_percent() -> None:
    picture = sixel_picture(sixel(NOISE, ROOM).encode())
    assert np.array_equal(picture, np.round(NOISE[..., np.newaxis] / 255 * 100).repeat(3, axis=2))
    enlarged_picture = sixel_picture(sixel(GRAY[:1], ROOM).encode())  # eight times
    assert np.array_equal(enlarged_picture[..., 0], enlarged(PERCENT[np.newaxis], 8))


@pytest.mark.parametrize("way", [kitty, iterm, sixel])
def test_colours(way: Callable[[np.ndarray, Room], str]) -> None:
    written = way(COLOR, ROOM).encode()
    if way is sixel:
        assert np.abs(sixel_picture(written) - enlarged(COLOR, 8) / 2.55).max() <= 0.5
    else:
        picture, _ = (kitty_picture if way is kitty else iterm_picture)(written)
        assert np.array_equal(picture, enlarged(COLOR, 8))


def test_a_large_picture_is_made_to_fit() -> None:
    picture, _ = kitty_picture(kitty(np.full((640, 480), 9, np.uint8), ROOM).encode())
    assert picture.shape == (160, 120)


# Which terminal gets what


class Screen(io.StringIO):
    """What a terminal has been sent."""

    def isatty(self) -> bool:
        return True


def console(*, screen: type[io.StringIO] = Screen, colors: str = "truecolor") -> Console:
    return Console(file=screen(), force_terminal=True, color_system=colors, _environ={"TERM": "xterm"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "answer", "way"),
    [
        ({"TERM": "xterm-kitty"}, b"", "kitty"),
        ({"KITTY_WINDOW_ID": "1"}, b"", "kitty"),
        ({"TERM": "xterm-ghostty"}, b"", "kitty"),
        ({"TERM_PROGRAM": "ghostty"}, b"", "kitty"),
        ({"TERM_PROGRAM": "iTerm.app"}, b"", "iterm"),
        ({"TERM_PROGRAM": "WezTerm"}, b"", "iterm"),
        ({"LC_TERMINAL": "iTerm2"}, b"", "iterm"),
        ({"TERM": "foot"}, b"", "sixel"),
        ({"TERM": "xterm-256color"}, KITTY, "kitty"),
        ({"TERM": "xterm-256color"}, SIXEL, "sixel"),
        ({"TERM": "xterm-256color"}, PLAIN, "blocks"),
        ({"TERM": "xterm-256color"}, b"", "blocks"),
        ({"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, PLAIN, "blocks"),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, SIXEL, "sixel"),
    ],
)
def test_the_way_follows_from_names_or_else_from_answers(
    environment: dict[str, str], answer: bytes, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_ask", lambda console, question: answer)
    assert way_for(console(), environment) == way


def test_few_colours_are_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_ask", lambda console, question: PLAIN)
    assert way_for(console(colors="standard"), {}) == "png"


def test_what_is_no_terminal_gets_none_of_it() -> None:
    # as under FORCE_COLOR: rich takes the pipe for a terminal
    assert way_for(console(screen=io.StringIO), {"TERM": "xterm-kitty"}) == "png"


def test_kitty_by_its_name_is_not_asked(path: Path) -> None:
    status, written = Terminal(environment={"TERM": "xterm-kitty"}).run(["show", str(path)])
    picture, keys = kitty_picture(written)
    assert status == 0
    assert np.array_equal(picture, enlarged(GRAY, 8))
    assert "c" not in keys
    assert b"\x1b[c" not in written
    assert written.endswith(b"\r\none.dcm: frame 0 of 1, 4 x 6, MONOCHROME2\r\n")


def test_a_terminal_that_answers(path: Path) -> None:
    status, written = Terminal(kitty=b"\x1b_Gi=31;OK\x1b\\", attributes=PLAIN, pixels=(0, 0)).run(["show", str(path)])
    picture, keys = kitty_picture(written)
    assert status == 0
    assert np.array_equal(picture, enlarged(GRAY, 8))
    assert keys["c"] == "5"  # 48 pixels, 10 a character where the terminal does not say


def test_sixels_inside_of_tmux_which_is_not_asked_for_kitty(path: Path) -> None:
    screen = Terminal(attributes=SIXEL, environment={"TERM": "tmux-256color", "TMUX": "socket"})
    status, written = screen.run(["show", str(path)])
    assert status == 0
    assert b"\x1b_G" not in written
    assert np.array_equal(sixel_picture(written)[::8, ::8, 0], np.round(GRAY / 255 * 100))


@pytest.mark.parametrize("way", ["blocks", "png", "iterm"])
def test_it_can_be_said_once_for_all(way: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    status, written = Terminal(environment={"TERM": "xterm-kitty", "DICOMPIX_SHOW_AS": way}).run(["show", str(path)])
    assert status == 0
    assert b"\x1b_G" not in written
    assert ("▀".encode() in written) is (way == "blocks")
    assert (b"\x1b]1337" in written) is (way == "iterm")
    assert Path("one.dcm.png").exists() is (way == "png")


def test_a_pipe_in_such_a_terminal_gets_a_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    reader, writer = os.pipe()
    screen = Terminal(environment={"TERM": "xterm-kitty", "FORCE_COLOR": "1"})
    status, written = screen.run(["show", str(path)], stdout=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert (status, pipe.read(), written) == (0, b"one.dcm.png\n", b"")
