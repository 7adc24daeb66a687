"""The command `show`: a frame as a picture in the terminal, or as a PNG file where the terminal cannot."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicompix.cli.options import VoiText, voi_of

if TYPE_CHECKING:
    from rich.console import Console

    from dicompix.pixels.image import Image
    from dicompix.pixels.image.choice import Voi

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="DICOM files.", exists=True, dir_okay=False)]
Frame = Annotated[int, typer.Option(help="The frame to show, from 0; negative ones count from the end.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write a picture file instead: PNG, JPEG or TIFF by its suffix.")
]
Montage = Annotated[bool, typer.Option("--montage", help="Show all frames side by side, 64 of them at the most.")]
Columns = Annotated[int | None, typer.Option(help="Columns of the terminal to use.", min=2)]

MOST_FRAMES = 64
SPARE_LINES = 3  # of the terminal, for the caption and the prompt


def show(
    files: Files,
    *,
    frame: Frame = 0,
    voi: VoiText = "0",
    output: Output = None,
    montage: Montage = False,
    columns: Columns = None,
) -> None:
    """Show a frame in the terminal; where it has too few colours, write NAME.png into this folder."""
    from dicompix.cli.output import console  # noqa: PLC0415  # commands load when they are called
    from dicompix.cli.picture import can_show  # noqa: PLC0415
    from dicompix.pixels.image import open_image  # noqa: PLC0415

    if output is not None and len(files) > 1:
        raise typer.BadParameter("--output names one picture: give one file, or use `dicompix export`")
    there, chosen = console(), voi_of(voi)
    for file in files:
        with open_image(file) as image:
            if output is None and can_show(there):
                _on_terminal(there, file, image, _numbers(image, frame, montage=montage), chosen, columns)
            else:
                target = Path(f"{file.name}.png") if output is None else output
                _write(image, target, _numbers(image, frame, montage=montage), chosen)
                print(target)
            for finding in image.findings:
                typer.echo(f"dicompix show: {file}: {finding}", err=True)


def _numbers(image: "Image", frame: int, *, montage: bool) -> list[int]:
    return list(range(len(image)))[:MOST_FRAMES] if montage else [frame]


def _write(image: "Image", target: Path, frames: list[int], voi: "Voi") -> None:
    """Write the picture whole or not at all."""
    from dicompix.cli.exporting.files import replacing_path  # noqa: PLC0415

    with replacing_path(target) as unfinished:
        if len(frames) == 1:
            image.save(unfinished, frame=frames[0], voi=voi)
        else:
            image.montage(frames, voi=voi).save(unfinished)


def _on_terminal(  # where, what, and how
    there: "Console", file: Path, image: "Image", frames: list[int], voi: "Voi", columns: int | None
) -> None:
    import numpy as np  # noqa: PLC0415

    from dicompix.cli.picture import half_blocks  # noqa: PLC0415

    room = min(columns or there.width, there.width), max(2, there.height - SPARE_LINES)
    if len(frames) == 1:
        picture = image.thumbnail(frames[0], size=4 * max(room), voi=voi)
    else:
        picture = np.asarray(image.montage(frames, voi=voi))
    there.print(half_blocks(picture, room), end="")
    number = f"frame {frames[0]} of {len(image)}" if len(frames) == 1 else f"{len(frames)} of {len(image)} frames"
    rows, width = image.shape[1:3]
    there.print(f"{file.name}: {number}, {rows} x {width}, {image.format.photometric}", highlight=False, soft_wrap=True)
