"""Lossless JPEG of 16 bits, also by encoders that wrote differences of 32768 wrongly -> samples (ITU-T T.81 H.1.2.2).

A difference of 32768 has a code and nothing after it. The library of Cornell University put sixteen bits after the
code, or gave it seventeen bits, which no table can say: decoders lose their place there, and most say nothing.
"""

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dicompix.pixels.codecs import imagecodecs_jpeg
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer

_TABLES, _RESTARTS, _SCAN, _END = 0xC4, 0xDD, 0xDA, b"\xff\xd9"
_GREATEST = 16  # the category of a difference of 32768
_SPARE = (0x7FFF, 0x8000)  # the bits of -32768 and of 32768, by the rule for lesser differences
_ONES = 0xFFFF

OVERLONG = Finding(
    code="huffman-overflow",
    message="a difference of 32768 has a code of 17 bits, or 16 bits after it, as Cornell's library wrote them",
    used="the difference that was meant",
    clause="ITU-T T.81 H.1.2.2",
)


@dataclass(frozen=True, slots=True)
class _Scan:
    """The one scan of a stream: each component's codes and their categories, the predictor, bytes without stuffing."""

    codes: tuple[dict[str, int], ...]
    predictor: int
    data: bytes


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one lossless JPEG frame with libjpeg-turbo, or by hand where that lost its place."""
    scan = None
    if fmt.bits_stored == 16:
        with suppress(IndexError, struct.error):  # the headers are cut: the library says so
            scan = _scan(bytes(data), fmt)
    if scan is None:
        return imagecodecs_jpeg.decode_lossless(data, fmt, want)
    if not any(_cut_short(codes) for codes in scan.codes):
        try:
            frame = imagecodecs_jpeg.decode_lossless(data, fmt, want)
        except CodecError:
            if not _misplaced(scan):
                raise
        else:
            if not _leaps(frame.array, scan.predictor) or not _misplaced(scan):
                return frame
    return _reread(scan, fmt)


def _scan(data: bytes, fmt: PixelFormat) -> _Scan | None:
    """Return a stream's scan; None where there are several, restart intervals or shifted samples: no work of theirs."""
    tables: dict[int, dict[str, int]] = {}
    for marker, first, stop in marker_segments(data, 2):
        if marker == _TABLES:
            _read_tables(data[first:stop], tables)
        elif marker == _RESTARTS:
            return None
        elif marker == _SCAN:
            codes = tuple(tables.get(data[first + 2 + 2 * i] >> 4, {}) for i in range(data[first]))
            end = data.rfind(_END)
            if not all(codes) or len(codes) != fmt.samples or data[stop - 1] or end < stop:
                return None
            return _Scan(codes, data[stop - 3], data[stop:end].rstrip(b"\xff").replace(b"\xff\0", b"\xff"))
    return None


def _read_tables(segment: bytes, tables: dict[int, dict[str, int]]) -> None:
    """Read the code tables of a segment, by number: codes, shorter ones first, and their categories (T.81 annex C)."""
    position = 0
    while position + 17 <= len(segment):
        number, counts = segment[position], segment[position + 1 : position + 17]
        position += 17
        tables[number], code = {}, 0
        for length, count in enumerate(counts, 1):
            code <<= 1
            for symbol in segment[position : position + count]:
                tables[number][format(code, f"0{length}b")] = symbol
                code += 1
            position += count


def _cut_short(codes: dict[str, int]) -> bool:
    """Tell whether nothing but sixteen ones is without a code, though no code is the greatest category's."""
    return next(reversed(codes)) == format(_ONES - 1, "b") and _GREATEST not in codes.values()


def _leaps(array: Stored, predictor: int) -> bool:
    """Tell whether samples hold a difference of 32768; nobody looks for it but with the usual predictor."""
    if predictor != 1:
        return True
    samples = array.view(np.uint16)
    along, down = samples[:, 1:] - samples[:, :-1], samples[1:, 0] - samples[:-1, 0]
    return not samples[0, 0].all() or bool((along == 0x8000).any()) or bool((down == 0x8000).any())


def _misplaced(scan: _Scan) -> bool:
    """Tell whether sixteen bits that should not be there follow the greatest category's code, at least its first."""
    greatest = {code for codes in scan.codes for code, symbol in codes.items() if symbol == _GREATEST}
    patterns = [code + format(bits, "016b") for code in greatest for bits in _SPARE]
    start = "".join(format(byte, "08b") for byte in scan.data[:4])
    if start.startswith(tuple(greatest)):  # the first sample is 0, as in many an image
        return start.startswith(tuple(patterns))
    return any(_holds(scan.data, pattern) for pattern in patterns)


