"""Dataset -> the step from stored to modality values of one frame (PS3.3 C.11.1, C.7.6.16.2.9)."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.errors import Finding, TransformError
from dicompix.pixels.read.elements import attribute, items
from dicompix.pixels.read.groups import Place, first_item, group_of, numbers, numbers_of
from dicompix.pixels.read.luts import is_filled, lut_of, oddities_of
from dicompix.pixels.transforms.base import Transform
from dicompix.pixels.transforms.padding import reinterpret
from dicompix.pixels.transforms.real_world import RealWorldMapping
from dicompix.pixels.transforms.rescale import Rescale


@dataclass(frozen=True, slots=True)
class Step:
    """One transform of a frame: what it is, from which attributes, where they stand, and whether it is applied."""

    transform: Transform
    attributes: str
    place: str
    findings: tuple[Finding, ...] = ()
    applied: bool = True


def modality_step(dataset: Dataset, frame: int) -> Step | None:
    """Return the Modality LUT or rescale of a frame; None where stored values are the modality values."""
    group = group_of(dataset, frame, "PixelValueTransformationSequence")
    if group is not None:
        return _rescale(group)
    item = first_item(dataset, "ModalityLUTSequence")
    if item is not None and is_filled(item):
        return _modality_lut(dataset, item)
    return modality_rescale(dataset)


def modality_rescale(dataset: Dataset) -> Step | None:
    """Return slope and intercept at the root, or dose scaling, whatever table stands beside them."""
    return _rescale(Place(dataset)) or _dose_scaling(dataset)


def _modality_lut(dataset: Dataset, item: Dataset) -> Step:
    signed = attribute(dataset, "PixelRepresentation") == 1
    lut = lut_of(item, signed_first=signed, big_endian=is_big_endian(dataset), short=True)
    odd = [text for text in oddities_of(item, lut) if "packed" not in text]  # PS3.3 C.11.1.1.1 allows that here
    finding = Finding(code="modality-lut", message="; ".join(odd), clause="PS3.3 C.11.1.1")
    return Step(lut, "Modality LUT Sequence", "root", (finding,) if odd else ())


def is_big_endian(dataset: Dataset) -> bool:
    """Tell whether words inside byte strings of the data set are big endian."""
    return dataset.original_encoding[1] is False


def _rescale(place: Place) -> Step | None:
    """Return slope and intercept; one that is absent or empty leaves values as they are."""
    slope, intercept = (_factors(place.attributes, f"Rescale{end}") for end in ("Slope", "Intercept"))
    if not (slope or intercept):
        return None
    transform = Rescale(slope[0] if slope else 1.0, intercept[0] if intercept else 0.0)
    return Step(transform, "Rescale Slope, Rescale Intercept", place.name)


def _factors(attributes: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of an element; TransformError where it holds something else: values would be wrong without."""
    try:
        return numbers(attribute(attributes, keyword))
    except (TypeError, ValueError, OverflowError) as problem:
        raise TransformError(f"{keyword} is no number: {problem}") from problem


def _dose_scaling(dataset: Dataset) -> Step | None:
    """Return Dose Grid Scaling as a rescale: stored RT dose values times it are dose (PS3.3 C.8.8.3)."""
    scaling = _factors(dataset, "DoseGridScaling")
    return Step(Rescale(scaling[0], 0.0), "Dose Grid Scaling", "root") if scaling else None


def real_world_mapping(item: Dataset, *, signed: bool) -> RealWorldMapping:
    """Return one Real World Value Mapping item, with its unit and label; `signed` tells how its ends are read."""
    units = first_item(item, "MeasurementUnitsCodeSequence")
    table = attribute(item, "RealWorldValueLUTData")
    first, last = _mapped_range(item, signed=signed)
    slope, intercept = (numbers_of(item, f"RealWorldValue{end}") for end in ("Slope", "Intercept"))
    return RealWorldMapping(
        first=first,
        last=last,
        slope=slope[0] if slope else 1.0,
        intercept=intercept[0] if intercept else 0.0,
        table=None if table is None else np.atleast_1d(np.asarray(table, np.float64)),
        unit="" if units is None else str(attribute(units, "CodeValue") or ""),
        unit_meaning="" if units is None else str(attribute(units, "CodeMeaning") or ""),
        label=str(attribute(item, "LUTLabel") or ""),
    )


def _mapped_range(item: Dataset, *, signed: bool) -> tuple[float, float]:
    """Return First and Last Value Mapped; ends of the wrong VR, US for SS or SS for US, are read by their bits."""
    wide = [numbers_of(item, f"DoubleFloatRealWorldValue{end}ValueMapped") for end in ("First", "Last")]
    narrow = [numbers_of(item, f"RealWorldValue{end}ValueMapped") for end in ("First", "Last")]
    if all(wide):
        return wide[0][0], wide[1][0]
    if not all(narrow):
        raise TransformError("the Real World Value Mapping item does not say which values it maps")
    first, last = narrow[0][0], narrow[1][0]
    bits = [float(reinterpret(int(end), signed=signed, bits=16)) for end in (first, last)]
    # 0 to 65535 beside signed values is meant as it stands
    return (bits[0], bits[1]) if bits[0] <= bits[1] else (first, last)


def real_world_items(dataset: Dataset, frame: int) -> list[Place]:
    """Return the Real World Value Mapping items of a frame: several items are several quantities (C.7.6.16.2.11)."""
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    places = [(dataset, "root")]
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    if shared is not None:
        places.insert(0, (shared, "shared"))
    if frame < len(per_frame):
        places.insert(0, (per_frame[frame], f"frame {frame}"))
    for holder, name in places:
        sequence = items(holder, "RealWorldValueMappingSequence")
        if sequence:
            return [Place(item, name) for item in sequence]
    return []
