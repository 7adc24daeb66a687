"""LUT items of a data set -> Lut and Palette, whichever VR they were written with (PS3.3 C.11.1, C.7.6.3.1.5)."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.data import get_palette_files
from pydicom.dataset import Dataset

from dicompix.pixels.errors import BadValueError, TransformError
from dicompix.pixels.read.elements import attribute
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.palette import WELL_KNOWN_PALETTES, Palette
from dicompix.pixels.transforms.segmented import expand_segments

COLORS = ("Red", "Green", "Blue")
_FILES = {uid: f"{name.lower().replace('_', '')}.dcm" for name, uid in WELL_KNOWN_PALETTES.items()}


def lut_of(item: Dataset, *, signed_first: bool, big_endian: bool = False, short: bool = False) -> Lut:
    """Return the look-up table of a Modality, VOI or Presentation LUT Sequence item.

    Data that ends before the descriptor says is an error, unless `short` allows the entries that are there.
    """
    for keyword in ("LUTDescriptor", "LUTData"):
        if _read(item, keyword) is None:
            raise TransformError(f"the LUT item has no {keyword}")
    descriptor = descriptor_of(item, "LUTDescriptor")
    data = _data(item, "LUTData")
    if short:
        descriptor = _shortened(descriptor, data)
    return Lut.from_descriptor(descriptor, data, signed_first=signed_first, big_endian=big_endian)


def is_filled(item: Dataset) -> bool:
    """Tell whether a LUT item has both its descriptor and its data."""
    return bool(_read(item, "LUTDescriptor") and _read(item, "LUTData"))


def _read(item: Dataset, keyword: str) -> Any:
    """Return an element's value, None where it is absent; TransformError where it cannot be read."""
    try:
        return attribute(item, keyword)
    except BadValueError as problem:
        raise TransformError(str(problem)) from problem


def oddities_of(item: Dataset, lut: Lut) -> list[str]:
    """Return what a viewer mends in a LUT item, in words: its depth, its length, how its entries are laid out."""
    entries, bits, data = declared_entries(item), descriptor_of(item)[2] & 0xFFFF, _data(item, "LUTData")
    held = len(data) if isinstance(data, bytes) else 2 * len(data)
    packed = bits <= 8 and held < 2 * entries
    padded = entries + entries % 2 < held < 2 * entries if packed else held > 2 * entries
    odd = {
        f"entries of {bits} bits": bits not in {8, 16},
        f"{lut.table.size} entries where the descriptor says {entries}": lut.table.size < entries,
        "entries of 8 bits packed in words": packed and item["LUTData"].VR != "OB",
        "bytes after the last entry": padded or (packed and entries % 2 == 1),
        "LUT Data written as OB": item["LUTData"].VR == "OB",
    }
    return [text for text, found in odd.items() if found]


def declared_entries(item: Dataset, keyword: str = "LUTDescriptor") -> int:
    """Return how many entries a descriptor says there are; 0 stands for 65536."""
    return (int(descriptor_of(item, keyword)[0]) & 0xFFFF) or 65536


def descriptor_of(item: Dataset, keyword: str = "LUTDescriptor") -> list[int]:
    """Return the three values of a LUT Descriptor."""
    found = _several(_read(item, keyword))
    if len(found) != 3 or not all(isinstance(number, int) for number in found):
        raise TransformError(f"{keyword} has {len(found)} values, needed 3: {found}")
    return found


def _shortened(descriptor: list[int], data: Any) -> list[int]:
    """Return the descriptor with no more entries than there are."""
    bits = int(descriptor[2]) & 0xFFFF
    # entries of 8 bits may be packed, two in a word
    count = len(data) // 2 if isinstance(data, bytes) and bits > 8 else len(data)
    if not isinstance(data, bytes) and bits <= 8:
        count *= 2
    if not count:
        raise TransformError("the table has no entries")
    return [min((int(descriptor[0]) & 0xFFFF) or 65536, count), *descriptor[1:]]


