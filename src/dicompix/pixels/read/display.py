"""Dataset -> the steps of one frame's picture: policies, padding, palette, presentation (PS3.3 C.7.6.3, C.11.6)."""

from dataclasses import dataclass, replace
from math import isnan

from pydicom.dataset import Dataset

from dicompix.pixels.errors import Finding, TransformError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read.elements import attribute
from dicompix.pixels.read.groups import first_item, group_of, numbers_of
from dicompix.pixels.read.luts import declared_entries, has_palette, is_filled, lut_of, palette_descriptor, palette_of
from dicompix.pixels.read.values import Step, is_big_endian, modality_rescale, modality_step
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.padding import PixelPadding, reinterpret
from dicompix.pixels.transforms.palette import Palette
from dicompix.pixels.transforms.presentation import SHAPES


@dataclass(frozen=True, slots=True)
class Policy:
    """What viewers do with the images of one modality, beyond what their attributes say."""

    name: str
    stored_with: str = ""  # with this attribute the modality step is for measuring, stored values are shown
    windows_vary: bool = False  # windows are quoted in stored values as often as in modality values
    narrow_windows: bool = False  # windows narrower than 1 are meant: values are fractions of a unit


_X_RAY = Policy("X-ray intensity", stored_with="PixelIntensityRelationship")
# Keyed by Modality (0008,0060).
POLICIES = {
    "XA": _X_RAY,  # PS3.3 C.8.7.1.1.3
    "RF": _X_RAY,  # the modality of X-ray radiofluoroscopy (XRF) objects
    "RTDOSE": Policy("dose units vary", windows_vary=True),
    "RTIMAGE": Policy("RT image in fractions of a unit", narrow_windows=True),
    "PT": Policy("PET units vary", windows_vary=True),
    "MR": Policy("MR units vary", windows_vary=True),
    "NM": Policy("NM units vary", windows_vary=True),
}
ANY_OTHER = Policy("as its attributes say")


def policy_of(dataset: Dataset) -> Policy:
    """Return what viewers do with images of a data set's modality.

    >>> ds = Dataset()
    >>> ds.Modality = "PT"
    >>> policy_of(ds).windows_vary
    True
    """
    return POLICIES.get(str(attribute(dataset, "Modality") or "").strip().upper(), ANY_OTHER)


@dataclass(frozen=True, slots=True)
class Presentation:
    """How values of interest become gray levels: inverted or not, or by a look-up table."""

    inverse: bool
    lut: Lut | None
    source: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class DisplayModality:
    """The modality step that a picture starts with, if any, and what was odd about it."""

    step: Step | None
    findings: tuple[Finding, ...] = ()

    @property
    def applied(self) -> Step | None:
        """Return the step where viewers apply it."""
        return self.step if self.step is not None and self.step.applied else None


def display_modality(dataset: Dataset, frame: int) -> DisplayModality:
    """Return the modality step of a frame; one that cannot be used leaves rescale, or stored values."""
    step, findings = _modality(dataset, frame)
    policy = policy_of(dataset)
    if step is not None and policy.stored_with and _has(dataset, frame, policy.stored_with):
        step = replace(step, attributes=f"{step.attributes} (policy: {policy.name})", applied=False)
    return DisplayModality(step, findings)


def _modality(dataset: Dataset, frame: int) -> tuple[Step | None, tuple[Finding, ...]]:
    try:
        step = modality_step(dataset, frame)
    except TransformError as problem:
        return _rescale_or_none(dataset), (_finding("modality-lut", str(problem), "rescale, or stored values"),)
    item = first_item(dataset, "ModalityLUTSequence")
    if item is not None and not is_filled(item):
        return step, (_finding("modality-lut", "the Modality LUT item is empty", "rescale, or stored values"),)
    return step, () if step is None else step.findings


def _rescale_or_none(dataset: Dataset) -> Step | None:
    try:
        return modality_rescale(dataset)
    except TransformError:  # slope or intercept is not finite
        return None


def _has(dataset: Dataset, frame: int, keyword: str) -> bool:
    group = group_of(dataset, frame, "FramePixelDataPropertiesSequence")
    return keyword in dataset or (group is not None and keyword in group.attributes)


def _finding(code: str, message: str, used: str) -> Finding:
    return Finding(code=code, message=message, used=used, clause=_CLAUSES[code])


_CLAUSES = {
    "modality-lut": "PS3.3 C.11.1",
    "presentation-lut": "PS3.3 C.11.4, C.11.6",
    "palette": "PS3.3 C.7.6.3.1.5",
}


