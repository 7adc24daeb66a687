"""Files -> what is wrong with each of them: the audits, whether there is anything to audit, a table, JSON."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.errors import InvalidDicomError
from rich.table import Table

from dicompix.cli.group import counted, reason
from dicompix.cli.output import progress, table
from dicompix.cli.sources import Source, why_none
from dicompix.isolate import isolated as in_workers
from dicompix.pixels.errors import Finding, MissingElementError, PixelError
from dicompix.pixels.image import open_image
from dicompix.pixels.image.audit import COLUMNS, Audit, as_finding
from dicompix.pixels.policy import SEVERITIES, worst_of

_NO_DICOM = Finding(code="no-dicom", message="this is no DICOM file", severity="error", clause="PS3.10 7.1")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file; `note` says why nothing was looked at, `error` why it cannot be read."""

    path: Path
    audit: Audit
    note: str = ""
    error: str = ""


def check_all(
    sources: Sequence[Source], severity: str, *, decode: bool = True, isolate: bool = False, quiet: bool = False
) -> list[Checked]:
    """Audit files one by one; one that cannot be read stops none of the others."""
    results = []
    with in_workers() if isolate else nullcontext(), progress("Checking", len(sources), quiet=quiet) as told:
        for source in sources:
            results += checked(source, decode=decode)
            told(1)
    return [Checked(one.path, one.audit.least(severity), one.note, one.error) for one in results]


def checked(source: Source, *, decode: bool = True) -> list[Checked]:
    """Audit one file; nothing for one in a folder that is no DICOM file."""
    path = source.path
    try:
        with open_image(path) as image:
            return [Checked(path, image.audit("all" if decode else None))]
    except InvalidDicomError as problem:
        return [Checked(path, Audit((_NO_DICOM,)), error=reason(problem, path))] if source.named else []
    except MissingElementError as problem:
        note = why_none(path)
        return [Checked(path, Audit(() if note else (as_finding(problem),)), note)]
    except PixelError as problem:
        return [Checked(path, Audit((as_finding(problem),)))]
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file; the others go on
        return [Checked(path, Audit((as_finding(problem),)), error=reason(problem, path))]


def summary(results: Sequence[Checked]) -> dict[str, Any]:
    """Return the results as JSON has them."""
    files = [
        {"file": str(one.path), "note": one.note} | ({"error": one.error} if one.error else {}) | one.audit.to_dict()
        for one in results
    ]
    return {"worst": worst_of(found for one in results for found in one.audit), "files": files}


def table_of(results: Sequence[Checked]) -> Table:
    """Return a row for each finding in the files that can be read; the title counts the files."""
    readable = [one for one in results if not one.error]
    counts = {name: sum(one.audit.worst == name for one in readable) for name in ("", *SEVERITIES)}
    unread = len(results) - len(readable)
    title = (
        f"{counted(len(results), 'file')}: {counts['error']} with errors, {counts['warning']} with warnings, "
        f"{counts['info']} with notes, {counts['']} clean" + (f", {unread} not readable" if unread else "")
    )
    rows = [([str(one.path), *cells], style) for one in readable for cells, style in one.audit.rows()]
    return table(title, ("file", *COLUMNS), rows)
