import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_palette_files

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import expand_segments


def words(*values: int, order: str = "<") -> bytes:
    return struct.pack(f"{order}{len(values)}H", *values)


def test_discrete_segments() -> None:
    assert expand_segments(bytes([0, 3, 5, 6, 7, 0, 1, 9]), 8, 4).tolist() == [5, 6, 7, 9]
    assert expand_segments(words(0, 2, 65535, 1, 0, 1, 256), 16, 3).tolist() == [65535, 1, 256]


def test_linear_segment_starts_one_step_after_the_last_value() -> None:
    # from 0 in 5 steps to 100, then in 4 steps to 60, then 2 that stay
    assert expand_segments(bytes([0, 1, 0, 1, 5, 100, 1, 4, 60, 1, 2, 60]), 8, 12).tolist() == [
        *(0, 20, 40, 60, 80, 100, 90, 80, 70, 60, 60, 60)
    ]


def test_linear_segment_rounds_to_the_nearest() -> None:
    # 10/3 = 3.33, 20/3 = 6.67
    assert expand_segments(words(0, 1, 0, 1, 3, 10), 16, 4).tolist() == [0, 3, 7, 10]


@pytest.mark.parametrize(("order", "big_endian"), [("<", False), (">", True)])
def test_indirect_segment_repeats_by_byte_offset(order: str, *, big_endian: bool) -> None:
    # bytes 0..5 discrete 0, bytes 6..11 linear to 40 in 2, bytes 12.. one segment again from byte 6: 40 -> 40
    table = words(0, 1, 0, 1, 2, 40, 0, 1, 10, 2, 2, 6, 0, order=order)
    # the two segments at byte 6: linear from 10 to 40 in 2, then discrete 10
    assert expand_segments(table, 16, 7, big_endian=big_endian).tolist() == [0, 20, 40, 10, 25, 40, 10]


def test_indirect_offset_is_not_counted_in_words() -> None:
    # known defect 7 of pydicom: byte offset 8 is word 4 there taken for word 8
    table = words(0, 2, 1, 2, 0, 1, 9, 2, 1, 8, 0)
    assert expand_segments(table, 16, 4).tolist() == [1, 2, 9, 9]


def test_indirect_to_a_linear_segment_after_the_value_0() -> None:
    # known defect 7: "the first segment cannot be a linear segment" there
    table = words(0, 1, 8, 1, 2, 4, 0, 1, 0, 2, 1, 6, 0)
    assert expand_segments(table, 16, 6).tolist() == [8, 6, 4, 0, 2, 4]


def test_indirect_segment_of_8_bits_has_an_offset_of_four_bytes() -> None:
    table = bytes([0, 1, 0, 1, 2, 10, 0, 1, 0, 2, 1, 3, 0, 0, 0])
    assert expand_segments(table, 8, 6).tolist() == [0, 5, 10, 0, 5, 10]
    filler = bytes([0, 255, *range(255)]) * 2
    far = filler + bytes([0, 1, 77, 2, 1, 2, 2, 0, 0])  # 0x0202 = 514, where 77 is
    assert expand_segments(far, 8, 512)[-2:].tolist() == [77, 77]


def test_8_bit_table_in_big_endian_words() -> None:
    table = bytes([0, 2, 5, 6])
    assert expand_segments(bytes([2, 0, 6, 5]), 8, 2, big_endian=True).tolist() == [5, 6]
    assert expand_segments(table, 8, 2).tolist() == [5, 6]


def test_padding_is_passed_over() -> None:
    assert expand_segments(bytes([0, 1, 5, 0]), 8, 1).tolist() == [5]
    assert expand_segments(bytes([0, 1, 5]), 8, 1).tolist() == [5]
    assert expand_segments(words(0, 1, 5) + b"\0", 16, 1).tolist() == [5]


@given(values=st.lists(st.integers(0, 255), min_size=1, max_size=255))
def test_discrete_values_come_back(values: list[int]) -> None:
    assert expand_segments(bytes([0, len(values), *values]), 8, len(values)).tolist() == values


@given(start=st.integers(0, 65535), end=st.integers(0, 65535), length=st.integers(1, 500))
def test_lines_are_monotone_even_and_reach_the_end(start: int, end: int, length: int) -> None:
    line = expand_segments(words(0, 1, start, 1, length, end), 16, length + 1).astype(int)
    assert line[0] == start
    assert line[-1] == end
    ideal = [start + (end - start) * i / length for i in range(length + 1)]
    assert np.abs(line - ideal).max() <= 0.5
    assert np.all(np.diff(line) * (1 if end >= start else -1) >= 0)


@given(data=st.binary(max_size=60), bits=st.sampled_from([8, 16]), entries=st.integers(1, 300))
def test_any_bytes_expand_or_are_refused(data: bytes, bits: int, entries: int) -> None:
    try:
        expanded = expand_segments(data, bits, entries)
    except TransformError:
        return
    assert len(expanded) == entries


def test_spring_is_its_definition() -> None:
    # PS3.6 B.1.5: red stays at 255, green rises to it, blue falls from it
    palette = dcmread(get_palette_files("spring.dcm")[0])
    channels = [palette[f"Segmented{name}PaletteColorLookupTableData"].value for name in ("Red", "Green", "Blue")]
    red, green, blue = (expand_segments(data, 8, 256).astype(int) for data in channels)
    assert set(red.tolist()) == {255}
    assert green.tolist() == [*range(256)]
    assert blue.tolist() == [*range(255, -1, -1)]


@pytest.mark.parametrize(
    ("data", "bits", "entries", "phrase"),
    [
        (words(1, 2, 5), 16, 2, "first segment cannot be a linear segment"),
        (words(2, 1, 0, 0), 16, 2, "first segment cannot be an indirect segment"),
        (words(0, 1, 5, 3, 1, 5), 16, 2, "unknown segment type '3'"),
        (words(0, 1, 5, 2, 1, 6, 0), 16, 5, "unknown segment type '2'"),  # indirect to itself
        (words(0, 1, 5, 2, 1, 3, 0), 16, 5, "middle"),
        (words(0, 1, 5, 2, 1, 600, 0), 16, 5, "needs 2 units at 300"),
        (words(0, 1, 5, 2, 1, 0, 65535), 16, 5, "needs 2 units"),
        (words(0, 5, 1, 2), 16, 5, "needs 5 units at 2"),
        (words(0, 1, 5, 1, 3), 16, 4, "needs 1 units"),
        (words(0, 2, 1, 2), 16, 1, "at least 2 values, its descriptor says 1"),
        (words(0, 2, 1, 2), 16, 3, "to 2 values, its descriptor says 3"),
        (words(0, 1, 0, 2, 65535, 0, 0), 16, 65536, "unknown segment type '2'"),
        (words(0, 1, 0, 1, 65535, 9, 2, 65535, 6, 0), 16, 65536, "at least"),
        (b"", 8, 1, "to 0 values"),
        (b"\0\1\5", 12, 1, "8 or 16 bits"),
    ],
)
def test_broken_tables_are_refused(data: bytes, bits: int, entries: int, phrase: str) -> None:
    with pytest.raises(TransformError, match=phrase):
        expand_segments(data, bits, entries)
