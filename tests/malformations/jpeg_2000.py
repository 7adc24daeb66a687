"""JPEG 2000 and JPEG XL streams that are cut, or that contradict the data set (PS3.5 8.2.4, A.4.4)."""

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError
from malformations.case import Case, codes
from malformations.dicom import Picture, coded, one_frame
from malformations.streams import EOI, half, high_throughput, jpeg_2000, jpeg_xl, one_step
from support import packing
from support.arrays import color, gray, smooth

G8, G10, G12, G16 = gray(8), gray(10), gray(12), gray(16)
S12, S16, RGB = gray(12, signed=True), gray(16, signed=True), color(8)
J2K = jpeg_2000(G16)


def _row(name: str, says: str, make: object, *found: str, **right: object) -> Case:
    given: dict[str, object] = {"group": "jpeg 2000", "clause": "PS3.5 8.2.4", "codes": codes(*found), **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _j2k(stream: bytes, frame: Stored = G16, bits: int = 0) -> Picture:
    return one_frame(s.JPEG_2000_LOSSLESS, frame, stream, bits)


def _rle(stream: bytes, frame: Stored = G16) -> Picture:
    return one_frame(s.RLE_LOSSLESS, frame, stream)


BROKEN: dict[str, object] = {"error": CodecError, "phrase": "", "clause": "PS3.5 A.4"}


def _jpeg_2000() -> list[Case]:
    boxes = bytes(imagecodecs.jpeg2k_encode(G16, codecformat="jp2", reversible=True, level=0))
    high, large = high_throughput(G16), jpeg_2000(smooth(16, rows=64, columns=64))
    many = smooth(16, rows=64, columns=64)
    return [
        _row("jp2-boxes", "JPEG 2000 in JP2 boxes", lambda: _j2k(boxes), "jp2-boxes", right=G16, clause="PS3.5 A.4.4"),
        _row(
            "j2k-zeros-before",
            "zeros before the codestream",
            lambda: _j2k(bytes(4) + J2K),
            "codestream-start",
            right=G16,
        ),
        _row(
            "j2k-zeros-after",
            "zeros after the codestream",
            lambda: _j2k(J2K + bytes(40)),
            "codestream-padding",
            right=G16,
        ),
        _row(
            "j2k-no-end",
            "no end marker, every pixel there",
            lambda: _j2k(J2K.removesuffix(EOI)),
            "codestream-end",
            right=G16,
        ),
        _row("j2k-half", "half a JPEG 2000 stream", lambda: _j2k(half(large), many), **BROKEN),
        _row(
            "j2k-half-ended",
            "half a JPEG 2000 stream, an end marker after it",
            lambda: _j2k(half(large, EOI), many),
            **BROKEN,
        ),
        _row(
            "j2k-cut-little",
            "the last 20 bytes of a JPEG 2000 stream are missing",
            lambda: _j2k(large[:-20], many),
            **BROKEN,
        ),
        _row(
            "j2k-zero-for-last",
            "no end marker, and a zero in place of the last byte",
            lambda: _j2k(large.removesuffix(EOI)[:-1] + b"\0", many),
            **BROKEN,
        ),
        _row(
            "j2k-steps",
            "a main header with one step size, needed one for each subband",
            lambda: _j2k(one_step(J2K)),
            error=CodecError,
            phrase="has 1 step sizes",
            clause="T.800 A.6.4",
        ),
        _row(
            "htj2k-steps",
            "the same in HTJ2K",
            lambda: one_frame(s.HTJ2K_LOSSLESS, G16, one_step(high)),
            error=CodecError,
            phrase="has 1 step sizes",
            clause="T.800 A.6.4",
        ),
        _row("htj2k-half", "half an HTJ2K stream", lambda: one_frame(s.HTJ2K_LOSSLESS, G16, half(high)), **BROKEN),
        _row(
            "htj2k-no-end",
            "an HTJ2K stream without its end marker",
            lambda: one_frame(s.HTJ2K_LOSSLESS, G16, high.removesuffix(EOI)),
            "codestream-end",
            right=G16,
        ),
        _row(
            "j2k-unsigned-as-signed",
            "signed by the data set, unsigned by the codestream: its bits are",
            lambda: _j2k(jpeg_2000(S16.view(np.uint16)), S16),
            "codestream-sign",
            right=S16,
        ),
        _row(
            "j2k-signed-as-unsigned",
            "unsigned by the data set, signed by the codestream: its bits are not",
            lambda: _j2k(jpeg_2000(G16.view(np.int16)), G16),
            "codestream-sign",
            right=G16,
        ),
        _row(
            "j2k-12-unsigned-as-signed",
            "12 bits, signed by the data set, unsigned by the codestream",
            lambda: _j2k(jpeg_2000(S12.view(np.uint16) & 0xFFF, 12), S12, 12),
            "codestream-sign",
            right=S12,
        ),
        _row(
            "j2k-precision-more",
            "Bits Stored is 12, the codestream has 16",
            lambda: _j2k(jpeg_2000(G12), G12, 12),
            "codestream-precision",
            right=G12,
        ),
        _row(
            "j2k-precision-less",
            "Bits Stored is 16, the codestream has 12",
            lambda: _j2k(jpeg_2000(G12, 12), G12, 16),
            "codestream-precision",
            right=G12,
        ),
        _row(
            "j2k-precision-less-signed",
            "Bits Stored is 16, the signed codestream has 12",
            lambda: _j2k(jpeg_2000(S12, 12), S12.astype(np.int16), 16),
            "codestream-precision",
            right=S12,
        ),
        _row(
            "j2k-precision-differs",
            "frames of 10, 12 and 8 bits",
            _precisions,
            "codestream-precision",
            right=np.stack([G10, G12, G8.astype(np.uint16)]),
        ),
        _row(
            "j2k-size",
            "Rows and Columns contradict the codestream",
            lambda: _j2k(J2K).having(Rows=64, Columns=64),
            "codestream-size",
            right=G16,
        ),
        _row(
            "j2k-rct-as-rgb",
            "RGB, the component transform is on, as many writers do",
            lambda: _j2k(jpeg_2000(RGB, mct=True), RGB),
            right=RGB,
            clause="PS3.5 8.2.4",
        ),
        _row(
            "j2k-rct-as-ybr-full",
            "YBR_FULL, the component transform is on",
            lambda: _j2k(jpeg_2000(RGB, mct=True), RGB).having(PhotometricInterpretation="YBR_FULL"),
            "codestream-color",
            right=RGB,
        ),
        _row(
            "j2k-rgb-as-rct",
            "YBR_RCT, the component transform is off",
            lambda: _j2k(jpeg_2000(RGB, mct=False), RGB).having(PhotometricInterpretation="YBR_RCT"),
            "codestream-color",
            right=RGB,
        ),
        _row(
            "j2k-samples",
            "Samples per Pixel is 1, the codestream has 3",
            lambda: _j2k(jpeg_2000(RGB, mct=True), RGB).having(
                SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2"
            ),
            "codestream-samples",
            right=RGB,
        ),
        _row(
            "j2k-lossy",
            "an irreversible codestream under JPEG 2000 Lossless",
            lambda: _j2k(jpeg_2000(many, reversible=False, level=90), many),
            "codestream-lossy",
            right=many,
            tolerance=64,
        ),
        _row(
            "j2k-as-htj2k",
            "JPEG 2000 under HTJ2K",
            lambda: one_frame(s.HTJ2K_LOSSLESS, G16, J2K),
            "codestream-kind",
            right=G16,
        ),
        _row("htj2k-as-j2k", "HTJ2K under JPEG 2000", lambda: _j2k(high), "codestream-kind", right=G16),
        _row(
            "jpeg-xl-half",
            "half a JPEG XL stream",
            lambda: one_frame(s.JPEG_XL_LOSSLESS, G16, half(jpeg_xl(G16))),
            **BROKEN,
        ),
    ]


def _precisions() -> Picture:
    streams = [jpeg_2000(G10, 10), jpeg_2000(G12, 12), jpeg_2000(G8)]
    return coded(s.JPEG_2000_LOSSLESS, G12, packing.encapsulate([[stream] for stream in streams]), 12, count=3)


CASES = _jpeg_2000()