def _holds(data: bytes, pattern: str) -> bool:
    """Tell whether data holds a pattern of bits, at any of them."""
    for before in range(8):
        whole = (len(pattern) - before) // 8 * 8
        needle = int(pattern[before : before + whole], 2).to_bytes(whole // 8)
        after = pattern[before + whole :]
        at = data.find(needle)
        while at >= 0:
            head = format(data[at - 1], "08b") if at else ""
            tail = format(data[at + len(needle)], "08b") if at + len(needle) < len(data) else ""
            if (head[8 - before :] if before else "") == pattern[:before] and tail.startswith(after):
                return True
            at = data.find(needle, at + 1)
    return False


def _reread(scan: _Scan, fmt: PixelFormat) -> Frame:
    """Return the frame by the rules of that library, or by those of the standard, whichever use each bit."""
    count = fmt.rows * fmt.columns * fmt.samples
    tables = [_lookup(codes) for codes in scan.codes]
    for overlong, spare in ((True, 16), (False, 0), (True, 0)):
        try:
            differences, position = _differences(scan.data, tables, count, overlong=overlong, spare=spare)
        except IndexError:
            continue
        if 0 <= len(scan.data) * 8 - position < 8:
            found = (OVERLONG,) if overlong and 0x8000 in differences else ()
            return Frame(_samples(differences, fmt, scan.predictor), color_after(fmt), found)
    raise CodecError("differences of 32768 were written wrongly in the lossless JPEG stream, and so were others")


def _lookup(codes: dict[str, int]) -> list[int]:
    """Return, for each sixteen bits, ``length << 8 | category`` of the code that they begin with, 0 where none does."""
    table = [0] * (_ONES + 1)
    for code, category in codes.items():
        first, wide = int(code, 2), 16 - len(code)
        if category <= _GREATEST and wide >= 0 and first + 1 << wide <= len(table):
            table[first << wide : first + 1 << wide] = [len(code) << 8 | category] * (1 << wide)
    return table


def _differences(
    scan: bytes, tables: list[list[int]], count: int, *, overlong: bool, spare: int
) -> tuple[list[int], int]:
    """Return that many differences and how many bits they take; IndexError where there are no such codes.

    With `overlong` a code of seventeen bits is the greatest category's, after which there are `spare` bits.
    """
    data, found, position, end = scan + bytes(8), list[int](), 0, 8 * len(scan)
    for i in range(count):
        if position >= end:
            raise IndexError(position)
        window = int.from_bytes(data[position >> 3 : (position >> 3) + 8]) << (position & 7)
        entry = tables[i % len(tables)][window >> 48 & _ONES]
        if not entry and not (overlong and window >> 47 & 0x1FFFF == _ONES << 1):
            raise IndexError(position)
        length, category = (entry >> 8, entry & 255) if entry else (17, _GREATEST)
        bits = window >> 64 - length - category & (1 << category) - 1
        if category == _GREATEST:
            if spare and bits not in _SPARE:
                raise IndexError(position)
            category, bits = spare, 0x8000
        elif bits < 1 << category >> 1:
            bits += 1 - (1 << category)
        found.append(bits)
        position += length + category
    return found, position


def _samples(differences: list[int], fmt: PixelFormat, predictor: int) -> Stored:
    """Return the samples that differences lead to, modulo 2^16 (T.81 H.1.2.1)."""
    array = np.array(differences, np.int64).reshape(fmt.rows, fmt.columns, fmt.samples)
    array[0, 0] += 0x8000
    if predictor == 1:
        array[:, 0] = np.cumsum(array[:, 0], axis=0)
        array = np.cumsum(array, axis=1)
    else:
        array = np.stack([_predicted(array[..., i].tolist(), predictor) for i in range(fmt.samples)], axis=-1)
    return array.astype(np.uint16).view(fmt.dtype).reshape(fmt.frame_shape)


_PREDICTORS: dict[int, Callable[[int, int, int], int]] = {  # of Ra, Rb, Rc (T.81 table H.1)
    2: lambda a, b, c: b,  # noqa: ARG005
    3: lambda a, b, c: c,  # noqa: ARG005
    4: lambda a, b, c: a + b - c,
    5: lambda a, b, c: a + (b - c >> 1),
    6: lambda a, b, c: b + (a - c >> 1),
    7: lambda a, b, c: a + b >> 1,  # noqa: ARG005
}


def _predicted(differences: list[list[int]], predictor: int) -> list[list[int]]:
    """Return the samples of one component by a predictor that looks at the line above."""
    predict, above, lines = _PREDICTORS[predictor], list[int](), []
    for differing in differences:
        line = [differing[0] + (above[0] if above else 0) & _ONES]
        for x, difference in enumerate(differing[1:], 1):
            guess = predict(line[-1], above[x], above[x - 1]) if above else line[-1]
            line.append(difference + guess & _ONES)
        lines.append(above := line)
    return lines
