"""apply_modality_lut, apply_voi_lut and the rest of pydicom's grayscale functions, per frame where frames differ."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from pydicom.dataset import Dataset

from dicompix.pixels.compat.blockwise import apply, unchanged
from dicompix.pixels.compat.sources import (
    Source,
    modality_source,
    one_number,
    stored_range,
    strict_lut,
    table_of,
    view_source,
    window_of,
    windowed_range,
)
from dicompix.pixels.errors import MissingElementError, TransformError, UnsupportedError
from dicompix.pixels.read.luts import descriptor_of
from dicompix.pixels.transforms.base import Array, Transform, output
from dicompix.pixels.transforms.presentation import SHAPES, PresentationLut
from dicompix.pixels.transforms.rescale import Rescale

Build = Callable[[Source], Transform | None]


def apply_modality_lut(
    arr: Array, ds: Dataset, *, dtype: DTypeLike | None = None, out: Array | None = None, frame: int | None = None
) -> Array:
    """Return modality values by the Modality LUT Sequence, else by slope and intercept, as float64 (PS3.3 C.11.1).

    Without either the very array comes back. In an enhanced multi-frame data set each frame of `arr` has its own
    values; `frame` says which one a single frame is. `dtype` asks for another type, an integer one only where it is
    exact; `out` is filled. Raises TransformError for a table that cannot be read, or values that `dtype` cannot hold.

    >>> ds = Dataset()
    >>> ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    >>> apply_modality_lut(np.array([0, 1064], np.int16), ds)
    array([-1024.,    40.])
    """
    return _each_frame(arr, modality_source(ds, frame), _modality, (dtype, out, frame))


apply_rescale = apply_modality_lut


def _modality(source: Source) -> Transform | None:
    attributes = source.attributes
    if attributes.get("ModalityLUTSequence"):
        signed = source.root.get("PixelRepresentation") == 1
        return strict_lut(attributes.ModalityLUTSequence[0], source.root, signed_first=signed)
    slope, intercept = one_number(attributes, "RescaleSlope"), one_number(attributes, "RescaleIntercept")
    if slope is None and intercept is None:
        return None
    return Rescale(1.0 if slope is None else slope, 0.0 if intercept is None else intercept)


def _modality_of(source: Source) -> Transform | None:
    """Return the modality step of the frame whose VOI or presentation a source stands for."""
    return _modality(modality_source(source.root, source.frame)[0])


def apply_voi_lut(  # noqa: PLR0913  # pydicom's signature and three options
    arr: Array,
    ds: Dataset,
    index: int = 0,
    prefer_lut: bool = True,  # noqa: FBT001, FBT002  # pydicom's signature
    *,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    frame: int | None = None,
) -> Array:
    """Return values of interest by the VOI LUT Sequence or the window of that index (PS3.3 C.11.2).

    The look-up table is taken where there are both, unless `prefer_lut` is false. Without either the very array
    comes back. `arr` are modality values. For `dtype`, `out` and `frame` see `apply_modality_lut`, for results, errors
    and an example `apply_voi` and `apply_windowing`.
    """
    sources = view_source(ds, frame)
    kinds = {source: _kind(source, prefer_lut=prefer_lut) for source in sources}
    if "lut" in kinds.values():
        _warn_of_float(arr)
    if "window" in kinds.values():
        _check_gray(ds)

    def build(source: Source) -> Transform | None:
        kind = kinds[source]
        return None if kind == "none" else _VIEWS[kind](source, index, arr)

    return _each_frame(arr, sources, build, (dtype, out, frame))


def _kind(source: Source, *, prefer_lut: bool) -> str:
    """Tell what a frame is seen by: a whole LUT item or a whole window, its own whatever other frames have."""
    attributes = source.attributes
    item = attributes.VOILUTSequence[0] if attributes.get("VOILUTSequence") else None
    lut = item is not None and item.get("LUTDescriptor") is not None and item.get("LUTData") is not None
    window = attributes.get("WindowCenter") is not None and attributes.get("WindowWidth") is not None
    if lut and (prefer_lut or not window):
        return "lut"
    return "window" if window else "none"


def apply_voi(
    arr: Array,
    ds: Dataset,
    index: int = 0,
    *,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    frame: int | None = None,
) -> Array:
    """Return values of interest by item `index` of the VOI LUT Sequence, uint8 or uint16 (PS3.3 C.11.2.1.1).

    Without a VOI LUT the very array comes back. Raises IndexError for an item that is not there, MissingElementError
    for one without a descriptor, UnsupportedError for entries of other than 8 or 10 to 16 bits, TransformError for
    data that is too short.

    >>> values = np.arange(3)
    >>> apply_voi(values, Dataset()) is values
    True
    """
    sources = view_source(ds, frame)
    if any(source.attributes.get("VOILUTSequence") for source in sources):
        _warn_of_float(arr)

    def build(source: Source) -> Transform | None:
        return _voi_lut(source, index, arr) if source.attributes.get("VOILUTSequence") else None

    return _each_frame(arr, sources, build, (dtype, out, frame))


def _warn_of_float(arr: Array) -> None:
    if arr.dtype.kind not in "iu":
        warnings.warn("Applying a VOI LUT on a float input array may give incorrect results", stacklevel=3)


def _voi_lut(source: Source, index: int, arr: Array) -> Transform:
    item = source.attributes.VOILUTSequence[index]
    if "LUTDescriptor" not in item:
        raise MissingElementError("the VOI LUT item has no LUTDescriptor")
    depth = descriptor_of(item)[2] & 0xFFFF
    if depth not in {8, *range(10, 17)}:
        raise UnsupportedError(f"'{depth}' bits per LUT entry is not supported, needed 8 or 10 to 16")
    return strict_lut(item, source.root, signed_first=_signed_input(source, arr))


def _signed_input(source: Source, arr: Array) -> bool:
    """Tell whether a VOI LUT's first value mapped is signed: where its input can be negative (PS3.3 C.11.2.1.1)."""
    modality = _modality_of(source)
    if isinstance(modality, Rescale):
        return modality.intercept < 0 or modality.slope < 0 or source.root.get("PixelRepresentation") == 1
    if modality is not None:
        return False
    return source.root.get("PixelRepresentation") == 1 or (arr.dtype.kind != "u" and bool((arr < 0).any()))


