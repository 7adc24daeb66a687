from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom.pixels.processing import convert_color_space

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import RgbToYbr, YbrToRgb, expand_420, expand_422

SPACES = ["YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"]


def triples(first: int) -> NDArray[np.uint8]:
    """All 8-bit triples with this first sample."""
    planes = np.indices((256, 256), np.uint8)
    return np.stack([np.full((256, 256), first, np.uint8), *planes], axis=-1)


@pytest.mark.parametrize("first", range(0, 256, 16))
def test_every_8_bit_triple_as_in_pydicom(first: int) -> None:
    block = np.stack([triples(first + i) for i in range(16)])
    assert np.array_equal(YbrToRgb("YBR_FULL")(block), convert_color_space(block, "YBR_FULL", "RGB"))


@pytest.mark.parametrize("first", range(0, 256, 16))
def test_every_rgb_triple_as_in_pydicom(first: int) -> None:
    block = np.stack([triples(first + i) for i in range(16)])
    assert np.array_equal(RgbToYbr("YBR_FULL")(block), convert_color_space(block, "RGB", "YBR_FULL"))


def exact_rgb(y: int, cb: int, cr: int, bits: int) -> list[Fraction]:
    """The formulas of C.7.6.3.1.2, inverted, in rational numbers and clipped."""
    red, green, blue = Fraction(299, 1000), Fraction(587, 1000), Fraction(114, 1000)
    b, r = cb - 2 ** (bits - 1), cr - 2 ** (bits - 1)
    rgb = (
        y + 2 * (1 - red) * r,
        y - 2 * (1 - blue) * blue / green * b - 2 * (1 - red) * red / green * r,
        y + 2 * (1 - blue) * b,
    )
    return [min(max(value, Fraction(0)), Fraction(2**bits - 1)) for value in rgb]


@given(bits=st.integers(9, 32), data=st.data())
def test_deep_samples_are_the_nearest_to_rational_arithmetic(bits: int, data: st.DataObject) -> None:
    sample = st.integers(0, 2**bits - 1)
    pixels = data.draw(st.lists(st.tuples(sample, sample, sample), min_size=1, max_size=20))
    dtype = np.uint16 if bits <= 16 else np.uint32
    result = YbrToRgb("YBR_FULL", bits)(np.array(pixels, dtype))
    assert result.dtype == dtype
    for rgb, pixel in zip(result.tolist(), pixels, strict=True):
        off = [found - value for found, value in zip(rgb, exact_rgb(*pixel, bits), strict=True)]
        assert max(map(abs, off)) <= Fraction(1, 2) + Fraction(1, 10**5)


@pytest.mark.parametrize("photometric", SPACES)
@given(bits=st.integers(8, 16), data=st.data())
def test_there_and_back_loses_only_the_rounding(photometric: str, bits: int, data: st.DataObject) -> None:
    sample = st.integers(0, 2**bits - 1)
    pixels = data.draw(st.lists(st.tuples(sample, sample, sample), min_size=1, max_size=30))
    rgb = np.array(pixels, np.uint8 if bits == 8 else np.uint16)
    back = YbrToRgb(photometric, bits)(RgbToYbr(photometric, bits)(rgb))
    assert back.dtype == rgb.dtype
    # halves of luminance and chrominance add to 0.5 + 0.886, or 0.58 + 1.01 where the studio range has fewer levels
    allowed = {"YBR_RCT": 0, "YBR_PARTIAL_422": 2, "YBR_PARTIAL_420": 2}.get(photometric, 1)
    assert np.abs(back.astype(np.int64) - rgb.astype(np.int64)).max() <= allowed


@pytest.mark.parametrize(
    ("rgb", "full", "studio"),
    [
        # by hand: Y = .299R + .587G + .114B, CB = 128 + (B - Y) / 1.772, CR = 128 + (R - Y) / 1.402
        ((255, 0, 0), (76, 85, 255), (81, 90, 240)),
        ((0, 255, 0), (150, 44, 21), (145, 54, 34)),
        ((0, 0, 255), (29, 255, 107), (41, 240, 110)),
        ((255, 255, 255), (255, 128, 128), (235, 128, 128)),
        ((0, 0, 0), (0, 128, 128), (16, 128, 128)),
        ((128, 128, 128), (128, 128, 128), (126, 128, 128)),
    ],
)
def test_primary_colours(rgb: tuple[int, ...], full: tuple[int, ...], studio: tuple[int, ...]) -> None:
    colour = np.array([rgb], np.uint8)
    assert tuple(RgbToYbr("YBR_FULL")(colour)[0]) == full
    assert tuple(RgbToYbr("YBR_PARTIAL_422")(colour)[0]) == studio
    back = YbrToRgb("YBR_PARTIAL_420")(np.array([studio], np.uint8))
    assert np.abs(back.astype(int) - rgb).max() <= 2


