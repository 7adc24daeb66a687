"""What several commands take: the files, --json, --voi, --frames; the texts and what they mean."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dicompix.cli.group import counted, misuse

if TYPE_CHECKING:
    from dicompix.pixels.image.choice import Voi

# readable=False: what cannot be read is not wrong usage, and is said by who opens it
Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="DICOM files, or folders of them.", readable=False)]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A DICOM file.", readable=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else, for scripts.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")]
Errors = Annotated[
    Literal["strict", "warn", "salvage"],
    typer.Option(
        "--errors",
        help="Pixel data that breaks a rule: refuse it (strict), settle what has one right reading (warn), or also "
        "keep what there is of broken frames (salvage).",
    ),
]
Workers = Annotated[int | None, typer.Option(help="Threads; as many as cores where absent.", min=1)]
VoiText = Annotated[
    str,
    typer.Option(
        "--voi",
        metavar="WINDOW",
        help="Number or explanation of one of the file's windows and VOI LUTs, CENTER,WIDTH, "
        "auto (percentiles), full (range present), or none (every value possible).",
    ),
]
FramesText = Annotated[
    str, typer.Option("--frames", metavar="FRAMES", help="Numbers from 0 and ranges: 0,5-9 or 20- for the rest; all.")
]
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_WINDOW = re.compile(rf"\s*({_NUMBER})\s*[,/]\s*({_NUMBER})\s*")
_RANGE = re.compile(r"\s*(\d+)\s*(-?)\s*(\d*)\s*")


def known_syntaxes(incomplete: str) -> list[tuple[str, str]]:
    """Return the transfer syntaxes whose UID or short name begins like this, for the shell.

    >>> known_syntaxes("jls-")
    [('jls-near', 'JPEG-LS Near-Lossless')]
    """
    from dicompix.pixels.compat.recode.names import SHORT_NAMES
    from dicompix.pixels.syntaxes import SYNTAXES, syntax_for

    names = {uid: syntax.name for uid, syntax in SYNTAXES.items()}
    names |= {name: syntax_for(uid).name for name, uid in SHORT_NAMES.items()}
    return [(name, text) for name, text in names.items() if name.startswith(incomplete)]


def voi_of(text: str) -> "Voi":
    """Return what `Image.display` takes for what a user has typed.

    >>> voi_of("1"), voi_of("-600,1500"), voi_of("40/400"), voi_of("Auto"), voi_of("none"), voi_of("BONE")
    (1, (-600.0, 1500.0), (40.0, 400.0), 'auto', None, 'BONE')
    """
    from dicompix.pixels.image.choice import settle_voi

    window = _WINDOW.fullmatch(text)
    if window is not None:
        with misuse():
            return settle_voi((float(window[1]), float(window[2])))
    if re.fullmatch(r"\s*-?\d+\s*", text):
        return int(text)
    return None if text.strip().casefold() == "none" else settle_voi(text)


def frames_of(text: str, count: int, held: int | None = None) -> list[int]:
    """Return the frames that a text means, of an image that has `count`, of which its pixel data may hold fewer.

    Of those that are not there only the first is among them, to say so.

    >>> frames_of("0,5-7", 10), frames_of("8-", 10), frames_of("all", 3)
    ([0, 5, 6, 7], [8, 9], [0, 1, 2])
    """
    from dicompix.pixels.errors import FrameIndexError

    most = count if held is None else min(count, held + 1)
    if text.strip().casefold() == "all":
        return list(range(most))
    chosen: list[int] = []
    for first, last in _ranges(text):
        stop = count - 1 if last is None else last
        if max(first, stop) >= count:
            raise FrameIndexError(
                f"there is no frame {max(first, stop)}: the image has {counted(count, 'frame')}, from 0 on"
            )
        chosen += range(first, max(first, min(stop, most - 1)) + 1)
    return list(dict.fromkeys(chosen))


def check_frames(text: str) -> str:
    """Raise BadParameter for a text that means no frames, whatever the image."""
    if text.strip().casefold() != "all":
        _ranges(text)
    return text


def _ranges(text: str) -> list[tuple[int, int | None]]:
    """Return the first and last frame of each part; None where it is the last one of the image."""
    parts = [_RANGE.fullmatch(part) for part in text.split(",")]
    found = [(int(p[1]), int(p[3]) if p[3] else None if p[2] else int(p[1])) for p in parts if p and (p[2] or not p[3])]
    if len(found) != len(parts) or any(last is not None and last < first for first, last in found):
        raise typer.BadParameter(f"{text!r} means no frames: needed numbers from 0 and ranges as in 0,5-9, or all")
    return found
