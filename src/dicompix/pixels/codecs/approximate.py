"""What a cut frame holds where its pixels are not coded one after the other: whole tiles or groups, and a picture."""

import re
import struct
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, ended, failures, shaped
from dicompix.pixels.codecs.imagecodecs import decode_jpeg_2000, swallowed_errors, transformed
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codecs.reduced import decode_jpeg_2000 as decode_reduced
from dicompix.pixels.codestream import Codestream
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.codestream.steps import check_planes
from dicompix.pixels.codestream.tiles import CutTiles, cut_tiles
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat

_END, _SOS = b"\xff\xd9", 0xDA
_SEGMENT = re.compile(rb"\xff[\xc4\xda-\xef]")  # what may come between scans (T.81 B.2.1)
_SPARE_BYTES = 1 << 16  # more than the headers of a tile-part's packets take, beside its samples
_SSIZ_AT = 42  # the precision of a codestream's first component, three bytes for each (T.800 A.5.1)
_SHORT, _STEP = 8, 64  # bytes
_LEVELS, _MOST_PIXELS = 5, 80_000_000  # Pillow warns of larger pictures
# Samples without their finest details overshoot, and OpenJPH lets what its container cannot hold wrap.
_SPARE_BITS, _MOST_WIDENED = 4, 24


@dataclass(frozen=True, slots=True, eq=False)
class Approximation:
    """A frame whose `missing` is True for each pixel that is not certain, `blank` for each of which nothing is there.

    `held` bytes of the codestream are there, of `needed`, 0 where nothing tells.
    """

    frame: Frame
    blank: Stored
    held: int
    needed: int = 0


Approximate = Callable[[bytes, PixelFormat, DecodeRequest, Codestream], Approximation]


# JPEG 2000: no tile depends on another one (T.800 B.3)


def approximate_jpeg_2000(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream) -> Approximation:
    """Return the tiles that a cut JPEG 2000 stream holds, and a picture of those that it holds a part of."""
    tiles, room = _tiles(data), fmt.array_bytes + _SPARE_BYTES
    ones = _ones(tiles, fmt, stream, room)
    if tiles.last is not None and ones < _SHORT and len(tiles.data) - tiles.last.first > 2 * _STEP:
        tiles = replace(tiles, data=tiles.data[:-_STEP])  # it is cut in the header of a packet
        ones = _ones(tiles, fmt, stream, room)
    return _by_tiles(tiles, decode_jpeg_2000(tiles.completed(room, ones), fmt, want), fmt)


def approximate_htj2k(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream) -> Approximation:  # noqa: ARG001
    """Return the same of a cut HTJ2K stream; OpenJPH leaves out the code-blocks that are not whole (T.814 annex B)."""
    tiles = _tiles(data)
    spare = _SPARE_BITS if fmt.bits_stored + _SPARE_BITS <= _MOST_WIDENED else 0
    check_planes(data)
    _openjph(tiles.empty.completed(0), resilient=False)  # a broken header may crash it where it is to be lenient
    coded = bytearray(tiles.completed(fmt.array_bytes + _SPARE_BYTES))
    for number in range(fmt.samples):
        coded[_SSIZ_AT + 3 * number] += spare
    array = shaped(_openjph(bytes(coded), resilient=True), fmt)
    samples = _narrowed(array, fmt, spare, reversible=stream.lossless is True)
    return _by_tiles(tiles, Frame(samples, transformed(fmt)), fmt)


def _openjph(coded: bytes, *, resilient: bool) -> Stored:
    with swallowed_errors() as problems, failures("htj2k_decode"):
        array: Stored = library().htj2k_decode(coded, planar=False, resilient=resilient)
    if problems:
        raise CodecError(f"htj2k_decode: {problems[0]}")
    return array


def _narrowed(array: Stored, fmt: PixelFormat, spare: int, *, reversible: bool) -> Stored:
    """Return samples that were decoded with `spare` bits more, cut off at what the format's own bits hold.

    Reversible ones differ by the shift of their level only, others are finer by that many bits (T.800 E.1, G.1).
    """
    middle = 0 if fmt.signed else 1 << (fmt.bits_stored - 1)
    width = np.int32 if fmt.bits_stored <= _MOST_WIDENED else np.int64
    values: Stored = array.astype(width) - (middle << spare)
    if not reversible:
        values = np.right_shift(values + ((1 << spare) >> 1), spare)
    narrowed: Stored = np.clip(values + middle, *fmt.value_range)
    return narrowed.astype(fmt.dtype)


