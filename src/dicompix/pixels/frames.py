"""Where each frame lies: native or encapsulated pixel data -> FrameIndex (PS3.5 8.2, A.4)."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, Self, cast

from dicompix.pixels.errors import Finding, FrameError, FrameIndexError
from dicompix.pixels.format import SUBSAMPLED, PixelFormat

Buffer = bytes | bytearray | memoryview
Span = tuple[int, int]  # first byte, one past the last byte


class Source(Protocol):
    """Bytes that can be read at random: a buffer, a memory map, or a file behind a lock.

    `delimited` says that the sequence delimitation item of encapsulated pixel data should be among them.
    """

    delimited: bool

    def __len__(self) -> int:
        """Return how many bytes there are."""

    def read(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`; fewer where the source ends earlier."""


class FarSource(Source):
    """Bytes of which each costs access to a disk or a network: an offset table saves a walk over all of them."""

    @abstractmethod
    def read_ahead(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop`; the next ones are likely to be asked for soon."""

    @abstractmethod
    def part(self, start: int, stop: int, *, delimited: bool) -> "FarSource":
        """Return bytes `start` to `stop` as a source of their own."""


class BufferSource:
    """A bytes-like object as a source; slices are views, nothing is copied."""

    __slots__ = ("buffer", "delimited")

    def __init__(self, buffer: Buffer, *, delimited: bool = False) -> None:
        self.buffer = buffer
        self.delimited = delimited

    def __len__(self) -> int:
        return len(self.buffer)

    def read(self, start: int, stop: int) -> Buffer:
        """Return a view of bytes `start` to `stop`."""
        return memoryview(self.buffer)[start:stop]

    def part(self, start: int, stop: int, *, delimited: bool) -> Self:
        """Return a view of bytes `start` to `stop` as a source of its own."""
        return type(self)(memoryview(self.buffer)[start:stop], delimited=delimited)


class MappedSource(BufferSource, FarSource):
    """The bytes of a memory map: views, read from the disk where they are touched."""

    __slots__ = ()

    def read_ahead(self, start: int, stop: int) -> Buffer:
        """Return a view; the system reads ahead by itself."""
        return self.read(start, stop)


def ahead(source: Source) -> Callable[[int, int], Buffer]:
    """Return how to read small pieces of a source from its beginning to its end."""
    return source.read_ahead if isinstance(source, FarSource) else source.read


class SwappedSource:
    """8-bit samples in big-endian 16-bit words, given back in sample order (PS3.5 8.1.2, A.3)."""

    __slots__ = ("delimited", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.delimited = False

    def __len__(self) -> int:
        return len(self.source)

    def read(self, start: int, stop: int) -> Buffer:
        """Return bytes `start` to `stop` after each pair of bytes has changed places."""
        first = start - start % 2
        words = bytearray(self.source.read(first, stop + stop % 2))
        even = len(words) - len(words) % 2
        words[0:even:2], words[1:even:2] = words[1:even:2], words[0:even:2]
        return memoryview(words)[start - first : stop - first]


def count_of(number: int, what: str) -> str:
    """Return a number of things as people write it.

    >>> count_of(1, "frame"), count_of(2, "frame")
    ('1 frame', '2 frames')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class FrameIndex(Sequence[Buffer]):
    """Give the bytes of frame `i` by ``index[i]``; built once, then O(1) a frame.

    `declared` is Number of Frames; ``len(index)`` is how many frames the pixel data really holds.
    """

    __slots__ = ("_spans", "declared", "findings", "source")

    def __init__(
        self,
        source: Source,
        spans: Sequence[tuple[Span, ...]],
        *,
        declared: int,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        self.source = source
        self._spans = spans
        self.declared = declared
        self.findings = findings

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Buffer]:
        return (self[i] for i in range(len(self)))

    @property
    def even(self) -> bool:
        """Tell whether the frames have one size and lie one after the other from the source's first bit on."""
        return isinstance(self._spans, EvenSpans)

    @property
    def contiguous(self) -> bool:
        """Tell whether the frames are even, and whole bytes."""
        return isinstance(self._spans, EvenSpans) and self._spans.bits % 8 == 0

    def spans(self, frame: int) -> tuple[Span, ...]:
        """Return where the bytes of a frame lie in the source; several spans where it is fragmented."""
        if not 0 <= frame < len(self._spans):
            raise self.no_frame(frame)
        return self._spans[frame]

    def no_frame(self, frame: int) -> FrameIndexError:
        """Return the error for a frame that is not there."""
        held = len(self)
        if not isinstance(self._spans, EvenSpans) or not 0 <= frame < self.declared:
            text = f"there is no frame {frame}: the pixel data holds {count_of(held, 'frame')}"
            return FrameIndexError(f"{text}, Number of Frames is {self.declared}")
        start, stop = frame * self._spans.bits // 8, -(-(frame + 1) * self._spans.bits // 8)
        found = max(len(self.source) - start, 0)
        advice = '; errors="salvage" gives what is there' if found else ""
        return FrameIndexError(
            f"frame {frame} needs {stop - start} bytes, found {found}: the file is cut, or its header wrong "
            f"({held} of {self.declared} frames are whole){advice}"
        )

    def __getitem__(self, frame: int) -> Buffer:  # type: ignore[override]  # slices belong to Image
        """Return the bytes of one frame, a view unless the frame lies in several fragments."""
        spans = self.spans(frame)
        if len(spans) == 1:
            return self.source.read(*spans[0])
        return b"".join(self.source.read(*span) for span in spans)


class EvenSpans(Sequence[tuple[Span, ...]]):
    """Native frames of `bits` bits each, one after the other: position by arithmetic, whole bytes that cover it."""

    __slots__ = ("bits", "frames")

    def __init__(self, bits: int, frames: int) -> None:
        self.bits, self.frames = bits, frames

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, frame: int) -> tuple[Span, ...]:  # type: ignore[override]  # one frame at a time
        """Return the one span of a frame."""
        start = frame * self.bits
        return ((start // 8, -(-(start + self.bits) // 8)),)


class BitFrameIndex(FrameIndex):
    """Native frames whose size is no whole number of bytes: each is moved to start at bit 0 (PS3.5 8.1.1)."""

    __slots__ = ()

    def __getitem__(self, frame: int) -> bytes:  # type: ignore[override]  # one frame at a time
        """Return the bits of one frame as bytes, the first bit lowest in the first byte."""
        data = bytes(super().__getitem__(frame))
        size = cast("EvenSpans", self._spans).bits
        bits = int.from_bytes(data, "little") >> frame * size % 8 & ((1 << size) - 1)
        return bits.to_bytes(-(-size // 8), "little")


def _row_padded_bits(fmt: PixelFormat) -> int:
    """Return the bits of a 4:2:2 frame of odd width whose rows end with a whole pair of pixels."""
    return fmt.rows * (fmt.columns + 1) * 2 * fmt.bits_allocated


def most_frame_bytes(fmt: PixelFormat) -> int:
    """Return the bytes of one native frame in the longer of the layouts that it may have."""
    shared = fmt.samples == 3 and SUBSAMPLED.get(fmt.photometric) == 2.0
    return max(fmt.frame_bytes, _row_padded_bits(fmt) // 8) if shared and fmt.columns % 2 else fmt.frame_bytes


def native_frame_bits(fmt: PixelFormat, total_bytes: int) -> int:
    """Return the bits of one native frame; of the two layouts of odd 4:2:2 rows, the one that the length tells."""
    flat = fmt.frame_bits
    if fmt.columns % 2 and fmt.samples == 3 and SUBSAMPLED.get(fmt.photometric) == 2.0:
        padded = _row_padded_bits(fmt)
        if total_bytes * 8 >= padded * fmt.frames:
            return padded
    return flat


def index_native(source: Source, fmt: PixelFormat) -> FrameIndex:
    """Return the index of native pixel data; the frames really there, which may be more or fewer than declared."""
    total = len(source)
    _check_subsampling(fmt, total)
    bits = native_frame_bits(fmt, total)
    found = total * 8 // bits
    expected = -(-bits * fmt.frames // 8)
    findings = _native_findings(fmt, total, expected, found)
    # Spare bytes are frames only where they are whole ones; a pad byte can hold many tiny 1-bit frames.
    count = found if found <= fmt.frames or total - expected > 1 else fmt.frames
    kind = BitFrameIndex if bits % 8 else FrameIndex
    return kind(source, EvenSpans(bits, count), declared=fmt.frames, findings=findings)


def _check_subsampling(fmt: PixelFormat, total: int) -> None:
    """Raise FrameError where 4:2:2 is declared, but each pixel has its own chrominance (PS3.3 C.7.6.3.1.2)."""
    shared = fmt.samples == 3 and SUBSAMPLED.get(fmt.photometric) == 2.0
    whole = fmt.array_bytes * fmt.frames
    if shared and total == whole + whole % 2 and total * 8 != _row_padded_bits(fmt) * fmt.frames:
        raise FrameError(
            f"The number of bytes of pixel data is a third larger than expected ({total} vs "
            f"{fmt.frame_bytes * fmt.frames} bytes) which indicates the set (0028,0004) 'Photometric Interpretation' "
            f"value of '{fmt.photometric}' is incorrect and may need to be changed to either 'RGB' or 'YBR_FULL'"
        )


_ODD = Finding(
    code="odd-length",
    message="the pixel data has an odd number of bytes: its pad byte is missing",
    attribute="PixelData",
    clause="PS3.5 7.1.1",
    severity="info",
)


def _native_findings(fmt: PixelFormat, total: int, expected: int, found: int) -> tuple[Finding, ...]:
    odd = (_ODD,) if total % 2 else ()
    spare = total - expected - expected % 2
    if spare <= 0:
        return odd
    if found > fmt.frames:
        message = (
            f"the number of bytes of pixel data is sufficient to contain {found} frames which is larger than "
            f"the given (0028,0008) 'Number of Frames' value of {fmt.frames}"
        )
        excess = Finding(
            code="excess-frames", message=message, attribute="NumberOfFrames", found=fmt.frames, used=found
        )
        return (excess, *odd)
    message = (
        f"the pixel data is {total} bytes long, which indicates it contains {total - expected} bytes "
        "of excess padding to be removed"
    )
    excess = Finding(code="excess-padding", message=message, found=total, used=expected, clause="PS3.5 8.1.1")
    return (excess, *odd)


def short_native_error(fmt: PixelFormat, total: int) -> FrameError:
    """Return the error for native pixel data that ends before its declared frames do."""
    expected = -(-native_frame_bits(fmt, total) * fmt.frames // 8)
    padded = expected + expected % 2
    return FrameError(
        f"The number of bytes of pixel data is less than expected ({total} vs {padded} bytes) - the dataset may be "
        "corrupted, have an invalid group 0028 element value, or the transfer syntax may be incorrect; "
        f"{total * 8 // native_frame_bits(fmt, total)} of {fmt.frames} frames are whole"
    )
