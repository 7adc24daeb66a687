"""pydicom's decoding options -> Options: what stands for the data set's description, what becomes of the samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import pack
from typing import Any

from pydicom.dataset import Dataset

from dicompix.pixels.compat.wording import report
from dicompix.pixels.errors import BadValueError, Finding
from dicompix.pixels.policy import Policy, policy_of
from dicompix.pixels.read import describe as tags
from dicompix.pixels.read.elements import element_of

# The Image Pixel options by name: (tag, VR).
IMAGE_PIXEL = {
    "samples_per_pixel": (tags.SAMPLES, "US"),
    "photometric_interpretation": (tags.PHOTOMETRIC, "CS"),
    "planar_configuration": (tags.PLANAR, "US"),
    "number_of_frames": (tags.FRAMES, "IS"),
    "rows": (tags.ROWS, "US"),
    "columns": (tags.COLUMNS, "US"),
    "bits_allocated": (tags.ALLOCATED, "US"),
    "bits_stored": (tags.STORED, "US"),
    "pixel_representation": (tags.SIGN, "US"),
}
EXTENDED = (tags.EXTENDED_OFFSETS, tags.EXTENDED_LENGTHS)
PIXEL_KEYWORDS = {
    "PixelData": tags.PIXELS,
    "FloatPixelData": tags.FLOAT_PIXELS,
    "DoubleFloatPixelData": tags.DOUBLE_PIXELS,
}
# Which option corrects unused bits and signs, by the family of the transfer syntax; natively coded cells by the other.
CORRECTIONS = {"jpeg-ls": "apply_jls_sign_correction", "jpeg-2000": "apply_j2k_sign_correction"}
CELL_CORRECTION = "correct_unused_bits"
# The option by which each of pydicom's RLE plugins is told the order of segments, and the value that PS3.5 G.2 forbids.
_SEGMENT_ORDERS = {"pydicom": ("rle_segment_order", "<"), "pylibjpeg": ("byteorder", ">")}
_DEFAULT = {"use_pdh": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What stands for a data set's own description: elements as (tag, VR, value), and how its bytes are laid out.

    Where options say nothing of it, it is the one NOTHING.
    """

    elements: tuple[tuple[int, str, Any], ...] = ()
    transfer_syntax: str = ""
    pixel_tag: int = 0
    pixel_vr: str = ""
    swapped: bool = False
    segments_reversed: bool = False


NOTHING = Description()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Every option that changes a result; `color` is as-coded, rgb, force-rgb or force-ybr."""

    description: Description = NOTHING
    index: int | None = None
    plugin: str = ""
    color: str = "rgb"
    excess: bool = True
    view_only: bool = False
    validate: bool = True
    errors: Policy = "warn"
    uncorrected: frozenset[str] = field(default_factory=frozenset)
    given: Mapping[str, Any] = field(default_factory=dict)  # for plugins, which may know more of them

    def corrects(self, family: str) -> bool:
        """Tell whether unused bits and the sign are corrected in pixel data of a family of transfer syntaxes."""
        return CORRECTIONS.get(family, CELL_CORRECTION) not in self.uncorrected


NO_OPTIONS = Options()


def options_of(given: Mapping[str, Any]) -> Options:
    """Return options from pydicom's keywords; unknown ones are for a plugin, or for nobody.

    >>> options_of({"rows": 64, "raw": True}).color
    'as-coded'
    """
    if given == _DEFAULT:
        return NO_OPTIONS
    corrections = (CELL_CORRECTION, *CORRECTIONS.values())
    return Options(
        description=_description(given),
        index=given.get("index"),
        plugin=given.get("decoding_plugin") or "",
        color=_color(given),
        excess=bool(given.get("allow_excess_frames", True)),
        view_only=bool(given.get("view_only")),
        validate=bool(given.get("validate", True)),
        errors=policy_of(given.get("errors") or "warn"),
        uncorrected=frozenset(name for name in corrections if not given.get(name, True)),
        given=given,
    )


def _color(given: Mapping[str, Any]) -> str:
    if given.get("raw"):
        return "as-coded"
    if given.get("force_rgb") and given.get("force_ybr"):
        raise BadValueError("'force_ybr' and 'force_rgb' cannot both be True")
    for name in ("force_ybr", "force_rgb"):
        if given.get(name):
            return name.replace("_", "-")
    return "rgb" if given.get("as_rgb", True) else "as-coded"


def _description(given: Mapping[str, Any]) -> Description:
    keyword = given.get("pixel_keyword")
    if keyword is not None and keyword not in PIXEL_KEYWORDS:
        raise BadValueError(f"Unknown 'pixel_keyword' value '{keyword}', needed one of {', '.join(PIXEL_KEYWORDS)}")
    elements = [
        (tag, vr, str(value) if vr == "CS" else value)
        for name, (tag, vr) in IMAGE_PIXEL.items()
        if (value := given.get(name)) is not None
    ]
    for tag, part in zip(
        (tags.EXTENDED_OFFSETS, tags.EXTENDED_LENGTHS), given.get("extended_offsets") or (), strict=False
    ):
        elements.append((tag, "OV", _table(part)))
    plugin = given.get("decoding_plugin") or ""
    orders = [_SEGMENT_ORDERS[plugin]] if plugin in _SEGMENT_ORDERS else _SEGMENT_ORDERS.values()
    found = Description(
        elements=tuple(elements),
        transfer_syntax=str(given.get("transfer_syntax_uid") or ""),
        pixel_tag=0 if keyword is None else PIXEL_KEYWORDS[keyword],
        pixel_vr=given.get("pixel_vr") or "",
        swapped=bool(given.get("be_swap_ow")),
        segments_reversed=any(given.get(name) == value for name, value in orders),
    )
    return NOTHING if found == NOTHING else found


def _table(part: Any) -> bytes:
    """Return one of the two extended offset tables as bytes, which a list of numbers may stand for."""
    return bytes(part) if isinstance(part, bytes | bytearray | memoryview) else pack(f"<{len(part)}Q", *part)


def as_pixel_options(ds: Dataset, **kwargs: Any) -> dict[str, Any]:
    """Return a data set's Image Pixel values by the names of the decoding options; `kwargs` stand for its own values.

    `number_of_frames` is always among them, 1 where it is absent; 0 or an empty one is reported and 1. Those of
    `extended_offsets` are (offsets, lengths).

    >>> ds = Dataset()
    >>> ds.Rows, ds.Columns = 3, 4
    >>> as_pixel_options(ds, columns=5)
    {'rows': 3, 'columns': 5, 'number_of_frames': 1}
    """
    options: dict[str, Any] = {name: ds[tag].value for name, (tag, _) in IMAGE_PIXEL.items() if tag in ds}
    frames = options.get("number_of_frames", 1)
    frames = int(frames) if isinstance(frames, str) and frames else frames
    if not frames:
        message = f"A value of '{frames}' for (0028,0008) 'Number of Frames' is invalid, assuming 1 frame"
        found = Finding(code="number-of-frames", message=message, attribute="NumberOfFrames", found=frames, used=1)
        report([found], set(), stacklevel=2)
        frames = 1
    options["number_of_frames"] = frames
    tables = [element_of(ds, tag) for tag in EXTENDED]
    if all(table is not None for table in tables):
        options["extended_offsets"] = tuple(table.value for table in tables if table is not None)
    return {**options, **kwargs}
