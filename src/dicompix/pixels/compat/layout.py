"""Names of pydicom.pixels.utils: a data set -> its pixel data's length, type and shape (PS3.3 C.7.6.3)."""

import sys
import warnings
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.codestream.base import boxes
from dicompix.pixels.codestream.jpeg2000 import SIGNATURE_BOX, START
from dicompix.pixels.compat.sources import is_little_endian
from dicompix.pixels.compat.wording import LOGGER
from dicompix.pixels.errors import BadValueError, CodecError, UnsupportedError
from dicompix.pixels.format import Photometric
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import RLE_LOSSLESS, syntax_for
from dicompix.pixels.transforms.base import Array
from dicompix.pixels.transforms.ycbcr import expand_422

_IMAGE_PIXEL = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "PixelRepresentation", "FloatPixelData", "DoubleFloatPixelData", "PixelData"),
)
_KINDS = {0: "uint", 1: "int"}  # Pixel Representation (0028,0103)
# Families whose decoders give colour-by-pixel whatever the data set says; RLE gives colour-by-plane (PS3.5 8.2).
_BY_PIXEL = {"jpeg", "jpeg-ls", "jpeg-2000", "jpeg-xl"}
_SSIZ = 42  # bytes from SOC to the first component's precision and sign (T.800 A.5.1)


def get_image_pixel_ids(ds: Dataset) -> dict[str, int]:
    """Return the `id` of each element's value that pixels are made from (PS3.3 C.7.6.3.1).

    >>> get_image_pixel_ids(Dataset())["Rows"] == id(None)
    True
    """
    return {keyword: id(getattr(ds, keyword, None)) for keyword in _IMAGE_PIXEL}


def get_nr_frames(ds: Dataset, warn: bool = True) -> int:  # noqa: FBT001, FBT002  # pydicom's signature
    """Return Number of Frames (0028,0008); 1 where it is absent, and where it is 0 or empty, with a warning.

    >>> get_nr_frames(Dataset())
    1
    """
    frames: int | None = getattr(ds, "NumberOfFrames", 1)
    if frames:
        return frames
    if warn:
        text = (
            f"A value of {frames} for (0028,0008) 'Number of Frames' is non-conformant. "
            "It's recommended that this value be changed to 1"
        )
        LOGGER.warning(text)
        warnings.warn(text, stacklevel=2)
    return 1


