"""One table for every codec: transfer syntax -> coded frames with the samples that are in them.

The encoders are not ours: DCMTK's streams (golden.json), imagecodecs, CharLS through pyjpegls, zlib, and the layouts
of packing.py. Where a coding is lossless the expected samples are those that were encoded.
"""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO

import imagecodecs
import numpy as np
import PIL.Image

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.settle import settle
from dicompix.pixels.testing import CodecCase, make_format
from support import packing
from support.arrays import color, gray, smooth, smooth_color
from support.golden import GOLDEN, Golden
from support.native_cases import native_cases

RGB, YBR, YBR_422 = Photometric.RGB, Photometric.YBR_FULL, Photometric.YBR_FULL_422
RCT, ICT = Photometric.YBR_RCT, Photometric.YBR_ICT


def _encode(library: str, frame: Stored, options: Mapping[str, object] | None = None) -> bytes:
    """Encode with imagecodecs: `library` is the name of one of its codecs."""
    return bytes(getattr(imagecodecs, f"{library}_encode")(frame, **(options or {})))


def _coded(fmt: PixelFormat, data: bytes) -> PixelFormat:
    return settle(fmt, peek(data, s.syntax_for(fmt.transfer_syntax).family)).coded


def coded_case(  # noqa: PLR0913  # one row of the table
    name: str,
    uid: str,
    data: bytes,
    frame: Stored,
    *,
    bits: int = 0,
    declared: Photometric | None = None,
    after: Photometric | None = None,
    tolerance: int = 0,
) -> CodecCase:
    """Return the case of a codestream and the samples in it; sign and precision are the codestream's."""
    fmt = make_format(
        frame.shape,
        bits or frame.dtype.itemsize * 8,
        signed=frame.dtype.kind == "i",
        photometric=declared,
        transfer_syntax=uid,
    )
    coded = _coded(fmt, data)
    expected = frame.view(frame.dtype.str.replace("i", "u")) & ((1 << fmt.bits_stored) - 1)
    return CodecCase(
        name=name,
        fmt=coded,
        data=data,
        expected=frame if coded.signed == fmt.signed else expected.astype(coded.dtype),
        photometric=after,
        tolerance=tolerance,
    )


def _rle() -> list[CodecCase]:
    uid = s.RLE_LOSSLESS
    cases = []
    for frame in (gray(8), gray(16), gray(16, signed=True), gray(32), gray(64), color(8), color(16), color(32)):
        for planar in (0, 1)[: frame.ndim - 1]:
            fmt = make_format(
                frame.shape, frame.dtype.itemsize * 8, signed=frame.dtype.kind == "i", transfer_syntax=uid
            )
            fmt = PixelFormat(**{**_fields(fmt), "planar": planar})  # type: ignore[arg-type]
            name = f"rle {frame.dtype} x {fmt.samples} planar {planar}"
            cases.append(CodecCase(name=name, fmt=fmt, data=packing.rle(frame), expected=frame))
    one = gray(1)
    fmt = make_format(one.shape, 1, transfer_syntax=uid)
    return [*cases, CodecCase(name="rle 1 bit", fmt=fmt, data=packing.rle_bits(one), expected=one)]


def _fields(fmt: PixelFormat) -> dict[str, object]:
    return {name: getattr(fmt, name) for name in fmt.__slots__}


def _deflated() -> list[CodecCase]:
    uid = s.DEFLATED_IMAGE_FRAME
    return [replace(case, data=packing.deflate(case.data)) for case in native_cases(uid)]


def golden_case(golden: Golden) -> CodecCase:
    """Return the case of one of DCMTK's streams; lossy decoders may differ by one, by more where chroma is shared."""
    fmt, pixels = golden.fmt, golden.pixels
    coded = _coded(fmt, golden.stream)
    after = YBR if coded.photometric == YBR_422 else None
    expected: Stored | str = golden.sha256
    if pixels is not None:
        mask = (1 << coded.bits_stored) - 1
        expected = pixels.view(pixels.dtype.str.replace("i", "u")) & mask if fmt.signed else pixels
    lossy = pixels is not None and fmt.transfer_syntax in {
        s.JPEG_BASELINE,
        s.JPEG_EXTENDED,
        s.JPEG_SPECTRAL,
        s.JPEG_PROGRESSIVE,
    }
    tolerance = (3 if after else 1) if lossy else 0
    return CodecCase(
        name=golden.name, fmt=coded, data=golden.stream, expected=expected, photometric=after, tolerance=tolerance
    )


