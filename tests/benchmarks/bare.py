"""The codecs that are our first choice, called bare: one frame's bytes and the array to decode it into."""

import zlib
from collections.abc import Callable

import numpy as np

from benchmarks.workloads import LIBRARY, RECIPES
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored

Decode = Callable[[bytes, Stored], object]


def _copied(data: bytes, out: Stored) -> None:
    out[...] = np.frombuffer(data, out.dtype, out.size).reshape(out.shape)


def _swapped(data: bytes, out: Stored) -> None:
    out[...] = np.frombuffer(data, out.dtype.newbyteorder(">"), out.size).reshape(out.shape)


def _inflated(data: bytes, out: Stored) -> None:
    _copied(zlib.decompress(data, -15, out.nbytes), out)


def _rle(data: bytes, out: Stored) -> None:
    LIBRARY.dicomrle_decode(data, "<u2", out=out.view("u1").reshape(-1))


def _jpeg(data: bytes, out: Stored) -> None:
    LIBRARY.jpeg8_decode(data, out=out)


def _jpeg_color(data: bytes, out: Stored) -> None:
    LIBRARY.jpeg8_decode(data, colorspace="YCBCR", outcolorspace="RGB", out=out)


def _jpeg_ls(data: bytes, out: Stored) -> None:
    LIBRARY.jpegls_decode(data, out=out)


def _jpeg_2000(data: bytes, out: Stored) -> None:
    LIBRARY.jpeg2k_decode(data, out=out)


def _htj2k(data: bytes, out: Stored) -> None:
    LIBRARY.htj2k_decode(data, out=out)


def _jpeg_xl(data: bytes, out: Stored) -> None:
    LIBRARY.jpegxl_decode(data, numthreads=1, out=out)


DECODE: dict[str, Decode] = {
    s.IMPLICIT_LITTLE: _copied,
    s.EXPLICIT_LITTLE: _copied,
    s.EXPLICIT_BIG: _swapped,
    s.DEFLATED_LITTLE: _copied,
    s.ENCAPSULATED_UNCOMPRESSED: _copied,
    s.PAPYRUS_3: _copied,
    s.GE_PRIVATE_BIG: _swapped,
    s.DEFLATED_IMAGE_FRAME: _inflated,
    s.RLE_LOSSLESS: _rle,
    s.JPEG_BASELINE: _jpeg_color,
    s.JPEG_EXTENDED: _jpeg,
    s.JPEG_SPECTRAL: _jpeg,
    s.JPEG_PROGRESSIVE: _jpeg,
    s.JPEG_LOSSLESS: _jpeg,
    s.JPEG_LOSSLESS_SV1: _jpeg,
    s.JPEG_LS: _jpeg_ls,
    s.JPEG_LS_NEAR: _jpeg_ls,
    s.JPEG_2000_LOSSLESS: _jpeg_2000,
    s.JPEG_2000: _jpeg_2000,
    s.JPEG_2000_MC_LOSSLESS: _jpeg_2000,
    s.JPEG_2000_MC: _jpeg_2000,
    s.JPEG_XL_LOSSLESS: _jpeg_xl,
    s.JPEG_XL_RECOMPRESSION: _jpeg_xl,
    s.JPEG_XL: _jpeg_xl,
    s.HTJ2K_LOSSLESS: _htj2k,
    s.HTJ2K_LOSSLESS_RPCL: _htj2k,
    s.HTJ2K: _jpeg_2000,  # OpenJPH through imagecodecs wraps what overshoots
}

ENCODE: dict[str, Callable[[Stored], bytes]] = {
    s.RLE_LOSSLESS: RECIPES["RLE"].encode,
    s.JPEG_LS: lambda frame: bytes(LIBRARY.jpegls_encode(frame)),
    s.JPEG_2000_LOSSLESS: lambda frame: bytes(
        LIBRARY.jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k")
    ),
}