def test_studio_range_grows_with_the_bits() -> None:
    # Rec. ITU-R BT.601: 10 bits have 64, 940 and 512 for 16, 235 and 128
    white = RgbToYbr("YBR_PARTIAL_422", 10)(np.array([[1023, 1023, 1023], [0, 0, 0]], np.uint16))
    assert white.tolist() == [[940, 512, 512], [64, 512, 512]]


def test_luminance_outside_the_studio_range_is_clipped() -> None:
    assert YbrToRgb("YBR_PARTIAL_422")(np.array([[255, 128, 128], [0, 128, 128]], np.uint8)).tolist() == [
        [255, 255, 255],
        [0, 0, 0],
    ]


def test_reversible_transform_by_hand() -> None:
    # Y = floor((R + 2G + B) / 4), CB = B - G, CR = R - G
    ybr = RgbToYbr("YBR_RCT")(np.array([[10, 3, 1], [0, 255, 0]], np.uint8))
    assert ybr.dtype == np.int16
    assert ybr.tolist() == [[4, -2, 7], [127, -255, -255]]


def test_irreversible_transform_has_signed_chrominance() -> None:
    ybr = RgbToYbr("YBR_ICT")(np.array([[0, 255, 0], [0, 0, 255]], np.uint8))
    # 0.587 * 255, -0.33126 * 255, -0.41869 * 255; 0.114 * 255, 0.5 * 255 (half up), -0.08131 * 255
    assert ybr.tolist() == [[150, -84, -107], [29, 128, -21]]


