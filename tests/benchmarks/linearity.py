"""What one frame costs in files of 10 to 10,000 frames."""

import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.matrix import Worker

SIZES = (10, 100, 1000, 10_000)
ROUNDS, READS, MOST_OF_PYDICOM = 3, 50, 1000  # pydicom looks for each frame from the start


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read frames: what to call it, who does what, and by what its time is divided."""

    what: str
    who: str
    do: str
    per: str  # file, frame or read


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of one way, by the number of frames in the file: the median, and of the fastest round."""

    what: str
    per: str
    median: dict[int, float]
    best: dict[int, float]

    @property
    def growth(self) -> float:
        """Return how many times the cost for 100 frames that for the most frames is."""
        return self.best[max(self.best)] / self.best[100]


WAYS = (
    Way("open_image(path), first frame", "dicompix", "open", "file"),
    Way("iterate over open_image(path)", "dicompix", "iterate", "frame"),
    Way("open_image(path).stored()", "dicompix", "stored", "frame"),
    Way("image[i], i at random", "dicompix", "index", "read"),
    Way("pydicom: dcmread(path).pixel_array", "pydicom", "stored", "frame"),
    Way("pydicom: iter_pixels(path)", "pydicom", "iterate", "frame"),
    Way("pydicom: pixel_array(path, index=i), i at random", "pydicom", "index", "read"),
)
Linearity = list[Cost]


def measure_growth(paths: Mapping[int, Path], workers: Mapping[str, Worker]) -> Linearity:
    """Time every way on every file, turn by turn."""
    times: dict[tuple[Way, int], list[float]] = {
        (way, size): [] for way in WAYS for size in paths if way.who == "dicompix" or size <= MOST_OF_PYDICOM
    }
    for turn in range(ROUNDS + 1):  # the first warms up
        for (way, size), seconds in times.items():
            numbers = random.Random(size).choices(range(size), k=READS)
            job = {"do": way.do, "path": str(paths[size]), "numbers": numbers, "measure": "time"}
            answer = workers[way.who].ask(job)
            assert "error" not in answer, (way, answer)
            if turn:
                seconds.append(answer["seconds"] * 1e6 / {"file": 1, "frame": size, "read": READS}[way.per])
    return [
        Cost(
            way.what,
            way.per,
            {size: statistics.median(seconds) for (other, size), seconds in times.items() if other is way},
            {size: min(seconds) for (other, size), seconds in times.items() if other is way},
        )
        for way in WAYS
    ]
