from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import Lut

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def slow_lookup(entries: Sequence[int], first: int, value: int) -> int:
    """C.11.1.1.1: values below the first mapped take the first entry, values past the end the last."""
    if value < first:
        return entries[0]
    if value >= first + len(entries):
        return entries[-1]
    return entries[value - first]


@pytest.mark.parametrize("dtype", INTEGERS)
@given(data=st.data())
def test_equals_the_slow_reference_for_every_type(dtype: str, data: st.DataObject) -> None:
    limits = np.iinfo(dtype)
    first = data.draw(st.integers(-32768, 65535))
    entries = data.draw(st.lists(st.integers(0, 65535), min_size=1, max_size=40))
    near = (
        st.integers(max(limits.min, first - 50), min(limits.max, first + 90))
        if (max(limits.min, first - 50) <= min(limits.max, first + 90))
        else st.just(limits.max)
    )
    values = data.draw(st.lists(near | st.integers(limits.min, limits.max), max_size=30))
    result = Lut(np.array(entries), first, 16)(np.array(values, dtype))
    assert result.dtype == np.uint16
    assert result.tolist() == [slow_lookup(entries, first, value) for value in values]


def test_extreme_values_do_not_wrap() -> None:
    lut = Lut(np.array([1, 2, 3]), -32768, 8)
    assert lut(np.array([-(2**63), -32767, 2**63 - 1], np.int64)).tolist() == [1, 2, 3]
    assert lut(np.array([2**64 - 1, 2**63, 0], np.uint64)).tolist() == [3, 3, 3]


