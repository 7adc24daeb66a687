"""Second opinions on encoding: pylibjpeg-openjpeg, pylibjpeg-rle, pyjpegls, Pillow."""

from dataclasses import replace
from io import BytesIO
from threading import Lock
from typing import Any

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import pillow, pyjpegls
from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored, as_unsigned, failures
from dicompix.pixels.codecs.encode_imagecodecs import check_openjpeg, jpeg_color, near_of, transformed
from dicompix.pixels.codecs.encode_native import in_file_order
from dicompix.pixels.codecs.profiles import QUALITY, RATIO
from dicompix.pixels.codecs.pylibjpeg import library
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat

_SRGB, _UNSPECIFIED = 1, 0  # pylibjpeg-openjpeg transforms what it is told to be sRGB, and nothing else
_one_at_a_time = Lock()  # two threads in pylibjpeg-openjpeg's encoder end the process
_BY_PIXEL = 2  # interleave mode (ITU-T T.87 C.2.3)


def encode_openjpeg(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG 2000 frame with OpenJPEG, by ratio or PSNR, in several layers where asked."""
    check_openjpeg(fmt, want)
    photometric = transformed(fmt, want)
    color = _SRGB if photometric in {Photometric.YBR_RCT, Photometric.YBR_ICT} else _UNSPECIFIED
    rates: dict[str, list[float]] = {}
    if s.syntax_for(fmt.transfer_syntax).lossy:
        ratio = RATIO if want.ratio is None else want.ratio
        rates = {"compression_ratios": _layers(ratio)}
        if want.psnr is not None:
            rates = {"signal_noise_ratios": _layers(want.psnr)}
    shape = (fmt.columns, fmt.rows, fmt.samples, fmt.bits_stored, fmt.signed)
    with failures("pylibjpeg-openjpeg"), _one_at_a_time:
        encode = library("openjpeg.utils").encode_buffer
        data = encode(_little(array), *shape, photometric_interpretation=color, use_mct=color == _SRGB, **rates)
    return Encoded(bytes(data), photometric)


def _layers(values: float | tuple[float, ...]) -> list[float]:
    return [float(value) for value in values] if isinstance(values, tuple) else [float(values)]


def _little(array: Stored) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def encode_rle(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:  # noqa: ARG001  # nothing to choose
    """Encode one RLE frame with pylibjpeg-rle."""
    if fmt.bits_allocated == 1 or fmt.samples == 4:
        raise CodecError(f"pylibjpeg-rle: not for {fmt.samples} samples of {fmt.bits_allocated} bits")
    shape = {"rows": fmt.rows, "columns": fmt.columns, "samples_per_pixel": fmt.samples}
    with failures("pylibjpeg-rle"):
        encode = library("rle.utils").encode_pixel_data
        source = _little(in_file_order(array, replace(fmt, planar=0)))
        data = encode(source, byteorder="<", bits_allocated=fmt.bits_allocated, **shape)
    return Encoded(bytes(data), fmt.photometric, int(fmt.samples > 1))


def encode_jpeg_ls(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG-LS frame with pyjpegls, of any precision, interleaved by sample."""
    interleave = {"interleave_mode": _BY_PIXEL} if fmt.samples > 1 else {}
    shape = (fmt.rows, fmt.columns, fmt.samples, fmt.bits_stored, near_of(fmt, want))
    with failures("pyjpegls"):
        data = pyjpegls.library().encode_buffer(_little(as_unsigned(array, fmt)), *shape, **interleave)
    return Encoded(bytes(data), fmt.photometric)


def encode_jpeg(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one lossy 8-bit JPEG frame with Pillow."""
    photometric, options = jpeg_color(fmt, want)
    if fmt.bits_stored != 8:
        raise CodecError(f"Pillow writes JPEG of 8 bits, needed {fmt.bits_stored}")
    if photometric == Photometric.RGB:
        saving: dict[str, Any] = {"keep_rgb": True, "subsampling": 0}
    else:
        saving = {"subsampling": {"422": 1, "444": 0}[options.get("subsampling", "444")]}
    mode = "L" if fmt.samples == 1 else "YCbCr" if options["colorspace"] == "YCBCR" else "RGB"
    buffer = BytesIO()
    with failures("Pillow"):
        picture = pillow.library().frombytes(mode, (fmt.columns, fmt.rows), array.tobytes())
        picture.save(buffer, "JPEG", quality=round(want.quality or QUALITY), **saving)
    return Encoded(buffer.getvalue(), photometric)
