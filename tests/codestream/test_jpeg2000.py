"""JPEG 2000, HTJ2K and JP2 headers built by hand from the standard's layouts (ITU-T T.800, T.814)."""

import struct

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.errors import CodecError

SOC, EOC = b"\xff\x4f", b"\xff\xd9"
SIGNATURE = bytes.fromhex("0000000C 6A502020 0D0A870A")
FILE_TYPE = bytes.fromhex("00000014 66747970 6A703220 00000000 6A703220")
TILE = bytes.fromhex("FF90 000A 0000 00000000 00 01 FF93 8080")
QCD = bytes.fromhex("FF5C 0013 40" + "40" * 16)  # a step size for each subband of five levels


def segment(marker: int, parameters: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(parameters) + 2) + parameters


def siz(
    grid: tuple[int, ...] = (60, 40, 0, 0),
    components: tuple[tuple[int, int, int], ...] = ((7, 1, 1),),
    rsiz: int = 0,
    tile: tuple[int, ...] = (60, 40, 0, 0),
) -> bytes:
    parameters = struct.pack(">H8IH", rsiz, *grid, *tile, len(components))
    return segment(0x51, parameters + b"".join(bytes(component) for component in components))


def cod(*, transform: int = 0, levels: int = 5, wavelet: int = 1) -> bytes:
    return segment(0x52, struct.pack(">BBHBBBBBB", 0, 2, 1, transform, levels, 4, 4, 0, wavelet))


def stream(*parts: bytes) -> bytes:
    return SOC + b"".join(parts) + QCD + TILE + EOC


