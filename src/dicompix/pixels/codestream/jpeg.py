"""JPEG and JPEG-LS: the marker segments up to the first scan -> Codestream (T.81 annex B, T.87 annex C)."""

import struct
from dataclasses import dataclass, field

from dicompix.pixels.codestream.base import Codestream, Data, marker_segments, spare_bytes
from dicompix.pixels.errors import CodecError

# Frame header -> kind, and whether its process is lossless, None where the header does not tell (ITU-T T.81
# table B.1, ITU-T T.87 C.1.1). DHP has a frame header's layout and begins a hierarchical stream (T.81 B.3.2).
FRAMES: dict[int, tuple[str, bool | None]] = {
    0xC0: ("jpeg-baseline", False),
    0xC1: ("jpeg-extended", False),
    0xC2: ("jpeg-progressive", False),
    0xC3: ("jpeg-lossless", True),
    0xC5: ("jpeg-hierarchical", None),
    0xC6: ("jpeg-hierarchical", None),
    0xC7: ("jpeg-hierarchical", None),
    0xC9: ("jpeg-arithmetic", False),
    0xCA: ("jpeg-arithmetic", False),
    0xCB: ("jpeg-arithmetic", True),
    0xCD: ("jpeg-hierarchical", None),
    0xCE: ("jpeg-hierarchical", None),
    0xCF: ("jpeg-hierarchical", None),
    0xDE: ("jpeg-hierarchical", None),
    0xF7: ("jpeg-ls", True),
}
SOF3, SOF11, SOF55, SOS = 0xC3, 0xCB, 0xF7, 0xDA
JFIF, MRFX, ADOBE, LSE = 0xE0, 0xE8, 0xEE, 0xF8

# Marker -> how its parameters begin and how many bytes they need; any other content is passed over.
KEPT = {
    JFIF: (b"JFIF\0", 14),  # ITU-T T.871
    MRFX: (b"mrfx", 5),  # Hewlett-Packard's colour transforms of JPEG-LS
    ADOBE: (b"Adobe", 12),  # ITU-T T.872
    LSE: (b"\x04", 6),  # oversize image dimensions (T.87 C.2.4.1.4)
}
KEPT_BYTES = 16

# (components, Adobe transform) -> what the samples are (ITU-T T.872).
ADOBE_COLORS = {(3, 0): "RGB", (3, 1): "YCC", (4, 0): "CMYK", (4, 2): "YCCK"}
RGB_IDS = frozenset({(82, 71, 66), (114, 103, 98)})  # the letters RGB, rgb

Sampling = tuple[tuple[int, int], ...]

_FRAME = struct.Struct(">BHHB")


@dataclass(slots=True)
class _Headers:
    """The parameters of the marker segments that count, as they are read."""

    marker: int = 0
    frame: bytes = b""
    scan: bytes = b""
    scan_end: int = 0
    kept: dict[int, bytes] = field(default_factory=dict)


def read(data: Data, start: int = 0) -> Codestream:
    """Return what the headers up to the first scan say of the stream whose SOI is at `start`."""
    headers = _headers(data, start)
    kind, lossless = FRAMES[headers.marker]
    precision, rows, columns, samples = _FRAME.unpack_from(headers.frame)
    ids, sampling = _components(headers, samples, precision)
    if not rows or not columns:
        rows, columns = _unstated_size(data, headers, rows, columns)
    first, second, transform = _scan_parameters(headers.scan)
    color, source = _color(headers, ids, sampling)
    spare = spare_bytes(data, len(data))
    predictive, jpeg_ls = headers.marker in {SOF3, SOF11}, headers.marker == SOF55
    return Codestream(
        kind=kind,
        rows=rows,
        columns=columns,
        samples=samples,
        precision=precision,
        lossless=lossless and not transform and not (jpeg_ls and first),
        color=color,
        color_source=source,
        subsampled=len(set(sampling)) > 1,
        sampling=sampling,
        component_ids=ids,
        predictor=first if predictive else 0,
        near=first if jpeg_ls else 0,
        interleave=second if jpeg_ls else 0,
        start=start,
        complete=spare >= 0,
        padded=spare > 1,
    )


