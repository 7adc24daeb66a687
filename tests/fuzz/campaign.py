"""Search every target in turn, the least searched first: ``python -m fuzz.campaign FOLDER [--hours H] [--report]``.

At least one turn each; without atheris only hypothesis searches.

Each turn is a process of its own. What it did is one line of FOLDER/turns.jsonl; FOLDER/counts.json sums them up:
executions and processor seconds of each target by each engine, how inputs ended, and how often the process died.
Findings are FOLDER/findings/TARGET/*.bin, with the place in the .json beside; inputs that ended a process lie in
FOLDER/died.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Any

from fuzz.targets import TARGETS

ENGINES = ("atheris", "hypothesis")
SHARE = {"atheris": 4, "hypothesis": 1}  # of a target's processor time
ALL = "all"
GRACE = 120  # seconds on the clock after which a turn that does not end is stopped


def turns_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of earlier turns."""
    path = folder / "turns.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def next_turn(folder: Path, names: list[str], engines: list[str]) -> tuple[str, str, bool]:
    """Return the target and engine whose turns have had the least time for their share, and whether any at all."""
    spent: Counter[tuple[str, str]] = Counter()
    for turn in turns_of(folder):
        spent[turn["target"], turn["engine"]] += turn["given"]  # not what it used: one that dies at once must wait
    target, engine = min(product(names, engines), key=lambda pair: spent[pair] / SHARE[pair[1]])
    return target, engine, (target, engine) in spent


def take_turn(folder: Path, target: str, engine: str, seconds: float) -> dict[str, Any]:
    """Search a target for some seconds in a new process; return what became of it."""
    name = f"{target}-{engine}-{len(turns_of(folder))}"
    command = [sys.executable, "-m", "fuzz.search", target, engine, str(seconds), str(folder), name]
    log = folder / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    before = _spent()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
    last = folder / "running" / name  # what hypothesis drew last
    if status == 0:
        log.unlink()
        last.unlink(missing_ok=True)
    elif last.exists():
        (folder / "died").mkdir(exist_ok=True)
        last.rename(folder / "died" / name)
    counts = folder / "counts" / f"{name}.json"
    done: dict[str, Any] = json.loads(counts.read_text()) if counts.exists() else {}
    counts.unlink(missing_ok=True)
    turn = {"target": target, "engine": engine, "given": seconds, "executions": 0, "outcomes": {}, **done}
    return {**turn, "cpu_seconds": done.get("cpu_seconds", _spent() - before), "name": name, "status": status}


def _spent() -> float:
    """Return the processor seconds of all processes that have ended so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def summed(folder: Path) -> dict[str, Any]:
    """Return the counts of all turns by target, and of all targets."""
    by_target: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    for turn in turns_of(folder):
        for key in (turn["target"], ALL):
            counts = by_target[key][turn["engine"]]
            counts.update({"executions": turn["executions"], "cpu_seconds": turn["cpu_seconds"]})
            counts.update({f"ended in {name}": count for name, count in turn["outcomes"].items()})
            counts["processes that died"] += turn["status"] != 0
    return {name: {engine: dict(counts) for engine, counts in found.items()} for name, found in by_target.items()}


def table(counts: dict[str, Any]) -> str:
    """Return executions and processor seconds of each target as lines of text."""
    lines = [f"{'target':<28}" + "".join(f"{engine + ' runs':>18}{'CPU s':>8}{'died':>6}" for engine in ENGINES)]
    for name in sorted(counts, key=lambda name: name == ALL):  # the sum comes last
        found = counts[name]
        line = f"{name:<28}"
        for engine in ENGINES:
            row = found.get(engine, {})
            line += f"{row.get('executions', 0):>18}{row.get('cpu_seconds', 0):>8.0f}"
            line += f"{row.get('processes that died', 0):>6}"
        lines.append(line)
    return "\n".join(lines)


def findings_of(folder: Path) -> list[str]:
    """Return one line for each finding."""
    found = sorted((folder / "findings").glob("*/*.json"))
    places = [f"{path.parent.name} {path.stem}: {json.loads(path.read_text())}" for path in found]
    return places + [f"died: {path.name}" for path in sorted((folder / "died").glob("*"))]


def search(folder: Path, names: list[str], engines: list[str], hours: float, seconds: float) -> None:
    """Take turns until the time is over and each has had one."""
    end = monotonic() + hours * 3600
    while True:
        target, engine, begun = next_turn(folder, names, engines)
        if begun and monotonic() >= end:
            return
        turn = take_turn(folder, target, engine, seconds)
        with (folder / "turns.jsonl").open("a") as file:
            file.write(json.dumps(turn) + "\n")
        (folder / "counts.json").write_text(json.dumps(summed(folder), indent=1) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Search or report; the exit status says whether anything was found."""
    parser = argparse.ArgumentParser(prog="fuzz.campaign", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="of one turn")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="both by default")
    parser.add_argument("--target", choices=list(TARGETS), action="append", help="all by default")
    parser.add_argument("--report", action="store_true", help="only print what was done")
    given = parser.parse_args(arguments)
    engines = given.engine or [name for name in ENGINES if name != "atheris" or find_spec(name) is not None]
    given.folder.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if not given.report:
        search(given.folder, given.target or list(TARGETS), engines, given.hours, given.seconds)
        shutil.rmtree(given.folder / "counts", ignore_errors=True)
    sys.stdout.write("\n".join([table(summed(given.folder)), *findings_of(given.folder), ""]))
    return bool(findings_of(given.folder))


if __name__ == "__main__":
    sys.exit(main())
