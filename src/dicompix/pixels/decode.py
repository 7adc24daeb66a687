"""The only way to decode: bytes of a frame -> Frame (peek, codec, conform), and the parallel loop over it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.conform import composite_bits, conform
from dicompix.pixels.errors import CodecError, Finding, FrameError, MissingCodecError, PixelError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex, short_native_error
from dicompix.pixels.limits import check_frame
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.registry import Choice, Registry, registry
from dicompix.pixels.settle import Settled, settle
from dicompix.pixels.syntaxes import syntax_for

_PLAIN = DecodeRequest()
SMALL_WORK = 1 << 19  # bytes of decoded pixels below which threads cost more than they save
# Bytes of a frame from which a codec's own threads are about as fast as frames side by side, in less memory.
LARGE_FRAME = {"jpeg-2000": 1 << 19, "jpeg-xl": 1 << 22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """How to decode the frames of one image: format, codecs to use, raw colour or RGB."""

    fmt: PixelFormat
    codec: Choice = None
    raw: bool = False
    codecs: Registry = registry

    def frame(self, data: Buffer, out: Stored | None = None, threads: int = 1) -> Frame:
        """Decode one frame from its bytes."""
        want = DecodeRequest(raw=self.raw, out=out, threads=threads)
        return decode_frame(data, self.fmt, want=want, codec=self.codec, codecs=self.codecs)

    def entries(self, data: Buffer) -> tuple[CodecEntry, ...]:
        """Return the codecs that would be tried on a frame, best first."""
        stream = peek(data, syntax_for(self.fmt.transfer_syntax).family)
        coded = settle(self.fmt, stream).coded
        return self.codecs.find(coded.transfer_syntax, self.codec, coded, stream)


def decode_frame(
    data: Buffer,
    fmt: PixelFormat,
    *,
    want: DecodeRequest = _PLAIN,
    codec: Choice = None,
    codecs: Registry = registry,
) -> Frame:
    """Decode one frame: look at its codestream, let the best codec decode it, settle bits and colour.

    >>> fmt = PixelFormat(rows=1, columns=2, bits_allocated=16, bits_stored=12)
    >>> decode_frame(bytes([0x01, 0xF2, 0x34, 0x05]), fmt).array
    array([[ 513, 1332]], dtype=uint16)
    """
    family = syntax_for(fmt.transfer_syntax).family
    try:
        stream = peek(data, family)
        settled = settle(fmt, stream)
    except CodecError as problem:
        raise _all_failed([("codestream", problem)]) from problem
    check_frame(settled.promised, len(data), stream)
    _check_fit(settled.promised, want.out)
    if stream is not None and stream.start:
        data = memoryview(data)[stream.start :]
    entries = codecs.find(settled.coded.transfer_syntax, codec, settled.coded, stream)
    frame = _first_that_can(data, settled, want, entries, codecs)
    return conform(frame, settled, want).noting(*settled.findings)


def _check_fit(fmt: PixelFormat, out: Stored | None) -> None:
    """Raise FrameError for a frame that the array for it does not hold, in shape or type."""
    if out is not None and (out.shape != fmt.frame_shape or out.dtype.newbyteorder("=") != fmt.dtype):
        raise FrameError(
            f"the frame is {fmt.frame_shape} {fmt.dtype}, needed {out.shape} {out.dtype} as the first frame is"
        )


def _first_that_can(
    data: Buffer,
    settled: Settled,
    want: DecodeRequest,
    entries: Sequence[CodecEntry],
    codecs: Registry,
) -> Frame:
    """Return the frame of the first codec that decodes it; a change of codec is a finding."""
    problems: list[tuple[CodecEntry, CodecError]] = []
    for entry in entries:
        try:
            if problems and entry.trusting:
                raise CodecError("not asked: a broken stream may crash it, or come out in part")  # noqa: TRY301
            frame = _attempt(entry, data, settled.coded, want, codecs)
        except CodecError as problem:
            problems.append((entry, problem))
            continue
        return frame.noting(*[_fallback(entry, failed, why) for failed, why in problems])
    raise _all_failed([(entry.name, problem) for entry, problem in problems])


def _attempt(entry: CodecEntry, data: Buffer, coded: PixelFormat, want: DecodeRequest, codecs: Registry) -> Frame:
    """Return what one codec makes of a frame, checked; whatever goes wrong inside it is a CodecError."""
    try:
        frame = codecs.load(entry)(data, coded, want)
    except MissingCodecError as problem:
        raise CodecError(str(problem)) from problem
    except (PixelError, MemoryError):
        raise
    except Exception as problem:
        raise CodecError(f"{type(problem).__name__}: {problem}") from problem
    if not isinstance(frame, Frame):
        raise CodecError(f"the codec returned a {type(frame).__name__}, needed a Frame")
    array = frame.array
    if array.shape != coded.frame_shape or array.dtype != coded.dtype:
        raise CodecError(
            f"the codec returned {array.dtype} of shape {array.shape}, "
            f"needed {coded.dtype} of shape {coded.frame_shape}"
        )
    return frame


def _all_failed(problems: Sequence[tuple[str, CodecError]]) -> CodecError:
    """Return the error for a frame that nothing decodes, with everybody's reason."""
    listed = "\n  ".join(f"{name}: {problem}" for name, problem in problems)
    error = CodecError("Unable to decode as exceptions were raised by all available plugins:\n  " + listed)
    error.__cause__ = problems[0][1]
    return error


def _fallback(entry: CodecEntry, failed: CodecEntry, why: CodecError) -> Finding:
    message = f"codec {failed.name} failed ({why}), decoded by the next one"
    return Finding(code="codec-fallback", message=message, found=failed.name, used=entry.name)


