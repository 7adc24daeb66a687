"""Which fragments make which frame: encapsulated pixel data -> FrameIndex (PS3.5 A.4)."""

from dataclasses import dataclass
from itertools import pairwise
from struct import Struct, error, unpack

from dicompix.pixels.errors import Finding, FrameError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import FrameIndex, Source, Span
from dicompix.pixels.syntaxes import syntax_for

_ITEM = 0xE000FFFE  # (FFFE,E000) read as one little-endian word
_DELIMITER = 0xE0DDFFFE
_HEADER = Struct("<II")

# How a codestream begins, by family; the end marker tells where none is known.
START_MARKERS = {
    "jpeg": (b"\xff\xd8",),
    "jpeg-ls": (b"\xff\xd8",),
    "jpeg-2000": (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "),
    "jpeg-xl": (b"\xff\x0a", b"\x00\x00\x00\x0cJXL "),
}
_END_MARKER = b"\xff\xd9"


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


def _finding(code: str, message: str, found: object = None, used: object = None) -> Finding:
    return Finding(code=code, message=message, found=found, used=used, clause="PS3.5 A.4")


def scan(source: Source) -> Fragments:
    """Walk the items once and return them; a missing delimiter and a cut last fragment are findings."""
    items, findings = _walk(source)
    if not items:
        raise FrameError("the encapsulated pixel data holds no items: not enough fragments for a frame (PS3.5 A.4)")
    start, stop = items[0]
    raw = bytes(source.read(start, stop))
    table: tuple[int, ...] = ()
    if len(raw) % 4:
        findings.append(
            _finding(
                "basic-offset-table",
                "the basic offset table's length is no multiple of 4",
                len(raw),
                "ignored",
            )
        )
    elif raw:
        table = unpack(f"<{len(raw) // 4}I", raw)
    return Fragments(table, tuple(items[1:]), tuple(findings))


def _walk(source: Source) -> tuple[list[Span], list[Finding]]:
    items: list[Span] = []
    position, end = 0, len(source)
    while position + 8 <= end:
        tag, length = _HEADER.unpack(source.read(position, position + 8))
        if tag == _DELIMITER:
            return items, []
        if tag != _ITEM or length == 0xFFFFFFFF:
            return items, [_unexpected(tag, length, position, items)]
        start = position + 8
        position = start + length
        if position > end:
            items.append((start, end))
            return items, [
                _finding("fragment-truncated", "the last fragment ends before its length", length, end - start)
            ]
        items.append((start, position))
    missing = _finding("sequence-delimiter", "the sequence delimitation item is missing")
    return items, [missing] if source.delimited else []


def _unexpected(tag: int, length: int, position: int, items: list[Span]) -> Finding:
    """Return the finding for bytes that are no item; without any fragment before them it is an error."""
    group, element = tag & 0xFFFF, tag >> 16
    found = f"({group:04X},{element:04X}) with length {length:#x}"
    if len(items) < 2:
        raise FrameError(
            f"unexpected tag '({group:04X},{element:04X})' at byte {position} of the encapsulated pixel data "
            f"(length {length:#x}); needed an item (FFFE,E000) of defined length or the delimiter (FFFE,E0DD)"
        )
    return _finding("sequence-delimiter", f"byte {position} holds neither an item nor the delimiter", found, "the end")


def index_encapsulated(source: Source, fmt: PixelFormat, extended: tuple[bytes, bytes] | None = None) -> FrameIndex:
    """Return the index of encapsulated pixel data: offset tables where they are true, else markers and counts."""
    fragments = scan(source)
    findings = list(fragments.findings)
    groups = None
    if extended is not None:
        groups = _from_extended(fragments, extended, fmt.frames, findings)
    if groups is None and fragments.table:
        groups = _from_basic(source, fragments, fmt, findings)
    if groups is None:
        groups = _without_table(source, fragments, fmt)
    if len(groups) > fmt.frames:
        message = (
            f"{len(groups)} frames have been found in the encapsulated pixel data, which is larger than the given "
            f"(0028,0008) 'Number of Frames' value of {fmt.frames}"
        )
        findings.append(
            Finding(
                code="excess-frames",
                message=message,
                attribute="NumberOfFrames",
                found=fmt.frames,
                used=len(groups),
            )
        )
    return FrameIndex(source, groups, declared=fmt.frames, findings=tuple(findings))


Groups = list[tuple[Span, ...]]


def _from_extended(
    fragments: Fragments, extended: tuple[bytes, bytes], frames: int, findings: list[Finding]
) -> Groups | None:
    """Return frames by the Extended Offset Table, or None where it does not match the items (PS3.3 C.7.6.3.1.8)."""
    code = "extended-offset-table"
    try:
        offsets, lengths = (unpack(f"<{len(part) // 8}Q", part) for part in extended)
    except error:
        findings.append(_finding(code, "the extended offset table is no sequence of 8-byte values", used="ignored"))
        return None
    if len(offsets) != len(lengths):
        message = (
            "the number of items in (7FE0,0001) 'Extended Offset Table' and (7FE0,0002) 'Extended Offset Table "
            "Lengths' don't match - the extended offset table will be ignored"
        )
        findings.append(_finding(code, message, (len(offsets), len(lengths)), "ignored"))
        return None
    starts = fragments.starts
    for offset, length in zip(offsets, lengths, strict=True):
        number = starts.get(offset)
        if number is None or not _fits(fragments.spans[number], length):
            findings.append(_finding(code, "the table points at no item of that length", (offset, length), "ignored"))
            return None
    if len(offsets) < frames or len(set(offsets)) < len(offsets):
        findings.append(
            _finding(code, f"the table has not one entry for each of {frames} frames", len(offsets), "ignored")
        )
        return None
    return [(_cut(fragments.spans[starts[offset]], length),) for offset, length in zip(offsets, lengths, strict=True)]


def _fits(span: Span, length: int) -> bool:
    return 0 <= span[1] - span[0] - length <= 1


def _cut(span: Span, length: int) -> Span:
    return span[0], span[0] + length


def _from_basic(source: Source, fragments: Fragments, fmt: PixelFormat, findings: list[Finding]) -> Groups | None:
    """Return frames by the basic offset table, or None where an offset is on no item's boundary."""
    starts, frames = fragments.starts, fmt.frames
    numbers = [starts.get(offset) for offset in _unwrapped(fragments.table)]
    known = [number for number in numbers if number is not None]
    true = len(known) == len(numbers) and known[0] == 0 and all(a < b for a, b in pairwise(known))
    if not true or len(known) < min(frames, len(fragments.spans)) or _one_each(source, fragments, known, fmt):
        message = "the basic offset table does not match the items"
        findings.append(_finding("basic-offset-table", message, _shown(fragments.table), "ignored"))
        return None
    bounds = [*known, len(fragments.spans)]
    return [_filled(fragments.spans[a:b]) for a, b in pairwise(bounds)]


def _one_each(source: Source, fragments: Fragments, known: list[int], fmt: PixelFormat) -> bool:
    """Tell whether a table has an entry for each fragment instead of each frame: not all begin a codestream."""
    markers = START_MARKERS.get(syntax_for(fmt.transfer_syntax).family)
    if markers is None or len(known) <= fmt.frames:
        return False
    begins = (fragments.spans[number][0] for number in known)
    return not all(bytes(source.read(start, start + 12)).startswith(markers) for start in begins)


def _unwrapped(table: tuple[int, ...]) -> list[int]:
    """Return offsets as they are after 4 GiB, where 32 bits start again from 0."""
    high, result = 0, [table[0]]
    for before, offset in pairwise(table):
        high += (offset < before) << 32
        result.append(offset + high)
    return result


def _shown(table: tuple[int, ...]) -> str:
    return f"{list(table[:4])}{'...' if len(table) > 4 else ''}"


def _filled(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return a frame's spans without the empty ones, unless all are."""
    return tuple(span for span in spans if span[1] > span[0]) or spans[:1]


def _without_table(source: Source, fragments: Fragments, fmt: PixelFormat) -> Groups:
    """Return frames by counting and by the codestreams' own start and end markers."""
    spans = _filled(fragments.spans) if fragments.spans else ()
    if len(spans) == fmt.frames:
        return [(span,) for span in spans]
    family = syntax_for(fmt.transfer_syntax).family
    if family == "native":
        return _by_size(spans, fmt.frame_bytes)
    if family in START_MARKERS:
        spans_of_frames = _by_markers(source, spans, START_MARKERS[family])
        return spans_of_frames[:1] if fmt.frames == 1 else spans_of_frames
    # RLE and deflated frames are one fragment each (PS3.5 A.4.2, A.4.13); a lone frame may be joined from several.
    return [spans] if fmt.frames == 1 and spans else [(span,) for span in spans]


def _by_markers(source: Source, spans: tuple[Span, ...], markers: tuple[bytes, ...]) -> Groups:
    """Return groups of fragments that each begin with a start marker after an end marker."""
    groups: list[list[Span]] = []
    ended = True
    for span in spans:
        starts = bytes(source.read(span[0], span[0] + 12)).startswith(markers)
        if not groups or (starts and ended):
            groups.append([])
        groups[-1].append(span)
        ended = _END_MARKER in bytes(source.read(max(span[0], span[1] - 10), span[1])) or markers[0] == b"\xff\x0a"
    return [tuple(group) for group in groups]


def _by_size(spans: tuple[Span, ...], frame_bytes: int) -> Groups:
    """Return groups of fragments that together hold one native frame each."""
    groups: list[list[Span]] = []
    held = frame_bytes
    for start, stop in spans:
        if held >= frame_bytes:
            groups.append([])
            held = 0
        groups[-1].append((start, stop))
        held += stop - start
    return [tuple(group) for group in groups]