def _headers(data: Data, start: int) -> _Headers:
    headers = _Headers()
    for marker, first, stop in marker_segments(data, start + 2):
        if marker in KEPT:
            prefix, needed = KEPT[marker]
            parameters = bytes(data[first : min(stop, first + KEPT_BYTES)])
            if len(parameters) >= needed and parameters.startswith(prefix):
                headers.kept.setdefault(marker, parameters)
        elif marker in FRAMES and not headers.marker:
            headers.marker, headers.frame = marker, bytes(data[first:stop])
        elif marker == SOS:
            if not headers.marker:
                raise CodecError(f"the JPEG scan at byte {first - 4} comes before any frame header (SOF)")
            headers.scan, headers.scan_end = bytes(data[first:stop]), stop
            return headers
    raise CodecError("the JPEG stream ends (FF D9) before its first scan, needed SOF and SOS marker segments")


def _components(headers: _Headers, samples: int, precision: int) -> tuple[tuple[int, ...], Sampling]:
    """Return the identifier and the (H, V) of each component (T.81 B.2.2)."""
    components = headers.frame[6 : 6 + 3 * samples]
    if not samples or len(components) < 3 * samples or not 1 <= precision <= 16:
        raise CodecError(
            f"the JPEG frame header FF{headers.marker:02X} has {samples} components of {precision} bits in "
            f"{len(headers.frame)} bytes, needed 1 or more of 1 to 16 bits, in 6 bytes and 3 for each"
        )
    return tuple(components[::3]), tuple([(factors >> 4, factors & 15) for factors in components[1::3]])


def _scan_parameters(scan: bytes) -> tuple[int, int, int]:
    """Return Ss, Se, Al, which in JPEG-LS are NEAR, ILV, Pt (T.81 B.2.3, T.87 C.2.3)."""
    first = 1 + 2 * scan[0]
    return scan[first], scan[first + 1], scan[first + 2] & 15


def _unstated_size(data: Data, headers: _Headers, rows: int, columns: int) -> tuple[int, int]:
    """Return rows and columns, those not in the frame header from LSE or DNL (T.87 C.2.4.1.4, T.81 B.2.5)."""
    oversize = headers.kept.get(LSE, b"\0\0")
    width = oversize[1]
    if headers.marker == SOF55 and width in {2, 3, 4} and len(oversize) >= 2 + 2 * width:
        rows = rows or int.from_bytes(oversize[2 : 2 + width])
        columns = columns or int.from_bytes(oversize[2 + width : 2 + 2 * width])
    if not rows:
        rows = _defined_lines(bytes(data[headers.scan_end :]))
    if not rows or not columns:
        raise CodecError(f"the JPEG stream states {rows} rows and {columns} columns, needed 1 or more of each")
    return rows, columns


def _defined_lines(scan: bytes) -> int:
    """Return the rows that DNL states behind the first scan, in 2 bytes, in JPEG-LS up to 4 (T.87 C.2.6)."""
    at = scan.find(b"\xff\xdc\x00")
    if at < 0 or scan[at + 3] not in {4, 5, 6}:
        return 0
    return int.from_bytes(scan[at + 4 : at + 2 + scan[at + 3]])


def _color(headers: _Headers, ids: tuple[int, ...], sampling: Sampling) -> tuple[str, str]:
    """Return what the samples are and what says so; the first that speaks wins."""
    kept = headers.kept
    three = len(ids) == 3
    if three and headers.marker == SOF55 and MRFX in kept and kept[MRFX][4]:
        return "RGB", "mrfx APP8"
    if three and any(h < sampling[0][0] or v < sampling[0][1] for h, v in sampling[1:]):
        return "YCC", "subsampling"
    adobe = ADOBE_COLORS.get((len(ids), kept[ADOBE][11])) if ADOBE in kept else None
    if ids in RGB_IDS and adobe in {None, "RGB"}:
        return "RGB", "component ids"
    if adobe is not None:
        return adobe, "Adobe APP14"
    if three and JFIF in kept:
        return "YCC", "JFIF"
    return "", ""
