"""What an encoder is given, under pydicom's options -> Encodable: frames in the target's format (PS3.5 8.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import DecodeRequest, Stored
from dicompix.pixels.codecs.profiles import Profile
from dicompix.pixels.compat.described import content_of_bytes, content_under
from dicompix.pixels.compat.labels import name_of
from dicompix.pixels.compat.options import IMAGE_PIXEL, as_pixel_options, options_of
from dicompix.pixels.compat.refusals import check_samples, not_allowed
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import BadValueError, FrameIndexError, MissingElementError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.read import Content
from dicompix.pixels.read.describe import PIXELS, photometric_of
from dicompix.pixels.read.elements import label

Given = Mapping[str, Any]
Source = Dataset | Stored | Buffer

_REQUIRED = (
    *("bits_allocated", "bits_stored", "columns", "photometric_interpretation", "pixel_representation", "rows"),
    "samples_per_pixel",
)
_CONTAINERS = (1, 8, 16, 32, 64)
_GRAY = (Photometric.MONOCHROME1, Photometric.MONOCHROME2)
# PS3.5 table 8.2.2-1: what pydicom lets RLE hold; our own codecs hold more.
_RLE = (
    Profile((*_GRAY,), range(1, 17), signed=True),
    Profile((Photometric.PALETTE_COLOR, Photometric.RGB), range(1, 17)),
    Profile((Photometric.YBR_FULL,), range(1, 9), allocated=(8,)),
)
# Only the codec makes these, from samples that are something else: (family, whether lossy) that can, and the samples.
_MADE_BY_CODEC = {
    Photometric.YBR_RCT: (("jpeg-2000", False), Photometric.RGB),
    Photometric.YBR_ICT: (("jpeg-2000", True), Photometric.RGB),
    Photometric.YBR_FULL_422: (("jpeg", True), Photometric.YBR_FULL),
    Photometric.XYB: (("jpeg-xl", True), Photometric.RGB),
}


@dataclass(frozen=True, slots=True, eq=False)
class Encodable:
    """Frames to code: how many, each one's samples by its number, the format that they and the target have."""

    fmt: PixelFormat
    frame: Callable[[int], Stored]


def described(src: object, given: Given) -> dict[str, Any]:
    """Return every option: a data set's values, and what stands for them; TypeError for other things than pixels."""
    if isinstance(src, Dataset):
        return {**as_pixel_options(src), **given}
    if isinstance(src, Buffer | np.ndarray):
        return dict(given)
    raise TypeError(f"'src' must be bytes, numpy.ndarray or pydicom.dataset.Dataset, not '{type(src).__name__}'")


def encodable(src: Source, options: Given, uid: str, *, validate: bool = True) -> Encodable:
    """Return the frames of a source, to be coded in transfer syntax `uid`; checked as pydicom does where asked."""
    fmt = _format(options, uid, validate=validate)
    if isinstance(src, np.ndarray):
        if validate:
            check_array(src, fmt, options.get("jls_error") or 0)
        return Encodable(fmt, lambda index: _of_array(src, fmt, index))
    data = _bytes_of(src)
    if validate:
        _check_length(src, data, options, fmt)
    content = _content(src, data, options)
    return Encodable(fmt, lambda index: _of_content(content, fmt, index))


