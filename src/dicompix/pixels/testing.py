"""Conformance checks for codecs, for their authors and for us: decoder or encoder and cases -> AssertionError."""

from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import Barrier
from typing import Any, Literal

import numpy as np

from dicompix.pixels.codecs.base import Codec, DecodeRequest, Encoded, Encoder, EncodeRequest, Frame, Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.settle import settle
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, syntax_for

_GUARD = 64  # bytes beside the target that no codec may touch
_FILL = 0xA5
_TURNS = 4  # how often each of two threads decodes a case


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodecCase:
    """One coded frame and what a codec must make of it.

    `fmt` says what is coded: precision and sign of the codestream, photometric interpretation of its samples.
    `expected` are the decoded samples, or the sha256 (hexadecimal) of their bytes, little endian, colour-by-pixel;
    each sample may differ by `tolerance`. `photometric` is what the samples are then; None: what `fmt` says.
    `truncation` "error": a stream cut short is a CodecError, or still gives the samples where nothing but padding is
    lost; "any": a codec may return what there is.
    """

    name: str
    fmt: PixelFormat
    data: bytes
    expected: Stored | str
    tolerance: int = 0
    photometric: Photometric | None = None
    truncation: Literal["error", "any"] = "error"

    def fault(self, frame: object) -> str:
        """Return what is wrong with a decoded frame, "" where nothing is."""
        if not isinstance(frame, Frame):
            return f"the codec returned {type(frame).__name__}, needed a Frame"
        array, fmt = frame.array, self.fmt
        if array.shape != fmt.frame_shape:
            return f"the array has shape {array.shape}, needed {fmt.frame_shape}, colour-by-pixel"
        if array.dtype != fmt.dtype:
            return f"the array is {array.dtype!r}, needed {fmt.dtype!r} in native byte order"
        wanted = fmt.photometric if self.photometric is None else self.photometric
        if frame.photometric != wanted:
            return f"the samples are said to be {frame.photometric}, needed {wanted}"
        return self._difference(array)

    def _difference(self, array: Stored) -> str:
        if isinstance(self.expected, str):
            found = sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()
            return "" if found == self.expected else f"the samples' sha256 is {found}, needed {self.expected}"
        if not self.tolerance:
            wrong = np.argwhere(array != self.expected)
        else:
            wrong = np.argwhere(np.abs(np.subtract(array, self.expected, dtype=np.float64)) > self.tolerance)
        if not len(wrong):
            return ""
        first = tuple(int(i) for i in wrong[0])
        return (
            f"{len(wrong)} of {array.size} samples are wrong by more than {self.tolerance}, first at {first}: "
            f"{array[first]}, needed {self.expected[first]}"
        )


def make_format(
    shape: tuple[int, ...],
    bits: int = 8,
    *,
    signed: bool = False,
    photometric: Photometric | None = None,
    transfer_syntax: str = EXPLICIT_LITTLE,
) -> PixelFormat:
    """Return the format of frames of `shape`, (rows, columns[, samples]), in the smallest container for `bits`.

    >>> fmt = make_format((2, 3), 12)
    >>> fmt.bits_allocated, fmt.bits_stored, fmt.photometric.value
    (16, 12, 'MONOCHROME2')
    >>> make_format((2, 3, 3)).photometric.value
    'RGB'
    """
    samples = shape[2] if len(shape) > 2 else 1
    usual = Photometric.MONOCHROME2 if samples == 1 else Photometric.RGB if samples == 3 else Photometric.ARGB
    return PixelFormat(
        rows=shape[0],
        columns=shape[1],
        samples=samples,
        photometric=usual if photometric is None else photometric,
        bits_allocated=bits if bits == 1 else next(size for size in (8, 16, 32, 64) if bits <= size),
        bits_stored=bits,
        signed=signed,
        transfer_syntax=transfer_syntax,
    )