def _tiles(data: bytes) -> CutTiles:
    try:
        return cut_tiles(data)
    except (IndexError, struct.error) as problem:
        raise CodecError("the JPEG 2000 codestream is cut in its headers") from problem


def _ones(tiles: CutTiles, fmt: PixelFormat, stream: Codestream, room: int) -> int:
    """Return how many bytes the packet lacks in which a tile-part is cut: one more is no codestream to OpenJPEG.

    Little is decoded to see that: a low resolution, and 8 bits of each sample, as Pillow has them.
    """
    want = DecodeRequest(level=min(stream.levels, _LEVELS))
    small = replace(fmt, bits_allocated=8, bits_stored=8, high_bit=None)

    def too_many(count: int) -> bool:
        try:
            decode_reduced(tiles.completed(room, count), small, want)
        except CodecError:
            return True
        return False

    if fmt.samples > 3 or fmt.rows * fmt.columns > _MOST_PIXELS:
        return 0
    return max(bisect_left(range(tiles.missing(room) + 1), 1, key=too_many) - 1, 0)


def _by_tiles(tiles: CutTiles, frame: Frame, fmt: PixelFormat) -> Approximation:
    missing, blank = np.ones((2, fmt.rows, fmt.columns), bool)
    for tile in tiles.begun:
        blank[tiles.grid.area(tile)] = False
        missing[tiles.grid.area(tile)] = tile not in tiles.whole
    return Approximation(Frame(frame.array, frame.photometric, missing=missing), blank, len(tiles.data), tiles.needed)


# Lossy JPEG of several scans: each makes the picture of those before it finer (T.81 G.1.1)


def approximate_jpeg(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream) -> Approximation:  # noqa: ARG001
    """Return the picture that the scans make which are there of a JPEG stream that is cut behind its first one."""
    if ended(data):
        raise CodecError("the stream has its end: where it is broken nobody can tell")
    first = next((start for marker, start, _ in marker_segments(data, 2) if marker == _SOS), len(data))
    segments = [found.start() for found in _SEGMENT.finditer(data, first)]
    if not segments:
        raise CodecError("the stream is cut in its first scan")
    held, last = data, segments[-1]
    if last + 2 + int.from_bytes(data[last + 2 : last + 4]) >= len(data) or last + 4 > len(data):
        held = data[:last]  # its last marker segment is cut
    ybr = fmt.samples == 3 and fmt.photometric.is_ybr
    stored = {1: None, 3: "YCBCR" if ybr else "RGB", 4: "CMYK"}[fmt.samples]
    convert = ybr and not want.raw
    options = {"colorspace": stored, "outcolorspace": "RGB" if convert else stored}
    with failures("libjpeg-turbo"):
        array = library().jpeg8_decode(held.rstrip(b"\0\xff") + _END, **options)
    missing, blank = np.ones(fmt.frame_shape[:2], bool), np.zeros(fmt.frame_shape[:2], bool)
    photometric = Photometric.RGB if convert else color_after(fmt)
    return Approximation(Frame(shaped(array, fmt), photometric, missing=missing), blank, len(data))


# JPEG XL: libjxl writes each group of pixels when it is done (ISO/IEC 18181-1 annex C)


def approximate_jpeg_xl(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream) -> Approximation:  # noqa: ARG001
    """Return the groups of pixels that a cut JPEG XL stream holds: none of a frame that is no larger than one."""
    data = data.rstrip(b"\0")  # it may be padding
    arrays = [np.full(fmt.array_bytes, fill, np.uint8) for fill in (0, 255)]
    for array in arrays:
        samples = array.view(fmt.dtype).reshape(fmt.frame_shape)
        try:
            library().jpegxl_decode(data, index=0, out=samples, numthreads=want.threads)
        except (RuntimeError, ValueError) as problem:
            if "NEED_MORE_INPUT" not in str(problem):
                raise CodecError(f"jpegxl_decode: {problem}") from problem
    missing = (arrays[0] != arrays[1]).reshape(fmt.rows, fmt.columns, -1).any(axis=-1)
    photometric = Photometric.RGB if fmt.samples == 3 else fmt.photometric
    array = arrays[0].view(fmt.dtype).reshape(fmt.frame_shape)
    return Approximation(Frame(array, photometric, missing=missing), missing, len(data))


APPROXIMATE: dict[str, Approximate] = {
    "jpeg-baseline": approximate_jpeg,
    "jpeg-extended": approximate_jpeg,
    "jpeg-progressive": approximate_jpeg,
    "jpeg-2000": approximate_jpeg_2000,
    "htj2k": approximate_htj2k,
    "jpeg-xl": approximate_jpeg_xl,
}
