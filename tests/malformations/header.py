"""Elements of the Image Pixel module that are missing, empty or misspelt (PS3.3 C.7.6.3)."""

import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import BadValueError, MissingElementError
from malformations.case import Case, codes
from malformations.dicom import Picture, native, one_frame
from malformations.streams import baseline, jpeg_2000
from support import packing
from support.arrays import color, gray, smooth_color

G8, G16, G12, S12 = gray(8), gray(16), gray(12), gray(12, signed=True)
RGB, SMOOTH = color(8), smooth_color()
MODULE = "PS3.3 C.7.6.3"


def _row(name: str, says: str, make: object, **right: object) -> Case:
    given: dict[str, object] = {"group": "header", "clause": MODULE, **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _coded_gray() -> Picture:
    return one_frame(s.JPEG_2000_LOSSLESS, G12, jpeg_2000(G12, 12), 12)


def _coded_color() -> Picture:
    picture = one_frame(s.JPEG_BASELINE, SMOOTH, baseline(SMOOTH, "YCBCR"))
    return picture.having(PhotometricInterpretation="YBR_FULL")


def _signed_by_vr() -> Picture:
    cells = native(S12.astype(np.int16), 12)
    return cells.having(PixelRepresentation=None, SmallestImagePixelValue=-2048)


PHOTOMETRIC = [
    _row(
        "photometric-missing",
        "no Photometric Interpretation, one sample",
        lambda: native(G16).having(PhotometricInterpretation=None),
        right=G16,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-empty",
        "Photometric Interpretation is empty, one sample",
        lambda: native(G16).having(PhotometricInterpretation=""),
        right=G16,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-lower",
        "Photometric Interpretation is written monochrome2",
        lambda: native(G16).having(PhotometricInterpretation="monochrome2 "),
        right=G16,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-lower-rgb",
        "Photometric Interpretation is written rgb",
        lambda: native(RGB).having(PhotometricInterpretation="rgb "),
        right=RGB,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-underscore",
        "Photometric Interpretation is written PALETTE_COLOR",
        lambda: native(G8).having(PhotometricInterpretation="PALETTE_COLOR "),
        right=G8,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-missing-color",
        "no Photometric Interpretation, three native samples: RGB or YBR_FULL",
        lambda: native(RGB).having(PhotometricInterpretation=None),
        error=MissingElementError,
        phrase="Photometric Interpretation",
    ),
    _row(
        "photometric-missing-jpeg",
        "no Photometric Interpretation, JFIF says YCbCr",
        lambda: _coded_color().having(PhotometricInterpretation=None),
        right=SMOOTH,
        tolerance=6,
        codes=codes("photometric-interpretation"),
    ),
    _row(
        "photometric-unknown",
        "Photometric Interpretation is no defined term",
        lambda: native(G16).having(PhotometricInterpretation="FOO "),
        error=BadValueError,
        phrase="Photometric Interpretation",
    ),
]

MISSING = [
    _row(
        "samples-missing",
        "no Samples per Pixel, MONOCHROME2",
        lambda: native(G16).having(SamplesPerPixel=None),
        right=G16,
        codes=codes("samples-per-pixel"),
    ),
    _row(
        "samples-missing-rgb",
        "no Samples per Pixel, RGB",
        lambda: native(RGB).having(SamplesPerPixel=None),
        right=RGB,
        codes=codes("samples-per-pixel"),
    ),
    _row(
        "samples-missing-jpeg",
        "no Samples per Pixel, a codestream with three",
        lambda: _coded_color().having(SamplesPerPixel=None),
        right=SMOOTH,
        tolerance=6,
        codes=codes("samples-per-pixel"),
    ),
    _row(
        "stored-missing",
        "no Bits Stored; High Bit is 11",
        lambda: native(G12, 12).having(BitsStored=None),
        right=G12,
        codes=codes("bits-stored"),
    ),
    _row(
        "stored-and-high-missing",
        "neither Bits Stored nor High Bit",
        lambda: native(G16).having(BitsStored=None, HighBit=None),
        right=G16,
        codes=codes("bits-stored", "high-bit"),
    ),
    _row(
        "stored-missing-coded",
        "no Bits Stored, a codestream of 12 bits",
        lambda: _coded_gray().having(BitsStored=None),
        right=G12,
        codes=codes("bits-stored"),
    ),
    _row(
        "allocated-missing",
        "no Bits Allocated; 12 bits are stored, the data has 16",
        lambda: native(G12, 12).having(BitsAllocated=None),
        right=G12,
        codes=codes("bits-allocated"),
    ),
    _row(
        "allocated-missing-wide",
        "no Bits Allocated; 8 bits are stored, the data has 16",
        lambda: native(G8.astype(np.uint16), 8).having(BitsAllocated=None),
        right=G8.astype(np.uint16),
        codes=codes("bits-allocated"),
    ),
    _row(
        "allocated-missing-coded",
        "no Bits Allocated, a codestream of 12 bits",
        lambda: _coded_gray().having(BitsAllocated=None),
        right=G12,
        codes=codes("bits-allocated"),
    ),
    _row(
        "allocated-and-stored-missing",
        "neither Bits Allocated nor Bits Stored; the data has 16 bits",
        lambda: native(G16).having(BitsAllocated=None, BitsStored=None, HighBit=None),
        right=G16,
        codes=codes("bits-allocated", "bits-stored", "high-bit"),
    ),
    _row(
        "high-bit-missing",
        "no High Bit",
        lambda: native(G12, 12).having(HighBit=None),
        right=G12,
        codes=codes("high-bit"),
    ),
    _row(
        "sign-missing",
        "no Pixel Representation",
        lambda: native(G16).having(PixelRepresentation=None),
        right=G16,
        codes=codes("pixel-representation"),
    ),
    _row(
        "sign-missing-known",
        "no Pixel Representation; Smallest Image Pixel Value is SS",
        _signed_by_vr,
        right=S12.astype(np.int16),
        codes=codes("pixel-representation"),
        clause="PS3.5 7.1.1",
    ),
    _row(
        "sign-missing-coded",
        "no Pixel Representation, a signed codestream",
        lambda: one_frame(s.JPEG_2000_LOSSLESS, S12, jpeg_2000(S12, 12), 12).having(PixelRepresentation=None),
        right=S12,
        codes=codes("pixel-representation"),
        clause="PS3.5 8.2.4",
    ),
    _row(
        "planar-missing",
        "no Planar Configuration, native RGB",
        lambda: native(RGB).having(PlanarConfiguration=None),
        right=RGB,
        codes=codes("planar-configuration"),
        clause="PS3.3 C.7.6.3.1.3",
    ),
    _row(
        "planar-missing-rle",
        "no Planar Configuration, RLE",
        lambda: one_frame(s.RLE_LOSSLESS, RGB, packing.rle(RGB)).having(PlanarConfiguration=None),
        right=RGB,
        codes=codes("planar-configuration"),
        clause="PS3.3 C.7.6.3.1.3",
    ),
    _row(
        "planar-missing-jpeg",
        "no Planar Configuration, JPEG",
        lambda: _coded_color().having(PlanarConfiguration=None),
        right=SMOOTH,
        tolerance=6,
        codes=codes("planar-configuration"),
        clause="PS3.3 C.7.6.3.1.3",
    ),
    _row("rows-missing", "no Rows", lambda: native(G16).having(Rows=None), error=MissingElementError, phrase="Rows"),
    _row(
        "rows-missing-jpeg",
        "no Rows, though the codestream has them",
        lambda: _coded_color().having(Rows=None),
        error=MissingElementError,
        phrase="Rows",
    ),
    _row("rows-zero", "Rows is 0", lambda: native(G16).having(Rows=0), error=BadValueError, phrase="Rows"),
]

CASES = [*PHOTOMETRIC, *MISSING]
