"""LUT items of a data set -> Lut and Palette, whichever VR they were written with (PS3.3 C.11.1, C.7.6.3.1.5)."""

from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.data import get_palette_files
from pydicom.dataset import Dataset

from dicompix.pixels.errors import TransformError
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
        if item.get(keyword) is None:
            raise TransformError(f"the LUT item has no {keyword}")
    descriptor, data = list(item.LUTDescriptor), _data(item, "LUTData")
    if short:
        descriptor[0] = min((descriptor[0] & 0xFFFF) or 65536, _count(data, descriptor[2]))
    return Lut.from_descriptor(descriptor, data, signed_first=signed_first, big_endian=big_endian)


def _count(data: Any, bits: int) -> int:
    """Return how many entries the data has at the most."""
    return len(data) // 2 if isinstance(data, bytes) and bits > 8 else 2 * len(data) if bits <= 8 else len(data)


def _data(item: Dataset, keyword: str) -> Any:
    value = item[keyword].value
    return value if isinstance(value, bytes) else list(value) if hasattr(value, "__iter__") else [value]


def has_palette(dataset: Dataset) -> bool:
    """Tell whether a data set holds a palette of its own."""
    return "RedPaletteColorLookupTableDescriptor" in dataset


def palette_of(dataset: Dataset, *, big_endian: bool = False) -> Palette:
    """Return a data set's palette, segmented or not, with alpha where it is there (PS3.3 C.7.6.3.1.5, C.7.9)."""
    signed = dataset.get("PixelRepresentation") == 1
    names = [*COLORS, *(["Alpha"] if _has(dataset, "Alpha") else [])]
    missing = [name for name in names if not _has(dataset, name)]
    if missing or not has_palette(dataset):
        raise TransformError(f"the palette has no look-up table data for {', '.join(missing or COLORS)}")
    # Alpha has no descriptor of its own: it is laid out like red.
    luts = [_channel(dataset, name, signed=signed, big_endian=big_endian) for name in names]
    return Palette(*luts)


def _has(dataset: Dataset, color: str) -> bool:
    return f"{color}PaletteColorLookupTableData" in dataset or f"Segmented{color}PaletteColorLookupTableData" in dataset


def _channel(dataset: Dataset, color: str, *, signed: bool, big_endian: bool) -> Lut:
    keyword = f"{color}PaletteColorLookupTableDescriptor"
    descriptor = list(dataset.get(keyword) or dataset.RedPaletteColorLookupTableDescriptor)
    segmented = f"Segmented{color}PaletteColorLookupTableData"
    data = _data(dataset, segmented if segmented in dataset else f"{color}PaletteColorLookupTableData")
    if segmented in dataset:
        entries = (int(descriptor[0]) & 0xFFFF) or 65536
        if not isinstance(data, bytes):
            data = np.array(data, ">u2" if big_endian else "<u2").tobytes()
        data = expand_segments(data, 8 if int(descriptor[2]) & 0xFFFF == 8 else 16, entries, big_endian=big_endian)
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
    return palette_of(dcmread(found[0]))


class MissingPaletteError(TransformError, IndexError):
    """pydicom's data folder lacks a well-known palette."""
