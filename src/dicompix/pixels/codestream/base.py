"""What all codestreams have in common: Codestream, and walks over marker segments, boxes and padding."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dicompix.pixels.errors import CodecError

Data = bytes | bytearray | memoryview

LONGEST_GAP = 1024  # fill bytes or rubbish tolerated in front of a marker
MOST_SEGMENTS = 1000  # ICC profiles, TLM and PLM take up to 256 marker segments each
MOST_BOXES = 1000

END = 0xD9  # EOI of JPEG and JPEG-LS, EOC of JPEG 2000
STANDALONE = frozenset({0x01, *range(0x30, 0x40), *range(0xD0, 0xD9)})  # no length follows (T.81 B.1.1.3, T.800 A.1)

_LENGTH = struct.Struct(">H")
_BOX = struct.Struct(">I4s")
_LONG_BOX = struct.Struct(">Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Codestream:
    """One codestream's own description, set above the data set's by PS3.5 8.2; 0, "" and () mean not stated.

    `color` is what the samples are before a decoder's inverse transform, by the evidence of `color_source`;
    `precision` belongs to the widest component; `lossless` is None where the header does not tell; `sampling`
    is (H, V) of each JPEG component; `start` is where the stream begins in the data (of JP2: the jp2c box);
    `complete` is False where the end marker is missing or a box is cut off; `padded` says that more than a pad byte
    follows it.
    """

    kind: str
    rows: int
    columns: int
    samples: int
    precision: int
    lossless: bool | None
    signed: bool = False
    color: str = ""
    color_source: str = ""
    subsampled: bool = False
    sampling: tuple[tuple[int, int], ...] = ()
    component_ids: tuple[int, ...] = ()
    predictor: int = 0
    near: int = 0
    interleave: int = 0
    multiple_components: bool = False
    levels: int = 0
    segments: tuple[int, ...] = ()
    start: int = 0
    complete: bool = True
    padded: bool = False
    jp2: bool = False


def marker_segments(data: Data, position: int) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, first byte, end) of each marker segment's parameters, until FF D9 (T.81 B.1.1.4)."""
    for _ in range(MOST_SEGMENTS):
        if data[position] != 0xFF or data[position + 1] in {0x00, 0xFF}:
            position = _next_marker(data, position)
        marker = data[position + 1]
        if marker == END:
            return
        if marker in STANDALONE:
            position += 2
            continue
        (length,) = _LENGTH.unpack_from(data, position + 2)
        stop = position + 2 + length
        if length < 2 or stop > len(data):
            raise CodecError(
                f"the marker segment FF{marker:02X} at byte {position} has length {length}, needed 2 to "
                f"{len(data) - position - 2}"
            )
        yield marker, position + 4, stop
        position = stop
    raise CodecError(f"more than {MOST_SEGMENTS} marker segments in front of the image data")


def _next_marker(data: Data, position: int) -> int:
    gap = bytes(data[position : position + LONGEST_GAP])
    for at in range(len(gap) - 1):
        if gap[at] == 0xFF and gap[at + 1] not in {0x00, 0xFF}:
            return position + at
    raise CodecError(
        f"no marker in the {len(gap)} bytes from byte {position} on, which begin with {spell(gap)}: "
        "the header is broken or cut off"
    )


def boxes(data: Data, position: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, first byte, end as declared) of each box's contents (T.800 I.4)."""
    for _ in range(MOST_BOXES):
        if position + 8 > len(data):
            return
        length, kind = _BOX.unpack_from(data, position)
        first = position + 8
        if length == 1:
            (length,) = _LONG_BOX.unpack_from(data, first)
            first += 8
        stop = len(data) if length == 0 else position + length
        if stop < first:
            raise CodecError(
                f"the box {kind!r} at byte {position} has length {length}, needed {first - position} or more"
            )
        yield kind, first, stop
        position = stop


def has_end_marker(data: Data, stop: int) -> bool:
    """Tell whether FF D9 ends the data up to `stop`, save for zeros and one space or FF (PS3.5 A.4)."""
    return spare_bytes(data, stop) >= 0


def spare_bytes(data: Data, stop: int) -> int:
    """Return how many bytes follow the end marker FF D9 in the data up to `stop`, -1 where it does not end them.

    >>> spare_bytes(bytes.fromhex("FFD8 FFD9 00"), 5), spare_bytes(bytes.fromhex("FFD8 FFDA"), 4)
    (1, -1)
    """
    size, end = 64, stop
    while stop > 0:
        begin = max(stop - size, 0)
        kept = len(bytes(data[begin:stop]).rstrip(b"\0"))
        if kept:
            tail = bytes(data[max(begin + kept - 3, 0) : begin + kept])
            after = 0 if tail.endswith(b"\xff\xd9") else 1 if tail in {b"\xff\xd9\x20", b"\xff\xd9\xff"} else -1
            return after if after < 0 else end - begin - kept + after
        stop, size = begin, 65536
    return -1


def spell(data: Data) -> str:
    """Return the first bytes as an error message shows them.

    >>> spell(bytes([255, 216, 255]))
    'FF D8 FF'
    """
    return bytes(data[:8]).hex(" ").upper() or "nothing"
