"""Packed bits: tables by hand from PS3.5 8.1.1 and annex D, laws over frames that do not end with a byte."""

import inspect
from typing import Any

import numpy as np
import pydicom.pixels
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.compat.bits import concatenate_packed_frames, get_packed_frame, pack_bits, unpack_bits
from dicompix.pixels.errors import PixelError

# The first pixel is the least significant bit of the first byte.
PACKED = [
    (b"", []),
    (b"\x01", [1, 0, 0, 0, 0, 0, 0, 0]),
    (b"\x80", [0, 0, 0, 0, 0, 0, 0, 1]),
    (b"\x35", [1, 0, 1, 0, 1, 1, 0, 0]),
    (b"\x00\x81", [0] * 8 + [1, 0, 0, 0, 0, 0, 0, 1]),
]


@pytest.mark.parametrize(("packed", "bits"), PACKED)
def test_bits_and_bytes_by_hand(packed: bytes, bits: list[int]) -> None:
    assert pack_bits(np.array(bits, np.uint8), pad=False) == packed
    array = unpack_bits(packed)
    assert isinstance(array, np.ndarray)
    assert array.dtype == np.uint8
    assert array.tolist() == bits
    assert unpack_bits(packed, as_array=False) == bytes(bits)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i4", "f4", "f8"])
def test_any_type_that_holds_ones_and_zeroes(dtype: str) -> None:
    assert pack_bits(np.array([[0, 1], [1, 0]], dtype), pad=False) == b"\x06"


def test_arrays_go_in_row_order_and_bytes_may_be_given() -> None:
    array = np.array([[1, 0, 0], [0, 0, 1]], np.uint8)
    assert pack_bits(array, pad=False) == b"\x21"
    assert pack_bits(np.asfortranarray(array), pad=False) == b"\x21"
    assert pack_bits(array.T, pad=False) == bytes([0b100001])  # 1 0, 0 0, 0 1
    assert pack_bits(array.tobytes(), pad=False) == pack_bits(bytearray(array.tobytes()), pad=False) == b"\x21"


def test_padding_is_to_an_even_length() -> None:
    assert pack_bits(np.ones(3, np.uint8)) == b"\x07\x00"
    assert pack_bits(np.ones(16, np.uint8)) == b"\xff\xff"
    assert pack_bits(np.zeros(0, np.uint8)) == pack_bits(b"") == b""


@pytest.mark.parametrize("bad", [np.array([2]), np.array([-1]), np.array([0.5]), np.array([np.nan]), b"\x00\x02"])
def test_other_values_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"Only binary arrays \(containing ones or zeroes\)") as caught:
        pack_bits(bad)
    assert isinstance(caught.value, PixelError)


def test_packing_leaves_its_argument() -> None:
    array = np.array([0, 1, 1], np.uint8)
    array.flags.writeable = False
    pack_bits(array)
    assert array.tolist() == [0, 1, 1]


# Three frames of 3 x 5 pixels are 45 bits: frame 1 has bits 15 to 29, in bytes 1 to 3.
FIRST, SECOND, THIRD = 0b101_1001_1010_0011, 0b010_0110_0101_1101, 0b111_0000_1111_0001
TOGETHER = (FIRST | SECOND << 15 | THIRD << 30).to_bytes(6, "little")


@pytest.mark.parametrize(("index", "value"), [(0, FIRST), (1, SECOND), (2, THIRD)])
def test_a_frame_out_of_the_middle_of_bytes(index: int, value: int) -> None:
    assert get_packed_frame(TOGETHER, index, 15) == value.to_bytes(2, "little")


def test_a_frame_out_of_a_part_of_the_pixel_data() -> None:
    assert get_packed_frame(TOGETHER[1:4], 1, 15, start_offset=1) == SECOND.to_bytes(2, "little")


def test_a_frames_bytes_are_padded_when_asked() -> None:
    assert get_packed_frame(b"\xff\xff", 1, 5) == b"\x1f\x00"
    assert get_packed_frame(b"\xff\xff", 1, 5, pad=False) == b"\x1f"


@pytest.mark.parametrize(("index", "offset"), [(3, 0), (0, 1), (99, 0)])
def test_a_frame_that_is_not_there(index: int, offset: int) -> None:
    with pytest.raises(ValueError, match="insufficient pixel data"):
        get_packed_frame(TOGETHER, index, 15, offset)


def test_a_negative_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        get_packed_frame(TOGETHER, -1, 15)


def test_frames_are_joined_bit_by_bit() -> None:
    frames = [value.to_bytes(2, "little") for value in (FIRST, SECOND, THIRD)]
    assert concatenate_packed_frames(frames, 15) == TOGETHER
    assert concatenate_packed_frames([], 15) == b""


def test_bits_behind_a_frame_do_not_count() -> None:
    assert concatenate_packed_frames([b"\xff", b"\x00"], 3, pad=False) == b"\x07"
    assert concatenate_packed_frames([b"\xff\xff", b"\x00\xff"], 8, pad=False) == b"\xff\x00"


@pytest.mark.parametrize("bits", [8, 24])
def test_frames_of_whole_bytes_are_padded_too(bits: int) -> None:
    """Number 17 of the known defects: pydicom forgets the pad byte when frames are whole bytes."""
    frame = bytes(range(1, bits // 8 + 1))
    assert concatenate_packed_frames([frame] * 3, bits) == frame * 3 + b"\0"
    assert concatenate_packed_frames([frame] * 3, bits, pad=False) == frame * 3


def test_a_short_frame_is_named() -> None:
    with pytest.raises(ValueError, match="frame 1 has 1 bytes, needed 2 for 15 pixels"):
        concatenate_packed_frames([b"ab", b"a"], 15)


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**32))
def test_taking_apart_what_was_joined(length: int, count: int, seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2, (count, length), np.uint8)
    frames = [pack_bits(frame) for frame in bits]
    joined = concatenate_packed_frames(frames, length)
    assert joined == pack_bits(bits)
    assert [get_packed_frame(joined, i, length) for i in range(count)] == frames


@pytest.mark.parametrize("name", ["pack_bits", "unpack_bits"])
def test_signatures_are_pydicoms(name: str) -> None:
    ours, theirs = inspect.signature(globals()[name]), inspect.signature(getattr(pydicom.pixels, name))
    plain = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert plain[0] == plain[1]


def test_signatures_of_the_next_pydicom() -> None:
    """From pydicom's documentation of version 3.1."""
    assert list(inspect.signature(get_packed_frame).parameters) == [
        "src",
        "index",
        "frame_length",
        "start_offset",
        "pad",
    ]
    assert list(inspect.signature(concatenate_packed_frames).parameters) == ["frames", "frame_length", "pad"]
