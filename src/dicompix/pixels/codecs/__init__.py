"""Which codec can decode which transfer syntax: BUILT_IN, one line of data each; the order is the preference."""

from dataclasses import dataclass, replace

from dicompix.pixels import syntaxes as s

_HERE = "dicompix.pixels.codecs."


@dataclass(frozen=True, slots=True)
class CodecEntry:
    """One codec for one syntax: its name, where its function is, what it needs, where it is known to be wrong.

    `target` is "module:function"; `needs` are pip requirements; `extra` is the extra of dicompix that brings them;
    `wrong_for` names a condition in `registry.WRONG_FOR`; `honours` lists the parts of a DecodeRequest, besides
    `raw`, that it makes use of; one that is `trusting` answers a broken stream with part of a picture or with a crash,
    so it is not asked after another one has failed.
    """

    name: str
    target: str
    needs: tuple[str, ...] = ()
    extra: str = ""
    wrong_for: str = ""
    honours: tuple[str, ...] = ()
    trusting: bool = False


_IMAGECODECS = ("imagecodecs>=2026.1.1",)
_LIBJPEG = ("pylibjpeg>=2.0", "pylibjpeg-libjpeg>=2.2")
_OPENJPEG = ("pylibjpeg>=2.0", "pylibjpeg-openjpeg>=2.3")
_RLE = ("pylibjpeg>=2.0", "pylibjpeg-rle>=2.0")


def _imagecodecs(function: str, *honours: str) -> CodecEntry:
    return CodecEntry("imagecodecs", f"{_HERE}imagecodecs:{function}", _IMAGECODECS, honours=honours)


def _gdcm(wrong_for: str = "") -> CodecEntry:
    return CodecEntry("gdcm", f"{_HERE}gdcm:decode", ("python-gdcm>=3.0.24.1",), "gdcm", wrong_for, trusting=True)


_NATIVE = CodecEntry("dicompix", f"{_HERE}native:decode")
_DEFLATED = CodecEntry("dicompix", f"{_HERE}deflated:decode")
_TURBO = CodecEntry("imagecodecs", f"{_HERE}imagecodecs_jpeg:decode", _IMAGECODECS, honours=("out",))
_TURBO_LOSSLESS = CodecEntry("imagecodecs", f"{_HERE}overlong:decode", _IMAGECODECS, honours=("out",))
_JPEG_LS = _imagecodecs("decode_jpeg_ls", "out")
_JPEG_2000 = _imagecodecs("decode_jpeg_2000", "out", "threads")
_JPEG_XL = _imagecodecs("decode_jpeg_xl", "out", "threads")
_HTJ2K = CodecEntry("imagecodecs", f"{_HERE}imagecodecs:decode_htj2k", _IMAGECODECS, "", "lossy htj2k", ("out",))
_HTJ2K_OPENJPEG = CodecEntry(
    "imagecodecs-openjpeg", f"{_HERE}imagecodecs:decode_jpeg_2000", _IMAGECODECS, honours=("out", "threads")
)
_PY_LIBJPEG = CodecEntry("pylibjpeg-libjpeg", f"{_HERE}pylibjpeg:decode_libjpeg", _LIBJPEG, "libjpeg", trusting=True)
_PY_LIBJPEG_LOSSLESS = replace(_PY_LIBJPEG, wrong_for="16 bit prediction")
_PY_OPENJPEG = CodecEntry("pylibjpeg-openjpeg", f"{_HERE}pylibjpeg:decode_openjpeg", _OPENJPEG)
_PY_RLE = CodecEntry("pylibjpeg-rle", f"{_HERE}pylibjpeg:decode_rle", _RLE)
_PYJPEGLS = CodecEntry("pyjpegls", f"{_HERE}pyjpegls:decode", ("pyjpegls>=1.5",), "pyjpegls")
_PILLOW_JPEG = CodecEntry("pillow", f"{_HERE}pillow:decode_jpeg", ("pillow>=10.3",), trusting=True)
_PILLOW_JPEG_2000 = CodecEntry("pillow", f"{_HERE}pillow:decode_jpeg_2000", ("pillow>=10.3",))

_LOSSY_JPEG = (_TURBO, _PILLOW_JPEG, _PY_LIBJPEG, _gdcm("gdcm jpeg"))
_LOSSLESS_JPEG = (_TURBO_LOSSLESS, _PY_LIBJPEG_LOSSLESS, _gdcm("gdcm jpeg"))
_ANY_JPEG_LS = (_JPEG_LS, _PYJPEGLS, _PY_LIBJPEG, _gdcm("gdcm jpeg-ls"))
_ANY_JPEG_2000 = (_JPEG_2000, _PY_OPENJPEG, _PILLOW_JPEG_2000, _gdcm("gdcm jpeg-2000"))
_PART_2 = (_JPEG_2000, _PY_OPENJPEG)
_ANY_HTJ2K = (_HTJ2K, _HTJ2K_OPENJPEG, _PY_OPENJPEG)

BUILT_IN: dict[str, tuple[CodecEntry, ...]] = {
    s.IMPLICIT_LITTLE: (_NATIVE,),
    s.EXPLICIT_LITTLE: (_NATIVE,),
    s.ENCAPSULATED_UNCOMPRESSED: (_NATIVE,),
    s.DEFLATED_LITTLE: (_NATIVE,),
    s.EXPLICIT_BIG: (_NATIVE,),
    s.PAPYRUS_3: (_NATIVE,),
    s.GE_PRIVATE_BIG: (_NATIVE,),
    s.DEFLATED_IMAGE_FRAME: (_DEFLATED,),
    s.RLE_LOSSLESS: (
        _imagecodecs("decode_rle", "out"),
        CodecEntry("dicompix", f"{_HERE}rle:decode"),
        _PY_RLE,
        _gdcm("gdcm rle"),
    ),
    s.JPEG_BASELINE: _LOSSY_JPEG,
    s.JPEG_EXTENDED: _LOSSY_JPEG,
    s.JPEG_SPECTRAL: _LOSSY_JPEG,
    s.JPEG_PROGRESSIVE: _LOSSY_JPEG,
    s.JPEG_LOSSLESS: _LOSSLESS_JPEG,
    s.JPEG_LOSSLESS_SV1: _LOSSLESS_JPEG,
    s.JPEG_LS: _ANY_JPEG_LS,
    s.JPEG_LS_NEAR: _ANY_JPEG_LS,
    s.JPEG_2000_LOSSLESS: _ANY_JPEG_2000,
    s.JPEG_2000: _ANY_JPEG_2000,
    s.JPEG_2000_MC_LOSSLESS: _PART_2,
    s.JPEG_2000_MC: _PART_2,
    s.JPEG_XL_LOSSLESS: (_JPEG_XL,),
    s.JPEG_XL_RECOMPRESSION: (_JPEG_XL,),
    s.JPEG_XL: (_JPEG_XL,),
    s.HTJ2K_LOSSLESS: _ANY_HTJ2K,
    s.HTJ2K_LOSSLESS_RPCL: _ANY_HTJ2K,
    s.HTJ2K: _ANY_HTJ2K,
}
