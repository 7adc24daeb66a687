"""All that is wrong with an image's pixel data, decoded to the last frame -> Audit."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, overload

from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import (
    CodecError,
    Finding,
    FormatError,
    FrameError,
    LimitError,
    MissingCodecError,
    MissingElementError,
    PixelError,
    UnsupportedError,
)
from dicompix.pixels.frames import FrameIndex, count_of
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.policy import SEVERITIES, worst_of
from dicompix.pixels.read import Content

if TYPE_CHECKING:
    from rich.table import Table

Which = Sequence[int] | Literal["all"] | None

# What an error is called as a finding; the first that fits.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (LimitError, "limit"),
    (FrameError, "frame"),
    (CodecError, "codec"),
    (MissingCodecError, "missing-codec"),
    (UnsupportedError, "unsupported"),
    (MissingElementError, "missing-element"),
    (FormatError, "format"),
)
STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
COLUMNS = ("severity", "code", "frame", "attribute", "found", "used", "message", "clause")


@dataclass(frozen=True, slots=True)
class Audit(Sequence[Finding]):
    """Every finding of an image, true where there is one; `rich.print` shows a table, `str` a line for each.

    `frames` is how many the header declares, `decoded` how many of them were decoded without an error.

    >>> audit = Audit((Finding(code="codec", message="the stream is cut", frame=3, severity="error"),), 9, 8)
    >>> print(audit, audit.worst)
    error: codec: the stream is cut in frame 3 error
    """

    findings: tuple[Finding, ...] = ()
    frames: int = 0
    decoded: int = 0

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        """Return one finding, or several."""
        return self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def worst(self) -> str:
        """Return the greatest severity: "error", "warning", "info", or "" where nothing was found."""
        return worst_of(self.findings)

    def least(self, severity: str) -> "Audit":
        """Return the findings of that severity and above."""
        above = SEVERITIES[SEVERITIES.index(severity) :]
        return Audit(tuple(found for found in self.findings if found.severity in above), self.frames, self.decoded)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: numbers and texts as they are, anything else by its text."""
        rows = [{name: _plain(value) for name, value in asdict(found).items()} for found in self.findings]
        return {"worst": self.worst, "frames": self.frames, "decoded": self.decoded, "findings": rows}

    def __str__(self) -> str:
        """Return a line for each finding."""
        return "\n".join(f"{found.severity}: {found}" for found in self.findings) or "nothing was found"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001  # IPython's
        printer.text(str(self))

    def __rich__(self) -> "Table":
        """Return a table for `rich.print`."""
        from rich.table import Table  # noqa: PLC0415  # loaded by those who look at it
        from rich.text import Text  # noqa: PLC0415

        title = f"{count_of(len(self), 'finding')}; {self.decoded} of {self.frames} frames decoded"
        table = Table(*COLUMNS, title=title)
        for cells, style in self.rows():
            table.add_row(*[Text(cell) for cell in cells], style=style)
        return table

    def rows(self) -> list[tuple[list[str], str]]:
        """Return the cells of a table's rows under COLUMNS, and their style; equal findings of many frames are one."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for found in self.findings:
            frames = groups.setdefault(tuple(_cells(found)), [])
            frames += [] if found.frame is None else [found.frame]
        return [([*row[:2], ranges(frames), *row[2:]], STYLES.get(row[0], "")) for row, frames in groups.items()]


def _cells(found: Finding) -> list[str]:
    """Return what a row says of a finding, but for its frame."""
    values = [getattr(found, name) for name in COLUMNS if name != "frame"]
    return ["" if value is None else str(value) for value in values]


def ranges(numbers: Sequence[int]) -> str:
    """Return rising numbers as people write them.

    >>> ranges([0, 1, 2, 5, 7, 8])
    '0-2, 5, 7-8'
    """
    starts = [i for i, number in enumerate(numbers) if i == 0 or number != numbers[i - 1] + 1]
    runs = [(numbers[start], numbers[stop - 1]) for start, stop in pairwise([*starts, len(numbers)])]
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def as_finding(problem: Exception, frame: int | None = None) -> Finding:
    """Return an error as a finding."""
    code = next((code for kind, code in _CODES if isinstance(problem, kind)), type(problem).__name__)
    text = " ".join(str(problem).split()) or type(problem).__name__
    return Finding(code=code, message=text, frame=frame, severity="error")


def audited(content: Content, decoder: Decoder, frames: Which) -> Audit:
    """Decode the frames of those numbers, all of them or none, and return every finding of an image."""
    index, declared = content.index, content.fmt.frames
    held = range(min(declared, len(index)))  # Number of Frames may be anything
    numbers: Sequence[int] = () if frames is None else held if isinstance(frames, str) else frames
    there = [i for i in numbers if i in held]
    answers = in_parallel(lambda i: _frame(index, decoder, there[i]), len(there), usable_cores())
    found = [*content.findings]  # now, as frames may have shown that an offset table lies
    if len(index) < declared:
        found.append(too_few(len(index), declared))
    found += [each for answer in answers for each in _findings(answer)]
    return Audit(tuple(found), declared, sum(isinstance(answer, tuple) for answer in answers))


def _frame(index: FrameIndex, decoder: Decoder, number: int) -> tuple[Finding, ...] | Finding:
    """Return what was found in a frame, or why it cannot be decoded."""
    try:
        return decoder.frame(index[number]).at(number).findings
    except (PixelError, MemoryError) as problem:
        return as_finding(problem, number)


def _findings(answer: tuple[Finding, ...] | Finding) -> tuple[Finding, ...]:
    return answer if isinstance(answer, tuple) else (answer,)


def too_few(held: int, declared: int) -> Finding:
    """Return the finding of pixel data that holds fewer frames than declared (PS3.3 C.7.6.6.1.1)."""
    return Finding(
        code="too-few-frames",
        message="the pixel data holds fewer whole frames than Number of Frames says",
        attribute="NumberOfFrames",
        found=declared,
        used=held,
        severity="error",
        clause="PS3.3 C.7.6.6.1.1",
    )
