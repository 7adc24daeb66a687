"""`dicompix show`: half blocks in a terminal, else a PNG file."""

import io
import json
import shutil
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom.dataset import Dataset
from rich.console import Console
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.cli.picture import fitted, half_blocks
from dicompix.cli.terminal import can_show_blocks
from support.pseudo_terminal import Terminal

# of a terminal that does not tell its name
RUNNER = CliRunner(
    env=dict.fromkeys(("TERM_PROGRAM", "LC_TERMINAL", "KITTY_WINDOW_ID", "TMUX", "NO_COLOR", "DICOMPIX_SHOW_AS"))
    | {"TERM": "xterm-256color"}
)
Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]
GRAY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


@pytest.fixture
def path(make: Make, as_file: AsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of two frames, the second one the first upside down, with a window that leaves values alone."""
    monkeypatch.chdir(tmp_path)
    frames = np.stack([GRAY, GRAY[::-1]])
    windows = {"WindowCenter": [128, 8], "WindowWidth": [256, 1], "WindowCenterWidthExplanation": ["ALL", "DARK"]}
    file = tmp_path / "two.dcm"
    file.write_bytes(as_file(make(frames, frames=2, **windows)).getvalue())
    return file


def picture(path: str) -> np.ndarray:
    with pillow.open(path) as opened:
        return np.asarray(opened)


class Screen(io.StringIO):
    """What a terminal has been sent."""

    def isatty(self) -> bool:
        return True


def terminal(*, colors: str = "truecolor", width: int = 40, height: int = 20) -> tuple[Console, io.StringIO]:
    """Return a console that takes what it writes to for a terminal, and what it has written."""
    written = Screen()
    return Console(file=written, force_terminal=True, color_system=colors, width=width, height=height), written  # type: ignore[arg-type]


def test_without_a_terminal_it_is_a_png(path: Path) -> None:
    result = RUNNER.invoke(app, ["show", str(path)])
    assert (result.exit_code, result.stdout) == (0, "two.dcm.png\n")
    assert np.array_equal(picture("two.dcm.png"), GRAY)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--frame", "1"], GRAY[::-1]),
        (["--frame", "-1"], GRAY[::-1]),
        (["--voi", "DARK"], np.where(GRAY > 7, 255, 0)),
        (["--voi", "1"], np.where(GRAY > 7, 255, 0)),
        (["--voi", "100.5,1"], np.where(GRAY > 100, 255, 0)),
        (["--voi", "-5/1"], np.full_like(GRAY, 255)),
    ],
    ids=["second", "last", "explained", "numbered", "typed", "below zero"],
)
def test_frame_and_window(options: list[str], expected: np.ndarray, path: Path) -> None:
    result = RUNNER.invoke(app, ["show", str(path), *options, "-o", "deep/out.png"])
    assert result.exit_code == 0, result.output
    assert np.array_equal(picture("deep/out.png"), expected)
    assert [one.name for one in Path("deep").iterdir()] == ["out.png"]


def test_a_montage(path: Path) -> None:
    assert RUNNER.invoke(app, ["show", str(path), "--montage"]).exit_code == 0
    assert np.array_equal(picture("two.dcm.png"), np.hstack([GRAY, GRAY[::-1]]))


def test_one_output_is_for_one_file(path: Path) -> None:
    result = RUNNER.invoke(app, ["show", str(path), str(path), "-o", "x.png"])
    assert result.exit_code == 2
    assert "`dicompix export`" in result.stderr
    result = RUNNER.invoke(app, ["show", str(path), "-o", "x.abc"])
    assert "needed a picture's suffix" in result.stderr
    assert not list(Path().glob("*x.abc*"))


def test_files_of_one_name_are_two_pictures(path: Path) -> None:
    Path("deep").mkdir()
    shutil.copy(path, "deep/two.dcm")
    result = RUNNER.invoke(app, ["show", "two.dcm", "deep/two.dcm"])
    assert (result.exit_code, result.stdout) == (0, "two.dcm.png\ntwo.dcm-2.png\n")


def test_an_input_is_never_overwritten(path: Path) -> None:
    named, before = path.with_name("two.png"), path.read_bytes()
    path.rename(named)
    result = RUNNER.invoke(app, ["show", "two.png", "-o", str(named)])
    assert result.exit_code == 3
    assert "an input is never overwritten" in result.stderr
    assert named.read_bytes() == before


def test_one_that_fails_stops_no_other(path: Path) -> None:
    result = RUNNER.invoke(app, ["show", "nowhere.dcm", str(path)])
    assert (result.exit_code, result.stdout) == (3, "two.dcm.png\n")
    assert result.stderr == "dicompix show: nowhere.dcm: No such file or directory\n"


def test_json(path: Path) -> None:
    there, written = terminal()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dicompix.cli.output.console", lambda: there)
        result = RUNNER.invoke(app, ["show", "--json", "--montage", str(path), "nowhere.dcm"])
    found = json.loads(result.stdout)["files"]
    assert (result.exit_code, written.getvalue()) == (3, "")
    assert found[0] | {"file": str(path), "picture": "two.dcm.png", "frames": [0, 1], "findings": []} == found[0]
    assert found[1]["error"] == "nowhere.dcm: No such file or directory"


def test_findings_are_told(make: Make, as_file: AsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.dcm").write_bytes(as_file(make(GRAY, VOILUTFunction="BENT", WindowCenter=9, WindowWidth=9)).getvalue())
    result = RUNNER.invoke(app, ["show", "odd.dcm"])
    assert result.exit_code == 0
    assert result.stderr.startswith("dicompix show: odd.dcm: voi-lut-function: VOI LUT Function is unknown")


def test_a_terminal_gets_half_blocks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, written = terminal()
    monkeypatch.setattr("dicompix.cli.output.console", lambda: there)
    result = RUNNER.invoke(app, ["show", str(path), "--columns", "6"])
    assert (result.exit_code, result.stdout) == (0, "")
    picture, caption = written.getvalue().split("two.dcm", 1)
    lines = picture.splitlines()
    assert len(lines) == 2  # four rows of pixels
    assert all(line.count("▀") == 6 for line in lines)
    assert "\x1b[38;2;0;0;0;48;2;60;60;60m▀" in lines[0]  # the pixel at 0, 0 above that at 1, 0
    assert "\x1b[38;2;170;170;170;48;2;230;230;230m▀" in lines[1]
    assert caption == ": frame 0 of 2, 4 x 6, MONOCHROME2\n"
    assert not list(path.parent.glob("*.png"))


def test_a_montage_in_the_terminal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, written = terminal(colors="256")
    monkeypatch.setattr("dicompix.cli.output.console", lambda: there)
    assert RUNNER.invoke(app, ["show", str(path), "--montage", "--columns", "12"]).exit_code == 0
    assert written.getvalue().count("▀") == 2 * 12
    assert "2 of 2 frames" in written.getvalue()


def test_odd_rows_end_with_a_black_half() -> None:
    segments = half_blocks(np.full((3, 1, 3), 200, np.uint8), (1, 2)).segments
    blocks = [segment.style for segment in segments if segment.text != "\n"]
    assert [str(style) for style in blocks] == ["#c8c8c8 on #c8c8c8", "#c8c8c8 on #000000"]


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [
        ((100, 50), (50, 50), (50, 25)),
        ((4, 4), (20, 9), (8, 8)),
        ((1, 1), (90, 90), (8, 8)),
        ((5000, 1), (80, 40), (80, 1)),
    ],
)
def test_pictures_are_made_to_fit(size: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fitted(size, room) == expected


@pytest.mark.parametrize(("colors", "able"), [("truecolor", True), ("256", True), ("standard", False)])
def test_which_terminals_can(colors: str, able: bool) -> None:  # noqa: FBT001
    assert can_show_blocks(terminal(colors=colors)[0]) is able
    assert not can_show_blocks(Console(file=io.StringIO()))
    assert not can_show_blocks(Console(file=Screen(), force_terminal=True, color_system="truecolor", no_color=True))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_in_a_real_terminal(path: Path) -> None:
    status, written = Terminal(attributes=b"\x1b[?62;22c", size=(10, 30)).run(["show", str(path)])
    assert status == 0
    assert written.decode().count("▀") == 18 * 6  # enlarged three times: 12 rows of pixels, two a line
    assert b"frame 0 of 2" in written


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_name_is_no_markup_and_no_order_to_the_terminal(path: Path) -> None:
    odd = path.rename(path.with_name("a[b]\x1b[31m.dcm"))
    status, written = Terminal(attributes=b"\x1b[?62;22c", size=(10, 200)).run(["show", str(odd)])
    assert status == 0
    assert b"a[b]\\x1b[31m.dcm: frame 0 of " in written
