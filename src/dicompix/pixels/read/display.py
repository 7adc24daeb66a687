"""Dataset -> the steps of one frame's picture: policies, padding, palette, presentation (PS3.3 C.7.6.3, C.11.6)."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read.groups import first_item, numbers
from dicompix.pixels.read.luts import has_palette, lut_of, palette_of
from dicompix.pixels.read.values import Step, is_big_endian, modality_step
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.padding import PixelPadding, reinterpret
from dicompix.pixels.transforms.palette import Palette

# Modalities whose Modality LUT or rescale is for measuring, not for display (PS3.3 C.8.7.1.1.3: pixel intensity
# relationship of X-ray angiography and fluoroscopy).
STORED_VALUES_FOR_DISPLAY = {"XA", "RF"}
# Modalities whose writers quote windows in stored values as often as in modality values.
WINDOW_UNITS_VARY = {"MR", "PT", "NM"}


@dataclass(frozen=True, slots=True)
class Presentation:
    """How values of interest become gray levels: inverted or not, or by a look-up table."""

    inverse: bool
    lut: Lut | None
    source: str


def display_modality_step(dataset: Dataset, frame: int) -> Step | None:
    """Return the modality step of a frame where viewers apply it for display."""
    x_ray = str(dataset.get("Modality", "")) in STORED_VALUES_FOR_DISPLAY
    if x_ray and "PixelIntensityRelationship" in dataset:
        return None
    return modality_step(dataset, frame)


def presentation_of(dataset: Dataset, photometric: Photometric) -> Presentation:
    """Return the presentation: MONOCHROME1 and shape INVERSE say the same, so together they invert once."""
    item = first_item(dataset, "PresentationLUTSequence")
    if item is not None:
        lut = lut_of(item, signed_first=False, big_endian=is_big_endian(dataset))
        return Presentation(photometric == Photometric.MONOCHROME1, lut, "Presentation LUT Sequence")
    shape = str(dataset.get("PresentationLUTShape") or "")
    if photometric == Photometric.MONOCHROME1:
        return Presentation(inverse=True, lut=None, source="Photometric Interpretation MONOCHROME1")
    return Presentation(shape == "INVERSE", None, "Presentation LUT Shape" if shape else "Photometric Interpretation")


def padding_of(dataset: Dataset, fmt: PixelFormat) -> PixelPadding | None:
    """Return Pixel Padding Value and its limit in stored values; a value of the wrong VR is read by its bits."""
    prefix = "" if not fmt.floating else "Float" if fmt.bits_allocated == 32 else "DoubleFloat"
    value = numbers(dataset.get(f"{prefix}PixelPaddingValue"))
    if not value:
        return None
    limit = numbers(dataset.get(f"{prefix}PixelPaddingRangeLimit"))
    ends = [value[0], *limit[:1]]
    if not fmt.floating:
        ends = [_as_stored(int(end), fmt) for end in ends]
    return PixelPadding(*ends)


def _as_stored(value: int, fmt: PixelFormat) -> int:
    low, high = fmt.value_range
    return value if low <= value <= high else reinterpret(value, signed=fmt.signed, bits=fmt.bits_allocated)


def palette_for(dataset: Dataset, photometric: Photometric) -> tuple[Palette, bool] | None:
    """Return a palette and whether it is a supplemental one, which leaves values below its first gray."""
    supplemental = str(dataset.get("PixelPresentation") or "") in {"COLOR", "MIXED"}
    if not has_palette(dataset) or not (supplemental or photometric == Photometric.PALETTE_COLOR):
        return None
    supplemental = supplemental and photometric != Photometric.PALETTE_COLOR
    return palette_of(dataset, big_endian=is_big_endian(dataset)), supplemental


def icc_profile_of(dataset: Dataset) -> bytes:
    """Return the image's ICC profile, or that of its first optical path; empty where there is none (PS3.3 C.11.15)."""
    paths = dataset.get("OpticalPathSequence")
    return dataset.get("ICCProfile") or (paths[0].get("ICCProfile") if paths else None) or b""
