"""What became of one input: pixels, a warning or an error of ours, or else something that must not be."""

import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from time import process_time

from dicompix.pixels.errors import PixelError

SLOW = 5.0  # seconds of processor time that no input may take


class Unreadable(Exception):  # noqa: N818  # no error of ours: pydicom's reader refused a file
    """The file is none that pydicom can read."""


class Outcome(StrEnum):
    """How an input can end; the first four are as they should be."""

    PIXELS = "pixels"
    WARNING = "warning"
    ERROR = "error"
    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    WRONG = "wrong"
    SLOW = "slow"
    MEMORY = "memory"
    CRASH = "crash"
    HANG = "hang"


GOOD = frozenset({Outcome.PIXELS, Outcome.WARNING, Outcome.ERROR, Outcome.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of an input, where it happened, and how long it took."""

    outcome: Outcome
    where: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Tell whether the input ended as it should."""
        return self.outcome in GOOD


def judged(run: Callable[[bytes], None], data: bytes) -> Verdict:
    """Run a target on one input, and say what became of it."""
    start = process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome, where = _ended(run, data)
    seconds = process_time() - start
    if outcome in GOOD and seconds > SLOW:
        return Verdict(Outcome.SLOW, where or "no error", seconds)
    foreign = [w for w in caught if not issubclass(w.category, UserWarning | DeprecationWarning)]
    if outcome in GOOD and foreign:
        first = foreign[0]
        return Verdict(Outcome.FOREIGN, f"{first.category.__name__} {_short(first.filename)}:{first.lineno}", seconds)
    if outcome is Outcome.PIXELS and caught:
        outcome = Outcome.WARNING
    return Verdict(outcome, where, seconds)


def _ended(run: Callable[[bytes], None], data: bytes) -> tuple[Outcome, str]:
    try:
        run(data)
    except PixelError as problem:
        return Outcome.ERROR, type(problem).__name__
    except Unreadable:
        return Outcome.UNREADABLE, ""
    except MemoryError as problem:
        return Outcome.MEMORY, _place(problem)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # noqa: BLE001  # a panic of Rust is no Exception
        return Outcome.FOREIGN, _place(problem)
    return Outcome.PIXELS, ""


def _place(problem: BaseException) -> str:
    """Return an exception's type and the last two lines of ours that it passed."""
    lines = [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(problem.__traceback__)
        if "dicompix" in PurePath(frame.filename).parts or "fuzz" in PurePath(frame.filename).parts
    ]
    return f"{type(problem).__name__} " + " < ".join(reversed(lines[-2:]))


def _short(path: str) -> str:
    return "/".join(PurePath(path).parts[-2:])
