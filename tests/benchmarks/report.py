"""What a run has measured -> tables in Markdown, JSON and charts beside docs/reference/benchmarks.md."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.linearity import Cost, Linearity
from benchmarks.matrix import BARE, DROP_IN, EVERYBODY, OURS, READERS, Outcome, Score
from benchmarks.short import README, write_short
from benchmarks.tables import NONE, memory_of, replaced, seconds, table
from dicompix.pixels.parallel import available_cores

DOCS = Path(__file__).parents[2] / "docs" / "reference"
DATA = "benchmarks-data"
VERSIONS = (
    "dicompix",
    "numpy",
    "pydicom",
    "imagecodecs",
    "SimpleITK",
    "python-gdcm",
    "dicomsdl",
    "pylibjpeg-libjpeg",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "pyjpegls",
    "pillow",
)
HEADS = {OURS: "dicompix", DROP_IN: "`pixel_array`", BARE: "bare codec"}
WORTH_A_CORE = 1.4  # of the bare codec's speed, on two cores


@dataclass(slots=True)
class Matrix:
    """What the comparison has measured so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    growth: Linearity = field(default_factory=list)

    @property
    def groups(self) -> dict[str, list[Outcome]]:
        """Return the rows by their group, in the order of the run."""
        result: dict[str, list[Outcome]] = {}
        for outcome in self.outcomes:
            result.setdefault(outcome.group, []).append(outcome)
        return result


def run_facts() -> dict[str, Any]:
    """Return when and where the run was made, and by which versions."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gib": _memory(),
        "load": None if busy is None else round(busy, 2),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": {name: _version(name) for name in VERSIONS},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> int | None:
    names = getattr(os, "sysconf_names", {})
    known = "SC_PHYS_PAGES" in names and "SC_PAGE_SIZE" in names
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30) if known else None


def facts_line(run: dict[str, Any]) -> str:
    """Return the facts of a run as a sentence."""
    versions = ", ".join(f"{name} {found}" for name, found in run["versions"].items())
    load = "" if run["load"] is None else f" Load average at its end: {run['load']}; the run alone makes about 1."
    where = f"{run['processor']}, {run['cores']} cores{memory_of(run)}, {run['system']}"
    return f"One run on {run['date']}: {where}; {versions}.{load}"


def _times(score: Score | None) -> str:
    if score is None or score.state != "ok":
        return NONE if score is None else score.state
    ratio = score.ratio or 0
    return f"**{ratio:.2f}**" if ratio < 1 else f"{ratio:.2f}"


def _peaks(score: Score | None, size: int) -> str:
    if score is None or score.peak is None:
        return NONE if score is None or score.state == "ok" else score.state
    return f"{score.peak / size:.1f}"


def time_table(outcomes: Sequence[Outcome]) -> str:
    """Return the times of one group: ours, and the others' as multiples of ours."""
    heads = ["", *(HEADS.get(name, name) for name in EVERYBODY), "first"]
    rows = [
        [
            outcome.what,
            seconds(outcome.scores[OURS].median),
            *(_times(outcome.scores.get(name)) for name in EVERYBODY[1:]),
            "yes" if outcome.first else "no",
        ]
        for outcome in outcomes
    ]
    return table(heads, rows)


def memory_table(outcomes: Sequence[Outcome]) -> str:
    """Return the peaks of memory of one group, as multiples of the result."""
    heads = ["", "result", *(HEADS.get(name, name) for name in EVERYBODY)]
    rows = [
        [
            outcome.what,
            f"{outcome.result_bytes / 1e6:.1f} MB",
            *(_peaks(outcome.scores.get(name), outcome.result_bytes) for name in EVERYBODY),
        ]
        for outcome in outcomes
        if outcome.result_bytes > 1000  # compressing gives no array
    ]
    return table(heads, rows)


def growth_table(growth: Linearity) -> str:
    """Return microseconds per frame by the number of frames in the file."""
    sizes = sorted({size for cost in growth for size in cost.median})
    heads = ["us per", "", *(f"{size:,} frames" for size in sizes)]
    rows = [
        [cost.what, cost.per, *(f"{cost.median[size]:.1f}" if size in cost.median else NONE for size in sizes)]
        for cost in growth
    ]
    return table(heads, rows)


