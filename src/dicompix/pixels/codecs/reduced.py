"""One frame at half its resolution, or half of that again: JPEG, JPEG 2000 and HTJ2K, without decoding all of it."""

from io import BytesIO
from typing import Any

import numpy as np

from dicompix.pixels.codecs import pillow
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, failures, require_end
from dicompix.pixels.codecs.imagecodecs import swallowed_errors, transformed
from dicompix.pixels.codecs.imagecodecs_jpeg import library as imagecodecs
from dicompix.pixels.codestream.jpeg2000 import tile_parts_end
from dicompix.pixels.errors import CodecError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer

# Low bands of the 5-3 wavelet (T.800 F.3) swing up to 2.95 times the range, colours put together from luminance and
# chrominance (T.800 G.2) up to 4 times that; OpenJPH lets what its container cannot hold wrap.
_SPARE_BITS, _SPARE_BITS_COLOR = 2, 4
JPEG_LEVELS = 3  # an 8 x 8 block gives 4 x 4, 2 x 2 or 1 sample (T.81 A.3.3, fewer of its coefficients)


def reduced_shape(fmt: PixelFormat, level: int) -> tuple[int, ...]:
    """Return the shape of a frame at a level: rows and columns divided by 2 to the level, rounded up (T.800 B-15).

    >>> reduced_shape(PixelFormat(rows=37, columns=51), 2)
    (10, 13)
    """
    rows, columns, *samples = fmt.frame_shape
    return (-(-rows >> level), -(-columns >> level), *samples)


def decode_jpeg(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one 8-bit JPEG frame at `want.level`, 3 at the most: Pillow's draft, colour as it is coded.

    `fmt` is that of the whole frame.
    """
    if fmt.bits_allocated != 8 or fmt.samples == 4:
        raise UnsupportedError(
            f"a JPEG frame of {fmt.bits_stored} bits and {fmt.samples} samples has no lower resolution here, "
            "needed 8 bits, 1 or 3 samples"
        )
    with failures("Pillow"), pillow.library().open(BytesIO(bytes(data))) as picture:
        keep = fmt.samples == 3 and not pillow._known_rgb(picture)  # noqa: SLF001  # two modules, one trick
        # Pillow divides the size by this one and takes the next power of two below: a float keeps it exact.
        picture.draft("YCbCr" if keep else None, tuple(side / (1 << want.level) for side in picture.size))
        array = np.asarray(picture)
    return Frame(_sized(array, fmt, want.level), color_after(fmt))


def decode_jpeg_2000(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one JPEG 2000 or HTJ2K frame at `want.level` with Pillow's OpenJPEG, of 16 bits gray or 8 bits colour.

    `fmt` is that of the whole frame.
    """
    if not _pillow_holds(fmt):
        raise UnsupportedError(
            f"a JPEG 2000 frame of {fmt.bits_stored} bits and {fmt.samples} samples has no lower resolution here, "
            "needed 16 bits or fewer, or 8 bits or fewer in 3 samples"
        )
    with failures("Pillow"), pillow.library().open(BytesIO(bytes(data))) as picture:
        rows, columns, *_ = reduced_shape(fmt, want.level)
        picture.reduce = want.level
        # Pillow rounds the reduced size where OpenJPEG takes the next whole number: this comes out right in both.
        picture._size = (columns << want.level, rows << want.level)  # noqa: SLF001
        array = np.asarray(picture)
    return Frame(_unscaled(_sized(array, fmt, want.level), fmt), transformed(fmt))


def _pillow_holds(fmt: PixelFormat) -> bool:
    return fmt.bits_stored <= 16 if fmt.samples == 1 else fmt.samples == 3 and fmt.bits_stored <= 8


def _unscaled(array: Stored, fmt: PixelFormat) -> Stored:
    """Return samples that Pillow has shifted to the top of their container, signed ones above zero, as they were."""
    values = array >> (array.dtype.itemsize * 8 - fmt.bits_stored)
    if not fmt.signed:
        return values.astype(fmt.dtype, copy=False)
    # both wrap: the upper half of the unsigned values lands on 0 and above
    return (values - values.dtype.type(1 << (fmt.bits_stored - 1))).view(f"i{values.itemsize}")


def decode_htj2k(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    """Decode one HTJ2K frame at `want.level`: OpenJPH where its container has bits to spare, else OpenJPEG.

    `fmt` is that of the whole frame.
    """
    if fmt.bits_allocated - fmt.bits_stored < (_SPARE_BITS if fmt.samples == 1 else _SPARE_BITS_COLOR):
        return decode_jpeg_2000(data, fmt, want)
    require_end(data)
    if not tile_parts_end(data):
        raise CodecError("the HTJ2K stream's tile-parts do not end at its end marker: it is truncated")
    with swallowed_errors() as problems, failures("htj2k_decode"):
        array = imagecodecs().htj2k_decode(data, skipres=want.level, planar=False)
    if problems:
        raise CodecError(f"htj2k_decode: {problems[0]}")
    return Frame(_unwrapped(_sized(array, fmt, want.level), fmt), transformed(fmt))


def _unwrapped(array: Stored, fmt: PixelFormat) -> Stored:
    """Return samples clipped to Bits Stored; unsigned ones nearer to the container's top than to it were negative.

    >>> fmt = PixelFormat(rows=1, columns=3, bits_allocated=16, bits_stored=12)
    >>> _unwrapped(np.array([7, 4100, 65530], np.uint16), fmt)
    array([   7, 4095,    0], dtype=uint16)
    """
    low, high = fmt.value_range
    if not fmt.signed:
        array = np.where(array > ((1 << fmt.bits_allocated) + high) // 2, 0, array)
    return np.clip(array, low, high).astype(fmt.dtype, copy=False)


def _sized(array: Any, fmt: PixelFormat, level: int) -> Stored:
    """Return the array in the shape that the level promises, CodecError where the library gave another."""
    wanted = reduced_shape(fmt, level)
    if array.shape != wanted:
        raise CodecError(f"the codec returned an array of shape {array.shape} at level {level}, needed {wanted}")
    sized: Stored = array
    return sized
