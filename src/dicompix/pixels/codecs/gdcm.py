"""JPEG, JPEG-LS, JPEG 2000 and RLE by python-gdcm; it can abort the interpreter, so it is asked last."""

from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, color_after, failures, require_end
from dicompix.pixels.codecs.imagecodecs import transformed
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import syntax_for

_PIXEL_DATA = (0x7FE0, 0x0010)


@cache
def library() -> Any:
    """Import gdcm at first use."""
    import gdcm  # noqa: PLC0415  # a codec's library loads at first use

    return gdcm


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # takes no target
    """Decode one frame with GDCM; it converts the colour of lossy JPEG to RGB by itself."""
    if not data:
        raise CodecError("gdcm: the frame is empty")
    if syntax_for(fmt.transfer_syntax).family != "rle":
        require_end(data)
    with failures("gdcm"):
        samples = _image(bytes(data), fmt).GetBuffer()
    if samples is None:
        raise CodecError("gdcm: the frame could not be decoded")
    decoded = samples.encode("utf-8", "surrogateescape")  # GDCM hands out char* as text
    if len(decoded) != fmt.array_bytes:
        raise CodecError(f"gdcm returned {len(decoded)} bytes, needed {fmt.array_bytes}")
    array = np.frombuffer(decoded, fmt.dtype)
    return Frame(_by_pixel(array, fmt), _color(fmt))


def _by_pixel(array: Any, fmt: PixelFormat) -> Any:
    """Return RLE planes colour-by-pixel, everything else as it is."""
    if fmt.samples > 1 and syntax_for(fmt.transfer_syntax).family == "rle" and fmt.planar:
        return array.reshape(fmt.samples, fmt.rows, fmt.columns).transpose(1, 2, 0)
    return array.reshape(fmt.frame_shape)


def _color(fmt: PixelFormat) -> Photometric:
    family = syntax_for(fmt.transfer_syntax).family
    return transformed(fmt) if family == "jpeg-2000" else color_after(fmt)


def _image(data: bytes, fmt: PixelFormat) -> Any:
    gdcm = library()
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(*_PIXEL_DATA))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((fmt.columns, fmt.rows, 1))
    image.SetDataElement(element)
    color = gdcm.PhotometricInterpretation.GetPIType(fmt.photometric.value)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(color))
    if fmt.samples > 1:
        image.SetPlanarConfiguration(fmt.planar)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(fmt.transfer_syntax)))
    bits = (fmt.bits_allocated, fmt.bits_stored, fmt.bits_stored - 1, int(fmt.signed))
    image.SetPixelFormat(gdcm.PixelFormat(fmt.samples, *bits))
    return image
