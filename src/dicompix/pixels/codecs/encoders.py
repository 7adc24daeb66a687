"""Which codec can encode which transfer syntax: ENCODERS, one line of data each; the order is the preference.

GDCM is not among them: it ends the process over frames as plain as five rows of RLE.
"""

from dataclasses import replace

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry

_HERE = "dicompix.pixels.codecs."
_IMAGECODECS = ("imagecodecs>=2026.1.1",)


def _ours(target: str) -> CodecEntry:
    return CodecEntry("dicompix", f"{_HERE}{target}")


def _imagecodecs(target: str, *honours: str) -> CodecEntry:
    return CodecEntry("imagecodecs", f"{_HERE}{target}", _IMAGECODECS, honours=honours)


def _other(name: str, function: str, *needs: str, extra: str = "") -> CodecEntry:
    return CodecEntry(name, f"{_HERE}encode_others:{function}", needs, extra)


_NATIVE = _ours("encode_native:encode")
_LOSSY_JPEG = _imagecodecs("encode_imagecodecs:encode_jpeg")
_PILLOW = _other("pillow", "encode_jpeg", "pillow>=10.3")
_OPENJPEG = _other("pylibjpeg-openjpeg", "encode_openjpeg", "pylibjpeg>=2.0", "pylibjpeg-openjpeg>=2.3")
_LOSSLESS_JPEG = (_imagecodecs("encode_imagecodecs:encode_jpeg_lossless"),)
_JPEG_LS = (
    _imagecodecs("encode_imagecodecs:encode_jpeg_ls"),
    _other("pyjpegls", "encode_jpeg_ls", "pyjpegls>=1.5", extra="pyjpegls"),
    _ours("encode_jpeg_ls:encode"),
)
_JPEG_2000 = (_imagecodecs("encode_imagecodecs:encode_jpeg_2000", "threads"), _OPENJPEG)
_HTJ2K = (_imagecodecs("encode_htj2k:encode"),)
_JPEG_2000_SEARCH = replace(_imagecodecs("encode_imagecodecs:encode_jpeg_2000_of_ratio"), name="imagecodecs-search")
_JPEG_XL = (_imagecodecs("encode_imagecodecs:encode_jpeg_xl", "threads"),)

ENCODERS: dict[str, tuple[CodecEntry, ...]] = {
    s.IMPLICIT_LITTLE: (_NATIVE,),
    s.EXPLICIT_LITTLE: (_NATIVE,),
    s.ENCAPSULATED_UNCOMPRESSED: (_NATIVE,),
    s.DEFLATED_LITTLE: (_NATIVE,),
    s.EXPLICIT_BIG: (_NATIVE,),
    s.PAPYRUS_3: (_NATIVE,),
    s.GE_PRIVATE_BIG: (_NATIVE,),
    s.DEFLATED_IMAGE_FRAME: (_ours("encode_native:encode_deflated"),),
    s.RLE_LOSSLESS: (
        _imagecodecs("encode_rle:encode_imagecodecs"),
        _ours("encode_rle:encode"),
        _other("pylibjpeg-rle", "encode_rle", "pylibjpeg>=2.0", "pylibjpeg-rle>=2.0"),
    ),
    s.JPEG_BASELINE: (_LOSSY_JPEG, _PILLOW),
    s.JPEG_EXTENDED: (_LOSSY_JPEG, _PILLOW),
    s.JPEG_LOSSLESS: _LOSSLESS_JPEG,
    s.JPEG_LOSSLESS_SV1: _LOSSLESS_JPEG,
    s.JPEG_LS: _JPEG_LS,
    s.JPEG_LS_NEAR: _JPEG_LS,
    s.JPEG_2000_LOSSLESS: _JPEG_2000,
    s.JPEG_2000: (*_JPEG_2000, _JPEG_2000_SEARCH),
    s.JPEG_XL_LOSSLESS: _JPEG_XL,
    s.JPEG_XL: _JPEG_XL,
    s.HTJ2K_LOSSLESS: _HTJ2K,
    s.HTJ2K_LOSSLESS_RPCL: _HTJ2K,
    s.HTJ2K: _HTJ2K,
}
