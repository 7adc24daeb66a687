"""Where the grayscale functions find a frame's attributes, and what they make of them, with pydicom's errors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.errors import BadValueError, MissingElementError, TransformError
from dicompix.pixels.read.groups import group_of, is_enhanced, numbers
from dicompix.pixels.read.luts import declared_entries, lut_of
from dicompix.pixels.transforms.base import Array, Transform
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.rescale import Rescale
from dicompix.pixels.transforms.window import Window


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A frame's attributes for one step: the functional group's item, or the data set itself."""

    attributes: Dataset
    root: Dataset
    frame: int = 0


def modality_source(ds: Dataset, frame: int | None) -> list[Source]:
    """Return where slope and intercept stand: one source a frame where functional groups have them."""
    return _sources(ds, frame, "PixelValueTransformationSequence")


def view_source(ds: Dataset, frame: int | None) -> list[Source]:
    """Return where windows and VOI LUTs stand: one source a frame where functional groups have them."""
    return _sources(ds, frame, "FrameVOILUTSequence")


def _sources(ds: Dataset, frame: int | None, macro: str) -> list[Source]:
    enhanced = is_enhanced(ds)
    if not enhanced and frame is None:
        return [Source(ds, ds)]
    described = len(ds.get("PerFrameFunctionalGroupsSequence") or ())
    count = int(ds.get("NumberOfFrames") or 0) or described or 1
    if frame is not None and not 0 <= frame < count:
        raise BadValueError(f"there is no frame {frame}: the data set has {count}")
    if not enhanced:
        return [Source(ds, ds, frame or 0)]
    wanted = range(count) if frame is None else [frame]
    groups = [(i, group_of(ds, i, macro)) for i in wanted]
    return [Source(ds if group is None else group.attributes, ds, i) for i, group in groups]


def strict_lut(item: Dataset, root: Dataset, *, signed_first: bool) -> Transform:
    """Return a LUT item's table; words need the byte order that the data set was or will be written in."""
    for keyword in ("LUTDescriptor", "LUTData"):
        if keyword not in item:
            raise MissingElementError(f"the LUT item has no {keyword}")
    words = item["LUTData"].VR == "OW"
    lut = lut_of(item, signed_first=signed_first, big_endian=words and not is_little_endian(root), short=True)
    declared = declared_entries(item)
    return lut if lut.table.size == declared else ShortLut(lut, declared)


def one_number(attributes: Dataset, keyword: str) -> float | None:
    """Return the number that an element of one value holds, None where it is absent or empty."""
    found = numbers(attributes.get(keyword))
    if len(found) > 1:
        raise TransformError(f"{keyword} has {len(found)} values, needed one")
    return found[0] if found else None


class LutIndexError(TransformError, IndexError):
    """A value is mapped by an entry that the table does not have."""


@dataclass(frozen=True)
class ShortLut(Transform):
    """A table with fewer entries than its descriptor says; a value that needs one of those is an error."""

    lut: Lut
    declared: int

    def __call__(self, values: Array) -> Array:
        """Return the entries, or raise LutIndexError."""
        index = Lut(np.zeros(self.declared, np.uint8), self.lut.first, 8).index(values)
        beyond = index[index >= self.lut.table.size]
        if beyond.size:
            raise LutIndexError(
                f"index {beyond.flat[0]} is out of bounds: the LUT Data has {self.lut.table.size} entries, "
                f"its descriptor says {self.declared}"
            )
        return self.lut.table.take(index)


def table_of(transform: Transform | None) -> Lut | None:
    """Return the table behind a LUT step, None where the step is no LUT."""
    table = transform.lut if isinstance(transform, ShortLut) else transform
    return table if isinstance(table, Lut) else None


def is_little_endian(ds: Dataset) -> bool:
    """Return the byte order of a data set's words, or MissingElementError where nothing tells it."""
    little: Any = ds.original_encoding[1]
    meta = getattr(ds, "file_meta", None)
    if meta is not None:
        little = meta._tsyntax_encoding[1]  # noqa: SLF001  # what pydicom goes by
    if little is None:
        raise MissingElementError(
            "Unable to determine the endianness of the dataset, please set an appropriate Transfer Syntax UID in "
            f"'{type(ds).__name__}.file_meta'"
        )
    return bool(little)


def window_of(attributes: Dataset, index: int, output: tuple[float, float]) -> Window:
    """Return window `index` of a frame; one that stands alone serves every index, as in pydicom."""
    function = str(attributes.get("VOILUTFunction", "LINEAR") or "").upper()
    pair = []
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword not in attributes:
            raise MissingWindowError(f"{keyword} is absent, needed both WindowCenter and WindowWidth")
        value = attributes[keyword].value
        several = hasattr(value, "__getitem__") and not isinstance(value, str)
        if value is None or (several and not len(value)):
            raise TransformError(f"{keyword} is empty, needed a number")
        pair.append(float(value[index] if several else value))
    return Window(pair[0], pair[1], function, output)


class MissingWindowError(TransformError, KeyError):
    """Only one of Window Center and Window Width is there."""


def windowed_range(source: Source, modality: Transform | None) -> tuple[float, float]:
    """Return the range that windowed values span: what Bits Stored and the modality step allow."""
    root = source.root
    table = table_of(modality)
    low, high = stored_range(root) if table is None else (0.0, float(table.top))
    slope, intercept = one_number(root, "RescaleSlope"), one_number(root, "RescaleIntercept")
    scale = modality
    if table is not None and slope is not None and intercept is not None:
        scale = Rescale(slope, intercept)
    if isinstance(scale, Rescale):
        return low * scale.slope + scale.intercept, high * scale.slope + scale.intercept
    return low, high


def stored_range(root: Dataset, dtype: np.dtype[Any] | None = None) -> tuple[float, float]:
    """Return the least and greatest value that Bits Stored bits can hold; without it, what an integer type can."""
    if "BitsStored" in root:
        half = 2.0 ** (int(root.BitsStored) - 1)
        sign = None if dtype is None else int(dtype.kind == "i")
        signed = root.PixelRepresentation if sign is None else root.get("PixelRepresentation", sign)
        return (-half, half - 1) if signed != 0 else (0.0, 2 * half - 1)
    if dtype is None or dtype.kind not in "iu":
        raise MissingElementError("(0028,0101) Bits Stored is absent: the range of the values is not known")
    limits = np.iinfo(dtype.str)
    return float(limits.min), float(limits.max)
