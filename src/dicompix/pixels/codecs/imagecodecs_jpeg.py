"""JPEG by libjpeg-turbo, through imagecodecs: 8 and 12 bit lossy, 2 to 16 bit lossless (ITU-T T.81)."""

import re
from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, ended, scratch, shaped
from dicompix.pixels.codecs.ending import ends_whole
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer

_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
_EARLY = "an early end marker"
_HEADERS = 4096  # bytes that hold most streams' marker segments
_RESTARTS = b"\xff\xdd"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# No marker, no long run of equal bits, and it begins with bit 1: read as entropy-coded data it tells another story of
# every sample that was not complete than the zeros that libjpeg puts behind the end of a stream.
_PROBE = bytes((214 + i * 73) % 251 for i in range(96))


class TruncatedError(CodecError):
    """The stream ends before its last sample."""


@cache
def library() -> Any:
    """Import imagecodecs at first use."""
    import imagecodecs  # noqa: PLC0415  # a codec's library loads at first use

    return imagecodecs


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one lossy JPEG frame; YBR becomes RGB inside the library unless `want.raw`."""
    convert = fmt.photometric.is_ybr and not want.raw
    stored = _stored_space(fmt)
    array = _whole(data, fmt, want, stored, "RGB" if convert else stored)
    return Frame(array, Photometric.RGB if convert else color_after(fmt))


def decode_lossless(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one lossless JPEG frame; the samples stay as they are coded."""
    space = "RGB" if fmt.samples == 3 else _stored_space(fmt)
    return Frame(_whole(data, fmt, want, space, space), color_after(fmt))


def _stored_space(fmt: PixelFormat) -> str | None:
    """Return libjpeg's name for the coded colour: stated in full, so that the library never guesses."""
    if fmt.samples == 3:
        return "YCBCR" if fmt.photometric.is_ybr else "RGB"
    return "CMYK" if fmt.samples == 4 else None


def _whole(data: Buffer, fmt: PixelFormat, want: DecodeRequest, stored: str | None, wanted: str | None) -> Stored:
    """Return the decoded frame; libjpeg fills what is missing with gray and says nothing, so that is looked for."""
    if ended(data):
        array = _turbo(data, fmt, scratch(want, fmt.frame_shape, fmt.dtype.str), stored, wanted)
        if _may_be_cut(array, data, fmt):
            coded = bytes(data)
            coded = coded[: coded.rfind(_END)].rstrip(b"\xff")
            _check_whole(array, coded, fmt, (stored, wanted), _EARLY)
        return array
    coded = bytes(data)
    if _END in coded[coded.find(_SCAN) :]:  # rubbish follows the stream, more than `ended` looks at
        return _whole(coded[: coded.rfind(_END) + 2], fmt, want, stored, wanted)
    if _more_scans(coded, fmt):
        raise TruncatedError(
            f"the JPEG stream is truncated: no end marker after {len(data)} bytes, and scans may follow"
        )
    coded = coded.rstrip(b"\0\xff")  # trailing zeros may be padding; a trailing FF is half of a pair
    array = _turbo(coded + _END, fmt, None, stored, wanted)
    _check_whole(array, coded, fmt, (stored, wanted), "no end marker")
    return array


def require_pixels(data: Buffer, fmt: PixelFormat) -> None:
    """Raise TruncatedError where a pixel of a lossy stream, with its end marker, depends on what would follow it."""
    stored = _stored_space(fmt)
    array = _whole(data, fmt, DecodeRequest(), stored, stored)
    coded = bytes(data)
    _check_whole(array, coded[: coded.rfind(_END)].rstrip(b"\xff"), fmt, (stored, stored), _EARLY)


def _check_whole(
    array: Stored, coded: bytes, fmt: PixelFormat, spaces: tuple[str | None, str | None], why: str
) -> None:
    """Raise CodecError where pixels of a stream, given without its end marker, depend on what would follow."""
    other = _turbo(coded + _tail(coded) + _END, fmt, None, *spaces)
    if not np.array_equal(array, other):
        raise TruncatedError(f"the JPEG stream is truncated: {why} after {len(coded)} bytes, and pixels are missing")


def _may_be_cut(array: Stored, data: Buffer, fmt: PixelFormat) -> bool:
    """Tell whether an ended stream may lack pixels: its last one is gray, as libjpeg fills, or it has several scans."""
    if bool((array[-1, -1] == 1 << (fmt.bits_stored - 1)).all()):
        return True
    head = bytes(data[:_HEADERS])
    scan = head.find(_SCAN)
    if scan >= 0 and data[scan + 4] == fmt.samples and b"\xff\xc2" not in head[:scan]:
        return not ends_whole(array, data, head[: scan + 2 + int.from_bytes(head[scan + 2 : scan + 4])])
    coded = bytes(data)
    if not _more_scans(coded, fmt):
        return False
    missing = _missing_scans(coded, fmt)
    if missing:
        raise TruncatedError(f"the JPEG stream is truncated: {missing} of its coefficients are in none of its scans")
    return True


def _missing_scans(data: bytes, fmt: PixelFormat) -> int:
    """Return how many coefficients of the components no scan brings to their last bit (T.81 G.1.1.1)."""
    progressive = b"\xff\xc2" in data[: data.find(_SCAN)]
    needed = {(number, k) for number in range(fmt.samples) for k in range(64 if progressive else 1)}
    found: dict[int, int] = {}
    position = data.find(_SCAN)
    while position >= 0:
        count = data[position + 4]
        ids = data[position + 5 : position + 5 + 2 * count : 2]
        first, last, shift = data[position + 5 + 2 * count : position + 8 + 2 * count]
        if not shift & 15 or not progressive:
            for each in ids:
                number = found.setdefault(each, len(found))
                needed -= {(number, k) for k in range(first, last + 1)} if progressive else {(number, 0)}
        position = data.find(_SCAN, position + 2)
    return len(needed)


def _tail(coded: bytes) -> bytes:
    """Return what to probe a stream's end with: where restart intervals are defined, also after the markers to come."""
    scan = coded.rfind(_SCAN)
    if _RESTARTS not in coded[:scan]:
        return _PROBE
    done = len(_RESTART.findall(coded, scan))  # each scan counts from 0 (T.81 E.1.4)
    return _PROBE + b"".join(bytes([0xFF, 0xD0 + number % 8]) + _PROBE for number in range(done, done + 8))


def _more_scans(data: bytes, fmt: PixelFormat) -> bool:
    """Tell whether a stream is made of several scans: progressive, or not all components in the first (T.81 B.2.3)."""
    first = data.find(_SCAN)
    return b"\xff\xc2" in data[:first] or data[first + 4 : first + 5] != bytes([fmt.samples])


def _turbo(data: Buffer, fmt: PixelFormat, out: Stored | None, stored: str | None, wanted: str | None) -> Stored:
    try:
        array = library().jpeg8_decode(data, colorspace=stored, outcolorspace=wanted, out=out)
    except (RuntimeError, ValueError) as problem:
        raise CodecError(f"libjpeg-turbo: {problem}") from problem
    return shaped(array, fmt)
