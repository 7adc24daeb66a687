"""The comparison in ten rows, for README.md: what a reader of it wants to know first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.matrix import OURS, READERS, Outcome, Score
from benchmarks.tables import NONE, memory_of, replaced, seconds, table

README = Path(__file__).parents[2] / "README.md"
ROWS = {  # group and row of the comparison -> what to call it
    ("8 frames", "Explicit little endian"): "8 frames, native",
    ("8 frames", "RLE"): "8 frames, RLE",
    ("8 frames", "JPEG baseline, 4:2:2 colour"): "8 frames, JPEG baseline, colour",
    ("8 frames", "JPEG lossless, SV1"): "8 frames, JPEG lossless",
    ("8 frames", "JPEG-LS lossless"): "8 frames, JPEG-LS",
    ("8 frames", "JPEG 2000 lossless"): "8 frames, JPEG 2000",
    ("8 frames", "HTJ2K lossless"): "8 frames, HTJ2K",
    ("larger work", "series of 200 native slices of 512 x 512"): "series of 200 native slices",
    ("larger work", "picture of 4096 x 4096, int16"): "windowed picture of 4096 x 4096",
    ("larger work", "50 random tiles of 4000, JPEG baseline"): "50 random tiles of 4,000, JPEG",
}
PACKAGES = {"pydicom": "pydicom", "SimpleITK": "SimpleITK", "gdcm": "python-gdcm", "dicomsdl": "dicomsdl"}


def short_table(outcomes: Sequence[Outcome], run: dict[str, Any]) -> str:
    """Return the rows of README.md with the run they are of; "" where one of them was not measured."""
    found = {(outcome.group, outcome.what): outcome for outcome in outcomes}
    if not found.keys() >= ROWS.keys():
        return ""
    heads = ["", "dicompix", *(name.replace("gdcm", "GDCM") for name in READERS)]
    rows = [[label, *_cells(found[key].scores)] for key, label in ROWS.items()]
    return f"{table(heads, rows)}\n\n{_run_line(run)}"


def _cells(scores: dict[str, Score]) -> list[str]:
    return [seconds(scores[OURS].median), *(_multiple(scores.get(name)) for name in READERS)]


def _multiple(score: Score | None) -> str:
    if score is None or score.state != "ok" or score.ratio is None:
        return NONE if score is None else score.state
    text = f"{score.ratio:.1f} x" if score.ratio < 100 else f"{score.ratio:.0f} x"
    return f"**{text}**" if score.ratio < 1 else text


def _run_line(run: dict[str, Any]) -> str:
    others = ", ".join(f"{package} {run['versions'][package]}" for package in PACKAGES.values())
    where = f"{run['processor']}, {run['cores']} cores{memory_of(run)}, {run['system']}"
    return f"Measured on {run['date'].split()[0]}: {where}; {others}."


def write_short(outcomes: Sequence[Outcome], run: dict[str, Any], readme: Path = README) -> None:
    """Write the short table between its markers in README.md, where all of its rows were measured."""
    text = short_table(outcomes, run)
    if text:
        readme.write_text(replaced(readme.read_text(), "bench", text))
