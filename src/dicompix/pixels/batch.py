"""Several frames of an index -> one array: in parallel, or by one view of them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder, isolation
from dicompix.pixels.errors import CodecError, Finding, FrameError, FrameIndexError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex, short_native_error
from dicompix.pixels.limits import check_array, check_frames, check_salvage
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.plain import Decoded, decode_packed, decode_plain, target_for
from dicompix.pixels.salvage import bytes_left
from dicompix.pixels.syntaxes import syntax_for

Given = TypeVar("Given")
Read = Callable[[int], Buffer]  # a frame's number -> its bytes
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
    except FrameIndexError:
        raise  # it says so itself
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
        if decoder.fill is None:
            raise _too_few(index, decoder.fmt, count)
        check_salvage(decoder.fmt, count - len(index), len(index.source))
        return decode_frames(index, decoder, range(count), out=out, workers=workers)
    if is_plain(index, decoder):
        return decode_plain(index, decoder.fmt, count, out, corrected=decoder.corrected)
    if is_packed(index, decoder):
        return decode_packed(index, decoder.fmt, count, out)
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
    read = index.__getitem__ if decoder.fill is None else partial(bytes_left, index, decoder.fmt)
    fmt = _format_of(read, decoder, numbers)
    large = () if out is not None else _check_size(index, fmt, len(numbers))
    if isolation and decoder.foreign:
        array, frames = _decode_elsewhere(read, decoder, numbers, fmt)
        if out is not None:
            np.copyto(target_for(out, array.shape, fmt), array)
            array = out
    else:
        array = target_for(out, (len(numbers), *fmt.frame_shape), fmt)
        workers, threads = _shares(read(numbers[0]), decoder, array, _workers(array, workers))
        frames = decode_into(array, numbers, lambda i, part: decoder.frame(read(i), part, threads), workers)
    findings = (*large, *[finding for frame in frames for finding in frame.findings])
    missing = [(i, frame.missing) for i, frame in zip(numbers, frames, strict=True) if frame.missing is not None]
    return Decoded(array, frames[0].photometric, findings, tuple(missing))


def _format_of(read: Read, decoder: Decoder, numbers: Sequence[int]) -> PixelFormat:
    """Return what decoding gives, as the first frame tells it; where frames are salvaged, the first that can."""
    if decoder.fill is None:
        return decoder.promised(read(numbers[0]))
    for number in numbers:
        with suppress(CodecError, FrameError):
            return decoder.promised(read(number))
    return decoder.expected(read(numbers[0]))


def _check_size(index: FrameIndex, fmt: PixelFormat, frames: int) -> tuple[Finding, ...]:
    """Raise LimitError for more frames than their bytes can hold; nobody knows how many those of a server are."""
    held = len(index.source)
    return check_frames(fmt, frames, held) if held else check_array(frames * fmt.array_bytes)


def _decode_elsewhere(
    read: Read, decoder: Decoder, numbers: Sequence[int], fmt: PixelFormat
) -> tuple[Stored, list[Frame]]:
    array, answers = isolation[-1](decoder, [read(i) for i in numbers], fmt, coded=False)
    every = zip(numbers, answers, array, strict=True)
    return array, [_at(i, lambda _, given: decoder.answered(*given), (one, fmt, out)) for i, one, out in every]


def _shares(data: Buffer, decoder: Decoder, out: Stored, workers: int) -> tuple[int, int]:
    """Return how many frames to decode at once, and with how many threads each: one by one where few, or large."""
    if decoder.fill is not None:  # the codecs for a broken frame cannot be told
        return workers, 1
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
    if not (_is_native(decoder) and index.contiguous) or fmt.bits_allocated in {1, 12}:
        return False
    return fmt.samples == 1 or (fmt.planar == 0 and not fmt.photometric.is_ybr)


def is_packed(index: FrameIndex, decoder: Decoder) -> bool:
    """Tell whether the frames are single bits that follow each other without a gap."""
    fmt = decoder.fmt
    return _is_native(decoder) and fmt.bits_allocated == 1 and fmt.samples == 1 and index.even


def _is_native(decoder: Decoder) -> bool:
    return syntax_for(decoder.fmt.transfer_syntax).family == "native" and decoder.codec is None
