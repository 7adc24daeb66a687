"""Dataset -> overlay planes and display shutters (PS3.3 C.9.2, C.7.6.11)."""

from dataclasses import replace
from typing import Any

from pydicom.dataset import Dataset

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import Finding, MissingElementError, PixelError, TransformError
from dicompix.pixels.read.elements import attribute
from dicompix.pixels.read.groups import numbers_of
from dicompix.pixels.transforms.overlay import Overlay, from_packed_bits, from_pixel_bits
from dicompix.pixels.transforms.shutter import (
    BitmapShutter,
    CircularShutter,
    PolygonalShutter,
    RectangularShutter,
    Shutter,
)

GROUPS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _DESCRIPTION, _TYPE, _ORIGIN, _FRAME_ORIGIN = 0x10, 0x11, 0x15, 0x22, 0x40, 0x50, 0x51
_ALLOCATED, _BIT, _LABEL, _DATA = 0x100, 0x102, 0x1500, 0x3000


def _value(dataset: Dataset, group: int, element: int, default: Any = None) -> Any:
    tag = (group << 16) | element
    value = dataset[tag].value if tag in dataset else None
    return default if value is None else value


def overlay_groups(dataset: Dataset) -> list[int]:
    """Return the 60xx groups that hold an overlay plane, in order."""
    return [group for group in GROUPS if (group << 16 | _ROWS) in dataset and (group << 16 | _COLUMNS) in dataset]


def overlay_of(dataset: Dataset, group: int, cells: Stored | None = None) -> Overlay:
    """Return one overlay; `cells` are undecoded pixel cells, for a plane embedded in their unused bits (retired).

    Raises MissingElementError where a plane has neither data nor a bit position, TransformError where it is short.
    """
    size = _value(dataset, group, _ROWS), _value(dataset, group, _COLUMNS)
    if None in size:
        raise MissingElementError(f"overlay {group:04X} has an empty Overlay Rows or Columns, needed its size")
    rows, columns = map(int, size)
    data = _value(dataset, group, _DATA)
    if data is not None:
        overlay = from_packed_bits(data, rows, columns, int(_value(dataset, group, _FRAMES, 1)))
    elif cells is not None and _value(dataset, group, _ALLOCATED, 1) != 1:
        overlay = from_pixel_bits(cells, int(_value(dataset, group, _BIT, 0)))
    else:
        raise MissingElementError(f"overlay {group:04X} has no Overlay Data ({group:04X},3000)")
    origin = _value(dataset, group, _ORIGIN, (1, 1))
    return replace(
        overlay,
        origin=(int(origin[0]), int(origin[1])),
        frame_origin=int(_value(dataset, group, _FRAME_ORIGIN, 1)),
        type=str(_value(dataset, group, _TYPE, "G")),
        group=group,
        label=str(_value(dataset, group, _LABEL, "")),
        description=str(_value(dataset, group, _DESCRIPTION, "")),
    )


def is_embedded(dataset: Dataset, group: int) -> bool:
    """Tell whether an overlay lies in the unused bits of the pixel cells (retired)."""
    return _value(dataset, group, _DATA) is None and _value(dataset, group, _ALLOCATED, 1) != 1


def overlay_or_finding(dataset: Dataset, group: int, cells: Stored | None) -> Overlay | Finding:
    """Return one overlay, or what keeps it from being shown."""
    try:
        return overlay_of(dataset, group, cells)
    except (PixelError, TypeError, ValueError, IndexError) as problem:
        text = f"overlay {group:04X} cannot be shown: {problem}"
        return Finding(code="overlay", message=text, used="the picture without it", clause="PS3.3 C.9.2")


def shutters_of(dataset: Dataset) -> list[Shutter]:
    """Return the display shutters of a data set, in the order of Shutter Shape.

    Raises TransformError where a shape lacks its edges, center, vertices or overlay.
    """
    shapes = attribute(dataset, "ShutterShape") or ()
    found: list[Shutter] = []
    for shape in [shapes] if isinstance(shapes, str) else shapes:
        maker = _SHUTTERS.get(str(shape).strip().upper())
        if maker is not None:
            found.append(maker(dataset))
    return found


def _numbers(dataset: Dataset, keyword: str, count: int = 1) -> tuple[float, ...]:
    values = numbers_of(dataset, keyword)
    if len(values) != count:
        raise TransformError(f"the display shutter's {keyword} has {len(values)} values, needed {count}")
    return values


def _rectangle(dataset: Dataset) -> Shutter:
    return RectangularShutter(
        left=int(_numbers(dataset, "ShutterLeftVerticalEdge")[0]),
        right=int(_numbers(dataset, "ShutterRightVerticalEdge")[0]),
        upper=int(_numbers(dataset, "ShutterUpperHorizontalEdge")[0]),
        lower=int(_numbers(dataset, "ShutterLowerHorizontalEdge")[0]),
    )


def _circle(dataset: Dataset) -> Shutter:
    row, column = _numbers(dataset, "CenterOfCircularShutter", 2)
    radius = _numbers(dataset, "RadiusOfCircularShutter")[0]
    ratio = numbers_of(dataset, "PixelAspectRatio")
    aspect = ratio[0] / ratio[1] if len(ratio) == 2 and all(ratio) else 1.0
    return CircularShutter(center=(int(row), int(column)), radius=radius, aspect=aspect)


def _polygon(dataset: Dataset) -> Shutter:
    flat = [int(value) for value in numbers_of(dataset, "VerticesOfThePolygonalShutter")]
    if len(flat) % 2:
        raise TransformError(f"the display shutter's vertices have {len(flat)} values, needed pairs of row and column")
    return PolygonalShutter(tuple(zip(flat[::2], flat[1::2], strict=True)))


def _bitmap(dataset: Dataset) -> Shutter:
    """Return the shutter whose overlay hides what it covers (PS3.3 C.7.6.15)."""
    group = int(_numbers(dataset, "ShutterOverlayGroup")[0])
    if group not in overlay_groups(dataset):
        raise TransformError(f"the bitmap shutter is overlay {group:04X}, which the data set does not have")
    overlay = overlay_or_finding(dataset, group, None)
    if isinstance(overlay, Finding):
        raise TransformError(overlay.message)
    return BitmapShutter(overlay)


_SHUTTERS = {"RECTANGULAR": _rectangle, "CIRCULAR": _circle, "POLYGONAL": _polygon, "BITMAP": _bitmap}
