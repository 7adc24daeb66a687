"""JPEG-LS by pyjpegls, CharLS without imagecodecs (ISO/IEC 14495-1)."""

from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, color_after, failures, require_end
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer


@cache
def library() -> Any:
    """Import jpeg_ls at first use."""
    import jpeg_ls  # noqa: PLC0415  # a codec's library loads at first use

    return jpeg_ls


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one JPEG-LS frame; components interleaved by plane are put colour-by-pixel."""
    require_end(data)
    with failures("pyjpegls"):
        samples, info = library().decode_pixel_data(bytes(data))
    if len(samples) != fmt.array_bytes:
        raise CodecError(f"pyjpegls returned {len(samples)} bytes, needed {fmt.array_bytes}")
    array = np.frombuffer(samples, fmt.dtype)
    if fmt.samples > 1 and info["interleave_mode"] == 0:
        array = array.reshape(fmt.samples, fmt.rows, fmt.columns).transpose(1, 2, 0)
    return Frame(array.reshape(fmt.frame_shape), color_after(fmt))