def presentation_of(dataset: Dataset, photometric: Photometric) -> Presentation:
    """Return the presentation: MONOCHROME1 and shape INVERSE say the same, so together they invert once."""
    item = first_item(dataset, "PresentationLUTSequence")
    monochrome1 = photometric == Photometric.MONOCHROME1
    if item is None:
        return _shape(dataset, inverse=monochrome1)
    try:
        lut = lut_of(item, signed_first=False, big_endian=is_big_endian(dataset), short=True)
    except TransformError as problem:
        found = _finding("presentation-lut", str(problem), "Presentation LUT Shape")
        shape = _shape(dataset, inverse=monochrome1)
        return replace(shape, findings=(*shape.findings, found))
    text = f"the table has {lut.table.size} entries, its descriptor says {declared_entries(item)}"
    short = lut.table.size < declared_entries(item)
    findings = (_finding("presentation-lut", text, "those that there are"),) if short else ()
    return Presentation(monochrome1, lut, "Presentation LUT Sequence", findings)


def _shape(dataset: Dataset, *, inverse: bool) -> Presentation:
    shape = str(attribute(dataset, "PresentationLUTShape") or "").strip().upper()
    findings: tuple[Finding, ...] = ()
    if shape and shape not in SHAPES:
        findings = (_finding("presentation-lut", f"Presentation LUT Shape '{shape}' is unknown", "IDENTITY"),)
    if inverse:
        return Presentation(inverse, None, "Photometric Interpretation MONOCHROME1", findings)
    source = "Presentation LUT Shape" if shape else "Photometric Interpretation"
    return Presentation(shape == "INVERSE", None, source, findings)


def padding_of(dataset: Dataset, fmt: PixelFormat) -> PixelPadding | None:
    """Return Pixel Padding Value and its limit in stored values; a value of the wrong VR is read by its bits."""
    prefix = "" if not fmt.floating else "Float" if fmt.bits_allocated == 32 else "DoubleFloat"
    value = numbers_of(dataset, f"{prefix}PixelPaddingValue")
    if not value:
        return None
    limit = numbers_of(dataset, f"{prefix}PixelPaddingRangeLimit")
    ends = [value[0], *limit[:1]]
    if any(map(isnan, ends)):
        ends = ends[:1]
    if not fmt.floating:
        ends = [_as_stored(int(end), fmt) for end in ends]
    return PixelPadding(*ends)


def fill_of(dataset: Dataset, fmt: PixelFormat) -> float:
    """Return the stored value for pixels that are missing: Pixel Padding Value, 0 without one and in colour."""
    padding = padding_of(dataset, fmt) if fmt.samples == 1 else None
    if padding is None or fmt.floating:
        return 0 if padding is None else padding.value
    low, high = fmt.value_range
    return int(padding.value) if low <= padding.value <= high else 0


def _as_stored(value: int, fmt: PixelFormat) -> int:
    low, high = fmt.value_range
    return value if low <= value <= high else reinterpret(value, signed=fmt.signed, bits=fmt.bits_allocated)


@dataclass(frozen=True, slots=True)
class DisplayPalette:
    """The palette of a picture, without alpha, and whether it leaves values below its first gray."""

    palette: Palette | None
    supplemental: bool = False
    findings: tuple[Finding, ...] = ()


def palette_for(dataset: Dataset, photometric: Photometric) -> DisplayPalette:
    """Return the palette that viewers apply; one that is short serves as far as it goes, none is gray."""
    supplemental = str(attribute(dataset, "PixelPresentation") or "").strip().upper() in {"COLOR", "MIXED"}
    colored = photometric == Photometric.PALETTE_COLOR
    if not (colored or (supplemental and has_palette(dataset))):
        return DisplayPalette(None)
    try:
        palette = palette_of(dataset, big_endian=is_big_endian(dataset), short=True)
    except TransformError as problem:
        return DisplayPalette(None, findings=(_finding("palette", str(problem), "gray"),))
    declared = [(palette_descriptor(dataset, color)[0] & 0xFFFF) or 65536 for color in ("Red", "Green", "Blue")]
    held = [lut.table.size for lut in palette.channels[:3]]
    text = f"the palette has {held} entries in red, green, blue, its descriptors say {declared}"
    findings = (_finding("palette", text, "the last entry for the rest"),) if held != declared else ()
    return DisplayPalette(replace(palette, alpha=None), supplemental and not colored, findings)


def icc_profile_of(dataset: Dataset) -> bytes:
    """Return the image's ICC profile, or that of its first optical path; empty where there is none (PS3.3 C.11.15)."""
    path = first_item(dataset, "OpticalPathSequence")
    return attribute(dataset, "ICCProfile") or (None if path is None else attribute(path, "ICCProfile")) or b""