def _lossless_jpeg(uid: str, predictors: tuple[int, ...]) -> list[CodecCase]:
    cases = []
    for bits in (2, 8, 10, 12, 15, 16):
        for predictor in predictors:
            frame = gray(bits)
            data = _encode("jpeg8", frame, {"lossless": True, "predictor": predictor, "bitspersample": bits})
            cases.append(coded_case(f"turbo {bits} predictor {predictor}", uid, data, frame, bits=bits))
    for bits in (10, 12, 16):
        frame = gray(bits)
        data = _encode("ljpeg", frame, {"bitspersample": bits})
        if uid == s.JPEG_LOSSLESS:
            cases.append(coded_case(f"lj92 {bits}", uid, data, frame, bits=bits))
    frame = color(8)
    data = _encode(
        "jpeg8", frame, {"lossless": True, "predictor": predictors[-1], "colorspace": "RGB", "outcolorspace": "RGB"}
    )
    return [*cases, coded_case("turbo rgb", uid, data, frame)]


def _jpeg_ls() -> list[CodecCase]:
    uid, cases = s.JPEG_LS, []
    for bits in (2, 6, 7, 8, 10, 12, 15, 16):
        frame = gray(bits)
        data = packing.jpeg_ls_frame(frame, bits)
        cases.append(coded_case(f"charls {bits}", uid, data, frame, bits=bits))
    signed = gray(12, signed=True)
    data = packing.jpeg_ls_frame(signed.view(np.uint16) & 0xFFF, 12)
    cases.append(coded_case("charls signed", uid, data, signed, bits=12))
    for frame in (gray(8), gray(16), color(8), color(16)):
        data = _encode("jpegls", frame)
        cases.append(coded_case(f"imagecodecs {frame.dtype} {frame.ndim}", uid, data, frame))
    return cases


def _jpeg_ls_near() -> list[CodecCase]:
    frame = gray(8)
    data = _encode("jpegls", frame, {"level": 3})
    return [coded_case("near 3", s.JPEG_LS_NEAR, data, frame, tolerance=3)]


def _jpeg_2000(uid: str) -> list[CodecCase]:
    cases = []
    for bits in (1, 8, 10, 12, 15, 16):
        for signed in (False, True)[: 1 + (bits > 1)]:
            frame = gray(bits, signed=signed)
            data = _encode(
                "jpeg2k", frame, {"codecformat": "j2k", "bitspersample": bits, "reversible": True, "level": 0}
            )
            cases.append(coded_case(f"j2k {bits} {frame.dtype}", uid, data, frame, bits=bits))
    frame = gray(16)
    data = _encode("jpeg2k", frame, {"codecformat": "jp2", "reversible": True, "level": 0})
    cases.append(coded_case("jp2 boxes", uid, data, frame))
    frame, tiled = gray(8), BytesIO()
    PIL.Image.fromarray(frame).save(tiled, "JPEG2000", no_jp2=True, tile_size=(8, 8), irreversible=False)
    cases.append(coded_case("pillow tiles", uid, tiled.getvalue(), frame))
    for bits in (8, 16):
        frame = color(bits)
        for mct in (False, True):
            data = _encode("jpeg2k", frame, {"codecformat": "j2k", "reversible": True, "level": 0, "mct": mct})
            name, declared = f"j2k {bits} mct {mct}", RCT if mct else RGB
            cases.append(coded_case(name, uid, data, frame, declared=declared, after=RGB))
    return cases


def _jpeg_2000_lossy(uid: str) -> list[CodecCase]:
    frame, rgb = smooth(8), smooth_color()
    twelve = smooth(12)
    finer: dict[str, object] = {"codecformat": "j2k", "reversible": False, "level": 70, "bitspersample": 12}
    lossy: dict[str, object] = {"codecformat": "j2k", "reversible": False, "level": 55}
    return [
        coded_case("97", uid, _encode("jpeg2k", frame, lossy), frame, tolerance=3),
        coded_case("97 of 12", uid, _encode("jpeg2k", twelve, finer), twelve, bits=12, tolerance=8),
        coded_case("97 ict", uid, _encode("jpeg2k", rgb, lossy), rgb, declared=ICT, after=RGB, tolerance=3),
    ]


def _htj2k(uid: str) -> list[CodecCase]:
    cases = []
    for bits in (8, 16):
        frame = gray(bits)
        cases.append(coded_case(f"ht {bits}", uid, _encode("htj2k", frame, {"reversible": True}), frame))
    signed = gray(16, signed=True)
    cases.append(coded_case("ht signed", uid, _encode("htj2k", signed, {"reversible": True}), signed))
    rgb = color(8)
    data = _encode("htj2k", rgb, {"reversible": True, "rgb": True})
    return [*cases, coded_case("ht rct", uid, data, rgb, declared=RCT, after=RGB)]


