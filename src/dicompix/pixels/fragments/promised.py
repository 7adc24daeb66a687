"""Frames where an offset table says they are, each checked when it is read (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments.items import DELIMITER, HEADER, ITEM, UNDEFINED, filled
from dicompix.pixels.fragments.tables import cut_to, fits, unwrapped
from dicompix.pixels.frames import FarSource, FrameIndex, MappedSource, Source, Span, ahead

Words = np.ndarray[Any, np.dtype[np.uint64]]
Spans = tuple[Span, ...]
Walk = Callable[[Source, PixelFormat, tuple[bytes, bytes] | None], FrameIndex]


class Promise(Protocol):
    """What an offset table says of the frames."""

    @property
    def extended(self) -> tuple[bytes, bytes] | None:
        """Return the Extended Offset Table and its lengths, where it is that one."""

    def __len__(self) -> int:
        """Return how many frames there are."""

    def spans(self, source: Source, frame: int) -> Spans | None:
        """Return the spans of a frame, None where the items there are not as the table says."""


class PromisedFrameIndex(FrameIndex):
    """An index by an offset table; that the table lies is a finding once a frame shows it.

    From then on the frames are those that `walk` finds. It can be pickled as far as its source can.
    """

    __slots__ = ("_fmt", "_promise", "_walk")

    def __init__(self, source: Source, fmt: PixelFormat, promise: Promise, walk: Walk) -> None:
        super().__init__(source, (), declared=fmt.frames)
        self._fmt, self._walk = fmt, walk
        self._promise: Promise | None = promise

    def __len__(self) -> int:
        return super().__len__() if self._promise is None else len(self._promise)

    def spans(self, frame: int) -> Spans:
        """Return where the bytes of a frame lie in the source."""
        promise = self._promise
        if promise is None or not 0 <= frame < len(promise):
            return super().spans(frame)
        spans = promise.spans(self.source, frame)
        if spans is not None:
            return spans
        walked = self._walk(self.source, self._fmt, promise.extended)
        # Two threads at once walk twice, and find the same.
        self._spans, self.findings, self._promise = walked._spans, walked.findings, None  # noqa: SLF001
        return super().spans(frame)


def promised_index(
    source: FarSource, fmt: PixelFormat, extended: tuple[bytes, bytes] | None, walk: Walk
) -> FrameIndex | None:
    """Return an index by the offset table, or None where there is none, or one that cannot be true."""
    head = source.read_ahead(0, 8)
    if len(head) < 8:
        return None
    tag, length = HEADER.unpack(head)
    if tag != ITEM or 8 + length > len(source):
        return None
    promise = _extended(source, fmt, 8 + length, extended) if extended else _basic(source, fmt, 8 + length)
    if promise is None:
        return None
    # Both ends of a file on a disk cost little, and show that it is whole.
    ends = {0, fmt.frames - 1} if isinstance(source, MappedSource) else ()
    if any(promise.spans(source, frame) is None for frame in ends):
        return None
    return PromisedFrameIndex(source, fmt, promise, walk)


@dataclass(frozen=True, slots=True, eq=False)
class ExtendedOffsets:
    """Frame `i` is ``lengths[i]`` bytes of the fragment at ``first + offsets[i]``."""

    first: int
    offsets: Words
    lengths: Words

    @property
    def extended(self) -> tuple[bytes, bytes] | None:
        """Return the tables as they stand in the file."""
        return self.offsets.astype("<u8").tobytes(), self.lengths.astype("<u8").tobytes()

    def __len__(self) -> int:
        return len(self.offsets)

    def spans(self, source: Source, frame: int) -> Spans | None:
        """Return the span of a frame, None where there is no item of that length."""
        begin, length = self.first + int(self.offsets[frame]), int(self.lengths[frame])
        tag, found = HEADER.unpack(bytes(source.read(begin, begin + 8 + length)[:8]))
        span = (begin + 8, begin + 8 + found)
        return (cut_to(span, length),) if tag == ITEM and fits(span, length) else None


def _extended(source: Source, fmt: PixelFormat, first: int, extended: tuple[bytes, bytes]) -> Promise | None:
    if any(len(part) != 8 * fmt.frames for part in extended):
        return None
    offsets, lengths = (np.frombuffer(part, "<u8") for part in extended)
    room = len(source) - first - 8
    if room < 0 or offsets.max() > room or lengths.max() > room or (offsets + lengths).max() > room:
        return None
    return ExtendedOffsets(first, offsets, lengths) if len(np.unique(offsets)) == fmt.frames else None


@dataclass(frozen=True, slots=True, eq=False)
class BasicOffsets:
    """Frame `i` is the items from byte ``bounds[i]`` to ``bounds[i + 1]``; the last one's end at the delimiter."""

    bounds: Words

    @property
    def extended(self) -> None:
        """Return None: it is the basic table."""
        return

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def spans(self, source: Source, frame: int) -> Spans | None:
        """Return the spans of a frame, None where its items do not end where the next frame begins."""
        begin, end = int(self.bounds[frame]), int(self.bounds[frame + 1])
        if frame == len(self) - 1:
            return _items_between(source, begin, end, last=True)
        source.read(begin, end)  # all of it by one access, the headers are among it
        return _items_between(source, begin, end, last=False)


def _basic(source: FarSource, fmt: PixelFormat, first: int) -> Promise | None:
    raw = bytes(source.read_ahead(8, first))
    if len(raw) != 4 * fmt.frames:
        return None
    offsets = np.array(unwrapped(tuple(np.frombuffer(raw, "<u4").tolist())), np.uint64)
    if offsets[0] or (np.diff(offsets.astype(np.int64)) <= 0).any() or first + int(offsets[-1]) + 8 > len(source):
        return None
    return BasicOffsets(np.append(offsets + np.uint64(first), np.uint64(len(source))))


def _items_between(source: Source, begin: int, end: int, *, last: bool) -> Spans | None:
    """Return the spans of the items that fill `begin` to `end`, or None; the `last` ones end at the delimiter."""
    spans: list[Span] = []
    position, read = begin, ahead(source) if last else source.read
    while position + 8 <= end:
        tag, length = HEADER.unpack(read(position, position + 8))
        if last and tag == DELIMITER:
            return filled(tuple(spans)) if spans else None
        if tag != ITEM or length == UNDEFINED:
            return None
        spans.append((position + 8, position + 8 + length))
        position += 8 + length
    whole = position == end and not (last and source.delimited)
    return filled(tuple(spans)) if whole and spans else None