def test_first_value_mapped_outside_the_type() -> None:
    # known defect 4 of pydicom: uint8 input with first = -1024 overflows there
    lut = Lut(np.arange(2048) // 8, -1024, 8)
    assert lut(np.array([0, 255], np.uint8)).tolist() == [128, 159]


def test_whole_int16_range() -> None:
    # known defect 4: all zeros there
    lut = Lut.from_descriptor((0, -32768, 16), list(range(65536)), signed_first=True)
    assert lut(np.array([-32768, 0, 32767], np.int16)).tolist() == [0, 32768, 65535]


def test_float_input_is_rounded_down_and_nan_takes_entry_0() -> None:
    lut = Lut(np.array([10, 20, 30]), -1, 8)
    values = np.array([-1e30, -1.0, -0.1, 0.0, 0.9, 1.0, np.inf, np.nan], np.float32)
    assert lut(values).tolist() == [10, 10, 10, 20, 20, 30, 30, 10]


def test_boolean_input_shape_and_blocks() -> None:
    lut = Lut(np.array([7, 9]), 0, 8)
    mask = np.zeros((3, 40_000), bool)
    mask[2, -1] = mask[1, 20_000] = True
    result = lut(mask)
    assert result.shape == mask.shape
    assert np.array_equal(result, np.where(mask, 9, 7))


def test_not_contiguous_and_big_endian_input() -> None:
    lut = Lut(np.arange(1000), 0, 16)
    values = np.arange(600).reshape(20, 30).astype(">i2")[::2, ::-3]
    assert np.array_equal(lut(values), values)


def test_out_is_filled_or_refused() -> None:
    lut = Lut(np.array([5, 6]), 0, 8)
    out = np.zeros((2,), np.uint8)
    assert lut(np.array([1, 0]), out=out) is out
    assert out.tolist() == [6, 5]
    with pytest.raises(TransformError, match="needed C-contiguous uint8"):
        lut(np.array([1, 0]), out=np.zeros(2, np.uint16))


def test_table_is_a_read_only_copy() -> None:
    entries = np.array([1, 2], np.uint8)
    lut = Lut(entries, 0, 8)
    entries[0] = 99
    assert lut.table.tolist() == [1, 2]
    assert not lut.table.flags.writeable


@pytest.mark.parametrize(
    ("bits", "high", "dtype"), [(8, 255, np.uint8), (8, 256, np.uint16), (9, 255, np.uint16), (12, 4095, np.uint16)]
)
def test_result_type_follows_bits_and_entries(bits: int, high: int, dtype: type) -> None:
    assert Lut(np.array([0, high]), 0, bits)(np.array([1])).dtype == dtype


def test_equal_by_content() -> None:
    one, same = Lut(np.array([1, 2]), 0, 8), Lut(np.array([1, 2], np.uint16), 0, 8)
    assert one == same
    assert hash(one) == hash(same)
    assert one != Lut(np.array([1, 2]), 1, 8)
    assert one != Lut(np.array([1, 3]), 0, 8)
    assert one != "a table"


@pytest.mark.parametrize(
    ("table", "bits"), [([], 8), ([[1]], 8), ([0.5], 8), ([-1], 8), ([65536], 16), ([1], 0), ([1], 17)]
)
def test_bad_tables_are_refused(table: list[Any], bits: int) -> None:
    with pytest.raises(TransformError):
        Lut(np.array(table), 0, bits)


@pytest.mark.parametrize(
    ("descriptor", "signed", "expected"),
    [
        ((0, 0, 16), False, (65536, 0)),
        ((0, -32768, 16), True, (65536, -32768)),
        ((-25536, 5, 16), True, (40000, 5)),  # 40000 read as SS
        ((4, 64512, 16), True, (4, -1024)),  # -1024 read as US
        ((4, -1024, 16), False, (4, 64512)),  # 64512 read as SS
    ],
)
def test_descriptor_read_with_the_wrong_vr(
    *, descriptor: tuple[int, int, int], signed: bool, expected: tuple[int, int]
) -> None:
    lut = Lut.from_descriptor(descriptor, np.zeros(65536, np.uint16), signed_first=signed)
    assert (lut.table.size, lut.first) == expected


@pytest.mark.parametrize(
    ("descriptor", "data", "big_endian", "entries"),
    [
        ((3, 0, 8), bytes([1, 2, 3]), False, [1, 2, 3]),  # one byte each
        ((3, 0, 8), bytes([1, 2, 3, 0]), False, [1, 2, 3]),  # padded
        ((3, 0, 8), bytes([1, 0, 2, 0, 3, 0]), False, [1, 2, 3]),  # one word each
        ((3, 0, 8), bytes([0, 1, 0, 2, 0, 3]), True, [1, 2, 3]),
        ((4, 0, 8), bytes([2, 1, 4, 3]), True, [1, 2, 3, 4]),  # two in a word, bytes swapped
        ((2, 0, 16), bytes([1, 2, 3, 4]), False, [0x0201, 0x0403]),
        ((2, 0, 16), bytes([1, 2, 3, 4]), True, [0x0102, 0x0304]),
        ((2, 0, 16), bytes([1, 2, 3, 4, 0]), False, [0x0201, 0x0403]),
        ((3, 0, 8), [0x0201, 0x0003], False, [1, 2, 3]),  # two in a word, read as US
        ((3, 0, 8), [1, 2, 3], False, [1, 2, 3]),
        ((2, 0, 16), [-1, -32768], False, [65535, 32768]),  # read as SS
        ((2, 0, 12), np.array([4095, 7], np.uint16), False, [4095, 7]),
        ((2, 0, 16), [1, 2, 0], False, [1, 2]),
    ],
)
def test_data_in_every_packing(
    *, descriptor: tuple[int, int, int], data: bytes | list[int], big_endian: bool, entries: list[int]
) -> None:
    lut = Lut.from_descriptor(descriptor, data, signed_first=False, big_endian=big_endian)
    assert lut.table.tolist() == entries


@pytest.mark.parametrize("data", [b"", bytes(3), [1, 2, 3], bytes(6)])
def test_short_data_is_refused(data: bytes | list[int]) -> None:
    with pytest.raises(TransformError, match="descriptor says 4"):
        Lut.from_descriptor((4, 0, 16), data, signed_first=False)


def test_descriptor_of_two_values_is_refused() -> None:
    with pytest.raises(TransformError, match="needed 3"):
        Lut.from_descriptor((4, 0), bytes(4), signed_first=False)


def test_repr_is_short() -> None:
    assert repr(Lut(np.zeros(65536, int), -32768, 16)) == "Lut(65536 entries of 16 bits, first value mapped -32768)"
