"""JPEG and JPEG-LS streams that are cut, or that contradict the data set (T.81, T.87, PS3.5 8.2, A.4)."""

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError
from malformations.case import Case, codes
from malformations.dicom import Picture, coded, one_frame
from malformations.streams import (
    EOI,
    baseline,
    half,
    lossless,
)
from support import packing
from support.arrays import gray, smooth, smooth_color
from support.golden import GOLDEN

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


def _ends() -> list[Case]:
    jpeg, full, color_stream, wide = baseline(GRAY), lossless(G16), baseline(COLOR, "YCBCR"), baseline(WIDE)
    return [
        _row(
            "fill-before",
            "fill bytes before the start marker",
            lambda: _gray(b"\xff\xff\xff" + jpeg),
            "codestream-start",
            **GRAYS,
            clause="T.81 B.1.1.2",
        ),
        _row(
            "zeros-before", "zeros before the start marker", lambda: _gray(bytes(4) + jpeg), "codestream-start", **GRAYS
        ),
        _row(
            "zeros-before-lossless",
            "zeros before the start marker, lossless",
            lambda: _sv1(bytes(2) + full),
            "codestream-start",
            right=G16,
        ),
        _row(
            "zeros-after",
            "40 zeros after the end marker",
            lambda: _gray(jpeg + bytes(40)),
            "codestream-padding",
            **GRAYS,
        ),
        _row(
            "zeros-after-lossless",
            "400 zeros after the end marker, lossless",
            lambda: _sv1(full + bytes(400)),
            "codestream-padding",
            right=G16,
        ),
        _row(
            "rubbish-after",
            "rubbish after the end marker",
            lambda: _gray(jpeg + bytes(range(1, 41))),
            "codestream-end",
            **GRAYS,
        ),
        _row(
            "no-end",
            "no end marker, every pixel there",
            lambda: _gray(jpeg.removesuffix(EOI)),
            "codestream-end",
            **GRAYS,
        ),
        _row(
            "no-end-lossless",
            "no end marker, lossless, every pixel there",
            lambda: _sv1(full.removesuffix(EOI)),
            "codestream-end",
            right=G16,
        ),
        _row(
            "no-end-ls",
            "no end marker, JPEG-LS, every pixel there",
            lambda: _ls(LS_12.removesuffix(EOI)),
            "codestream-end",
            right=G12,
            clause="T.87 C.1",
        ),
        _row("half-baseline", "half a baseline stream", lambda: one_frame(s.JPEG_BASELINE, WIDE, half(wide)), **BROKEN),
        _row(
            "half-baseline-ended",
            "half a baseline stream, an end marker after it",
            lambda: one_frame(s.JPEG_BASELINE, WIDE, half(wide, EOI)),
            **BROKEN,
        ),
        _row(
            "half-color-ended",
            "half a colour stream, an end marker after it",
            lambda: _color(half(color_stream, EOI)),
            **BROKEN,
        ),
        _row("half-lossless", "half a lossless stream", lambda: _sv1(half(full)), **BROKEN),
        _row(
            "half-lossless-ended",
            "half a lossless stream, an end marker after it",
            lambda: _sv1(half(full, EOI)),
            **BROKEN,
        ),
        _row(
            "half-progressive-ended",
            "half a progressive stream, an end marker after it",
            lambda: one_frame(s.JPEG_PROGRESSIVE, G8, half(GOLDEN["progressive-8"].stream, EOI)),
            **BROKEN,
        ),
        _row("half-ls", "half a JPEG-LS stream", lambda: _ls(half(LS_12)), **BROKEN),
        _row("half-ls-ended", "half a JPEG-LS stream, an end marker after it", lambda: _ls(half(LS_12, EOI)), **BROKEN),
        _row("half-of-many", "the second of two frames is half there", _second_half, **BROKEN, shown=(0,)),
        _row("header-only", "the stream ends after its headers", lambda: _gray(jpeg[:200]), **BROKEN),
        _row("no-stream", "zeros instead of a stream", lambda: _gray(bytes(400)), **BROKEN),
    ]


def _second_half() -> Picture:
    stream = lossless(G16)
    return coded(s.JPEG_LOSSLESS_SV1, G16, packing.encapsulate([[stream], [half(stream)]]), count=2)


