"""Files that are there whole or not at all, and whether one is there already."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


@contextmanager
def replacing_path(target: Path) -> Iterator[Path]:
    """Give a new path, of the same suffix, that takes the target's name at the end; else nothing is left of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{token_hex(4)}.part-{target.name[-200:]}")
    try:
        yield unfinished
        unfinished.replace(target)
    except OSError as problem:
        if str(problem.filename) == str(unfinished):
            problem.filename = str(target)  # the name that the user knows
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def check_target(target: Path, read: Iterable[Path]) -> None:
    """Raise where a target is one of the files that are read, by whatever name: an input is never overwritten."""
    if target.exists() and any(source.exists() and target.samefile(source) for source in read):
        raise FileExistsError(f"{target} is a file to be read: an input is never overwritten")


def is_complete(target: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a target is there and no older than what it is made of."""
    try:
        written = target.stat().st_mtime_ns
    except OSError:
        return False
    return all(source.stat().st_mtime_ns <= written for source in sources)
