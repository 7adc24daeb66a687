"""Ratios of two contenders, measured turn by turn in one run, and the table of all of them against their goals."""

import gc
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.matrix import BARE, EVERYBODY, OURS, Outcome, Score
from benchmarks.report import Matrix
from benchmarks.tables import seconds

HERE = Path(__file__).parent
Contender = Callable[[], Callable[[], object]]  # prepares one round and returns what is timed


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what, theirs and ours, their ratio, its goal, and the ratio of the fastest rounds."""

    what: str
    theirs: str
    ours: str
    ratio: float
    goal: str
    met: bool
    best: float | None = None


ROWS = pytest.StashKey[list[Row]]()
MATRIX = pytest.StashKey[Matrix]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that brings the documentation up to date."""
    text = "write what was measured into docs/reference/benchmarks.md, data and charts beside it, and README.md"
    parser.addoption("--write-docs", action="store_true", help=text)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out unless the command line names it."""
    asked = any(Path(arg.split("::")[0]).resolve() == HERE or HERE.name in Path(arg).parts for arg in config.args)
    return None if asked else True


@pytest.fixture(autouse=True)
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def add_row(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Give `add_row(row)`, which adds a line to the table."""
    return request.config.stash.setdefault(ROWS, []).append


class Race:
    """Two contenders timed in turn: ours by pytest-benchmark, theirs in the set-up of each of its rounds."""

    def __init__(self, benchmark: Any, add: Callable[[Row], None]) -> None:
        self.benchmark, self.add = benchmark, add

    def run(self, what: str, theirs: Contender, ours: Contender, *, rounds: int, goal: tuple[str, float]) -> None:
        """Time both and add a row; `goal` is ("faster", at least) or ("slower", at most), as a ratio."""
        times: list[float] = []

        def prepare() -> tuple[tuple[Callable[[], object]], dict[str, object]]:
            work = theirs()
            start = perf_counter()
            work()
            times.append(perf_counter() - start)
            return (ours(),), {}

        self.benchmark.pedantic(lambda work: work(), setup=prepare, rounds=rounds, warmup_rounds=1)
        mine: list[float] = self.benchmark.stats.stats.data
        times = times[-len(mine) :]
        faster, best = statistics.median(a / b for a, b in zip(times, mine, strict=True)), min(times) / min(mine)
        kind, bound = goal
        ratio, met = (faster, faster >= bound) if kind == "faster" else (1 / faster, 1 / faster <= bound)
        best = best if kind == "faster" else 1 / best
        text = "" if not bound else f"{'≥' if kind == 'faster' else '≤'} {bound:g}"
        self.benchmark.extra_info |= {"what": what, "ratio": ratio, "best": best, "goal": text}
        self.add(Row(what, _seconds(times), _seconds(mine), ratio, text, met, best))


def _seconds(times: list[float]) -> str:
    middle = statistics.median(times)
    return f"{middle * 1e3:.2f} ms" if middle >= 1e-3 else f"{middle * 1e6:.2f} us"


@pytest.fixture
def race(benchmark: Any, add_row: Callable[[Row], None]) -> Race:
    """Give the race that one test runs."""
    return Race(benchmark, add_row)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables; with `--write-docs` write them, that of goals only after a run of all of them."""
    rows, matrix = config.stash.get(ROWS, []), config.stash.get(MATRIX, Matrix())
    for title, outcomes in matrix.groups.items():
        terminalreporter.write_line(f"\n{_matrix_text(title, outcomes)}{report.tally(outcomes)}")
    if matrix.growth:
        terminalreporter.write_line(f"\n{report.growth_table(matrix.growth)}")
    if rows:
        terminalreporter.write_line(f"\n{_goals_text(rows)}")
    if config.getoption("--write-docs"):
        if matrix.outcomes:
            report.write_matrix(matrix)
        if rows and not config.getoption("-k"):
            report.write_goals(rows)


def _text_of(table: Table) -> str:
    console = Console(width=150)
    with console.capture() as text:
        console.print(table)
    return text.get()


def _matrix_text(title: str, outcomes: list[Outcome]) -> str:
    table = Table(title=f"{title}: time as a multiple of ours, median and by the fastest rounds")
    for name in ("what", *(report.HEADS.get(name, name) for name in EVERYBODY), ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for outcome in outcomes:
        cells = [_cell(outcome.scores[name]) if name in outcome.scores else "" for name in EVERYBODY[1:]]
        table.add_row(outcome.what, seconds(outcome.scores[OURS].median), *cells, _verdict(outcome))
    return _text_of(table)


def _cell(score: Score) -> str:
    return score.state if score.ratio is None or score.best is None else f"{score.ratio:.2f} {score.best:.2f}"


def _verdict(outcome: Outcome) -> str:
    slow = outcome.over_bare is not None and outcome.over_bare < report.WORTH_A_CORE
    return " ".join(["first" if outcome.first else "MISS", *([f"MISS {BARE}"] if slow else [])])


def _goals_text(rows: list[Row]) -> str:
    table = Table(title="dicompix against pydicom with all its plugins, and against the bare codecs")
    for name in ("what", "theirs", "ours", "ratio", "fastest", "goal", ""):
        table.add_column(name, justify="left" if name == "what" else "right")
    for row in rows:
        verdict = "" if not row.goal else "pass" if row.met else "MISS"
        best = "" if row.best is None else f"{row.best:.2f}"
        table.add_row(row.what, row.theirs, row.ours, f"{row.ratio:.2f}", best, row.goal, verdict)
    judged = [row.met for row in rows if row.goal]
    lines = (
        f"{_text_of(table)}{len(judged) - sum(judged)} of {len(judged)} goals missed",
        "ratio: median over all rounds; fastest: by the fastest round of each side",
    )
    return "\n".join(lines)
