"""PixelFormat: what a header may claim, and what follows from it (PS3.3 C.7.6.3.1)."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from dicompix.pixels.errors import BadValueError, FormatError, PixelError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat

GRAY = PixelFormat(rows=3, columns=5)
RGB = PixelFormat(rows=3, columns=5, samples=3, photometric=Photometric.RGB)


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"rows": 0}, "(0028,0010) 'Rows'"),
        ({"rows": 65536}, "'Rows'"),
        ({"columns": 0}, "(0028,0011) 'Columns'"),
        ({"columns": -1}, "'Columns'"),
        ({"frames": 0}, "(0028,0008) 'Number of Frames'"),
        ({"frames": -1}, "'Number of Frames'"),
        ({"samples": 0}, "(0028,0002) 'Samples per Pixel'"),
        ({"samples": 2}, "'Samples per Pixel'"),
        ({"samples": 4}, "'Samples per Pixel'"),
        ({"samples": 3, "planar": 2}, "(0028,0006) 'Planar Configuration'"),
        ({"bits_allocated": 0}, "(0028,0100) 'Bits Allocated'"),
        ({"bits_allocated": 13}, "'Bits Allocated'"),
        ({"bits_allocated": 72}, "'Bits Allocated'"),
        ({"bits_stored": 0}, "(0028,0101) 'Bits Stored'"),
        ({"bits_allocated": 16, "bits_stored": 17}, "'Bits Stored'"),
        ({"floating": True, "bits_allocated": 8}, "'Bits Allocated'"),
        ({"floating": True, "bits_allocated": 16, "bits_stored": 16}, "'Bits Allocated'"),
    ],
)
def test_values_that_cannot_be(changes: dict[str, int], names: str) -> None:
    with pytest.raises(BadValueError) as found:
        replace(GRAY, **changes)  # type: ignore[arg-type]  # fields by name
    assert names in str(found.value)
    assert str(next(reversed(changes.values()))) in str(found.value)
    assert isinstance(found.value, ValueError)
    assert isinstance(found.value, FormatError)


def test_floating_point_samples_have_32_or_64_bits() -> None:
    for bits in (1, 8, 12, 16, 24, 48, 128):
        with pytest.raises(BadValueError, match=f"'{bits}' is invalid for floating point samples, it must be 32.*64"):
            replace(GRAY, floating=True, bits_allocated=bits, bits_stored=bits)
    for bits, kind in ((32, np.float32), (64, np.float64)):
        assert replace(GRAY, floating=True, bits_allocated=bits, bits_stored=bits).dtype == kind


@pytest.mark.parametrize("bits", [24, 40, 48, 56])
def test_sizes_that_no_array_has(bits: int) -> None:
    with pytest.raises(UnsupportedError, match=f"'u{bits // 8}' .* is not supported by NumPy") as found:
        replace(GRAY, bits_allocated=bits)
    assert isinstance(found.value, NotImplementedError)
    assert isinstance(found.value, PixelError)


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        GRAY.rows = 7  # type: ignore[misc]  # that is what is tested
    assert replace(GRAY, rows=7).rows == 7
    assert GRAY.rows == 3


@pytest.mark.parametrize(
    ("bits", "signed", "floating", "dtype"),
    [
        (1, False, False, np.uint8),
        (1, True, False, np.uint8),
        (8, False, False, np.uint8),
        (8, True, False, np.int8),
        (12, False, False, np.uint16),
        (12, True, False, np.int16),
        (16, True, False, np.int16),
        (32, False, False, np.uint32),
        (64, True, False, np.int64),
        (32, False, True, np.float32),
        (64, False, True, np.float64),
    ],
)
def test_dtype(bits: int, signed: bool, floating: bool, dtype: type) -> None:  # noqa: FBT001
    fmt = replace(GRAY, bits_allocated=bits, bits_stored=bits, signed=signed, floating=floating)
    assert fmt.dtype == dtype
    assert fmt.dtype.isnative


@pytest.mark.parametrize(
    ("stored", "signed", "expected"),
    [
        (1, False, (0, 1)),
        (8, False, (0, 255)),
        (12, False, (0, 4095)),
        (12, True, (-2048, 2047)),
        (16, True, (-32768, 32767)),
        (64, False, (0, 2**64 - 1)),
        (64, True, (-(2**63), 2**63 - 1)),
    ],
)
def test_value_range(stored: int, signed: bool, expected: tuple[int, int]) -> None:  # noqa: FBT001
    fmt = replace(GRAY, bits_allocated=64, bits_stored=stored, signed=signed)
    assert fmt.value_range == expected


@pytest.mark.parametrize(
    ("fmt", "size"),
    [
        (GRAY, 15),
        (replace(GRAY, bits_allocated=16), 30),
        (replace(GRAY, bits_allocated=1, bits_stored=1), 2),
        (replace(GRAY, bits_allocated=12), 23),
        (RGB, 45),
        (replace(RGB, planar=1, bits_allocated=16), 90),
        (replace(RGB, columns=4, photometric=Photometric.YBR_FULL_422), 24),
        (replace(RGB, rows=4, columns=4, photometric=Photometric.YBR_PARTIAL_420), 24),
        (replace(RGB, samples=4, photometric=Photometric.CMYK), 60),
    ],
)
def test_frame_bytes(fmt: PixelFormat, size: int) -> None:
    assert fmt.frame_bytes == size


def test_shapes() -> None:
    assert (GRAY.frame_shape, GRAY.shape) == ((3, 5), (1, 3, 5))
    assert (RGB.frame_shape, replace(RGB, frames=7).shape) == ((3, 5, 3), (7, 3, 5, 3))
    assert replace(RGB, photometric=Photometric.YBR_FULL_422).array_bytes == 45


@pytest.mark.parametrize(
    ("stored", "high_bit", "shift"),
    [(12, None, 0), (12, 11, 0), (12, 15, 4), (12, 13, 2), (12, 10, 0), (12, 16, 0), (16, 15, 0)],
)
def test_shift(stored: int, high_bit: int | None, shift: int) -> None:
    assert replace(GRAY, bits_allocated=16, bits_stored=stored, high_bit=high_bit).shift == shift


def test_photometric_interpretations() -> None:
    assert Photometric("PALETTE COLOR") is Photometric.PALETTE_COLOR
    assert {term for term in Photometric if term.is_ybr} == {
        Photometric.YBR_FULL,
        Photometric.YBR_FULL_422,
        Photometric.YBR_PARTIAL_422,
        Photometric.YBR_PARTIAL_420,
        Photometric.YBR_ICT,
        Photometric.YBR_RCT,
    }
