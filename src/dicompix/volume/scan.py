"""The bytes of a file -> the few elements that place and describe a slice, without parsing the rest (PS3.5 7.1).

A header of 250 elements takes 50 us, where a data set of them takes 700. Whatever is unusual gives None: pydicom
reads such a file.
"""

import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dicompix.pixels.syntaxes import syntax_for

Found = dict[int, bytes]
Walk = Callable[[mmap.mmap, int, Mapping[int, int], Found], tuple[int, int, int]]
UNDEFINED = 0xFFFFFFFF
_EXPLICIT, _IMPLICIT, _LENGTH = (struct.Struct(form).unpack_from for form in ("<I2sH", "<II", "<I"))
# VRs with a length of two bytes, and of four after two reserved ones (PS3.5 7.1.2).
_SHORT = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


def _key(tag: int) -> int:
    """Return a tag as the four bytes of it are read in one: little endian, group first."""
    return tag >> 16 | (tag & 0xFFFF) << 16


SYNTAX, INSTANCE, MODALITY, SERIES = 0x00020010, 0x00080018, 0x00080060, 0x0020000E
POSITION, ORIENTATION, SPACING = 0x00200032, 0x00200037, 0x00280030
THICKNESS, APART, INTERCEPT, SLOPE = 0x00180050, 0x00180088, 0x00281052, 0x00281053
# What PixelFormat is made of (PS3.3 C.7.6.3); a file with several frames has no place here.
DESCRIBING = (
    *(0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011),
    *(0x00280100, 0x00280101, 0x00280102, 0x00280103),
)
_NAMES = {"SeriesInstanceUID": SERIES, "Modality": MODALITY, "SOPInstanceUID": INSTANCE}
_FRAMES = 0x00280008
_TEXTS = (INSTANCE, MODALITY, SERIES, POSITION, ORIENTATION, SPACING, THICKNESS, APART, INTERCEPT, SLOPE)
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
# Modality LUT, dose and functional groups say what a value means or where a frame is; offset tables where it lies.
_UNFIT = (0x00283000, 0x3004000C, 0x3004000E, 0x52009229, 0x52009230, 0x7FE00001, 0x7FE00002)
_SYNTAX_KEY = _key(SYNTAX)
_WANTED = {_key(tag): tag for tag in (*DESCRIBING, *_TEXTS)} | {_key(tag): -1 for tag in (*_PIXELS, *_UNFIT)}
_ENDS = {_key(tag): tag for tag in _PIXELS}
_ITEM, _ITEM_END, _SEQUENCE_END = (_key(tag) for tag in (0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD))
_NESTED = {_ITEM_END: -1}


