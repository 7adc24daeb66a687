"""RLE and deflated frames that are cut, or laid out otherwise than they should be (PS3.5 G, A.4.13)."""

import struct
import zlib

import imagecodecs
import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError
from malformations.case import Case, codes
from malformations.dicom import Picture, one_frame
from malformations.streams import half, jpeg_2000
from support import packing
from support.arrays import color, gray

G8, G10, G12, G16 = gray(8), gray(10), gray(12), gray(16)
S12, S16, RGB = gray(12, signed=True), gray(16, signed=True), color(8)
J2K = jpeg_2000(G16)


def _row(name: str, says: str, make: object, *found: str, **right: object) -> Case:
    given: dict[str, object] = {"group": "rle and deflate", "clause": "PS3.5 8.2.4", "codes": codes(*found), **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _j2k(stream: bytes, frame: Stored = G16, bits: int = 0) -> Picture:
    return one_frame(s.JPEG_2000_LOSSLESS, frame, stream, bits)


def _rle(stream: bytes, frame: Stored = G16) -> Picture:
    return one_frame(s.RLE_LOSSLESS, frame, stream)


BROKEN: dict[str, object] = {"error": CodecError, "phrase": "", "clause": "PS3.5 A.4"}


def _parts(frame: Stored = G16) -> list[bytes]:
    """Return the PackBits segments of a 16-bit frame, the high bytes first."""
    stream = packing.rle(frame)
    first, second = struct.unpack_from("<2I", stream, 4)
    return [stream[first:second], stream[second:]]


def _frame(count: int, offsets: list[int], body: bytes) -> bytes:
    return struct.pack("<16I", count, *offsets, *[0] * (15 - len(offsets))) + body


def _reversed_segments() -> bytes:
    high, low = _parts()
    return _frame(2, [64 + len(low), 64], low + high)


def _odd_offsets() -> bytes:
    planes = [G16 >> 8, G16 & 255]
    packed = [
        b"".join(bytes(imagecodecs.packbits_encode(row.astype(np.uint8).tobytes())) for row in plane)
        for plane in planes
    ]
    high = packed[0] if len(packed[0]) % 2 else packed[0] + b"\x80"
    return _frame(2, [64, 64 + len(high)], high + packed[1])


def _across_rows() -> bytes:
    planes = [(G16 >> 8).astype(np.uint8), (G16 & 255).astype(np.uint8)]
    return packing.rle_frame([bytes(imagecodecs.packbits_encode(plane.tobytes())) for plane in planes])


def _run_length() -> list[Case]:
    high, low = _parts()
    both = packing.rle(G16)
    header = struct.unpack_from("<3I", both)
    rle = "PS3.5 G.5"
    return [
        _row("rle-one-segment", "one segment for 16 bits", lambda: _rle(packing.rle_frame([low])), **BROKEN),
        _row(
            "rle-three-segments",
            "three segments for 16 bits",
            lambda: _rle(packing.rle_frame([high, low, low])),
            **BROKEN,
        ),
        _row(
            "rle-no-segments",
            "the header counts 0 segments",
            lambda: _rle(_frame(0, [64, 64 + len(high)], high + low)),
            **BROKEN,
        ),
        _row(
            "rle-many-segments",
            "the header counts 200 segments",
            lambda: _rle(_frame(200, list(header[1:]), high + low)),
            **BROKEN,
        ),
        _row("rle-beyond", "an offset beyond the data", lambda: _rle(_frame(2, [64, 10**6], high + low)), **BROKEN),
        _row(
            "rle-in-header",
            "an offset inside the header",
            lambda: _rle(_frame(2, [0, header[2]], high + low)),
            **BROKEN,
        ),
        _row(
            "rle-reversed",
            "segments lie in reverse order, offsets are true",
            lambda: _rle(_reversed_segments()),
            "rle-segments",
            right=G16,
            clause=rle,
        ),
        _row(
            "rle-odd",
            "a segment of odd length",
            lambda: _rle(_odd_offsets()),
            "rle-segments",
            right=G16,
            clause="PS3.5 G.3.1",
        ),
        _row(
            "rle-across-rows",
            "runs that go on over the ends of rows",
            lambda: _rle(_across_rows()),
            right=G16,
            clause="PS3.5 G.3",
        ),
        _row(
            "rle-short",
            "a segment decodes to less than the frame",
            lambda: _rle(packing.rle_frame([high[:200], low])),
            **BROKEN,
        ),
        _row(
            "rle-long",
            "a segment decodes to more than the frame",
            lambda: _rle(packing.rle_frame([high + bytes([1, 7, 8, 0, 9, 128]), low])),
            "rle-segments",
            "codec-fallback",
            right=G16,
            clause="PS3.5 G.3.2",
        ),
        _row("rle-half", "half an RLE frame", lambda: _rle(half(both)), **BROKEN),
        _row("rle-header-only", "an RLE frame of 40 bytes", lambda: _rle(both[:40]), **BROKEN),
        _row(
            "rle-planar-1",
            "Planar Configuration is 1, which RLE does not know",
            lambda: _rle(packing.rle(RGB), RGB).having(PlanarConfiguration=1),
            right=RGB,
            clause="PS3.3 C.7.6.3.1.3",
        ),
        _row("rle-jpeg", "a lossless JPEG stream under RLE", lambda: _rle(J2K), "codestream-kind", right=G16),
    ]


def _deflated() -> list[Case]:
    body = packing.words(G16)
    stream = packing.deflate(body)
    fmt = s.DEFLATED_IMAGE_FRAME
    return [
        _row("deflate-half", "a deflated frame ends early", lambda: one_frame(fmt, G16, half(stream)), **BROKEN),
        _row(
            "deflate-short",
            "a deflated frame is less than a frame",
            lambda: one_frame(fmt, G16, packing.deflate(body[:-100])),
            **BROKEN,
        ),
        _row(
            "deflate-long",
            "a deflated frame is more than a frame",
            lambda: one_frame(fmt, G16, packing.deflate(body + bytes(100))),
            "deflated-stream",
            right=G16,
            clause="PS3.5 A.4.13",
        ),
        _row(
            "deflate-zlib",
            "a zlib header before the deflated frame",
            lambda: one_frame(fmt, G16, zlib.compress(body)),
            "deflated-stream",
            right=G16,
            clause="PS3.5 A.4.13",
        ),
        _row(
            "deflate-no-final",
            "the last deflate block is not marked final",
            lambda: one_frame(fmt, G16, _unfinished(body)),
            right=G16,
            codes=codes("deflated-stream"),
            clause="PS3.5 A.4.13",
        ),
    ]


def _unfinished(body: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(body) + stream.flush(zlib.Z_SYNC_FLUSH)


CASES = [*_run_length(), *_deflated()]
