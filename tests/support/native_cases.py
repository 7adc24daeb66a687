"""Native frames in every sample format of PS3.5 8.1 and PS3.3 C.7.6.3.1.2, laid out by packing.py."""

from collections.abc import Iterator

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.testing import CodecCase
from support import packing
from support.arrays import color, gray

Row = tuple[str, bytes, Stored, dict[str, object]]

YBR, YBR_422 = Photometric.YBR_FULL, Photometric.YBR_FULL_422
PARTIAL_422, PARTIAL_420 = Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420
AFTER = {YBR_422: YBR}  # what samples are once each pixel has its own chrominance


def native_cases(uid: str, *, big_endian: bool = False) -> list[CodecCase]:
    """Return the cases of native frames for a transfer syntax."""
    rows = [*_whole_bytes(big_endian=big_endian), *(() if big_endian else [*_packed(), *_shared()])]
    return [_case(row, uid, big_endian=big_endian) for row in rows]


def _case(row: Row, uid: str, *, big_endian: bool) -> CodecCase:
    name, data, frame, changes = row
    fields: dict[str, object] = {
        "rows": frame.shape[0],
        "columns": frame.shape[1],
        "samples": frame.shape[2] if frame.ndim == 3 else 1,
        "photometric": {2: Photometric.MONOCHROME2, 3: Photometric.RGB}[frame.ndim],
        "bits_allocated": frame.dtype.itemsize * 8,
        "bits_stored": frame.dtype.itemsize * 8,
        "signed": frame.dtype.kind == "i",
        "floating": frame.dtype.kind == "f",
        "transfer_syntax": uid,
        "big_endian": big_endian,
    }
    fmt = PixelFormat(**(fields | changes))  # type: ignore[arg-type]  # the fields by name
    return CodecCase(
        name=name,
        fmt=fmt,
        data=data,
        expected=frame,
        photometric=AFTER.get(fmt.photometric),
        # A few bytes less than padded rows of 4:2:2 take are what rows without padding take.
        truncation="any" if fmt.photometric == YBR_422 and fmt.columns % 2 else "error",
    )


def _whole_bytes(*, big_endian: bool) -> Iterator[Row]:
    for size in (8, 16, 32, 64):
        for frame in (gray(size), gray(size, signed=True)):
            yield str(frame.dtype), packing.words(frame, big_endian=big_endian), frame, {}
    for kind in ("f4", "f8"):
        real = np.linspace(-1e6, 1e6, 19 * 23).reshape(19, 23).astype(kind)
        yield kind, packing.words(real, big_endian=big_endian), real, {}
    for size in (8, 16):
        frame = color(size)
        yield f"rgb{size}", packing.words(frame, big_endian=big_endian), frame, {}
        planes = packing.words(frame, big_endian=big_endian, planar=True)
        yield f"rgb{size}-planar", planes, frame, {"planar": 1}
    one = gray(1)
    yield "1 bit", packing.bits(one), one, {"bits_allocated": 1, "bits_stored": 1}


def _packed() -> Iterator[Row]:
    for frame in (gray(12), gray(12, rows=4, columns=6)):
        changes: dict[str, object] = {"bits_allocated": 12, "bits_stored": 12}
        yield f"12 bits packed, {frame.size} samples", packing.twelve(frame), frame, changes
    four = color(8, samples=4)
    for space in (Photometric.ARGB, Photometric.CMYK):
        yield str(space), packing.words(four), four, {"photometric": space}


def _shared() -> Iterator[Row]:
    for columns in (22, 23):
        data, frame = packing.shared_422(color(8, columns=columns), rows_padded=True)
        yield f"422 of {columns}", data, frame, {"photometric": YBR_422}
    data, frame = packing.shared_422(color(8, rows=18))
    yield "422 over row ends", data, frame, {"photometric": YBR_422}
    data, frame = packing.shared_422(color(16, columns=22))
    yield "422 of 16 bits", data, frame, {"photometric": YBR_422}
    data, frame = packing.shared_422(color(8, columns=22))
    yield "partial 422", data, frame, {"photometric": PARTIAL_422}
    data, frame = packing.shared_420(color(8, rows=18, columns=22))
    yield "partial 420", data, frame, {"photometric": PARTIAL_420}
