"""What a row of the table is: a malformed file, its right answer, and what should be found in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import PixelError
from malformations.dicom import Picture

Make = Callable[[], Picture]


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One malformation.

    `right` are the frames that the file declares, without the frames axis where there is one alone; None where
    nothing but an error is right: `error`, with `phrase` in its text. `codes` are the findings that must be reported,
    no others. `tolerance` is for lossy codings. `every` are all frames, where there are more than declared: what
    `pixel_array` gives, as pydicom's. With `forced`, dcmread needs force=True; with `cut`, it finds no delimiter.
    `shown` are frames that can be read though the whole cannot.
    """

    name: str
    group: str
    says: str
    make: Make
    right: Stored | None = None
    error: type[PixelError] | None = None
    phrase: str = ""
    codes: frozenset[str] = frozenset()
    clause: str
    tolerance: int = 0
    every: Stored | None = None
    forced: bool = False
    cut: bool = False
    shown: tuple[int, ...] = field(default=())


def codes(*names: str) -> frozenset[str]:
    """Return the findings' codes as a set."""
    return frozenset(names)
