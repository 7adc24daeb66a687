"""The command `info`: what a file's pixel data is, how it would be decoded and shown, what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicompix.cli.group import DONE, IN_PART, NOT_DONE, reason
from dicompix.cli.options import AsJson, Files

if TYPE_CHECKING:
    from dicompix.cli.facts import Facts
    from dicompix.cli.sources import Source

Frame = Annotated[int, typer.Option(help="The frame to decode and explain, from 0.", min=0)]


def info(files: Files, *, frame: Frame = 0, json: AsJson = False) -> None:
    """Say what a file's pixel data is: format, offset table, codec, steps to the picture, geometry, findings.

    Folders are searched; files in them that are no images are passed over.
    """
    from dicompix.cli.output import print_json  # noqa: PLC0415  # commands load when they are called
    from dicompix.cli.sources import sources_of  # noqa: PLC0415

    found: list[Facts] = []
    for source in sources_of(files):
        facts = _facts(source, frame)
        found += [] if facts is None else [facts]
        if facts is not None and not json:
            _print(facts, first=len(found) == 1)
    if json:
        print_json(found)
    if not found:
        raise FileNotFoundError(f"there are no images in {', '.join(map(str, files))}")
    wrong = sum("error" in facts for facts in found)
    raise typer.Exit(NOT_DONE if wrong == len(found) else IN_PART if wrong else DONE)


def _facts(source: "Source", frame: int) -> "Facts | None":
    """Return a file's facts; those of one that cannot be read are its name and why; None for what is no image."""
    from dicompix.cli.facts import facts_of  # noqa: PLC0415
    from dicompix.cli.sources import why_none  # noqa: PLC0415

    try:
        return facts_of(source.path, frame) if source.named or not why_none(source.path) else None
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
        return {"file": str(source.path), "error": reason(problem)}


def _print(facts: "Facts", *, first: bool) -> None:
    """Print a file's sheet; what keeps it from being read goes to standard error."""
    from dicompix.cli.output import console  # noqa: PLC0415
    from dicompix.cli.sheet import sheet  # noqa: PLC0415

    if not first:
        print()
    if "sop_class" in facts:
        console().print(sheet(facts), soft_wrap=True, highlight=False)
    if "error" in facts:
        line = " ".join(str(facts["error"]).split())
        typer.echo(f"dicompix info: {Path(facts['file'])}: {line}", err=True)
