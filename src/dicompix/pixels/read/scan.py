"""The bytes of a plain little-endian file -> where the wanted elements lie, without parsing the rest (PS3.5 7.1).

A header of 250 elements takes 40 us, where a data set of them takes 600. Whatever pydicom could read otherwise, or say
something about, gives None: it reads such a file itself.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from mmap import mmap
from typing import NamedTuple

from pydicom.datadict import dictionary_VR

from dicompix.pixels.syntaxes import GE_PRIVATE_BIG, IMPLICIT_LITTLE, SYNTAXES

Bytes = mmap | memoryview | bytes
Wanted = Mapping[int, int]  # tags by their keys in the file; STOP for those to stop at
Place = tuple[str, int, int]  # an element's VR, "" where it is left out; first byte and length of its value
Found = dict[int, Place]  # by tag
End = tuple[int, Place]  # the key and the place of the element that a walk stopped at, key 0 at the end
# bytes, first position, one past the last, levels above, what is wanted and found
Walk = Callable[[Bytes, int, int, int, Wanted, Found], End]

UNDEFINED = 0xFFFFFFFF
STOP = -1
_GROUP_LENGTH, _SYNTAX, _CHARACTER_SET = 0x00020000, 0x00020010, 0x00080005
_DEEPEST = 32  # levels of sequences in sequences
_EXPLICIT, _IMPLICIT, _LENGTH = (struct.Struct(form).unpack_from for form in ("<IHH", "<II", "<I"))
_IMPLICIT_SYNTAXES = {IMPLICIT_LITTLE, GE_PRIVATE_BIG}  # pydicom expects explicit VR in every other one


def _may_be_plain(uid: str) -> bool:
    """Tell whether a transfer syntax is one in which pydicom, unless told otherwise, expects what we do."""
    syntax = SYNTAXES[uid]
    known = uid in _IMPLICIT_SYNTAXES or (uid.startswith("1.2.840.10008.") and not syntax.implicit_vr)
    return known and not (syntax.deflated_data_set or syntax.big_endian_data_set)


_SYNTAXES = {uid.encode() + b"\0" * (len(uid) % 2): uid for uid in SYNTAXES if _may_be_plain(uid)}


def _numbered(names: str) -> dict[int, str]:
    """Return VRs by how they are read: two letters in one number."""
    return {int.from_bytes(name.encode(), "little"): name for name in names.split()}


# VRs with a length of two bytes, and of four after two reserved ones (PS3.5 7.1.2).
SHORT = _numbered("AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US")
LONG = _numbered("OB OD OF OL OV OW SQ SV UC UN UR UT UV")
_SEQUENCE, _UID, _UNSIGNED = (int.from_bytes(name, "little") for name in (b"SQ", b"UI", b"UL"))


def _key(tag: int) -> int:
    """Return a tag as its four bytes are read in one, little endian, group first; or a tag from that."""
    return tag >> 16 | (tag & 0xFFFF) << 16


_ITEM, _ITEM_END, _SEQUENCE_END = (_key(tag) for tag in (0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD))
# The character set of an item is for pydicom to judge.
_NESTED = {_ITEM_END: STOP, _key(_CHARACTER_SET): STOP}
_AT_END: End = (0, ("", 0, 0))


class Scan(NamedTuple):
    """The transfer syntax, wanted elements by tag, and the one that the scan stopped at: tag 0 at the end."""

    syntax: str
    places: Found
    tag: int
    last: Place

    @property
    def implicit(self) -> bool:
        """Tell whether VRs are left out."""
        return self.syntax in _IMPLICIT_SYNTAXES


def wanted(tags: Iterable[int], stops: Iterable[int]) -> Wanted:
    """Return what `scan` is to look for: elements to find, and those at the first of which it stops."""
    return {_key(tag): tag for tag in tags} | {_key(tag): STOP for tag in (*stops, 0xFFFEE00D)}


def scan(data: Bytes, elements: Wanted) -> Scan | None:
    """Return where elements of a file lie; None where it is not plain, or broken before the one to stop at."""
    found: Found = {}
    try:
        uid, position = _after_meta(data)
        walk = _implicit if uid in _IMPLICIT_SYNTAXES else _explicit
        _check_begin(data, position, implicit=walk is _implicit)
        key, last = walk(data, position, len(data), 0, elements, found)
    except (struct.error, ValueError):
        return None
    return Scan(uid, found, _key(key), last)


def _after_meta(data: Bytes) -> tuple[str, int]:
    """Return the transfer syntax, and where the data set begins: where the group length says (PS3.10 7.1)."""
    key, vr, length = _EXPLICIT(data, 132)
    if data[128:132] != b"DICM" or (key, vr, length) != (_key(_GROUP_LENGTH), _UNSIGNED, 4):
        raise ValueError
    end = 144 + _LENGTH(data, 140)[0]
    position, uid = 144, ""
    while position < end:
        key, vr, length = _EXPLICIT(data, position)
        start = position + 8
        if vr in LONG:
            (length,) = _LENGTH(data, start)
            start += 4
        if key & 0xFFFF != 2 or (vr not in SHORT and vr not in LONG):
            raise ValueError
        if key == _key(_SYNTAX):
            if uid or vr != _UID:
                raise ValueError
            uid = _SYNTAXES.get(bytes(data[start : start + length]), "")
        position = start + length
    if position != end or not uid:
        raise ValueError
    return uid, end


def _check_begin(data: Bytes, position: int, *, implicit: bool) -> None:
    """Raise ValueError for more of the File Meta Information, for a command, and for the other kind of VR."""
    key, vr, _ = _EXPLICIT(data, position)
    written = all(0x40 < letter < 0x5B for letter in vr.to_bytes(2, "little"))
    if key & 0xFFFF in {0, 2} or written is implicit:
        raise ValueError


def _explicit(data: Bytes, position: int, end: int, depth: int, elements: Wanted, found: Found) -> End:
    """Collect wanted elements of explicit VR; return the one to stop at."""
    while position < end:
        key, vr, length = _EXPLICIT(data, position)
        start = position + 8
        if vr in SHORT:
            position = start + length
        elif vr in LONG:
            (length,) = _LENGTH(data, start)
            start += 4
            position = start + length
        elif key != _ITEM_END:
            raise ValueError
        if key in elements:
            place = SHORT.get(vr) or LONG.get(vr, ""), start, length
            if elements[key] == STOP:
                return key, place
            _note(elements[key], place, found)
        if length == UNDEFINED:
            if vr != _SEQUENCE:
                raise ValueError
            position = _after_sequence(data, start, depth + 1, _explicit)
    return _at_end(position, end)


def _implicit(data: Bytes, position: int, end: int, depth: int, elements: Wanted, found: Found) -> End:
    """Collect wanted elements of implicit VR, as `_explicit` does; what has no length is a sequence."""
    while position < end:
        key, length = _IMPLICIT(data, position)
        start = position + 8
        position = start + length
        if key in elements:
            if elements[key] == STOP:
                return key, ("", start, length)
            _note(elements[key], ("", start, length), found)
        if length == UNDEFINED:
            if not _may_be_sequence(_key(key)):
                raise ValueError
            position = _after_sequence(data, start, depth + 1, _implicit)
    return _at_end(position, end)


def _note(tag: int, place: Place, found: Found) -> None:
    if tag in found or place[2] == UNDEFINED:
        raise ValueError
    found[tag] = place


def _may_be_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:  # a private element: its items tell
        return True


def _at_end(position: int, end: int) -> End:
    if position != end:
        raise ValueError
    return _AT_END


def _after_sequence(data: Bytes, position: int, depth: int, walk: Walk) -> int:
    """Return where a sequence of undefined length ends (PS3.5 7.5.1), looked through as pydicom does."""
    while depth < _DEEPEST:
        key, length = _IMPLICIT(data, position)
        position += 8
        if key == _SEQUENCE_END:
            return position
        if key != _ITEM:
            break
        undefined = length == UNDEFINED
        end = len(data) if undefined else position + length
        key, (_, start, _) = walk(data, position, end, depth, _NESTED, {})
        if key != (_ITEM_END if undefined else 0):
            break
        position = start if undefined else end
    raise ValueError