def _htj2k_lossy() -> list[CodecCase]:
    frame = smooth(8)
    data = _encode("htj2k", frame, {"reversible": False, "level": 0.001})
    return [coded_case("ht lossy", s.HTJ2K, data, frame, tolerance=2)]


def _jpeg_xl() -> list[CodecCase]:
    cases = []
    for frame, bits in ((gray(8), 8), (gray(10), 10), (gray(12), 12), (gray(16), 16), (color(8), 8), (color(16), 16)):
        for container in (False, True):
            data = _encode("jpegxl", frame, {"lossless": True, "bitspersample": bits, "usecontainer": container})
            name = f"jxl {bits} x {frame.ndim} container {container}"
            cases.append(coded_case(name, s.JPEG_XL_LOSSLESS, data, frame, bits=bits))
    return cases


def _jpeg_xl_recompressed() -> list[CodecCase]:
    golden = GOLDEN["baseline-8"]
    assert golden.pixels is not None
    data = bytes(imagecodecs.jpegxl_encode_jpeg(golden.stream))
    return [coded_case("jxl of jpeg", s.JPEG_XL_RECOMPRESSION, data, golden.pixels, tolerance=4)]


def _jpeg_xl_lossy() -> list[CodecCase]:
    frame, rgb = smooth(8), smooth_color()
    return [
        coded_case("jxl lossy", s.JPEG_XL, _encode("jpegxl", frame, {"distance": 0.3}), frame, tolerance=6),
        # libjxl 0.12 is 19 off
        coded_case("jxl xyb", s.JPEG_XL, _encode("jpegxl", rgb, {"distance": 0.3}), rgb, tolerance=24),
    ]


def _golden(uid: str) -> list[CodecCase]:
    return [golden_case(golden) for golden in GOLDEN.values() if golden.fmt.transfer_syntax == uid]


CASES: dict[str, list[CodecCase]] = {
    s.IMPLICIT_LITTLE: native_cases(s.IMPLICIT_LITTLE),
    s.EXPLICIT_LITTLE: native_cases(s.EXPLICIT_LITTLE),
    s.ENCAPSULATED_UNCOMPRESSED: native_cases(s.ENCAPSULATED_UNCOMPRESSED),
    s.DEFLATED_LITTLE: native_cases(s.DEFLATED_LITTLE),
    s.EXPLICIT_BIG: native_cases(s.EXPLICIT_BIG, big_endian=True),
    s.PAPYRUS_3: native_cases(s.PAPYRUS_3),
    s.GE_PRIVATE_BIG: native_cases(s.GE_PRIVATE_BIG, big_endian=True),
    s.DEFLATED_IMAGE_FRAME: _deflated(),
    s.RLE_LOSSLESS: _rle(),
    s.JPEG_BASELINE: _golden(s.JPEG_BASELINE),
    s.JPEG_EXTENDED: _golden(s.JPEG_EXTENDED),
    s.JPEG_SPECTRAL: _golden(s.JPEG_SPECTRAL),
    s.JPEG_PROGRESSIVE: _golden(s.JPEG_PROGRESSIVE),
    s.JPEG_LOSSLESS: _golden(s.JPEG_LOSSLESS) + _lossless_jpeg(s.JPEG_LOSSLESS, (1, 2, 3, 4, 5, 6, 7)),
    s.JPEG_LOSSLESS_SV1: _golden(s.JPEG_LOSSLESS_SV1) + _lossless_jpeg(s.JPEG_LOSSLESS_SV1, (1,)),
    s.JPEG_LS: _golden(s.JPEG_LS) + _jpeg_ls(),
    s.JPEG_LS_NEAR: _golden(s.JPEG_LS_NEAR) + _jpeg_ls_near(),
    s.JPEG_2000_LOSSLESS: _jpeg_2000(s.JPEG_2000_LOSSLESS),
    s.JPEG_2000: _jpeg_2000(s.JPEG_2000) + _jpeg_2000_lossy(s.JPEG_2000),
    s.JPEG_2000_MC_LOSSLESS: _jpeg_2000(s.JPEG_2000_MC_LOSSLESS),
    s.JPEG_2000_MC: _jpeg_2000_lossy(s.JPEG_2000_MC),
    s.JPEG_XL_LOSSLESS: _jpeg_xl(),
    s.JPEG_XL_RECOMPRESSION: _jpeg_xl_recompressed(),
    s.JPEG_XL: _jpeg_xl_lossy(),
    s.HTJ2K_LOSSLESS: _htj2k(s.HTJ2K_LOSSLESS),
    s.HTJ2K_LOSSLESS_RPCL: _htj2k(s.HTJ2K_LOSSLESS_RPCL),
    s.HTJ2K: _htj2k_lossy(),
}
