"""RGB <-> the YBR spaces of Photometric Interpretation; shared chrominance -> one per pixel (PS3.3 C.7.6.3.1.2)."""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.errors import TransformError
from dicompix.pixels.format import Photometric
from dicompix.pixels.transforms.base import Array, Transform, blocks, flat, output

Float = type[np.float32 | np.float64]

# Weights of red, green and blue in luminance (Rec. ITU-R BT.601), and the range of B - Y and of R - Y.
RED, GREEN, BLUE = 0.299, 0.587, 0.114
SPAN_B, SPAN_R = 1.772, 1.402

# The standard prints these to four digits, or five for YBR_ICT.
FORWARD = np.array(
    [
        [RED, GREEN, BLUE],
        [-RED / SPAN_B, -GREEN / SPAN_B, 0.886 / SPAN_B],
        [0.701 / SPAN_R, -GREEN / SPAN_R, -BLUE / SPAN_R],
    ]
)
# What chrominance takes from green. In float32 the neighbours of the true numbers, with which halves, which only
# the last bit decides, round as in pydicom's matrix product.
GREEN_CB: dict[Float, float] = {np.float32: -0.34413627, np.float64: -BLUE * SPAN_B / GREEN}
GREEN_CR: dict[Float, float] = {np.float32: -0.71413636, np.float64: -RED * SPAN_R / GREEN}

# Pixels at a time: long enough steps that threads seldom wait for each other to take them; and so many of them in one
# product that OpenBLAS keeps it to the calling thread.
_PIXELS = 131_072
_PRODUCT = 8_192

_FULL_RANGE = {Photometric.YBR_FULL, Photometric.YBR_FULL_422}
_STUDIO_RANGE = {Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420}
# Chrominance has no offset there: it is signed.
_SIGNED = {Photometric.YBR_ICT, Photometric.YBR_RCT}


@dataclass(frozen=True, slots=True)
class _Range:
    """Where a space's samples lie: black's luminance, chrominance of gray, and what full intensity is divided by."""

    black: float
    middle: float
    luminance: float = 1.0
    chrominance: float = 1.0


def _range(photometric: Photometric, bits: int) -> _Range:
    middle = float(1 << (bits - 1))
    if photometric in _FULL_RANGE:
        return _Range(0, middle)
    if photometric in _SIGNED:
        return _Range(0, 0)
    # 8 bits: luminance takes 16 to 235, chrominance 16 to 240; more bits, as many times more
    unit, top = 2.0 ** (bits - 8), (1 << bits) - 1
    return _Range(16 * unit, middle, top / (219 * unit), top / (224 * unit))


def _container(bits: int, *, signed: bool = False) -> np.dtype[np.generic]:
    """Return the type for samples of `bits` bits; a difference of two takes one bit more."""
    size = next(size for size in (8, 16, 32, 64) if bits + signed <= size)
    return np.dtype(f"{'int' if signed else 'uint'}{size}")


@dataclass(frozen=True, slots=True)
class _ColourSpace(Transform):
    photometric: str
    bits: int = 8

    def __post_init__(self) -> None:
        """Check the space and the depth."""
        if self.photometric not in _FULL_RANGE | _STUDIO_RANGE | _SIGNED:
            raise TransformError(f"Conversion between {self.photometric} and RGB is not supported")
        if not 1 <= self.bits <= 32:
            raise TransformError(f"colours have {self.bits} bits per sample, needed 1 to 32")

    @property
    def elementwise(self) -> bool:
        """Say no: a colour has three samples."""
        return False

    @property
    def space(self) -> Photometric:
        """Return the space other than RGB."""
        return Photometric(self.photometric)

    def check(self, values: Array) -> None:
        """Refuse what is not colour-by-pixel integers."""
        if values.ndim < 1 or values.shape[-1] != 3 or values.dtype.kind not in "iu":
            raise TransformError(
                f"colours are converted as integers of shape (..., 3), found {values.dtype} of shape {values.shape}"
            )
        if values.dtype.kind == "u" and np.iinfo(values.dtype).max < self.top:
            raise TransformError(f"samples of {self.bits} bits do not fit {values.dtype}")

    @property
    def top(self) -> int:
        """Return the greatest sample."""
        return (1 << self.bits) - 1

    def unsigned_like(self, values: Array) -> np.dtype[np.generic]:
        """Return the values' own type in native byte order, or one for `bits` bits where that is signed."""
        return values.dtype.newbyteorder("=") if values.dtype.kind == "u" else _container(self.bits)


