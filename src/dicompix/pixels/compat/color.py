"""apply_color_lut, convert_color_space and the ICC functions with pydicom's signatures."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike
from pydicom.dataset import Dataset

from dicompix.pixels.compat.blockwise import apply, unchanged
from dicompix.pixels.compat.sources import is_little_endian
from dicompix.pixels.errors import BadValueError, TransformError, UnsupportedError
from dicompix.pixels.format import Photometric
from dicompix.pixels.parallel import in_parts
from dicompix.pixels.read.display import icc_profile_of
from dicompix.pixels.read.luts import has_palette, palette_of, well_known_palette
from dicompix.pixels.transforms.base import Array, output
from dicompix.pixels.transforms.ycbcr import RgbToYbr, YbrToRgb

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_FULL = {"YBR_FULL", "YBR_FULL_422"}
_YBR = _FULL | {"YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"}


def apply_color_lut(
    arr: Array,
    ds: Dataset | None = None,
    palette: str | None = None,
    *,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    frame: int | None = None,  # noqa: ARG001  # every frame has the data set's one palette
) -> Array:
    """Return RGB or RGBA, (..., 3 or 4), uint8 or uint16, by the data set's palette or a well-known one (PS3.3 C.7.9).

    `palette` is one of the eight names of PS3.6 annex B or its UID. Raises TransformError (a ValueError) for an unknown
    name, a data set without a palette, or one with a Supplemental Palette. `dtype` and `out` as in
    `apply_modality_lut`; `frame` changes nothing.

    >>> apply_color_lut(np.array([0, 255], np.uint8), palette="HOT_IRON").tolist()
    [[0, 0, 0], [255, 255, 255]]
    """
    if not ds and not palette:
        raise TransformError("Either 'ds' or 'palette' is required")
    if palette:
        return apply(well_known_palette(palette), arr, dtype, out)  # type: ignore[no-any-return]
    dataset: Any = ds
    if dataset.get("PixelPresentation") in {"MIXED", "COLOR"}:
        raise TransformError(
            "Use of this function with the Supplemental Palette Color Lookup Table Module is not currently supported: "
            "Image.display shows such images"
        )
    named = any(key in dataset for key in ("RedPaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData"))
    if not has_palette(dataset) or not named:
        raise TransformError("No suitable Palette Color Lookup Table Module found")
    big_endian = _words_are_big_endian(dataset)
    _check_depth(dataset)
    return apply(palette_of(dataset, big_endian=big_endian), arr, dtype, out)  # type: ignore[no-any-return]


class PaletteDepthError(TransformError, TypeError):
    """The palette's descriptor asks for entries that are neither 8 nor 16 bits."""


def _check_depth(ds: Dataset) -> None:
    """Raise a TransformError unless the tables are of equal length, 8 or 16 bits an entry (PS3.3 C.7.6.3.1.5)."""
    entries, _, bits = (int(value) & 0xFFFF for value in ds.RedPaletteColorLookupTableDescriptor)
    if bits not in {8, 16}:
        raise PaletteDepthError(f"data type 'uint{bits}' not understood: a palette's entries have 8 or 16 bits")
    entries = entries or 65536
    sizes = [len(ds[key].value) for key in _TABLES if key in ds]
    if any(size != sizes[0] for size in sizes):
        raise TransformError(f"LUT data must be the same length, found {', '.join(map(str, sizes))} bytes")
    # An odd number of 8-bit entries is padded to whole words.
    if sizes and sizes[0] not in {entries, entries + entries % 2, 2 * entries}:
        raise TransformError(
            f"The bit depth of the LUT data '{sizes[0] / entries * 8:.1f}' is invalid "
            f"(only 8 or 16 bits per entry allowed): {sizes[0]} bytes for {entries} entries"
        )


