"""Array -> a data set's native pixel data and its description: set_pixel_data (PS3.3 C.7.6.3)."""

from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.bookkeeping import (
    LONGEST_VALUE,
    check_integer_pixels,
    declared_syntax,
    new_instance,
    replace_pixels,
)
from dicompix.pixels.compat.pixel_value import native_value
from dicompix.pixels.errors import BadValueError, FrameError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, syntax_for

_SAMPLES = {  # by the photometric interpretations of native pixel data that are not retired (PS3.3 C.7.6.3.1.2)
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
}
_SHAPES = {
    1: ("2 or 3", "(rows, columns) or (frames, rows, columns)"),
    3: ("3 or 4", "(rows, columns, 3) or (frames, rows, columns, 3)"),
}


def set_pixel_data(
    ds: Dataset,
    arr: Stored,
    photometric_interpretation: str,
    bits_stored: int,
    *,
    generate_instance_uid: bool = True,
) -> None:
    r"""Put an array into a data set as native pixel data, described by the Image Pixel module (PS3.3 C.7.6.3).

    `arr` is (rows, columns[, 3]) or (frames, rows, columns[, 3]) of uint8, int8, uint16, int16, or of bool, which is
    stored one bit a pixel. YBR_FULL_422 keeps the first chrominance of each pair of pixels. A compressed or absent
    transfer syntax becomes Explicit VR Little Endian. Nothing changes unless everything is valid: BadValueError (a
    ValueError) says what is not.

    >>> import numpy as np
    >>> ds = Dataset()
    >>> set_pixel_data(ds, np.array([[1, 2], [3, 4]], np.uint8), "MONOCHROME2", 8)
    >>> ds.Rows, ds.Columns, ds.BitsAllocated, ds.PixelData
    (2, 2, 8, b'\x01\x02\x03\x04')
    """
    check_integer_pixels(ds)
    uid = _syntax_after(ds)
    fmt = replace(_format_of(arr, photometric_interpretation, bits_stored), transfer_syntax=uid)
    _check_values(arr, fmt)
    samples = share_chrominance(arr) if fmt.photometric == Photometric.YBR_FULL_422 else arr
    replace_pixels(ds, fmt, native_value(samples, fmt))
    if fmt.samples == 1 and "PlanarConfiguration" in ds:
        del ds.PlanarConfiguration
    if _has_frames(arr, fmt.samples):
        ds.NumberOfFrames = fmt.frames
    elif "NumberOfFrames" in ds:
        del ds.NumberOfFrames
    if generate_instance_uid:
        new_instance(ds)


def _syntax_after(ds: Dataset) -> str:
    """Return the native transfer syntax that the data set will have."""
    uid = declared_syntax(ds) or EXPLICIT_LITTLE
    syntax = syntax_for(uid)
    if syntax.big_endian_pixels:
        raise UnsupportedError(f"The dataset's transfer syntax '{UID(uid).name}' is big-endian, which is not supported")
    return EXPLICIT_LITTLE if syntax.encapsulated else uid


def _has_frames(arr: Stored, samples: int) -> bool:
    return arr.ndim == (3 if samples == 1 else 4)


def _format_of(arr: Stored, photometric: str, bits_stored: int) -> PixelFormat:
    """Return what the array's samples are, or raise for what native pixel data cannot be."""
    if arr.dtype.kind not in "uib" or arr.dtype.itemsize > 2:
        raise BadValueError(f"Unsupported ndarray dtype '{arr.dtype}', must be int8, int16, uint8 or uint16, or bool")
    samples = _SAMPLES.get(photometric)
    if samples is None:
        raise BadValueError(f"Unsupported 'photometric_interpretation' value '{photometric}', needed one of {_TERMS}")
    rows, columns, frames = _sizes(arr, photometric, samples)
    bits = 1 if arr.dtype.kind == "b" else arr.dtype.itemsize * 8
    if not 0 < bits_stored <= bits:
        raise BadValueError(
            f"Invalid 'bits_stored' value '{bits_stored}', must be greater than 0 and less than or equal to the "
            f"number of bits for the ndarray's itemsize '{bits}'"
        )
    if bits == 1 and samples > 1:
        raise BadValueError(f"An ndarray of bool with '{photometric}' data: one bit a sample is for 1 sample a pixel")
    if photometric == Photometric.YBR_FULL_422 and columns % 2:
        raise BadValueError(
            f"An ndarray with 'YBR_FULL_422' data must have an even number of columns, not {columns}: two pixels of a "
            "row share their chrominance"
        )
    return PixelFormat(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=Photometric(photometric),
        bits_allocated=bits,
        bits_stored=int(bits_stored),
        signed=arr.dtype.kind == "i",
        frames=frames,
    )


_TERMS = ", ".join(_SAMPLES)


def _sizes(arr: Stored, photometric: str, samples: int) -> tuple[int, int, int]:
    """Return rows, columns and frames of an array of so many samples a pixel."""
    dimensions, shapes = _SHAPES[samples]
    least = 2 if samples == 1 else 3
    if arr.ndim not in {least, least + 1}:
        raise BadValueError(f"An ndarray with '{photometric}' data must have {dimensions} dimensions, not {arr.ndim}")
    if samples > 1 and arr.shape[-1] != samples:
        raise BadValueError(f"An ndarray with '{photometric}' data must have shape {shapes}, not {arr.shape}")
    if arr.size == 0:
        raise BadValueError(f"An ndarray with '{photometric}' data of shape {arr.shape} has no pixels")
    frames, rows, columns = arr.shape[:3] if _has_frames(arr, samples) else (1, *arr.shape[:2])
    return rows, columns, frames


def _check_values(arr: Stored, fmt: PixelFormat) -> None:
    """Raise where values need more than Bits Stored bits, or all of them more than a value's length can tell."""
    total = -(-fmt.frame_bits * fmt.frames // 8)
    if total > LONGEST_VALUE:
        raise FrameError(f"The pixel data would be {total} bytes long, the most that the standard allows is 2**32 - 2")
    if fmt.bits_stored == fmt.bits_allocated:
        return
    least, greatest = arr.min(), arr.max()
    low, high = fmt.value_range
    if least < low or greatest > high:
        raise BadValueError(
            f"The range of values in the ndarray [{least}, {greatest}] is greater than that allowed by the "
            f"'bits_stored' value [{low}, {high}]"
        )


def share_chrominance(array: Stored) -> Stored:
    """Return YBR_FULL samples as YBR_FULL_422, where each pair of pixels keeps its first chrominance (C.7.6.3.1.2).

    >>> import numpy as np
    >>> share_chrominance(np.array([[[1, 8, 9], [2, 6, 7]]], np.uint8)).tolist()
    [[1, 2, 8, 9]]
    """
    # Y1 B1 R1 Y2 B2 R2 -> Y1 Y2 B1 R1
    return array.reshape(-1, 6)[:, [0, 3, 1, 2]]
