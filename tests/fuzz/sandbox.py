"""Inputs judged in processes of their own, limited in memory and time; what kills one of them is a verdict too."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as OutOfTime
from itertools import islice
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from fuzz.judge import Outcome, Verdict, judged
from fuzz.search import limit
from fuzz.targets import TARGETS

MEMORY = 2 << 30  # bytes a process may take
TIMEOUT = 30.0  # seconds on the clock, of a processor that others use too
AT_ONCE = 20  # inputs that go to a process together

Given = TypeVar("Given")


class Sandbox:
    """A pool of processes that judge."""

    def __init__(self, workers: int = 1) -> None:
        context: Any = get_context("spawn")
        self.pool = ProcessPool(workers, initializer=limit, initargs=(MEMORY,), context=context)
        self.ahead = 4 * workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool: Any = self.pool
        pool.stop()
        pool.join()

    def verdicts(self, judge: Callable[[Given], Verdict], given: Sequence[Given]) -> Iterator[Verdict]:
        """Yield what `judge`, a function of a module, says of each; several at once, each alone where one was lost."""
        parts = iter([given[start : start + AT_ONCE] for start in range(0, len(given), AT_ONCE)])
        waiting = [(part, self._send(judge, part)) for part in islice(parts, self.ahead)]
        while waiting:
            part, task = waiting.pop(0)
            waiting += [(more, self._send(judge, more)) for more in islice(parts, 1)]
            try:
                yield from task.result()
            except (ProcessExpired, OutOfTime):
                for one in part:
                    yield self._alone(judge, one)

    def _alone(self, judge: Callable[[Given], Verdict], given: Given) -> Verdict:
        try:
            found: Verdict = self._send(judge, [given]).result()[0]
        except ProcessExpired as problem:
            return Verdict(Outcome.CRASH, f"exit status {problem.exitcode}")
        except OutOfTime:
            return Verdict(Outcome.HANG, f"{TIMEOUT:g} s", TIMEOUT)
        return found

    def _send(self, judge: Callable[[Given], Verdict], given: Sequence[Given]) -> Any:
        return self.pool.schedule(_judge_all, [judge, list(given)], timeout=TIMEOUT)


def _judge_all(judge: Callable[[Given], Verdict], given: Sequence[Given]) -> list[Verdict]:
    return [judge(one) for one in given]


def judge_target(given: tuple[str, bytes]) -> Verdict:
    """Return the verdict on one input of a target, by name."""
    name, data = given
    return judged(TARGETS[name].run, data)


def fatal(given: object) -> Verdict:
    """End the process as a crash in C does, to try what becomes of it."""
    os.abort()
