"""An elementwise transform over a whole array: one table look-up, or blocks that stay in the cache."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.format import PixelFormat
from dicompix.pixels.parallel import WORTH_THREADS, in_parts
from dicompix.pixels.transforms.base import Array, Transform, output
from dicompix.pixels.transforms.pipeline import BlockwisePipeline, Compiled, Pipeline, exact
from dicompix.pixels.transforms.rescale import Rescale

# Above so many samples of 1 or 2 bytes a table over every value costs less than evaluating each sample.
WORTH_A_TABLE = {1: 1 << 10, 2: 1 << 17}


def apply(transform: Transform, array: Array, dtype: DTypeLike | None = None, out: Array | None = None) -> Any:
    """Return the transform of each sample, as `dtype` where one is asked for; large arrays on several threads."""
    if out is None and array.flags.f_contiguous and not array.flags.c_contiguous:
        turned = apply(transform, array.T, dtype)  # the same memory in its own order: no copy
        return turned.transpose(*reversed(range(array.ndim)), *range(array.ndim, turned.ndim))
    wanted = None if dtype is None else np.dtype(dtype)
    rescale = isinstance(transform, Rescale)  # costs less than a look-up
    if rescale and wanted is None and out is None and array.nbytes < WORTH_THREADS:
        return transform(array)
    least = WORTH_A_TABLE.get(array.dtype.itemsize) if array.dtype.kind in "iu" and array.dtype.isnative else None
    if least is not None and array.size >= least and not rescale:
        ready = _ready(transform, array.dtype, wanted)
    else:
        ready = BlockwisePipeline(Pipeline((transform,)), wanted)
    return in_parts(ready, array, out)


def unchanged(array: Array, dtype: DTypeLike | None = None, out: Array | None = None) -> Array:
    """Return the very array where there is nothing to do; as `dtype`, or in `out` and its type, where asked for."""
    wanted = np.dtype(dtype) if dtype is not None else array.dtype if out is None else out.dtype
    result = exact(array, wanted)
    if out is None:
        return result
    np.copyto(output(array.shape, wanted, out), result)
    return out


@lru_cache(maxsize=16)
def _ready(transform: Transform, stored: np.dtype[Any], wanted: np.dtype[Any] | None) -> Compiled:
    bits = stored.itemsize * 8
    fmt = PixelFormat(rows=1, columns=1, bits_allocated=bits, bits_stored=bits, signed=stored.kind == "i")
    return Pipeline((transform,)).ready(fmt, wanted)
