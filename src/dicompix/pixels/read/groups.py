"""Where an attribute of a frame stands: per-frame functional group, shared one, or the root (PS3.3 C.7.6.16)."""

from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from dicompix.pixels.read.elements import attribute, items


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A data set, or an item of it, that holds a frame's attributes, and what to call it."""

    attributes: Dataset
    name: str = "root"


def group_of(dataset: Dataset, frame: int, macro: str) -> Place | None:
    """Return the item of functional group `macro` for a frame: its own before the shared one, None without either."""
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    if frame < len(per_frame):
        item = first_item(per_frame[frame], macro)
        if item is not None:
            return Place(item, f"frame {frame}")
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    item = None if shared is None else first_item(shared, macro)
    return None if item is None else Place(item, "shared")


def first_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return the first item of a sequence, None where the sequence is absent or empty."""
    return next(iter(items(dataset, keyword)), None)


def is_enhanced(dataset: Dataset) -> bool:
    """Tell whether a data set keeps attributes of its frames in functional groups."""
    return "PerFrameFunctionalGroupsSequence" in dataset or "SharedFunctionalGroupsSequence" in dataset


def numbers(value: Any) -> tuple[float, ...]:
    """Return one or several decimal strings as floats, without those that are empty.

    >>> numbers(None), numbers(3), numbers(["40", ""])
    ((), (3.0,), (40.0,))
    """
    several = (
        value
        if isinstance(value, list | tuple) or (hasattr(value, "__iter__") and not isinstance(value, str))
        else [value]
    )
    return tuple(float(one) for one in several if one is not None and one != "")


def numbers_of(attributes: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of an element, none where it is absent, empty or no number at all."""
    try:
        return numbers(attribute(attributes, keyword))
    except (TypeError, ValueError, OverflowError):  # BadValueError is one: pydicom converts at first use
        return ()
