"""Files -> their pictures, drawn in the terminal or written as files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import typer
from rich.console import Console

from dicompix.cli.graphics import GRAPHICS
from dicompix.cli.group import printable, reason
from dicompix.cli.picture import half_blocks
from dicompix.cli.sources import unique_names
from dicompix.cli.terminal import Way, has_terminal, room_of, way_for
from dicompix.pixels.compat.recode.files import check_target, identity_of, replacing_path
from dicompix.pixels.errors import Finding
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.policy import Policy

MOST_FRAMES = 64  # of a montage
SPARE_LINES = 3  # of the terminal, for the caption and the prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What became of one file: its frames are drawn, or in the `picture` file; or why not."""

    file: str
    picture: Path | None = None
    frames: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""


def settle_way(asked: Way | Literal["auto"], console: Console) -> Way:
    """Return how to show pictures: as asked, if that is for a terminal and there is one, or as the terminal can."""
    if asked == "auto":
        return way_for(console)
    if asked != "png" and not has_terminal(console):
        raise typer.BadParameter(f"--as {asked} draws in a terminal, and standard output is none: use -o, or --as png")
    return asked


@dataclass(frozen=True, slots=True)
class Showing:
    """Where and how to show which frame, None for a montage of all; `columns` may lower the terminal's width."""

    console: Console
    way: Way
    frame: int | None = 0
    voi: Voi = 0
    columns: int | None = None
    errors: Policy = "warn"

    def all(self, files: Sequence[Path], output: Path | None = None) -> Iterator[Shown]:
        """Show file by file; one that cannot be shown stops none of the others."""
        for file, name in zip(files, unique_names(files), strict=True):
            try:
                if self.way == "png":
                    check_target(output or Path(name), frozenset(map(identity_of, files)), overwrite=True)
                yield self.one(file, output or Path(name))
            except BrokenPipeError:
                raise
            except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
                yield Shown(file=str(file), error=reason(problem, file))

    def one(self, file: Path, target: Path) -> Shown:
        """Show one file; as PNG that is to write `target`."""
        with open_image(file, errors=self.errors) as image:
            frames = self._frames(image)
            if self.way == "png":
                self._write(image, frames, target)
            else:
                self._draw(image, frames, file.name)
            picture = target if self.way == "png" else None
            return Shown(file=str(file), picture=picture, frames=tuple(frames), findings=image.findings)

    def _frames(self, image: Image) -> list[int]:
        return list(range(image.held)[:MOST_FRAMES]) if self.frame is None else [self.frame]

    def _write(self, image: Image, frames: Sequence[int], target: Path) -> None:
        """Write the picture whole or not at all."""
        with replacing_path(target) as unfinished:
            if len(frames) == 1:
                image.save(unfinished, frame=frames[0], voi=self.voi)
            else:
                image.montage(frames, voi=self.voi).save(unfinished)

    def _draw(self, image: Image, frames: Sequence[int], name: str) -> None:
        there, room = self.console, room_of(self.console, self.columns, SPARE_LINES)
        draw = GRAPHICS.get(self.way)
        if len(frames) == 1:
            size = 4 * max(room.columns, room.lines) if draw is None else max(room.pixels)
            picture = image.thumbnail(frames[0], size=size, voi=self.voi)
        else:
            picture = np.asarray(image.montage(frames, voi=self.voi))
        if draw is None:
            there.print(half_blocks(picture, (room.columns, room.lines)), end="")
        else:
            there.file.write(f"{draw(picture, room)}\n")
        number = f"frame {frames[0]} of {len(image)}" if len(frames) == 1 else f"{len(frames)} of {len(image)} frames"
        rows, width = image.shape[1:3]
        text = f"{name}: {number}, {rows} x {width}, {image.format.photometric}"
        there.print(printable(text), highlight=False, markup=False, soft_wrap=True)
