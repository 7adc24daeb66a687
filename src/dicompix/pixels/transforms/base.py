"""What every transform is: a frozen value you can call, array -> new array; and how large arrays are walked."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicompix.pixels.errors import TransformError

Array = NDArray[Any]

# Elements handled at a time, so that what lies between two steps stays in the cache.
BLOCK = 65_536


class Transform(ABC):
    """One step from stored values towards a picture; the input stays as it was."""

    __slots__ = ()

    @abstractmethod
    def __call__(self, values: Array) -> Array:
        """Return the transformed values."""

    @property
    def elementwise(self) -> bool:
        """Tell whether each result depends on one value alone, so that a chain can become a look-up table."""
        return True


def blocks(size: int, step: int = BLOCK) -> Iterator[slice]:
    """Yield slices that cover `size` elements in order.

    >>> list(blocks(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(start, min(start + step, size)) for start in range(0, size, step))


def flat(values: Array, *tail: int) -> Array:
    """Return the values as one row of elements of shape `tail`: a view where the memory allows."""
    return np.ascontiguousarray(values).reshape(-1, *tail)


def output(shape: tuple[int, ...], dtype: DTypeLike, out: Array | None = None) -> Array:
    """Return `out`, checked, or a new array of that shape and type."""
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != np.dtype(dtype) or not out.flags.c_contiguous:
        raise TransformError(
            f"out is {out.dtype} of shape {out.shape}, needed C-contiguous {np.dtype(dtype)} of shape {shape}"
        )
    return out
