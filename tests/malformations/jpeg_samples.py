"""JPEG and JPEG-LS streams whose colour, prediction, precision or sign the data set contradicts (PS3.5 8.2)."""

from functools import partial

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from malformations.case import Case
from malformations.dicom import one_frame
from malformations.jpeg_rows import (
    CLOSE,
    COLOR,
    COMMON,
    G8,
    G12,
    GRAY,
    GRAYS,
    LS_12,
    LS_SIGNED,
    NEAR,
    RGB8,
    S12,
    color_stream_of,
    gray_stream,
    jpeg_ls,
    row,
    sv1,
)
from malformations.streams import (
    SKEWED,
    Bits,
    baseline,
    first_order,
    leaping,
    lossless,
    overflowing,
    predicted,
    steps,
    subsampled,
    with_adobe,
    with_ids,
    without_markers,
)


def _colors() -> list[Case]:
    jfif, plain = baseline(COLOR, "YCBCR"), without_markers(baseline(COLOR, "YCBCR"))
    rgb, shared, color = baseline(COLOR, "RGB"), subsampled(COLOR), "codestream-color"
    return [
        row("jfif-as-rgb", "RGB, JFIF says YCbCr", lambda: color_stream_of(jfif), color, **NEAR, clause="T.871"),
        row(
            "adobe-ycc-as-rgb",
            "RGB, Adobe says YCbCr",
            lambda: color_stream_of(with_adobe(plain, 1)),
            color,
            **NEAR,
            clause="T.872",
        ),
        row(
            "adobe-rgb-as-ybr",
            "YBR_FULL, Adobe says RGB",
            lambda: color_stream_of(with_adobe(rgb, 0), "YBR_FULL"),
            color,
            **NEAR,
            clause="T.872",
        ),
        row(
            "ids-rgb-as-ybr",
            "YBR_FULL_422, component ids are R, G, B",
            lambda: color_stream_of(with_ids(rgb, b"RGB"), "YBR_FULL_422"),
            color,
            **NEAR,
            clause=COMMON,
        ),
        row("unmarked-ybr", "YBR_FULL, no markers", lambda: color_stream_of(plain, "YBR_FULL"), **NEAR),
        row("unmarked-rgb", "RGB, no markers: RGB as declared", lambda: color_stream_of(without_markers(rgb)), **NEAR),
        row(
            "subsampled-as-rgb",
            "RGB, but chroma is subsampled",
            lambda: color_stream_of(without_markers(shared)),
            color,
            **CLOSE,
        ),
        row(
            "subsampled-as-full",
            "YBR_FULL, but chroma is subsampled",
            lambda: color_stream_of(shared, "YBR_FULL"),
            "chroma-subsampling",
            **CLOSE,
        ),
        row(
            "whole-as-422",
            "YBR_FULL_422, but chroma is whole",
            lambda: color_stream_of(jfif, "YBR_FULL_422"),
            "chroma-subsampling",
            **NEAR,
        ),
        row(
            "monochrome-of-3",
            "MONOCHROME2 with three samples, JFIF says YCbCr",
            lambda: color_stream_of(jfif, "MONOCHROME2"),
            color,
            **NEAR,
        ),
        row(
            "monochrome-of-3-lossless",
            "MONOCHROME2 with three samples, no markers, lossless",
            lambda: sv1(without_markers(lossless(RGB8)), RGB8).having(PhotometricInterpretation="MONOCHROME2"),
            color,
            right=RGB8,
        ),
        row(
            "rgb-of-1",
            "RGB with one sample",
            lambda: gray_stream(baseline(GRAY)).having(PhotometricInterpretation="RGB"),
            color,
            **GRAYS,
        ),
        row("ict-label", "YBR_ICT on a JPEG stream", lambda: color_stream_of(jfif, "YBR_ICT"), color, **NEAR),
        row(
            "planar-1",
            "Planar Configuration is 1",
            lambda: color_stream_of(jfif, "YBR_FULL").having(PlanarConfiguration=1),
            "planar-configuration",
            **NEAR,
            clause="PS3.3 C.7.6.3.1.3",
        ),
        row(
            "planar-1-lossless",
            "Planar Configuration is 1, lossless",
            lambda: sv1(lossless(RGB8), RGB8).having(PlanarConfiguration=1),
            "planar-configuration",
            right=RGB8,
            clause="PS3.3 C.7.6.3.1.3",
        ),
    ]


