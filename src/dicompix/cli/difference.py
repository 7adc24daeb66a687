"""Two images -> where and by how much their values differ, frame by frame."""

from dataclasses import dataclass
from math import inf

import numpy as np

from dicompix.cli.group import about
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.image import Image

VALUES = ("stored", "modality", "display")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two images differ; the figures are of all values of the frames that both have.

    `notes` say what differs besides the values; `shapes` those of frames that cannot be compared.
    """

    frames: tuple[int, int]
    compared: int = 0
    differing_frames: int = 0
    first_frame: int | None = None
    differing: int = 0
    samples: int = 0
    most: float = 0.0
    mean: float = 0.0
    first_place: tuple[int, ...] = ()
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    notes: tuple[str, ...] = ()

    def equal(self, tolerance: float = 0.0) -> bool:
        """Tell whether all frames are there in both, and no value differs by more than `tolerance`."""
        return self.shapes is None and self.frames[0] == self.frames[1] and self.most <= tolerance


def distances(one: Stored, other: Stored) -> Stored:
    """Return |one - other| of each value as floats, 0 for two NaN, infinite for one.

    >>> distances(np.array([0, 255], np.uint8), np.array([255, 0], np.uint8))
    array([255., 255.])
    """
    if one.dtype.kind in "iub" and other.dtype.kind in "iub":
        if max(one.dtype.itemsize, other.dtype.itemsize) > 4:
            first, second = one.astype(np.uint64), other.astype(np.uint64)  # modulo 2^64, as their difference
            return np.where(one > other, first - second, second - first).astype(np.float64)
        return np.abs(one.astype(np.int64) - other.astype(np.int64)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        found = np.abs(one.astype(np.float64) - other.astype(np.float64))
    found[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
    found[np.isnan(found)] = inf
    return found


class _Tally:
    """Adds up the differences of frames."""

    def __init__(self) -> None:
        self.differing: list[int] = []  # values, of each frame
        self.first: tuple[int, tuple[int, ...]] | None = None
        self.most, self.total, self.samples = 0.0, 0.0, 0

    def add(self, number: int, found: Stored) -> None:
        """Add the differences of a frame."""
        self.differing.append(int(np.count_nonzero(found)))
        if self.differing[-1] and self.first is None:
            self.first = number, tuple(int(axis) for axis in np.argwhere(found)[0])
        self.most = max(self.most, float(found.max()))
        self.total += float(found.sum())
        self.samples += found.size


def difference(one: Image, other: Image, values: str = "stored") -> Difference:
    """Compare two images frame by frame; memory stays at a frame of each."""
    frames, notes, tally = (len(one), len(other)), _notes(one, other), _Tally()
    for number in range(min(frames)):
        pair = _frame(one, number, values), _frame(other, number, values)
        shapes = pair[0].shape, pair[1].shape
        if shapes[0] != shapes[1]:
            return Difference(frames=frames, shapes=shapes, first_frame=number, notes=notes)
        tally.add(number, distances(*pair))
    first, place = tally.first or (None, ())
    return Difference(
        frames=frames,
        compared=len(tally.differing),
        differing_frames=sum(map(bool, tally.differing)),
        first_frame=first,
        differing=sum(tally.differing),
        samples=tally.samples,
        most=tally.most,
        mean=tally.total / max(tally.samples, 1),
        first_place=place,
        notes=notes,
    )


def _frame(image: Image, number: int, values: str) -> Stored:
    with about(image.dataset.get("filename")):
        if values == "stored":
            return image[number]
        return image.modality(number) if values == "modality" else image.display(number)


def _notes(one: Image, other: Image) -> tuple[str, ...]:
    """Return what differs in the formats, as decoded."""
    pairs = {
        "dtype": [str(image.decoded_format().dtype) for image in (one, other)],
        "photometric": [str(image.frame(0).photometric) for image in (one, other)],
    }
    return tuple(f"{name}: {first} and {second}" for name, (first, second) in pairs.items() if first != second)
