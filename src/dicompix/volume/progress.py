"""How far a volume is: a bar in the terminal, or the caller's own function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

Progress = bool | Callable[[int, int], object]


class Progressing:
    """Counts steps, from any thread, and shows (done, total) after each."""

    def __init__(self, show: Callable[[int, int], object] | None = None) -> None:
        self._show, self._lock = show, Lock()
        self._done = self.total = 0

    def step(self) -> None:
        """Count one step."""
        if self._show is not None:
            with self._lock:
                self._done += 1
                self._show(self._done, max(self._done, self.total))


@contextmanager
def progressing(progress: Progress) -> Iterator[Progressing]:
    """Give what counts steps: silently, with a bar for True, or calling ``progress(done, total)``.

    >>> with progressing(print) as state:
    ...     state.total = 2
    ...     state.step()
    1 2
    """
    if progress is False:
        yield Progressing()
    elif progress is not True:
        yield Progressing(progress)
    else:
        from rich.progress import Progress as Bar  # noqa: PLC0415  # loaded by those who look at it

        with Bar() as bar:
            task = bar.add_task("Reading volume", total=None)
            yield Progressing(lambda done, total: bar.update(task, completed=done, total=total))
