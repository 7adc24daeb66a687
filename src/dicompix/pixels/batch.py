"""Several frames of an index -> one array: in parallel, or by one view of them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder, check_fit, isolation, raised
from dicompix.pixels.errors import CodecError, FrameError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex, short_native_error
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.plain import Decoded, decode_plain, target_for
from dicompix.pixels.syntaxes import syntax_for

Given = TypeVar("Given")
SMALL_WORK = 1 << 19  # bytes of decoded pixels below which threads cost more than they save
# Bytes of a frame from which a codec's own threads are about as fast as frames side by side, in less memory.
LARGE_FRAME = {"jpeg-2000": 1 << 19, "jpeg-xl": 1 << 22}


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


def _at(index: int, decode_one: Callable[[int, Given], Frame], given: Given) -> Frame:
    """Decode one frame of many; errors and findings say which one."""
    try:
        return decode_one(index, given).at(index)
    except (FrameError, CodecError) as problem:
        problem.args = (f"frame {index}: {problem}",)
        raise


def decode_all(
    index: FrameIndex, decoder: Decoder, count: int, *, out: Stored | None = None, workers: int | None = None
) -> Decoded:
    """Decode the first `count` frames of an index into one array, in parallel, or by one view where they are native.

    Raises FrameError where the pixel data holds fewer frames, or frames of differing shape.
    """
    if len(index) < count:
        raise _too_few(index, decoder.fmt, count)
    if is_plain(index, decoder):
        return decode_plain(index, decoder.fmt, count, out, corrected=decoder.corrected)
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
    if isolation and decoder.foreign:
        return _decode_elsewhere(index, decoder, numbers, fmt, out)
    out = target_for(out, (len(numbers), *fmt.frame_shape), fmt)
    workers, threads = _shares(index[numbers[0]], decoder, out, _workers(out, workers))
    frames = decode_into(out, numbers, lambda i, part: decoder.frame(index[i], part, threads), workers)
    findings = tuple(finding for frame in frames for finding in frame.findings)
    return Decoded(out, frames[0].photometric, findings)


def _decode_elsewhere(
    index: FrameIndex, decoder: Decoder, numbers: Sequence[int], fmt: PixelFormat, out: Stored | None
) -> Decoded:
    parts = [index[i] for i in numbers]
    for part in parts[1:]:
        check_fit(decoder.promised(part), fmt.frame_shape, fmt.dtype)
    array, answers = isolation[-1](decoder, parts, fmt, coded=False)
    frames = [_at(i, lambda _, one: raised(one), answer) for i, answer in zip(numbers, answers, strict=True)]
    if out is not None:
        np.copyto(target_for(out, array.shape, fmt), array)
        array = out
    findings = tuple(finding for frame in frames for finding in frame.findings)
    return Decoded(array, frames[0].photometric, findings)


def _shares(data: Buffer, decoder: Decoder, out: Stored, workers: int) -> tuple[int, int]:
    """Return how many frames to decode at once, and with how many threads each: one by one where few, or large."""
    family = syntax_for(decoder.fmt.transfer_syntax).family
    few_or_large = len(out) < workers or out[0].nbytes >= LARGE_FRAME.get(family, out.nbytes)
    if workers > 1 and few_or_large and "threads" in decoder.entries(data)[0].honours:
        return 1, workers
    return workers, 1


def promised_format(index: FrameIndex, decoder: Decoder, number: int = 0) -> PixelFormat:
    """Return what decoding really gives, as the codestream of one frame tells it."""
    return decoder.promised(index[number])


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
