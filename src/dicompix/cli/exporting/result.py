"""What became of one file or series: Exported."""

from dataclasses import dataclass
from pathlib import Path

from dicompix.cli.group import reason
from dicompix.cli.sources import Source, why_none
from dicompix.pixels.errors import Finding


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one file or series: "written", "complete" already, "skipped" as it is no image, or "failed".

    `file` is the source, or names the series; `count` is how many files were written now, `targets` are all those that
    belong to it; `note` says why one was skipped, `error` why it failed.
    """

    file: str
    status: str
    count: int = 0
    targets: tuple[Path, ...] = ()
    note: str = ""
    error: str = ""
    findings: tuple[Finding, ...] = ()


def failure(source: Source | str, problem: Exception) -> Exported:
    """Return the result of what cannot be exported; a file of a folder that is no image is nobody's fault."""
    if isinstance(source, str):
        return Exported(source, "failed", error=reason(problem, source))
    path = str(source.path)
    try:
        none = why_none(source.path)
    except Exception:  # noqa: BLE001  # then the problem itself says it all
        none = ""
    if none and not source.named:
        return Exported(path, "skipped", note=none)
    return Exported(path, "failed", error=reason(problem, path))
