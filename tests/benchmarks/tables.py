"""Cells and tables in Markdown, and pages whose generated parts stand between markers."""

from collections.abc import Iterable, Sequence
from typing import Any

NONE = "-"  # this contender has no way to do it


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows))


def seconds(value: float | None) -> str:
    """Return a time with its unit."""
    if value is None:
        return ""
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def memory_of(run: dict[str, Any]) -> str:
    """Return the machine's memory as part of a sentence, "" where it is unknown."""
    return "" if run["memory_gib"] is None else f", {run['memory_gib']} GiB"


def replaced(page: str, name: str, text: str) -> str:
    """Return a page with what stands between the two markers of a name replaced."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    assert page.count(begin) == page.count(end) == 1, f"the page needs {begin} and {end} once"
    before, rest = page.split(begin)
    return f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}"