def tally(outcomes: Sequence[Outcome]) -> str:
    """Return on how many rows we are first, and on how many fast enough beside the bare codec."""
    rivals = [o for o in outcomes if any(o.scores[name].ratio for name in READERS if name in o.scores)]
    bare = [ratio for o in outcomes if (ratio := o.over_bare) is not None]
    first = f"First on {sum(o.first for o in rivals)} of {len(rivals)} rows that another reader reads"
    alone = len(outcomes) - len(rivals)
    text = first + (f", alone on {alone}" if alone else "")
    if bare:
        enough = sum(ratio >= WORTH_A_CORE for ratio in bare)
        text += f"; at least {WORTH_A_CORE} times as fast as the bare codec on {enough} of {len(bare)}"
    return text + "."


def markdown(matrix: Matrix, run: dict[str, Any], charts: Sequence[str]) -> str:
    """Return the generated part of the page."""
    parts = [facts_line(run)]
    parts += [f"![{Path(name).stem}]({DATA}/{name})" for name in charts]
    for group, outcomes in matrix.groups.items():
        title = group[:1].upper() + group[1:]
        parts += [f"### {title}: time", tally(outcomes), time_table(outcomes)]
        if outcomes[0].scores[OURS].peak is not None:
            parts += [f"### {title}: peak memory", memory_table(outcomes)]
    if matrix.growth:
        parts += ["### From 10 to 10,000 frames", growth_table(matrix.growth)]
    return "\n\n".join(parts)


def write_matrix(matrix: Matrix, folder: Path = DOCS, readme: Path = README) -> None:
    """Write the comparison's data, its charts, its part of the page, and the short table of README.md."""
    growth = [asdict(cost) for cost in matrix.growth]
    found = {"run": run_facts(), "rows": [outcome.described() for outcome in matrix.outcomes], "growth": growth}
    (folder / DATA).mkdir(exist_ok=True)
    (folder / DATA / "matrix.json").write_text(json.dumps(_rounded(found), indent=1) + "\n")
    show_stored(folder, readme)


def show_stored(folder: Path = DOCS, readme: Path = README) -> None:
    """Make charts, page and README.md of the comparison's data as it is stored, of whatever run it is."""
    from benchmarks import charts  # only who draws needs matplotlib

    matrix, run = stored_matrix(folder / DATA / "matrix.json")
    names = charts.draw(matrix.groups, matrix.growth, folder / DATA)
    page = folder / "benchmarks.md"
    page.write_text(replaced(page.read_text(), "matrix", markdown(matrix, run, names)))
    write_short(matrix.outcomes, run, readme)


def stored_matrix(path: Path) -> tuple[Matrix, dict[str, Any]]:
    """Return a comparison that was written as JSON, and the facts of its run."""
    found = json.loads(path.read_text())
    outcomes = []
    for row in found["rows"]:
        del row["first"]  # it follows from the scores
        scores = {name: Score(**score) for name, score in row.pop("scores").items()}
        outcomes.append(Outcome(**row, scores=scores))
    growth = [
        Cost(
            cost["what"],
            cost["per"],
            *({int(size): us for size, us in cost[key].items()} for key in ("median", "best")),
        )
        for cost in found["growth"]
    ]
    return Matrix(outcomes, growth), found["run"]


def write_goals(rows: Sequence[Any], folder: Path = DOCS) -> None:
    """Write the table of goals, its data and its part of the page."""
    run = run_facts()
    (folder / DATA).mkdir(exist_ok=True)
    found = {"run": run, "rows": [asdict(row) for row in rows]}
    (folder / DATA / "goals.json").write_text(json.dumps(_rounded(found), indent=1) + "\n")
    cells = [
        [row.what, row.theirs, row.ours, f"{row.ratio:.2f}", row.goal + ("" if row.met or not row.goal else ", missed")]
        for row in rows
    ]
    text = facts_line(run) + "\n\n" + table(["what", "theirs", "ours", "ratio", "goal"], cells)
    page = folder / "benchmarks.md"
    page.write_text(replaced(page.read_text(), "goals", text))


def _rounded(value: Any) -> Any:
    """Return JSON data with numbers of four digits."""
    if isinstance(value, dict):
        return {str(key): _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    show_stored()
