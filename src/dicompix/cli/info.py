"""The command `info`: what a file's pixel data is, how it would be decoded and shown, what is wrong with it."""

from typing import TYPE_CHECKING, Annotated

import typer

from dicompix.cli.group import DONE, FAILED, complain, reason
from dicompix.cli.options import AsJson, Files

if TYPE_CHECKING:
    from dicompix.cli.facts import Facts
    from dicompix.cli.sources import Source

Frame = Annotated[int, typer.Option(help="The frame to decode and explain, from 0.", min=0)]


def info(files: Files, *, frame: Frame = 0, json: AsJson = False) -> None:
    """Say what a file's pixel data is: format, offset table, codec, steps to the picture, geometry, findings.

    Folders are searched; files in them that are no images are passed over.
    """
    from dicompix.cli.output import print_json
    from dicompix.cli.sources import no_images, sources_of

    found: list[Facts] = []
    for source in sources_of(files):
        facts = _facts(source, frame)
        if facts is None:
            continue
        if not json and "sop_class" in facts:
            _print(facts, first=not found)
        if "error" in facts:
            complain("info", facts["error"])
        found.append(facts)
    if not found:
        raise no_images(files)
    if json:
        print_json({"files": found})
    raise typer.Exit(FAILED if any("error" in facts for facts in found) else DONE)


def _facts(source: "Source", frame: int) -> "Facts | None":
    """Return a file's facts; those of one that cannot be read are its name and why; None for what is no image."""
    from dicompix.cli.facts import facts_of
    from dicompix.cli.sources import why_none

    try:
        return facts_of(source.path, frame) if source.named or not why_none(source.path) else None
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
        return {"file": str(source.path), "error": reason(problem, source.path)}


def _print(facts: "Facts", *, first: bool) -> None:
    """Print a file's sheet."""
    from dicompix.cli.output import console
    from dicompix.cli.sheet import sheet

    if not first:
        print()
    console().print(sheet(facts), soft_wrap=True, highlight=False)
