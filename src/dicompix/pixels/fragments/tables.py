"""Offset tables that are true to the items, and those that are not: Fragments -> groups of spans (PS3.5 A.4)."""

from itertools import pairwise
from struct import error, unpack

from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments.items import Fragments, Groups, filled, finding
from dicompix.pixels.fragments.markers import START_MARKERS
from dicompix.pixels.frames import Source, Span
from dicompix.pixels.syntaxes import syntax_for


def from_extended(
    fragments: Fragments, extended: tuple[bytes, bytes], frames: int, findings: list[Finding]
) -> Groups | None:
    """Return frames by the Extended Offset Table, or None where it does not match the items (PS3.3 C.7.6.3.1.8)."""
    code = "extended-offset-table"
    try:
        offsets, lengths = (unpack(f"<{len(part) // 8}Q", part) for part in extended)
    except error:
        findings.append(finding(code, "the extended offset table is no sequence of 8-byte values", used="ignored"))
        return None
    if len(offsets) != len(lengths):
        message = (
            "the number of items in (7FE0,0001) 'Extended Offset Table' and (7FE0,0002) 'Extended Offset Table "
            "Lengths' don't match - the extended offset table will be ignored"
        )
        findings.append(finding(code, message, (len(offsets), len(lengths)), "ignored"))
        return None
    starts = fragments.starts
    for offset, length in zip(offsets, lengths, strict=True):
        number = starts.get(offset)
        if number is None or not fits(fragments.spans[number], length):
            findings.append(finding(code, "the table points at no item of that length", (offset, length), "ignored"))
            return None
    if len(offsets) < frames or len(set(offsets)) < len(offsets):
        findings.append(
            finding(code, f"the table has not one entry for each of {frames} frames", len(offsets), "ignored")
        )
        return None
    return [(cut_to(fragments.spans[starts[offset]], length),) for offset, length in zip(offsets, lengths, strict=True)]


def fits(span: Span, length: int) -> bool:
    """Tell whether a fragment holds so many bytes, and a pad byte at the most."""
    return 0 <= span[1] - span[0] - length <= 1


def cut_to(span: Span, length: int) -> Span:
    """Return a fragment without its pad byte."""
    return span[0], span[0] + length


def from_basic(source: Source, fragments: Fragments, fmt: PixelFormat, findings: list[Finding]) -> Groups | None:
    """Return frames by the basic offset table, or None where an offset is on no item's boundary."""
    starts, frames = fragments.starts, fmt.frames
    numbers = [starts.get(offset) for offset in unwrapped(fragments.table)]
    known = [number for number in numbers if number is not None]
    true = len(known) == len(numbers) and known[0] == 0 and all(a < b for a, b in pairwise(known))
    if not true or len(known) < min(frames, len(fragments.spans)) or _one_each(source, fragments, known, fmt):
        message = "the basic offset table does not match the items"
        findings.append(finding("basic-offset-table", message, _shown(fragments.table), "ignored"))
        return None
    bounds = [*known, len(fragments.spans)]
    return [filled(fragments.spans[a:b]) for a, b in pairwise(bounds)]


def _one_each(source: Source, fragments: Fragments, known: list[int], fmt: PixelFormat) -> bool:
    """Tell whether a table has an entry for each fragment instead of each frame: not all begin a codestream."""
    markers = START_MARKERS.get(syntax_for(fmt.transfer_syntax).family)
    if markers is None or len(known) <= fmt.frames:
        return False
    begins = (fragments.spans[number][0] for number in known)
    return not all(bytes(source.read(start, start + 12)).startswith(markers) for start in begins)


def unwrapped(table: tuple[int, ...]) -> list[int]:
    """Return offsets as they are after 4 GiB, where 32 bits start again from 0."""
    high, result = 0, [table[0]]
    for before, offset in pairwise(table):
        high += (offset < before) << 32
        result.append(offset + high)
    return result


def _shown(table: tuple[int, ...]) -> str:
    return f"{list(table[:4])}{'...' if len(table) > 4 else ''}"
