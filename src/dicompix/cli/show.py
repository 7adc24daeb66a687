"""The command `show`: a frame as a picture in the terminal, or as a PNG file where the terminal cannot."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dicompix.cli.group import DONE, FAILED, complain, printable
from dicompix.cli.options import AsJson, Errors, VoiText, voi_of

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="DICOM files.", readable=False)]
Frame = Annotated[int, typer.Option(help="The frame to show, from 0; negative ones count from the end.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write a picture file instead: PNG, JPEG or TIFF by its suffix.", readable=False
    ),
]
Montage = Annotated[bool, typer.Option("--montage", help="Show all frames side by side, 64 of them at the most.")]
Columns = Annotated[int | None, typer.Option(help="Columns of the terminal to use.", min=2)]
As = Annotated[
    Literal["auto", "kitty", "iterm", "sixel", "blocks", "png"],
    typer.Option(
        "--as",
        envvar="DICOMPIX_SHOW_AS",
        help="How to draw: kitty's, iTerm2's or sixel graphics, half blocks, or a PNG file; auto asks the terminal.",
    ),
]


def show(  # noqa: PLR0913  # one for each option
    files: Files,
    *,
    frame: Frame = 0,
    voi: VoiText = "0",
    output: Output = None,
    montage: Montage = False,
    columns: Columns = None,
    way: As = "auto",
    errors: Errors = "warn",
    json: AsJson = False,
) -> None:
    """Show a frame in the terminal; where that cannot draw, or is a pipe, write NAME.png into this folder."""
    from dicompix.cli.output import as_dict, console, print_json
    from dicompix.cli.showing import Showing, settle_way
    from dicompix.cli.terminal import has_terminal

    if output is not None and len(files) > 1:
        raise typer.BadParameter("--output names one picture: give one file, or use `dicompix export`")
    there, chosen = console(), voi_of(voi)
    settled = "png" if json or output is not None else settle_way(way, there)
    showing = Showing(there, settled, None if montage else frame, chosen, columns, errors)
    done = []
    for shown in showing.all(files, output):
        done.append(shown)
        if shown.picture is not None and not json:
            print(printable(str(shown.picture)) if has_terminal(there) else shown.picture)  # as it is for a program
        for line in [shown.error] if shown.error else [] if json else [f"{shown.file}: {f}" for f in shown.findings]:
            complain("show", line)
    if json:
        print_json({"files": [as_dict(shown) for shown in done]})
    raise typer.Exit(FAILED if any(shown.error for shown in done) else DONE)
