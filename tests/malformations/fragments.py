"""Encapsulated pixel data whose items or offset tables are not what they should be (PS3.5 A.4)."""

import struct
from collections.abc import Sequence
from dataclasses import replace

from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import FrameError
from malformations.case import Case, codes
from malformations.dicom import UNDEFINED, Picture, coded
from malformations.streams import jpeg_2000, lossless
from support import packing
from support.arrays import gray
from support.builders import stack

FRAMES = stack(gray(16), 3)
RLE = [packing.rle(frame) for frame in FRAMES]
JPEG = [lossless(frame) for frame in FRAMES]
J2K = [jpeg_2000(frame) for frame in FRAMES]
CUT = [packing.cut(stream, parts) for stream, parts in zip(JPEG, (3, 2, 4), strict=True)]
WHOLE = [[stream] for stream in JPEG]
TABLE, EXTENDED = "PS3.5 A.4", "PS3.3 C.7.6.3.1.8"
Frames = Sequence[Sequence[bytes]]


def _row(name: str, says: str, make: object, *found: str, **right: object) -> Case:
    given: dict[str, object] = {"group": "fragments", "clause": TABLE, "right": FRAMES, "codes": codes(*found), **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _jpeg(frames: Frames = WHOLE, table: Sequence[int] = ()) -> Picture:
    return coded(s.JPEG_LOSSLESS_SV1, FRAMES[0], packing.encapsulate(frames, table), count=3)


def _shifted(by: int, frames: Frames = WHOLE) -> list[int]:
    return [offset + by for offset in packing.offsets_of(frames)]


def _to_fragments() -> list[int]:
    return packing.offsets_of([[fragment] for frame in CUT for fragment in frame])


def _odd_table() -> Picture:
    table = struct.pack("<3I", *packing.offsets_of(WHOLE)) + b"\0\0"
    items = packing.ITEM + struct.pack("<I", len(table)) + table
    return _jpeg().holding(items + packing.encapsulate(WHOLE)[8:])


def _extended(offsets: Sequence[int], lengths: Sequence[int], table: Sequence[int] = ()) -> Picture:
    return _jpeg(WHOLE, table).having(
        ExtendedOffsetTable=struct.pack(f"<{len(offsets)}Q", *offsets),
        ExtendedOffsetTableLengths=struct.pack(f"<{len(lengths)}Q", *lengths),
    )


def _tables() -> list[Case]:
    true, lengths = packing.offsets_of(WHOLE), [len(stream) for stream in JPEG]
    lies = "basic-offset-table"
    return [
        _row("table-shifted", "each offset is 2 too large", lambda: _jpeg(table=_shifted(2)), lies),
        _row("table-from-start", "offsets count from the table's own item", lambda: _jpeg(table=_shifted(20)), lies),
        _row("table-zeros", "each offset is 0", lambda: _jpeg(table=[0, 0, 0]), lies),
        _row("table-beyond", "offsets lie beyond the data", lambda: _jpeg(table=[0, 10**6, 10**7]), lies),
        _row("table-middle", "only the second offset lies", lambda: _jpeg(table=[0, true[1] + 2, true[2]]), lies),
        _row("table-descending", "offsets descend", lambda: _jpeg(table=true[::-1]), lies),
        _row("table-short", "two offsets for three frames", lambda: _jpeg(table=true[:2]), lies),
        _row("table-first-only", "one offset, 0, for three frames", lambda: _jpeg(table=[0]), lies),
        _row("table-long", "four offsets for three frames", lambda: _jpeg(table=[*true, true[2] + 8]), lies),
        _row("table-odd", "the table's length is no multiple of 4", _odd_table, lies),
        _row("table-of-fragments", "an offset for each fragment", lambda: _jpeg(CUT, _to_fragments()), lies),
        _row("table-of-lengths", "lengths instead of offsets", lambda: _jpeg(table=lengths), lies),
        _row(
            "extended-shifted",
            "extended offsets are 2 too large",
            lambda: _extended([o + 2 for o in true], lengths),
            "extended-offset-table",
            clause=EXTENDED,
        ),
        _row(
            "extended-lengths",
            "extended lengths are too large",
            lambda: _extended(true, [n + 100 for n in lengths]),
            "extended-offset-table",
            clause=EXTENDED,
        ),
        _row(
            "extended-short-lengths",
            "extended lengths are too small",
            lambda: _extended(true, [n - 100 for n in lengths]),
            "extended-offset-table",
            clause=EXTENDED,
        ),
        _row(
            "extended-count",
            "two extended lengths for three offsets",
            lambda: _extended(true, lengths[:2]),
            "extended-offset-table",
            clause=EXTENDED,
        ),
        _row(
            "extended-few",
            "two extended offsets for three frames",
            lambda: _extended(true[:2], lengths[:2]),
            "extended-offset-table",
            clause=EXTENDED,
        ),
        _row(
            "both-tables",
            "a basic and an extended table, both true",
            lambda: _extended(true, lengths, true),
            clause=EXTENDED,
        ),
    ]


def _ends() -> list[Case]:
    undelimited = packing.encapsulate(WHOLE, delimited=False)
    return [
        _row(
            "no-delimiter",
            "the sequence delimiter is missing",
            lambda: _jpeg().holding(undelimited),
            "sequence-delimiter",
            cut=True,
        ),
        _row(
            "no-delimiter-table",
            "the same, with an offset table",
            lambda: _jpeg().holding(packing.encapsulate(WHOLE, packing.offsets_of(WHOLE), delimited=False)),
            "sequence-delimiter",
            cut=True,
        ),
        _row(
            "other-element-end",
            "another element instead of the delimiter",
            lambda: _jpeg().holding(undelimited + struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 4) + bytes(4)),
            "sequence-delimiter",
            cut=True,
        ),
        _row("zeros-after", "zeros after the sequence delimiter", lambda: replace(_jpeg(), after=bytes(100))),
        _row(
            "zeros-instead",
            "zeros instead of the sequence delimiter",
            lambda: _jpeg().holding(undelimited + bytes(64)),
            "sequence-delimiter",
            cut=True,
        ),
        _row(
            "delimiter-length",
            "the sequence delimiter has a length",
            lambda: _jpeg().holding(undelimited + packing.DELIMITER[:4] + b"\4\0\0\0" + bytes(4)),
            "sequence-delimiter",
        ),
        _row(
            "item-too-long", "the last fragment's length goes past the end", _too_long, "fragment-truncated", cut=True
        ),
        _row("item-undefined", "the last fragment's length is undefined", _undefined_item, "fragment-length"),
    ]


