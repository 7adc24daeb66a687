"""JPEG-LS, JPEG 2000, HTJ2K, JPEG XL and RLE through imagecodecs (CharLS, OpenJPEG, OpenJPH, libjxl)."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs import rle
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, ended, scratch, shaped
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codestream.jpeg2000 import tile_parts_end
from dicompix.pixels.codestream.steps import check_planes
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer

_END, _SCAN = b"\xff\xd9", b"\xff\xda"


def _call(function: Callable[..., Any], *arguments: object, options: dict[str, Any]) -> Any:
    """Call into the C library; whatever it finds wrong with the stream is a CodecError."""
    try:
        return function(*arguments, **options)
    except (RuntimeError, ValueError, OSError) as problem:
        raise CodecError(f"{function.__name__}: {problem}") from problem


def _finished(array: Stored, fmt: PixelFormat) -> Stored:
    """Return the array in the frame's shape and type; the library's own may differ in sign or width only."""
    array = shaped(array, fmt)
    return array if array.dtype == fmt.dtype else array.astype(fmt.dtype)


def decode_jpeg_ls(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one JPEG-LS frame with CharLS (ISO/IEC 14495-1)."""
    data = _with_end(data)
    out = None if fmt.planar else scratch(want, fmt.frame_shape, fmt.dtype.str)
    array = _call(library().jpegls_decode, data, options={"out": out})
    if fmt.planar and array.shape == (fmt.samples, fmt.rows, fmt.columns):
        array = array.transpose(1, 2, 0)
    return Frame(_finished(array, fmt), color_after(fmt))


def _with_end(data: Buffer) -> Buffer:
    """Return a JPEG-LS stream with its end marker, which may be missing where every sample is there."""
    if ended(data):
        return data
    coded = bytes(data)
    last = coded.rfind(_END)
    if last > coded.find(_SCAN) >= 0:
        return coded[: last + 2]
    coded = coded.rstrip(b"\xff")
    try:  # CharLS takes missing bits for zeros; a one goes into a sample then, and is too much where nothing is missing
        library().jpegls_decode(coded + b"\x80" + _END)
    except (RuntimeError, ValueError) as problem:
        if "source buffer" in str(problem):
            return coded + _END
    raise CodecError(f"the stream is truncated: no end marker (FF D9) after {len(data)} bytes, and samples are missing")


def _with_end_of_tiles(data: Buffer) -> Buffer:
    """Return a JPEG 2000 stream with its end marker, which must be missing where the tile-parts' lengths say."""
    coded = bytes(data)
    for stream in (coded, coded.removesuffix(b"\0")):  # with a pad byte before the missing marker
        # A zero may be padding in place of the last byte.
        if not stream.endswith(b"\0") and tile_parts_end(stream + _END, exact=True):
            return stream + _END
    raise CodecError(f"the stream is truncated: no end marker (FF D9) after {len(data)} bytes, nor a whole tile-part")


def decode_jpeg_2000(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one JPEG 2000 frame with OpenJPEG; its component transform is undone (ISO/IEC 15444-1)."""
    if not ended(data):
        data = _with_end_of_tiles(data)
    out = scratch(want, fmt.frame_shape, fmt.dtype.str)
    options = {"out": out, "numthreads": want.threads, "planar": False}
    return Frame(_finished(_call(library().jpeg2k_decode, data, options=options), fmt), transformed(fmt))


def decode_htj2k(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one lossless HTJ2K frame with OpenJPH (ISO/IEC 15444-15)."""
    data = data if ended(data) else _with_end_of_tiles(data)
    if not tile_parts_end(data):
        raise CodecError("the HTJ2K stream's tile-parts do not end at its end marker: it is truncated")
    check_planes(data)
    out = scratch(want, fmt.frame_shape, fmt.dtype.str)
    with swallowed_errors() as problems:
        array = _call(library().htj2k_decode, data, options={"out": out, "planar": False})
    if problems:
        raise CodecError(f"htj2k_decode: {problems[0]}")
    return Frame(_finished(array, fmt), transformed(fmt))


class _Swallowed(threading.local):
    """The list that this thread's swallowed errors go to; None while nobody asks."""

    problems: list[str] | None = None


_swallowed = _Swallowed()


@cache
def _listen() -> None:
    """Chain to `sys.unraisablehook`: imagecodecs drops what OpenJPH throws while it copies a line."""
    before = sys.unraisablehook

    def hook(unraisable: "sys.UnraisableHookArgs") -> None:
        if _swallowed.problems is None:
            before(unraisable)
        else:
            _swallowed.problems.append(f"{type(unraisable.exc_value).__name__}: {unraisable.exc_value}")

    sys.unraisablehook = hook


@contextmanager
def swallowed_errors() -> Iterator[list[str]]:
    """Collect the errors that a C extension can only print, in this thread."""
    _listen()
    problems: list[str] = []
    _swallowed.problems = problems
    try:
        yield problems
    finally:
        _swallowed.problems = None


def decode_jpeg_xl(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one JPEG XL frame with libjxl, always to RGB or gray (ISO/IEC 18181-1)."""
    out = scratch(want, fmt.frame_shape, fmt.dtype.str)
    if out is None:  # for an animation it would take an array of all its pictures
        out = np.empty(fmt.frame_shape, fmt.dtype)
    array = _call(library().jpegxl_decode, data, options={"out": out, "numthreads": want.threads})
    photometric = Photometric.RGB if fmt.samples == 3 else fmt.photometric
    return Frame(_finished(array, fmt), photometric)


def decode_rle(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one RLE frame; the header is checked first, because the C code trusts it."""
    segments = rle.check_header(data, fmt)
    if segments != sorted(segments):  # the C code takes each segment to end where the next one begins
        return rle.decode(data, fmt, want)
    size = rle.segment_bytes(fmt)
    depth = len(segments) // fmt.samples
    direct = scratch(want, fmt.frame_shape, fmt.dtype.str) if fmt.samples == 1 and fmt.bits_allocated > 1 else None
    flat = np.empty(size * len(segments), np.uint8) if direct is None else direct.view(np.uint8).reshape(-1)
    decoded = _call(library().dicomrle_decode, data, f"<u{depth}", options={"out": flat})
    if decoded.size != flat.size:
        raise CodecError(f"the RLE frame decodes to {decoded.size} bytes, needed {flat.size}")
    if direct is not None:
        return Frame(direct, fmt.photometric)
    if fmt.bits_allocated == 1:
        return rle.from_planes(flat, fmt)
    planes = flat.view(fmt.dtype).reshape(fmt.samples, fmt.rows, fmt.columns)
    return Frame(planes.transpose(1, 2, 0).reshape(fmt.frame_shape), fmt.photometric)


def transformed(fmt: PixelFormat) -> Photometric:
    """Return what the samples are after a decoder has undone the reversible or irreversible transform."""
    undone = fmt.photometric in {Photometric.YBR_RCT, Photometric.YBR_ICT}
    return Photometric.RGB if undone else color_after(fmt)
