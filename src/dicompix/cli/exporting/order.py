"""What is to be exported, and how: Order; which formats there are and what they hold."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from dicompix.pixels.errors import BadValueError
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.policy import Policy


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its suffix, the values that it holds, the usual ones first, and bits of a display value."""

    suffix: str
    values: tuple[str, ...] = ("display",)
    bits: tuple[int, ...] = (8,)


_EXACT = ("display", "modality", "stored")
FORMATS = {
    "png": Format(".png", _EXACT, (8, 16)),
    "jpeg": Format(".jpg"),
    "tiff": Format(".tif", _EXACT, (8, 16)),
    "npy": Format(".npy", ("modality", "stored", "display"), (8, 16)),
    "nifti": Format(".nii.gz", ("modality", "stored"), ()),
    "mp4": Format(".mp4"),
    "gif": Format(".gif"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user has asked for, settled: `bits` are those of a sample in a picture file, 0 where it has its own."""

    format: str
    frames: str = "all"
    voi: Voi = 0
    values: str = "display"
    bits: int = 8
    fps: float = 0.0
    overwrite: bool = False
    errors: Policy = "warn"
    workers: int | None = None

    @property
    def kind(self) -> Format:
        """Return the kind of file to write."""
        return FORMATS[self.format]

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the content of the files follows from, whole frames being there."""
        aside = {"format", "overwrite", "errors", "workers"}
        return {name: value for name, value in asdict(self).items() if name not in aside}


def settled(order: Order, values: str | None, bits: int | None) -> Order:
    """Return the order with values and bits, by default those that its format is for.

    >>> done = settled(Order(format="npy"), None, None)
    >>> done.values, done.bits
    ('modality', 0)
    """
    kind = order.kind
    wanted = kind.values[0] if values is None else values
    if wanted not in kind.values:
        raise BadValueError(f"{order.format} holds {' or '.join(kind.values)} values, found --values {wanted}")
    if wanted == "display":
        usual: tuple[int, ...] = kind.bits
    else:
        usual = (16, 8) if order.format in {"png", "tiff"} else ()
    if bits is not None and bits not in usual:
        allowed = " or ".join(map(str, usual)) or "no such option"
        raise BadValueError(f"{order.format} of {wanted} values takes {allowed}, found --bits {bits}")
    if order.format == "nifti" and order.frames != "all":
        raise BadValueError("a volume has all its frames: --frames is for the other formats")
    if order.format == "nifti" and order.errors == "salvage":
        raise BadValueError("a volume is made of whole slices: --errors salvage is for the other formats")
    return replace(order, values=wanted, bits=bits or next(iter(usual), 0))
