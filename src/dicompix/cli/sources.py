"""Paths on the command line -> the files that they mean; folders are searched to the bottom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from dicompix.pixels.compat.recode.files import files_below

# Why a file is passed over.
NO_DICOM, NO_PIXELS = "no DICOM file", "no pixel data"


@dataclass(frozen=True, slots=True)
class Source:
    """One file; `named` tells that it was named itself, `place` is its path below the folder that was."""

    path: Path
    place: Path
    named: bool = True


def sources_of(paths: Iterable[Path], *, without: Path | None = None) -> list[Source]:
    """Return the files named, and those in the folders named, in order; FileNotFoundError where there are none.

    What lies in a folder `without`, below one that is searched, is no source: an earlier run has put it there. A file
    that is not there is one nevertheless: whoever opens it is told so.
    """
    given = list(paths)
    several = sum(path.is_dir() for path in given) > 1
    found = []
    for path in given:
        if not path.is_dir():
            found.append(Source(path, Path(path.name)))
            continue
        below = files_below(path, without=without)
        top = Path(path.resolve().name) if several else Path()
        found += [Source(file, top / file.relative_to(path), named=False) for file in below]
    if not found:
        raise FileNotFoundError(f"there are no files in {', '.join(map(str, given))}")
    return found


def unique_names(files: Sequence[Path]) -> list[str]:
    """Return a PNG name for each file; files of the same name in different folders get a number.

    >>> unique_names([Path("one/a"), Path("two/a"), Path("a-2")])
    ['a.png', 'a-3.png', 'a-2.png']
    """
    plain = [f"{file.name}.png" for file in files]
    taken, given = set(plain), dict.fromkeys(plain, 0)
    names = []
    for file, name in zip(files, plain, strict=True):
        given[name] += 1
        numbered = (f"{file.name}-{number}.png" for number in count(2))
        names.append(name if given[name] == 1 else next(one for one in numbered if one not in taken))
        taken.add(names[-1])
    return names


def why_none(path: Path) -> str:
    """Return why a file is no image: no DICOM file at all, or one without pixel data; "" where it is one.

    >>> from pydicom.data import get_testdata_file
    >>> why_none(Path(get_testdata_file("rtplan.dcm", download=False)))
    'no pixel data'
    """
    from pydicom.errors import InvalidDicomError

    from dicompix.pixels.errors import MissingElementError
    from dicompix.pixels.read import open_pixels
    from dicompix.pixels.read.describe import pixel_tag

    try:
        pixel_tag(open_pixels(path).dataset)
    except InvalidDicomError:
        return NO_DICOM
    except MissingElementError:
        return NO_PIXELS
    return ""


def no_images(paths: Iterable[Path]) -> FileNotFoundError:
    """Return the error for folders in which there is nothing to do."""
    return FileNotFoundError(f"there are no images in {', '.join(map(str, paths))}")