def _format(options: Given, uid: str, *, validate: bool) -> PixelFormat:
    """Return the format of the samples to code; the photometric interpretation is what they are before coding."""
    missing = [name for name in _REQUIRED if options.get(name) is None]
    if not missing and options["samples_per_pixel"] == 3 and validate and options.get("planar_configuration") is None:
        missing = ["planar_configuration"]
    if missing:
        raise MissingElementError(f"Missing required element: {label(IMAGE_PIXEL[missing[0]][0])}")
    if options.get("number_of_frames") is None:
        raise MissingElementError("No value for 'number_of_frames' has been set")
    sign = options["pixel_representation"]
    if sign not in {0, 1}:
        raise BadValueError(f"A (0028,0103) 'Pixel Representation' value of '{sign}' is invalid, it must be 0 or 1")
    intended = photometric_of(str(options["photometric_interpretation"]))
    declared = PixelFormat(
        rows=options["rows"],
        columns=options["columns"],
        samples=options["samples_per_pixel"],
        photometric=intended,
        bits_allocated=_container(options["bits_allocated"]),
        bits_stored=options["bits_stored"],
        signed=bool(sign),
        planar=options.get("planar_configuration") or 0,
        frames=int(options["number_of_frames"]) or 1,
        transfer_syntax=uid,
    )
    _, samples = _MADE_BY_CODEC.get(intended, (None, intended))
    fmt = replace(declared, photometric=samples, planar=0)
    if validate:
        _check_profile(fmt, intended, options["bits_allocated"])
    return fmt


def _container(bits: int) -> int:
    """Return the bits of the integer type that holds cells of so many bits; a number that cannot be stays."""
    return next((wide for wide in _CONTAINERS if bits <= wide), bits) if bits > 0 and bits % 8 == 0 else bits


def _check_profile(fmt: PixelFormat, intended: Photometric, allocated: int) -> None:
    """Raise BadValueError for samples that the transfer syntax may not hold, as pydicom has it (PS3.5 8.2)."""
    syntax = s.syntax_for(fmt.transfer_syntax)
    maker, _ = _MADE_BY_CODEC.get(intended, (None, intended))
    if maker not in {None, (syntax.family, syntax.lossy)}:
        raise not_allowed(fmt, intended, allocated, f"its codestreams do not hold {intended}")
    narrower = _RLE if syntax.family == "rle" else ()
    check_samples(fmt, intended=intended, allocated=allocated, narrower=narrower)


def check_array(array: Stored, fmt: PixelFormat, near: int = 0) -> None:
    """Raise BadValueError where an array is not what the options describe, in shape, type or values."""
    if array.ndim not in {2, 3, 4}:
        raise BadValueError(f"Unable to encode {array.ndim}D ndarrays")
    expected = fmt.frame_shape if fmt.frames == 1 else fmt.shape
    if array.shape != expected:
        raise BadValueError(
            f"Mismatch between the expected ndarray shape {expected} and the actual shape {array.shape}"
        )
    _check_type(array, fmt)
    low, high = fmt.value_range
    least, most = int(array.min()), int(array.max())
    if least < low or most > high:
        raise BadValueError(
            f"The ndarray contains values that are outside the allowable range of ({low}, {high}) for a (0028,0101) "
            f"'Bits Stored' value of '{fmt.bits_stored}'"
        )
    # JPEG-LS has no sign: an error may carry a value past the end of its range, to the other end.
    room = near if fmt.transfer_syntax == s.JPEG_LS_NEAR and fmt.signed else 0
    if least < low + room or most > high - room:
        raise BadValueError(
            "The supported range of pixel values when performing lossy JPEG-LS encoding of signed integers with a "
            f"(0028,0103) 'Bits Stored' value of '{fmt.bits_stored}' and a 'jls_error' of '{near}' is "
            f"({low + room}, {high - room})"
        )


def _check_type(array: Stored, fmt: PixelFormat) -> None:
    dtype = array.dtype
    if dtype.kind not in "ui":
        raise BadValueError(
            f"The ndarray's dtype '{dtype}' is not supported, must be a signed or unsigned integer type"
        )
    wanted = "signed" if fmt.signed else "unsigned"
    if (dtype.kind == "i") != fmt.signed:
        raise BadValueError(
            f"The ndarray's dtype '{dtype}' is not consistent with a (0028,0103) 'Pixel Representation' of "
            f"'{int(fmt.signed)}' ({wanted} integers)"
        )
    if dtype.itemsize * 8 < fmt.bits_allocated:
        raise BadValueError(
            f"The ndarray's dtype '{dtype}' is not consistent with a (0028,0100) 'Bits Allocated' value of "
            f"'{fmt.bits_allocated}'"
        )


