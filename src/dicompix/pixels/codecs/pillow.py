"""JPEG (8 bit) and JPEG 2000 by Pillow, which is there for PNG anyway."""

from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, color_after, failures, shaped
from dicompix.pixels.codecs.imagecodecs import transformed
from dicompix.pixels.codecs.whole import require_whole
from dicompix.pixels.codestream.jpeg2000 import tile_parts_end
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
    if fmt.bits_stored == 12:
        raise CodecError("Pillow does not support 'JPEG Extended' for samples with 12-bit precision")
    if fmt.bits_allocated != 8 or fmt.samples == 4:
        raise CodecError(
            f"Pillow reads JPEG of 8 bits and 1 or 3 samples, not {fmt.bits_stored} bits, {fmt.samples} samples"
        )
    require_whole(data, fmt)
    return Frame(_loaded(data, fmt, keep_color=fmt.samples == 3), color_after(fmt))


def decode_jpeg_2000(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one JPEG 2000 frame of up to 16 bits, colour of up to 8; Pillow gives it at the top of its container."""
    if fmt.bits_stored > 16:
        raise CodecError("only (0028,0101) 'Bits Stored' values of up to 16 are supported")
    if fmt.samples > 1 and fmt.bits_stored > 8:
        raise CodecError(f"Pillow cannot decode {fmt.bits_stored}-bit multi-sample data correctly")
    if fmt.samples > 3:
        raise CodecError(f"Pillow reads JPEG 2000 of 1 or 3 samples, not {fmt.samples}")
    if bytes(data[:2]) == b"\xff\x4f" and not tile_parts_end(data):
        raise CodecError("the JPEG 2000 stream's tile-parts do not end at its end marker: it is truncated")
    width = 8 if fmt.bits_stored <= 8 else 16
    unsigned = replace(fmt, bits_allocated=width, bits_stored=width, high_bit=None, signed=False)
    array = _loaded(data, unsigned, keep_color=False) >> (width - fmt.bits_stored)
    if fmt.signed:  # it adds half the range to signed samples
        return Frame(np.subtract(array, 1 << (fmt.bits_stored - 1), dtype=np.int32).astype(fmt.dtype), transformed(fmt))
    return Frame(array.astype(fmt.dtype, copy=False), transformed(fmt))


def _loaded(data: Buffer, fmt: PixelFormat, *, keep_color: bool) -> Any:
    with failures("Pillow"), library().open(BytesIO(bytes(data))) as picture:
        if keep_color and not _known_rgb(picture):
            picture.draft("YCbCr", None)
        array = np.asarray(picture)
    return shaped(array.astype(fmt.dtype, copy=False), fmt)


def _known_rgb(picture: Any) -> bool:
    """Tell whether libjpeg itself takes the samples for RGB, so that it will not convert them."""
    return picture.info.get("adobe_transform") == 0 or [layer[0] for layer in picture.layer] in _RGB_IDS
