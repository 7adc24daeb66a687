"""JPEG by libjpeg-turbo, through imagecodecs: 8 and 12 bit lossy, 2 to 16 bit lossless (ITU-T T.81)."""

from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, scratch, shaped
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer

_END = b"\xff\xd9"
# No marker, no long run of equal bits: read as entropy-coded data it changes every block that was not complete.
_PROBE = bytes((i * 73 + 41) % 251 for i in range(96))


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
    tail = bytes(data[-16:]).rstrip(b"\0")
    if _END in tail:
        return _turbo(data, fmt, scratch(want, fmt.frame_shape, fmt.dtype.str), stored, wanted)
    array = _turbo(bytes(data) + _END, fmt, None, stored, wanted)
    probed = _turbo(bytes(data) + _PROBE + _END, fmt, None, stored, wanted)
    if not np.array_equal(array, probed):
        raise CodecError(f"the JPEG stream is truncated: no end marker after {len(data)} bytes, and pixels are missing")
    return array


def _turbo(data: Buffer, fmt: PixelFormat, out: Stored | None, stored: str | None, wanted: str | None) -> Stored:
    try:
        array = library().jpeg8_decode(data, colorspace=stored, outcolorspace=wanted, out=out)
    except (RuntimeError, ValueError) as problem:
        raise CodecError(f"libjpeg-turbo: {problem}") from problem
    return shaped(array, fmt)
