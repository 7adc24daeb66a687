"""Frames of encapsulated pixel data without an offset table: by counting, markers or size (PS3.5 A.4)."""

from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments.items import Fragments, Groups, filled, finding
from dicompix.pixels.frames import Source, Span, ahead
from dicompix.pixels.syntaxes import syntax_for

# How a codestream begins, by family; the end marker tells where none is known.
START_MARKERS = {
    "jpeg": (b"\xff\xd8",),
    "jpeg-ls": (b"\xff\xd8",),
    "jpeg-2000": (b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "),
    "jpeg-xl": (b"\xff\x0a", b"\x00\x00\x00\x0cJXL "),
}
_END_MARKER = b"\xff\xd9"


def without_table(source: Source, fragments: Fragments, fmt: PixelFormat, findings: list[Finding]) -> Groups:
    """Return frames by counting and by the codestreams' own start and end markers."""
    spans = filled(fragments.spans) if fragments.spans else ()
    if len(spans) == fmt.frames:
        return [(span,) for span in spans]
    family = syntax_for(fmt.transfer_syntax).family
    if family == "native":
        return _by_size(spans, fmt.frame_bytes)
    if family in START_MARKERS:
        spans_of_frames = _by_markers(source, spans, START_MARKERS[family])
        if fmt.frames == 1 and len(spans_of_frames) > 1:
            message = "the fragments hold several codestreams, but Number of Frames is 1: the first is used"
            findings.append(finding("excess-fragments", message, len(spans_of_frames), 1))
            return spans_of_frames[:1]
        return spans_of_frames
    # RLE and deflated frames are one fragment each (PS3.5 A.4.2, A.4.13); a lone frame may be joined from several.
    if fmt.frames > 1 or not spans:
        return [(span,) for span in spans]
    findings.append(finding("fragments-joined", "a frame that is to be one fragment lies in several", len(spans), 1))
    return [spans]


def _by_markers(source: Source, spans: tuple[Span, ...], markers: tuple[bytes, ...]) -> Groups:
    """Return groups of fragments that each begin with a start marker after an end marker."""
    groups: list[list[Span]] = []
    ended, read = True, ahead(source)
    for span in spans:
        starts = bytes(read(span[0], span[0] + 12)).startswith(markers)
        if not groups or (starts and ended):
            groups.append([])
        groups[-1].append(span)
        ended = _END_MARKER in bytes(read(max(span[0], span[1] - 10), span[1])) or markers[0] == b"\xff\x0a"
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