def decode_into(
    out: Stored, numbers: Sequence[int], decode_one: Callable[[int, Stored], Frame], workers: int
) -> list[Frame]:
    """Fill each ``out[i]`` by ``decode_one(numbers[i], out[i])``, in parallel; return the frames in order."""
    return in_parallel(lambda i: _at(numbers[i], decode_one, out[i]), len(out), workers)


def _workers(out: Stored, wanted: int | None) -> int:
    """Return how many threads to decode into `out` with: None means the cores at hand, and one for small work."""
    if wanted is None:
        return 1 if out.nbytes < SMALL_WORK else usable_cores()
    return wanted


def _at(index: int, decode_one: Callable[[int, Stored], Frame], out: Stored) -> Frame:
    """Decode one frame of many; errors and findings say which one."""
    try:
        return decode_one(index, out).at(index)
    except (FrameError, CodecError) as problem:
        problem.args = (f"frame {index}: {problem}",)
        raise


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Several decoded frames in one array, (frames, rows, columns[, samples])."""

    array: Stored
    photometric: Photometric
    findings: tuple[Finding, ...] = ()


def decode_all(
    index: FrameIndex, decoder: Decoder, count: int, *, out: Stored | None = None, workers: int | None = None
) -> Decoded:
    """Decode the first `count` frames of an index into one array, in parallel, or by one view where they are native.

    Raises FrameError where the pixel data holds fewer frames, or frames of differing shape.
    """
    if len(index) < count:
        raise _too_few(index, decoder.fmt, count)
    if is_plain(index, decoder):
        return _plain(index, decoder.fmt, count, out)
    return decode_frames(index, decoder, range(count), out=out, workers=workers)


def decode_frames(
    index: FrameIndex,
    decoder: Decoder,
    numbers: Sequence[int],
    *,
    out: Stored | None = None,
    workers: int | None = None,
) -> Decoded:
    """Decode the frames of those numbers, one or more, into one array, in parallel."""
    fmt = promised_format(index, decoder, numbers[0])
    out = _target(out, (len(numbers), *fmt.frame_shape), fmt)
    workers, threads = _shares(index[numbers[0]], decoder, out, _workers(out, workers))
    frames = decode_into(out, numbers, lambda i, part: decoder.frame(index[i], part, threads), workers)
    findings = tuple(finding for frame in frames for finding in frame.findings)
    return Decoded(out, frames[0].photometric, findings)


def _shares(data: Buffer, decoder: Decoder, out: Stored, workers: int) -> tuple[int, int]:
    """Return how many frames to decode at once, and with how many threads each: one by one where few, or large."""
    family = syntax_for(decoder.fmt.transfer_syntax).family
    few_or_large = len(out) < workers or out[0].nbytes >= LARGE_FRAME.get(family, out.nbytes)
    if workers > 1 and few_or_large and "threads" in decoder.entries(data)[0].honours:
        return 1, workers
    return workers, 1


def promised_format(index: FrameIndex, decoder: Decoder, number: int = 0) -> PixelFormat:
    """Return what decoding really gives, as the codestream of one frame tells it."""
    data = index[number]
    stream = peek(data, syntax_for(decoder.fmt.transfer_syntax).family)
    promised = settle(decoder.fmt, stream).promised
    check_frame(promised, len(data), stream)
    return promised


def _too_few(index: FrameIndex, fmt: PixelFormat, count: int) -> FrameError:
    if not syntax_for(fmt.transfer_syntax).encapsulated:
        return short_native_error(fmt, len(index.source))
    return FrameError(
        f"the encapsulated pixel data holds {len(index)} frames, but Number of Frames (0028,0008) is {count}: "
        "there are fewer fragments than frames"
    )


def is_plain(index: FrameIndex, decoder: Decoder) -> bool:
    """Tell whether the frames lie one after the other as whole bytes, samples in order and colour as wanted."""
    fmt = decoder.fmt
    native = syntax_for(fmt.transfer_syntax).family == "native"
    if not (native and index.contiguous) or fmt.bits_allocated in {1, 12} or decoder.codec is not None:
        return False
    return fmt.samples == 1 or (fmt.planar == 0 and not fmt.photometric.is_ybr)


def _plain(index: FrameIndex, fmt: PixelFormat, count: int, out: Stored | None) -> Decoded:
    """Return native frames by one `frombuffer` and `reshape`; equal to the loop over `decode_frame`."""
    kind = fmt.dtype.newbyteorder(">") if fmt.big_endian else fmt.dtype
    shape = (count, *fmt.frame_shape)
    view = np.frombuffer(index.source.read(0, count * fmt.frame_bytes), kind).reshape(shape)
    view.flags.writeable = False  # where the source is not, masking must not write to it
    out = _target(out, shape, fmt)
    findings: tuple[Finding, ...] = ()
    if fmt.big_endian or fmt.floating or (fmt.bits_stored == fmt.bits_allocated and not fmt.shift):
        out[...] = view
        view = out
    if not fmt.floating:
        array, findings = composite_bits(view, fmt, out)
        if array is not out:
            out[...] = array
    return Decoded(out, fmt.photometric, findings)


def _target(out: Any, shape: tuple[int, ...], fmt: PixelFormat) -> Stored:
    if out is None:
        fresh: Stored = np.empty(shape, fmt.dtype)
        return fresh
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != fmt.dtype or not out.flags.writeable:
        found = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise FrameError(f"out is {found}, needed a writable array of {fmt.dtype}, shape {shape}")
    given: Stored = out
    return given
