"""Paths on the command line -> the files that they mean; folders are searched to the bottom."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.errors import InvalidDicomError

from dicompix.pixels.errors import MissingElementError
from dicompix.pixels.read import open_pixels
from dicompix.pixels.read.describe import pixel_tag


@dataclass(frozen=True, slots=True)
class Source:
    """One file; `named` tells that it was named itself, `place` is its path below the folder that was."""

    path: Path
    place: Path
    named: bool = True


def sources_of(paths: Iterable[Path], *, without: Path | None = None) -> list[Source]:
    """Return the files named, and those in the folders named, in order; FileNotFoundError where there are none.

    What lies in a folder `without`, below one that is searched, is no source: an earlier run has put it there.
    """
    inside = None if without is None else without.resolve()
    given = list(paths)
    several = sum(path.is_dir() for path in given) > 1
    found = []
    for path in given:
        if not path.is_dir():
            found.append(Source(path, Path(path.name)))
            continue
        below = [file for file in sorted(path.rglob("*")) if file.is_file()]
        if inside is not None and path.resolve() in inside.parents:
            below = [file for file in below if inside not in file.resolve().parents]
        top = Path(path.resolve().name) if several else Path()
        found += [Source(file, top / file.relative_to(path), named=False) for file in below]
    if not found:
        raise FileNotFoundError(f"there are no files in {', '.join(map(str, given))}")
    return found


def under(paths: Iterable[Path]) -> list[Path]:
    """Return the files named, and those in the folders named."""
    return [source.path for source in sources_of(paths)]


def why_none(path: Path) -> str:
    """Return why a file is no image: no DICOM file at all, or one without pixel data; "" where it is one.

    >>> from pydicom.data import get_testdata_file
    >>> why_none(Path(get_testdata_file("rtplan.dcm", download=False)))
    'no pixel data'
    """
    try:
        pixel_tag(open_pixels(path).dataset)
    except InvalidDicomError:
        return "no DICOM file"
    except MissingElementError:
        return "no pixel data"
    return ""