def apply_windowing(
    arr: Array,
    ds: Dataset,
    index: int = 0,
    *,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    frame: int | None = None,
) -> Array:
    """Return values of interest by window `index`, float64 over the range that the image can have (PS3.3 C.11.2.1.2).

    Raises TransformError for a photometric interpretation that is not gray, a width outside its function's domain
    or an unknown VOI LUT Function; IndexError for a window that is not there.

    >>> ds = Dataset()
    >>> ds.WindowCenter, ds.WindowWidth, ds.PhotometricInterpretation = 40, 400, "MONOCHROME2"
    >>> ds.BitsStored, ds.PixelRepresentation = 8, 0
    >>> apply_windowing(np.array([-200, 240]), ds)
    array([  0., 255.])
    """
    sources = view_source(ds, frame)
    if any(map(_has_window, sources)):
        _check_gray(ds)

    def build(source: Source) -> Transform | None:
        return _window(source, index, arr) if _has_window(source) else None

    return _each_frame(arr, sources, build, (dtype, out, frame))


def _has_window(source: Source) -> bool:
    return "WindowWidth" in source.attributes or "WindowCenter" in source.attributes


def _check_gray(ds: Dataset) -> None:
    if ds.PhotometricInterpretation not in {"MONOCHROME1", "MONOCHROME2"}:
        raise TransformError(
            "When performing a windowing operation only 'MONOCHROME1' and 'MONOCHROME2' are allowed for "
            f"(0028,0004) Photometric Interpretation, found '{ds.PhotometricInterpretation}'"
        )


def _window(source: Source, index: int, _arr: Array) -> Transform:
    return window_of(source.attributes, index, windowed_range(source, _modality_of(source)))


_VIEWS: dict[str, Callable[[Source, int, Array], Transform]] = {"lut": _voi_lut, "window": _window}