@dataclass(frozen=True, slots=True)
class YbrToRgb(_ColourSpace):
    """Y, CB, CR -> R, G, B, rounded half up and clipped to `bits` bits; subsampled chrominance expanded before.

    >>> YbrToRgb("YBR_FULL")(np.array([[76, 85, 255]], np.uint8))
    array([[254,   0,   0]], dtype=uint8)
    """

    def __call__(self, values: Array, *, out: Array | None = None) -> Array:
        """Return (..., 3), of the values' own type where that is unsigned; `out` may be the values."""
        self.check(values)
        out = output(values.shape, self.unsigned_like(values), out)
        if self.space is Photometric.YBR_RCT:
            return _rct_inverse(values, out, self.top)
        return _to_rgb(values, out, _range(self.space, self.bits), self.top)


@dataclass(frozen=True, slots=True)
class RgbToYbr(_ColourSpace):
    """R, G, B -> Y, CB, CR, rounded half up, at full chrominance resolution; ICT and RCT give signed integers.

    >>> RgbToYbr("YBR_FULL")(np.array([[254, 0, 0]], np.uint8))
    array([[ 76,  85, 255]], dtype=uint8)
    """

    def __call__(self, values: Array, *, out: Array | None = None) -> Array:
        """Return (..., 3), of the values' own type unless chrominance is signed; `out` may be the values."""
        self.check(values)
        signed = self.space in _SIGNED
        dtype = _container(self.bits, signed=True) if signed else self.unsigned_like(values)
        out = output(values.shape, dtype, out)
        if self.space is Photometric.YBR_RCT:
            return _rct(values, out)
        limits = _range(self.space, self.bits)
        matrix = FORWARD / [[limits.luminance], [limits.chrominance], [limits.chrominance]]
        offset = np.array([limits.black, limits.middle, limits.middle])
        return _from_rgb(values, out, np.column_stack([matrix, offset]), (-self.top - 1 if signed else 0, self.top))


class _Scratch(threading.local):
    """Each thread's planes, kept from call to call: to allocate them takes as long as to fill them."""

    def __init__(self) -> None:
        self.planes: dict[Float, Array] = {}

    def __call__(self, dtype: Float) -> Array:
        """Return seven planes: three samples, one of ones, three results."""
        if dtype not in self.planes:
            self.planes[dtype] = np.ones((7, _PIXELS), dtype)
        return self.planes[dtype]


_SCRATCH = _Scratch()


def _float(top: int) -> Float:
    return np.float32 if top < 256 else np.float64


def _store(target: Array, results: Array, limits: tuple[int, int]) -> None:
    """Write the three planes to their channels, clipped, then truncated, which is the floor of what is not negative."""
    results.clip(*limits, out=results)
    for channel, plane in zip(target, results, strict=True):  # one by one: a copy of all at once walks in bad order
        np.copyto(channel, plane, casting="unsafe")


def _to_rgb(values: Array, out: Array, space: _Range, top: int) -> Array:
    """Write R = Y + 1.402 CR, G = Y - 0.344 CB - 0.714 CR, B = Y + 1.772 CB, each + 0.5 and floored, to `out`."""
    dtype = _float(top)
    red_cr, blue_cb = SPAN_R * space.chrominance, SPAN_B * space.chrominance
    green_cb, green_cr = GREEN_CB[dtype] * space.chrominance, GREEN_CR[dtype] * space.chrominance
    source, target = flat(values, 3).T, out.reshape(-1, 3).T
    for part in blocks(source.shape[1], _PIXELS):
        planes = _SCRATCH(dtype)[:, : part.stop - part.start]
        samples, results = planes[:3], planes[4:]
        np.copyto(samples, source[:, part])
        y, cb, cr = samples
        red, green, blue = results
        if space.black:
            y -= space.black
            y *= space.luminance
        y += 0.5
        samples[1:] -= space.middle
        np.multiply(cr, red_cr, out=red)
        np.multiply(cb, blue_cb, out=blue)
        results[::2] += y
        np.multiply(cb, green_cb, out=green)
        green += y
        cr *= green_cr
        green += cr
        _store(target[:, part], results, (0, top))
    return out


def _from_rgb(values: Array, out: Array, affine: Array, limits: tuple[int, int]) -> Array:
    """Write floor(affine @ (r, g, b, 1) + 0.5), clipped, to `out`: halves as in pydicom, by the same matrix product."""
    dtype = _float(limits[1])
    affine = np.add(affine, [0, 0, 0, 0.5]).astype(dtype)
    source, target = flat(values, 3).T, out.reshape(-1, 3).T
    for part in blocks(source.shape[1], _PIXELS):
        planes = _SCRATCH(dtype)[:, : part.stop - part.start]
        samples, results = planes[:4], planes[4:]
        np.copyto(samples[:3], source[:, part])
        for few in blocks(samples.shape[1], _PRODUCT):
            np.matmul(affine, samples[:, few], out=results[:, few])
        if limits[0] < 0:
            np.floor(results, out=results)
        _store(target[:, part], results, limits)
    return out


