"""One frame in part: some of its rows and columns, or all of it at a lower resolution."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dicompix.pixels.codecs import reduced
from dicompix.pixels.codecs.base import Codec, DecodeRequest, Frame, Region, Stored
from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.conform import conform
from dicompix.pixels.decode import Decoder, isolation, raised
from dicompix.pixels.errors import FrameError, UnsupportedError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import BitFrameIndex, Buffer, FrameIndex
from dicompix.pixels.limits import check_frame
from dicompix.pixels.settle import Settled, settle
from dicompix.pixels.syntaxes import syntax_for

# What decodes a codestream at a lower resolution, by its kind.
REDUCING: dict[str, Codec] = {
    "jpeg-baseline": reduced.decode_jpeg,
    "jpeg-extended": reduced.decode_jpeg,
    "jpeg-progressive": reduced.decode_jpeg,
    "jpeg-2000": reduced.decode_jpeg_2000,
    "htj2k": reduced.decode_htj2k,
}


def part_of_frame(index: FrameIndex, position: int, decoder: Decoder, level: int, region: Region | None) -> Frame:
    """Decode one frame at a level, then crop it; native pixel data is read in the rows needed only."""
    if level:
        frame = reduced_frame(index[position], decoder, level)
        return frame if region is None else cropped(frame, region)
    if region is None:
        return decoder.frame(index[position])
    return _native_rows(index, position, decoder, region) or cropped(decoder.frame(index[position]), region)


# Lower resolutions


def levels_of(data: Buffer, decoder: Decoder) -> int:
    """Return how many times the resolution of a frame can be halved without decoding all of it."""
    stream = peek(data, syntax_for(decoder.fmt.transfer_syntax).family)
    if stream is None or stream.kind not in REDUCING:
        return 0
    return stream.levels if stream.kind in {"jpeg-2000", "htj2k"} else reduced.JPEG_LEVELS


def reduced_frame(data: Buffer, decoder: Decoder, level: int) -> Frame:
    """Decode one frame with rows and columns halved `level` times; UnsupportedError where its coding has none such."""
    stream = peek(data, syntax_for(decoder.fmt.transfer_syntax).family)
    most = levels_of(data, decoder)
    if stream is None or not 0 <= level <= most:
        raise _unsupported(decoder.fmt, stream, level, most)
    settled = settle(decoder.fmt, stream)
    check_frame(settled.promised, len(data), stream)
    if isolation and decoder.foreign:
        fmt = _smaller(settled.promised, level)
        return raised(isolation[-1](_AtLevel(decoder, level), [data], fmt)[1][0])
    want = DecodeRequest(raw=decoder.raw, level=level)
    frame = REDUCING[stream.kind](memoryview(data)[stream.start :], settled.coded, want)
    return conform(frame, _at_level(settled, level), want).noting(*settled.findings)


@dataclass(frozen=True, slots=True)
class _AtLevel:
    """What decodes frames at a level where there is a Decoder elsewhere."""

    decoder: Decoder
    level: int

    @property
    def fmt(self) -> PixelFormat:
        """Return the format of whole frames."""
        return self.decoder.fmt

    def frame(self, data: Buffer, out: Stored | None = None) -> Frame:  # noqa: ARG002  # as a Decoder's
        """Decode one frame at the level."""
        return reduced_frame(data, self.decoder, self.level)


def _at_level(settled: Settled, level: int) -> Settled:
    """Return what is settled of a whole frame as it is at a level; lossy: a mean may swing beyond Bits Stored."""
    coded, promised = (_smaller(fmt, level) for fmt in (settled.coded, settled.promised))
    return replace(settled, coded=coded, promised=promised, lossy=True)


def _smaller(fmt: PixelFormat, level: int) -> PixelFormat:
    rows, columns, *_ = reduced.reduced_shape(fmt, level)
    return replace(fmt, rows=rows, columns=columns)


def _unsupported(fmt: PixelFormat, stream: Codestream | None, level: int, most: int) -> UnsupportedError:
    name = syntax_for(fmt.transfer_syntax).name
    if most:
        return UnsupportedError(f"level is {level}, needed 0 to {most}: that many the {name} frame has")
    kind = "native samples" if stream is None else f"a {stream.kind} codestream"
    return UnsupportedError(
        f"level is {level}, but {name} ({kind}) is decoded whole or not at all; lower resolutions are in JPEG "
        "Baseline, Extended and Progressive of 8 bits, in JPEG 2000 and in HTJ2K: here take every second pixel"
    )


# Regions


def extent(region: Any, rows: int, columns: int) -> tuple[range, range]:
    """Return the rows and columns that a pair of slices chooses; FrameError where it is none, or chooses nothing.

    >>> extent((slice(2, 4), slice(None, None, 2)), 10, 6)
    (range(2, 4), range(0, 6, 2))
    """
    if not (isinstance(region, tuple) and len(region) == 2 and all(isinstance(part, slice) for part in region)):
        raise FrameError(f"region is {region!r}, needed two slices: rows and columns")
    down: slice = region[0]
    across: slice = region[1]
    try:
        chosen = range(rows)[down], range(columns)[across]
    except (TypeError, ValueError) as problem:
        raise FrameError(f"region is {region!r}, needed two slices of whole numbers: {problem}") from problem
    if not all(chosen):
        raise FrameError(f"region {region!r} holds no pixel of a frame of {rows} x {columns}")
    return chosen


def as_slice(chosen: range, first: int = 0) -> slice:
    """Return the slice that chooses these numbers, counted from `first`.

    >>> list(range(10, 20))[as_slice(range(15, 9, -2), 10)]
    [15, 13, 11]
    """
    stop = chosen.stop - first
    return slice(chosen.start - first, None if stop < 0 else stop, chosen.step)


def cropped(frame: Frame, region: Region) -> Frame:
    """Return a region of a decoded frame, on its own: the rest can be let go."""
    rows, columns = extent(region, *frame.array.shape[:2])
    if (rows, columns) == (range(frame.array.shape[0]), range(frame.array.shape[1])):
        return frame
    missing = None if frame.missing is None else frame.missing[as_slice(rows), as_slice(columns)].copy()
    return replace(frame, array=frame.array[as_slice(rows), as_slice(columns)].copy(), missing=missing)


def _native_rows(index: FrameIndex, position: int, decoder: Decoder, region: Region) -> Frame | None:
    """Decode a region of a native frame from the bytes of its rows; None where its rows are no whole bytes."""
    fmt = decoder.fmt
    planes = fmt.samples if fmt.samples > 1 and fmt.planar else 1
    size = _row_bytes(fmt) // planes
    if not size or not len(index.source) or isinstance(index, BitFrameIndex):
        return None
    spans = index.spans(position)
    if len(spans) > 1:
        return None
    rows, columns = extent(region, fmt.rows, fmt.columns)
    first, last = min(rows), max(rows)
    begins = [spans[0][0] + plane * fmt.rows * size for plane in range(planes)]
    pieces = [index.source.read(begin + first * size, begin + (last + 1) * size) for begin in begins]
    data = pieces[0] if planes == 1 else b"".join(pieces)
    frame = replace(decoder, fmt=replace(fmt, rows=last + 1 - first)).frame(data)
    part: Stored = frame.array[as_slice(rows, first), as_slice(columns)]
    return replace(frame, array=np.ascontiguousarray(part))


def _row_bytes(fmt: PixelFormat) -> int:
    """Return the bytes of one row of a native frame, 0 where rows share bytes or chrominance."""
    if syntax_for(fmt.transfer_syntax).family != "native" or fmt.photometric == Photometric.YBR_PARTIAL_420:
        return 0
    shared = fmt.samples == 3 and fmt.photometric in SUBSAMPLED
    bits = fmt.frame_bits // fmt.rows
    return 0 if bits % 8 or (shared and fmt.columns % 2) else bits // 8
