"""An elementwise transform over a whole array: one table look-up, or blocks that stay in the cache."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.format import PixelFormat
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.transforms.base import Array, Transform, output
from dicompix.pixels.transforms.pipeline import BlockwisePipeline, Compiled, Pipeline

# Above this many samples a table over every 16-bit value costs less than evaluating each sample.
WORTH_A_TABLE = 1 << 17
# Above this many bytes a second thread gains more than it costs; parts are small enough to even out.
WORTH_THREADS = 1 << 20
PARTS_A_WORKER = 4


def apply(transform: Transform, array: Array, dtype: DTypeLike | None = None, out: Array | None = None) -> Any:
    """Return the transform of each sample, as `dtype` where one is asked for; large arrays on several threads."""
    wanted = None if dtype is None else np.dtype(dtype)
    small = array.dtype.kind in "iu" and array.dtype.itemsize <= 2
    if small and array.dtype.isnative and array.size >= WORTH_A_TABLE:
        ready = _compiled(transform, array.dtype, wanted)
    else:
        ready = BlockwisePipeline(Pipeline((transform,)), wanted)
    return in_parts(ready, array, out)


def in_parts(ready: Callable[..., Array], array: Array, out: Array | None = None, *, tail: int = 0) -> Array:
    """Return ``ready(array, out=out)``, computed part by part on several threads where the array is large.

    The last `tail` axes of the array belong to one element.
    """
    workers = usable_cores() if array.nbytes >= WORTH_THREADS and array.flags.c_contiguous else 1
    if workers == 1:
        return ready(array, out=out)
    elements = array.reshape(-1, *array.shape[array.ndim - tail :])
    sample = ready(elements[:1])
    out = output((*array.shape[: array.ndim - tail], *sample.shape[1:]), sample.dtype, out)
    target = out.reshape(-1, *sample.shape[1:])
    step = -(-len(elements) // (workers * PARTS_A_WORKER))
    parts = [slice(start, start + step) for start in range(0, len(elements), step)]
    in_parallel(lambda i: ready(elements[parts[i]], out=target[parts[i]]), len(parts), workers)
    return out


@lru_cache(maxsize=16)
def _compiled(transform: Transform, stored: np.dtype[Any], wanted: np.dtype[Any] | None) -> Compiled:
    bits = stored.itemsize * 8
    fmt = PixelFormat(rows=1, columns=1, bits_allocated=bits, bits_stored=bits, signed=stored.kind == "i")
    return Pipeline((transform,)).compile(fmt, wanted)
