"""Native frames that lie one after the other -> one array, by one view of them (PS3.5 8.2)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.conform import composite_bits
from dicompix.pixels.errors import Finding, FrameError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import FrameIndex
from dicompix.pixels.limits import check_array


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Several decoded frames in one array, (frames, rows, columns[, samples])."""

    array: Stored
    photometric: Photometric
    findings: tuple[Finding, ...] = ()
    missing: tuple[tuple[int, Stored], ...] = ()  # numbers of salvaged frames, True for each pixel that is not there


def native_view(index: FrameIndex, fmt: PixelFormat, frames: range) -> Stored:
    """Return native frames of whole bytes as a view of their source, in its byte order and colour-by-pixel."""
    kind = fmt.dtype.newbyteorder(">") if fmt.big_endian else fmt.dtype
    data = index.source.read(frames.start * fmt.frame_bytes, frames.stop * fmt.frame_bytes)
    return np.frombuffer(data, kind).reshape(len(frames), *fmt.frame_shape)


def decode_plain(
    index: FrameIndex, fmt: PixelFormat, count: int, out: Stored | None, *, corrected: bool = True
) -> Decoded:
    """Return native frames by one `frombuffer` and `reshape`; equal to the loop over `decode_frame`."""
    view = native_view(index, fmt, range(count))
    large = () if out is not None else check_array(view.nbytes)
    view.flags.writeable = False  # where the source is not, masking must not write to it
    out = target_for(out, view.shape, fmt)
    findings: tuple[Finding, ...] = ()
    corrected = corrected and not fmt.floating
    if fmt.big_endian or not corrected or (fmt.bits_stored == fmt.bits_allocated and not fmt.shift):
        out[...] = view
        view = out
    if corrected:
        array, findings = composite_bits(view, fmt, out)
        if array is not out:
            out[...] = array
    return Decoded(out, fmt.photometric, (*large, *findings) if large else findings)


def decode_packed(index: FrameIndex, fmt: PixelFormat, count: int, out: Stored | None) -> Decoded:
    """Return frames of single bits, which follow each other without a gap, by one call for all (PS3.5 8.1.1)."""
    shape = (count, *fmt.frame_shape)
    samples = count * fmt.frame_bits
    large = () if out is not None else check_array(samples)
    packed = np.frombuffer(index.source.read(0, -(-samples // 8)), np.uint8)
    array: Stored = np.unpackbits(packed, count=samples, bitorder="little").reshape(shape)
    if out is not None:
        target_for(out, shape, fmt)[...] = array
        array = out
    return Decoded(array, fmt.photometric, large)


def target_for(out: Any, shape: tuple[int, ...], fmt: PixelFormat) -> Stored:
    """Return the array to decode into: the caller's, FrameError where it does not fit, or a new one."""
    if out is None:
        fresh: Stored = np.empty(shape, fmt.dtype)
        return fresh
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != fmt.dtype or not out.flags.writeable:
        found = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise FrameError(f"out is {found}, needed a writable array of {fmt.dtype}, shape {shape}")
    given: Stored = out
    return given