def _data(item: Dataset, keyword: str) -> Any:
    value = _read(item, keyword)
    if isinstance(value, bytes):
        return value
    numbers = _several(value)
    if not all(isinstance(number, int) for number in numbers):
        raise TransformError(f"{keyword} is {value!r}, needed bytes or whole numbers")
    return numbers


def _several(value: Any) -> list[Any]:
    """Return the values of an element, one or more, in a list."""
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else [value]


def has_palette(dataset: Dataset) -> bool:
    """Tell whether a data set holds a palette of its own."""
    return "RedPaletteColorLookupTableDescriptor" in dataset


def palette_of(dataset: Dataset, *, big_endian: bool = False, short: bool = False) -> Palette:
    """Return a data set's palette, segmented or not, with alpha where it is there (PS3.3 C.7.6.3.1.5, C.7.9).

    Data that ends before the descriptor says is an error, unless `short` allows the entries that are there.
    """
    signed = _read(dataset, "PixelRepresentation") == 1
    names = [*COLORS, *(["Alpha"] if _has(dataset, "Alpha") else [])]
    missing = [name for name in names if not _has(dataset, name)]
    if missing or not has_palette(dataset):
        raise TransformError(f"the palette has no look-up table data for {', '.join(missing or COLORS)}")
    # Alpha has no descriptor of its own: it is laid out like red.
    luts = [_channel(dataset, name, signed=signed, big_endian=big_endian, short=short) for name in names]
    return Palette(*luts)


def _has(dataset: Dataset, color: str) -> bool:
    keyword = f"{color}PaletteColorLookupTableData"
    return any(_read(dataset, name) is not None for name in (keyword, f"Segmented{keyword}"))


def palette_descriptor(dataset: Dataset, color: str) -> list[int]:
    """Return the descriptor of one channel, red's where it has none."""
    keyword = f"{color}PaletteColorLookupTableDescriptor"
    return descriptor_of(dataset, keyword if _read(dataset, keyword) else "RedPaletteColorLookupTableDescriptor")


def _channel(dataset: Dataset, color: str, *, signed: bool, big_endian: bool, short: bool) -> Lut:
    descriptor = palette_descriptor(dataset, color)
    segmented = f"Segmented{color}PaletteColorLookupTableData"
    expanded = _read(dataset, segmented) is not None
    data = _data(dataset, segmented if expanded else f"{color}PaletteColorLookupTableData")
    if expanded:
        entries = (int(descriptor[0]) & 0xFFFF) or 65536
        if not isinstance(data, bytes):
            data = np.array(data, ">u2" if big_endian else "<u2").tobytes()
        data = expand_segments(data, 8 if int(descriptor[2]) & 0xFFFF == 8 else 16, entries, big_endian=big_endian)
    elif short:
        descriptor = _shortened(descriptor, data)
    return Lut.from_descriptor(descriptor, data, signed_first=signed, big_endian=big_endian)


def well_known_palette(name: str) -> Palette:
    """Return one of the eight well-known palettes by name or UID; the tables ship with pydicom (PS3.6 annex B).

    >>> well_known_palette("HOT_IRON").red.table.size
    256
    """
    uid = WELL_KNOWN_PALETTES.get(name.upper().replace(" ", "_"), name)
    if uid not in WELL_KNOWN_PALETTES.values():
        raise TransformError(f"Unknown palette '{name}', needed one of {', '.join(WELL_KNOWN_PALETTES)} or its UID")
    found = get_palette_files(_FILES[uid])
    if not found:
        raise MissingPaletteError(f"list index out of range: pydicom ships no palette file {_FILES[uid]}")
    return _shipped(Path(found[0]).read_bytes())


@lru_cache(maxsize=8)
def _shipped(content: bytes) -> Palette:
    return palette_of(dcmread(BytesIO(content)))


class MissingPaletteError(TransformError, IndexError):
    """pydicom's data folder lacks a well-known palette."""
