"""A stack's slices -> one array in stored or modality values, each decoded straight into its place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.batch import promised_format
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import Finding, FrameError, PixelError, TransformError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import FrameIndex
from dicompix.pixels.parallel import WORTH_THREADS, in_parallel, usable_cores
from dicompix.pixels.transforms.base import Transform
from dicompix.pixels.transforms.pipeline import Compiled, Pipeline, exact
from dicompix.pixels.transforms.rescale import Rescale
from dicompix.volume.series import Slice

Steps = Sequence[Transform | None]
_WHOLE = ("int16", "int32", "int64")
_DIFFERING = Finding(
    code="rescale-differs",
    message="slope and intercept differ from slice to slice: stored values cannot be compared",
    attribute="RescaleSlope",
    clause="PS3.3 C.11.1.1.2",
)


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """The array (slices, rows, columns[, samples]), and what was odd about the frames."""

    array: Stored
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Loader:
    """Decodes slices: the steps to their values, and the indexes of files that are kept open."""

    slices: Sequence[Slice]
    steps: Steps
    indexes: dict[int, FrameIndex]

    @classmethod
    def of(cls, slices: Sequence[Slice], values: str) -> "_Loader":
        kept = {id(one.member): one.member for one in slices if one.member.opened is not None}
        indexes = {number: member.index() for number, member in kept.items()}
        steps = [_transform(one) for one in slices] if values == "modality" else [None] * len(slices)
        return cls(slices, steps, indexes)

    def index(self, number: int) -> FrameIndex:
        """Return the index of the file that holds a slice."""
        member = self.slices[number].member
        return self.indexes.get(id(member)) or member.index()

    def fill(self, number: int, out: Stored, *, direct: bool) -> tuple[Finding, ...]:
        """Decode one slice into its place, directly where stored values are wanted in their own type."""
        one, step = self.slices[number], self.steps[number]
        with _naming(one):
            index = self.index(number)
            decoder = Decoder(fmt=one.fmt)
            frame = decoder.frame(index[one.frame], out if direct and step is None else None)
            _convert(frame.array, step, one.fmt, out)
        found = frame.findings if one.member.pixels is None else (*frame.findings, *index.findings)
        return tuple(finding.at(number) for finding in found)


@contextmanager
def _naming(one: Slice) -> Iterator[None]:
    """Say in an error which slice it is about."""
    try:
        yield
    except PixelError as problem:
        problem.args = (f"{one.label}: {problem}",)
        raise


def voxels_of(
    slices: Sequence[Slice], values: str, dtype: DTypeLike | None, workers: int | None, tick: Callable[[], None]
) -> Voxels:
    """Decode all slices into one array, in parallel; findings say at which slice.

    Without `dtype` it is the stored type, or the least of int16, int32, int64 that holds each modality value that the
    headers allow, float32 (float64 beyond 24 bits) where they are not whole.
    """
    loader = _Loader.of(slices, values)
    first = slices[0]
    with _naming(first):
        fmt = promised_format(loader.index(0), Decoder(fmt=first.fmt), first.frame)
    kinds = {(step, one.fmt) for step, one in zip(loader.steps, slices, strict=True)}
    target = np.dtype(dtype) if dtype is not None else type_for(fmt, kinds)
    array: Stored = np.empty((len(slices), *fmt.frame_shape), target)

    def job(number: int) -> tuple[Finding, ...]:
        found = loader.fill(number, array[number], direct=target == fmt.dtype)
        tick()
        return found

    if workers is None:
        workers = usable_cores() if array.nbytes >= WORTH_THREADS else 1
    found = [finding for several in in_parallel(job, len(slices), workers) for finding in several]
    return Voxels(array, (*_comparable(slices, values), *found))


def _transform(one: Slice) -> Transform | None:
    if isinstance(one.step, TransformError):
        raise TransformError(f"{one.label}: {one.step}") from one.step
    return one.step


def _comparable(slices: Sequence[Slice], values: str) -> tuple[Finding, ...]:
    """Return the finding of stored values that mean something else in each slice."""
    rescales = {one.step for one in slices if one.step is None or isinstance(one.step, Rescale)}
    return (_DIFFERING,) if values == "stored" and len(rescales) > 1 else ()


def _convert(stored: Stored, step: Transform | None, fmt: PixelFormat, out: Stored) -> None:
    """Write a slice's values to `out`, unless it was decoded there."""
    if stored.shape != out.shape:
        raise FrameError(f"the frame is {stored.shape}, needed {out.shape} as the first slice is")
    if step is not None:
        _ready(Pipeline((step,)), fmt, out.dtype)(stored, out=out)
    elif not (stored.dtype == out.dtype and np.shares_memory(stored, out)):
        out[...] = exact(stored, out.dtype)


@lru_cache(maxsize=8)
def _ready(pipeline: Pipeline, fmt: PixelFormat, dtype: np.dtype[np.generic]) -> Compiled:
    return pipeline.ready(fmt, dtype)


def type_for(fmt: PixelFormat, kinds: Iterable[tuple[Transform | None, PixelFormat]]) -> np.dtype[np.generic]:
    """Return the type for the values that steps make of every stored value of their formats.

    >>> ct = PixelFormat(rows=1, columns=1, bits_allocated=16, bits_stored=12)
    >>> [type_for(ct, [(Rescale(slope, -1024), ct)]).name for slope in (1, 16, 0.5)]
    ['int16', 'int32', 'float32']
    """
    kinds = list(kinds)
    if fmt.floating or all(step is None for step, _ in kinds):
        return fmt.dtype
    ranges = [_whole_range(step, own) for step, own in kinds]
    whole = [known for known in ranges if known is not None]
    if len(whole) == len(ranges):
        low, high = min(low for low, _ in whole), max(high for _, high in whole)
        for name in (fmt.dtype.name, *_WHOLE):
            limits = np.iinfo(name)
            if limits.min <= low and high <= limits.max:
                return np.dtype(name)
    return np.dtype(np.float32 if fmt.bits_stored <= 24 else np.float64)


def _whole_range(step: Transform | None, fmt: PixelFormat) -> tuple[float, float] | None:
    """Return the least and greatest of what a step makes of all stored values; None where they are not whole."""
    low, high = fmt.value_range
    if step is None:
        return low, high
    if isinstance(step, Rescale):
        if not (float(step.slope).is_integer() and float(step.intercept).is_integer()):
            return None
        values = np.array([low, high]) * float(step.slope) + float(step.intercept)
    elif fmt.bits_stored <= 16:
        values = step(np.arange(low, high + 1).astype(fmt.dtype))
    else:
        return None
    return (float(values.min()), float(values.max())) if np.all(np.floor(values) == values) else None
