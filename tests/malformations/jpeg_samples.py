"""JPEG and JPEG-LS streams whose colour, prediction, precision or sign the data set contradicts (PS3.5 8.2)."""

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError
from malformations.case import Case, codes
from malformations.dicom import Picture, one_frame
from malformations.streams import (
    baseline,
    lossless,
    overflowing,
    predicted,
    steps,
    subsampled,
    with_adobe,
    with_ids,
    without_markers,
)
from support import packing
from support.arrays import gray, smooth, smooth_color

G8, G12, G16, S12 = gray(8), gray(12), gray(16), gray(12, signed=True)
GRAY, COLOR = smooth(8), smooth_color()
WIDE = smooth(8, rows=64, columns=64)
RGB8 = np.stack([G8, G8[::-1], G8[:, ::-1]], -1)
COMMON = "PS3.5 8.2"


def _row(name: str, says: str, make: object, *found: str, **right: object) -> Case:
    given: dict[str, object] = {"group": "jpeg", "clause": COMMON, "codes": codes(*found), **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _gray(stream: bytes, uid: str = s.JPEG_BASELINE) -> Picture:
    return one_frame(uid, GRAY, stream)


def _color(stream: bytes, label: str = "RGB", uid: str = s.JPEG_BASELINE) -> Picture:
    return one_frame(uid, COLOR, stream).having(PhotometricInterpretation=label)


def _sv1(stream: bytes, frame: Stored = G16, bits: int = 0) -> Picture:
    return one_frame(s.JPEG_LOSSLESS_SV1, frame, stream, bits)


def _ls(stream: bytes, frame: Stored = G12, bits: int = 12) -> Picture:
    return one_frame(s.JPEG_LS, frame, stream, bits)


LS_12 = packing.jpeg_ls_frame(G12, 12)
LS_SIGNED = packing.jpeg_ls_frame(S12.view(np.uint16) & 0xFFF, 12)
BROKEN: dict[str, object] = {"error": CodecError, "phrase": "", "clause": "PS3.5 A.4"}
NEAR: dict[str, object] = {"right": COLOR, "tolerance": 6}
GRAYS: dict[str, object] = {"right": GRAY, "tolerance": 3}
CLOSE: dict[str, object] = {"right": COLOR, "tolerance": 40}  # chroma shared by pairs


def _colors() -> list[Case]:
    jfif, plain = baseline(COLOR, "YCBCR"), without_markers(baseline(COLOR, "YCBCR"))
    rgb, shared, color = baseline(COLOR, "RGB"), subsampled(COLOR), "codestream-color"
    return [
        _row("jfif-as-rgb", "RGB, JFIF says YCbCr", lambda: _color(jfif), color, **NEAR, clause="T.871"),
        _row(
            "adobe-ycc-as-rgb",
            "RGB, Adobe says YCbCr",
            lambda: _color(with_adobe(plain, 1)),
            color,
            **NEAR,
            clause="T.872",
        ),
        _row(
            "adobe-rgb-as-ybr",
            "YBR_FULL, Adobe says RGB",
            lambda: _color(with_adobe(rgb, 0), "YBR_FULL"),
            color,
            **NEAR,
            clause="T.872",
        ),
        _row(
            "ids-rgb-as-ybr",
            "YBR_FULL_422, component ids are R, G, B",
            lambda: _color(with_ids(rgb, b"RGB"), "YBR_FULL_422"),
            color,
            **NEAR,
            clause=COMMON,
        ),
        _row("unmarked-ybr", "YBR_FULL, no markers", lambda: _color(plain, "YBR_FULL"), **NEAR),
        _row("unmarked-rgb", "RGB, no markers: RGB as declared", lambda: _color(without_markers(rgb)), **NEAR),
        _row(
            "subsampled-as-rgb",
            "RGB, but chroma is subsampled",
            lambda: _color(without_markers(shared)),
            color,
            **CLOSE,
        ),
        _row(
            "subsampled-as-full",
            "YBR_FULL, but chroma is subsampled",
            lambda: _color(shared, "YBR_FULL"),
            "chroma-subsampling",
            **CLOSE,
        ),
        _row(
            "whole-as-422",
            "YBR_FULL_422, but chroma is whole",
            lambda: _color(jfif, "YBR_FULL_422"),
            "chroma-subsampling",
            **NEAR,
        ),
        _row(
            "monochrome-of-3",
            "MONOCHROME2 with three samples, JFIF says YCbCr",
            lambda: _color(jfif, "MONOCHROME2"),
            color,
            **NEAR,
        ),
        _row(
            "monochrome-of-3-lossless",
            "MONOCHROME2 with three samples, no markers, lossless",
            lambda: _sv1(without_markers(lossless(RGB8)), RGB8).having(PhotometricInterpretation="MONOCHROME2"),
            color,
            right=RGB8,
        ),
        _row(
            "rgb-of-1",
            "RGB with one sample",
            lambda: _gray(baseline(GRAY)).having(PhotometricInterpretation="RGB"),
            color,
            **GRAYS,
        ),
        _row("ict-label", "YBR_ICT on a JPEG stream", lambda: _color(jfif, "YBR_ICT"), color, **NEAR),
        _row(
            "planar-1",
            "Planar Configuration is 1",
            lambda: _color(jfif, "YBR_FULL").having(PlanarConfiguration=1),
            "planar-configuration",
            **NEAR,
            clause="PS3.3 C.7.6.3.1.3",
        ),
        _row(
            "planar-1-lossless",
            "Planar Configuration is 1, lossless",
            lambda: _sv1(lossless(RGB8), RGB8).having(PlanarConfiguration=1),
            "planar-configuration",
            right=RGB8,
            clause="PS3.3 C.7.6.3.1.3",
        ),
    ]


def _prediction() -> list[Case]:
    frame = steps()
    return [
        _row(
            "prediction-wraps",
            "prediction wraps modulo 2^16, as it may",
            lambda: _sv1(lossless(frame), frame),
            right=frame,
            clause="T.81 H.1.2.1",
        ),
        _row(
            "prediction-6",
            "predictor 6 exceeds 16 bits: some encoders went wrong there (DCMTK's +w6)",
            lambda: one_frame(s.JPEG_LOSSLESS, frame, predicted(frame)),
            "lossless-prediction",
            right=frame,
            clause="T.81 H.1.2.1",
        ),
        _row(
            "prediction-6-overflow",
            "the same by an encoder that went wrong: a finding says so",
            lambda: one_frame(s.JPEG_LOSSLESS, frame, predicted(frame, overflowing)),
            "lossless-prediction",
            right=None,
            clause="T.81 H.1.2.1",
        ),
    ]


def _jpeg_ls() -> list[Case]:
    return [
        _row(
            "ls-precision",
            "Bits Stored is 16, the JPEG-LS stream has 12",
            lambda: _ls(LS_12, G12, 16),
            "codestream-precision",
            right=G12,
        ),
        _row(
            "ls-precision-signed",
            "Bits Stored is 16 and signed, the JPEG-LS stream has 12: bit 11 is the sign",
            lambda: _ls(LS_SIGNED, S12.astype(np.int16), 16),
            "codestream-precision",
            right=S12,
            clause="PS3.5 8.2.3",
        ),
        _row(
            "ls-allocated-8",
            "Bits Allocated is 8, the JPEG-LS stream has 12",
            lambda: _ls(LS_12, G12, 12).having(BitsAllocated=8, BitsStored=8, HighBit=7),
            "codestream-precision",
            right=G12,
        ),
        _row(
            "ls-signed",
            "signed 12-bit samples, for which JPEG-LS has no sign",
            lambda: _ls(LS_SIGNED, S12, 12),
            right=S12,
            clause="PS3.5 8.2.3",
        ),
        _row(
            "ls-near-as-lossless",
            "a near-lossless stream under JPEG-LS Lossless",
            lambda: _ls(bytes(imagecodecs.jpegls_encode(G8, level=2)), G8, 8),
            "codestream-lossy",
            right=G8,
            tolerance=2,
            clause="PS3.5 A.4.3",
        ),
    ]


CASES = [*_colors(), *_prediction(), *_jpeg_ls()]