def apply_presentation_lut(
    arr: Array, ds: Dataset, *, dtype: DTypeLike | None = None, out: Array | None = None, frame: int | None = None
) -> Array:
    """Return P-values by the Presentation LUT Sequence or Shape; the very array without either (PS3.3 C.11.4, C.11.6).

    The input range is what Bits Stored and the modality step allow, or the VOI LUT's depth: never the array's own
    least and greatest value. Raises UnsupportedError for another shape than IDENTITY and INVERSE, TransformError for a
    table that cannot be read.

    >>> ds = Dataset()
    >>> ds.PresentationLUTShape, ds.BitsStored, ds.PixelRepresentation = "INVERSE", 8, 0
    >>> apply_presentation_lut(np.array([0, 200], np.uint8), ds)
    array([255,  55], dtype=uint8)
    """
    sequence, shape = ds.get("PresentationLUTSequence"), ds.get("PresentationLUTShape")
    name = "" if shape is None else str(shape).strip().upper()
    if not sequence and shape is not None and name not in SHAPES:
        raise UnsupportedError(f"A (2050,0020) 'Presentation LUT Shape' value of '{shape}' is not supported")
    if not sequence and name != "INVERSE":
        return unchanged(arr, dtype, out)

    def build(source: Source) -> Transform:
        low, high = _presented_range(source, arr.dtype)
        if not sequence:
            return Rescale(-1.0, low + high)
        return _Entries(strict_lut(sequence[0], ds, signed_first=False), (low, high))

    sources = view_source(ds, frame)
    wanted = arr.dtype if dtype is None and not sequence else dtype
    return _each_frame(arr, sources, build, (wanted, out, frame))


def _presented_range(source: Source, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the range of the value space that the array is in; its type tells which of the frame's spaces that is."""
    modality = _modality_of(source)
    sequence = source.attributes.get("VOILUTSequence")
    views = [strict_lut(sequence[0], source.root, signed_first=False)] if sequence else []
    for table in map(table_of, (*views, modality)):
        if table is not None and table.table.dtype == dtype:
            return 0.0, float(table.top)
    return windowed_range(source, modality) if dtype.kind == "f" else stored_range(source.root, dtype)


@dataclass(frozen=True)
class _Entries(Transform):
    """A Presentation LUT whose P-values stay as its entries have them."""

    lut: Transform
    input_range: tuple[float, float]

    def __call__(self, values: Array) -> Array:
        """Spread the input range over the entries."""
        lut = table_of(self.lut)
        if lut is None:
            raise TransformError(f"a Presentation LUT is a table, found {lut!r}")
        p = PresentationLut(input_range=self.input_range)(values)
        return lut.table.take(np.floor(p * (lut.table.size - 1) + 0.5).astype(np.intp))


def _each_frame(
    arr: Array,
    sources: list[Source],
    build: Build,
    options: tuple[DTypeLike | None, Array | None, int | None],
) -> Array:
    """Apply the transform of each source to its frame of `arr`; one source serves the whole array."""
    dtype, out, frame = options
    transforms = [build(source) for source in sources]
    if len(transforms) == 1 or frame is not None or all(one == transforms[0] for one in transforms):
        return _one(transforms[0], arr, dtype, out)
    if arr.ndim < 3 or len(arr) != len(transforms):
        raise TransformError(
            f"the {len(transforms)} frames have transforms of their own, the array is {arr.shape}: "
            "needed all frames, or frame= to say which one it is"
        )
    # frames of several types, where one has no window, say, meet in the type that holds all of them
    types = {_one(transform, arr[0, :0], dtype).dtype for transform in set(transforms)}
    target = output(arr.shape, np.result_type(*types), out)
    for transform, one, place in zip(transforms, arr, target, strict=True):
        _one(transform, one, target.dtype if dtype is None else dtype, place)
    return target


def _one(transform: Transform | None, arr: Array, dtype: DTypeLike | None, out: Array | None = None) -> Array:
    if transform is None:
        return unchanged(arr, dtype, out)
    return apply(transform, arr, dtype, out)  # type: ignore[no-any-return]
