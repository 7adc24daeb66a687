"""Samples or coded frames -> the value of Pixel Data, native or encapsulated (PS3.5 8.1, A.4, PS3.3 C.7.6.3.1.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from struct import Struct, pack

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError
from dicompix.pixels.format import PixelFormat

_ITEM = Struct("<II")
_ITEM_TAG = 0xE000FFFE  # (FFFE,E000) read as one little-endian word
LAST_BASIC_OFFSET = 0xFFFFFFFF  # what a basic offset table's 32 bits can hold
_LONGEST_ITEM = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Encapsulated:
    """The value of Pixel Data, without its delimiter, and the Extended Offset Table with its lengths where it has one.

    >>> Encapsulated.of([b"abc"]).value.hex(" ", 4)
    'feff00e0 04000000 00000000 feff00e0 04000000 61626300'
    """

    value: bytes
    extended: tuple[bytes, bytes] | None = None

    @classmethod
    def of(cls, frames: Sequence[bytes], *, extended: bool = False) -> "Encapsulated":
        """Put each frame into one fragment, padded to even length.

        The basic offset table is empty beside an extended one, which there is when asked for, or when 32 bits do not
        hold the offset of the last frame.
        """
        lengths = [len(frame) + len(frame) % 2 for frame in frames]
        if max(lengths) > _LONGEST_ITEM:
            raise FrameError(f"a coded frame has {max(lengths)} bytes, a fragment holds at most {_LONGEST_ITEM}")
        offsets = offsets_of(lengths)
        extended = extended or offsets[-1] > LAST_BASIC_OFFSET
        table = b"" if extended else pack(f"<{len(offsets)}I", *offsets)
        parts = [_ITEM.pack(_ITEM_TAG, len(table)), table]
        for frame, length in zip(frames, lengths, strict=True):
            parts += [_ITEM.pack(_ITEM_TAG, length), frame, bytes(length - len(frame))]
        tables = (pack(f"<{len(offsets)}Q", *offsets), pack(f"<{len(lengths)}Q", *lengths)) if extended else None
        return cls(b"".join(parts), tables)


def offsets_of(lengths: Sequence[int]) -> list[int]:
    """Return where each item's tag lies, from the first item after the basic offset table on.

    >>> offsets_of([10, 4, 2])
    [0, 18, 30]
    """
    return list(accumulate((length + _ITEM.size for length in lengths[:-1]), initial=0))


def native_value(array: Stored, fmt: PixelFormat) -> bytes:
    r"""Return samples as native Pixel Data has them: little endian, bits packed, of even length (PS3.5 8.1).

    >>> native_value(np.array([[1, 0, 2]], np.uint8), PixelFormat(rows=1, columns=3))
    b'\x01\x00\x02\x00'
    """
    if fmt.bits_allocated == 1:
        array = np.packbits(array, axis=None, bitorder="little")
    data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return data + b"\0" if len(data) % 2 else data
