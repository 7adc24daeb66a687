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
        if voi[1] <= 0:
            raise TransformError(
                f"voi is {voi!r}: a window's width is 1 or more, below 1 as LINEAR_EXACT has it, and always above 0 "
                "(PS3.3 C.11.2.1.2)"
            )
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
            raise TransformError(f"there is no view {voi}: of VOI LUTs and windows the frame has {len(views)}")
        return views[voi]
    for view in views:
        if view.explanation.strip().casefold() == voi.strip().casefold():
            return view
    if all(part and part.strip().lstrip("-").replace(".", "", 1).isdecimal() for part in voi.split(",")):
        raise TransformError(f"no view is explained as {voi!r}; a window is voi=(center, width), in numbers")
    names = ", ".join(repr(view.explanation) for view in views if view.explanation) or "none"
    raise TransformError(f"no view is explained as {voi!r}; there are {names}, and 'auto' and 'full'")


def check_for_color(voi: Voi) -> None:
    """Raise TransformError for the explanation of a view: colour has none; numbers and ranges leave it as it is."""
    voi = settle_voi(voi)
    if isinstance(voi, str) and voi not in RANGES:
        pick((), voi)