def _rct(values: Array, out: Array) -> Array:
    """Write the reversible transform, Y = floor((R + 2G + B) / 4), CB = B - G, CR = R - G (ISO/IEC 15444-1 G.2)."""
    r, g, b = (values[..., channel].astype(np.int64) for channel in range(3))
    for channel, samples in enumerate(((r + 2 * g + b) >> 2, b - g, r - g)):
        out[..., channel] = samples
    return out


def _rct_inverse(values: Array, out: Array, top: int) -> Array:
    """Write G = Y - floor((CB + CR) / 4), R = CR + G, B = CB + G (ISO/IEC 15444-1 G.2)."""
    y, cb, cr = (values[..., channel].astype(np.int64) for channel in range(3))
    g = y - ((cb + cr) >> 2)
    for channel, samples in enumerate((cr + g, g, cb + g)):
        out[..., channel] = samples.clip(0, top)
    return out


def expand_422(data: Array, rows: int, columns: int, dtype: DTypeLike) -> Array:
    """Return (rows, columns, 3) from samples in the order Y1 Y2 CB CR, each pair's chrominance given to both.

    Where columns are odd, the length tells whether each row was padded to whole pairs, or pairs run on from row to row.

    >>> expand_422(np.array([1, 2, 8, 9]), rows=1, columns=2, dtype=np.uint8).tolist()
    [[[1, 8, 9], [2, 8, 9]]]
    """
    pairs = (columns + 1) // 2
    if data.size == rows * pairs * 4:
        return _pairs(data, dtype).reshape(rows, 2 * pairs, 3)[:, :columns].copy()
    pixels = rows * columns
    if data.size == (pixels + 1) // 2 * 4:
        return _pairs(data, dtype)[:pixels].reshape(rows, columns, 3)
    if data.size == pixels * 2 and pixels > 2:
        # the last of an odd number of pixels has no room for its chrominance: the pair before lends it
        expanded = np.empty((pixels, 3), dtype)
        expanded[:-1] = _pairs(data[:-2], dtype)
        expanded[-1] = data[-2], *data[-4:-2]
        return expanded.reshape(rows, columns, 3)
    raise TransformError(
        f"4:2:2 pixel data of {rows} x {columns} has {data.size} samples, needed {pixels * 2} "
        f"or, with each row padded, {rows * pairs * 4}"
    )


def _pairs(data: Array, dtype: DTypeLike) -> Array:
    # Y1 Y2 B R -> Y1 B R, Y2 B R
    groups = data.reshape(-1, 4)
    expanded = np.empty((len(groups), 2, 3), dtype)
    expanded[:, :, 0] = groups[:, :2]
    expanded[:, :, 1:] = groups[:, np.newaxis, 2:]
    return expanded.reshape(-1, 3)


def expand_420(data: Array, rows: int, columns: int, dtype: DTypeLike) -> Array:
    """Return (rows, columns, 3) from rows in turn of Y1 Y2 CB CR groups and of Y alone, chrominance given to 2 x 2.

    Odd columns are padded to whole pairs; after an odd number of rows, the last row of Y alone may be left out.

    >>> expand_420(np.array([1, 2, 8, 9, 3, 4]), rows=2, columns=2, dtype=np.uint8).tolist()
    [[[1, 8, 9], [2, 8, 9]], [[3, 8, 9], [4, 8, 9]]]
    """
    across, down = (columns + 1) // 2, (rows + 1) // 2
    whole, least = 6 * across * down, 6 * across * (rows // 2) + 4 * across * (rows % 2)
    if data.size not in {whole, least}:
        raise TransformError(f"4:2:0 pixel data of {rows} x {columns} has {data.size} samples, needed {least}")
    padded = np.zeros(whole, data.dtype)
    padded[: data.size] = data
    bands = padded.reshape(down, 6 * across)
    upper = bands[:, : 4 * across].reshape(down, across, 4)
    expanded = np.empty((down, 2, across, 2, 3), dtype)
    expanded[:, 0, :, :, 0] = upper[..., :2]
    expanded[:, 1, :, :, 0] = bands[:, 4 * across :].reshape(down, across, 2)
    expanded[..., 1:] = upper[:, np.newaxis, :, np.newaxis, 2:]
    return expanded.reshape(2 * down, 2 * across, 3)[:rows, :columns].copy()
