"""Native pixel data that contradicts its description: lengths, frames, bits (PS3.5 8.1, PS3.3 C.7.6.3)."""

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import BadValueError, FrameError, MissingElementError, PixelError
from dicompix.pixels.format import Photometric
from dicompix.pixels.transforms.ycbcr import YbrToRgb
from malformations.case import Case, codes
from malformations.dicom import Picture, native
from support import packing
from support.arrays import color, gray
from support.builders import stack

G8, G16, G12, S16, S12 = gray(8), gray(16), gray(12), gray(16, signed=True), gray(12, signed=True)
RGB, SIX = color(8), gray(8, columns=24)
THREE = stack(SIX, 3)
LAYOUT, LENGTH = "PS3.5 8.1.1", "PS3.3 C.7.6.3.1"
FRAMES = "PS3.3 C.7.6.6"


def _dirty(mask: int = 0xA000) -> Picture:
    return native(G12 | np.uint16(mask), 16).having(BitsStored=12, HighBit=11)


def _dirty_signed() -> Picture:
    cells = (S12.view(np.uint16) & 0xFFF) | 0x5000
    return native(cells, 16).having(BitsStored=12, HighBit=11, PixelRepresentation=1)


def _embedded_overlay() -> Picture:
    plane = (np.indices(G12.shape).sum(0) % 2).astype(np.uint16) << 15
    return native(G12 | plane, 16).having(
        BitsStored=12,
        HighBit=11,
        OverlayRows=G12.shape[0],
        OverlayColumns=G12.shape[1],
        OverlayType="G",
        OverlayOrigin=(1, 1),
        OverlayBitsAllocated=16,
        OverlayBitPosition=15,
    )


