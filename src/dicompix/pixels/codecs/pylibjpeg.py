"""The pylibjpeg family: libjpeg, OpenJPEG and RLE plugins behind our contract."""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from dicompix.pixels.codecs import rle
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after, failures, require_end
from dicompix.pixels.codecs.imagecodecs import transformed
from dicompix.pixels.codecs.whole import require_whole
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer

library = cache(import_module)


def decode_libjpeg(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one JPEG or JPEG-LS frame with libjpeg (GPL-3); no colour is converted."""
    require_whole(data, fmt)
    array = _call("libjpeg", bytes(data), (0, False), {}, function="decode")
    return Frame(_sized(array, fmt), color_after(fmt))


def decode_openjpeg(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one JPEG 2000 or HTJ2K frame with OpenJPEG; its component transform is undone."""
    require_end(data)
    array = _call("openjpeg", bytes(data), (), {"version": 2})
    return Frame(_sized(array, fmt), transformed(fmt))


def decode_rle(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one RLE frame with pylibjpeg-rle, which returns colour by plane."""
    rle.check_header(data, fmt)
    shape = {"rows": fmt.rows, "columns": fmt.columns, "bits_allocated": fmt.bits_allocated}
    array = _call("rle", bytes(data), (), {"version": 2, **shape})
    samples = _bytes(array)
    if fmt.bits_allocated == 1:
        return Frame(_exact(samples, fmt).reshape(fmt.frame_shape), fmt.photometric)
    planes = _exact(samples, fmt).view(fmt.dtype).reshape(fmt.samples, fmt.rows, fmt.columns)
    return Frame(planes.transpose(1, 2, 0).reshape(fmt.frame_shape), fmt.photometric)


def _call(
    package: str,
    data: bytes,
    positional: tuple[object, ...],
    options: dict[str, Any],
    function: str = "decode_pixel_data",
) -> Any:
    with failures(f"pylibjpeg-{package}"):
        return getattr(library(package), function)(data, *positional, **options)


def _bytes(result: Any) -> Stored:
    return (
        np.frombuffer(result, np.uint8) if isinstance(result, bytes | bytearray) else result.reshape(-1).view(np.uint8)
    )


def _exact(samples: Stored, fmt: PixelFormat) -> Stored:
    if samples.size != fmt.array_bytes:
        raise CodecError(f"the codec returned {samples.size} bytes, needed {fmt.array_bytes}")
    return samples


def _sized(result: Any, fmt: PixelFormat) -> Stored:
    """Return the library's bytes as samples of the coded precision, colour-by-pixel."""
    return _exact(_bytes(result), fmt).view(fmt.dtype).reshape(fmt.frame_shape)
