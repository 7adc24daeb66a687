"""How much memory a header may ask for: a lying one gets an error before anything is allocated."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import BadValueError, Finding, LimitError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import syntax_for

# The most bytes of native samples that one byte of a stream can decode to, where the coding bounds it.
_MOST_BYTES_PER_BYTE = {
    "native": 1.0,
    "deflated": 1032.0,  # two bits repeat up to 258 bytes (RFC 1951, 3.2.5)
    "rle": 64.0,  # two bytes repeat one up to 128 times (PS3.5 G.3.2)
    "jpeg-baseline": 1024.0,  # a block of 64 samples takes one bit and more (T.81 F.1.2)
    "jpeg-extended": 1024.0,
    "jpeg-progressive": 1024.0,
    "jpeg-lossless": 16.0,  # a sample takes one bit and more (T.81 H.1.2)
}
_ALWAYS_ALLOWED = 1 << 20
# Black frames of any size take a few hundred bytes in the other codings: allowed up to this size, or by this ratio.
_BLANK, _BLANK_RATIO = 1 << 28, 1000.0
_BLANKS, _BLANKS_RATIO = 1 << 30, 20_000.0  # the same for many such frames in one array
_INFLATED_RATIO = 100.0
_PACKED = {"native", "deflated", "rle"}  # codings of the native frame, where 1-bit and 12-bit samples are packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of decoded samples that one frame and one array may take: more is a warning, twice as many an error.

    None is no limit.
    """

    frame_bytes: int | None = 1 << 31
    array_bytes: int | None = 1 << 35

    def __post_init__(self) -> None:
        """Refuse a limit that nothing is below."""
        for name in ("frame_bytes", "array_bytes"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise BadValueError(f"{name} is {value!r}, needed a whole number of bytes, or None for no limit")


MAX_FRAME_BYTES = 1 << 32  # the error that the default warning leads to
_limits = [Limits()]  # the last one entered counts, in all threads


def current_limits() -> Limits:
    """Return the limits that count now."""
    return _limits[-1]


@contextmanager
def limits(*, frame_bytes: int | None = 1 << 31, array_bytes: int | None = 1 << 35) -> Iterator[Limits]:
    """Have other limits on decoded bytes, in all threads, until the block ends: a warning above, an error at twice.

    What the pixel data itself cannot justify is refused under any limit. The error is a LimitError.

    >>> with limits(array_bytes=None) as given:
    ...     current_limits() is given
    True
    """
    given = Limits(frame_bytes=frame_bytes, array_bytes=array_bytes)
    _limits.append(given)
    try:
        yield given
    finally:
        del _limits[next(i for i, one in enumerate(_limits) if one is given)]


def set_limits(*, frame_bytes: int | None = 1 << 31, array_bytes: int | None = 1 << 35) -> Limits:
    """Set the limits that count outside of any ``limits()`` block, and return the ones before; without any, ours.

    None is no limit; BadValueError for what is no number of bytes.

    >>> before = set_limits(array_bytes=1 << 30)
    >>> set_limits(frame_bytes=before.frame_bytes, array_bytes=before.array_bytes).array_bytes == 1 << 30
    True
    """
    before, _limits[0] = _limits[0], Limits(frame_bytes=frame_bytes, array_bytes=array_bytes)
    return before


def check_frame(fmt: PixelFormat, encoded_bytes: int, stream: Codestream | None) -> tuple[Finding, ...]:
    """Raise LimitError where a frame would take more memory than its bytes can justify, or than the limit allows.

    Returns the finding for a frame between the limit and twice the limit.
    """
    needed = fmt.array_bytes
    most = _limits[-1].frame_bytes
    if needed > _ALWAYS_ALLOWED:
        kind, allowed = _justified(fmt, encoded_bytes, stream, needed)
        if (fmt.frame_bytes if kind in _PACKED else needed) > allowed:
            raise LimitError(
                f"{fmt.rows} x {fmt.columns} x {fmt.samples} samples would take {needed} bytes, "
                f"but {encoded_bytes} bytes of {kind} cannot hold them"
            )
    return () if most is None or needed <= most else _above("frame", needed, most)


def _justified(fmt: PixelFormat, encoded: int, stream: Codestream | None, needed: int) -> tuple[str, float]:
    """Return the coding, and how many bytes so many encoded ones can hold in it."""
    kind = syntax_for(fmt.transfer_syntax).family if stream is None else stream.kind
    ratio = _MOST_BYTES_PER_BYTE.get(kind)
    if kind == "jpeg-ls":  # a line takes one bit and more (T.87 A.7.1)
        ratio = 8.0 * needed / fmt.rows
    return kind, max(_BLANK, encoded * _BLANK_RATIO) if ratio is None else encoded * ratio


def _above(what: str, needed: int, most: int) -> tuple[Finding, ...]:
    name = f"one {what}"
    if needed > 2 * most:
        raise LimitError(
            f"{name} would take {needed} bytes, the limit is {2 * most} bytes: "
            f"dicompix.limits({what}_bytes=...) raises it"
        )
    message = f"{name} takes {needed} bytes: more than twice {most} would be refused"
    return (Finding(code=f"large-{what}", message=message, found=needed, used=most),)


def check_array(nbytes: int) -> tuple[Finding, ...]:
    """Raise LimitError for an array of more bytes than the limit allows; return the finding for one close to it."""
    most = _limits[-1].array_bytes
    return () if most is None or nbytes <= most else _above("array", nbytes, most)


def check_frames(fmt: PixelFormat, frames: int, encoded_bytes: int) -> tuple[Finding, ...]:
    """Raise LimitError where so many frames would take more memory than all their bytes can justify, or is allowed."""
    check_justified(fmt, frames, encoded_bytes)
    return check_array(frames * fmt.array_bytes)


def check_justified(fmt: PixelFormat, frames: int, encoded_bytes: int) -> None:
    """Raise LimitError for more frames than so many bytes can hold, whatever the limits."""
    needed = frames * fmt.array_bytes
    if needed > _BLANKS and needed > encoded_bytes * _BLANKS_RATIO:
        raise LimitError(
            f"{frames} frames of {fmt.array_bytes} bytes would take {needed} bytes, "
            f"but {encoded_bytes} bytes of pixel data cannot hold them"
        )


def check_inflated(inflated: int, packed: int) -> None:
    """Raise LimitError for more bytes in memory than so many deflated ones are good for (PS3.5 A.5).

    Pixel data that lies in a file, as `open_image` leaves it, does not count.
    """
    if inflated > _BLANKS and inflated > packed * _INFLATED_RATIO:
        raise LimitError(f"{packed} bytes of a deflated data set would take {inflated} bytes of memory")


def check_salvage(fmt: PixelFormat, frames: int, encoded_bytes: int) -> None:
    """Raise LimitError where missing pixels would take more memory than the bytes that there are can justify."""
    needed = frames * fmt.array_bytes
    if needed > max(_BLANK, encoded_bytes * _BLANK_RATIO):
        raise LimitError(
            f"{frames} frames of {fmt.rows} x {fmt.columns} would take {needed} bytes, "
            f"but {encoded_bytes} bytes are left of them: too few to salvage"
        )
    check_frame_limit(fmt)


def check_frame_limit(fmt: PixelFormat) -> None:
    """Raise LimitError for a frame of more bytes than the limit allows."""
    most = _limits[-1].frame_bytes
    if most is not None and fmt.array_bytes > most:
        _above("frame", fmt.array_bytes, most)
