"""Transforms in order, and the chain compiled: PixelFormat + Pipeline -> one look-up table (PS3.4 N.2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.errors import TransformError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.transforms.base import BLOCK, Array, Transform, blocks, flat, output
from dicompix.pixels.transforms.presentation import ToDisplay


@dataclass(frozen=True, slots=True)
class Pipeline(Transform):
    """Steps from stored values to modality or display values; `str` gives one line per step.

    >>> from dicompix.pixels.transforms import Rescale, Window
    >>> pipeline = Pipeline((Rescale(1, -1024), Window(40, 400))).to_display()
    >>> print(pipeline)
    1. Rescale(slope=1, intercept=-1024)
    2. Window(center=40, width=400, function='LINEAR', output=(0.0, 1.0))
    3. ToDisplay()
    >>> pipeline(np.array([0, 1064, 3000], np.uint16))
    array([  0, 128, 255], dtype=uint8)
    """

    steps: tuple[Transform, ...] = ()

    def then(self, *steps: Transform) -> "Pipeline":
        """Return a pipeline with these steps after the present ones."""
        return replace(self, steps=self.steps + steps)

    def to_display(self) -> "Pipeline":
        """Return a pipeline that ends in the 8-bit picture."""
        return self.then(ToDisplay())

    @property
    def elementwise(self) -> bool:
        """Tell whether every step is, so that the chain is a function of one stored value."""
        return all(step.elementwise for step in self.steps)

    @np.errstate(invalid="ignore", over="ignore")
    def __call__(self, values: Array) -> Array:
        """Return what the steps make of the values, one after another over the whole array.

        A NaN, signalling ones too, stays one without a warning of NumPy; what is too large for floats is infinite.
        """
        if not self.steps:
            return values.copy()
        for step in self.steps:
            values = step(values)
        return values

    def __str__(self) -> str:
        """Return one line per step."""
        return "\n".join(f"{number}. {step!r}" for number, step in enumerate(self.steps, 1)) or "no steps"

    def compile(self, fmt: PixelFormat, dtype: DTypeLike | None = None) -> "Compiled":
        """Return the chain made ready for stored values of `fmt`: a table where 16 bits or fewer allow one.

        `dtype` is the result's type, the last step's own by default. An integer type has to hold every result exactly.

        >>> from dicompix.pixels.transforms import Window
        >>> fmt = PixelFormat(rows=1, columns=2, bits_allocated=16, bits_stored=12, signed=True)
        >>> Pipeline((Window(0, 100),)).to_display().compile(fmt)(np.array([[-2048, 2047]], np.int16))
        array([[  0, 255]], dtype=uint8)
        """
        wanted = None if dtype is None else np.dtype(dtype)
        if not self.elementwise:
            return WholePipeline(self, wanted)
        if fmt.floating or fmt.bits_stored > 16 or fmt.dtype.itemsize > 2:
            return BlockwisePipeline(self, wanted)
        return CompiledPipeline(self, wanted, fmt.dtype, _tabulate(self, fmt, wanted))

    def ready(self, fmt: PixelFormat, dtype: DTypeLike | None = None) -> "Compiled":
        """Return the chain compiled, or block by block where a value that need not occur has no result in `dtype`."""
        try:
            return self.compile(fmt, dtype)
        except TransformError:
            return BlockwisePipeline(self, None if dtype is None else np.dtype(dtype))


@dataclass(frozen=True, slots=True)
class WholePipeline:
    """A chain that looks at several samples at once, as colour conversion does: its steps, then the type."""

    pipeline: Pipeline
    dtype: np.dtype[np.generic] | None

    def __call__(self, stored: Array, *, out: Array | None = None) -> Array:
        """Return what the steps make of the stored values."""
        result = exact(self.pipeline(stored), self.dtype)
        if out is None:
            return result
        np.copyto(output(result.shape, result.dtype, out), result)
        return out


@dataclass(frozen=True, slots=True)
class BlockwisePipeline:
    """An elementwise chain for float or wide samples: evaluated block by block, no full-size intermediate."""

    pipeline: Pipeline
    dtype: np.dtype[np.generic] | None

    def __call__(self, stored: Array, *, out: Array | None = None) -> Array:
        """Return what the steps make of the stored values."""

        def chain(block: Array) -> Array:
            return exact(self.pipeline(block), self.dtype)

        sample = chain(np.empty(0, stored.dtype))  # no value that the array may not hold
        out = output((*stored.shape, *sample.shape[1:]), sample.dtype, out)
        return _fill(out, stored, chain, sample.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPipeline:
    """An elementwise chain as a table over every value that the samples' type can hold.

    Values outside Bits Stored take the result of the nearest value inside. Samples of another type than the
    format's are evaluated block by block.
    """

    pipeline: Pipeline
    dtype: np.dtype[np.generic] | None
    stored_dtype: np.dtype[np.generic]
    table: Array

    def __call__(self, stored: Array, *, out: Array | None = None) -> Array:
        """Return each stored value's entry, looked up block by block."""
        if stored.dtype != self.stored_dtype:
            return BlockwisePipeline(self.pipeline, self.dtype)(stored, out=out)
        tail = self.table.shape[1:]
        out = output((*stored.shape, *tail), self.table.dtype, out)
        # the bits of a sample, read as an unsigned number, are its place in the table
        source, target = flat(stored).view(f"u{stored.dtype.itemsize}"), out.reshape(-1, *tail)
        if self.table.nbytes > _PAIRED or not tail or source.size < _WORTH_PAIRS:
            return _look_up(self.table, source, target, out)
        even = source.size & ~1
        pairs = _pairs(self.table.tobytes(), self.table.dtype, tail[0])
        _look_up(pairs, source[:even].view(np.uint16), target[:even].reshape(-1, 2 * tail[0]), out)
        return _look_up(self.table, source[even:], target[even:], out)


