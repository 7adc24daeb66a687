"""What the axes and values of an image mean -> coordinates and attributes for xarray (PS3.3 C.7.6.2, C.11.1)."""

from typing import Any

import numpy as np

from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read import Dataset
from dicompix.pixels.read.elements import attribute, items
from dicompix.pixels.read.groups import first_item, group_of, numbers_of

SAMPLES = {  # what the samples of a pixel are, by its photometric interpretation
    Photometric.ARGB: ("A", "R", "G", "B"),
    Photometric.CMYK: ("C", "M", "Y", "K"),
    Photometric.HSV: ("H", "S", "V"),
}
UNSPECIFIED = "US"  # Rescale Type and Modality LUT Type (PS3.3 C.11.1.1.2)
UNITS = ("RescaleType", "Units", "DoseUnits")


def sample_names(photometric: Photometric, samples: int) -> tuple[str, ...]:
    """Return the names of a pixel's samples.

    >>> sample_names(Photometric.YBR_FULL, 3), sample_names(Photometric.RGB, 3)
    (('Y', 'CB', 'CR'), ('R', 'G', 'B'))
    """
    usual = ("Y", "CB", "CR") if photometric.is_ybr else ("R", "G", "B")
    return SAMPLES.get(photometric, usual)[:samples]


def spacing(dataset: Dataset, frames: int) -> tuple[float, float] | None:
    """Return Pixel Spacing, between rows and between columns in mm; None where it is unknown or frames differ."""
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    per_frame = bool(groups) and "PixelMeasuresSequence" in groups[0]
    # beyond its items, of which there may be fewer than frames, all frames are alike
    found = {_spacing_of(dataset, frame) for frame in range(min(frames, len(groups) + 1) if per_frame else 1)}
    return found.pop() if len(found) == 1 else None


def _spacing_of(dataset: Dataset, frame: int) -> tuple[float, float] | None:
    place = group_of(dataset, frame, "PixelMeasuresSequence")
    found = numbers_of(dataset if place is None else place.attributes, "PixelSpacing")
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def modality_unit(dataset: Dataset) -> str:
    """Return the unit of modality values: Rescale or Modality LUT Type, Units (PET), Dose Units, HU (CT)."""
    group = group_of(dataset, 0, "PixelValueTransformationSequence")
    table = first_item(dataset, "ModalityLUTSequence")
    if group is not None:
        unit = attribute(group.attributes, "RescaleType")
    elif table is not None:
        unit = attribute(table, "ModalityLUTType")
    else:
        # PET Image has no Rescale Type: its rescale gives Units (PS3.3 C.8.9.1, C.8.9.4)
        unit = next((found for name in UNITS if (found := attribute(dataset, name))), None)
    if unit:
        return "" if unit == UNSPECIFIED else str(unit)
    return "HU" if attribute(dataset, "Modality") == "CT" else ""  # PS3.3 C.8.2.1


def coordinates(dataset: Dataset, shape: tuple[int, ...], samples: tuple[str, ...]) -> dict[str, Any]:
    """Return the coordinates of each axis: numbers of frames, mm from the first pixel's centre, names of samples."""
    step = spacing(dataset, shape[0])
    row, column = (
        np.arange(size) if step is None else ((name,), np.arange(size) * step[axis], {"units": "mm"})
        for axis, (name, size) in enumerate(zip(("row", "column"), shape[1:3], strict=True))
    )
    found = {"frame": np.arange(shape[0]), "row": row, "column": column}
    return found if len(shape) == 3 else {**found, "sample": list(samples)}


def attributes(dataset: Dataset, fmt: PixelFormat, values: str) -> dict[str, Any]:
    """Return what describes the values: their unit, the window of the first frame, and the pixel format."""
    place = group_of(dataset, 0, "FrameVOILUTSequence")
    shown = dataset if place is None else place.attributes
    found: dict[str, Any] = {
        "values": values,
        "units": modality_unit(dataset) if values == "modality" else "",
        "window_center": list(numbers_of(shown, "WindowCenter")),
        "window_width": list(numbers_of(shown, "WindowWidth")),
    }
    described = {
        "photometric_interpretation": str(fmt.photometric),
        "bits_stored": fmt.bits_stored,
        "transfer_syntax": fmt.transfer_syntax,
    }
    return {name: value for name, value in found.items() if value} | described
