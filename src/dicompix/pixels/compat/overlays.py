"""Dataset -> one overlay plane as an array of 0 and 1, under the name of pydicom's member (PS3.3 C.9.2, C.9.3)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicompix.pixels.errors import BadValueError, Finding, FrameError, MissingElementError, report
from dicompix.pixels.transforms.overlay import from_packed_bits

_GROUPS = range(0x6000, 0x6100)  # those that pydicom takes; PS3.5 7.6 ends them at 0x601E
_REQUIRED = {"OverlayData": 0x3000, "OverlayBitsAllocated": 0x0100, "OverlayRows": 0x0010, "OverlayColumns": 0x0011}
_FRAMES = 0x0015


def overlay_array(ds: Dataset, group: int = 0x6000) -> NDArray[np.uint8]:
    """Return Overlay Data (60xx,3000) as 0 and 1: (rows, columns), or (frames, rows, columns) of several frames.

    The array is new and writable. Raises MissingElementError, which names what is absent; BadValueError for another
    group or a size below 1; FrameError for too few bits. Warns of a missing pad byte and of excess bytes.

    >>> from pydicom import examples
    >>> overlay_array(examples.overlay, 0x6000).shape
    (300, 484)
    """
    if group not in _GROUPS:
        raise BadValueError(
            "The group part of the 'Overlay Data' element tag must be between 0x6000 and 0x60FF (inclusive), "
            f"found 0x{group:04X}"
        )
    found: dict[str, Any] = {keyword: ds.get((group, element)) for keyword, element in _REQUIRED.items()}
    missing = [keyword for keyword, element in found.items() if element is None]
    if missing:
        raise MissingElementError(
            "Unable to convert the overlay data as the following required elements are missing from the dataset: "
            + ", ".join(missing)
        )
    rows, columns = (_size(found[name].value, name) for name in ("OverlayRows", "OverlayColumns"))
    frames = _frames(ds, group)
    data = bytes(found["OverlayData"].value or b"")
    report(_length_findings(len(data), -(-frames * rows * columns // 8)), set(), stacklevel=3)
    overlay = from_packed_bits(data, rows, columns, frames)
    array = overlay.data.view(np.uint8)
    return array if frames > 1 else array[0]


def _size(value: object, keyword: str) -> int:
    """Return rows or columns, or BadValueError where the value is no positive number."""
    if not isinstance(value, int) or value < 1:
        raise BadValueError(f"{keyword} is {value!r}, needed a whole number of at least 1")
    return value


def _frames(ds: Dataset, group: int) -> int:
    """Return Number of Frames in Overlay, 1 where it is absent (PS3.3 C.9.3)."""
    element: Any = ds.get((group, _FRAMES))
    if element is None:
        return 1
    if not isinstance(element.value, int) or element.value < 1:
        raise BadValueError(
            f"Unable to reshape the overlay array as a value of {element.value} for (60xx,0015) 'Number of Frames in "
            "Overlay' is invalid."
        )
    return int(element.value)


def _length_findings(actual: int, needed: int) -> list[Finding]:
    """Return what is odd about the length of the data in bytes, or raise FrameError where bits are missing."""
    padded = needed + needed % 2
    if actual < needed:
        raise FrameError(
            f"The length of the overlay data in the dataset ({actual} bytes) doesn't match the expected length "
            f"({padded} bytes). The dataset may be corrupted or there may be an issue with the overlay data handler."
        )
    if actual < padded:
        text = "The overlay data length is odd and misses a padding byte."
    elif actual > padded:
        text = (
            f"The length of the overlay data in the dataset ({actual} bytes) indicates it contains excess padding. "
            f"{actual - needed} bytes will be removed from the end of the data"
        )
    else:
        return []
    return [Finding(code="overlay-length", message=text, clause="PS3.5 8.1.2")]
