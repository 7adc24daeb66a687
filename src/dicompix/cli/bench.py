"""The command `bench`: how fast each codec and pydicom decode one file, and which of them are wrong."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from dicompix.cli.group import DONE, FAILED, FOUND, about
from dicompix.cli.options import AsJson, File

if TYPE_CHECKING:
    from dicompix.cli.timing import Timed

Rounds = Annotated[int, typer.Option(help="Times that each one decodes the file; the best one counts.", min=1)]
Timeout = Annotated[float, typer.Option(help="Seconds that one of them may take in all.", min=1)]


def bench(file: File, *, rounds: Rounds = 3, timeout: Timeout = 120.0, json: AsJson = False) -> None:
    """Decode a file with each codec and with pydicom: a table of times and ratios, wrong results flagged.

    Each one decodes all frames, in a process of its own, after pydicom has read the file.
    """
    from dicompix.cli.output import print_json, progress
    from dicompix.cli.timing import contenders_for, race

    done: list[Timed] = []
    with about(file):
        count = len(contenders_for(file)[0])
    with progress("Timing", count, quiet=json) as told:
        for timed in race(file, rounds, timeout):
            done.append(timed)
            told(1)
    if json:
        print_json({"file": file, "rounds": rounds, "results": [_values(one, done) for one in done]})
    else:
        _print(done, str(file))
    bad = sum(bool(one.problem) or one.wrong for one in done)
    raise typer.Exit(FAILED if bad == len(done) else FOUND if bad else DONE)


def _pydicom(done: "list[Timed]") -> float | None:
    """Return the milliseconds that pydicom took by its own choice of plugins."""
    from dicompix.cli.timing import PYDICOM

    return next((one.milliseconds for one in done if one.contender.library == PYDICOM and not one.problem), None)


def _values(one: "Timed", done: "list[Timed]") -> dict[str, object]:
    theirs = _pydicom(done)
    contender = {"library": one.contender.library, "codec": one.contender.codec}
    ratio = None if one.problem or theirs is None else theirs / one.milliseconds
    return {**asdict(one), "contender": contender, "times_pydicom": ratio, "reference": one is done[0]}


def _print(done: "list[Timed]", title: str) -> None:
    from dicompix.cli.output import print_table

    theirs = _pydicom(done)
    rows = [(_cells(one, theirs, first=one is done[0]), _style(one)) for one in done]
    print_table(title, ("decoder", ">ms", ">MB/s", ">times pydicom", "values"), rows)


def _style(one: "Timed") -> str:
    return "red" if one.wrong or one.problem else ""


def _cells(one: "Timed", theirs: float | None, *, first: bool) -> tuple[str, ...]:
    name = str(one.contender)
    if one.problem:
        return (name, "", "", "", f"fails: {one.problem}")
    ratio = "" if theirs is None else f"{theirs / one.milliseconds:.2f}"
    speed = one.megabytes / one.milliseconds * 1000
    differing = f"max {one.most:g}, mean {one.mean:.4g} off"
    if first:
        differing = "the reference"
    elif not one.most:
        differing = "equal"
    values = f"WRONG: {differing}" if one.wrong else differing
    return (name, f"{one.milliseconds:.2f}", f"{speed:.0f}", ratio, values)
