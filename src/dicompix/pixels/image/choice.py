"""What a caller asks to see -> one of a frame's views (PS3.3 C.11.2)."""

from collections.abc import Sequence
from math import isfinite
from numbers import Integral, Real
from typing import Any

from dicompix.pixels.errors import TransformError
from dicompix.pixels.read.voi import View

Voi = int | str | tuple[float, float] | None

RANGES = ("full", "auto")


def settle_voi(voi: Any) -> Voi:
    """Return an index, a text, a (center, width) or None, whatever kind of number or sequence it was given as.

    >>> settle_voi([40, 400]), settle_voi("AUTO"), settle_voi(None)
    ((40.0, 400.0), 'auto', None)
    """
    if isinstance(voi, str):
        return voi.casefold() if voi.casefold() in RANGES else voi
    if voi is None:
        return None
    if _is_number(voi) and isinstance(voi, Integral):
        return int(voi)
    if isinstance(voi, tuple | list) and len(voi) == 2 and all(map(_is_number, voi)):
        return float(voi[0]), float(voi[1])
    raise TransformError(
        f"voi is {voi!r}, needed the number of a view, its explanation, (center, width) in finite numbers, "
        "'auto', 'full' or None"
    )


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and isfinite(value)


def pick(views: Sequence[View], voi: int | str) -> View:
    """Return a view by its number, negative ones from the end, or by its explanation."""
    if isinstance(voi, int):
        if not -len(views) <= voi < len(views):
            raise TransformError(f"there is no view {voi}: the frame has {len(views)} VOI LUTs and windows")
        return views[voi]
    for view in views:
        if view.explanation.strip().casefold() == voi.strip().casefold():
            return view
    names = ", ".join(repr(view.explanation) for view in views if view.explanation) or "none"
    raise TransformError(f"no view is explained as {voi!r}; there are {names}, and 'auto' and 'full'")
