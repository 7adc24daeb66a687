"""What every codec takes and gives: DecodeRequest and Frame, EncodeRequest and Encoded, and the two contracts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from dicompix.pixels.codestream.base import has_end_marker
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer

Stored = np.ndarray[Any, np.dtype[Any]]
Region = tuple[slice, slice]  # rows, columns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodeRequest:
    """How the caller wants a frame.

    `raw` keeps YBR samples; `out` is an array of the frame's shape to decode into; `threads` may be used inside
    the frame; `level` halves the resolution that many times; `region` limits rows and columns. A codec may ignore
    `out`, `level` and `region`.
    """

    raw: bool = False
    out: Stored | None = None
    threads: int = 1
    level: int = 0
    region: Region | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded frame: (rows, columns[, samples]), native order, colour-by-pixel, and what its samples are.

    `missing` is True for each pixel, (rows, columns), that a broken frame does not hold; None where all are there.
    """

    array: Stored
    photometric: Photometric
    findings: tuple[Finding, ...] = field(default=())
    missing: Stored | None = None

    def at(self, frame: int) -> "Frame":
        """Return this frame with its number in each finding."""
        return replace(self, findings=tuple(finding.at(frame) for finding in self.findings)) if self.findings else self

    def noting(self, *findings: Finding) -> "Frame":
        """Return this frame with more findings."""
        return replace(self, findings=(*self.findings, *findings)) if findings else self


class Codec(Protocol):
    """Decode one frame; pure, thread-safe, raises CodecError for a frame that it cannot decode."""

    def __call__(self, data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        """Return the decoded frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeRequest:
    """How the caller wants a frame coded; a parameter that the target syntax has no use for is an error.

    `quality` is 1 to 100 as in libjpeg: JPEG, JPEG XL, JPEG 2000, HTJ2K. `near` is the greatest error of a JPEG-LS
    sample. `ratio` is that of native to coded bytes, `psnr` in dB: JPEG 2000, one value for each quality layer, and
    HTJ2K, one value. `distance` is JPEG XL's, in units of just noticeable difference. `component_transform` lets RGB
    be coded as luminance and chrominance: JPEG, JPEG 2000, HTJ2K. `subsampling` of lossy JPEG is "422" or "444".

    >>> EncodeRequest(near=2).given
    ('near',)
    """

    quality: float | None = None
    near: int | None = None
    ratio: float | tuple[float, ...] | None = None
    psnr: float | tuple[float, ...] | None = None
    distance: float | None = None
    subsampling: str | None = None
    component_transform: bool = True
    threads: int = 1

    @property
    def given(self) -> tuple[str, ...]:
        """Return the names of the parameters that are set, `component_transform` and `threads` aside."""
        names = ("quality", "near", "ratio", "psnr", "distance", "subsampling")
        return tuple(name for name in names if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Encoded:
    """One coded frame, and what the data set must say of it: Photometric Interpretation, Planar Configuration.

    The bytes may be of odd number; an item of encapsulated pixel data is padded to an even one (PS3.5 A.4).
    """

    data: bytes
    photometric: Photometric
    planar: int = 0


class Encoder(Protocol):
    """Encode one frame; pure, thread-safe, raises CodecError for a frame that its library cannot encode.

    `array` is contiguous, of native byte order, of the format's shape and type, its values within Bits Stored.
    """

    def __call__(self, array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
        """Return the coded frame."""


def scratch(want: DecodeRequest, shape: tuple[int, ...], dtype: str) -> Stored | None:
    """Return the caller's array, seen as `dtype`, where a library can decode straight into it.

    >>> out = np.zeros((2, 3), np.int16)
    >>> scratch(DecodeRequest(out=out), (2, 3), "u2").dtype
    dtype('uint16')
    """
    out = want.out
    if out is None or out.shape != shape or not out.flags.c_contiguous or not out.dtype.isnative:
        return None
    wanted = np.dtype(dtype)
    if out.dtype == wanted:
        return out
    return out.view(wanted) if out.dtype.itemsize == wanted.itemsize else None


def as_unsigned(array: Stored, fmt: PixelFormat) -> Stored:
    """Return signed samples as the low Bits Stored bits of their two's complement, for codings without a sign.

    >>> as_unsigned(np.array([-1], np.int16), PixelFormat(rows=1, columns=1, bits_allocated=16, bits_stored=12))
    array([4095], dtype=uint16)
    """
    if array.dtype.kind != "i":
        return array
    bits: Stored = array.view(array.dtype.str.replace("i", "u"))
    kept: Stored = np.bitwise_and(bits, bits.dtype.type((1 << fmt.bits_stored) - 1))
    return kept


def shaped(array: Stored, fmt: PixelFormat) -> Stored:
    """Return `array` in the frame's shape; CodecError where the codec gave another number of samples."""
    if array.shape == fmt.frame_shape:
        return array
    if array.size != fmt.rows * fmt.columns * fmt.samples:
        raise CodecError(f"the codec returned an array of shape {array.shape}, needed {fmt.frame_shape}")
    return array.reshape(fmt.frame_shape)


def fill(out: Stored, array: Stored) -> None:
    """Write samples to `out`: planes one after the other, which NumPy does several times faster than by pixel."""
    apart = array.ndim == 3 and array.strides[-1] > array.strides[-2]
    for number in range(array.shape[-1] if apart else 0):
        np.copyto(out[..., number], array[..., number], casting="unsafe")
    if not apart:
        np.copyto(out, array, casting="unsafe")


@contextmanager
def failures(library: str) -> Iterator[None]:
    """Turn what a library raises into CodecError, a panic of Rust included, which is no Exception.

    >>> with failures("somelib"):
    ...     raise OSError("bad stream")
    Traceback (most recent call last):
    dicompix.pixels.errors.CodecError: somelib: bad stream
    """
    try:
        yield
    except (MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as problem:
        raise CodecError(f"{library}: {problem}") from problem


def ended(data: Buffer) -> bool:
    """Tell whether an end marker (FF D9) closes the stream, padding aside.

    >>> ended(bytes.fromhex("FFD8 FFD9 00")), ended(bytes.fromhex("FFD8 FFDA"))
    (True, False)
    """
    return has_end_marker(data, len(data)) or b"\xff\xd9" in bytes(data[-16:])


def require_end(data: Buffer) -> None:
    """Raise CodecError for a stream without an end marker: libraries return a part of it, or count bits for seconds."""
    if not ended(data):
        raise CodecError(f"the stream is truncated: no end marker (FF D9) after {len(data)} bytes")


def color_after(fmt: PixelFormat) -> Photometric:
    """Return the photometric interpretation of decoded samples when no colour was converted: chroma is whole again."""
    return _EXPANDED.get(fmt.photometric, fmt.photometric)


_EXPANDED = {Photometric.YBR_FULL_422: Photometric.YBR_FULL}
