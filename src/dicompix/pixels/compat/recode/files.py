"""Which file goes where, and how it gets there: never onto an input, and whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

Identity = tuple[int, int]  # device and inode: the same for hard links, and through symbolic ones


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
    found = [file for file in sorted(source.rglob("*")) if file.is_file()]
    inside = target.resolve()
    if source.resolve() in inside.parents:  # what an earlier run has put there is no source
        found = [file for file in found if inside not in file.resolve().parents]
    return [Job(file, target / file.relative_to(source)) for file in found]


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


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes the target's name when all is written; where that fails, nothing is left of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name[:200]}.{token_hex(4)}.part")
    try:
        with unfinished.open("xb") as file:
            yield file
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a file byte for byte."""
    with source.open("rb") as original, replacing(target) as file:
        shutil.copyfileobj(original, file)
