"""Which fragments make which frame, whatever the offset tables say (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

import struct
from collections.abc import Sequence

import pytest

from dicompix.pixels.errors import FrameError, FrameIndexError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments import index_encapsulated, scan
from dicompix.pixels.frames import Buffer, BufferSource
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    ENCAPSULATED_UNCOMPRESSED,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_XL,
    RLE_LOSSLESS,
)
from support.packing import DELIMITER, ITEM, cut, encapsulate, offsets_of
from support.toys import END, J2K, SPLIT, START, WHOLE, codes, fmt_of, frames_in, index_of, joined, jpeg, words


@pytest.mark.parametrize("frames", [WHOLE, SPLIT], ids=["whole", "split"])
@pytest.mark.parametrize("table", ["none", "true"])
def test_frames_with_and_without_a_basic_offset_table(frames: list[list[bytes]], table: str) -> None:
    offsets = offsets_of(frames) if table == "true" else []
    index = index_of(encapsulate(frames, offsets), 3)
    assert frames_in(index) == joined(frames)
    assert codes(index) == []


@pytest.mark.parametrize(
    "table",
    [
        [0, 1, 2],
        [8, 60, 114],
        [0, 54],
        [0],
        [0, 108, 54],
        [0, 54, 10_000],
        [0, 0, 0],
        [0xFFFFFFFF],
    ],
)
@pytest.mark.parametrize("frames", [WHOLE, SPLIT], ids=["whole", "split"])
def test_a_basic_offset_table_that_lies_is_ignored_and_reported(frames: list[list[bytes]], table: list[int]) -> None:
    index = index_of(encapsulate(frames, table), 3)
    assert frames_in(index) == joined(frames)
    assert codes(index) == ["basic-offset-table"]
    assert "PS3.5 A.4" in str(index.findings[0])


def test_a_basic_offset_table_of_odd_size_is_ignored() -> None:
    data = encapsulate(WHOLE)
    index = index_of(ITEM + struct.pack("<I", 6) + bytes(6) + data[8:], 3)
    assert frames_in(index) == joined(WHOLE)
    assert codes(index) == ["basic-offset-table"]


def test_a_table_with_an_entry_for_each_fragment_is_ignored() -> None:
    pieces = [[piece] for piece in cut(jpeg(1, 90), 3)]
    index = index_of(encapsulate(pieces, offsets_of(pieces)), 1)
    assert frames_in(index) == [jpeg(1, 90)]
    assert codes(index) == ["basic-offset-table"]


def test_more_frames_than_declared_are_found_and_reported() -> None:
    for table in ([], offsets_of(WHOLE)):
        index = index_of(encapsulate(WHOLE, table), 2)
        assert frames_in(index) == joined(WHOLE)
        assert codes(index) == ["excess-frames"]
        assert (index.findings[0].found, index.findings[0].used) == (2, 3)
        assert index.declared == 2


def test_offsets_start_again_from_0_after_4_gib() -> None:
    size = 3 << 30

    class Sparse:
        delimited = True

        def __len__(self) -> int:
            return 8 + 16 + 4 * (size + 8) + 8

        def read(self, start: int, stop: int) -> Buffer:
            if start == 0:
                return ITEM + struct.pack("<I", 16)
            if start == 8:
                return struct.pack("<4I", *[number * (size + 8) & 0xFFFFFFFF for number in range(4)])
            if stop == len(self):
                return DELIMITER
            return ITEM + struct.pack("<I", size)

    index = index_encapsulated(Sparse(), fmt_of(4, JPEG_2000))
    assert codes(index) == []
    assert [index.spans(i)[0][0] for i in range(4)] == [24 + 8 + number * (size + 8) for number in range(4)]


def extended(frames: Sequence[Sequence[bytes]]) -> tuple[bytes, bytes]:
    return words(offsets_of(frames)), words([len(frame[0]) for frame in frames])


def test_an_extended_offset_table_gives_exact_lengths() -> None:
    odd = [[jpeg(1, 41)], [jpeg(2, 40)], [jpeg(3, 43)]]
    index = index_of(encapsulate(odd), 3, extended=extended(odd))
    assert frames_in(index) == joined(odd)
    assert codes(index) == []


def test_frames_may_lie_in_any_order() -> None:
    offsets, lengths = [108, 0, 54], [46, 46, 46]
    index = index_of(encapsulate(WHOLE), 3, extended=(words(offsets), words(lengths)))
    assert frames_in(index) == [jpeg(3), jpeg(1), jpeg(2)]


@pytest.mark.parametrize(
    ("offsets", "lengths"),
    [
        ([0, 54, 109], [46, 46, 46]),
        ([0, 54, 108], [46, 46, 20]),
        ([0, 54, 108], [46, 46, 48]),
        ([0, 54, 108], [46, 46]),
        ([0, 54], [46, 46]),
        ([0, 54, 54], [46, 46, 46]),
        ([0, 54, 1 << 60], [46, 46, 46]),
    ],
)
def test_an_extended_offset_table_that_lies_is_ignored(offsets: list[int], lengths: list[int]) -> None:
    for basic in ([], offsets_of(WHOLE)):
        index = index_of(encapsulate(WHOLE, basic), 3, extended=(words(offsets), words(lengths)))
        assert frames_in(index) == joined(WHOLE)
        assert codes(index) == ["extended-offset-table"]


def test_an_extended_offset_table_of_broken_words_is_ignored() -> None:
    index = index_of(encapsulate(WHOLE), 3, extended=(b"\0" * 23, b"\0" * 24))
    assert frames_in(index) == joined(WHOLE)
    assert codes(index) == ["extended-offset-table"]


def test_a_missing_delimiter_is_reported_only_where_one_is_due() -> None:
    data = encapsulate(WHOLE, delimited=False)
    due = index_of(data, 3)
    assert frames_in(due) == joined(WHOLE)
    assert codes(due) == ["sequence-delimiter"]
    assert codes(index_encapsulated(BufferSource(data), fmt_of(3))) == []


@pytest.mark.parametrize("tail", [b"\x08\0\x05\0CS\0\0", b"\0" * 16, ITEM + b"\xff\xff\xff\xff"])
def test_bytes_behind_the_items_end_them(tail: bytes) -> None:
    index = index_of(encapsulate(WHOLE, delimited=False) + tail, 3)
    assert frames_in(index) == joined(WHOLE)
    assert codes(index) == ["sequence-delimiter"]


def test_what_follows_the_delimiter_is_not_pixel_data() -> None:
    index = index_of(encapsulate(WHOLE) + b"rubbish!" * 4, 3)
    assert frames_in(index) == joined(WHOLE)
    assert codes(index) == []


def test_a_cut_last_fragment_is_reported() -> None:
    index = index_of(encapsulate(WHOLE, delimited=False)[:-10], 3)
    assert codes(index) == ["fragment-truncated"]
    assert len(index) == 3
    assert jpeg(3).startswith(bytes(index[2]))


@pytest.mark.parametrize("data", [b"", b"\xfe\xff", DELIMITER])
def test_no_items(data: bytes) -> None:
    with pytest.raises(FrameError, match="no items"):
        index_of(data, 1)


@pytest.mark.parametrize("data", [bytes(64), b"\xff\xd8\xff\xe0" * 8, ITEM + b"\0\0\0\0" + b"\x08\0\x05\0abcd"])
def test_no_fragments(data: bytes) -> None:
    with pytest.raises(FrameError, match="unexpected tag"):
        index_of(data, 1)


def test_a_table_alone_holds_no_frame() -> None:
    index = index_of(encapsulate([]), 1)
    assert len(index) == 0
    with pytest.raises(FrameIndexError, match="no frame 0"):
        index[0]


def test_empty_fragments_are_no_frames() -> None:
    index = index_of(encapsulate([[jpeg(1)], [b""], [jpeg(2)], [b""]]), 2)
    assert frames_in(index) == [jpeg(1), jpeg(2)]


def test_fewer_fragments_than_frames_are_fewer_frames() -> None:
    assert len(index_of(encapsulate(WHOLE), 5)) == 3


@pytest.mark.parametrize(
    ("uid", "begin", "end"),
    [
        (JPEG_BASELINE, START, END),
        (JPEG_BASELINE, START, END + b"\0"),
        (JPEG_2000, J2K, END),
        (JPEG_2000, b"\0\0\0\x0cjP  \r\n\x87\n", END),
        (JPEG_XL, b"\xff\x0a", b""),
    ],
)
def test_markers_tell_frames_apart(uid: str, begin: bytes, end: bytes) -> None:
    frames = [cut(begin + bytes([number]) * (20 + 2 * number) + end, number + 1) for number in range(4)]
    assert frames_in(index_of(encapsulate(frames), 4, uid)) == [
        b"".join(piece + b"\0" * (len(piece) % 2) for piece in frame) for frame in frames
    ]


def test_a_start_marker_inside_a_frame_begins_no_other() -> None:
    # A fragment of the same frame that happens to begin like a stream: the one before had no end marker.
    frames = [[START + b"a" * 20, START + b"b" * 20 + END], [jpeg(2)], [jpeg(3)]]
    assert frames_in(index_of(encapsulate(frames), 3)) == joined(frames)


@pytest.mark.parametrize("uid", [JPEG_BASELINE, RLE_LOSSLESS, DEFLATED_IMAGE_FRAME, ENCAPSULATED_UNCOMPRESSED])
def test_one_frame_takes_all_fragments(uid: str) -> None:
    frame = jpeg(1, 90)
    fmt = PixelFormat(rows=2, columns=48, transfer_syntax=uid)
    index = index_encapsulated(BufferSource(encapsulate([cut(frame, 4)])), fmt)
    assert frames_in(index) == [frame]


def test_uncompressed_frames_end_where_their_size_says() -> None:
    fmt = PixelFormat(rows=4, columns=5, frames=3, transfer_syntax=ENCAPSULATED_UNCOMPRESSED)
    frames = [cut(bytes([number]) * 20, number) for number in (1, 2, 3)]
    index = index_encapsulated(BufferSource(encapsulate(frames)), fmt)
    assert frames_in(index) == joined(frames)


def test_scan_names_what_it_found() -> None:
    fragments = scan(BufferSource(encapsulate(SPLIT, [0, 1])))
    assert fragments.table == (0, 1)
    assert len(fragments.spans) == 6
    assert fragments.starts[0] == 0
    assert fragments.findings == ()
