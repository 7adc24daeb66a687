"""What a search has done and found: counts a line each, findings a file each."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time

from fuzz.judge import Outcome, Verdict, judged

EVERY = 2.0  # seconds from one writing of the counts to the next


@dataclass(slots=True)
class Record:
    """Counts of one process on one target, written to `folder` while it runs, as it may die at any time."""

    target: str
    engine: str
    folder: Path
    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)
    written: float = 0.0
    slowest: float = 0.0

    def __post_init__(self) -> None:
        """Learn what earlier runs found, so that each finding is kept once."""
        for path in self.found.glob("*.json"):
            self.known.add(json.loads(path.read_text())["where"])

    @property
    def found(self) -> Path:
        """Return the folder of the target's findings."""
        folder = self.folder / "findings" / self.target
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def run(self, run: Callable[[bytes], None], data: bytes) -> Verdict:
        """Run the target on one input, count it, and keep it where it ended badly."""
        verdict = judged(run, data)
        self.outcomes[verdict.outcome.value] += 1
        self.slowest = max(self.slowest, verdict.seconds)
        if not verdict.good:
            self.keep(data, verdict)
        if monotonic() - self.written > EVERY:
            self.write()
        return verdict

    def keep(self, data: bytes, verdict: Verdict) -> None:
        """Save an input that ended badly, once for each place."""
        where = "slow" if verdict.outcome is Outcome.SLOW else verdict.where
        if where in self.known:
            return
        self.known.add(where)
        name = sha256(data).hexdigest()[:12]
        (self.found / f"{name}.bin").write_bytes(data)
        found = {"outcome": verdict.outcome.value, "where": where, "seconds": verdict.seconds}
        (self.found / f"{name}.json").write_text(json.dumps(found) + "\n")

    def write(self) -> None:
        """Write the counts so far."""
        self.written = monotonic()
        counts = {
            "target": self.target,
            "engine": self.engine,
            "executions": sum(self.outcomes.values()),
            "cpu_seconds": round(process_time(), 2),
            "slowest": round(self.slowest, 3),
            "outcomes": dict(self.outcomes),
        }
        path = self.folder / "counts" / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(counts) + "\n")
