"""The command `compare`: two files, or one file by two codecs; equal, or where and by how much not."""

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dicompix.cli.group import DONE, FOUND, about, counted
from dicompix.cli.options import AsJson, File, Quiet

if TYPE_CHECKING:
    from dicompix.cli.difference import Difference

Other = Annotated[
    Path | None,
    typer.Argument(metavar="OTHER", help="Another one; absent with two codecs.", readable=False),
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
    """Compare the pixels of two files, or of one decoded by two codecs; the exit status is 1 where they differ."""
    from dicompix.cli.difference import difference
    from dicompix.pixels.image import open_image

    names = _codecs(codec or [], alone=other is None)
    paths = one, one if other is None else other
    with ExitStack() as opened:
        images = []
        for path, name in zip(paths, names, strict=True):
            with about(path):
                images.append(opened.enter_context(open_image(path, codec=name, raw=raw)))
        found = difference(images[0], images[1], values)
    if json:
        _print_json(paths, names, values, found, tolerance)
    elif not quiet:
        print(_text(found, tolerance))
    raise typer.Exit(DONE if found.equal(tolerance) else FOUND)


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
    from dicompix.cli.output import print_json

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
        return f"{word}: {counted(found.samples, 'value')} in {counted(found.compared, 'frame')} are the same{notes}"
    word = "equal within the tolerance" if found.equal(tolerance) else "different"
    where = f"{found.differing_frames} of {counted(found.compared, 'frame')}, first frame {found.first_frame} at "
    place = ", ".join(map(str, found.first_place))
    share = f"{found.differing:,} of {counted(found.samples, 'value')}"
    return f"{word}: {share} in {where}({place}); max {found.most:g}, mean {found.mean:.6g}{notes}"
