"""JPEG and JPEG-LS streams that are cut, or that contradict the data set (T.81, T.87, PS3.5 8.2, A.4)."""

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from malformations.case import Case
from malformations.dicom import Picture, coded, one_frame
from malformations.jpeg_rows import (
    BROKEN,
    COLOR,
    G8,
    G12,
    G16,
    GRAY,
    GRAYS,
    LS_12,
    NEAR,
    WIDE,
    color_stream_of,
    gray_stream,
    jpeg_ls,
    row,
    sv1,
)
from malformations.streams import (
    EOI,
    baseline,
    half,
    lossless,
)
from support import packing
from support.golden import GOLDEN


def _ends() -> list[Case]:
    jpeg, full, color_stream, wide = baseline(GRAY), lossless(G16), baseline(COLOR, "YCBCR"), baseline(WIDE)
    return [
        row(
            "fill-before",
            "fill bytes before the start marker",
            lambda: gray_stream(b"\xff\xff\xff" + jpeg),
            "codestream-start",
            **GRAYS,
            clause="T.81 B.1.1.2",
        ),
        row(
            "zeros-before",
            "zeros before the start marker",
            lambda: gray_stream(bytes(4) + jpeg),
            "codestream-start",
            **GRAYS,
        ),
        row(
            "zeros-before-lossless",
            "zeros before the start marker, lossless",
            lambda: sv1(bytes(2) + full),
            "codestream-start",
            right=G16,
        ),
        row(
            "zeros-after",
            "40 zeros after the end marker",
            lambda: gray_stream(jpeg + bytes(40)),
            "codestream-padding",
            **GRAYS,
        ),
        row(
            "zeros-after-lossless",
            "400 zeros after the end marker, lossless",
            lambda: sv1(full + bytes(400)),
            "codestream-padding",
            right=G16,
        ),
        row(
            "rubbish-after",
            "rubbish after the end marker",
            lambda: gray_stream(jpeg + bytes(range(1, 41))),
            "codestream-end",
            **GRAYS,
        ),
        row(
            "no-end",
            "no end marker, every pixel there",
            lambda: gray_stream(jpeg.removesuffix(EOI)),
            "codestream-end",
            **GRAYS,
        ),
        row(
            "no-end-lossless",
            "no end marker, lossless, every pixel there",
            lambda: sv1(full.removesuffix(EOI)),
            "codestream-end",
            right=G16,
        ),
        row(
            "no-end-ls",
            "no end marker, JPEG-LS, every pixel there",
            lambda: jpeg_ls(LS_12.removesuffix(EOI)),
            "codestream-end",
            right=G12,
            clause="T.87 C.1",
        ),
        row("half-baseline", "half a baseline stream", lambda: one_frame(s.JPEG_BASELINE, WIDE, half(wide)), **BROKEN),
        row(
            "half-baseline-ended",
            "half a baseline stream, an end marker after it",
            lambda: one_frame(s.JPEG_BASELINE, WIDE, half(wide, EOI)),
            **BROKEN,
        ),
        row(
            "half-color-ended",
            "half a colour stream, an end marker after it",
            lambda: color_stream_of(half(color_stream, EOI)),
            **BROKEN,
        ),
        row("half-lossless", "half a lossless stream", lambda: sv1(half(full)), **BROKEN),
        row(
            "half-lossless-ended",
            "half a lossless stream, an end marker after it",
            lambda: sv1(half(full, EOI)),
            **BROKEN,
        ),
        row(
            "half-progressive-ended",
            "half a progressive stream, an end marker after it",
            lambda: one_frame(s.JPEG_PROGRESSIVE, G8, half(GOLDEN["progressive-8"].stream, EOI)),
            **BROKEN,
        ),
        row(
            "last-row-lossless-ended",
            "a lossless stream without the end of its last row, an end marker after it",
            lambda: sv1(full[:-12] + EOI),
            **BROKEN,
        ),
        row(
            "last-block-ended",
            "a baseline stream without the end of its last block, an end marker after it",
            lambda: one_frame(s.JPEG_BASELINE, WIDE, wide[:-5] + EOI),
            **BROKEN,
        ),
        row("half-ls", "half a JPEG-LS stream", lambda: jpeg_ls(half(LS_12)), **BROKEN),
        row(
            "half-ls-ended",
            "half a JPEG-LS stream, an end marker after it",
            lambda: jpeg_ls(half(LS_12, EOI)),
            **BROKEN,
        ),
        row("half-of-many", "the second of two frames is half there", _second_half, **BROKEN, shown=(0,)),
        row("header-only", "the stream ends after its headers", lambda: gray_stream(jpeg[:200]), **BROKEN),
        row("no-stream", "zeros instead of a stream", lambda: gray_stream(bytes(400)), **BROKEN),
    ]


