"""What the samples of an image are: PixelFormat, the header's claims checked and settled (PS3.3 C.7.6.3)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dicompix.pixels.errors import BadValueError, UnsupportedError


class Photometric(StrEnum):
    """Photometric Interpretation (0028,0004), by its defined terms (PS3.3 C.7.6.3.1.2)."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"
    PALETTE_COLOR = "PALETTE COLOR"
    RGB = "RGB"
    YBR_FULL = "YBR_FULL"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_PARTIAL_422 = "YBR_PARTIAL_422"
    YBR_PARTIAL_420 = "YBR_PARTIAL_420"
    YBR_ICT = "YBR_ICT"
    YBR_RCT = "YBR_RCT"
    XYB = "XYB"
    HSV = "HSV"
    ARGB = "ARGB"
    CMYK = "CMYK"

    @property
    def is_ybr(self) -> bool:
        """Tell whether the samples are luminance and two chrominances."""
        return self.value.startswith("YBR")


# Bits that one pixel takes in native data, in units of Bits Allocated, where chroma is shared (PS3.3 C.7.6.3.1.2).
SUBSAMPLED = {
    Photometric.YBR_FULL_422: 2.0,
    Photometric.YBR_PARTIAL_422: 2.0,
    Photometric.YBR_PARTIAL_420: 1.5,
}
FOUR_SAMPLES = (Photometric.ARGB, Photometric.CMYK)
_UNSIGNED = {bits: np.dtype(f"u{size}") for bits, size in ((1, 1), (8, 1), (12, 2), (16, 2), (32, 4), (64, 8))}
_FLOATING = {bits: np.dtype(f"f{bits // 8}") for bits in (32, 64)}  # Float, Double Float Pixel Data (PS3.3 C.7.6.24)
_SIGNED = {bits: np.dtype(kind.str.replace("u", "i")) if bits > 1 else kind for bits, kind in _UNSIGNED.items()}


def _require(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise BadValueError(f"A {name} value of '{value}' is invalid, it must be in the range ({low}, {high})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """What the header claims of each frame's samples, validated (PS3.3 C.7.6.3.1).

    >>> fmt = PixelFormat(rows=2, columns=3, bits_allocated=16, bits_stored=12, signed=True)
    >>> fmt.frame_shape, fmt.dtype, fmt.value_range, fmt.frame_bytes
    ((2, 3), dtype('int16'), (-2048, 2047), 12)
    """

    rows: int
    columns: int
    samples: int = 1
    photometric: Photometric = Photometric.MONOCHROME2
    bits_allocated: int = 8
    bits_stored: int = 8
    high_bit: int | None = None
    signed: bool = False
    planar: int = 0
    frames: int = 1
    transfer_syntax: str = "1.2.840.10008.1.2.1"
    floating: bool = False
    big_endian: bool = False

    def __post_init__(self) -> None:
        """Check each value by itself, then the pairs."""
        _require("(0028,0010) 'Rows'", self.rows, 1, 65535)
        _require("(0028,0011) 'Columns'", self.columns, 1, 65535)
        self._check_samples()
        self._check_bits()
        if self.frames < 1:
            raise BadValueError(
                f"A (0028,0008) 'Number of Frames' value of '{self.frames}' is invalid, "
                "it must be greater than or equal to 1"
            )

    def _check_samples(self) -> None:
        allowed = (1, 3, 4) if self.photometric in FOUR_SAMPLES else (1, 3)
        if self.samples not in allowed:
            raise BadValueError(
                f"A (0028,0002) 'Samples per Pixel' value of '{self.samples}' is invalid, it must be 1 or 3, "
                f"or 4 with ARGB or CMYK; Photometric Interpretation is {self.photometric}"
            )
        if self.samples > 1 and self.planar not in {0, 1}:
            raise BadValueError(
                f"A (0028,0006) 'Planar Configuration' value of '{self.planar}' is invalid, it must be 0 or 1"
            )

    def _check_bits(self) -> None:
        bits = self.bits_allocated
        if self.floating and bits not in _FLOATING:
            raise BadValueError(
                f"A (0028,0100) 'Bits Allocated' value of '{bits}' is invalid for floating point samples, "
                "it must be 32 (Float Pixel Data) or 64 (Double Float Pixel Data)"
            )
        if not 1 <= bits <= 64 or (bits not in {1, 12} and bits % 8):
            raise BadValueError(
                f"A (0028,0100) 'Bits Allocated' value of '{bits}' is invalid, "
                "it must be 1 or a multiple of 8 and in the range (1, 64), or 12 packed"
            )
        if bits not in _UNSIGNED:
            raise UnsupportedError(
                f"The data type '{'i' if self.signed else 'u'}{bits // 8}' needed to contain the pixel data "
                f"is not supported by NumPy: Bits Allocated is {bits}, needed 1, 8, 12, 16, 32 or 64"
            )
        if not 1 <= self.bits_stored <= bits:
            raise BadValueError(
                f"A (0028,0101) 'Bits Stored' value of '{self.bits_stored}' is invalid, it must be in the range "
                f"(1, 64) and no greater than the (0028,0100) 'Bits Allocated' value of '{bits}'"
            )

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Return (rows, columns), with samples where there are several."""
        shape = (self.rows, self.columns)
        return shape if self.samples == 1 else (*shape, self.samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the frame shape with the frames axis in front, always."""
        return (self.frames, *self.frame_shape)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Return the NumPy type, native byte order, that holds one sample."""
        if self.floating:
            return _FLOATING[self.bits_allocated]
        return (_SIGNED if self.signed else _UNSIGNED)[self.bits_allocated]

    @property
    def value_range(self) -> tuple[int, int]:
        """Return the least and the greatest value that Bits Stored bits can hold."""
        if self.signed and self.bits_allocated > 1:
            return -(1 << (self.bits_stored - 1)), (1 << (self.bits_stored - 1)) - 1
        return 0, (1 << self.bits_stored) - 1

    @property
    def frame_bits(self) -> int:
        """Return how many bits one frame takes in native pixel data, without padding."""
        if self.samples == 3 and self.photometric == Photometric.YBR_PARTIAL_420:
            # Y Y CB CR for each pair of columns in even rows, Y Y in odd ones
            pairs, even = -(-self.columns // 2), -(-self.rows // 2)
            return pairs * (4 * even + 2 * (self.rows - even)) * self.bits_allocated
        per_pixel = SUBSAMPLED.get(self.photometric, self.samples) if self.samples > 1 else self.samples
        return int(self.rows * self.columns * per_pixel) * self.bits_allocated

    @property
    def frame_bytes(self) -> int:
        """Return how many bytes one native frame takes, the last one perhaps in part."""
        return -(-self.frame_bits // 8)

    @property
    def array_bytes(self) -> int:
        """Return how many bytes one decoded frame takes."""
        return self.rows * self.columns * self.samples * self.dtype.itemsize

    @property
    def shift(self) -> int:
        """Return by how many bits the stored bits lie above bit 0, from High Bit (PS3.5 8.1.1)."""
        if self.high_bit is None or not self.bits_stored <= self.high_bit < self.bits_allocated:
            return 0
        return self.high_bit + 1 - self.bits_stored
