"""What the tables of JPEG and JPEG-LS cases are made of: frames, right answers, a stream in a data set."""

import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError
from malformations.case import Case, codes
from malformations.dicom import Picture, one_frame
from support import packing
from support.arrays import gray, smooth, smooth_color

G8, G12, G16, S12 = gray(8), gray(12), gray(16), gray(12, signed=True)
GRAY, COLOR = smooth(8), smooth_color()
WIDE = smooth(8, rows=64, columns=64)
RGB8 = np.stack([G8, G8[::-1], G8[:, ::-1]], -1)
COMMON = "PS3.5 8.2"


def row(name: str, says: str, make: object, *found: str, **right: object) -> Case:
    given: dict[str, object] = {"group": "jpeg", "clause": COMMON, "codes": codes(*found), **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def gray_stream(stream: bytes, uid: str = s.JPEG_BASELINE) -> Picture:
    return one_frame(uid, GRAY, stream)


def color_stream_of(stream: bytes, label: str = "RGB", uid: str = s.JPEG_BASELINE) -> Picture:
    return one_frame(uid, COLOR, stream).having(PhotometricInterpretation=label)


def sv1(stream: bytes, frame: Stored = G16, bits: int = 0) -> Picture:
    return one_frame(s.JPEG_LOSSLESS_SV1, frame, stream, bits)


def jpeg_ls(stream: bytes, frame: Stored = G12, bits: int = 12) -> Picture:
    return one_frame(s.JPEG_LS, frame, stream, bits)


LS_12 = packing.jpeg_ls_frame(G12, 12)
LS_SIGNED = packing.jpeg_ls_frame(S12.view(np.uint16) & 0xFFF, 12)
BROKEN: dict[str, object] = {"error": CodecError, "phrase": "", "clause": "PS3.5 A.4"}
NEAR: dict[str, object] = {"right": COLOR, "tolerance": 6}
GRAYS: dict[str, object] = {"right": GRAY, "tolerance": 3}
CLOSE: dict[str, object] = {"right": COLOR, "tolerance": 40}  # chroma shared by pairs
