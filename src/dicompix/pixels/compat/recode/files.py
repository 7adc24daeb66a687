"""Which file goes where, and how it gets there: never onto an input, and whole or not at all."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

Identity = tuple[int, int]  # device and inode: the same for hard links, and through symbolic ones
# What lies beside the files that we write: records of earlier runs, and what a killed one has left half-written.
_OURS = re.compile(r"\.dicompix-\w+\.jsonl|\..{1,20}\.[0-9a-f]{8}\.part|\.[0-9a-f]{8}\.part-.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Job:
    """One file to transcode, and where to."""

    source: Path
    target: Path


def jobs_for(source: Path, target: Path) -> list[Job]:
    """Return the one job of a file, or those of all files in a folder, mirrored below `target`."""
    if source.is_file():
        return [Job(source, target / source.name if target.is_dir() else target)]
    if not source.is_dir():
        raise FileNotFoundError(f"there is no file or folder {source}")
    if target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{source} is a folder, but {target} is a file")
    if target.exists() and target.samefile(source):
        raise shutil.SameFileError(f"{target} is the source folder itself: its files would be overwritten")
    return [Job(file, target / file.relative_to(source)) for file in files_below(source, without=target)]


def files_below(folder: Path, *, without: Path | None = None) -> list[Path]:
    """Return the files in a folder and the folders in it, in order, but for those that we keep for ourselves.

    What lies in `without`, a folder inside, is no source: an earlier run has put it there. A folder inside that cannot
    be read is an error, as it would hide what it holds.
    """

    def refuse(problem: OSError) -> None:
        raise problem

    walk = os.walk(folder, onerror=refuse)
    every = (Path(place, name) for place, _, names in walk for name in names if not _OURS.fullmatch(name))
    found = sorted(file for file in every if file.is_file())
    inside = None if without is None else without.resolve()
    if inside is None or folder.resolve() not in inside.parents:
        return found
    return [file for file in found if inside not in file.resolve().parents]


def identity_of(path: Path) -> Identity | None:
    """Return which file a path leads to, None where it leads to none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def check_target(target: Path, sources: frozenset[Identity | None], *, overwrite: bool) -> None:
    """Raise where a target is one of the sources, by whatever name, or exists and may not be overwritten."""
    identity = identity_of(target)
    if identity is not None and identity in sources:
        raise shutil.SameFileError(f"{target} is a file to be read: an input is never overwritten")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, needed a file's name")
    if os.path.lexists(target) and not overwrite:
        raise FileExistsError(f"{target} exists, and overwrite is not asked for")


def is_complete(target: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a target is there and no older than what it is made of."""
    try:
        written = target.stat().st_mtime_ns
    except OSError:
        return False
    return all(source.stat().st_mtime_ns <= written for source in sources)


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes the target's name when all is written; where that fails, nothing is left of it."""
    unfinished = target.with_name(f".{target.name[:20]}.{token_hex(4)}.part")
    with _becoming(target, unfinished), unfinished.open("xb") as file:
        yield file


@contextmanager
def replacing_path(target: Path) -> Iterator[Path]:
    """Give a new path, of the same suffix, that takes the target's name at the end; else nothing is left of it."""
    unfinished = target.with_name(f".{token_hex(4)}.part-{target.name[-20:]}")
    with _becoming(target, unfinished):
        yield unfinished


@contextmanager
def _becoming(target: Path, unfinished: Path) -> Iterator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
        unfinished.replace(target)
    except OSError as problem:
        if str(problem.filename) == str(unfinished):
            raise OSError(problem.errno, problem.strerror, str(target)) from problem  # the name that the user knows
        raise
    finally:
        unfinished.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file byte for byte."""
    with source.open("rb") as original, replacing(target) as file:
        shutil.copyfileobj(original, file)
