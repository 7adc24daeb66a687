"""One decoded frame and a choice of view -> what others need to draw it: values, shades, window (PS3.3 C.11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.errors import TransformError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.ranges import Range
from dicompix.pixels.image.render import Rendering, modality_range
from dicompix.pixels.parallel import in_parts
from dicompix.pixels.read import Dataset
from dicompix.pixels.read.display import display_modality
from dicompix.pixels.read.graphics import overlay_groups, overlay_or_finding
from dicompix.pixels.read.groups import group_of, numbers_of
from dicompix.pixels.read.values import Step, modality_step
from dicompix.pixels.read.voi import View, views_of
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.overlay import Overlay
from dicompix.pixels.transforms.padding import PaintPadding
from dicompix.pixels.transforms.palette import Palette, SupplementalPalette
from dicompix.pixels.transforms.pipeline import Pipeline
from dicompix.pixels.transforms.presentation import PresentationLut
from dicompix.pixels.transforms.window import Window

if TYPE_CHECKING:
    from dicompix.pixels.image.image import Image

RANGES: tuple[tuple[Voi, str], ...] = (
    ("full", "full range"),
    ("auto", "auto: 0.5 to 99.5 %"),
    (None, "all that can be stored"),
)


def image_position(image: "Image", frame: int) -> int:
    """Return a frame's number from 0 on; FrameIndexError where there is none."""
    return image._position(frame)  # noqa: SLF001  # the one rule for negative numbers


def rendering_of(image: "Image", frame: int, voi: Voi, decoded: Frame) -> Rendering:
    """Return the steps of a gray or palette frame that has been decoded already."""
    return image._rendering(frame, voi, decoded)  # noqa: SLF001  # `explain` would decode it once more


def usable_overlays(image: "Image") -> list[Overlay]:
    """Return the overlay planes that can be shown, as ``display(overlays=True)`` draws them."""
    groups = overlay_groups(image.dataset)
    cells = image._cells() if groups else None  # noqa: SLF001  # whole pixel cells, where a plane lies in them
    found = (overlay_or_finding(image.dataset, group, cells) for group in groups)
    return [one for one in found if isinstance(one, Overlay)]


@dataclass(frozen=True, slots=True)
class GraySteps:
    """The applied steps of a gray picture, cut where values are windowed: stored -> `before` -> `after` -> picture."""

    before: Pipeline
    after: Pipeline
    presentation: PresentationLut

    @property
    def view(self) -> Window | Lut | PresentationLut:
        """Return the step that a viewer lets its user choose."""
        return self.after.steps[0]  # type: ignore[return-value]  # `gray_steps` cuts before one of these

    @property
    def range(self) -> Range:
        """Return the values where the ramp begins and ends; of a SIGMOID, which has no ends, center and width apart."""
        view = self.view
        if isinstance(view, PresentationLut):
            return view.input_range
        if isinstance(view, Lut):
            return float(view.first), float(view.last)
        middle, half = {
            "LINEAR": (view.center - 0.5, (view.width - 1) / 2),
            "LINEAR_EXACT": (view.center, view.width / 2),
            "SIGMOID": (view.center, view.width),
        }[view.function]
        return middle - half, middle + half

    @property
    def window(self) -> Range:
        """Return center and width, of a table or a range those of the linear window that spans it."""
        view = self.view
        return (view.center, view.width) if isinstance(view, Window) else spanning(*self.range)


def spanning(low: float, high: float) -> Range:
    """Return center and width of the window whose ramp runs from `low` to `high` (PS3.3 C.11.2.1.2.1).

    >>> spanning(0, 255), spanning(0, 0.5)
    ((128.0, 256), (0.25, 0.5))
    """
    span = high - low
    return (low + (span + 1) / 2, span + 1) if span >= 1 else ((low + high) / 2, span)


def gray_steps(rendering: Rendering) -> GraySteps | None:
    """Return the steps of a gray picture; None where a palette makes all of it."""
    steps = [step for step in rendering.steps if step.applied]
    if isinstance(steps[0].transform, Palette):
        return None
    gray = [step for step in steps if not isinstance(step.transform, PaintPadding | SupplementalPalette)]
    viewed = len(gray) > 2 and _is_view(gray[-3])
    cut = len(gray) - (3 if viewed else 2)
    before, after = (Pipeline(tuple(step.transform for step in part)) for part in (gray[:cut], gray[cut:]))
    presentation = gray[-2].transform
    assert isinstance(presentation, PresentationLut)  # noqa: S101  # what every gray picture ends in, but for 8 bits
    return GraySteps(before, after, presentation)


def _is_view(step: Step) -> bool:
    return isinstance(step.transform, Window) or step.attributes.startswith("VOI LUT Sequence")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """One frame to be drawn: an entry of `shades` for each stored value from `first` on, or, that None, for each pixel.

    `shades` are 8-bit levels (entries,) or colours (entries, 3). `values` are what a window works on, None where there
    is none to choose; it leaves the entries in `fixed` (padding, a palette's colours) as they are. `physical` are the
    modality values, None where they are the stored ones.
    """

    stored: Stored
    first: int | None
    shades: Stored
    values: Stored | None = None
    fixed: Stored | None = None
    physical: Stored | None = None
    gray: GraySteps | None = None
    window: Range = (0.0, 1.0)
    chosen: GraySteps | None = None  # those of the view that `shades` show; `gray` are those of any window

    @property
    def picture(self) -> Stored:
        """Return the shades of all pixels: (rows, columns) or (rows, columns, 3)."""
        shape = *self.stored.shape[:2], *self.shades.shape[1:]
        return self.shades.reshape(shape) if self.first is None else self.shades[self._places]

    def measure(self, row: int, column: int) -> float:
        """Return the modality value of a pixel of a gray frame."""
        if self.physical is None:
            return float(self.stored[row, column])
        place = row * self.stored.shape[1] + column if self.first is None else self._places[row, column]
        return float(self.physical[place])

    @property
    def _places(self) -> Stored:
        return self.stored.astype(np.intp) - (self.first or 0)


