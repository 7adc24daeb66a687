"""What became of one file or series: Exported."""

from dataclasses import dataclass
from pathlib import Path

from dicompix.cli.group import reason
from dicompix.cli.sources import Source, why_none
from dicompix.pixels.errors import Finding


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one file or series: "written", "complete" already, "skipped" as it is no image, or "failed".

    `count` is how many files were written now, `targets` are all those that belong to it.
    """

    source: str
    status: str
    count: int = 0
    targets: tuple[Path, ...] = ()
    note: str = ""
    findings: tuple[Finding, ...] = ()


def failure(source: Source | str, problem: Exception) -> Exported:
    """Return the result of what cannot be exported; a file of a folder that is no image is nobody's fault."""
    if isinstance(source, str):
        return Exported(source, "failed", note=reason(problem))
    try:
        none = why_none(source.path)
    except Exception:  # noqa: BLE001  # then the problem itself says it all
        none = ""
    status = "skipped" if none and not source.named else "failed"
    return Exported(str(source.path), status, note=none or reason(problem))