def _second_half() -> Picture:
    stream = lossless(G16)
    return coded(s.JPEG_LOSSLESS_SV1, G16, packing.encapsulate([[stream], [half(stream)]]), count=2)


def _headers() -> list[Case]:
    jpeg, full, size = baseline(GRAY), lossless(G16), "codestream-size"
    narrow = lossless(G12, 12)
    return [
        row(
            "rows-greater",
            "Rows is greater than the codestream's",
            lambda: gray_stream(jpeg).having(Rows=40),
            size,
            **GRAYS,
        ),
        row(
            "rows-less", "Rows is less than the codestream's", lambda: gray_stream(jpeg).having(Rows=10), size, **GRAYS
        ),
        row(
            "columns-less",
            "Columns is less than the codestream's, lossless",
            lambda: sv1(full).having(Columns=20),
            size,
            right=G16,
        ),
        row(
            "rows-columns-swapped",
            "Rows and Columns are swapped",
            lambda: sv1(full).having(Rows=23, Columns=19),
            size,
            right=G16,
        ),
        row(
            "samples-1-of-3",
            "Samples per Pixel is 1, MONOCHROME2, the codestream has 3",
            lambda: color_stream_of(baseline(COLOR, "YCBCR"), "MONOCHROME2").having(SamplesPerPixel=1),
            "codestream-samples",
            "codestream-color",
            **NEAR,
        ),
        row(
            "samples-3-of-1",
            "Samples per Pixel is 3, RGB, the codestream has 1",
            lambda: gray_stream(jpeg).having(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0),
            "codestream-samples",
            **GRAYS,
        ),
        row(
            "bits-12-of-8",
            "Bits Stored is 12, the codestream has 8",
            lambda: gray_stream(jpeg).having(BitsAllocated=16, BitsStored=12, HighBit=11),
            "codestream-precision",
            right=GRAY.astype(np.uint16),
            tolerance=3,
        ),
        row(
            "bits-8-of-16",
            "Bits Allocated is 8, the codestream has 16",
            lambda: sv1(full).having(BitsAllocated=8, BitsStored=8, HighBit=7),
            "codestream-precision",
            right=G16,
        ),
        row(
            "bits-16-of-12",
            "Bits Stored is 16, the codestream has 12",
            lambda: sv1(narrow, G12, 16),
            "codestream-precision",
            right=G12,
        ),
        row(
            "bits-10-of-12",
            "Bits Stored is 10, the codestream has 12 and uses them: ten are kept, a finding says so",
            lambda: sv1(narrow, G12, 10),
            "codestream-precision",
            right=None,
        ),
        row(
            "baseline-as-lossless",
            "a baseline stream under JPEG Lossless",
            lambda: gray_stream(jpeg, s.JPEG_LOSSLESS_SV1),
            "codestream-kind",
            **GRAYS,
            clause="PS3.5 A.4.1",
        ),
        row(
            "baseline-as-extended",
            "a baseline stream under JPEG Extended, which allows it",
            lambda: gray_stream(jpeg, s.JPEG_EXTENDED),
            **GRAYS,
            clause="PS3.5 A.4.1",
        ),
        row(
            "lossless-as-baseline",
            "a lossless stream under JPEG Baseline",
            lambda: one_frame(s.JPEG_BASELINE, G16, full),
            "codestream-kind",
            right=G16,
            clause="PS3.5 A.4.1",
        ),
        row(
            "predictor-4-as-sv1",
            "predictor 4 under first-order prediction",
            lambda: sv1(lossless(G16, predictor=4)),
            "codestream-kind",
            right=G16,
            clause="PS3.5 A.4.1",
        ),
        row(
            "ls-as-lossless",
            "a JPEG-LS stream under JPEG Lossless",
            lambda: sv1(LS_12, G12, 12),
            "codestream-kind",
            right=G12,
            clause="PS3.5 A.4.3",
        ),
        row(
            "j2k-as-ls",
            "a JPEG 2000 stream under JPEG-LS",
            lambda: jpeg_ls(bytes(imagecodecs.jpeg2k_encode(G8, codecformat="j2k", reversible=True, level=0)), G8, 8),
            "codestream-kind",
            right=G8,
            clause="PS3.5 A.4.3",
        ),
    ]


CASES = [*_ends(), *_headers()]
