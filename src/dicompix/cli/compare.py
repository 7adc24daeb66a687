"""The command `compare`: two files, or one file by two codecs; equal, or where and by how much not."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dicompix.cli.group import DONE, IN_PART
from dicompix.cli.options import AsJson, File, Quiet

if TYPE_CHECKING:
    from dicompix.cli.difference import Difference

Other = Annotated[
    Path | None,
    typer.Argument(metavar="OTHER", help="Another one; absent with two codecs.", exists=True, dir_okay=False),
]
Codec = Annotated[
    list[str] | None,
    typer.Option("--codec", help="Codec by its name in `dicompix codecs`: one for both files, or one for each."),
]
Values = Annotated[Literal["stored", "modality", "display"], typer.Option(help="Which values to compare.")]
Raw = Annotated[bool, typer.Option("--raw", help="Compare YBR samples as they are stored, not as RGB.")]
Tolerance = Annotated[float, typer.Option(help="Differences up to this one count as equal.", min=0)]


def compare(  # noqa: PLR0913  # one for each option
    one: File,
    other: Other = None,
    *,
    codec: Codec = None,
    values: Values = "stored",
    raw: Raw = False,
    tolerance: Tolerance = 0.0,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Compare the pixels of two files, or of one decoded by two codecs; the exit status is 0 where they are equal."""
    from dicompix.cli.difference import difference  # noqa: PLC0415  # commands load when they are called
    from dicompix.pixels.image import open_image  # noqa: PLC0415

    names = _codecs(codec or [], alone=other is None)
    second = one if other is None else other
    with open_image(one, codec=names[0], raw=raw) as first, open_image(second, codec=names[1], raw=raw) as last:
        found = difference(first, last, values)
        if json:
            _print_json((one, second), names, values, found, tolerance)
        elif not quiet:
            print(_text(found, tolerance))
    raise typer.Exit(DONE if found.equal(tolerance) else IN_PART)


def _codecs(names: list[str], *, alone: bool) -> tuple[str | None, str | None]:
    """Return the codec of each image."""
    if len(names) > 2 or (alone and len(names) != 2):
        needed = "a second file, or --codec twice" if alone else "--codec twice at the most"
        raise typer.BadParameter(f"needed {needed}")
    return (names[0], names[-1]) if names else (None, None)


def _print_json(
    files: tuple[Path, Path],
    names: tuple[str | None, str | None],
    values: str,
    found: "Difference",
    tolerance: float,
) -> None:
    from dicompix.cli.output import print_json  # noqa: PLC0415

    asked = {"files": files, "codecs": names, "values": values, "tolerance": tolerance}
    print_json({**asked, "equal": found.equal(tolerance), **asdict(found)})


def _text(found: "Difference", tolerance: float) -> str:
    """Return one line of how they differ, and one for each thing besides."""
    notes = "".join(f"\n{note}" for note in found.notes)
    if found.shapes is not None:
        first, last = (" x ".join(map(str, shape)) for shape in found.shapes)
        return f"different: frame {found.first_frame} is {first} in one, {last} in the other{notes}"
    if found.frames[0] != found.frames[1]:
        notes = f"\nframes: {found.frames[0]} and {found.frames[1]}, {found.compared} compared{notes}"
    if found.first_frame is None:
        word = "equal" if found.equal(tolerance) else "different"
        return f"{word}: {found.samples:,} values in {found.compared} frames are the same{notes}"
    word = "equal within the tolerance" if found.equal(tolerance) else "different"
    where = f"{found.differing_frames} of {found.compared} frames, first frame {found.first_frame} at "
    place = ", ".join(map(str, found.first_place))
    share = f"{found.differing:,} of {found.samples:,} values"
    return f"{word}: {share} in {where}({place}); max {found.most:g}, mean {found.mean:.6g}{notes}"