def _words_are_big_endian(ds: Dataset) -> bool:
    if "SegmentedRedPaletteColorLookupTableData" in ds:
        return not is_little_endian(ds)
    meta = getattr(ds, "file_meta", None)
    little = ds.original_encoding[1] if meta is None else meta._tsyntax_encoding[1]  # noqa: SLF001
    return little is False


def convert_color_space(  # noqa: PLR0913  # pydicom's signature and three options
    arr: Array,
    current: str,
    desired: str,
    per_frame: bool = False,  # noqa: FBT001, FBT002  # pydicom's signature
    bit_depth: int | None = None,
    *,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
    frame: int | None = None,  # noqa: ARG001  # every frame is converted alike
) -> Array:
    """Return colour samples, (..., 3), in another space (PS3.3 C.7.6.3.1.2); the very array where none changes.

    RGB, YBR_FULL, YBR_FULL_422, YBR_PARTIAL_422 and _420, YBR_ICT and YBR_RCT; uint8, or uint16 with `bit_depth`.
    `per_frame` overwrites `arr` frame by frame. Raises UnsupportedError for another pair of spaces, TransformError for
    another type or a sample above the depth. `dtype` and `out` as in `apply_modality_lut`; `frame` changes nothing.

    >>> convert_color_space(np.array([76, 85, 255], np.uint8), "YBR_FULL", "RGB").tolist()
    [254, 0, 0]
    """
    if arr.dtype != np.uint8 and not (arr.dtype == np.uint16 and bit_depth):
        raise TransformError(
            f"Invalid ndarray.dtype '{arr.dtype}' for color space conversion, must be 'uint8' or an equivalent, "
            "or uint16 with bit_depth"
        )
    if (current == desired or {current, desired} <= _FULL) and current in _YBR | {"RGB"}:
        return unchanged(arr, dtype, out)
    transform = _converter(str(current), str(desired), bit_depth or 8)
    _check_samples(arr, transform.top)
    if per_frame and arr.ndim == 4:
        if transform(arr[:0]).dtype != arr.dtype or not arr.flags.writeable:
            raise TransformError(f"per_frame overwrites the array: {desired} does not fit a {_kind(arr)} one")
        _in_place(transform, arr)
        return unchanged(arr, dtype, out)
    if dtype is None:
        return in_parts(transform, arr, out, tail=1)
    return unchanged(in_parts(transform, arr, tail=1), dtype, out)


def _kind(arr: Array) -> str:
    return str(arr.dtype) if arr.flags.writeable else f"read-only {arr.dtype}"


def _in_place(transform: YbrToRgb | RgbToYbr, arr: Array) -> None:
    if arr.flags.c_contiguous:
        in_parts(transform, arr, arr, tail=1)
        return
    for one in arr:
        one[...] = transform(one)


def _check_samples(arr: Array, top: int) -> None:
    if arr.size and np.iinfo(arr.dtype).max > top and (highest := arr.max()) > top:
        raise TransformError(f"the greatest sample is {highest}, needed at most {top}, what bit_depth allows")


def _converter(current: str, desired: str, bits: int) -> YbrToRgb | RgbToYbr:
    if current in _YBR and desired == "RGB":
        return YbrToRgb(Photometric(current), bits)
    if current == "RGB" and desired in _YBR:
        return RgbToYbr(Photometric(desired), bits)
    raise UnsupportedError(f"Conversion from {current} to {desired} is not supported.")


_TABLES = tuple(f"{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue", "Alpha"))
_SPACES = {"SRGB": "sRGB", "LAB": "LAB", "XYZ": "XYZ"}