# Colours of 256 values are looked up by twos: rows of 6 bytes are copied in little more time than rows of 3.
_PAIRED = 256 * 4
_WORTH_PAIRS = 1 << 16


@lru_cache(maxsize=8)
def _pairs(content: bytes, dtype: np.dtype[np.generic], samples: int) -> Array:
    """Return the table of two neighbours, by their two bytes read as one number."""
    table = np.frombuffer(content, dtype).reshape(256, samples)
    first, second = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2).T
    return np.concatenate([table[first], table[second]], axis=1)


def _look_up(table: Array, source: Array, target: Array, out: Array) -> Array:
    """Write each place's entry to the target, block by block; return `out`."""
    index = np.empty(min(BLOCK, source.size), np.intp)
    for part in blocks(source.size):
        place = index[: part.stop - part.start]
        np.copyto(place, source[part])
        # every place is in range: the mode only spares take its checks
        np.take(table, place, axis=0, out=target[part], mode="wrap")
    return out


Compiled = CompiledPipeline | BlockwisePipeline | WholePipeline


def _fill(out: Array, stored: Array, chain: Callable[[Array], Array], tail: tuple[int, ...]) -> Array:
    source, target = flat(stored), out.reshape(-1, *tail)
    for part in blocks(source.size):
        target[part] = chain(source[part])
    return out


def _tabulate(pipeline: Pipeline, fmt: PixelFormat, dtype: np.dtype[np.generic] | None) -> Array:
    """Evaluate the chain for each value that Bits Stored allows, in the order of their bits as unsigned numbers."""
    low, high = fmt.value_range
    results = exact(pipeline(np.arange(low, high + 1, dtype=np.int32).astype(fmt.dtype)), dtype)
    table = np.empty((256**fmt.dtype.itemsize, *results.shape[1:]), results.dtype)
    first_negative = len(table) // 2 if low < 0 else len(table)
    table[: high + 1] = results[-low:] if low else results
    table[high + 1 : first_negative] = results[-1]
    if low < 0:
        table[first_negative:low] = results[0]
        table[low:] = results[:-low]
    return table


@np.errstate(invalid="ignore")
def exact(values: Array, dtype: np.dtype[np.generic] | None) -> Array:
    """Return the values as `dtype`: floats rounded to its precision, integers only where they lose nothing.

    >>> exact(np.array([1.0, -2.0]), np.dtype(np.int16))
    array([ 1, -2], dtype=int16)
    """
    if dtype is None or values.dtype == dtype:
        return values
    if dtype.kind in "iu" and values.size:
        limits, low, high = np.iinfo(dtype.str), values.min(), values.max()
        whole = values.dtype.kind in "iub" or bool(np.all(np.floor(values) == values))
        if not (whole and limits.min <= low and high <= limits.max):
            raise TransformError(f"values from {low} to {high} do not all fit {dtype}: needed whole numbers in range")
    return values.astype(dtype)