@dataclass(frozen=True, slots=True)
class Scanned:
    r"""Elements by tag as bytes, and the pixel data: its tag, first byte and length; tag 0 where there is none.

    >>> scanned = Scanned("1.2.840.10008.1.2.1", {SPACING: rb"0.5\0.75 ", MODALITY: b"CT"})
    >>> scanned.numbers(SPACING), scanned.text(MODALITY), scanned.numbers(POSITION)
    ((0.5, 0.75), 'CT', ())
    """

    syntax: str
    values: dict[int, bytes]
    tag: int = 0
    start: int = 0
    length: int = 0

    @property
    def description(self) -> tuple[object, ...]:
        """Return what the format of the pixels follows from: equal in two files, they have one format."""
        return (self.syntax, self.tag, *map(self.values.get, DESCRIBING))

    def text(self, tag: int) -> str:
        """Return an element as text without padding; empty where it is absent."""
        return self.values.get(tag, b"").decode("latin-1").strip(" \0")

    def named(self, keyword: str) -> str:
        """Return one of the elements that name a file, by keyword."""
        return self.text(_NAMES[keyword])

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return decimal strings as numbers, without empty ones; none where one of them is no number."""
        parts = (part.strip(b" \0") for part in self.values.get(tag, b"").split(b"\\"))
        try:
            return tuple(float(part) for part in parts if part)
        except ValueError:
            return ()


def scan(data: mmap.mmap) -> Scanned | None:
    """Return the elements of a plain little-endian file of one frame; None for any other, and for a broken one."""
    try:
        return _scanned(data)
    except (struct.error, ValueError, RecursionError):
        return None


def _scanned(data: mmap.mmap) -> Scanned | None:
    found: Found = {}
    position = _after_meta(data, found)
    uid = found.get(SYNTAX, b"").decode("latin-1").strip(" \0")
    syntax = syntax_for(uid)
    if not uid or syntax.deflated_data_set or syntax.big_endian_pixels:
        return None
    walk = _implicit if syntax.implicit_vr else _explicit
    key, start, length = walk(data, position, _WANTED, found)
    if key == -1:
        return Scanned(uid, found)
    scanned = Scanned(uid, found, _ENDS.get(key, 0), start, length)
    usual = _holds_items(data, start, length) if syntax.encapsulated else start + length <= len(data)
    return scanned if usual and scanned.tag and scanned.text(_FRAMES) in {"", "1"} else None


def _holds_items(data: mmap.mmap, start: int, length: int) -> bool:
    """Tell whether pixel data is encapsulated: items, of undefined length (PS3.5 A.4)."""
    return length == UNDEFINED and _LENGTH(data, start)[0] == _ITEM


def _after_meta(data: mmap.mmap, found: Found) -> int:
    """Collect the transfer syntax; return where the data set begins, the first group after 0002 (PS3.10 7.1)."""
    position = 132
    while True:
        key, vr, length = _EXPLICIT(data, position)
        if key & 0xFFFF != 2:
            return position
        position += 8
        if vr in _LONG:
            (length,) = _LENGTH(data, position)
            position += 4
        if key == _SYNTAX_KEY:
            found[SYNTAX] = data[position : position + length]
        position += length


def _explicit(
    data: mmap.mmap, position: int, wanted: Mapping[int, int], found: dict[int, bytes]
) -> tuple[int, int, int]:
    """Collect wanted elements of explicit VR; return key, start and length of the one to stop at, -1 at the end."""
    end = len(data)
    while position < end:
        key, vr, length = _EXPLICIT(data, position)
        tag = wanted.get(key)
        start = position + 8
        if vr in _LONG:
            (length,) = _LENGTH(data, start)
            start += 4
        elif vr not in _SHORT and tag != -1:
            raise ValueError
        if tag is not None:
            if tag == -1:
                return key, start, length
            found[tag] = data[start : start + length]
        if length == UNDEFINED:
            if vr != b"SQ":
                raise ValueError
            position = _after_sequence(data, start, _explicit)
        else:
            position = start + length
    return _at_end(position, end)


def _implicit(
    data: mmap.mmap, position: int, wanted: Mapping[int, int], found: dict[int, bytes]
) -> tuple[int, int, int]:
    """Collect wanted elements of implicit VR, as `_explicit` does; what has no length is a sequence."""
    end = len(data)
    while position < end:
        key, length = _IMPLICIT(data, position)
        start = position + 8
        tag = wanted.get(key)
        if tag is not None:
            if tag == -1:
                return key, start, length
            found[tag] = data[start : start + length]
        position = _after_sequence(data, start, _implicit) if length == UNDEFINED else start + length
    return _at_end(position, end)


def _at_end(position: int, end: int) -> tuple[int, int, int]:
    if position > end:
        raise ValueError
    return -1, end, 0


def _after_sequence(data: mmap.mmap, position: int, walk: Walk) -> int:
    """Return where a sequence of undefined length ends (PS3.5 7.5.1)."""
    while True:
        key, length = _IMPLICIT(data, position)
        position += 8
        if key == _SEQUENCE_END:
            return position
        if key != _ITEM:
            raise ValueError
        if length == UNDEFINED:
            key, position, _ = walk(data, position, _NESTED, {})
            if key == -1:
                raise ValueError
        else:
            position += length