@pytest.mark.parametrize("pixels", [0, 1, 2, 21_845, 21_846, 32_769, 70_001])
@pytest.mark.parametrize("convert", [YbrToRgb("YBR_FULL"), RgbToYbr("YBR_FULL")], ids=["to rgb", "from rgb"])
def test_blocks_leave_no_seam(convert: YbrToRgb | RgbToYbr, pixels: int) -> None:
    colours = np.random.default_rng(pixels).integers(0, 256, (pixels, 3), np.uint8)
    whole = convert(colours)
    one_by_one = [convert(colours[i : i + 1])[0] for i in range(max(pixels - 3, 0), pixels)]
    assert whole.shape == colours.shape
    assert np.array_equal(whole[max(pixels - 3, 0) :], np.array(one_by_one, np.uint8).reshape(-1, 3))
    assert np.array_equal(whole[: pixels // 2], convert(colours[: pixels // 2]))


def test_the_input_is_untouched_unless_it_is_out() -> None:
    colours = np.array([[76, 85, 255]], np.uint8)
    assert YbrToRgb("YBR_FULL")(colours).tolist() == [[254, 0, 0]]
    assert colours.tolist() == [[76, 85, 255]]
    assert YbrToRgb("YBR_FULL")(colours, out=colours) is colours
    assert colours.tolist() == [[254, 0, 0]]


def test_views_and_big_endian_samples() -> None:
    colours = np.random.default_rng(1).integers(0, 4096, (6, 5, 3), np.uint16)
    expected = YbrToRgb("YBR_FULL", 12)(colours)
    swapped = YbrToRgb("YBR_FULL", 12)(colours.astype(">u2"))
    assert swapped.dtype == np.dtype("=u2")
    assert np.array_equal(swapped, expected)
    assert np.array_equal(YbrToRgb("YBR_FULL", 12)(colours[::-1, ::2]), expected[::-1, ::2])


@pytest.mark.parametrize(
    ("photometric", "bits", "values"),
    [
        ("RGB", 8, np.zeros((1, 3), np.uint8)),
        ("YBR_FULL", 0, np.zeros((1, 3), np.uint8)),
        ("YBR_FULL", 33, np.zeros((1, 3), np.uint8)),
        ("YBR_FULL", 8, np.zeros((3, 1), np.uint8)),
        ("YBR_FULL", 8, np.zeros((1, 3), np.float32)),
        ("YBR_FULL", 12, np.zeros((1, 3), np.uint8)),
    ],
)
def test_what_cannot_be_converted(photometric: str, bits: int, values: NDArray[Any]) -> None:
    with pytest.raises(TransformError):
        YbrToRgb(photometric, bits)(values)


def slow_422(samples: list[int], rows: int, columns: int, *, padded: bool) -> list[list[tuple[int, int, int]]]:
    """C.7.6.3.1.2: two Y samples, then the CB and CR that both share."""
    pixels = []
    for i in range(0, len(samples) - 3, 4):
        y1, y2, cb, cr = samples[i : i + 4]
        pixels += [(y1, cb, cr), (y2, cb, cr)]
    width = columns + columns % 2 if padded else columns
    return [pixels[row * width : row * width + columns] for row in range(rows)]


@pytest.mark.parametrize(("rows", "columns"), [*product(range(1, 5), range(1, 7))])
def test_expand_422_with_padded_rows(rows: int, columns: int) -> None:
    samples = [*range(rows * ((columns + 1) // 2) * 4)]
    expanded = expand_422(np.array(samples), rows, columns, np.uint16)
    assert expanded.dtype == np.uint16
    assert [[tuple(pixel) for pixel in row] for row in expanded.tolist()] == slow_422(
        samples, rows, columns, padded=True
    )


@pytest.mark.parametrize(("rows", "columns"), [(2, 3), (4, 5), (2, 1), (6, 7), (1, 2)])
def test_expand_422_with_pairs_running_on(rows: int, columns: int) -> None:
    samples = [*range(rows * columns * 2)]
    expanded = expand_422(np.array(samples), rows, columns, np.uint8)
    assert [[tuple(pixel) for pixel in row] for row in expanded.tolist()] == slow_422(
        samples, rows, columns, padded=False
    )


def test_expand_422_where_the_last_pixel_is_alone() -> None:
    # 3 x 3: four pairs and one pixel; 18 samples leave no room for its chrominance, 20 do
    expanded = expand_422(np.arange(18), 3, 3, np.uint8)
    assert expanded[2, 1:].tolist() == [[13, 14, 15], [16, 14, 15]]
    assert expand_422(np.arange(20), 3, 3, np.uint8)[2, 2].tolist() == [16, 18, 19]


def slow_420(samples: list[int], rows: int, columns: int) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Even rows Y Y CB CR, odd rows Y Y; chrominance from the even row above."""
    stream = iter(samples)
    pixels: dict[tuple[int, int], tuple[int, int, int]] = {}
    across = (columns + 1) // 2
    for row in range(rows):
        for pair in range(across):
            y1, y2 = next(stream), next(stream)
            cb, cr = (next(stream), next(stream)) if row % 2 == 0 else pixels[row - 1, 2 * pair][1:]
            pixels[row, 2 * pair], pixels[row, 2 * pair + 1] = (y1, cb, cr), (y2, cb, cr)
    return pixels


@pytest.mark.parametrize(("rows", "columns"), [*product(range(1, 5), range(1, 6))])
def test_expand_420(rows: int, columns: int) -> None:
    across = (columns + 1) // 2
    size = sum(across * (2 if row % 2 else 4) for row in range(rows))
    if rows % 2 == columns % 2 == 0:
        assert size == rows * columns * 3 // 2
    samples = [*range(size)]
    slow = slow_420(samples, rows, columns)
    expanded = expand_420(np.array(samples), rows, columns, np.uint8)
    assert {(r, c): tuple(expanded[r, c].tolist()) for r in range(rows) for c in range(columns)} == {
        place: pixel for place, pixel in slow.items() if place[1] < columns
    }


def test_expand_420_with_the_last_row_padded() -> None:
    assert expand_420(np.array([1, 2, 8, 9, 0, 0]), 1, 2, np.uint8).tolist() == [[[1, 8, 9], [2, 8, 9]]]


@pytest.mark.parametrize("expand", [expand_422, expand_420])
@pytest.mark.parametrize("size", [0, 11, 17, 27, 48])
def test_a_wrong_number_of_samples_is_refused(expand: Any, size: int) -> None:
    with pytest.raises(TransformError, match="needed"):
        expand(np.zeros(size, np.uint8), 2, 4, np.uint8)
