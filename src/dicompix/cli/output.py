"""How commands print: tables and lines by rich, JSON for scripts, progress on standard error."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dicompix.cli.group import json_text, printable
from dicompix.cli.terminal import has_terminal
from dicompix.pixels.errors import Finding

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

WIDTH = 170  # columns of a table that goes into a file or a pipe


class _Console(Console):
    """A console that leaves it to the command line what to do when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError that is being handled, where rich would end the process."""
        raise  # noqa: PLE0704  # rich calls this inside its except clause


def console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; wide where the output goes elsewhere."""
    made = _Console(stderr=stderr)
    return made if made.is_terminal else _Console(stderr=stderr, width=WIDTH)


def as_dict(value: "DataclassInstance") -> dict[str, Any]:
    """Return what became of a file, by the names of its fields: an error where there is one."""
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: one for name, one in found.items() if name != "error" or one}


def print_json(value: object) -> None:
    """Print a value as JSON, numbers of NumPy and findings included; what is no finite number is null."""
    print(json_text(plain(value), indent=2))


def plain(value: object) -> Any:
    """Return a value as JSON has it.

    >>> plain({"shape": (1, np.int64(2)), "max": float("nan"), "at": np.float32(0.5)})
    {'shape': [1, 2], 'max': None, 'at': 0.5}
    """
    if isinstance(value, Finding):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def table(title: str, columns: Sequence[str], rows: Sequence[tuple[Sequence[str], str]]) -> Table:
    """Return a table of rows, each with its style; columns that begin with ">" are flush right."""
    made = Table(title=title)
    for column in columns:
        made.add_column(column.removeprefix(">"), overflow="fold", justify="right" if column[0] == ">" else "left")
    for cells, style in rows:
        made.add_row(*[Text(cell) for cell in cells], style=style)
    return made


def print_table(title: str, columns: Sequence[str], rows: Sequence[tuple[Sequence[str], str]]) -> None:
    """Print a table; where no terminal takes it, its title, its columns and a line a row, tabs between the cells."""
    there = console()
    if has_terminal(there):
        there.print(table(title, columns, rows))
        return
    print(printable(title))
    print_lines([[column.removeprefix(">") for column in columns], *(cells for cells, _ in rows)])


def print_lines(rows: Iterable[Sequence[str]]) -> None:
    """Print rows for `grep` and `cut`: a line each, tabs between the cells."""
    for cells in rows:
        print("\t".join(printable(cell) for cell in cells))


class Told(Protocol):
    """Takes by how much the work has come on, in the units of its total."""

    def __call__(self, amount: float) -> None:
        """Come on by so much."""


@contextmanager
def progress(title: str, total: float, *, quiet: bool = False) -> Iterator[Told]:
    """Show a bar on standard error where that is a terminal, and give what moves it, from any thread."""
    there = console(stderr=True)
    if quiet or not there.is_terminal:
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=there, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda amount: bar.advance(task, amount)
