"""Big-endian data set -> the same data set in little endian, ready for another transfer syntax (PS3.5 7.3)."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

# Bytes of one word of the VRs whose values pydicom keeps as the file has them.
_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
_PIXEL_DATA = 0x7FE00010


def to_little_endian(ds: Dataset) -> None:
    """Turn the words of a data set read as big endian, and of its sequences; its own pixel data is left to the caller.

    Afterwards pydicom's `save_as` writes it as little endian, which it refuses for a big-endian data set.
    """
    if ds.original_encoding[1] is not False:
        return
    turned = [(element, swap(element.value, width)) for element, width in list(_words(ds, top=True))]
    for element, value in turned:
        element.value = value
    for each in _data_sets(ds):
        each.set_original_encoding(False, True, each.original_character_set)
        if each.__dict__.get("_is_little_endian") is False:
            each._is_little_endian = True  # noqa: SLF001  # what pydicom before version 4 goes by without a syntax


def _words(ds: Dataset, *, top: bool = False) -> Iterator[tuple[DataElement, int]]:
    """Yield the elements that hold words as bytes, with the bytes of a word; reading an element decodes it for good."""
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _words(item)
        elif isinstance(element.value, bytes) and element.VR in _WORDS and not (top and element.tag == _PIXEL_DATA):
            yield element, _word_size(ds, element)


def _word_size(ds: Dataset, element: DataElement) -> int:
    """Return the bytes of a word; the samples of an icon may be wider than words (PS3.5 8.1.1)."""
    size = _WORDS[element.VR]
    return max(size, int(ds.get("BitsAllocated") or 0) // 8) if element.tag == _PIXEL_DATA else size


def _data_sets(ds: Dataset) -> Iterator[Dataset]:
    yield ds
    for element in ds:
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _data_sets(item)


def swap(value: bytes, width: int) -> bytes:
    """Return words of `width` bytes in the other byte order; bytes beyond the last whole word stay.

    >>> swap(b"abcdefg", 2)
    b'badcfeg'
    """
    whole = len(value) - len(value) % width
    return np.frombuffer(value[:whole], f"u{width}").byteswap().tobytes() + value[whole:]
