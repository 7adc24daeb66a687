"""An elementwise transform over a whole array: one table look-up, or blocks that stay in the cache."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.format import PixelFormat
from dicompix.pixels.parallel import in_parts
from dicompix.pixels.transforms.base import Array, Transform
from dicompix.pixels.transforms.pipeline import BlockwisePipeline, Compiled, Pipeline

# Above this many samples a table over every 16-bit value costs less than evaluating each sample.
WORTH_A_TABLE = 1 << 17


def apply(transform: Transform, array: Array, dtype: DTypeLike | None = None, out: Array | None = None) -> Any:
    """Return the transform of each sample, as `dtype` where one is asked for; large arrays on several threads."""
    wanted = None if dtype is None else np.dtype(dtype)
    small = array.dtype.kind in "iu" and array.dtype.itemsize <= 2
    if small and array.dtype.isnative and array.size >= WORTH_A_TABLE:
        ready = _compiled(transform, array.dtype, wanted)
    else:
        ready = BlockwisePipeline(Pipeline((transform,)), wanted)
    return in_parts(ready, array, out)


@lru_cache(maxsize=16)
def _compiled(transform: Transform, stored: np.dtype[Any], wanted: np.dtype[Any] | None) -> Compiled:
    bits = stored.itemsize * 8
    fmt = PixelFormat(rows=1, columns=1, bits_allocated=bits, bits_stored=bits, signed=stored.kind == "i")
    return Pipeline((transform,)).compile(fmt, wanted)
