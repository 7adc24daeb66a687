"""The pixels that a cut frame still holds: it is completed in two ways, and what differs was missing."""

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dicompix.pixels.codecs import native, rle
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, ended, shaped
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codestream import Codestream
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.codestream.rle import HEADER
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat

Partial = Callable[[bytes, PixelFormat, DecodeRequest, Codestream | None], Frame]

_END = b"\xff\xd9"
_SCAN, _RESTARTS = 0xDA, 0xDD
_FILLS = (b"\0", b"\xff")  # every bit differs
# Entropy-coded data to go on with: no marker, no long run of equal bits, the first bit 0 and 1. A code is cut at some
# bit; whichever of them follows, one of the two decodes to another value than the whole stream would.
_PROBES = tuple(bytes([first, *((first + i * 73) % 127 | 1 for i in range(95))]) for first in (0x29, 0xD7))


def _differing(one: Stored, other: Stored) -> Stored:
    """Return True for each pixel (rows, columns) with a bit that differs, of NaN too."""
    kind = f"u{one.dtype.itemsize}"
    differ: Stored = one.view(kind) != other.view(kind)
    return differ if differ.ndim == 2 else np.any(differ, axis=-1)


def _rows_from(first: int, shape: tuple[int, ...]) -> Stored:
    missing = np.zeros(shape[:2], bool)
    missing[max(first, 0) :] = True
    return missing


# Codings of the native frame