def _last_length(length: int) -> bytes:
    items = packing.encapsulate(WHOLE, delimited=False)
    size = len(JPEG[2]) + len(JPEG[2]) % 2
    return items[: -size - 4] + struct.pack("<I", length) + items[-size:]


def _too_long() -> Picture:
    return _jpeg().holding(_last_length(len(JPEG[2]) + 1000))


def _undefined_item() -> Picture:
    return _jpeg().holding(_last_length(UNDEFINED) + packing.DELIMITER)


def _numbers() -> list[Case]:
    few: dict[str, object] = {
        "right": None,
        "error": FrameError,
        "phrase": "fewer fragments than frames",
        "shown": (0, 1),
    }
    two = FRAMES[:2]
    return [
        _row("too-few-fragments", "two fragments for three frames", lambda: _jpeg(WHOLE[:2]), **few),
        _row("too-few-rle", "two RLE fragments for three frames", lambda: _rle(RLE[:2]), **few),
        _row(
            "too-many-fragments",
            "three frames' fragments for two",
            lambda: _jpeg().having(NumberOfFrames=2),
            "excess-frames",
            right=two,
            every=FRAMES,
            clause="PS3.3 C.7.6.6",
        ),
        _row(
            "too-many-rle",
            "three RLE fragments for two frames",
            lambda: _rle(RLE).having(NumberOfFrames=2),
            "excess-frames",
            right=two,
            every=FRAMES,
            clause="PS3.3 C.7.6.6",
        ),
        _row(
            "frames-absent-coded",
            "Number of Frames is absent, there are three with a table",
            lambda: _jpeg(table=packing.offsets_of(WHOLE)).having(NumberOfFrames=None),
            "excess-frames",
            right=FRAMES[0],
            every=FRAMES,
            clause="PS3.3 C.7.6.6",
        ),
        _row(
            "frames-absent-no-table",
            "Number of Frames is absent, there are three without a table",
            lambda: _jpeg().having(NumberOfFrames=None),
            "excess-fragments",
            right=FRAMES[0],
            clause="PS3.3 C.7.6.6",
        ),
        _row(
            "frames-zero-coded",
            "Number of Frames is 0, one frame",
            lambda: _jpeg(WHOLE[:1]).having(NumberOfFrames=0),
            "number-of-frames",
            right=FRAMES[0],
            clause="PS3.3 C.7.6.6",
        ),
        _row(
            "empty-fragment",
            "an empty fragment between frames",
            lambda: _jpeg([WHOLE[0], [b""], *WHOLE[1:]]),
            "fragment-empty",
        ),
        _row("empty-fragment-end", "an empty fragment at the end", lambda: _jpeg([*WHOLE, [b""]]), "fragment-empty"),
        _row(
            "empty-fragment-rle",
            "an empty RLE fragment between frames",
            lambda: _rle([RLE[0], b"", *RLE[1:]]),
            "fragment-empty",
        ),
        _row(
            "empty-fragment-table",
            "an empty fragment, and a table that knows it",
            lambda: _jpeg([[JPEG[0], b""], *WHOLE[1:]], packing.offsets_of([[JPEG[0], b""], *WHOLE[1:]])),
            "fragment-empty",
        ),
        _row(
            "fragments-table", "frames in several fragments, with a table", lambda: _jpeg(CUT, packing.offsets_of(CUT))
        ),
        _row("fragments-no-table", "frames in several fragments, without a table", lambda: _jpeg(CUT)),
        _row("fragments-j2k", "JPEG 2000 frames in several fragments, without a table", _cut_j2k),
        _row(
            "fragments-rle",
            "an RLE frame in three fragments",
            lambda: coded(s.RLE_LOSSLESS, FRAMES[0], packing.encapsulate([packing.cut(RLE[0], 3)])),
            "fragments-joined",
            right=FRAMES[0],
            clause="PS3.5 A.4.2",
        ),
        _row("fragments-odd", "fragments of odd length", _odd_fragments, "odd-length", right=FRAMES[0]),
    ]


def _rle(streams: Sequence[bytes]) -> Picture:
    return coded(s.RLE_LOSSLESS, FRAMES[0], packing.encapsulate([[stream] for stream in streams]), count=3)


def _cut_j2k() -> Picture:
    frames = [packing.cut(stream, 3) for stream in J2K]
    return coded(s.JPEG_2000_LOSSLESS, FRAMES[0], packing.encapsulate(frames), count=3)


def _odd_fragments() -> Picture:
    stream = JPEG[0]
    parts = [stream[:101], stream[101:202], stream[202:]]
    items = b"".join(packing.ITEM + struct.pack("<I", len(part)) + part for part in parts)
    return coded(s.JPEG_LOSSLESS_SV1, FRAMES[0], packing.encapsulate([], delimited=False) + items + packing.DELIMITER)


CASES = [*_tables(), *_ends(), *_numbers()]
