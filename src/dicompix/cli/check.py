"""The command `check`: everything that is wrong with the pixel data of files, and an exit status for scripts."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydicom.errors import InvalidDicomError

from dicompix.cli.options import AsJson, Files, Quiet
from dicompix.cli.output import console, print_json, progress, table
from dicompix.cli.sources import Source, sources_of, why_none
from dicompix.isolate import isolated as in_workers
from dicompix.pixels.errors import Finding, MissingElementError
from dicompix.pixels.image import open_image
from dicompix.pixels.image.audit import COLUMNS, Audit, as_finding
from dicompix.pixels.policy import SEVERITIES, worst_of

STATUS = {"": 0, "info": 0, "warning": 1, "error": 2}
Severity = Annotated[
    Literal["info", "warning", "error"], typer.Option(help="The least severity that is shown, and that counts.")
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Decode in worker processes, which may crash or hang.")]
Headers = Annotated[bool, typer.Option("--headers", help="Look at headers and offset tables only: decode no frame.")]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file; `note` says why nothing was looked at."""

    path: Path
    audit: Audit
    note: str = ""


def check(
    files: Files,
    *,
    severity: Severity = "info",
    headers: Headers = False,
    isolated: Isolated = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """List what is wrong with files: exit status 0 nothing or notes only, 1 warnings, 2 errors."""
    results, sources = [], sources_of(files)
    with in_workers() if isolated else nullcontext(), progress("Checking", len(sources), quiet=quiet) as told:
        for source in sources:
            results += checked(source, decode=not headers)
            told(1)
    results = [Checked(one.path, one.audit.least(severity), one.note) for one in results]
    if as_json:
        print_json(_as_dict(results))
    else:
        _print(results, quiet=quiet)
    raise typer.Exit(STATUS[_worst(results)])


def checked(source: Source, *, decode: bool = True) -> list[Checked]:
    """Audit one file; nothing for one in a folder that is no DICOM file."""
    try:
        with open_image(source.path) as image:
            return [Checked(source.path, image.audit("all" if decode else None))]
    except InvalidDicomError:
        found = Finding(code="no-dicom", message="this is no DICOM file", severity="error", clause="PS3.10 7.1")
        return [Checked(source.path, Audit((found,)))] if source.named else []
    except MissingElementError as problem:
        note = why_none(source.path)
        return [Checked(source.path, Audit(() if note else (as_finding(problem),)), note)]
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file; the others go on
        return [Checked(source.path, Audit((as_finding(problem),)))]


def _worst(results: list[Checked]) -> str:
    return worst_of(found for one in results for found in one.audit)


def _as_dict(results: list[Checked]) -> dict[str, Any]:
    files = [{"path": str(one.path), "note": one.note, **one.audit.to_dict()} for one in results]
    return {"worst": _worst(results), "files": files}


def _print(results: list[Checked], *, quiet: bool) -> None:
    rows = [([str(one.path), *cells], style) for one in results for cells, style in one.audit.rows()]
    counts = {name: sum(one.audit.worst == name for one in results) for name in ("", *SEVERITIES)}
    title = (
        f"{len(results)} files: {counts['error']} with errors, {counts['warning']} with warnings, "
        f"{counts['info']} with notes, {counts['']} clean"
    )
    if rows:
        console().print(table(title, ("file", *COLUMNS), rows))
    elif not quiet:
        console().print(title)
