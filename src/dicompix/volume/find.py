"""A folder, a file, a data set, or several of them -> Candidates, the files of a folder by name."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dicompix.pixels.errors import Finding
from dicompix.pixels.read import Dataset

Item = str | os.PathLike[str] | Dataset
Source = Item | Iterable[Item]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A file, or a data set, that may be part of a volume; `named` tells that the caller asked for this very one."""

    label: str
    path: Path = Path()
    dataset: Dataset | None = None
    named: bool = True

    def skipped(self, code: str, reason: str) -> Finding:
        """Return the finding that this is no image: worth a warning where somebody asked for it."""
        message = f"{self.label} is left out: {reason}"
        return Finding(code=code, message=message, severity="warning" if self.named else "info")


def candidates(source: Source) -> Iterator[Candidate]:
    """Yield what may be part of a volume; folders are searched to the bottom."""
    items: Iterable[Item] = [source] if isinstance(source, str | os.PathLike | Dataset) else source
    for item in items:
        if isinstance(item, Dataset):
            yield Candidate(f"data set {item.get('SOPInstanceUID', '')}".strip(), dataset=item)
        else:
            yield from _files(Path(item))


def _files(path: Path) -> Iterator[Candidate]:
    if not path.is_dir():
        yield Candidate(str(path), path)
    else:
        below = sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        yield from (Candidate(str(file), file, named=False) for file in below if file.is_file())
