"""The command `check`: everything that is wrong with the pixel data of files, and an exit status for scripts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dicompix.cli.group import DONE, FAILED, FOUND, complain
from dicompix.cli.options import AsJson, Files, Quiet

if TYPE_CHECKING:
    from dicompix.cli.checking import Checked

Severity = Annotated[
    Literal["info", "warning", "error"],
    typer.Option(help="The least severity that is shown, and that counts; notes (info) never count."),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Decode in worker processes, which may crash or hang.")]
Headers = Annotated[bool, typer.Option("--headers", help="Look at headers and offset tables only: decode no frame.")]


def check(
    files: Files,
    *,
    severity: Severity = "info",
    headers: Headers = False,
    isolated: Isolated = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List what is wrong with files: exit status 1 for deviations, 3 where a file cannot be read.

    Folders are searched; files in them that are no DICOM files are passed over. In a pipe a finding is a line.
    """
    from dicompix.cli.checking import check_all, summary, totals
    from dicompix.cli.output import print_json
    from dicompix.cli.sources import NO_DICOM, no_images, sources_of

    results = check_all(sources_of(files), severity, decode=not headers, isolate=isolated, quiet=quiet or as_json)
    if all(one.note == NO_DICOM for one in results):
        raise no_images(files)
    for one in results:
        if one.error:
            complain("check", one.error)
    if as_json:
        print_json(summary(results))
    else:
        _print(results)
        if not quiet:
            typer.echo(totals(results), err=True)
    wrong = any(one.audit.worst in {"warning", "error"} for one in results)
    raise typer.Exit(FAILED if any(one.error for one in results) else FOUND if wrong else DONE)


def _print(results: "Sequence[Checked]") -> None:
    """Print the findings: a table in a terminal, a line each elsewhere."""
    from dicompix.cli.checking import lines_of, rows_of
    from dicompix.cli.output import console, print_lines, table
    from dicompix.cli.terminal import has_terminal
    from dicompix.pixels.image.audit import COLUMNS

    rows = rows_of(results)
    if not has_terminal(console()):
        print_lines(lines_of(results))
    elif rows:
        console().print(table("", ("file", *COLUMNS), rows))
