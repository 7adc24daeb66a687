"""The items of encapsulated pixel data, walked once: Source -> Fragments (PS3.5 A.4)."""

from dataclasses import dataclass, replace
from struct import Struct, unpack

from dicompix.pixels.errors import Finding, FrameError
from dicompix.pixels.frames import Source, Span, ahead

ITEM = 0xE000FFFE  # (FFFE,E000) read as one little-endian word
DELIMITER = 0xE0DDFFFE
UNDEFINED = 0xFFFFFFFF
HEADER = Struct("<II")

Groups = list[tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class Fragments:
    """The items of encapsulated pixel data: the basic offset table, then each fragment's span."""

    table: tuple[int, ...]
    spans: tuple[Span, ...]
    findings: tuple[Finding, ...]

    @property
    def starts(self) -> dict[int, int]:
        """Return fragment number by the offset of its item tag from the first item after the table."""
        first = self.spans[0][0] - 8 if self.spans else 0
        return {start - 8 - first: number for number, (start, _) in enumerate(self.spans)}


def finding(code: str, message: str, found: object = None, used: object = None) -> Finding:
    """Return a finding about items or offset tables."""
    return Finding(code=code, message=message, found=found, used=used, clause="PS3.5 A.4")


def scan(source: Source) -> Fragments:
    """Walk the items once and return them; a missing delimiter and a cut last fragment are findings."""
    items, findings = _walk(source)
    if not items:
        raise FrameError("the encapsulated pixel data holds no items: not enough fragments for a frame (PS3.5 A.4)")
    start, stop = items[0]
    raw = bytes(ahead(source)(start, stop))
    table: tuple[int, ...] = ()
    if len(raw) % 4:
        findings.append(
            finding(
                "basic-offset-table",
                "the basic offset table's length is no multiple of 4",
                len(raw),
                "ignored",
            )
        )
    elif raw:
        table = unpack(f"<{len(raw) // 4}I", raw)
    lengths = [stop - start for start, stop in items[1:]]
    if 0 in lengths:
        findings.append(finding("fragment-empty", "a fragment is empty", lengths.index(0), "left out"))
    if any(length % 2 for length in lengths):
        findings.append(replace(finding("odd-length", "a fragment has an odd number of bytes"), severity="info"))
    return Fragments(table, tuple(items[1:]), tuple(findings))


def _walk(source: Source) -> tuple[list[Span], list[Finding]]:
    items: list[Span] = []
    position, end, read = 0, len(source), ahead(source)
    while position + 8 <= end:
        tag, length = HEADER.unpack(read(position, position + 8))
        if tag == DELIMITER:
            return items, [_delimiter(length)] if length else []
        if tag == ITEM and length == UNDEFINED and items and position + 8 < end:
            return _undefined(source, items, position)
        if tag != ITEM or length == UNDEFINED:
            return items, [_unexpected(tag, length, position, items)]
        start = position + 8
        position = start + length
        if position > end:
            items.append((start, end))
            return items, [
                finding("fragment-truncated", "the last fragment ends before its length", length, end - start)
            ]
        items.append((start, position))
    missing = finding("sequence-delimiter", "the sequence delimitation item is missing")
    return items, [missing] if source.delimited else []


def _delimiter(length: int) -> Finding:
    return finding("sequence-delimiter", "the sequence delimitation item has a length", length, 0)


def _undefined(source: Source, items: list[Span], position: int) -> tuple[list[Span], list[Finding]]:
    """Return the items with one of undefined length, which then holds all that is left but the delimiter."""
    start, end = position + 8, len(source)
    tail = bytes(ahead(source)(max(start, end - 8), end))
    stop = end - 8 if len(tail) == 8 and HEADER.unpack(tail)[0] == DELIMITER else end
    items.append((start, stop))
    message = "a fragment's length is undefined: it is taken to be the last"
    return items, [finding("fragment-length", message, "undefined", stop - start)]


def _unexpected(tag: int, length: int, position: int, items: list[Span]) -> Finding:
    """Return the finding for bytes that are no item; without any fragment before them it is an error."""
    group, element = tag & 0xFFFF, tag >> 16
    found = f"({group:04X},{element:04X}) with length {length:#x}"
    if len(items) < 2:
        raise FrameError(
            f"unexpected tag '({group:04X},{element:04X})' at byte {position} of the encapsulated pixel data "
            f"(length {length:#x}); needed an item (FFFE,E000) of defined length or the delimiter (FFFE,E0DD)"
        )
    return finding("sequence-delimiter", f"byte {position} holds neither an item nor the delimiter", found, "the end")


def filled(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return a frame's spans without the empty ones, unless all are."""
    return tuple(span for span in spans if span[1] > span[0]) or spans[:1]
