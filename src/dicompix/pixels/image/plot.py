"""One frame -> a matplotlib plot: the picture on axes in mm, a colour bar in the unit of modality values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.labels import modality_unit
from dicompix.pixels.image.library import library
from dicompix.pixels.image.ranges import Range
from dicompix.pixels.image.shown import GraySteps, Shown, image_position, pixel_size, show
from dicompix.pixels.read.values import modality_step
from dicompix.pixels.transforms.rescale import Rescale

if TYPE_CHECKING:
    from dicompix.pixels.image.image import Image

LEVELS = 256


def draw(image: "Image", frame: int = 0, voi: Voi = 0, ax: Any = None) -> Any:
    """Draw the picture of a frame on matplotlib axes, new ones by default, and return them.

    Millimetres are counted from the first pixel's centre, as ``to_xarray`` counts them.
    """
    position = image_position(image, frame)
    pyplot = library("matplotlib.pyplot", "notebook")
    shown = show(image, position, image.frame(position), voi)
    if ax is None:
        _, ax = pyplot.subplots(layout="constrained")
    spacing, height = pixel_size(image.dataset, position)
    picture = _draw_picture(ax, shown, spacing, height)
    if len(image) > 1:
        ax.set_title(f"frame {position} of {len(image)}")
    unit = modality_unit(image.dataset)
    if shown.chosen is not None:
        _add_bar(picture, shown.chosen, _scale(image, position, shown.chosen, unit))
    if shown.stored.ndim == 2:
        ax.format_coord = _reading(shown, spacing or (1.0, 1.0), unit)
    return ax


def _draw_picture(ax: Any, shown: Shown, spacing: Range | None, height: float) -> Any:
    down, across = spacing or (1.0, 1.0)
    rows, columns = shown.stored.shape[:2]
    ax.set(xlabel="mm" if spacing else "column", ylabel="mm" if spacing else "row")
    return ax.imshow(
        shown.picture,
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=(-across / 2, (columns - 0.5) * across, (rows - 0.5) * down, -down / 2),
        aspect="equal" if spacing else height,
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """What a colour bar is labelled with: the values at its ends, and what they are."""

    ends: Range
    label: str


def _scale(image: "Image", frame: int, steps: GraySteps, unit: str) -> _Scale:
    """Return the modality values where the ramp begins and ends; stored ones where that is what is shown."""
    step, ends = modality_step(image.dataset, frame), _ends(steps)
    if step is None or steps.before.steps:
        return _Scale(ends, unit or ("stored value" if step is None else "modality value"))
    if not isinstance(step.transform, Rescale):
        return _Scale(ends, "stored value")
    low, high = step.transform(np.array(ends))
    return _Scale((float(low), float(high)), unit or "modality value")


def _ends(steps: GraySteps) -> Range:
    """Return where the bar begins and ends: where the ramp does, or half a unit about the threshold of a width of 1."""
    low, high = steps.range
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _add_bar(picture: Any, steps: GraySteps, scale: _Scale) -> None:
    """Add a bar with the shades that the steps give from one end to the other, as high as the picture and beside it."""
    cm, colors = library("matplotlib.cm", "notebook"), library("matplotlib.colors", "notebook")
    shades = steps.after(np.linspace(*_ends(steps), LEVELS)) / 255
    low, high = scale.ends
    if high < low:
        low, high, shades = high, low, shades[::-1]
    mapped = cm.ScalarMappable(colors.Normalize(low, high), colors.ListedColormap(np.stack([shades] * 3, axis=-1)))
    bar = picture.axes.figure.colorbar(mapped, ax=picture.axes, label=scale.label, extend="both")
    bar.ax.set_axes_locator(_Beside(picture.axes, bar.ax.get_axes_locator()))


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """Where a bar lies that is as high as the picture on `ax`, which its aspect makes smaller than its room."""

    ax: Any
    locate: Any  # matplotlib's own, which makes room for the arrows of an extended bar

    def __call__(self, bar: Any, renderer: Any) -> Any:
        """Return the box of a bar in parts of the figure, as matplotlib asks for it."""
        room, given, box = (
            bar.get_position(original=True),
            self.ax.get_position(original=True),
            self.locate(bar, renderer),
        )
        picture = self.ax.get_position()
        stretch = picture.height / room.height
        left, bottom = picture.x1 + room.x0 - given.x1, picture.y0 + (box.y0 - room.y0) * stretch
        return type(box).from_bounds(left, bottom, room.width, box.height * stretch)

    def get_subplotspec(self) -> Any:
        """Return the place among subplots, which a tight layout asks for."""
        return self.locate.get_subplotspec()


def _reading(shown: Shown, spacing: Range, unit: str) -> Callable[[float, float], str]:
    """Return what the toolbar of a plot says of a place in it."""

    def text(x: float, y: float) -> str:
        row, column = round(y / spacing[0]), round(x / spacing[1])
        rows, columns = shown.stored.shape
        inside = 0 <= row < rows and 0 <= column < columns
        value = f": {shown.measure(row, column):g} {unit}".rstrip() if inside else ""
        return f"row {row}, column {column}{value}"

    return text
