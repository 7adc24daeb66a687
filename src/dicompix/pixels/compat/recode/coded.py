"""The frames of a file -> frames for another transfer syntax: as they are, recompressed, or decoded and encoded."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from dicompix.pixels import syntaxes as s
from dicompix.pixels.batch import promised_format
from dicompix.pixels.codecs.base import Encoded, Frame
from dicompix.pixels.codecs.profiles import check_encoding
from dicompix.pixels.compat.bookkeeping import describe_coded
from dicompix.pixels.compat.recode.order import Order
from dicompix.pixels.compat.samples import samples_given
from dicompix.pixels.decode import Decoder, decode_frame
from dicompix.pixels.encode import can_encode, encode_frame, recompress
from dicompix.pixels.errors import CodecError, Finding, FrameError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.read import Content

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

    Findings of the frames are added to `found` as they are made.
    """
    pair = (content.fmt.transfer_syntax, order.uid)
    if not order.want.given and (pair[0] == pair[1] or pair in _SUBSETS):
        return Frames(content.fmt, lambda number: _as_it_is(content, number, found, verify=order.verify))
    if not order.want.given and pair in _RECOMPRESSED:
        return Frames(content.fmt, lambda number: _recompressed(content, number, order.uid))
    if order.uid == s.JPEG_XL_RECOMPRESSION:
        raise UnsupportedError(
            f"{s.syntax_for(order.uid).name} is made of {s.syntax_for(s.JPEG_BASELINE).name}, "
            f"found {s.syntax_for(pair[0]).name}; needed another JPEG XL for samples"
        )
    return _recoded(header, content, order, found, threads)


def _as_it_is(content: Content, number: int, found: list[Finding], *, verify: bool) -> Encoded:
    data = bytes(content.index[number])
    if verify:
        found += decode_frame(data, content.fmt).at(number).findings
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
    decoder = Decoder(fmt=content.fmt, raw=not _is_lossy_jpeg(content.fmt))
    first, samples = _first(content, decoder, threads)
    if decoder.raw and samples.photometric.is_ybr and s.syntax_for(order.uid).lossy:
        coded = replace(samples, transfer_syntax=order.uid)
        if not can_encode(coded, want=order.want, codec=order.codec):
            decoder = replace(decoder, raw=False)
            first, samples = _first(content, decoder, threads)
    describe_coded(header, samples)
    target = samples_given(header, order.uid, first.array, near=order.want.near or 0)
    fmt, want = target.fmt, replace(order.want, threads=threads)

    def make(number: int) -> Encoded:
        frame = first if number == 0 else decoder.frame(content.index[number], None, threads)
        found.extend(frame.at(number).findings)
        if (frame.array.shape, frame.photometric) != (first.array.shape, first.photometric):
            raise FrameError(
                f"it is {frame.photometric} of shape {frame.array.shape}, needed {first.photometric} of shape "
                f"{first.array.shape} as the first frame is"
            )
        array = frame.array.astype(fmt.dtype, copy=False)
        return encode_frame(array, fmt, want=want, codec=order.codec, verify=order.verify)

    return Frames(replace(fmt, frames=content.fmt.frames), make, recoded=True)


def _first(content: Content, decoder: Decoder, threads: int) -> tuple[Frame, PixelFormat]:
    """Return the first frame, and the format of its samples as one native frame."""
    frame = decoder.frame(content.index[0], None, threads)
    promised = promised_format(content.index, decoder)
    samples = replace(
        promised,
        photometric=frame.photometric,
        planar=0,
        frames=1,
        bits_allocated=_UNPACKED.get(promised.bits_allocated, promised.bits_allocated),
        high_bit=None,
        transfer_syntax=s.EXPLICIT_LITTLE,
        big_endian=False,
    )
    return frame, samples


def _is_lossy_jpeg(fmt: PixelFormat) -> bool:
    """Tell whether samples come from lossy JPEG, whose YBR every reader turns into RGB; others keep theirs exactly."""
    syntax = s.syntax_for(fmt.transfer_syntax)
    return syntax.family == "jpeg" and syntax.lossy