def _headers() -> list[Case]:
    jpeg, full, size = baseline(GRAY), lossless(G16), "codestream-size"
    narrow = lossless(G12, 12)
    return [
        _row(
            "rows-greater", "Rows is greater than the codestream's", lambda: _gray(jpeg).having(Rows=40), size, **GRAYS
        ),
        _row("rows-less", "Rows is less than the codestream's", lambda: _gray(jpeg).having(Rows=10), size, **GRAYS),
        _row(
            "columns-less",
            "Columns is less than the codestream's, lossless",
            lambda: _sv1(full).having(Columns=20),
            size,
            right=G16,
        ),
        _row(
            "rows-columns-swapped",
            "Rows and Columns are swapped",
            lambda: _sv1(full).having(Rows=23, Columns=19),
            size,
            right=G16,
        ),
        _row(
            "samples-1-of-3",
            "Samples per Pixel is 1, MONOCHROME2, the codestream has 3",
            lambda: _color(baseline(COLOR, "YCBCR"), "MONOCHROME2").having(SamplesPerPixel=1),
            "codestream-samples",
            "codestream-color",
            **NEAR,
        ),
        _row(
            "samples-3-of-1",
            "Samples per Pixel is 3, RGB, the codestream has 1",
            lambda: _gray(jpeg).having(SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0),
            "codestream-samples",
            **GRAYS,
        ),
        _row(
            "bits-12-of-8",
            "Bits Stored is 12, the codestream has 8",
            lambda: _gray(jpeg).having(BitsAllocated=16, BitsStored=12, HighBit=11),
            "codestream-precision",
            right=GRAY.astype(np.uint16),
            tolerance=3,
        ),
        _row(
            "bits-8-of-16",
            "Bits Allocated is 8, the codestream has 16",
            lambda: _sv1(full).having(BitsAllocated=8, BitsStored=8, HighBit=7),
            "codestream-precision",
            right=G16,
        ),
        _row(
            "bits-16-of-12",
            "Bits Stored is 16, the codestream has 12",
            lambda: _sv1(narrow, G12, 16),
            "codestream-precision",
            right=G12,
        ),
        _row(
            "bits-10-of-12",
            "Bits Stored is 10, the codestream has 12 and uses them: ten are kept, a finding says so",
            lambda: _sv1(narrow, G12, 10),
            "codestream-precision",
            right=None,
        ),
        _row(
            "baseline-as-lossless",
            "a baseline stream under JPEG Lossless",
            lambda: _gray(jpeg, s.JPEG_LOSSLESS_SV1),
            "codestream-kind",
            **GRAYS,
            clause="PS3.5 A.4.1",
        ),
        _row(
            "baseline-as-extended",
            "a baseline stream under JPEG Extended, which allows it",
            lambda: _gray(jpeg, s.JPEG_EXTENDED),
            **GRAYS,
            clause="PS3.5 A.4.1",
        ),
        _row(
            "lossless-as-baseline",
            "a lossless stream under JPEG Baseline",
            lambda: one_frame(s.JPEG_BASELINE, G16, full),
            "codestream-kind",
            right=G16,
            clause="PS3.5 A.4.1",
        ),
        _row(
            "predictor-4-as-sv1",
            "predictor 4 under first-order prediction",
            lambda: _sv1(lossless(G16, predictor=4)),
            "codestream-kind",
            right=G16,
            clause="PS3.5 A.4.1",
        ),
        _row(
            "ls-as-lossless",
            "a JPEG-LS stream under JPEG Lossless",
            lambda: _sv1(LS_12, G12, 12),
            "codestream-kind",
            right=G12,
            clause="PS3.5 A.4.3",
        ),
        _row(
            "j2k-as-ls",
            "a JPEG 2000 stream under JPEG-LS",
            lambda: _ls(bytes(imagecodecs.jpeg2k_encode(G8, codecformat="j2k", reversible=True, level=0)), G8, 8),
            "codestream-kind",
            right=G8,
            clause="PS3.5 A.4.3",
        ),
    ]


CASES = [*_ends(), *_headers()]
