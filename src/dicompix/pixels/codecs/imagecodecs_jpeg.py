"""JPEG by libjpeg-turbo, through imagecodecs: 8 and 12 bit lossy, 2 to 16 bit lossless (ITU-T T.81)."""

import re
from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, ended, scratch, shaped
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer

_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
_RESTARTS = b"\xff\xdd"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# No marker, no long run of equal bits; one begins with bit 0, one with bit 1: read as entropy-coded data they tell two
# stories of every sample that was not complete.
_PROBES = tuple(bytes((first + i * 73) % 251 for i in range(96)) for first in (41, 214))


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
    """Return the decoded frame; libjpeg fills a truncated one with gray and says nothing, so it is decoded twice."""
    if ended(data):
        return _turbo(data, fmt, scratch(want, fmt.frame_shape, fmt.dtype.str), stored, wanted)
    if _more_scans(bytes(data), fmt):
        raise CodecError(f"the JPEG stream is truncated: no end marker after {len(data)} bytes, and scans may follow")
    # Trailing zeros may be padding; a trailing FF is half of a pair.
    coded = bytes(data).rstrip(b"\0\xff")
    array, other = (_turbo(coded + _tail(coded, probe) + _END, fmt, None, stored, wanted) for probe in _PROBES)
    if not np.array_equal(array, other):
        raise CodecError(f"the JPEG stream is truncated: no end marker after {len(data)} bytes, and pixels are missing")
    return array


def _tail(coded: bytes, probe: bytes) -> bytes:
    """Return what to probe a stream's end with: where restart intervals are defined, also after the markers to come."""
    scan = coded.find(_SCAN)
    if _RESTARTS not in coded[:scan]:
        return probe
    done = len(_RESTART.findall(coded, scan))
    return probe + b"".join(bytes([0xFF, 0xD0 + number % 8]) + probe for number in range(done, done + 8))


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
