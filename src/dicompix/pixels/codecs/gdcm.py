"""JPEG, JPEG-LS, JPEG 2000 and RLE by python-gdcm; it can abort the interpreter, so it is asked last."""

from functools import cache
from typing import Any

import numpy as np

from dicompix.pixels.codecs import rle
from dicompix.pixels.codecs.base import DecodeRequest, Frame, color_after, failures, require_end
from dicompix.pixels.codecs.imagecodecs import transformed
from dicompix.pixels.codecs.whole import require_whole
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
    _check(data, fmt)
    with failures("gdcm"):
        samples = _image(bytes(data), fmt).GetBuffer()
    if samples is None:
        raise CodecError("gdcm: the frame could not be decoded")
    decoded = samples.encode("utf-8", "surrogateescape")  # GDCM hands out char* as text
    if len(decoded) != fmt.array_bytes:
        raise CodecError(f"gdcm returned {len(decoded)} bytes, needed {fmt.array_bytes}")
    array = np.frombuffer(decoded, fmt.dtype)
    return Frame(array.reshape(fmt.frame_shape), _color(fmt))


def _check(data: Buffer, fmt: PixelFormat) -> None:
    """Raise CodecError for what GDCM would end the process over, or silently decode a part of."""
    family = syntax_for(fmt.transfer_syntax).family
    if fmt.bits_allocated == 8 and fmt.bits_stored < 8 and family in {"jpeg", "rle"}:
        raise CodecError(f"gdcm: {fmt.bits_stored} bits stored in 8 make it abort")
    if family == "jpeg-ls" and not fmt.signed and fmt.bits_stored in {6, 7}:
        raise CodecError("Unable to decode unsigned JPEG-LS pixel data with a sample precision of 6 or 7")
    if family == "jpeg":
        require_whole(data, fmt)
    elif family != "rle":
        require_end(data)
    else:
        _check_segments(data, fmt)


def _check_segments(data: Buffer, fmt: PixelFormat) -> None:
    for number, (start, stop) in enumerate(rle.check_header(data, fmt)):
        rle.unpack_segment(data[start:stop], rle.segment_bytes(fmt), number)


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
        image.SetPlanarConfiguration(0)  # so it gives RLE colour-by-pixel, and other codings as they are
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(fmt.transfer_syntax)))
    bits = (fmt.bits_allocated, fmt.bits_stored, fmt.bits_stored - 1, int(fmt.signed))
    image.SetPixelFormat(gdcm.PixelFormat(fmt.samples, *bits))
    return image
