"""Dataset -> the views of a frame: its VOI LUTs and windows, odd ones mended and reported (PS3.3 C.11.2)."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from dicompix.pixels.errors import Finding, TransformError
from dicompix.pixels.read.groups import Place, group_of, numbers
from dicompix.pixels.read.luts import lut_of
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
    windows = _windows(place)
    if not windows and any(numbers(place.attributes.get(keyword)) for keyword in ("WindowCenter", "WindowWidth")):
        findings.append(_finding("window-width", "the window stands for none", "0, or one value alone", "no window"))
    return Views((*luts, *windows), tuple(findings))


def _luts(dataset: Dataset, place: Place, findings: list[Finding], *, signed_input: bool) -> list[View]:
    views = []
    for item in place.attributes.get("VOILUTSequence") or []:
        try:
            lut = lut_of(item, signed_first=signed_input, big_endian=is_big_endian(dataset), short=True)
        except TransformError as problem:  # an unusable table leaves the windows, or the full range
            findings.append(_finding("voi-lut", str(problem), used="the other views"))
            continue
        declared = (int(item.LUTDescriptor[0]) & 0xFFFF) or 65536
        odd = () if lut.table.size == declared else (_finding("voi-lut", _SHORT, declared, lut.table.size),)
        views.append(View(Step(lut, "VOI LUT Sequence", place.name, odd), str(item.get("LUTExplanation") or "")))
    return views


_SHORT = "the LUT Data has fewer entries than its descriptor says"


def _windows(place: Place) -> list[View]:
    attributes = place.attributes
    centers, widths = numbers(attributes.get("WindowCenter")), numbers(attributes.get("WindowWidth"))
    findings = []
    if len(centers) != len(widths):
        findings.append(
            _finding(
                "window-pairs",
                "Window Center and Window Width differ in number",
                (len(centers), len(widths)),
                min(len(centers), len(widths)),
            )
        )
    function = str(attributes.get("VOILUTFunction") or "LINEAR").strip().upper()
    if function not in RAMPS:
        findings.append(_finding("voi-lut-function", "VOI LUT Function is unknown", function, "LINEAR"))
        function = "LINEAR"
    texts = attributes.get("WindowCenterWidthExplanation") or ()
    explanations = [texts] if isinstance(texts, str) else list(texts)
    pairs = [pair for pair in zip(centers, widths, strict=False) if pair != (0.0, 0.0)]  # 0, 0 stands for no window
    return [
        View(_window(center, width, function, place, findings), str(explanations[i]) if i < len(explanations) else "")
        for i, (center, width) in enumerate(pairs)
    ]


def _window(center: float, width: float, function: str, place: Place, findings: list[Finding]) -> Step:
    """Return a window that can be applied, whatever width the file carries."""
    settled, kind = settle_width(width, function)
    if (settled, kind) != (width, function):
        found = _finding(
            "window-width", "Window Width is outside its domain", f"{width:g} {function}", f"{settled:g} {kind}"
        )
        findings = [*findings, found]
    return Step(Window(center, settled, kind), "Window Center, Window Width", place.name, tuple(findings))


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
