"""Dataset -> the views of a frame: its VOI LUTs and windows, odd ones mended and reported (PS3.3 C.11.2)."""

from dataclasses import dataclass, replace
from math import isfinite

from pydicom.dataset import Dataset

from dicompix.pixels.errors import Finding, TransformError
from dicompix.pixels.read.display import Policy, policy_of
from dicompix.pixels.read.elements import attribute, items
from dicompix.pixels.read.groups import Place, group_of, numbers_of
from dicompix.pixels.read.luts import lut_of, oddities_of
from dicompix.pixels.read.values import Step, is_big_endian
from dicompix.pixels.transforms.window import RAMPS, Window


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a frame: a step, and its explanation for a person."""

    step: Step
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Views:
    """A frame's alternatives, look-up tables first, and what was odd about those that cannot be used."""

    alternatives: tuple[View, ...]
    findings: tuple[Finding, ...] = ()


def views_of(dataset: Dataset, frame: int, *, signed_input: bool) -> Views:
    """Return a frame's alternatives; `signed_input` is how the first value mapped of a table is read."""
    place = group_of(dataset, frame, "FrameVOILUTSequence") or Place(dataset)
    findings: list[Finding] = []
    luts = _luts(dataset, place, findings, signed_input=signed_input)
    windows = _windows(dataset, place, findings)
    return Views((*luts, *windows), tuple(findings))


def _luts(dataset: Dataset, place: Place, findings: list[Finding], *, signed_input: bool) -> list[View]:
    views = []
    for item in items(place.attributes, "VOILUTSequence"):
        try:
            lut = lut_of(item, signed_first=signed_input, big_endian=is_big_endian(dataset), short=True)
        except TransformError as problem:  # an unusable table leaves the windows, or the full range
            findings.append(_finding("voi-lut", str(problem), used="the other views"))
            continue
        odd = "; ".join(oddities_of(item, lut))
        noted = (_finding("voi-lut", odd),) if odd else ()
        views.append(
            View(Step(lut, "VOI LUT Sequence", place.name, noted), str(attribute(item, "LUTExplanation") or ""))
        )
    return views


def _windows(dataset: Dataset, place: Place, findings: list[Finding]) -> list[View]:
    """Return the windows; a single center or width serves all of the others."""
    attributes = place.attributes
    pairs = _pairs(attributes, findings)
    policy = policy_of(dataset)
    function = _function(attributes, findings) if pairs else "LINEAR"
    texts = attribute(attributes, "WindowCenterWidthExplanation") or ()
    explanations = [texts] if isinstance(texts, str) else list(texts)
    steps = [_window(center, width, function, policy) for center, width in pairs]
    return [
        View(replace(step, place=place.name), str(explanations[i]) if i < len(explanations) else "")
        for i, step in enumerate(steps)
    ]


def _pairs(attributes: Dataset, findings: list[Finding]) -> list[tuple[float, float]]:
    centers, widths = (numbers_of(attributes, keyword) for keyword in ("WindowCenter", "WindowWidth"))
    if "WindowCenter" not in attributes and "WindowWidth" not in attributes:
        return []
    count = max(len(centers), len(widths)) if centers and widths else 0
    if count and len(centers) != len(widths):
        message = "Window Center and Window Width differ in number"
        findings.append(_finding("window-pairs", message, (len(centers), len(widths)), "the last one serves the rest"))
    every = zip(*(ends + ends[-1:] * (count - len(ends)) for ends in (centers, widths)), strict=False)
    # 0, 0 stands for no window
    pairs = [pair for pair in every if pair != (0.0, 0.0) and all(map(isfinite, pair))]
    if len(pairs) < count or not count:
        findings.append(_finding("window-width", "a window stands for none", "0, not a number, or empty", "no window"))
    return pairs


def _function(attributes: Dataset, findings: list[Finding]) -> str:
    """Return VOI LUT Function, LINEAR where it is absent; empty or unknown is reported."""
    if "VOILUTFunction" not in attributes:
        return "LINEAR"
    function = str(attribute(attributes, "VOILUTFunction") or "").strip().upper()
    if function in RAMPS:
        return function
    message = "VOI LUT Function is unknown" if function else "VOI LUT Function is empty"
    findings.append(_finding("voi-lut-function", message, function, "LINEAR"))
    return "LINEAR"


def _window(center: float, width: float, function: str, policy: Policy) -> Step:
    """Return a window that can be applied, whatever width the file carries."""
    settled, kind = settle_width(width, function)
    odd: tuple[Finding, ...] = ()
    if (settled, kind) != (width, function):
        used = f"{settled:g} {kind}"
        why = f", as in an {policy.name}" if policy.narrow_windows else ""
        odd = (_finding("window-width", f"Window Width is outside its domain{why}", f"{width:g} {function}", used),)
    return Step(Window(center, settled, kind), "Window Center, Window Width", "root", odd)


def settle_width(width: float, function: str) -> tuple[float, str]:
    """Return a width and function inside the domain (PS3.3 C.11.2.1.2.1): 0 is a threshold, less than 1 is exact.

    >>> settle_width(0.0, "LINEAR"), settle_width(0.25, "LINEAR"), settle_width(-80.0, "SIGMOID")
    ((1.0, 'LINEAR'), (0.25, 'LINEAR_EXACT'), (80.0, 'SIGMOID'))
    """
    width = abs(width)
    if width == 0:
        return 1.0, "LINEAR"
    return (width, "LINEAR_EXACT") if width < 1 and function == "LINEAR" else (width, function)


def _finding(code: str, message: str, found: object = None, used: object = None) -> Finding:
    return Finding(code=code, message=message, found=found, used=used, clause="PS3.3 C.11.2")