def _row(name: str, says: str, make: object, **right: object) -> Case:
    given: dict[str, object] = {"group": "native", "clause": LAYOUT, **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


TOO_SHORT = {"error": FrameError, "phrase": "less than expected", "clause": LENGTH}

LENGTHS = [
    _row(
        "short", "pixel data ends in its only frame", lambda: native(G16).holding(packing.words(G16)[:-40]), **TOO_SHORT
    ),
    _row(
        "short-frames",
        "pixel data ends inside the last of three frames",
        lambda: native(THREE, count=3).holding(packing.words(THREE)[:-200]),
        **TOO_SHORT,
        shown=(0, 1),
    ),
    _row("short-by-one", "the last byte is missing", lambda: native(G16).holding(packing.words(G16)[:-1]), **TOO_SHORT),
    _row(
        "excess",
        "8 bytes more than the frame needs",
        lambda: native(G16).holding(packing.words(G16) + bytes(8)),
        right=G16,
        codes=codes("excess-padding"),
    ),
    _row(
        "excess-odd",
        "3 bytes more than the frame needs",
        lambda: native(SIX).holding(packing.words(SIX) + bytes(3)),
        right=SIX,
        codes=codes("excess-padding", "odd-length"),
    ),
    _row(
        "odd-length",
        "a frame of odd size without its pad byte",
        lambda: native(G8).holding(packing.words(G8)),
        right=G8,
        codes=codes("odd-length"),
        clause="PS3.5 7.1.1",
    ),
    _row(
        "zero-length",
        "the pixel data element is empty",
        lambda: native(G16).holding(b""),
        error=PixelError,
        clause=LENGTH,
    ),
    _row(
        "no-pixel-data",
        "there is no pixel data element",
        lambda: native(G16).holding(None),
        error=MissingElementError,
        phrase="no pixel data",
        clause="PS3.3 C.7.6.3",
    ),
]

NUMBERS = [
    _row(
        "frames-zero",
        "Number of Frames is 0",
        lambda: native(G16).having(NumberOfFrames=0),
        right=G16,
        codes=codes("number-of-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-empty",
        "Number of Frames is empty",
        lambda: native(G16).having(NumberOfFrames=""),
        right=G16,
        codes=codes("number-of-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-text",
        "Number of Frames is no number",
        lambda: native(G16).having(NumberOfFrames="one "),
        right=G16,
        codes=codes("number-of-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-decimal",
        "Number of Frames is written 3.0",
        lambda: native(THREE, count=3).having(NumberOfFrames="3.0 "),
        right=THREE,
        clause=FRAMES,
    ),
    _row(
        "frames-absent",
        "Number of Frames is absent, there are three",
        lambda: native(THREE, count=3).having(NumberOfFrames=None),
        right=SIX,
        every=THREE,
        codes=codes("excess-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-zero-of-three",
        "Number of Frames is 0, there are three",
        lambda: native(THREE, count=3).having(NumberOfFrames=0),
        right=SIX,
        every=THREE,
        codes=codes("number-of-frames", "excess-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-too-few",
        "Number of Frames is 2, there are three",
        lambda: native(THREE, count=3).having(NumberOfFrames=2),
        right=THREE[:2],
        every=THREE,
        codes=codes("excess-frames"),
        clause=FRAMES,
    ),
    _row(
        "frames-too-many",
        "Number of Frames is 5, there are three",
        lambda: native(THREE, count=3).having(NumberOfFrames=5),
        **{**TOO_SHORT, "clause": FRAMES},
        shown=(0, 1, 2),
    ),
]

BITS = [
    _row(
        "high-bit-left",
        "12 bits stored at the top of 16: High Bit 15",
        lambda: native(G12 << 4, 16).having(BitsStored=12, HighBit=15),
        right=G12,
        codes=codes("high-bit"),
    ),
    _row(
        "high-bit-left-signed",
        "the same, signed",
        lambda: native(S12.astype(np.int16) << 4, 16).having(BitsStored=12, HighBit=15),
        right=S12,
        codes=codes("high-bit"),
    ),
    _row(
        "high-bit-impossible",
        "High Bit lies outside of the cell",
        lambda: native(G12, 12).having(HighBit=99),
        right=G12,
        codes=codes("high-bit"),
    ),
    _row(
        "high-bit-low",
        "High Bit is less than Bits Stored - 1",
        lambda: native(G12, 12).having(HighBit=7),
        right=G12,
        codes=codes("high-bit"),
    ),
    _row("dirty-bits", "rubbish in the unused bits", _dirty, right=G12, codes=codes("unused-bits")),
    _row(
        "dirty-bits-signed",
        "the same, signed: neither zeros nor copies of the sign",
        _dirty_signed,
        right=S12,
        codes=codes("unused-bits"),
    ),
    _row(
        "overlay-in-pixels",
        "an overlay in an unused bit of the pixels, as was legal until 2004",
        _embedded_overlay,
        right=G12,
        codes=codes("unused-bits"),
    ),
    _row(
        "stored-above-allocated",
        "Bits Stored is 17, Bits Allocated 16, the data has 16",
        lambda: native(G16).having(BitsStored=17, HighBit=16),
        right=G16,
        codes=codes("bits-stored"),
    ),
    _row(
        "stored-12-allocated-8",
        "Bits Allocated is 8, Bits Stored 12, the data has 16",
        lambda: native(G12, 12).having(BitsAllocated=8),
        right=G12,
        codes=codes("bits-allocated"),
    ),
    _row(
        "allocated-12-of-16",
        "Bits Allocated is 12, as are Bits Stored, but each has 16",
        lambda: native(G12, 12).having(BitsAllocated=12),
        right=G12,
        codes=codes("bits-allocated"),
    ),
    _row(
        "allocated-10-of-16",
        "Bits Allocated is 10, which cannot be; each sample has 16",
        lambda: native(gray(10), 10).having(BitsAllocated=10),
        right=gray(10),
        codes=codes("bits-allocated"),
    ),
]


def _colors_as_422() -> Stored:
    return YbrToRgb(Photometric.YBR_FULL, 8)(RGB)


COLORS = [
    _row(
        "samples-3-monochrome",
        "Samples per Pixel is 3 with MONOCHROME2, the data has 3",
        lambda: native(RGB).having(PhotometricInterpretation="MONOCHROME2"),
        right=RGB,
        codes=codes("photometric-interpretation"),
        clause="PS3.3 C.7.6.3.1.2",
    ),
    _row(
        "samples-3-of-1",
        "Samples per Pixel is 3 with MONOCHROME2, the data has 1",
        lambda: native(G16).having(SamplesPerPixel=3, PlanarConfiguration=0),
        right=G16,
        codes=codes("samples-per-pixel"),
        clause="PS3.3 C.7.6.3.1.1",
    ),
    _row(
        "samples-1-rgb",
        "Samples per Pixel is 1 with RGB, the data has 3",
        lambda: native(RGB).having(SamplesPerPixel=1),
        right=RGB,
        codes=codes("samples-per-pixel"),
        clause="PS3.3 C.7.6.3.1.1",
    ),
    _row(
        "samples-1-rgb-gray",
        "Samples per Pixel is 1 with RGB, the data has 1",
        lambda: native(G16).having(PhotometricInterpretation="RGB"),
        right=G16,
        codes=codes("photometric-interpretation"),
        clause="PS3.3 C.7.6.3.1.2",
    ),
    _row(
        "422-of-444",
        "YBR_FULL_422, but each pixel has its own chrominance",
        lambda: native(RGB).having(PhotometricInterpretation="YBR_FULL_422"),
        right=_colors_as_422(),
        tolerance=1,
        codes=codes("chroma-subsampling"),
        clause="PS3.3 C.7.6.3.1.2",
    ),
    _row(
        "planar-2",
        "Planar Configuration is 2",
        lambda: native(RGB).having(PlanarConfiguration=2),
        error=BadValueError,
        phrase="Planar Configuration",
        clause="PS3.3 C.7.6.3.1.3",
    ),
]

CASES = [*LENGTHS, *NUMBERS, *BITS, *COLORS]
