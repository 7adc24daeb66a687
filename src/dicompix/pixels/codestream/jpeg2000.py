"""JPEG 2000, HTJ2K and JP2: the main header -> Codestream (ITU-T T.800 annexes A and I, T.814 annex A)."""

import struct
from collections import Counter
from functools import lru_cache

from dicompix.pixels.codestream.base import Codestream, Data, boxes, marker_segments, spare_bytes, spell
from dicompix.pixels.codestream.steps import check_steps
from dicompix.pixels.errors import CodecError

SIGNATURE_BOX = bytes.fromhex("0000000C 6A502020 0D0A870A")  # T.800 I.5.1
START = b"\xff\x4f\xff\x51"  # SOC, then SIZ (T.800 A.4.1)

CAP, SIZ, COD, SOT = 0x50, 0x51, 0x52, 0x90
KEPT = frozenset({CAP, SIZ, COD})

EXTENDED = 1 << 14  # Rsiz: capabilities beyond part 1 are in CAP (T.800 table A.10)
HIGH_THROUGHPUT = 1 << 17  # Pcap15, its 32 bits counted from the top (T.814 A.3)
COMPONENT_TRANSFORM = 1  # SGcod: RCT or ICT on the first three components (T.800 table A.17)
MOST_BITS = 38  # (T.800 table A.11)
MOST_TILES = 65535  # Isot has 16 bits (T.800 A.4.2)
REVERSIBLE = 1  # SPcod: the 5-3 wavelet (T.800 table A.20)

_TILE_PART = b"\xff\x90"
_SIZ = struct.Struct(">H8IH")
_CAP = struct.Struct(">I")
_COD = struct.Struct(">BBHBBBBBB")
_SOT = struct.Struct(">HIBB")  # tile, length, number of the tile-part, count of them or 0 (T.800 A.4.2)


def read(data: Data, start: int = 0) -> Codestream:
    """Return what SIZ, CAP and COD say of the codestream, bare or in JP2 boxes, that begins at `start`."""
    jp2 = data[start] != START[0]
    first, stop = _codestream_box(data, start) if jp2 else (start, len(data))
    kept = _main_header(data, first)
    spare = spare_bytes(data, min(stop, len(data)))
    complete = spare >= 0 and stop <= len(data)
    described = _described(kept[SIZ], kept[COD], kept.get(CAP), first, (complete, complete and spare > 1, jp2))
    check_steps(data[first:])
    return described


@lru_cache(maxsize=64)  # the frames of an image have the same headers
def _described(siz: bytes, cod: bytes, cap: bytes | None, first: int, state: tuple[bool, bool, bool]) -> Codestream:
    """Return what the marker segments say; `state` is whether the stream is complete, padded, in JP2 boxes."""
    capabilities, *grid, samples = _SIZ.unpack_from(siz)
    precision, signed, sampling = _components(siz, samples)
    rows, columns = _size(grid, sampling)
    _, _, _, transform, levels, _, _, _, wavelet = _COD.unpack_from(cod)
    multiple = bool(transform & COMPONENT_TRANSFORM) and samples >= 3
    return Codestream(
        kind="htj2k" if _is_high_throughput(capabilities, cap) else "jpeg-2000",
        rows=rows,
        columns=columns,
        samples=samples,
        precision=precision,
        lossless=wavelet == REVERSIBLE,
        signed=signed,
        color="RGB" if multiple else "",
        color_source="MCT" if multiple else "",
        subsampled=len(set(sampling)) > 1,
        multiple_components=multiple,
        levels=levels,
        start=first,
        complete=state[0],
        padded=state[1],
        jp2=state[2],
    )


def _codestream_box(data: Data, start: int) -> tuple[int, int]:
    kinds = []
    for kind, first, stop in boxes(data, start):
        if kind == b"jp2c":
            return first, stop
        kinds.append(kind.decode("latin-1"))
    raise CodecError(f"the JP2 boxes are {', '.join(kinds[:10])}, needed jp2c, which holds the codestream")


def _main_header(data: Data, first: int) -> dict[int, bytes]:
    """Return the parameters of the marker segments that count, by marker (T.800 A.2)."""
    if data[first : first + 4] != START:
        raise CodecError(f"the JPEG 2000 codestream begins with {spell(data[first : first + 8])}, needed FF 4F FF 51")
    kept: dict[int, bytes] = {}
    for marker, begin, stop in marker_segments(data, first + 2):
        if marker == SOT:
            break
        if marker in KEPT:
            kept.setdefault(marker, bytes(data[begin:stop]))
    if COD not in kept:
        raise CodecError("the JPEG 2000 main header ends before a COD marker segment (FF 52), which it needs")
    return kept


