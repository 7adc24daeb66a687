"""Stored values of one frame -> the picture a viewer would show, step by step (PS3.3 C.11, C.7.6.3)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Frame
from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.image.choice import Voi, check_for_color, pick, settle_voi
from dicompix.pixels.image.ranges import Range
from dicompix.pixels.read import Dataset
from dicompix.pixels.read.display import display_modality, padding_of, palette_for, policy_of, presentation_of
from dicompix.pixels.read.values import Step
from dicompix.pixels.read.voi import settle_width, views_of
from dicompix.pixels.transforms.padding import PaintPadding
from dicompix.pixels.transforms.palette import SupplementalPalette
from dicompix.pixels.transforms.pipeline import Pipeline
from dicompix.pixels.transforms.presentation import PresentationLut, ToDisplay
from dicompix.pixels.transforms.window import Window

Present = Callable[[str], Range]  # "full" or "auto" -> the modality values present in the image


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
        rows = [(_described(step), step.attributes, step.place) for step in self.steps]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001  # IPython's
        printer.text(str(self))


def _described(step: Step) -> str:
    transform = step.transform
    if not step.applied:
        return f"not applied: {type(transform).__name__}"
    if isinstance(transform, Window):
        return f"Window(center={transform.center:g}, width={transform.width:g}, {transform.function})"
    if isinstance(transform, PresentationLut):
        low, high = transform.input_range
        return f"PresentationLut({transform.lut or transform.shape}, {low:g} to {high:g})"
    return repr(transform)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The steps of one frame's picture, with where each came from, and the pipeline that does them."""

    steps: tuple[Step, ...]
    pipeline: Pipeline
    odd: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was odd about the attributes and how it was settled."""
        return (*self.odd, *(finding for step in self.steps for finding in step.findings))


def render(dataset: Dataset, fmt: PixelFormat, frame: int, voi: Voi, present: Present) -> Rendering:
    """Return the steps from stored values to the picture: by a palette, by gray levels, or by both."""
    found = palette_for(dataset, fmt.photometric)
    if found.palette is not None and not found.supplemental:
        check_for_color(voi)
        transform = found.palette.to_display()
        step = Step(transform, "Palette Color Lookup Table", "root")
        return Rendering((step,), Pipeline((transform,)), found.findings)
    rendering = _gray(dataset, fmt, frame, voi, present)
    rendering = replace(rendering, odd=(*found.findings, *rendering.odd))
    if found.palette is not None:
        mixed = SupplementalPalette(rendering.pipeline, found.palette)
        step = Step(mixed, "Supplemental Palette Color LUT", "root")
        rendering = replace(rendering, steps=(*rendering.steps, step), pipeline=Pipeline((mixed,)))
    return _painted(rendering, dataset, fmt)


def _painted(rendering: Rendering, dataset: Dataset, fmt: PixelFormat) -> Rendering:
    """Paint padding over whatever the steps make of it."""
    padding = padding_of(dataset, fmt)
    if padding is None:
        return rendering
    paint = PaintPadding(padding, rendering.pipeline)
    step = Step(paint, "Pixel Padding Value", "root")
    return replace(rendering, steps=(*rendering.steps, step), pipeline=Pipeline((paint,)))


def _gray(dataset: Dataset, fmt: PixelFormat, frame: int, voi: Voi, present: Present) -> Rendering:
    """Return the steps from stored values to gray levels: modality, VOI, presentation, 8 bits."""
    modality = display_modality(dataset, frame)
    chosen = _choose(dataset, fmt, frame, settle_voi(voi), modality.applied, present)
    presentation = presentation_of(dataset, fmt.photometric)
    shape = "INVERSE" if presentation.inverse else "IDENTITY"
    view = chosen.view
    levels = PresentationLut(shape, presentation.lut, _range_after(view))
    steps = [] if modality.step is None else [modality.step]
    if chosen.stored_units:
        name = policy_of(dataset).name
        steps = [replace(one, attributes=f"{one.attributes} (policy: {name})", applied=False) for one in steps]
    if isinstance(view.transform, PresentationLut):  # no window: the presentation itself starts from a range
        steps.append(replace(view, transform=levels, attributes=f"{view.attributes}; {presentation.source}"))
    else:
        steps += [view, Step(levels, presentation.source, "root")]
    steps.append(Step(ToDisplay(), "8 bits", "display"))
    pipeline = Pipeline(tuple(step.transform for step in steps if step.applied))
    odd = [finding for finding in modality.findings if not any(finding in step.findings for step in steps)]
    return Rendering(tuple(steps), pipeline, (*odd, *presentation.findings))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The view wanted, and whether it starts from stored values, though there is a modality step."""

    view: Step
    stored_units: bool = False


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
) -> _Chosen:
    possible = _theoretical(fmt)
    if voi is None:
        return _Chosen(_scaled(modality_range(modality, possible), "every value that can be stored"))
    if isinstance(voi, str) and voi in {"full", "auto"}:
        return _Chosen(_scaled(present(voi), f"the {voi} range of the values present"))
    if isinstance(voi, tuple):
        width, function = settle_width(voi[1], "LINEAR")
        return _Chosen(Step(Window(voi[0], width, function), "window asked for", "caller"))
    mapped = modality_range(modality, possible)
    views = views_of(dataset, frame, signed_input=mapped[0] < 0)
    if not views.alternatives and voi == 0:
        step = _scaled(present("full"), "the full range of the values present")
    else:
        step = pick(views.alternatives, voi).step
    step = replace(step, findings=(*step.findings, *views.findings))
    if modality is not None and _in_stored_units(dataset, step, mapped, possible):
        return _Chosen(replace(step, attributes=f"{step.attributes} (stored units)"), stored_units=True)
    return _Chosen(step)


def _theoretical(fmt: PixelFormat) -> Range:
    low, high = (0, 1) if fmt.floating else fmt.value_range
    return float(low), float(high)


def _scaled(modality: Range, source: str) -> Step:
    """Return the step that spreads a range of modality values over the whole picture."""
    low, high = modality
    above = max(low + 1, float(np.nextafter(low, np.inf)))
    return Step(PresentationLut(input_range=(low, high if high > low else above)), source, "image")


def modality_range(modality: Step | None, stored: Range) -> Range:
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
    if not isinstance(window, Window) or not policy_of(dataset).windows_vary:
        return False
    inside, possible = (low <= window.center <= high for low, high in (modality, stored))
    return possible and not inside
