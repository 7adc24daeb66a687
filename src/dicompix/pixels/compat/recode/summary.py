"""What became of each file: Transcoded, and all of them as Summary, a table for the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from dicompix.pixels.errors import Finding
from dicompix.pixels.syntaxes import syntax_for

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("file", "status", ">frames", ">kB before", ">kB after", ">ratio", ">ms", "note")
_STYLES = {"failed": "red", "skipped": "dim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcoded:
    """What became of one file.

    `status` is "written" in the new transfer syntax, "copied" byte for byte as it has no pixel data to code,
    "complete" as an earlier run has written it, "skipped" as it is not to be transcoded, or "failed" by an `error`;
    `note` says why. Bytes are those of the files.
    """

    source: Path
    target: Path | None = None
    status: str
    frames: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    seconds: float = 0.0
    note: str = ""
    error: Exception | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def ratio(self) -> float:
        """Return how many times smaller the file has become, 0 where none was written."""
        return self.bytes_before / self.bytes_after if self.bytes_after else 0.0


@dataclass(frozen=True, slots=True)
class Summary(Sequence[Transcoded]):
    """What became of all files, in their order; `rich.print` shows a table, `str` one line and the failures.

    >>> print(Summary((Transcoded(source=Path("a.dcm"), status="failed", error=OSError("gone")),), "1.2.840.10008.1.2"))
    to Implicit VR Little Endian: 0 written, 0 copied, 0 skipped, 1 failed; 0.0 MB -> 0.0 MB in 0.0 s
    a.dcm: OSError: gone
    """

    files: tuple[Transcoded, ...]
    syntax: str
    seconds: float = 0.0

    @overload
    def __getitem__(self, index: int) -> Transcoded: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Transcoded, ...]: ...
    def __getitem__(self, index: int | slice) -> Transcoded | tuple[Transcoded, ...]:
        """Return one file's entry."""
        return self.files[index]

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Transcoded]:
        return iter(self.files)

    def of(self, status: str) -> tuple[Transcoded, ...]:
        """Return the files of one status: written, copied, complete, skipped, failed."""
        return tuple(file for file in self.files if file.status == status)

    @property
    def failed(self) -> tuple[Transcoded, ...]:
        """Return the files that could not be transcoded, each with its error."""
        return self.of("failed")

    def __str__(self) -> str:
        """Return how many files there are of each status, and a line for each failure."""
        return "\n".join([self.total, *(f"{file.source}: {reason(file)}" for file in self.failed)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001  # IPython's
        printer.text(str(self))

    @property
    def total(self) -> str:
        """Return one line: how many files, bytes and seconds."""
        numbers = {name: len(self.of(name)) for name in ("written", "copied", "complete", "skipped", "failed")}
        counts = ", ".join(f"{number} {name}" for name, number in numbers.items() if number or name != "complete")
        done = [file for file in self.files if file.bytes_after]
        before, after = (sum(getattr(file, name) for file in done) / 1e6 for name in ("bytes_before", "bytes_after"))
        name = syntax_for(self.syntax).name
        return f"to {name}: {counts}; {before:.1f} MB -> {after:.1f} MB in {self.seconds:.1f} s"

    def __rich__(self) -> "Table":
        """Return a table for `rich.print`."""
        from rich.table import Table  # noqa: PLC0415  # loaded by those who look at it
        from rich.text import Text  # noqa: PLC0415

        table = Table(title=self.total)
        for column in COLUMNS:
            table.add_column(column.strip(">"), overflow="fold", justify="right" if column[0] == ">" else "left")
        for cells, style in self.rows():
            table.add_row(*[Text(cell) for cell in cells], style=style)
        return table

    def rows(self) -> list[tuple[tuple[str, ...], str]]:
        """Return the cells of a table's rows under COLUMNS, and their style, without the files that were complete."""
        files = [file for file in self.files if file.status != "complete"]
        return [
            ((str(file.source), file.status, *_figures(file), reason(file)), _STYLES.get(file.status, ""))
            for file in files
        ]


def _figures(file: Transcoded) -> tuple[str, ...]:
    if not file.bytes_after:
        return ("", f"{file.bytes_before / 1e3:.0f}", "", "", "")
    sizes = f"{file.bytes_before / 1e3:.0f}", f"{file.bytes_after / 1e3:.0f}", f"{file.ratio:.2f}"
    return (str(file.frames or ""), *sizes, f"{file.seconds * 1e3:.0f}")


def reason(file: Transcoded) -> str:
    """Return why a file was not written, or what was found in it, as one line."""
    if file.error is not None and file.status == "failed":
        return " ".join(f"{type(file.error).__name__}: {file.error}".split())
    return "; ".join([*filter(None, [file.note]), *dict.fromkeys(finding.code for finding in file.findings)])
