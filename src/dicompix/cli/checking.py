"""Files -> what is wrong with each of them: the audits, whether there is anything to audit, rows, lines, JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.errors import InvalidDicomError

from dicompix.cli.group import counted, reason
from dicompix.cli.output import progress
from dicompix.cli.sources import NO_DICOM, Source, why_none
from dicompix.isolate import isolated as in_workers
from dicompix.pixels.errors import Finding, MissingElementError, PixelError
from dicompix.pixels.image import open_image
from dicompix.pixels.image.audit import COLUMNS, Audit, as_finding
from dicompix.pixels.policy import SEVERITIES, worst_of

_NOT_DICOM = Finding(code="no-dicom", message="this is no DICOM file", severity="error", clause="PS3.10 7.1")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file; `note` says why it was passed over, `error` why it cannot be read."""

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
    """Audit one file; one entry, which says so of a file that is passed over."""
    path = source.path
    try:
        with open_image(path) as image:
            return [Checked(path, image.audit("all" if decode else None))]
    except InvalidDicomError as problem:
        if source.named:
            return [Checked(path, Audit((_NOT_DICOM,)), error=reason(problem, path))]
        return [Checked(path, Audit(), NO_DICOM)]
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
    passed = passed_over(results)
    counts = {"checked": len(results) - sum(passed.values()), "passed_over": passed}
    return {"worst": worst_of(found for one in results for found in one.audit), **counts, "files": files}


def passed_over(results: Sequence[Checked]) -> dict[str, int]:
    """Return how many files were not looked at, by the reasons."""
    return dict(Counter(one.note for one in results if one.note))


def totals(results: Sequence[Checked]) -> str:
    """Return one line: how many files were looked at, what became of them, how many were passed over, and why."""
    looked = [one for one in results if not one.note]
    readable = [one for one in looked if not one.error]
    counts = {name: sum(one.audit.worst == name for one in readable) for name in ("", *SEVERITIES)}
    unread = len(looked) - len(readable)
    passed = passed_over(results)
    why = ", ".join(f"{number} {note}" for note, number in passed.items())
    return (
        f"{counted(len(looked), 'file')} checked: {counts['error']} with errors, {counts['warning']} with warnings, "
        f"{counts['info']} with notes, {counts['']} clean"
        + (f", {unread} not readable" if unread else "")
        + (f"; {counted(sum(passed.values()), 'file')} passed over: {why}" if passed else "")
    )


def rows_of(results: Sequence[Checked]) -> list[tuple[list[str], str]]:
    """Return the cells of a table under COLUMNS, and their style: a row for each finding in what can be read."""
    return [([str(one.path), *cells], style) for one in results if not one.error for cells, style in one.audit.rows()]


def lines_of(results: Sequence[Checked]) -> Iterator[list[str]]:
    """Yield what a line says of each finding: file, code, severity, frames, and the message with all the rest."""
    for (path, *cells), _ in rows_of(results):
        of = dict(zip(COLUMNS, cells, strict=True))
        values = [f"{name} {of[name]}" for name in ("found", "used") if of[name]]
        details = "; ".join(filter(None, [", ".join(values), of["attribute"], of["clause"]]))
        yield [path, of["code"], of["severity"], of["frame"], of["message"] + (f" ({details})" if details else "")]
