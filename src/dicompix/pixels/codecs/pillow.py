"""JPEG (8 bit) and JPEG 2000 by Pillow, which is there for PNG anyway."""

from functools import cache
from io import BytesIO
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, color_after, failures, shaped
from dicompix.pixels.codecs.imagecodecs import transformed
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer

_RGB_IDS = ([82, 71, 66], [114, 103, 98])


@cache
def library() -> Any:
    """Import Pillow's Image module at first use."""
    from PIL import Image  # noqa: PLC0415  # a codec's library loads at first use

    return Image


def decode_jpeg(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one 8-bit JPEG frame; Pillow is kept from converting any colour."""
    if fmt.bits_allocated != 8 or fmt.samples == 4:
        raise CodecError(
            f"Pillow reads JPEG of 8 bits and 1 or 3 samples, not {fmt.bits_stored} bits, {fmt.samples} samples"
        )
    return Frame(_loaded(data, fmt, keep_color=fmt.samples == 3), color_after(fmt))


def decode_jpeg_2000(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one JPEG 2000 frame of full 8 bits, or full 16 bits gray; Pillow scales other precisions."""
    exact = fmt.bits_stored == fmt.bits_allocated and not fmt.signed
    if not exact or (fmt.samples, fmt.bits_allocated) not in {(1, 8), (3, 8), (1, 16)}:
        raise CodecError(
            f"Pillow reads JPEG 2000 of 8 or 16 unsigned bits, not {fmt.bits_stored} in {fmt.samples} samples"
        )
    return Frame(_loaded(data, fmt, keep_color=False), transformed(fmt))


def _loaded(data: Buffer, fmt: PixelFormat, *, keep_color: bool) -> Any:
    with failures("Pillow"), library().open(BytesIO(bytes(data))) as picture:
        if keep_color and not _known_rgb(picture):
            picture.draft("YCbCr", None)
        array = np.asarray(picture)
    return shaped(array.astype(fmt.dtype, copy=False), fmt)


def _known_rgb(picture: Any) -> bool:
    """Tell whether libjpeg itself takes the samples for RGB, so that it will not convert them."""
    return picture.info.get("adobe_transform") == 0 or [layer[0] for layer in picture.layer] in _RGB_IDS
