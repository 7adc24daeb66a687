"""How far the run is, in bytes of the source files: a bar in the terminal, or the caller's own function."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

Progress = bool | Callable[[int, int], object]


class Progressing:
    """Adds up, from any thread, what part of each file is done, and shows (bytes done, bytes in all)."""

    def __init__(self, sizes: Sequence[int], show: Callable[[int, int], object] | None) -> None:
        self._sizes, self._show, self._lock = sizes, show, Lock()
        self._parts = [0] * len(sizes)
        self._done, self._total = 0, sum(sizes)

    def tell(self, number: int, part: float) -> None:
        """Note what part of a file is done."""
        if self._show is not None:
            with self._lock:
                now = int(self._sizes[number] * part)
                self._done += now - self._parts[number]
                self._parts[number] = now
                self._show(self._done, self._total)


@contextmanager
def progressing(progress: Progress, sizes: Sequence[int]) -> Iterator[Progressing]:
    """Give what adds up: silently, with a bar for True, or calling ``progress(done, total)``.

    >>> with progressing(print, [10, 30]) as state:
    ...     state.tell(1, 0.5)
    15 40
    """
    if progress is False:
        yield Progressing(sizes, None)
    elif progress is not True:
        yield Progressing(sizes, progress)
    else:
        from rich.progress import Progress as Bar  # noqa: PLC0415  # loaded by those who look at it

        with Bar(transient=True) as bar:
            task = bar.add_task("Transcoding", total=sum(sizes))
            yield Progressing(sizes, lambda done, _: bar.update(task, completed=done))
