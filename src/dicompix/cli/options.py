"""What several commands take: the files, --json, --voi, --frames; the texts and what they mean."""

import re
from pathlib import Path
from typing import Annotated

import typer

from dicompix.pixels.errors import FrameIndexError
from dicompix.pixels.image.choice import Voi, settle_voi

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="DICOM files, or folders of them.", exists=True)]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A DICOM file.", exists=True, dir_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")]
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


def voi_of(text: str) -> Voi:
    """Return what `Image.display` takes for what a user has typed.

    >>> voi_of("1"), voi_of("-600,1500"), voi_of("40/400"), voi_of("Auto"), voi_of("none"), voi_of("BONE")
    (1, (-600.0, 1500.0), (40.0, 400.0), 'auto', None, 'BONE')
    """
    window = _WINDOW.fullmatch(text)
    if window is not None:
        return settle_voi((float(window[1]), float(window[2])))
    if re.fullmatch(r"\s*-?\d+\s*", text):
        return int(text)
    return None if text.strip().casefold() == "none" else settle_voi(text)


def frames_of(text: str, count: int) -> list[int]:
    """Return the frames that a text means, of an image that has `count`.

    >>> frames_of("0,5-7", 10), frames_of("8-", 10), frames_of("all", 3)
    ([0, 5, 6, 7], [8, 9], [0, 1, 2])
    """
    if text.strip().casefold() == "all":
        return list(range(count))
    chosen: list[int] = []
    for first, last in _ranges(text):
        stop = count - 1 if last is None else last
        if max(first, stop) >= count:
            raise FrameIndexError(f"there is no frame {max(first, stop)}: the image has {count} frames, from 0 on")
        chosen += range(first, stop + 1)
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
