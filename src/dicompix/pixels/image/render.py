"""Stored values of one frame -> modality values, and the picture a viewer would show (PS3.3 C.11, C.7.6.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.errors import Finding, TransformError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read import Dataset
from dicompix.pixels.read.display import (
    WINDOW_UNITS_VARY,
    display_modality_step,
    padding_of,
    palette_for,
    presentation_of,
)
from dicompix.pixels.read.values import Step
from dicompix.pixels.read.voi import View, settle_width, views_of
from dicompix.pixels.transforms.padding import PaintPadding
from dicompix.pixels.transforms.palette import SupplementalPalette
from dicompix.pixels.transforms.pipeline import Pipeline
from dicompix.pixels.transforms.presentation import PresentationLut, ToDisplay
from dicompix.pixels.transforms.window import Window

Voi = int | str | tuple[float, float] | None
Range = tuple[float, float]
Present = Callable[[str], Range]  # "full" or "auto" -> the stored values present in the image


@dataclass(frozen=True, slots=True)
class Explanation:
    """The steps of one frame's picture; `str` gives a table of step, attributes and place."""

    steps: tuple[Step, ...]

    @classmethod
    def of_color(cls, decoded: Frame) -> "Explanation":
        """Explain a colour frame: window and rescale never touch it."""
        return cls((Step(ToDisplay(), f"decoded as {decoded.photometric}", "codestream"),))

    def __str__(self) -> str:
        """Return one aligned line per step."""
        rows = [(repr(step.transform), step.attributes, step.place) for step in self.steps]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The steps of one frame's picture, with where each came from, and the pipeline that does them."""

    steps: tuple[Step, ...]
    pipeline: Pipeline

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was odd about the attributes and how it was settled."""
        return tuple(finding for step in self.steps for finding in step.findings)


def render_gray(dataset: Dataset, fmt: PixelFormat, frame: int, voi: Voi, present: Present) -> Rendering:
    """Return the steps from stored values to gray levels: modality, VOI, presentation, 8 bits."""
    modality, view = _choose(dataset, fmt, frame, voi, display_modality_step(dataset, frame), present)
    presentation = presentation_of(dataset, fmt.photometric)
    levels = PresentationLut("INVERSE" if presentation.inverse else "IDENTITY", presentation.lut, _range_after(view))
    steps = [] if modality is None else [modality]
    if isinstance(view.transform, PresentationLut):  # no window: the presentation itself starts from a range
        steps.append(replace(view, transform=levels, attributes=f"{view.attributes}; {presentation.source}"))
    else:
        steps += [view, Step(levels, presentation.source, "root")]
    steps.append(Step(ToDisplay(), "8 bits", "display"))
    pipeline = Pipeline(tuple(step.transform for step in steps))
    padding = padding_of(dataset, fmt)
    if padding is not None:
        pipeline = Pipeline((PaintPadding(padding, pipeline),))
    return Rendering(tuple(steps), pipeline)


def render(dataset: Dataset, fmt: PixelFormat, frame: int, voi: Voi, present: Present) -> Rendering:
    """Return the steps from stored values to the picture: by a palette, by gray levels, or by both."""
    found = palette_for(dataset, fmt.photometric)
    if found is None:
        return render_gray(dataset, fmt, frame, voi, present)
    palette, supplemental = found
    if not supplemental:
        transform = palette.to_display()
        return Rendering((Step(transform, "Palette Color Lookup Table", "root"),), Pipeline((transform,)))
    gray = render_gray(dataset, fmt, frame, voi, present)
    mixed = SupplementalPalette(gray.pipeline, palette)
    return Rendering((*gray.steps, Step(mixed, "Supplemental Palette Color LUT", "root")), Pipeline((mixed,)))


def _range_after(view: Step) -> Range:
    """Return the range that a VOI step gives, which is what the presentation starts from."""
    transform = view.transform
    if isinstance(transform, Window):
        return transform.output
    if isinstance(transform, PresentationLut):
        return transform.input_range
    return 0.0, float(transform.top)  # type: ignore[attr-defined]  # a Lut: its descriptor's bits


def _choose(
    dataset: Dataset, fmt: PixelFormat, frame: int, voi: Voi, modality: Step | None, present: Present
) -> tuple[Step | None, Step]:
    """Return the modality step to apply and the view wanted."""
    if voi is None:
        return modality, _scaled(modality, _theoretical(fmt), "every value that can be stored")
    if voi in {"full", "auto"}:
        return modality, _scaled(modality, present(str(voi)), f"the {voi} range of the values present")
    if isinstance(voi, tuple):
        width, function = settle_width(float(voi[1]), "LINEAR")
        return modality, Step(Window(float(voi[0]), width, function), "window asked for", "caller")
    low, high = _through(modality, _theoretical(fmt))
    views = views_of(dataset, frame, signed_input=low < 0)
    if not views.alternatives and isinstance(voi, int):
        step = _scaled(modality, present("full"), "the full range of the values present")
    else:
        step = _pick(views.alternatives, voi).step
    step = replace(step, findings=(*step.findings, *views.findings))
    if _in_stored_units(dataset, step, (low, high), _theoretical(fmt)):
        return None, step
    return modality, step


def _pick(views: Sequence[View], voi: int | str) -> View:
    if isinstance(voi, int):
        if not -len(views) <= voi < len(views):
            raise TransformError(f"there is no view {voi}: the frame has {len(views)} VOI LUTs and windows")
        return views[voi]
    for view in views:
        if view.explanation.strip().casefold() == voi.strip().casefold():
            return view
    names = ", ".join(repr(view.explanation) for view in views) or "none"
    raise TransformError(f"no view is explained as {voi!r}; there are {names}, and 'auto' and 'full'")


def _theoretical(fmt: PixelFormat) -> Range:
    low, high = (0, 1) if fmt.floating else fmt.value_range
    return float(low), float(high)


def _scaled(modality: Step | None, stored: Range, source: str) -> Step:
    """Return the step that spreads a range of stored values over the whole picture."""
    low, high = _through(modality, stored)
    return Step(PresentationLut(input_range=(low, high if high > low else low + 1)), source, "image")


def _through(modality: Step | None, stored: Range) -> Range:
    """Return the least and greatest modality value of a range of stored values."""
    if modality is None:
        return stored
    low, high = stored
    ends = np.array([low, high]) if high - low > 65536 else np.linspace(low, high, num=int(high - low) + 1)
    values = modality.transform(ends)
    return float(values.min()), float(values.max())


def _in_stored_units(dataset: Dataset, view: Step, modality: Range, stored: Range) -> bool:
    """Tell whether a window's center is no modality value but a stored one: its writer meant those."""
    window = view.transform
    if not isinstance(window, Window) or str(dataset.get("Modality", "")) not in WINDOW_UNITS_VARY:
        return False
    inside, possible = (low <= window.center <= high for low, high in (modality, stored))
    return possible and not inside


def plain_color(decoded: Frame, fmt: PixelFormat) -> Stored:
    """Return colour samples as 8-bit RGB: floor(255 v / maximum + 0.5); an alpha sample is left out."""
    array = decoded.array
    if decoded.photometric == Photometric.ARGB:
        array = array[..., 1:]
    if decoded.photometric == Photometric.CMYK:
        array = array[..., :3] // 1  # CMYK is retired and was never defined further
    if array.dtype == np.uint8 and fmt.bits_stored >= 8:
        return array
    top = 1 if fmt.floating else fmt.value_range[1]
    return np.floor(array.astype(np.float64) * (255 / top) + 0.5).clip(0, 255).astype(np.uint8)
