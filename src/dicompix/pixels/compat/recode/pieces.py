"""Frames -> the pixel data element piece by piece, a window of frames in memory at a time (PS3.5 8.1, A.4)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from struct import pack
from typing import IO

import numpy as np

from dicompix.pixels.codecs.base import Encoded
from dicompix.pixels.compat.bookkeeping import LONGEST_VALUE, Loss, loss_of, lost
from dicompix.pixels.compat.byte_order import swap
from dicompix.pixels.compat.pixel_value import LAST_BASIC_OFFSET, offsets_of
from dicompix.pixels.compat.recode.coded import Frames
from dicompix.pixels.compat.recode.write import UNDEFINED, PixelElement, in_blocks
from dicompix.pixels.errors import CodecError, FrameError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.fragments.items import DELIMITER, HEADER, ITEM
from dicompix.pixels.frames import Buffer
from dicompix.pixels.parallel import in_parallel
from dicompix.pixels.read import Content
from dicompix.pixels.syntaxes import ENCAPSULATED_UNCOMPRESSED, syntax_for

PIXEL_DATA = 0x7FE00010
WINDOW_BYTES = 1 << 23  # of decoded frames; at least two for each thread
_BLOCK = 1 << 20
_FLOAT_VRS = {0x7FE00008: "OF", 0x7FE00009: "OD"}
Told = Callable[[float], object]  # what part of the file is done


def in_windows(frames: Frames, workers: int, told: Told) -> Iterator[Encoded]:
    """Yield the frames in order; those of a window are made in parallel, then the next ones."""
    count = frames.fmt.frames
    window = max(2 * workers, WINDOW_BYTES // frames.fmt.array_bytes)
    for start in range(0, count, window):
        many = min(window, count - start)
        made = in_parallel(partial(_numbered, frames, start), many, workers)
        for number, encoded in enumerate(made, start + 1):
            yield encoded
            told(number / count)


def _numbered(frames: Frames, start: int, number: int) -> Encoded:
    return frames.numbered(start + number)


def native_element(frames: Frames, workers: int, told: Told) -> PixelElement:
    """Return native pixel data of decoded frames, bits of one frame right after those of the last (PS3.5 8.1.1)."""
    fmt = frames.fmt
    length = -(-fmt.frame_bits * fmt.frames // 8)
    _check_length(length)
    pieces: Iterator[bytes] = (encoded.data for encoded in in_windows(frames, workers, told))
    if fmt.frame_bits % 8:
        pieces = joined_bits(pieces, fmt.frame_bits)
    vr = "OB" if fmt.bits_allocated <= 8 else "OW"
    return PixelElement(PIXEL_DATA, vr, length + length % 2, chain(pieces, [bytes(length % 2)]))


def joined_bits(frames: Iterable[bytes], bits: int) -> Iterator[bytes]:
    r"""Yield packed frames of `bits` bits each without the fill bits between them, the last byte filled up.

    >>> b"".join(joined_bits([b"\5", b"\7"], 3))
    b'='
    """
    held = np.empty(0, np.uint8)
    for frame in frames:
        new = np.unpackbits(np.frombuffer(frame, np.uint8), bitorder="little")[:bits]
        held = np.concatenate([held, new])
        whole = held.size - held.size % 8
        yield np.packbits(held[:whole], bitorder="little").tobytes()
        held = held[whole:]
    yield np.packbits(held, bitorder="little").tobytes()


def copied_element(tag: int, content: Content, told: Told) -> PixelElement:
    """Return native pixel data with every bit as it is, in little endian."""
    fmt, source = content.fmt, content.index.source
    if len(content.index) < fmt.frames:
        raise content.index.no_frame(len(content.index))
    length = len(source)
    _check_length(length)
    width = fmt.bits_allocated // 8 if fmt.big_endian and fmt.bits_allocated > 8 else 1

    def pieces() -> Iterator[Buffer]:
        for start in range(0, length, _BLOCK):
            block = source.read(start, min(start + _BLOCK, length))
            yield block if width == 1 else swap(bytes(block), width)
            told(start / length)
        yield bytes(length % 2)

    vr = _FLOAT_VRS.get(tag, "OB" if fmt.bits_allocated <= 8 else "OW")
    return PixelElement(tag, vr, length + length % 2, pieces())


def _check_length(length: int) -> None:
    if length > LONGEST_VALUE:
        raise FrameError(
            f"native pixel data of {length} bytes is longer than the 2**32 - 2 that the standard allows: needed a "
            f"compressed syntax, or {syntax_for(ENCAPSULATED_UNCOMPRESSED).name}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Coded frames in a temporary file, one to an item; their format as coded, and the loss where there is one."""

    file: IO[bytes]
    fmt: PixelFormat
    lengths: tuple[int, ...]
    loss: Loss | None

    def extended(self, *, wanted: bool | None) -> tuple[bytes, bytes] | None:
        """Return the Extended Offset Table and its lengths, where wanted, or needed: None (PS3.3 C.7.6.3.1.8)."""
        offsets = offsets_of(self.lengths)
        if wanted is False or (wanted is None and offsets[-1] <= LAST_BASIC_OFFSET):
            return None
        return pack(f"<{len(offsets)}Q", *offsets), pack(f"<{len(offsets)}Q", *self.lengths)

    def element(self, *, extended: bool) -> PixelElement:
        """Return the encapsulated element; its basic table is empty beside an extended one, and over 4 GiB."""
        offsets = offsets_of(self.lengths)
        known = not extended and offsets[-1] <= LAST_BASIC_OFFSET
        table = pack(f"<{len(offsets)}I", *offsets) if known else b""
        self.file.seek(0)
        pieces = chain([HEADER.pack(ITEM, len(table)), table], in_blocks(self.file), [HEADER.pack(DELIMITER, 0)])
        return PixelElement(PIXEL_DATA, "OB", UNDEFINED, pieces)


def into_items(frames: Frames, uid: str, file: IO[bytes], workers: int, told: Told) -> Items:
    """Make all frames and write them into `file` as items; what was lost counts where frames were encoded."""
    lengths: list[int] = []
    labels: set[tuple[Photometric, int]] = set()
    coded_bytes, any_lost = 0, False
    for number, encoded in enumerate(in_windows(frames, workers, told)):
        labels.add((encoded.photometric, encoded.planar))
        if len(labels) > 1:
            raise CodecError(f"frame {number} is coded as {encoded.photometric}, unlike those before it")
        lengths.append(_put_item(file, encoded.data))
        coded_bytes += len(encoded.data)
        any_lost = any_lost or (frames.recoded and lost(encoded.data, uid))
    ((photometric, planar),) = labels
    fmt = replace(frames.fmt, photometric=photometric, planar=planar)
    return Items(file, fmt, tuple(lengths), loss_of(fmt, coded_bytes) if any_lost else None)


def _put_item(file: IO[bytes], data: bytes) -> int:
    """Write one item and return its length, which is even."""
    length = len(data) + len(data) % 2
    if length > LONGEST_VALUE:
        raise FrameError(f"a coded frame has {length} bytes, an item holds at most {LONGEST_VALUE}")
    file.write(HEADER.pack(ITEM, length))
    file.write(data)
    file.write(bytes(length - len(data)))
    return length
