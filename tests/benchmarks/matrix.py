"""Rows and contenders -> times and peaks of memory, measured turn by turn, each contender in its own process."""

import json
import os
import re
import select
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Stored

OURS, DROP_IN, BARE = "dicompix", "pixel_array", "bare"
READERS = ("pydicom", "SimpleITK", "gdcm", "dicomsdl")
EVERYBODY = (OURS, DROP_IN, *READERS, BARE)
PATIENCE = 120  # seconds until a contender that says nothing is stopped
FEWEST, MOST, BUDGET = 3, 25, 1.0  # rounds of a row, and the seconds after which there are enough of them
SLOW = 1.5  # seconds from which a contender is timed in the first round only
WARM, QUICK = 3, 0.1  # rounds that do not count, of what takes fewer seconds: until memory given back is used again
# Arrays below 32 MiB lie in memory that is kept once they are gone. By itself glibc comes to this after a while; at
# which call depends on the sizes before, so a row would depend on the rows before it.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One row: what to call it, the job that each contender does, and what a right result is.

    `near` is by how much a sample, and all of them in the mean, may differ; `rescale` is what SimpleITK applies.
    """

    group: str
    what: str
    job: dict[str, Any]
    pixels: Stored | None = None  # what comes out of a lossless coding
    near: tuple[float, float] = (0.0, 0.0)
    rescale: tuple[float, float] = (1.0, 0.0)
    frames: int = 1
    judged: bool = True  # against the bare codec

    def of(self, pixels: Stored | None) -> "Contest":
        """Return this row with the pixels that must come out."""
        return replace(self, pixels=pixels)


@dataclass(slots=True)
class Score:
    """What one contender did in one row: its state, why it is not ok, its rounds in seconds and its peak in bytes."""

    state: str = "ok"
    why: str = ""
    times: list[float] = field(default_factory=list)
    peak: int | None = None
    median: float | None = None  # seconds
    ratio: float | None = None  # its time as a multiple of ours, median over rounds
    best: float | None = None  # the same of the fastest rounds


@dataclass(slots=True)
class Outcome:
    """One row measured."""

    group: str
    what: str
    frames: int
    result_bytes: int
    judged: bool
    scores: dict[str, Score]

    @property
    def first(self) -> bool:
        """Tell whether no other reader is faster than the faster of our two ways."""
        others = [score for name in READERS if (score := self.scores.get(name)) is not None and score.ratio is not None]
        drop_in = self.scores.get(DROP_IN)
        limit = min(1.0, drop_in.ratio if drop_in is not None and drop_in.ratio is not None else 1.0)
        return all((score.ratio or 0) >= limit for score in others)

    @property
    def over_bare(self) -> float | None:
        """Return how many times as fast as the bare codec we are."""
        return self.scores[BARE].ratio if self.judged and BARE in self.scores else None

    def described(self) -> Answer:
        """Return the row for JSON."""
        return {**asdict(self), "first": self.first}


class Worker:
    """One contender's process; started anew after it has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: dict[str, Any]) -> Answer:
        """Have a job done, and return its answer; an end of the process or too long a silence is an error."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        line = process.stdout.readline() if ready else b""
        if line:
            answer: Answer = json.loads(line)
            return answer
        self.stop()
        return {"error": f"the process ended (status {process.returncode})" if ready else "it takes too long"}

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.contenders", self.name]
        folder = Path(__file__).parents[1]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, env=os.environ | ALLOCATOR)
        return self._process

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
            self._process = None


def measure(contest: Contest, workers: dict[str, Worker], names: Iterable[str], folder: Path) -> Outcome:
    """Check every contender's result, then time those that are right in turn, then ask for their peaks of memory."""
    scores = {name: Score() for name in names}
    wanted = contest.pixels
    size = 0
    for name, score in scores.items():
        found = _result(contest, workers[name], score, folder / "result.npy")
        if name == OURS:
            assert found is not None, f"{contest.what}: {score.why}"
            size = found.nbytes
            assert contest.pixels is None or not difference(found, contest.pixels, contest.near), contest.what
            wanted = found
        elif found is not None and wanted is not None:
            _judge(score, found, wanted, contest if name == "SimpleITK" else None, contest.near)
    _rounds(contest, workers, scores)
    for name, score in scores.items():
        if score.state == "ok":
            answer = workers[name].ask({**contest.job, "measure": "peak"})
            score.peak = answer.get("peak")
    return Outcome(contest.group, contest.what, contest.frames, size, contest.judged, scores)


def _result(contest: Contest, worker: Worker, score: Score, path: Path) -> Stored | None:
    keep = {"measure": "time"} if contest.job["do"] == "encode" else {"measure": "result", "to": str(path)}
    answer = worker.ask({**contest.job, **keep})
    if "error" in answer:
        missing = answer["error"].startswith("ModuleNotFoundError")
        score.state, score.why = "absent" if missing else "cannot", without_paths(answer["error"])
        return None
    array: Stored = np.load(path) if keep["measure"] == "result" else np.zeros(1)
    return array


def without_paths(text: str) -> str:
    """Return the text with only the last part of each path: the others are the machine's.

    >>> without_paths('cannot read "/home/a/b/c.dcm" at /src/d.cxx:99')
    'cannot read "c.dcm" at d.cxx:99'
    """
    return re.sub(r"(?:/[\w.+-]+)+/", "", text)


def _judge(score: Score, found: Stored, wanted: Stored, rescaled: Contest | None, near: tuple[float, float]) -> None:
    if rescaled is not None:
        slope, intercept = rescaled.rescale
        found = (found.astype(np.float64) - intercept) / slope
    score.why = difference(found, wanted, near)
    score.state = "wrong" if score.why else "ok"


def difference(found: Stored, wanted: Stored, near: tuple[float, float]) -> str:
    """Return how a result differs by more than it may, "" where it does not; axes of length one are left out."""
    found, wanted = found.squeeze(), wanted.squeeze()
    if found.shape != wanted.shape:
        return f"its shape is {found.shape}, needed {wanted.shape}"
    gap = np.abs(np.subtract(found, wanted, dtype=np.float64))
    largest, mean = float(gap.max()), float(gap.mean())
    return "" if largest <= near[0] and mean <= near[1] else f"it differs by {largest:g}, {mean:.3g} in the mean"


def _rounds(contest: Contest, workers: dict[str, Worker], scores: dict[str, Score]) -> None:
    """Time all that are right, beginning with another one in each round."""
    names = [name for name, score in scores.items() if score.state == "ok"]
    job = {**contest.job, "measure": "time"}
    for name in names:
        for _ in range(WARM):
            if workers[name].ask(job).get("seconds", QUICK) >= QUICK:
                break
    start, running = perf_counter(), list(names)
    for turn in range(MOST):
        if turn >= FEWEST and perf_counter() - start > BUDGET:
            break
        turns = turn % len(running)
        for name in running[turns:] + running[:turns]:
            answer = workers[name].ask(job)
            if "error" in answer:
                scores[name] = Score("cannot", answer["error"])
                names.remove(name)
            else:
                scores[name].times.append(answer["seconds"])
            if answer.get("seconds", SLOW) >= SLOW and name != OURS:
                running.remove(name)
    mine = scores[OURS].times
    for name in names:
        score = scores[name]
        score.median = statistics.median(score.times)
        score.ratio = statistics.median(a / b for a, b in zip(score.times, mine, strict=False))
        score.best = min(score.times) / min(mine)