def _prediction() -> list[Case]:
    frame = steps()
    return [
        row(
            "prediction-wraps",
            "prediction wraps modulo 2^16, as it may",
            lambda: sv1(lossless(frame), frame),
            right=frame,
            clause="T.81 H.1.2.1",
        ),
        row(
            "prediction-6",
            "predictor 6 exceeds 16 bits: some encoders went wrong there (DCMTK's +w6)",
            lambda: one_frame(s.JPEG_LOSSLESS, frame, predicted(frame)),
            "lossless-prediction",
            right=frame,
            clause="T.81 H.1.2.1",
        ),
        row(
            "prediction-6-overflow",
            "the same by an encoder that went wrong: a finding says so",
            lambda: one_frame(s.JPEG_LOSSLESS, frame, predicted(frame, overflowing)),
            "lossless-prediction",
            right=None,
            clause="T.81 H.1.2.1",
        ),
        *_overlong(),
    ]


def _overlong() -> list[Case]:
    """Differences of 32768 as Cornell's library wrote them (DCMTK's +wc)."""
    frame, found = leaping(), {"right": leaping(), "clause": "T.81 H.1.2.2"}
    kinds = (
        ("huffman-17", "a difference of 32768 has a code of 17 bits, which no table says (DCMTK's +wc)", Bits(SKEWED)),
        ("huffman-spare", "16 bits follow the code of a difference of 32768 (DCMTK's +wc)", Bits(spare=True)),
        ("huffman-17-spare", "both: a code of 17 bits, and 16 bits after it", Bits(SKEWED, spare=True)),
    )
    streams = {name: predicted(frame, first_order, 1, bits) for name, _, bits in kinds}
    plain = predicted(frame, first_order, 1)
    return [
        row("huffman-16", "differences of 32768 as they should be", lambda: sv1(plain, frame), **found),
        *[row(name, says, partial(sv1, streams[name], frame), "huffman-overflow", **found) for name, says, _ in kinds],
    ]


def _jpeg_ls() -> list[Case]:
    return [
        row(
            "ls-precision",
            "Bits Stored is 16, the JPEG-LS stream has 12",
            lambda: jpeg_ls(LS_12, G12, 16),
            "codestream-precision",
            right=G12,
        ),
        row(
            "ls-precision-signed",
            "Bits Stored is 16 and signed, the JPEG-LS stream has 12: bit 11 is the sign",
            lambda: jpeg_ls(LS_SIGNED, S12.astype(np.int16), 16),
            "codestream-precision",
            right=S12,
            clause="PS3.5 8.2.3",
        ),
        row(
            "ls-allocated-8",
            "Bits Allocated is 8, the JPEG-LS stream has 12",
            lambda: jpeg_ls(LS_12, G12, 12).having(BitsAllocated=8, BitsStored=8, HighBit=7),
            "codestream-precision",
            right=G12,
        ),
        row(
            "ls-signed",
            "signed 12-bit samples, for which JPEG-LS has no sign",
            lambda: jpeg_ls(LS_SIGNED, S12, 12),
            right=S12,
            clause="PS3.5 8.2.3",
        ),
        row(
            "ls-near-as-lossless",
            "a near-lossless stream under JPEG-LS Lossless",
            lambda: jpeg_ls(bytes(imagecodecs.jpegls_encode(G8, level=2)), G8, 8),
            "codestream-lossy",
            right=G8,
            tolerance=2,
            clause="PS3.5 A.4.3",
        ),
    ]


CASES = [*_colors(), *_prediction(), *_jpeg_ls()]
