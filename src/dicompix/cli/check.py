"""The command `check`: everything that is wrong with the pixel data of files, and an exit status for scripts."""

from typing import Annotated, Literal

import typer

from dicompix.cli.group import DONE, FAILED, FOUND
from dicompix.cli.options import AsJson, Files, Quiet

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

    Folders are searched; files in them that are no DICOM files are passed over.
    """
    from dicompix.cli.checking import check_all, summary, table_of
    from dicompix.cli.output import console, print_json
    from dicompix.cli.sources import no_images, sources_of

    results = check_all(sources_of(files), severity, decode=not headers, isolate=isolated, quiet=quiet or as_json)
    if not results:
        raise no_images(files)
    for one in results:
        if one.error:
            typer.echo(f"dicompix check: {one.error}", err=True)
    if as_json:
        print_json(summary(results))
    elif (table := table_of(results)).rows:
        console().print(table)
    elif not quiet:
        console().print(table.title)
    wrong = any(one.audit.worst in {"warning", "error"} for one in results)
    raise typer.Exit(FAILED if any(one.error for one in results) else FOUND if wrong else DONE)
