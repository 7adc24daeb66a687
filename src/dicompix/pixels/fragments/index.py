"""Which fragments make which frame: encapsulated pixel data -> FrameIndex (PS3.5 A.4)."""

from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments.items import scan
from dicompix.pixels.fragments.markers import without_table
from dicompix.pixels.fragments.promised import promised_index
from dicompix.pixels.fragments.tables import from_basic, from_extended
from dicompix.pixels.frames import FarSource, FrameIndex, Source


def index_encapsulated(source: Source, fmt: PixelFormat, extended: tuple[bytes, bytes] | None = None) -> FrameIndex:
    """Return the index of encapsulated pixel data: offset tables where they are true, else markers and counts.

    Where bytes cost access to a disk or a network, a table that can be true is believed, and each of its entries
    checked when its frame is read.
    """
    if isinstance(source, FarSource):
        promised = promised_index(source, fmt, extended, _walked)
        if promised is not None:
            return promised
    return _walked(source, fmt, extended)


def _walked(source: Source, fmt: PixelFormat, extended: tuple[bytes, bytes] | None) -> FrameIndex:
    """Return the index by a walk over all items."""
    fragments = scan(source)
    findings = list(fragments.findings)
    groups = None
    if extended is not None:
        groups = from_extended(fragments, extended, fmt.frames, findings)
    if groups is None and fragments.table:
        groups = from_basic(source, fragments, fmt, findings)
    if groups is None:
        groups = without_table(source, fragments, fmt, findings)
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