def _components(siz: bytes, samples: int) -> tuple[int, bool, list[tuple[int, int]]]:
    """Return the widest component's bits and sign, and (XRsiz, YRsiz) of each (T.800 A.5.1)."""
    components = siz[_SIZ.size : _SIZ.size + 3 * samples]
    sampling = list(zip(components[1::3], components[2::3], strict=False))
    if not samples or len(sampling) < samples or 0 in components[1::3] or 0 in components[2::3]:
        raise CodecError(
            f"the SIZ marker segment has {samples} components in {len(siz)} bytes, needed 1 or more, "
            "3 bytes for each after the first 36, and no sampling of 0"
        )
    widest = max(components[::3], key=_bits)
    if _bits(widest) > MOST_BITS:
        raise CodecError(f"the SIZ marker segment states {_bits(widest)} bits per sample, needed {MOST_BITS} or fewer")
    return _bits(widest), widest >= 0x80, sampling


def _bits(ssiz: int) -> int:
    return (ssiz & 0x7F) + 1


def _size(grid: list[int], sampling: list[tuple[int, int]]) -> tuple[int, int]:
    """Return rows and columns of the largest component (T.800 B.2, B.3).

    >>> _size([40, 30, 8, 10, 20, 20, 0, 0], [(1, 1)])
    (20, 32)
    """
    right, bottom, left, top = grid[:4]
    across = min(across for across, _ in sampling)
    down = min(down for _, down in sampling)
    columns = -(-right // across) + (-left // across)
    rows = -(-bottom // down) + (-top // down)
    if rows < 1 or columns < 1:
        raise CodecError(
            f"the SIZ marker segment has columns {left} to {right}, rows {top} to {bottom}, needed 1 or more"
        )
    _check_tiles(grid)
    return rows, columns


def _check_tiles(grid: list[int]) -> None:
    """Raise CodecError for tiles that cannot be: decoders may count them for minutes (T.800 A.5.1, B.3)."""
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = grid
    if not tile_width or not tile_height:
        raise CodecError(f"the SIZ marker segment has tiles of {tile_width} x {tile_height}, needed 1 x 1 or more")
    if not tile_left <= left < tile_left + tile_width or not tile_top <= top < tile_top + tile_height:
        raise CodecError(
            f"the SIZ marker segment has a first tile of {tile_width} x {tile_height} at column {tile_left}, "
            f"row {tile_top}, needed one that holds the image's first sample, at {left}, {top}"
        )
    tiles = -((tile_left - right) // tile_width) * -((tile_top - bottom) // tile_height)
    if tiles > MOST_TILES:
        raise CodecError(f"the SIZ marker segment has {tiles} tiles, needed {MOST_TILES} or fewer")


def _is_high_throughput(capabilities: int, cap: bytes | None) -> bool:
    if cap is None:
        return bool(capabilities & EXTENDED)
    return bool(_CAP.unpack_from(cap)[0] & HIGH_THROUGHPUT)


def tile_parts_end(data: Data, *, exact: bool = False) -> bool:
    """Tell whether the tile-parts of a codestream end where its end marker stands, as their lengths say (T.800 A.4.2).

    With `exact`, each tile must have as many tile-parts as it says, and a last one whose length is 0, up to the end
    marker wherever that is, does not count.

    >>> tile_parts_end(bytes.fromhex("FF4F FF51 0004 0000 FF90 000A 0000 0000000E 00 01 FF93 FFD9"))
    True
    """
    position, parts = 2, []
    while bytes(data[position : position + 2]) not in {_TILE_PART, b""}:
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    while bytes(data[position : position + 2]) == _TILE_PART:
        length = int.from_bytes(data[position + 6 : position + 10], "big")
        if length == 0:  # the last tile-part, up to the end marker
            return not exact and spare_bytes(data, len(data)) >= 0
        if length < 14:
            return False
        parts.append(bytes(data[position : position + 12]))
        position += length
    return bytes(data[position : position + 2]) == b"\xff\xd9" and (not exact or _all_tiles(data, parts))


def _all_tiles(data: Data, parts: list[bytes]) -> bool:
    """Tell whether every tile of SIZ is there, with all of the tile-parts that its SOT marker segments count."""
    right, bottom, _, _, width, height, left, top = struct.unpack_from(">8I", data, 8)
    held, stated = Counter[int](), Counter[int]()
    for part in parts:
        tile, _, _, count = _SOT.unpack_from(part, 4)
        held[tile] += 1
        stated[tile] = max(stated[tile], count)
    tiles = -((left - right) // width) * -((top - bottom) // height)
    return held == stated and len(held) == tiles
