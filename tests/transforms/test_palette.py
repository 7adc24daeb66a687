from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import (
    WELL_KNOWN_PALETTES,
    Lut,
    Palette,
    Pipeline,
    PresentationLut,
    Rescale,
    SupplementalPalette,
)


def lut(*entries: int, first: int = 0, bits: int = 8) -> Lut:
    return Lut(np.array(entries), first, bits)


luts = st.builds(
    lambda entries, first: Lut(np.array(entries), first, 8),
    st.lists(st.integers(0, 255), min_size=1, max_size=20),
    st.integers(-10, 20),
)


@given(channels=st.lists(luts, min_size=3, max_size=4), stored=st.lists(st.integers(-30, 50)))
def test_each_channel_by_its_own_descriptor(channels: list[Lut], stored: list[int]) -> None:
    values = np.array(stored, np.int8)
    colours = Palette(*channels)(values)
    assert colours.shape == (len(stored), len(channels))
    for channel, table in enumerate(channels):
        assert np.array_equal(colours[:, channel], table(values))


def test_blocks_leave_no_seam() -> None:
    palette = Palette(lut(*range(256)), lut(*range(255, -1, -1)), lut(7))
    stored = np.random.default_rng(0).integers(0, 256, (3, 50_000), np.uint8)
    colours = palette(stored)
    assert np.array_equal(colours[..., 0], stored)
    assert np.array_equal(colours[..., 1], 255 - stored)
    assert np.all(colours[..., 2] == 7)


def test_8_bit_entries_in_a_table_of_more_than_256() -> None:
    # known defect 2 of pydicom: the index wraps modulo 256 there, 0 15 0 2 15
    ramp = Lut.from_descriptor((4096, 0, 8), bytes(i // 16 for i in range(4096)), signed_first=False)
    stored = np.array([0, 255, 256, 300, 4095], np.uint16)
    assert Palette(ramp, ramp, ramp)(stored)[:, 0].tolist() == [0, 15, 16, 18, 255]


def test_result_type_holds_every_channel() -> None:
    narrow, wide = lut(1), lut(65535, bits=16)
    assert Palette(narrow, narrow, narrow)(np.array([0])).dtype == np.uint8
    assert Palette(narrow, narrow, narrow, wide)(np.array([[0]])).tolist() == [[[1, 1, 1, 65535]]]


@pytest.mark.parametrize(
    ("entries", "bits", "levels"),
    [
        ((0, 32896, 65535), 16, [0, 128, 255]),  # full scale
        ((0, 255 << 8, 128 << 8), 16, [0, 255, 128]),  # 8 bits in the high byte
        ((0, 128, 255), 16, [0, 128, 255]),  # 8 bits under a descriptor of 16
        ((0, 100, 200), 16, [0, 100, 200]),
        ((0, 128, 255), 8, [0, 128, 255]),
        ((0, 2048, 4095), 12, [0, 128, 255]),  # 127.53 rounds up
        ((0, 2048, 4095), 8, [0, 128, 255]),  # 12 bits under a descriptor of 8
    ],
)
def test_display_scales_by_the_depth_the_entries_have(entries: tuple[int, ...], bits: int, levels: list[int]) -> None:
    channel = lut(*entries, first=-1, bits=bits)
    palette = Palette(channel, channel, channel).to_display()
    assert palette.dtype == np.uint8
    assert palette.red.first == -1
    assert palette(np.array([-1, 0, 1]))[:, 2].tolist() == levels


def test_depth_is_judged_over_all_channels() -> None:
    # a dark red beside full-scale green is dark: not an 8-bit table
    palette = Palette(lut(0, 255, bits=16), lut(0, 65535, bits=16), lut(0, 1, bits=16)).to_display()
    assert palette(np.array([1])).tolist() == [[1, 255, 0]]


def test_alpha_is_scaled_too() -> None:
    full = lut(65535, bits=16)
    assert Palette(full, full, full, lut(257, bits=16)).to_display()(np.array([0])).tolist() == [[255, 255, 255, 1]]


def gray() -> Pipeline:
    return Pipeline((PresentationLut(input_range=(0, 100)),)).to_display()


def test_supplemental_palette_begins_at_its_first_value() -> None:
    colours = SupplementalPalette(gray(), Palette(lut(9, 8, first=101), lut(7, first=101), lut(6, first=101)))
    stored = np.array([[0, 100, 101, 102, 200]], np.uint8)
    result = colours(stored)
    assert result.dtype == np.uint8
    assert colours.elementwise
    assert result.tolist() == [[[0, 0, 0], [255, 255, 255], [9, 7, 6], [8, 7, 6], [8, 7, 6]]]


def test_supplemental_palette_refuses_alpha_and_wide_gray() -> None:
    one = lut(1)
    with pytest.raises(TransformError, match="alpha"):
        SupplementalPalette(gray(), Palette(one, one, one, one))
    with pytest.raises(TransformError, match="needed uint8"):
        SupplementalPalette(Rescale(1, 0), Palette(one, one, one))(np.array([0]))


def test_well_known_palettes() -> None:
    # PS3.6 Annex B numbers them 1 to 8 in this order
    names = ["HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "SPRING", "SUMMER", "FALL", "WINTER"]
    numbered = {name: f"1.2.840.10008.1.5.{number}" for number, name in enumerate(names, 1)}
    assert numbered == WELL_KNOWN_PALETTES


def test_equal_palettes_are_equal_keys() -> None:
    palettes: list[Any] = [Palette(lut(1), lut(2), lut(3)) for _ in range(2)]
    assert len(set(palettes)) == 1
    assert palettes[0] != Palette(lut(1), lut(2), lut(4))


def test_out_is_filled() -> None:
    out: NDArray[np.uint8] = np.empty((1, 3), np.uint8)
    assert Palette(lut(1), lut(2), lut(3))(np.array([0]), out=out) is out
    assert out.tolist() == [[1, 2, 3]]