def _check_frame(index: int, fmt: PixelFormat) -> None:
    if not 0 <= index < fmt.frames:
        raise FrameIndexError(f"there is no frame {index}: Number of Frames (0028,0008) is {fmt.frames}")


def _of_array(array: Stored, fmt: PixelFormat, index: int) -> Stored:
    _check_frame(index, fmt)
    frame = array if fmt.frames == 1 else array[index]
    return np.ascontiguousarray(frame, fmt.dtype)


def _bytes_of(src: Dataset | Buffer) -> Buffer:
    """Return uncompressed pixel data; BadValueError for a data set whose pixel data is compressed already."""
    if not isinstance(src, Dataset):
        return src
    if PIXELS not in src:
        raise MissingElementError(f"The dataset has no {label(PIXELS)} element, no pixel data to encode")
    meta = getattr(src, "file_meta", None)
    uid = "" if meta is None else str(meta.get("TransferSyntaxUID") or "")
    if uid and s.syntax_for(uid).encapsulated:
        raise BadValueError(
            f"The length of the uncompressed pixel data doesn't match the expected length: it is compressed with "
            f"'{name_of(uid)}', decompress it first"
        )
    data: Buffer = src[PIXELS].value
    return data


def _check_length(src: Dataset | Buffer, data: Buffer, options: Given, fmt: PixelFormat) -> None:
    native = replace(fmt, photometric=_native_photometric(src, options))
    bits = native.frame_bits // fmt.bits_allocated * options["bits_allocated"] * fmt.frames
    if len(data) < -(-bits // 8):
        raise BadValueError(
            "The length of the uncompressed pixel data doesn't match the expected length - "
            f"{len(data)} bytes actual vs. {-(-bits // 8)} expected"
        )


def _native_photometric(src: Dataset | Buffer, options: Given) -> Photometric:
    """Return what native samples are: those of a data set may share chrominance, those of a buffer never do."""
    declared = photometric_of(str(options["photometric_interpretation"]))
    return Photometric.YBR_FULL if declared in SUBSAMPLED and not isinstance(src, Dataset) else declared


def _content(src: Dataset | Buffer, data: Buffer, options: Given) -> Content:
    """Return where the frames of native pixel data lie, in the byte order that the data set or `byteorder` says."""
    bits = options["bits_allocated"]
    big = options.get("byteorder") == ">" and bits > 8
    own = {name: value for name, value in options.items() if name in IMAGE_PIXEL}
    if isinstance(src, Dataset) and bits == _container(bits):
        uid = s.EXPLICIT_BIG if big else ""
        return content_under(src, options_of({**own, "transfer_syntax_uid": uid}).description)
    own |= {"photometric_interpretation": str(_native_photometric(src, options)), "bits_allocated": _container(bits)}
    wide = data if bits == _container(bits) else widened(data, bits // 8, _container(bits) // 8)
    uid = s.EXPLICIT_BIG if big else s.EXPLICIT_LITTLE
    return content_of_bytes(wide, uid, options_of({**own, "pixel_keyword": "PixelData"}).description)


def widened(data: Buffer, narrow: int, wide: int) -> bytes:
    r"""Return little endian cells of `narrow` bytes in `wide` bytes each, the new ones zero.

    >>> widened(bytes([1, 2, 3, 4, 5, 6]), 3, 4)
    b'\x01\x02\x03\x00\x04\x05\x06\x00'
    """
    cells = np.frombuffer(data, np.uint8, count=len(data) // narrow * narrow).reshape(-1, narrow)
    out = np.zeros((len(cells), wide), np.uint8)
    out[:, :narrow] = cells
    return out.tobytes()


def _of_content(content: Content, fmt: PixelFormat, index: int) -> Stored:
    _check_frame(index, fmt)
    frame = decode_frame(content.index[index], content.fmt, want=DecodeRequest(raw=True))
    return np.ascontiguousarray(frame.array, fmt.dtype)
