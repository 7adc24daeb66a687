"""A frame that cannot be decoded -> what can be had of it: a Frame with a mask of the missing pixels."""

from dataclasses import dataclass

import numpy as np

from dicompix.pixels.codecs.approximate import APPROXIMATE, Approximation
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.codecs.partial import PARTIAL
from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.conform import conform
from dicompix.pixels.errors import CodecError, Finding, PixelError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex, native_frame_bits
from dicompix.pixels.limits import check_salvage
from dicompix.pixels.settle import Settled, settle
from dicompix.pixels.syntaxes import syntax_for

_WITHOUT_HEADER = {"native", "deflated", "rle"}  # a cut one of RLE has segments outside of the frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """How to salvage the frames of one image: its format, raw colour or RGB, the value of missing samples."""

    fmt: PixelFormat
    raw: bool = False
    fill: float = 0

    def frame(self, data: Buffer, problem: PixelError, out: Stored | None = None) -> Frame:
        """Return what can be had of the bytes of a frame, none of it at worst; LimitError where that would be too much.

        `problem` is why the frame cannot be decoded. With `out` the frame has its shape.
        """
        coded = bytes(data)
        stream, settled = _looked_at(coded, self.fmt)
        fitting = out is None or settled.promised.frame_shape == out.shape
        check_salvage(settled.promised if fitting else self.fmt, 1, len(coded))
        if fitting:
            try:
                return self._part(coded, stream, settled, problem, out)
            except (CodecError, LookupError, ValueError):  # the stream is too broken to tell what is whole
                pass
        shape, dtype = (settled.promised.frame_shape, settled.promised.dtype) if out is None else (out.shape, out.dtype)
        return self.absent(shape, dtype, problem, out)

    def _part(
        self, data: bytes, stream: Codestream | None, settled: Settled, problem: PixelError, out: Stored | None
    ) -> Frame:
        """Return the pixels that a cut stream still holds, or raise CodecError."""
        want = DecodeRequest(raw=self.raw)
        found = _held(data, self.fmt, settled, want, stream)
        missing = found.frame.missing
        if missing is None or not missing.any() or found.blank.all():
            raise CodecError("no pixel, or every pixel, is missing")
        frame = conform(found.frame, settled, want)
        array = np.array(frame.array) if out is None else out
        if array is out:
            np.copyto(array, frame.array)
        array[found.blank] = self.fill
        findings = (*settled.findings, *frame.findings, _salvaged(missing, problem, found))
        return Frame(array, frame.photometric, findings, missing)

    def absent(
        self, shape: tuple[int, ...], dtype: np.dtype[np.generic], problem: PixelError, out: Stored | None = None
    ) -> Frame:
        """Return a frame of which nothing is there."""
        array = np.empty(shape, dtype) if out is None else out
        array[...] = self.fill
        missing = np.ones(shape[:2], bool)
        converted = self.fmt.photometric.is_ybr and self.fmt.samples == 3 and not self.raw
        photometric = Photometric.RGB if converted else self.fmt.photometric
        return Frame(array, photometric, (_salvaged(missing, problem),), missing)


def _looked_at(data: bytes, fmt: PixelFormat) -> tuple[Codestream | None, Settled]:
    """Return what the header of a broken frame still tells; the data set's word where that is nothing."""
    try:
        stream = peek(data, syntax_for(fmt.transfer_syntax).family)
        return stream, settle(fmt, stream)
    except CodecError:
        return None, Settled(fmt, fmt)


def _held(
    data: bytes, fmt: PixelFormat, settled: Settled, want: DecodeRequest, stream: Codestream | None
) -> Approximation:
    """Return what a cut stream holds: the pixels that come before the cut, or else a picture made of what is there."""
    family = syntax_for(fmt.transfer_syntax).family
    kind = stream.kind if stream is not None else family if family in _WITHOUT_HEADER else ""
    data = data if stream is None else data[stream.start :]
    if kind in PARTIAL:
        try:
            frame = PARTIAL[kind](data, settled.coded, want, stream)
        except CodecError:
            if kind not in APPROXIMATE:
                raise
        else:
            return Approximation(frame, np.zeros((0,)) if frame.missing is None else frame.missing, len(data))
    if stream is None or kind not in APPROXIMATE:
        raise CodecError(f"nothing can be had of a part of a {kind or family} stream")
    return APPROXIMATE[kind](data, settled.coded, want, stream)


def _salvaged(missing: Stored, problem: PixelError, found: Approximation | None = None) -> Finding:
    total, lost = missing.size, int(np.count_nonzero(missing))
    reason = str(problem).splitlines()
    # The reasons of all codecs follow a general first line.
    why = " ".join((reason[1:2] or reason[:1] or [type(problem).__name__])[0].split())
    message = f"{lost} of {total} pixels are missing{_roughly(lost, found)}: {why}"
    return Finding(code="salvaged", message=message, found=total - lost, used=total, severity="error")


def _roughly(lost: int, found: Approximation | None) -> str:
    """Return how many of the missing pixels are in the picture all the same, and what it is made of."""
    rough = 0 if found is None else lost - int(np.count_nonzero(found.blank))
    if found is None or not rough:
        return ""
    needed = f" of {found.needed}" if found.needed else ""
    return f", {rough} of them approximated from {found.held}{needed} bytes"


def bytes_left(index: FrameIndex, fmt: PixelFormat, frame: int) -> Buffer:
    """Return the bytes of a frame as far as they are there: none for one that is absent, some for the last native one.

    >>> from dicompix.pixels.frames import BufferSource, index_native
    >>> fmt = PixelFormat(rows=2, columns=2, frames=2)
    >>> bytes(bytes_left(index_native(BufferSource(b"abcdef"), fmt), fmt, 1))
    b'ef'
    """
    if frame < len(index):
        return index[frame]
    if not index.contiguous:
        return b""
    size = native_frame_bits(fmt, len(index.source)) // 8
    return index.source.read(min(frame * size, len(index.source)), len(index.source))
