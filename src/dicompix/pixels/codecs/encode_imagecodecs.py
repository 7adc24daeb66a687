"""Samples -> JPEG, JPEG-LS, JPEG 2000, JPEG XL through imagecodecs (libjpeg-turbo, CharLS, OpenJPEG, libjxl)."""

from collections.abc import Callable
from typing import Any

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored, as_unsigned
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codecs.profiles import DISTANCE, NEAR, QUALITY, RATIO, SUBSAMPLING
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat

_MOST_BITS_OPENJPEG = 24  # it returns other samples than it was given above
_PREDICTORS = {s.JPEG_LOSSLESS: 7, s.JPEG_LOSSLESS_SV1: 1}  # ITU-T T.81 table H.1; SV1 is named for its predictor
_JPEG_LS_FRAME = 0xF7
_DB_PER_BIT, _BEYOND_REACH, _SMALL = 6.02, 30, 64  # 20 log10(2); more than the irreversible transform gives; samples
_PSNR_RANGE = (1.0, 150.0)
_SEARCH_STEPS, _CLOSE_ENOUGH = 12, 0.98


def call(function: Callable[..., Any], *arguments: object, options: dict[str, Any]) -> bytes:
    """Call into the C library; whatever it cannot do is a CodecError."""
    try:
        return bytes(function(*arguments, **options))
    except (RuntimeError, ValueError, OSError, NotImplementedError) as problem:
        raise CodecError(f"{function.__name__}: {problem}") from problem