def check_codec(codec: Codec, cases: Iterable[CodecCase], *, honours: Container[str] = ()) -> None:
    r"""Raise AssertionError, saying what is wrong, unless a codec keeps the contract in each of the cases.

    `honours` is that of the codec's table row: with "out", samples of one component must be decoded into `out`.

    >>> from dicompix.pixels.codecs.native import decode
    >>> words = np.array([[1, 2]], np.uint16)
    >>> case = CodecCase(name="words", fmt=make_format((1, 2), 16), data=b"\1\0\2\0", expected=words)
    >>> check_codec(decode, [case])
    """
    for case in cases:
        for law, check in _LAWS.items():
            try:
                fault = check(codec, case)
            except Exception as problem:
                raise AssertionError(f"{case.name}: {law}; {type(problem).__name__}: {problem}") from problem
            _require(case, law, fault)
        law = "with a target to decode into, nothing beside it may be written"
        _require(case, law, _into_out(codec, case, required="out" in honours))


def _require(case: CodecCase, law: str, fault: str) -> None:
    if fault:
        raise AssertionError(f"{case.name}: {law}; {fault}")


def _any_buffer(codec: Codec, case: CodecCase) -> str:
    """Decode from each kind of buffer, one of them not aligned."""
    shifted = memoryview(b"\0" + case.data)[1:]
    buffers: tuple[Buffer, ...] = (case.data, bytearray(case.data), memoryview(case.data), shifted)
    faults = (case.fault(codec(buffer, case.fmt, DecodeRequest(raw=True))) for buffer in buffers)
    return next(filter(None, faults), "")


def _pure(codec: Codec, case: CodecCase) -> str:
    """Decode from bytes that could be written to."""
    given = bytearray(case.data)
    codec(memoryview(given), case.fmt, DecodeRequest(raw=True))
    return "" if given == case.data else "they were written to"


def _without_raw(codec: Codec, case: CodecCase) -> str:
    """Decode with colour conversion allowed."""
    frame = codec(case.data, case.fmt, DecodeRequest())
    if frame.photometric == Photometric.RGB and case.fmt.photometric.is_ybr:
        return "" if frame.array.shape == case.fmt.frame_shape else f"the array has shape {frame.array.shape}"
    return case.fault(frame)


def _threads(codec: Codec, case: CodecCase) -> str:
    """Decode on two threads at once, and one frame with two threads."""
    start = Barrier(2, timeout=60)

    def decode(_: int) -> str:
        start.wait()
        frames = (codec(case.data, case.fmt, DecodeRequest(raw=True)) for _ in range(_TURNS))
        return next(filter(None, map(case.fault, frames)), "")

    with ThreadPoolExecutor(2) as pool:
        faults = list(pool.map(decode, range(2)))
    return next(filter(None, faults), case.fault(codec(case.data, case.fmt, DecodeRequest(raw=True, threads=2))))


