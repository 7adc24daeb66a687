"""The frames of a file -> frames for another transfer syntax: as they are, recompressed, or decoded and encoded."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Encoded, Frame
from dicompix.pixels.codecs.profiles import check_encoding
from dicompix.pixels.compat.bookkeeping import describe_coded
from dicompix.pixels.compat.recode.order import Order
from dicompix.pixels.compat.samples import samples_given
from dicompix.pixels.decode import Decoder
from dicompix.pixels.encode import can_encode, encode_frame, recompress
from dicompix.pixels.errors import CodecError, Finding, FrameError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.limits import check_salvage
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.policy import refuse
from dicompix.pixels.read import Content
from dicompix.pixels.read.display import fill_of
from dicompix.pixels.salvage import bytes_left

# Every stream of the first syntax is one of the second (PS3.5 10.4, A.4.10).
_SUBSETS = {(s.JPEG_LOSSLESS_SV1, s.JPEG_LOSSLESS), (s.HTJ2K_LOSSLESS_RPCL, s.HTJ2K_LOSSLESS)}
_RECOMPRESSED = {(s.JPEG_BASELINE, s.JPEG_XL_RECOMPRESSION), (s.JPEG_XL_RECOMPRESSION, s.JPEG_BASELINE)}
_UNPACKED = {12: 16}  # Bits Allocated of packed samples and of what they are decoded to


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames to write: their format, and how to make one; `recoded` where the header must follow the format."""

    fmt: PixelFormat
    make: Callable[[int], Encoded]
    recoded: bool = False

    def numbered(self, number: int) -> Encoded:
        """Return one frame; errors say which one it is."""
        try:
            return self.make(number)
        except (FrameError, CodecError) as problem:
            problem.args = (f"frame {number}: {problem}",)
            raise


def frames_for(header: Dataset, content: Content, order: Order, found: list[Finding], threads: int) -> Frames:
    """Return how each frame gets into the wanted syntax; `header` describes recoded ones from then on.

    Findings of the frames are added to `found` as they are made; under "strict" they are refused.
    """
    pair = (content.fmt.transfer_syntax, order.uid)
    same, twin = pair[0] == pair[1] or pair in _SUBSETS, pair in _RECOMPRESSED
    if (same or twin) and not order.want.given and (order.errors != "salvage" or all_whole(content)):
        if twin:
            return Frames(content.fmt, lambda number: _recompressed(content, number, order.uid))
        return Frames(content.fmt, lambda number: _as_it_is(content, number, order, found))
    if order.uid == s.JPEG_XL_RECOMPRESSION:
        raise UnsupportedError(
            f"{s.syntax_for(order.uid).name} is made of {s.syntax_for(s.JPEG_BASELINE).name}, "
            f"found {s.syntax_for(pair[0]).name}; needed another JPEG XL for samples"
        )
    return _recoded(header, content, order, found, threads)


def all_whole(content: Content) -> bool:
    """Tell whether each frame is there and can be decoded."""
    fmt, decoder = content.fmt, Decoder(fmt=content.fmt)

    def is_whole(number: int) -> bool:
        with suppress(CodecError, FrameError):
            decoder.frame(content.index[number])
            return True
        return False

    return len(content.index) >= fmt.frames and all(in_parallel(is_whole, fmt.frames, usable_cores()))


def _note(findings: Iterable[Finding], order: Order, found: list[Finding]) -> None:
    if order.errors == "strict":
        refuse(findings)
    found.extend(findings)


def _as_it_is(content: Content, number: int, order: Order, found: list[Finding]) -> Encoded:
    data = bytes(content.index[number])
    if order.verify:
        _note(Decoder(fmt=content.fmt).frame(data).at(number).findings, order, found)
    return Encoded(data, content.fmt.photometric, content.fmt.planar)


def _recompressed(content: Content, number: int, uid: str) -> Encoded:
    """Return JPEG as JPEG XL or the reverse; the header goes on describing the JPEG (PS3.5 8.2.15)."""
    data = recompress(content.index[number], content.fmt, uid)
    if data is None:
        raise CodecError(
            f"it cannot become {s.syntax_for(uid).name} without being decoded, so that every byte would come back: "
            "needed another syntax, or a parameter such as quality to have it encoded anew"
        )
    return Encoded(data, content.fmt.photometric, content.fmt.planar)


