"""A DICOM file -> what is known of its pixel data, as values that JSON holds: facts_of."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.uid import UID

from dicompix.cli.group import reason
from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import PixelError
from dicompix.pixels.fragments import scan
from dicompix.pixels.image import Explanation, Image
from dicompix.pixels.image.labels import modality_unit, spacing
from dicompix.pixels.read import Dataset, Opened, content_of, open_pixels
from dicompix.pixels.read.describe import EXTENDED_LENGTHS, EXTENDED_OFFSETS, transfer_syntax
from dicompix.pixels.read.display import icc_profile_of
from dicompix.pixels.read.graphics import overlay_groups
from dicompix.pixels.read.groups import numbers_of
from dicompix.pixels.read.values import Step
from dicompix.pixels.read.voi import views_of
from dicompix.pixels.registry import registry
from dicompix.pixels.syntaxes import syntax_for
from dicompix.volume.errors import VolumeError
from dicompix.volume.geometry import arrange
from dicompix.volume.plane import planes_of

Facts = dict[str, Any]


def facts_of(path: Path, frame: int = 0) -> Facts:
    """Return what a file holds; raises where it is no DICOM file, "error" says what keeps a part from being known."""
    opened = open_pixels(path)
    facts = {"file": str(path), **_header(opened.dataset), "findings": list(opened.findings)}
    try:
        content = content_of(opened.dataset, opened.source)
        image = Image(opened.dataset, replace(content, header=(*opened.findings, *content.header)))
        facts |= {"format": _format(image), "pixel_data": _pixel_data(opened, image)}
        facts["codec"] = _codec(image)
        facts["geometry"] = _geometry(opened.dataset, image.format.frames)
        facts |= _known(path, lambda: _seen(image, frame))
    except PixelError as problem:
        return facts | {"error": reason(problem, path)}
    return facts | {"findings": list(image.findings)}


def _known(path: Path, part: Callable[[], Facts]) -> Facts:
    """Return a part of the facts, or what keeps it from being known."""
    try:
        return part()
    except PixelError as problem:
        return {"error": reason(problem, path)}


def _header(dataset: Dataset) -> Facts:
    uid, _ = transfer_syntax(dataset)
    syntax = syntax_for(uid)
    kind = UID(str(dataset.get("SOPClassUID") or ""))
    return {
        "sop_class": {"uid": str(kind), "name": kind.name},
        "modality": str(dataset.get("Modality") or ""),
        "transfer_syntax": {"uid": uid, "name": syntax.name, "family": syntax.family, "lossy": syntax.lossy},
    }


def _format(image: Image) -> Facts:
    fmt = image.format
    found = asdict(fmt) | {"photometric": str(fmt.photometric), "dtype": str(fmt.dtype), "shape": fmt.shape}
    del found["transfer_syntax"]
    return found


def _pixel_data(opened: Opened, image: Image) -> Facts:
    """Return how many bytes there are, in how many fragments, found by which offset table."""
    source, fmt = opened.source, image.format
    native = fmt.array_bytes * fmt.frames
    found: Facts = {"bytes": 0 if source is None else len(source), "decoded_bytes": native, "encapsulated": False}
    if source is None or bytes(source.read(0, 4)) != b"\xfe\xff\x00\xe0":
        return found | {"fragments": 0, "offset_table": "none"}
    fragments = scan(source)
    extended = EXTENDED_OFFSETS in opened.dataset and EXTENDED_LENGTHS in opened.dataset
    table = "extended" if extended else "basic" if fragments.table else "empty"
    refused = any(finding.code == f"{table}-offset-table" for finding in image.findings)
    return found | {
        "encapsulated": True,
        "fragments": len(fragments.spans),
        "offset_table": f"{table}, not true" if refused else table,
    }


def _codec(image: Image) -> Facts:
    """Return the codec that decodes the first frame, the other ones installed, and what its codestream says."""
    uid = image.format.transfer_syntax
    try:
        chosen = image.codec_name()
        stream = peek(image.encoded(0), syntax_for(uid).family)
    except PixelError as problem:
        return {"chosen": None, "others": [], "codestream": None, "error": str(problem)}
    others = [entry.name for entry in registry.entries(uid) if entry.name != chosen and not registry.reason(entry)]
    said = {"kind", "rows", "columns", "samples", "precision", "signed", "lossless", "color", "levels"}
    coded = None if stream is None else {name: value for name, value in asdict(stream).items() if name in said}
    return {"chosen": chosen, "others": others, "codestream": coded}


def _seen(image: Image, frame: int) -> Facts:
    """Return what comes out of decoding a frame, and the steps to its picture."""
    decoded = image.frame(frame)
    steps = image.explain(frame).steps
    views = views_of(image.dataset, frame, signed_input=True).alternatives if decoded.array.ndim == 2 else ()
    return {
        "decoded": {
            "frame": frame,
            "shape": decoded.array.shape,
            "dtype": str(decoded.array.dtype),
            "photometric": str(decoded.photometric),
            "min": decoded.array.min(),
            "max": decoded.array.max(),
        },
        "transforms": [
            {
                "name": type(step.transform).__name__,
                "transform": _text(step),
                "attributes": step.attributes,
                "place": step.place,
                "applied": step.applied,
            }
            for step in steps
        ],
        "views": [{"transform": _text(one.step), "explanation": one.explanation} for one in views],
        "unit": modality_unit(image.dataset),
        "overlays": [f"{group:04X}" for group in overlay_groups(image.dataset)],
        "icc_profile": bool(icc_profile_of(image.dataset)),
    }


def _text(step: Step) -> str:
    return str(Explanation((step,))).partition("  ")[0]


def _geometry(dataset: Dataset, frames: int) -> Facts:
    """Return where the first frame lies, and how far the next one is; without a place only the spacing."""
    flat = {"pixel_spacing": spacing(dataset, frames) or numbers_of(dataset, "ImagerPixelSpacing") or None}
    try:
        planes = planes_of(dataset, frames)
    except VolumeError:
        return flat
    first = planes[0]
    found: Facts = {
        "pixel_spacing": first.spacing,
        "position": first.position,
        "orientation": first.orientation,
        "slice_spacing": first.apart or None,
    }
    if len(planes) == 1:
        return found
    try:
        affine = arrange(planes, [f"frame {number}" for number in range(frames)]).affine
    except VolumeError as problem:
        return found | {"stack": str(problem)}
    return found | {"slice_spacing": float(np.linalg.norm(affine[:3, 2])), "stack": "even"}