def _truncated(codec: Codec, case: CodecCase) -> str:
    """Decode what is left after each of several cuts."""
    size = len(case.data)
    cuts = sorted({0, 1, *(size * part // 8 for part in range(1, 8)), *range(max(size - 6, 0), size)})
    for cut in cuts:
        frame = _attempt(codec, case, case.data[:cut])
        fault = "" if frame is None or case.truncation == "any" else case.fault(frame)
        if fault:
            return f"{cut} of {size} bytes were decoded, and {fault}"
    return ""


def _garbage(codec: Codec, case: CodecCase) -> str:
    """Decode noise, zeros, ones, and streams that turn into noise."""
    size = len(case.data)
    noise = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    any_bytes_are_samples = syntax_for(case.fmt.transfer_syntax).family == "native"
    for rubbish in (noise, bytes(size), b"\xff" * size):
        if _attempt(codec, case, rubbish) is not None and not any_bytes_are_samples:
            return f"{size} bytes beginning with {rubbish[:4].hex(' ')} were decoded"
    for part in (4, 2):
        _attempt(codec, case, case.data[: size // part] + noise[size // part :])
    return ""


def _attempt(codec: Codec, case: CodecCase, data: bytes) -> Any:
    try:
        return codec(data, case.fmt, DecodeRequest(raw=True))
    except CodecError as problem:
        if not str(problem):
            raise AssertionError("the CodecError says nothing") from problem
        return None


def _into_out(codec: Codec, case: CodecCase, *, required: bool) -> str:
    """Decode into an array that lies between guard bytes."""
    fmt = case.fmt
    room = np.full(fmt.array_bytes + 2 * _GUARD, _FILL, np.uint8)
    out = room[_GUARD:-_GUARD].view(fmt.dtype).reshape(fmt.frame_shape)
    frame = codec(case.data, fmt, DecodeRequest(raw=True, out=out))
    if (room[:_GUARD] != _FILL).any() or (room[-_GUARD:] != _FILL).any():
        return "bytes before or after it have changed"
    if required and fmt.samples == 1 and fmt.bits_allocated > 1 and not np.shares_memory(frame.array, out):
        return "its table row says that the codec honours out, but the samples are elsewhere"
    return case.fault(frame)


_LAWS: dict[str, Callable[[Codec, CodecCase], str]] = {
    "bytes, bytearray and memoryview must all decode": _any_buffer,
    "the encoded bytes must stay as they are": _pure,
    "unless raw is asked for, samples stay as they are or become RGB": _without_raw,
    "two threads at once must decode the same": _threads,
    "a stream cut short must be a CodecError": _truncated,
    "bytes that are no such stream must be a CodecError, and a broken one do no harm": _garbage,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EncoderCase:
    """One frame and the target that an encoder must code it for.

    `fmt` is as for `encode_frame`; after decoding each sample may differ by `tolerance`, None: by anything.
    """

    name: str
    fmt: PixelFormat
    array: Stored
    want: EncodeRequest = field(default_factory=EncodeRequest)
    tolerance: int | None = 0

    def fault(self, encoded: object) -> str:
        """Return what is wrong with a coded frame, "" where nothing is."""
        if not isinstance(encoded, Encoded) or not encoded.data:
            return f"the encoder returned {encoded!r:.60}, needed an Encoded with some bytes"
        label = replace(self.fmt, photometric=encoded.photometric, planar=encoded.planar)
        stream = peek(encoded.data, syntax_for(label.transfer_syntax).family)
        if findings := settle(label, stream).findings:
            return f"the codestream is another one than its label says: {findings[0]}"
        ybr = self.fmt.photometric.is_ybr or self.fmt.photometric == encoded.photometric
        decoded = decode_frame(encoded.data, label, want=DecodeRequest(raw=ybr)).array
        if decoded.shape != self.array.shape or decoded.dtype != self.array.dtype:
            return f"it decodes to {decoded.dtype} of shape {decoded.shape}"
        worst = int(np.abs(np.subtract(decoded, self.array, dtype=np.float64)).max())
        return "" if self.tolerance is None or worst <= self.tolerance else f"samples differ by {worst}"


def check_encoder(encoder: Encoder, cases: Iterable[EncoderCase]) -> None:
    r"""Raise AssertionError, saying what is wrong, unless an encoder keeps the contract in each of the cases.

    >>> from dicompix.pixels.codecs.encode_native import encode
    >>> words = np.array([[1, 2]], np.uint16)
    >>> check_encoder(encode, [EncoderCase(name="words", fmt=make_format((1, 2), 16), array=words)])
    """
    for case in cases:
        given = case.array.copy()
        given.flags.writeable = False  # an encoder that writes to it raises
        encoded = encoder(given, case.fmt, case.want)
        fault = case.fault(encoded)
        if fault:
            raise AssertionError(f"{case.name}: what is written must decode to what was given; {fault}")
        with ThreadPoolExecutor(2) as pool:
            others = list(pool.map(lambda _: encoder(given, case.fmt, case.want), range(_TURNS)))  # noqa: B023
        if any(other != encoded for other in others):
            raise AssertionError(f"{case.name}: two threads at once must write the same")