def _recoded(header: Dataset, content: Content, order: Order, found: list[Finding], threads: int) -> Frames:
    """Return frames that are decoded and encoded; the first is decoded here, as it tells what the samples are."""
    if content.fmt.floating:
        check_encoding(replace(content.fmt, transfer_syntax=order.uid), order.want)
    fill = fill_of(header, content.fmt) if order.errors == "salvage" else None
    decoder = Decoder(fmt=content.fmt, raw=not _is_lossy_jpeg(content.fmt), fill=fill)
    read = _Reader(content, decoder, threads)
    samples = read.samples
    if decoder.raw and samples.photometric.is_ybr and s.syntax_for(order.uid).lossy:
        coded = replace(samples, transfer_syntax=order.uid)
        if not can_encode(coded, want=order.want, codec=order.codec):
            read = _Reader(content, replace(decoder, raw=False), threads)
            samples = read.samples
    describe_coded(header, samples)
    target = samples_given(header, order.uid, read.first.array, near=order.want.near or 0)
    fmt, want = target.fmt, replace(order.want, threads=threads)

    def make(number: int) -> Encoded:
        frame = read.frame(number)
        _note(frame.at(number).findings, order, found)
        array = frame.array.astype(fmt.dtype, copy=False)
        return encode_frame(array, fmt, want=want, codec=order.codec, verify=order.verify)

    return Frames(replace(fmt, frames=content.fmt.frames), make, recoded=True)


class _Reader:
    """Decodes the frames of a file, which are to be alike: the first, of broken ones the first whole one, is kept."""

    def __init__(self, content: Content, decoder: Decoder, threads: int) -> None:
        self._content, self._decoder, self._threads = content, decoder, threads
        absent = content.fmt.frames - len(content.index)
        if decoder.fill is not None and absent > 0:
            check_salvage(content.fmt, absent, len(content.index.source))
        self._number, self._promised = self._telling()
        self.first = self._decoded(self._number)

    def _telling(self) -> tuple[int, PixelFormat]:
        """Return the first frame that tells what decoding gives, and that; what the header says where none does."""
        for number in range(self._content.fmt.frames if self._decoder.fill is not None else 0):
            with suppress(CodecError, FrameError):
                return number, self._decoder.promised(self._content.index[number])
        return 0, self._decoder.expected(self._bytes(0))

    def _bytes(self, number: int) -> Buffer:
        index = self._content.index
        return index[number] if self._decoder.fill is None else bytes_left(index, self._content.fmt, number)

    def _decoded(self, number: int) -> Frame:
        """Decode a frame; one that is salvaged has the shape of the others, and no colour where it is missing."""
        if self._decoder.fill is None:
            return self._decoder.frame(self._bytes(number), None, self._threads)
        out = np.empty(self._promised.frame_shape, self._promised.dtype)
        frame = self._decoder.frame(self._bytes(number), out, self._threads)
        if frame.missing is None:
            return frame
        if frame.missing.all() and number != self._number:
            frame = replace(frame, photometric=self.first.photometric)
        if frame.photometric.is_ybr:
            frame.array[frame.missing, 1:] = 1 << (self._promised.bits_stored - 1)  # PS3.3 C.7.6.3.1.2
        return frame

    def frame(self, number: int) -> Frame:
        """Return one frame; FrameError for one that is not like the first."""
        first = self.first
        frame = first if number == self._number else self._decoded(number)
        if (frame.array.shape, frame.photometric) != (first.array.shape, first.photometric):
            raise FrameError(
                f"it is {frame.photometric} of shape {frame.array.shape}, needed {first.photometric} of shape "
                f"{first.array.shape} as the first frame is"
            )
        return frame

    @property
    def samples(self) -> PixelFormat:
        """Return the format of the samples as one native frame."""
        promised = self._promised
        return replace(
            promised,
            photometric=self.first.photometric,
            planar=0,
            frames=1,
            bits_allocated=_UNPACKED.get(promised.bits_allocated, promised.bits_allocated),
            high_bit=None,
            transfer_syntax=s.EXPLICIT_LITTLE,
            big_endian=False,
        )


def _is_lossy_jpeg(fmt: PixelFormat) -> bool:
    """Tell whether samples come from lossy JPEG, whose YBR every reader turns into RGB; others keep theirs exactly."""
    syntax = s.syntax_for(fmt.transfer_syntax)
    return syntax.family == "jpeg" and syntax.lossy
