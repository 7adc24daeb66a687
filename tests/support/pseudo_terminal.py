"""A terminal that a test plays: what a program writes to it, and what it answers to questions."""

import os
import re
import select
import struct
import subprocess
import sys
import time
from base64 import standard_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image as pillow  # noqa: N813

from support.command_line import PLAIN

KITTY_QUESTION, ATTRIBUTES_QUESTION = b"\x1b_Gi=31", b"\x1b[c"


@dataclass(frozen=True)
class Terminal:
    """What a terminal answers, in which order it is asked; its size in characters and in pixels, 0 where unknown."""

    kitty: bytes = b""
    attributes: bytes = b""
    size: tuple[int, int] = (24, 80)
    pixels: tuple[int, int] = (480, 800)
    environment: Mapping[str, str] = ()  # type: ignore[assignment]  # of its name

    def run(self, arguments: Sequence[str], *, stdout: int | None = None) -> tuple[int, bytes]:
        """Return how ``python -m dicompix`` ends here, and all that it has written to the terminal."""
        import fcntl
        import pty
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *self.size, self.pixels[1], self.pixels[0]))
        named = (
            "TERM_PROGRAM",
            "LC_TERMINAL",
            "KITTY_WINDOW_ID",
            "TMUX",
            "NO_COLOR",
            "FORCE_COLOR",
            "COLUMNS",
            "LINES",
        )
        plain = {name: value for name, value in PLAIN.items() if name not in named}
        environment = {**plain, "TERM": "xterm-256color", "COLORTERM": "truecolor", **dict(self.environment)}
        process = subprocess.Popen(
            [sys.executable, "-m", "dicompix", *arguments],
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            env=environment,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        written = self._talk(ours, process)
        os.close(ours)
        return process.wait(timeout=60), written

    def _talk(self, ours: int, process: "subprocess.Popen[bytes]") -> bytes:
        """Answer questions until the program has ended; return what it has written."""
        written, end = b"", time.monotonic() + 60
        asked = {KITTY_QUESTION: self.kitty, ATTRIBUTES_QUESTION: self.attributes}
        while time.monotonic() < end:
            try:
                part = os.read(ours, 65536) if select.select([ours], [], [], 0.1)[0] else b""
            except OSError:  # the other end is closed
                break
            written += part
            for question in [question for question in asked if question in written]:
                os.write(ours, asked.pop(question))
            if not part and process.poll() is not None:
                break
        return written


def _take_terminal() -> None:
    """Let the new process be the one that the terminal talks to."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


# Escape sequences -> the picture that a terminal would draw


def kitty_picture(written: bytes) -> tuple[np.ndarray, dict[str, str]]:
    """Return the picture, and the keys of its first piece; each piece is as short as the protocol wants."""
    found = re.findall(rb"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", written)
    pieces = [(dict(one.split("=") for one in keys.decode().split(",")), data) for keys, data in found]
    pieces = [piece for piece in pieces if piece[0].get("a") != "q"]  # the question
    assert all(len(data) <= 4096 for _, data in pieces)
    assert all(len(data) % 4 == 0 for _, data in pieces[:-1])
    assert [keys["m"] for keys, _ in pieces] == ["1"] * (len(pieces) - 1) + ["0"]
    return _opened(standard_b64decode(b"".join(data for _, data in pieces))), pieces[0][0]


def iterm_picture(written: bytes) -> tuple[np.ndarray, dict[str, str]]:
    """Return the picture of an inline file, and its keys."""
    (found,) = re.findall(rb"\x1b\]1337;File=([^:]*):([^\x07]*)\x07", written)
    data = standard_b64decode(found[1])
    keys = dict(one.split("=") for one in found[0].decode().split(";"))
    assert int(keys["size"]) == len(data)
    return _opened(data), keys


def _opened(png: bytes) -> np.ndarray:
    assert png.startswith(b"\x89PNG")
    with pillow.open(BytesIO(png)) as picture:
        return np.asarray(picture)


def sixel_picture(written: bytes) -> np.ndarray:
    """Return the RGB picture, in percent, that sixels draw (DEC STD 070, 9)."""
    (body,) = re.findall(rb"\x1bP[\d;]*q([^\x1b]*)\x1b\\", written)
    size = re.match(rb'"1;1;(\d+);(\d+)', body)
    assert size is not None
    width, height = int(size[1]), int(size[2])
    canvas = np.full((-(-height // 6) * 6, width, 3), -1)
    colors: dict[int, list[int]] = {}
    x, y, color = 0, 0, -1
    for token in re.finditer(rb'"[\d;]+|#(\d+)(;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|[$-]|[?-~]', body):
        text = token[0]
        if text[:1] == b"#":
            color = int(token[1])
            if token[2]:
                colors[color] = [int(token[place]) for place in (3, 4, 5)]
        elif text == b"$":
            x = 0
        elif text == b"-":
            x, y = 0, y + 6
        elif text[:1] != b'"':
            count, bits = (int(token[6]), token[7][0] - 63) if token[6] else (1, text[0] - 63)
            for bit in range(6):
                if bits >> bit & 1:
                    canvas[y + bit, x : x + count] = colors[color]
            x += count
    assert (canvas[:height] >= 0).all()
    assert (canvas[height:] < 0).all()
    return canvas[:height]