def create_icc_transform(
    ds: Dataset | None = None,
    icc_profile: bytes = b"",
    intent: int | None = None,
    color_space: str | None = None,
) -> "ImageCmsTransform":
    """Return Pillow's transform from a profile's RGB to a standard space, sRGB by default (PS3.3 C.11.15).

    The profile comes from `ds` (ICC Profile, else that of its first optical path) or as bytes; the data set's Color
    Space names the space that it converts from. `intent` is 0 to 3, the profile's own where None. Raises BadValueError,
    a ValueError, for anything that Pillow cannot use, IccProfileError for a profile.

    >>> from PIL import ImageCms
    >>> profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    >>> type(create_icc_transform(icc_profile=profile)).__name__
    'ImageCmsTransform'
    """
    from PIL import ImageCms  # noqa: PLC0415  # a picture library is loaded by those who need it

    if ds is None and not icc_profile:
        raise BadValueError("Either 'ds' or 'icc_profile' must be supplied")
    if ds and icc_profile:
        raise BadValueError("Only one of 'ds' and 'icc_profile' should be used, not both")
    profile = icc_profile if ds is None else icc_profile_of(ds) or icc_profile
    if not profile:
        raise BadValueError("No (0028,2000) 'ICC Profile' element was found in 'ds'")
    space = color_space or "sRGB"
    if space.upper() not in _SPACES:
        raise BadValueError(f"Unsupported 'color_space' value '{space}', must be 'sRGB', 'LAB' or 'XYZ'")
    if intent not in {None, 0, 1, 2, 3}:
        raise BadValueError(f"Invalid 'intent' value '{intent}', must be 0, 1, 2 or 3")
    target: Any = ImageCms.createProfile(_SPACES[space.upper()])  # type: ignore[arg-type]
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        wanted = ImageCms.Intent(ImageCms.getDefaultIntent(source) if intent is None else intent)
        made: Any = ImageCms.buildTransform(source, target, "RGB", "RGB", wanted)
    except (OSError, ValueError, ImageCms.PyCMSError) as error:
        raise IccProfileError(f"the ICC profile of {len(profile)} bytes cannot be used: {error}") from error
    return made  # type: ignore[no-any-return]


class IccProfileError(BadValueError, OSError):
    """Bytes that are no ICC profile, or none from RGB."""


def apply_icc_profile(
    arr: Array,
    ds: Dataset | None = None,
    transform: "ImageCmsTransform | None" = None,
    intent: int | None = None,
    color_space: str | None = None,
    *,
    out: Array | None = None,
) -> Array:
    """Convert 8-bit RGB, ([frames,] rows, columns, 3), by an ICC profile (PS3.3 C.11.15).

    The array is overwritten, as in pydicom, unless there is an `out` for the result. The profile is the data set's, or
    in a `transform` that `create_icc_transform` has made; its errors come up here. Raises BadValueError (a ValueError)
    for an array of another shape, and where both or neither of `ds` and `transform` are given.

    >>> from PIL import ImageCms
    >>> same = create_icc_transform(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    >>> apply_icc_profile(np.full((1, 1, 3), 128, np.uint8), transform=same).tolist()
    [[[128, 128, 128]]]
    """
    from PIL import Image, ImageCms  # noqa: PLC0415  # a picture library is loaded by those who need it

    if ds is None and not transform:
        raise BadValueError("Either 'ds' or 'transform' must be supplied")
    if ds is not None and transform:
        raise BadValueError("Only one of 'ds' and 'transform' should be used, not both")
    if arr.ndim not in {3, 4}:
        raise BadValueError(f"The ndarray must have 3 or 4 dimensions, not {arr.ndim}")
    if arr.shape[-1] != 3:
        raise BadValueError(
            f"Invalid ndarray shape, must be (rows, columns, 3) or (frames, rows, columns, 3), not {arr.shape}"
        )
    used = transform or create_icc_transform(ds=ds, intent=intent, color_space=color_space)
    target = arr if out is None else output(arr.shape, arr.dtype, out)
    for one, place in zip(arr, target, strict=True) if arr.ndim == 4 else [(arr, target)]:
        picture = Image.fromarray(one)
        ImageCms.applyTransform(picture, used, inPlace=True)
        place[...] = np.asarray(picture)
    return target
