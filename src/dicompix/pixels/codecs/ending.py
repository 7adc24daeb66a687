"""Whether a JPEG scan is whole, told from its last bits and the last samples that libjpeg made of them (ITU-T T.81).

libjpeg takes missing bits for zeros: a stream that was cut and ended again comes out with samples that are made up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.errors import CodecError
from dicompix.pixels.frames import Buffer

_END, _ESCAPED = b"\xff\xd9", b"\xff\0"
_TABLES, _QUANTIZATION, _RESTARTS, _SCAN, _LOSSLESS = 0xC4, 0xDB, 0xDD, 0xDA, 0xC3
_TAIL = 96  # bytes in which the end marker is looked for first
_BLOCK_BYTES = 8  # that hold the longest code and the padding, some of them escaped
_END_OF_BLOCK = 0  # (T.81 F.1.2.2.1)
_AC_TABLES = 0x10
_ONES = tuple("1" * count for count in range(8))  # to the end of a byte (T.81 F.1.2.3)
_PADDINGS = (*_ONES, *("0" * count for count in range(1, 8)))  # as some encoders do
_COARSE = 6  # steps from here on show behind the rounding of samples
_RIPPLES = np.cos((2 * np.arange(8) + 1) * np.array([[6], [7]]) * np.pi / 16) / 2
# The last three coefficients' shares of a block (T.81 A.3.3, A.3.6).
_FINEST = np.stack([np.outer(_RIPPLES[i], _RIPPLES[k]) for i, k in ((0, 1), (1, 0), (1, 1))])
_PIXELS, _BITS = 10, 24  # that are looked at first, that are compared at least
_SPARE = 8  # bytes
_NEAR = 64  # rows
_GREATEST = 16  # the category of a difference of 32768
_NO_CODE = "?"  # of a category that the table has not


@dataclass(frozen=True, slots=True)
class _Header:
    """What the marker segments say of the end of the scan.

    Lossy: the last component's code for the end of a block, the step of the first one's last coefficient. Lossless:
    the code of each category of differences, by component, the predictor, how far samples are shifted, their bits.
    """

    last: str = ""
    step: int = 0
    codes: tuple[dict[int, str], ...] = ()
    predictor: int = 0
    shift: int = 0
    bits: int = 0
    interval: int = 0


def ends_whole(array: Stored, data: Buffer, head: bytes) -> bool:
    """Tell whether a stream of one scan, with its end marker, holds the last sample; False where that is in doubt.

    `head` are the marker segments up to the scan's own. For lossless JPEG the answer is certain. A lossy block ends
    with a code, and mostly without the last coefficient, which zeros often make: that much is looked at.
    """
    header = _header(head)
    if header is None:
        return False
    if header.codes:
        return _codes_end(array, data, header)
    bits = _last_bits(data, _BLOCK_BYTES)
    return any(bits.endswith(header.last + ones) for ones in _ONES) and not _rippled(array, header.step)


@lru_cache(maxsize=64)  # the frames of an image have the same headers
def _header(head: bytes) -> _Header | None:
    """Return what the headers say; None for those of another kind, or broken ones."""
    tables: dict[int, tuple[bytes, bytes]] = {}
    step, interval, frame = 0, 0, b""
    try:
        for marker, first, stop in marker_segments(head + _END, 2):
            segment = head[first:stop]
            if marker == _TABLES:
                _read_tables(segment, tables)
            elif marker == _QUANTIZATION and not segment[0]:
                step = segment[64]
            elif marker == _LOSSLESS:
                frame = segment
            elif marker == _RESTARTS:
                interval = int.from_bytes(segment)
            elif marker == _SCAN:
                return _lossless(frame, segment, tables, interval) if frame else _lossy(segment, tables, step)
    except (IndexError, KeyError, ValueError, CodecError):
        pass
    return None


def _read_tables(segment: bytes, tables: dict[int, tuple[bytes, bytes]]) -> None:
    """Read how many codes there are of each length, and their symbols, by class and number (T.81 B.2.4.2)."""
    position = 0
    while position < len(segment):
        counts = segment[position + 1 : position + 17]
        stop = position + 17 + sum(counts)
        tables[segment[position]] = counts, segment[position + 17 : stop]
        position = stop


def _code(table: tuple[bytes, bytes], symbol: int) -> str:
    """Return the code of a symbol, shorter codes having been given first (T.81 C.2).

    >>> [_code((bytes([0, 1, 2]), b"abc"), symbol) for symbol in b"abc"]
    ['00', '010', '011']
    """
    counts, symbols = table
    at, code, position = symbols.index(symbol), 0, 0
    for length, count in enumerate(counts, 1):
        code <<= 1
        if at < position + count:
            return format(code + at - position, f"0{length}b")
        code, position = code + count, position + count
    raise KeyError(symbol)


def _lossy(scan: bytes, tables: dict[int, tuple[bytes, bytes]], step: int) -> _Header:
    table = tables[_AC_TABLES | (scan[2 * scan[0]] & 15)]
    return _Header(last=_code(table, _END_OF_BLOCK), step=step)


def _lossless(frame: bytes, scan: bytes, tables: dict[int, tuple[bytes, bytes]], interval: int) -> _Header:
    used = [tables[number >> 4] for number in scan[2 : 2 + 2 * scan[0] : 2]]
    codes = tuple({symbol: _code(table, symbol) for symbol in table[1]} for table in used)
    predictor, _, shift = scan[1 + 2 * scan[0] :]
    return _Header(codes=codes, predictor=predictor, shift=shift & 15, bits=frame[0], interval=interval)


def _last_bits(data: Buffer, count: int) -> str:
    """Return the last bits in front of the end marker, those of `count` bytes and more, without stuffed zeros."""
    tail = bytes(data[-_TAIL - count :])
    end = tail.rfind(_END)
    if end < count:
        tail = bytes(data)
        end = tail.rfind(_END)
    coded = tail[:end].rstrip(b"\xff")[-count:]
    return format(int.from_bytes(b"\1" + coded.replace(_ESCAPED, b"\xff")), "b")[1:]


def _rippled(array: Stored, step: int) -> bool:
    """Tell whether the last block has the finest coefficients, negative as zeros make them.

    A whole block may have one of them, in noise, hardly ever all. In colour, luminance is nearest to green.
    """
    if step < _COARSE or array.shape[0] % 8 or array.shape[1] % 8:
        return False
    block = array[-8:, -8:] if array.ndim == 2 else array[-8:, -8:, 1]
    return bool(((block * _FINEST).sum(axis=(1, 2)) < -step / 4).all())  # half of it may be cut off below black


# Lossless: the last differences are coded again

_PREDICTORS: dict[
    int, Callable[[Any, Any, Any], Any]
] = {  # of the samples to the left, above, and left above (T.81 table H.1)
    1: lambda left, above, corner: left,  # noqa: ARG005
    2: lambda left, above, corner: above,  # noqa: ARG005
    3: lambda left, above, corner: corner,  # noqa: ARG005
    4: lambda left, above, corner: left + above - corner,
    5: lambda left, above, corner: left + ((above - corner) >> 1),
    6: lambda left, above, corner: above + ((left - corner) >> 1),
    7: lambda left, above, corner: (left + above) >> 1,  # noqa: ARG005
}


def _codes_end(array: Stored, data: Buffer, header: _Header) -> bool:
    """Tell whether the stream ends with the codes of the last samples, and not with zeros that it does not hold.

    A few samples tell at most times, the last row or those from the last change on where they are all alike.
    """
    if header.interval:
        return False  # some rows are predicted as the first one is
    for coded, enough in _candidates(array, header):
        bits = _last_bits(data, len(coded) // 8 + _SPARE)
        fitting = [padding for padding in _PADDINGS if bits.endswith(coded + padding)]
        if not fitting:
            return False
        if any(_alone(coded, padding) or (enough and "1" in padding) for padding in fitting):
            return True
    return False


def _candidates(array: Stored, header: _Header) -> Iterator[tuple[str, bool]]:
    """Yield the codes of more and more of the last samples; and whether those are enough though no bit of them is 1.

    So they are where the last row is all zeros: had the stream ended in it, a 1 at its end would be among the codes.
    """
    yield _coded(_few_differences(array, header), 0, header), False
    samples = array.reshape(*array.shape[:2], -1)
    if len(samples) > 1 and (samples[-2:] == samples[-1, -1]).all():
        coded = _coded([], samples[-1].size, header)
    else:
        coded = _coded_rows(_differences(samples[-2:], header, rows=1), 0, header)
    yield coded, "1" not in coded
    first = _last_change(samples)
    below = samples.shape[0] - first - 2
    if first > 0 and below >= 0:
        rows = _differences(samples[first - 1 : first + 2], header, rows=2)
        yield _coded_rows(rows, below * samples[0].size, header), False


def _few_differences(array: Stored, header: _Header) -> list[int]:
    """Return the differences of the last samples to what is predicted, modulo 65536; none of a small frame."""
    count = len(header.codes)
    if array.shape[0] < 2 or array.shape[1] < _PIXELS:
        return []
    above, row = (array[-2:, -_PIXELS:].reshape(2, -1) >> header.shift).tolist()
    predict = _PREDICTORS[header.predictor]
    return [
        (row[at] - predict(row[at - count], above[at], above[at - count]) + 0x7FFF) % 0x10000 - 0x7FFF
        for at in range(count, len(row))
    ]


def _last_change(samples: Stored) -> int:
    """Return the last row that is not, all of it, as the last sample; 0 where there is none."""
    for rows in (_NEAR, samples.shape[0]):
        changing = np.flatnonzero((samples[-rows:] != samples[-1, -1]).any(axis=(1, 2)))
        if changing.size:
            return len(samples) - min(rows, len(samples)) + int(changing[-1])
    return 0


def _differences(lines: Stored, header: _Header, rows: int) -> Stored:
    """Return the differences of the last rows to what is predicted, in the order of the stream, modulo 65536."""
    whole = lines.astype(np.int64) >> header.shift
    row = whole[-rows:]
    predicted = np.empty_like(row)
    if len(whole) > rows:
        above = whole[:-1]
        predicted[:, 0] = above[:, 0]
        predicted[:, 1:] = _PREDICTORS[header.predictor](row[:, :-1], above[:, 1:], above[:, :-1])
    else:  # the first row of all (T.81 H.1.1)
        predicted[:, 0] = 1 << (header.bits - header.shift - 1)
        predicted[:, 1:] = row[:, :-1]
    differences: Stored = ((row - predicted + 0x7FFF) % 0x10000 - 0x7FFF).reshape(-1)
    return differences


def _coded_rows(differences: Stored, zeros: int, header: _Header) -> str:
    """Return the codes of the last differences of whole rows, and of so many zeros after them."""
    apart = np.flatnonzero(differences)
    same = differences.size - int(apart[-1]) - 1 if apart.size else differences.size
    same -= same % len(header.codes)
    return _coded(differences[: differences.size - same].tolist(), zeros + same, header)


def _coded(differences: list[int], zeros: int, header: _Header) -> str:
    """Return the codes of the last differences, from one whose code has a 1 on, and of so many zeros after them."""
    codes, count = header.codes, len(header.codes)
    pieces = ["".join(_difference(0, each) for each in codes) * (zeros // count)]
    length = 0
    for at in range(len(differences) - 1, -1, -1):
        pieces.append(_difference(differences[at], codes[at % count]))
        length += len(pieces[-1])
        if length >= _BITS and "1" in pieces[-1]:
            break
    return "".join(reversed(pieces))


def _difference(value: int, codes: dict[int, str]) -> str:
    """Return the code of a difference's category and its bits; that of 32768 has none."""
    if not value:
        return codes.get(0, _NO_CODE)
    size = abs(value).bit_length()
    if size == _GREATEST:
        return codes.get(size, _NO_CODE)
    return codes.get(size, _NO_CODE) + format(value if value > 0 else value + (1 << size) - 1, f"0{size}b")


def _alone(coded: str, padding: str) -> bool:
    """Tell whether a stream can only end with these codes and padding because it holds them all.

    Had the decoder added zeros at the end of the codes, what comes before those would be the end of the stream too:
    bits that begin and end in the same way repeat themselves, and there is one distance at which they could.
    """
    if "1" not in coded or len(coded) < _BITS:
        return False
    zeros, whole = len(coded) - len(coded.rstrip("0")), coded + padding
    shift = len(padding) + zeros
    return not zeros or "1" not in padding or whole[shift:] != whole[:-shift]