def show(image: "Image", frame: int, decoded: Frame, voi: Voi = 0) -> Shown:
    """Return what a decoded frame looks like, and what the picture of ``display()`` for any window is computed from."""
    if decoded.array.ndim == 3:
        picture = _in_color(image, frame, decoded)
        return Shown(stored=decoded.array, first=None, shades=picture.reshape(-1, 3))
    stored = decoded.array
    rendering, windowed = (rendering_of(image, frame, choice, decoded) for choice in (voi, (0.5, 1.0)))
    image._note(rendering.findings)  # noqa: SLF001  # reported as those of `display` are
    first, entries = _entries(stored, image.format)
    shades = in_parts(rendering.pipeline.ready(image.format), entries) if first is None else rendering.pipeline(entries)
    found = Shown(stored=stored, first=first, shades=shades, physical=_physical(image.dataset, frame, entries))
    chosen, gray = gray_steps(rendering), gray_steps(windowed)
    if chosen is None or gray is None:
        return found
    return replace(
        found,
        values=gray.before(entries).astype(np.float64, copy=False),
        fixed=_fixed(rendering.steps, entries),
        gray=gray,
        window=_in_values(chosen, gray),
        chosen=chosen,
    )


def _in_color(image: "Image", frame: int, decoded: Frame) -> Stored:
    plain = decoded.array.dtype == np.uint8 and image.format.bits_stored == 8 and decoded.array.shape[2] == 3
    return decoded.array if plain and decoded.photometric == Photometric.RGB else image.display(frame)


def _entries(stored: Stored, fmt: PixelFormat) -> tuple[int | None, Stored]:
    """Return the least value and all from there to the greatest; None and the pixels of float and wide samples."""
    if stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2:
        return None, stored.reshape(-1)
    low, high = int(stored.min()), int(stored.max())
    every = np.arange(low, high + 1).astype(stored.dtype)
    # pictures show values beyond Bits Stored as the nearest within
    return low, every.clip(*fmt.value_range) if stored.dtype == fmt.dtype else every


def _fixed(steps: Sequence[Step], entries: Stored) -> Stored | None:
    masks = [step.transform.padding.mask(entries) for step in steps if isinstance(step.transform, PaintPadding)] + [
        entries >= step.transform.palette.red.first for step in steps if isinstance(step.transform, SupplementalPalette)
    ]
    return np.logical_or.reduce(masks) if masks else None


def _physical(dataset: Dataset, frame: int, entries: Stored) -> Stored | None:
    try:
        step = modality_step(dataset, frame)
    except TransformError:
        return None
    return None if step is None else step.transform(entries).astype(np.float64, copy=False)


def _in_values(chosen: GraySteps, gray: GraySteps) -> Range:
    """Return center and width in the values that a window works on, also where the file's are in stored units."""
    center, width = chosen.window
    if chosen.before == gray.before:
        return center, width
    low, high = gray.before(np.array([center - width / 2, center + width / 2]))
    return float(low + high) / 2, float(abs(high - low))


def presets(dataset: Dataset, fmt: PixelFormat, frame: int) -> list[tuple[Voi, str]]:
    """Return the choices for `voi` that a gray frame offers, with a name for people: the file's own, then ranges."""
    possible = (0.0, 1.0) if fmt.floating else tuple(map(float, fmt.value_range))
    lowest = modality_range(display_modality(dataset, frame).applied, (possible[0], possible[-1]))[0]
    views = views_of(dataset, frame, signed_input=lowest < 0).alternatives
    return [*((number, _name(view)) for number, view in enumerate(views)), *RANGES]


def _name(view: View) -> str:
    window, text = view.step.transform, view.explanation.strip()
    if not isinstance(window, Window):
        return f"VOI LUT {text}".rstrip()
    kind = "" if window.function == "LINEAR" else f" {window.function}"
    numbers = f"{window.center:g} / {window.width:g}{kind}"
    return f"{text} ({numbers})" if text else numbers


def pixel_size(dataset: Dataset, frame: int) -> tuple[Range | None, float]:
    """Return the distances between rows and columns in mm, None where unknown, and a pixel's height over its width.

    The distances are Pixel Spacing, of the frame's own group first (PS3.3 10.7.1.3, C.7.6.16.2.1); without, Pixel
    Aspect Ratio gives the second (C.7.6.3.1.7).
    """
    place = group_of(dataset, frame, "PixelMeasuresSequence")
    found: Any = numbers_of(dataset if place is None else place.attributes, "PixelSpacing")
    if len(found) == 2 and min(found) > 0 and np.isfinite(found).all():
        return found, found[0] / found[1]
    ratio = numbers_of(dataset, "PixelAspectRatio")
    return None, ratio[0] / ratio[1] if len(ratio) == 2 and min(ratio) > 0 else 1.0