def encode_jpeg(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one lossy JPEG frame of 8 or 12 bits; RGB becomes YCbCr unless told otherwise (ITU-T T.81)."""
    photometric, options = jpeg_color(fmt, want)
    options |= {"level": round(want.quality or QUALITY), "bitspersample": fmt.bits_stored}
    return Encoded(call(library().jpeg8_encode, array, options=options), photometric)


def jpeg_color(fmt: PixelFormat, want: EncodeRequest) -> tuple[Photometric, dict[str, Any]]:
    """Return what a lossy JPEG of the frame holds, and libjpeg's words for it: every colour space stated."""
    if fmt.samples == 1:
        return fmt.photometric, {}
    given = "YCBCR" if fmt.photometric.is_ybr else "RGB"
    if not fmt.photometric.is_ybr and not want.component_transform:
        return Photometric.RGB, {"colorspace": given, "outcolorspace": "RGB"}
    shared = want.subsampling or SUBSAMPLING
    photometric = Photometric.YBR_FULL_422 if shared == "422" else Photometric.YBR_FULL
    return photometric, {"colorspace": given, "outcolorspace": "YCBCR", "subsampling": shared}


def encode_jpeg_lossless(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:  # noqa: ARG001
    """Encode one lossless JPEG frame of 2 to 16 bits, colour as it is (ITU-T T.81 H)."""
    options: dict[str, Any] = {"lossless": True, "predictor": _PREDICTORS[fmt.transfer_syntax]}
    if fmt.samples == 3:
        # "YCBCR" would give chroma of other samples; without a name there is no marker, and the data set decides.
        space = "UNKNOWN" if fmt.photometric.is_ybr else "RGB"
        options |= {"colorspace": space, "outcolorspace": space}
    options |= {"bitspersample": fmt.bits_stored}
    return Encoded(call(library().jpeg8_encode, as_unsigned(array, fmt), options=options), fmt.photometric)


def encode_jpeg_ls(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG-LS frame of full 8 or 16 bits, interleaved by sample (ITU-T T.87)."""
    if fmt.bits_stored != fmt.bits_allocated:
        raise CodecError(f"jpegls_encode: it writes a precision of 8 or 16 bits only, needed {fmt.bits_stored}")
    samples = as_unsigned(array, fmt)
    data = call(library().jpegls_encode, samples, options={"level": near_of(fmt, want)})
    return Encoded(_without_spiff(data), fmt.photometric)


def near_of(fmt: PixelFormat, want: EncodeRequest) -> int:
    """Return NEAR: 0 for the lossless syntax."""
    if fmt.transfer_syntax != s.JPEG_LS_NEAR:
        return 0
    return NEAR if want.near is None else want.near


def _without_spiff(data: bytes) -> bytes:
    """Return the stream without the SPIFF header in front, whose directory has an FF D8 that readers stumble over."""
    for marker, first, _ in marker_segments(data, 2):
        if marker == _JPEG_LS_FRAME:
            return data[:2] + data[first - 4 :]
    raise CodecError("jpegls_encode: there is no frame header (FF F7) in what it wrote")


def encode_jpeg_2000(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG 2000 frame, lossless or of a stated PSNR (ISO/IEC 15444-1)."""
    lossy = s.syntax_for(fmt.transfer_syntax).lossy
    psnr = one_layer(want.psnr)
    if lossy and psnr is None:
        raise CodecError("jpeg2k_encode: it takes the PSNR of one layer only, not a ratio or several layers")
    return Encoded(_jpeg_2000(array, fmt, want, psnr if lossy else 0), transformed(fmt, want))


def encode_jpeg_2000_of_ratio(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG 2000 frame of a stated ratio, which takes several turns, one for each PSNR that is tried."""
    ratio = RATIO if want.ratio is None else one_layer(want.ratio)
    if want.psnr is not None or ratio is None:
        raise CodecError("jpeg2k_encode: it takes the ratio of one layer only")
    data = finest(lambda psnr: _jpeg_2000(array, fmt, want, psnr), _PSNR_RANGE, most_bytes(fmt, ratio))
    return Encoded(data, transformed(fmt, want))


def _jpeg_2000(array: Stored, fmt: PixelFormat, want: EncodeRequest, psnr: float | None) -> bytes:
    check_openjpeg(fmt, want)
    options = {
        "level": psnr,
        "codecformat": "J2K",
        "bitspersample": fmt.bits_stored,
        "reversible": not s.syntax_for(fmt.transfer_syntax).lossy,
        "mct": transformed(fmt, want) in {Photometric.YBR_RCT, Photometric.YBR_ICT},
        "planar": False,
        "numthreads": want.threads,
    }
    # Each transform rounds. Where hardly anything may be lost, a small frame, whose size matters little, has one only.
    if psnr and psnr > _DB_PER_BIT * fmt.bits_stored + _BEYOND_REACH and min(fmt.rows, fmt.columns) < _SMALL:
        options["resolutions"] = 2
    return call(library().jpeg2k_encode, array, options=options)


def one_layer(values: float | tuple[float, ...] | None) -> float | None:
    """Return the one value that there is, None where there is none or several."""
    if isinstance(values, tuple):
        return values[0] if len(values) == 1 else None
    return values


def most_bytes(fmt: PixelFormat, ratio: float) -> int:
    """Return how many bytes a frame may take: its samples' Bits Stored divided by the ratio."""
    return max(1, int(fmt.rows * fmt.columns * fmt.samples * fmt.bits_stored / 8 / ratio))


def finest(encode: Callable[[float], bytes], bounds: tuple[float, float], most: int) -> bytes:
    """Return the stream of the greatest fineness, within `bounds`, that has at most `most` bytes, or the coarsest.

    >>> 294 <= len(finest(lambda fineness: bytes(int(fineness)), (0, 1000), 300)) <= 300
    True
    """
    coarse, fine = bounds
    best, data = encode(coarse), encode(fine)
    if len(data) <= most:
        return data
    for _ in range(_SEARCH_STEPS):
        middle = (coarse + fine) / 2
        data = encode(middle)
        if len(data) > most:
            fine = middle
        else:
            coarse, best = middle, data
            if len(data) >= most * _CLOSE_ENOUGH:
                break
    return best


def check_openjpeg(fmt: PixelFormat, want: EncodeRequest) -> None:
    """Raise CodecError for more bits than OpenJPEG encodes rightly; a component transform takes one of them."""
    most = _MOST_BITS_OPENJPEG - (transformed(fmt, want) in {Photometric.YBR_RCT, Photometric.YBR_ICT})
    if fmt.bits_stored > most:
        raise CodecError(f"OpenJPEG encodes up to {most} bits of {fmt.samples} samples, needed {fmt.bits_stored}")


def transformed(fmt: PixelFormat, want: EncodeRequest) -> Photometric:
    """Return what JPEG 2000 codes: RGB by the reversible or irreversible component transform, or as it is."""
    if fmt.photometric != Photometric.RGB or not want.component_transform:
        return fmt.photometric
    return Photometric.YBR_ICT if s.syntax_for(fmt.transfer_syntax).lossy else Photometric.YBR_RCT


def encode_jpeg_xl(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one JPEG XL frame: lossless as it is, lossy as XYB (ISO/IEC 18181-1)."""
    options: dict[str, Any] = {"bitspersample": fmt.bits_stored, "planar": False, "numthreads": want.threads}
    if s.syntax_for(fmt.transfer_syntax).lossy:
        chosen = {"distance": want.distance or DISTANCE} if want.quality is None else {"level": want.quality}
        photometric = Photometric.XYB if fmt.samples == 3 else fmt.photometric
        options |= {"lossless": False, **chosen}
    else:
        photometric = fmt.photometric
        options |= {"lossless": True}
    return Encoded(call(library().jpegxl_encode, as_unsigned(array, fmt), options=options), photometric)


def jpeg_to_jpeg_xl(data: bytes, threads: int = 1) -> bytes:
    """Return a JPEG stream as JPEG XL that gives back its every byte (ISO/IEC 18181-2)."""
    return call(library().jpegxl_encode_jpeg, data, options={"usecontainer": True, "numthreads": threads})


def jpeg_xl_to_jpeg(data: bytes, threads: int = 1) -> bytes:
    """Return the JPEG stream that a JPEG XL stream was made of."""
    return call(library().jpegxl_decode_jpeg, data, options={"numthreads": threads})