def partial_native(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:  # noqa: ARG001
    """Return the pixels whose bits are all there of native samples that end early."""
    if fmt.samples == 3 and fmt.photometric in SUBSAMPLED and fmt.columns % 2:
        raise CodecError("rows of odd length with shared chrominance may be padded: their length alone would tell")
    size = fmt.frame_bytes
    if not 0 < len(data) < size:
        raise CodecError(f"{len(data)} bytes of {size} are there")
    frames = [native.decode(data + fill * (size - len(data)), fmt, want) for fill in _FILLS]
    missing = _differing(frames[0].array, frames[1].array)
    return Frame(frames[0].array, frames[0].photometric, missing=missing)


def partial_deflated(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:
    """Return the pixels that can be inflated of a deflate stream that is cut; a broken one holds nothing certain."""
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        samples = inflating.decompress(data, fmt.frame_bytes)
    except zlib.error as problem:
        raise CodecError(f"the deflate stream is broken: {problem}") from problem
    return partial_native(samples, fmt, want, stream)


def partial_rle(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:  # noqa: ARG001
    """Return the pixels whose bytes are in the segments that are there, the last of them perhaps in part (PS3.5 G)."""
    if len(data) < HEADER.size:
        raise CodecError("the RLE header is cut")
    count, *offsets = HEADER.unpack_from(data)
    used = offsets[:count]
    if count != fmt.samples * -(-fmt.bits_allocated // 8) or used != sorted(used) or used[0] < HEADER.size:
        raise CodecError("the RLE header is not that of such a frame, or its segments are in no order")
    planes = np.empty((2, count, rle.segment_bytes(fmt)), np.uint8)
    for number, (start, stop) in enumerate(pairwise([*used, len(data)])):
        cut = number == count - 1 or stop > len(data)
        for way, fill in enumerate(_FILLS):
            planes[way, number] = _segment(data[start:stop], planes.shape[2], fill if cut else b"")
    frames = [rle.from_planes(one, fmt) for one in planes]
    return Frame(frames[0].array, frames[0].photometric, missing=_differing(frames[0].array, frames[1].array))


def _segment(segment: bytes, size: int, fill: bytes) -> Stored:
    """Return a decoded segment; as if `fill` followed without end where it is cut."""
    # Zeros are literals of one byte each, two bytes for one; FF FF repeats FF twice.
    decoded = rle.unpack_segment(segment + fill * (2 * size + 256), size)
    return np.frombuffer(decoded, np.uint8, size)


# Entropy-coded streams


def _cut(data: bytes) -> bytes:
    """Return what is certain of a cut stream; CodecError for one with an end, which is broken inside.

    Trailing zeros may be padding, a trailing FF half of a pair.
    """
    if ended(data):
        raise CodecError("the stream has its end: where it is broken nobody can tell")
    return data.rstrip(b"\0\xff")


def _completed(data: bytes, fmt: PixelFormat) -> list[bytes]:
    """Return a cut stream of one scan completed in two ways, after the restart markers to come as well (T.81 B.2.1)."""
    coded, restarts, scan = _cut(data), False, 0
    for marker, first, stop in marker_segments(data, 2):
        restarts = restarts or marker == _RESTARTS
        if marker == _SCAN:
            scan = stop
            if data[first] != fmt.samples:
                raise CodecError("the components are in several scans")
            break
    if not 0 < scan < len(coded):
        raise CodecError("the stream is cut before its scan")
    done = sum(coded.count(bytes([0xFF, 0xD0 + i]), scan) for i in range(8)) if restarts else 0
    numbers = range(done, done + 8) if restarts else ()
    tails = [probe + b"".join(bytes([0xFF, 0xD0 + i % 8]) + probe for i in numbers) for probe in _PROBES]
    return [coded + tail + _END for tail in tails]


def _turbo(data: bytes, fmt: PixelFormat, wanted: str | None = None) -> Stored:
    ybr = fmt.samples == 3 and fmt.photometric.is_ybr
    stored = {1: None, 3: "YCBCR" if ybr else "RGB", 4: "CMYK"}[fmt.samples]
    try:
        return shaped(library().jpeg8_decode(data, colorspace=stored, outcolorspace=wanted or stored), fmt)
    except (RuntimeError, ValueError) as problem:
        raise CodecError(f"libjpeg-turbo: {problem}") from problem


def _first_difference(one: Stored, other: Stored) -> tuple[Stored, int]:
    """Return where two decodings differ, and the first row where they do."""
    differ = _differing(one, other)
    rows = np.flatnonzero(differ.any(axis=1))
    if not rows.size:
        raise CodecError("no pixel depends on what is missing")
    return differ, int(rows[0])


def partial_jpeg(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:
    """Return the rows of blocks that were complete before a lossy JPEG stream of one scan was cut (T.81 A.2)."""
    completed = _completed(data, fmt)
    differ, first = _first_difference(*[_turbo(each, fmt) for each in completed])
    factors = stream.sampling if stream is not None and fmt.samples > 1 else ((1, 1),)
    width, height = (8 * max(pair[axis] for pair in factors) for axis in (0, 1))
    shared = int(height > 8)
    # The last row of blocks takes part of its chrominance from those below.
    row = (first + shared) // height
    # A coefficient that is too small to be seen may differ in the block before.
    if np.flatnonzero(differ[row * height : (row + 1) * height].any(axis=0))[0] < 2 * width:
        row -= 1
    convert = fmt.photometric.is_ybr and fmt.samples == 3 and not want.raw
    array = _turbo(completed[0], fmt, "RGB" if convert else None)
    missing = _rows_from(row * height - shared, array.shape)
    return Frame(array, Photometric.RGB if convert else color_after(fmt), missing=missing)


def partial_lossless(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:  # noqa: ARG001
    """Return the samples that come before a lossless JPEG stream of one scan was cut, in their order (T.81 H.1)."""
    arrays = [_turbo(each, _as_coded(fmt)) for each in _completed(data, fmt)]
    differ, first = _first_difference(*arrays)
    missing = _rows_from(first + 1, differ.shape)
    missing[first, np.flatnonzero(differ[first])[0] :] = True
    return Frame(arrays[0], color_after(fmt), missing=missing)


def _as_coded(fmt: PixelFormat) -> PixelFormat:
    """Return the format with samples that are to stay as they are coded."""
    return replace(fmt, photometric=Photometric.RGB) if fmt.samples == 3 else fmt


def partial_jpeg_ls(data: bytes, fmt: PixelFormat, want: DecodeRequest, stream: Codestream | None) -> Frame:  # noqa: ARG001
    """Return the rows that come before a JPEG-LS stream was cut; CharLS writes each when it is done (T.87 A.1)."""
    if fmt.planar:
        raise CodecError("the components are in several scans")
    arrays = [[_charls(each, fmt, fill) for fill in _FILLS] for each in _completed(data, fmt)]
    written = ~(_differing(*arrays[0]) | _differing(*arrays[1]))
    same = (written & ~_differing(arrays[0][0], arrays[1][0])).all(axis=1)
    real = int(np.argmin(same)) if not same.all() else 0
    # Near-lossless samples may differ by less than what is coded.
    real -= int(stream is None or stream.near > 0)
    return Frame(arrays[0][0], color_after(fmt), missing=_rows_from(real, fmt.frame_shape))


def _charls(data: bytes, fmt: PixelFormat, fill: bytes) -> Stored:
    array: Stored = np.frombuffer(bytearray(fill * fmt.array_bytes), fmt.dtype).reshape(fmt.frame_shape)
    with suppress(RuntimeError, ValueError):  # it cannot but fail, after the rows that it has
        library().jpegls_decode(data, out=array)
    return array


PARTIAL: dict[str, Partial] = {
    "native": partial_native,
    "deflated": partial_deflated,
    "rle": partial_rle,
    "jpeg-baseline": partial_jpeg,
    "jpeg-extended": partial_jpeg,
    "jpeg-lossless": partial_lossless,
    "jpeg-ls": partial_jpeg_ls,
}