def box(kind: bytes, contents: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I4s", len(contents) + 8 if length is None else length, kind) + contents


def look(data: bytes | bytearray) -> Codestream:
    found = peek(data, "jpeg-2000")
    assert found is not None
    return found


def test_size_sign_precision_levels() -> None:
    found = look(stream(siz(components=((0x80 | 11, 1, 1),)), cod(levels=3)))
    assert (found.kind, found.rows, found.columns, found.samples) == ("jpeg-2000", 40, 60, 1)
    assert (found.precision, found.signed, found.lossless, found.levels) == (12, True, True, 3)
    assert (found.start, found.complete, found.jp2, found.color) == (0, True, False, "")


@pytest.mark.parametrize(
    ("grid", "sampling", "size"),
    [
        ((60, 40, 10, 20), (1, 1), (20, 50)),
        ((61, 41, 0, 0), (2, 2), (21, 31)),
        ((61, 41, 3, 1), (2, 2), (20, 29)),
        ((60, 41, 0, 0), (1, 4), (11, 60)),
    ],
)
def test_size_is_the_grid_less_its_offset(
    grid: tuple[int, ...], sampling: tuple[int, int], size: tuple[int, int]
) -> None:
    found = look(stream(siz(grid, ((7, *sampling),)), cod()))
    assert (found.rows, found.columns) == size
    assert not found.subsampled


def test_widest_component_gives_precision_and_sign() -> None:
    found = look(stream(siz(components=((7, 1, 1), (0x80 | 15, 2, 2), (9, 1, 1))), cod()))
    assert (found.samples, found.precision, found.signed, found.subsampled) == (3, 16, True, True)
    assert (found.rows, found.columns) == (40, 60)


@pytest.mark.parametrize(
    ("transform", "components", "color", "source"),
    [(1, 3, "RGB", "MCT"), (0, 3, "", ""), (1, 1, "", ""), (1, 4, "RGB", "MCT")],
)
def test_multiple_component_transform(transform: int, components: int, color: str, source: str) -> None:
    found = look(stream(siz(components=((7, 1, 1),) * components), cod(transform=transform)))
    assert (found.color, found.color_source, found.multiple_components) == (color, source, bool(color))


def test_irreversible_wavelet_is_lossy() -> None:
    assert look(stream(siz(), cod(wavelet=0))).lossless is False


@pytest.mark.parametrize(
    ("rsiz", "cap", "kind"),
    [
        (0x4000, None, "htj2k"),
        (0x4000, 0x00020000, "htj2k"),
        (0, 0x00020000, "htj2k"),
        (0x4000, 0x80000000, "jpeg-2000"),
        (0x8000, None, "jpeg-2000"),
    ],
)
def test_high_throughput(rsiz: int, cap: int | None, kind: str) -> None:
    capability = b"" if cap is None else segment(0x50, struct.pack(">IH", cap, 3))
    assert look(stream(siz(rsiz=rsiz), capability, cod())).kind == kind


@pytest.mark.parametrize("length", [None, 0, 1])
def test_jp2_boxes(length: int | None) -> None:
    codestream = stream(siz(), cod())
    size = struct.pack(">Q", len(codestream) + 16) if length == 1 else b""
    front = SIGNATURE + FILE_TYPE + box(b"jp2h", bytes(30))
    found = look(front + box(b"jp2c", size + codestream, length))
    assert (found.jp2, found.rows, found.columns, found.complete) == (True, 40, 60, True)
    assert found.start == len(front) + 8 + len(size)


def test_jp2_with_boxes_behind_the_codestream() -> None:
    data = SIGNATURE + FILE_TYPE + box(b"jp2c", stream(siz(), cod())) + box(b"uuid", bytes(40))
    assert look(data).complete
    assert not look(SIGNATURE + FILE_TYPE + box(b"jp2c", stream(siz(), cod()), 5000)).complete


@pytest.mark.parametrize(("tail", "complete"), [(b"", True), (b"\0\0\0", True), (b"\x20", True), (b"\x12\x34", False)])
def test_complete(tail: bytes, *, complete: bool) -> None:
    data = stream(siz(), cod())
    assert look(data + tail).complete is complete
    assert not look(data[:-2] + tail).complete


def test_stream_behind_rubbish() -> None:
    assert look(b"\0\0\0" + stream(siz(), cod())).start == 3


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (SOC + siz(), "ends inside its jpeg-2000 header"),
        (SOC + siz()[:20], "FF51 at byte 2 has length 41"),
        (stream(siz()), "before a COD marker segment"),
        (SOC + siz() + EOC, "before a COD marker segment"),
        (stream(siz((60, 40, 60, 0)), cod()), "needed 1 or more"),
        (stream(siz((60, 40, 0, 41)), cod()), "needed 1 or more"),
        (stream(siz(components=()), cod()), "has 0 components"),
        (stream(siz(components=((38, 1, 1),)), cod()), "states 39 bits per sample, needed 38 or fewer"),
        (stream(siz(components=((7, 0, 1),)), cod()), "no sampling of 0"),
        (stream(siz(components=((7, 1, 0),)), cod()), "no sampling of 0"),
        (stream(siz()[:-3].replace(b"\x00\x29", b"\x00\x26", 1), cod()), "has 1 components in 36 bytes"),
        (stream(siz(tile=(0, 40, 0, 0)), cod()), "tiles of 0 x 40"),
        (stream(siz((70000, 1, 0, 0), tile=(1, 1, 0, 0)), cod()), "has 70000 tiles"),
        (stream(siz(tile=(60, 40, 0xFFFF0000, 0)), cod()), "at column 4294901760, row 0, needed one that holds"),
        (stream(siz((60, 40, 0, 20), tile=(60, 10, 0, 10)), cod()), "at column 0, row 10, needed one that holds"),
        (stream(siz(), segment(0x52, b"\0\0\0")), "ends inside its jpeg-2000 header"),
        (stream(segment(0x51, b"\0\0\0"), cod()), "ends inside its jpeg-2000 header"),
        (SIGNATURE + FILE_TYPE + box(b"jp2h", b""), "needed jp2c"),
        (SIGNATURE + FILE_TYPE + box(b"jp2c", b"\xff\xd8\xff\xe0"), "begins with FF D8 FF E0"),
        (SIGNATURE + box(b"ftyp", b"", 5), "has length 5, needed 8"),
    ],
)
def test_broken_headers(data: bytes, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        peek(data, "jpeg-2000")


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2"])
@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("codecformat", ["j2k", "jp2"])
def test_openjpeg_streams(dtype: str, codecformat: str, *, reversible: bool) -> None:
    image = np.zeros((33, 47), dtype)
    data = imagecodecs.jpeg2k_encode(image, 0 if reversible else 40, codecformat=codecformat, reversible=reversible)
    found = look(data)
    assert (found.rows, found.columns, found.samples, found.precision) == (33, 47, 1, image.itemsize * 8)
    assert (found.signed, found.lossless, found.jp2) == (dtype == "i2", reversible, codecformat == "jp2")
    assert found.complete


def test_openjph_stream() -> None:
    found = look(imagecodecs.htj2k_encode(np.zeros((33, 47, 3), np.uint8), reversible=True))
    assert (found.kind, found.rows, found.columns, found.samples) == ("htj2k", 33, 47, 3)
    assert (found.precision, found.lossless, found.complete) == (8, True, True)
