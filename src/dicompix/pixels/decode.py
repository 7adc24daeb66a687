"""The only way to decode: bytes of a frame -> Frame (peek, codec, conform)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.conform import conform
from dicompix.pixels.errors import CodecError, Finding, FrameError, MissingCodecError, PixelError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.limits import check_frame, check_salvage
from dicompix.pixels.registry import Choice, Registry, registry
from dicompix.pixels.salvage import Salvage
from dicompix.pixels.settle import Settled, settle
from dicompix.pixels.syntaxes import syntax_for

_PLAIN = DecodeRequest()


# Decodes frames of one format somewhere else: returns the array of all of them, and each frame or why there is none.
Elsewhere = Callable[..., tuple[Stored, list[Frame | PixelError]]]
isolation: list[Elsewhere] = []  # the last one entered counts, in all threads


@contextmanager
def isolated_by(elsewhere: Elsewhere) -> Iterator[None]:
    """Have `elsewhere` decode what needs a codec's library, until the block ends."""
    isolation.append(elsewhere)
    try:
        yield
    finally:
        isolation.remove(elsewhere)


def raised(answer: Frame | PixelError) -> Frame:
    """Return the frame, or raise the error that there is instead."""
    if isinstance(answer, PixelError):
        raise answer
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """How to decode the frames of one image: format, codecs to use, raw colour or RGB, bits corrected or as coded.

    With `fill` a frame that cannot be decoded is salvaged: missing samples get that value.
    """

    fmt: PixelFormat
    codec: Choice = None
    raw: bool = False
    codecs: Registry = registry
    corrected: bool = True
    fill: float | None = None

    def frame(self, data: Buffer, out: Stored | None = None, threads: int = 1) -> Frame:
        """Decode one frame from its bytes; with `fill`, what can be had of it."""
        if isolation and self.foreign:
            return self._isolated(data, out)
        if self.fill is None:
            return self._whole(data, out, threads)
        try:
            return self._whole(data, out, threads)
        except (CodecError, FrameError) as problem:
            return self._salvage(self.fill).frame(data, problem, out)

    def _whole(self, data: Buffer, out: Stored | None, threads: int) -> Frame:
        want = DecodeRequest(raw=self.raw, out=out, threads=threads)
        frame, settled = _decoded(data, self.fmt, want, self.codec, self.codecs)
        return conform(frame, settled, want, corrected=self.corrected).noting(*settled.findings)

    @property
    def foreign(self) -> bool:
        """Tell whether somebody else's code decodes the frames."""
        return syntax_for(self.fmt.transfer_syntax).family not in {"native", "deflated"} and self.codecs.portable

    def _salvage(self, fill: float) -> Salvage:
        return Salvage(fmt=self.fmt, raw=self.raw, fill=fill)

    def answered(self, answer: Frame | PixelError, fmt: PixelFormat, out: Stored | None = None) -> Frame:
        """Return a frame that was decoded elsewhere, an absent one with `fill`, or raise the error there is instead."""
        if self.fill is None or not isinstance(answer, CodecError | FrameError):
            return raised(answer)
        return self._salvage(self.fill).absent(fmt.frame_shape, fmt.dtype, answer, out)

    def _isolated(self, data: Buffer, out: Stored | None) -> Frame:
        fmt = self.expected(data)
        frame = self.answered(isolation[-1](self, [data], fmt, coded=False)[1][0], fmt)
        if out is None:
            return frame
        check_fit(fmt, out.shape, out.dtype)
        np.copyto(out, frame.array)
        return replace(frame, array=out)

    def promised(self, data: Buffer) -> PixelFormat:
        """Return what decoding a frame really gives, as its codestream tells it."""
        stream = peek(data, syntax_for(self.fmt.transfer_syntax).family)
        promised = settle(self.fmt, stream).promised
        check_frame(promised, len(data), stream)
        return promised

    def expected(self, data: Buffer) -> PixelFormat:
        """Return what decoding or salvaging a frame gives: what the header says where the codestream is too broken."""
        try:
            return self.promised(data)
        except (CodecError, FrameError):
            if self.fill is None:
                raise
            check_salvage(self.fmt, 1, len(data))
            return self.fmt

    def coded_frame(self, data: Buffer) -> tuple[Frame, PixelFormat]:
        """Decode one frame and leave it as the codec gave it; with the format that the codestream gave it."""
        if isolation and self.foreign:
            coded = settle(self.fmt, peek(data, syntax_for(self.fmt.transfer_syntax).family)).coded
            return raised(isolation[-1](self, [data], coded, coded=True)[1][0]), coded
        frame, settled = _decoded(data, self.fmt, DecodeRequest(raw=True), self.codec, self.codecs)
        return frame.noting(*settled.findings), settled.coded

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
    decoder = Decoder(fmt=fmt, codec=codec, raw=want.raw, codecs=codecs)
    if isolation and decoder.foreign:
        return decoder.frame(data, want.out)
    frame, settled = _decoded(data, fmt, want, codec, codecs)
    return conform(frame, settled, want).noting(*settled.findings)


def _decoded(
    data: Buffer, fmt: PixelFormat, want: DecodeRequest, codec: Choice, codecs: Registry
) -> tuple[Frame, Settled]:
    """Return a frame as the best codec gives it, and what its codestream says that it is."""
    family = syntax_for(fmt.transfer_syntax).family
    try:
        stream = peek(data, family)
        settled = settle(fmt, stream)
    except CodecError as problem:
        raise _all_failed([("codestream", problem)]) from problem
    large = check_frame(settled.promised, len(data), stream)
    if want.out is not None:
        check_fit(settled.promised, want.out.shape, want.out.dtype)
    if stream is not None and stream.start:
        data = memoryview(data)[stream.start :]
    entries = codecs.find(settled.coded.transfer_syntax, codec, settled.coded, stream)
    return _first_that_can(data, settled, want, entries, codecs).noting(*large), settled


def check_fit(fmt: PixelFormat, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise FrameError for a frame that an array of that shape and type does not hold."""
    if shape != fmt.frame_shape or dtype.newbyteorder("=") != fmt.dtype:
        raise FrameError(f"the frame is {fmt.frame_shape} {fmt.dtype}, needed {shape} {dtype} as the first frame is")


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
    listed = "\n  ".join(f"{name}: {_without_name(str(problem), name)}" for name, problem in problems)
    error = CodecError("Unable to decode as exceptions were raised by all available plugins:\n  " + listed)
    error.__cause__ = problems[0][1]
    return error


def _without_name(text: str, name: str) -> str:
    """Return a reason without the codec's name, which many libraries put in front of their own words."""
    return text[len(name) + 2 :] if text.casefold().startswith(f"{name}: ") else text


def _fallback(entry: CodecEntry, failed: CodecEntry, why: CodecError) -> Finding:
    message = f"codec {failed.name} failed ({why}), decoded by the next one"
    return Finding(code="codec-fallback", message=message, found=failed.name, used=entry.name)