def get_expected_length(ds: Dataset, unit: str = "bytes") -> int:
    """Return how long native pixel data should be, without a pad byte, in "bytes" or in samples (any other unit).

    Single bits are packed across frames (PS3.5 8.1.1). An element that is needed and absent is an AttributeError.

    >>> ds = Dataset()
    >>> ds.Rows = ds.Columns = 3
    >>> ds.SamplesPerPixel, ds.BitsAllocated, ds.PhotometricInterpretation = 1, 1, "MONOCHROME2"
    >>> get_expected_length(ds), get_expected_length(ds, unit="pixels")
    (2, 9)
    """
    samples: int = ds.Rows * ds.Columns * ds.SamplesPerPixel
    bits: int = ds.BitsAllocated
    samples *= get_nr_frames(ds)
    if unit == "pixels":
        return samples
    length = -(-samples // 8) if bits == 1 else samples * (bits // 8)
    # A pair of pixels shares its chrominance: four samples stand for six (PS3.3 C.7.6.3.1.2).
    return length // 3 * 2 if ds.PhotometricInterpretation == Photometric.YBR_FULL_422 else length


def pixel_dtype(ds: Dataset, as_float: bool = False) -> np.dtype[Any]:  # noqa: FBT001, FBT002  # pydicom's signature
    """Return the type of native samples, in the file's byte order: Bits Allocated, Pixel Representation (PS3.5 8.1.1).

    Raises MissingElementError (an AttributeError) where the byte order is unknown, BadValueError (a ValueError) for a
    value that cannot be, UnsupportedError (a NotImplementedError) for one that NumPy has no type for.

    >>> ds = Dataset()
    >>> ds.BitsAllocated, ds.PixelRepresentation = 16, 1
    >>> ds.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    >>> pixel_dtype(ds)
    dtype('int16')
    """
    little = is_little_endian(ds)
    kind = "float" if as_float else _KINDS.get(ds.PixelRepresentation)
    if kind is None:
        raise BadValueError(_undetermined(ds.PixelRepresentation, "(0028,0103) Pixel Representation"))
    bits = ds.BitsAllocated
    if bits != 1 and (bits <= 0 or bits % 8):
        raise BadValueError(_undetermined(bits, "(0028,0100) Bits Allocated"))
    name = "uint8" if bits == 1 else f"{kind}{bits}"
    try:
        dtype = np.dtype(name)
    except TypeError as problem:
        raise UnsupportedError(
            f"The data type '{name}' needed to contain the Pixel Data is not supported by numpy"
        ) from problem
    return dtype if little == (sys.byteorder == "little") else dtype.newbyteorder("S")


def _undetermined(value: object, element: str) -> str:
    return (
        "Unable to determine the data type to use to contain the Pixel Data as a value of "
        f"'{value}' for '{element}' is invalid"
    )


def reshape_pixel_array(ds: Dataset, arr: Array) -> Array:
    """Return samples in one dimension as ([frames,] rows, columns[, samples]); a view, colour-by-pixel.

    Raises ValueError for another number of samples, and BadValueError, which is one, for a description that gives no
    shape (PS3.3 C.7.6.3).

    >>> ds = Dataset()
    >>> ds.Rows, ds.Columns, ds.SamplesPerPixel = 2, 3, 1
    >>> reshape_pixel_array(ds, np.arange(6)).shape
    (2, 3)
    """
    frames, samples = get_nr_frames(ds), ds.SamplesPerPixel
    if samples < 1:
        raise BadValueError(_unshapeable(samples, "(0028,0002) 'Samples per Pixel'"))
    leading = (frames,) if frames > 1 else ()
    plane = (ds.Rows, ds.Columns)
    if samples == 1:
        return arr.reshape(*leading, *plane)
    planar = _planar(ds)
    if planar not in {0, 1}:
        raise BadValueError(_unshapeable(planar, "(0028,0006) 'Planar Configuration'"))
    if planar:
        return np.moveaxis(arr.reshape(*leading, samples, *plane), -3, -1)
    return arr.reshape(*leading, *plane, samples)


def _planar(ds: Dataset) -> int:
    uid = str(ds.file_meta.TransferSyntaxUID)
    if syntax_for(uid).family in _BY_PIXEL:
        return 0
    return 1 if uid == RLE_LOSSLESS else int(ds.PlanarConfiguration)


def _unshapeable(value: object, element: str) -> str:
    return f"Unable to reshape the pixel array as a value of {value} for {element} is invalid."


def expand_ybr422(src: Buffer, bits_allocated: int) -> bytes:
    r"""Return YBR_FULL_422 samples Y1 Y2 CB CR as YBR_FULL: Y1 CB CR, Y2 CB CR (PS3.3 C.7.6.3.1.2).

    Raises BadValueError (a ValueError) for another Bits Allocated than 8, 16, 32 or 64.

    >>> expand_ybr422(bytes([1, 2, 8, 9]), 8)
    b'\x01\x08\t\x02\x08\t'
    """
    if bits_allocated not in {8, 16, 32, 64}:
        raise BadValueError(f"YBR_FULL_422 has a Bits Allocated of {bits_allocated}, needed 8, 16, 32 or 64")
    samples = np.frombuffer(src, f"u{bits_allocated // 8}")
    return expand_422(samples, 1, samples.size // 2, samples.dtype).tobytes()


def get_j2k_parameters(codestream: bytes) -> dict[str, Any]:
    """Return precision and sign of a JPEG 2000 stream's first component, {} where there is none (T.800 A.5.1).

    `jp2` tells whether the codestream lies in boxes.

    >>> get_j2k_parameters(bytes.fromhex("FF4F FF51") + bytes(38) + bytes([0x8B]))
    {'jp2': False, 'precision': 12, 'is_signed': True}
    """
    jp2 = codestream[:8] == SIGNATURE_BOX[:8]
    try:
        first = next(first for kind, first, _ in boxes(codestream, 0) if kind == b"jp2c") if jp2 else 0
    except (StopIteration, CodecError):
        return {}
    if codestream[first : first + 4] != START or len(codestream) <= first + _SSIZ:
        return {}
    ssiz = codestream[first + _SSIZ]
    return {"jp2": jp2, "precision": (ssiz & 0x7F) + 1, "is_signed": ssiz >= 0x80}
