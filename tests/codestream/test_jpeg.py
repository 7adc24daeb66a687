"""JPEG and JPEG-LS headers built by hand from the standard's layouts (ITU-T T.81 annex B, T.87 annex C)."""

import struct

import pytest

from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.errors import CodecError

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
JFIF = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"
YBR_422 = ((2, 1), (1, 1), (1, 1))
EQUAL = ((1, 1), (1, 1), (1, 1))


def segment(marker: int, parameters: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(parameters) + 2) + parameters


def adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def frame(
    marker: int,
    *,
    bits: int = 8,
    size: tuple[int, int] = (5, 7),
    sampling: tuple[tuple[int, int], ...] = ((1, 1),),
    ids: tuple[int, ...] = (1, 2, 3, 4),
) -> bytes:
    components = b"".join(bytes([i, h << 4 | v, 0]) for i, (h, v) in zip(ids, sampling, strict=False))
    return segment(marker, struct.pack(">BHHB", bits, *size, len(sampling)) + components)


def scan(components: int = 1, last: bytes = b"\0\x3f\0") -> bytes:
    return segment(0xDA, bytes([components]) + b"".join(bytes([i + 1, 0]) for i in range(components)) + last)


def stream(*parts: bytes, sos: bytes | None = None, data: bytes = b"\x12\x34\xff\x00\x56") -> bytes:
    return SOI + b"".join(parts) + (scan() if sos is None else sos) + data + EOI


def look(data: bytes, family: str = "jpeg") -> Codestream:
    found = peek(data, family)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("marker", "kind", "lossless"),
    [
        (0xC0, "jpeg-baseline", False),
        (0xC1, "jpeg-extended", False),
        (0xC2, "jpeg-progressive", False),
        (0xC3, "jpeg-lossless", True),
        (0xC5, "jpeg-hierarchical", None),
        (0xC6, "jpeg-hierarchical", None),
        (0xC7, "jpeg-hierarchical", None),
        (0xC9, "jpeg-arithmetic", False),
        (0xCA, "jpeg-arithmetic", False),
        (0xCB, "jpeg-arithmetic", True),
        (0xCD, "jpeg-hierarchical", None),
        (0xCE, "jpeg-hierarchical", None),
        (0xCF, "jpeg-hierarchical", None),
        (0xF7, "jpeg-ls", True),
    ],
)
def test_frame_marker_names_the_kind(marker: int, kind: str, *, lossless: bool | None) -> None:
    found = look(stream(frame(marker, bits=12, size=(300, 500)), sos=scan(last=b"\0\0\0")))
    assert (found.kind, found.lossless) == (kind, lossless)
    assert (found.rows, found.columns, found.samples, found.precision) == (300, 500, 1, 12)
    assert (found.start, found.complete, found.component_ids) == (0, True, (1,))


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC])
def test_tables_are_not_frames(marker: int) -> None:
    found = look(stream(segment(marker, b"\x08\0\x09\0\x09\x01\x01\x11\0"), frame(0xC1, size=(3, 4))))
    assert (found.kind, found.rows, found.columns) == ("jpeg-extended", 3, 4)


def test_hierarchical_progression_makes_it_hierarchical() -> None:
    found = look(stream(frame(0xDE, size=(20, 40)), frame(0xC1, size=(10, 20))))
    assert (found.kind, found.rows, found.columns) == ("jpeg-hierarchical", 20, 40)


@pytest.mark.parametrize(
    ("sos", "predictor", "lossless"),
    [(b"\x01\0\0", 1, True), (b"\x07\0\0", 7, True), (b"\x06\0\x02", 6, False)],
)
def test_lossless_predictor_and_point_transform(sos: bytes, predictor: int, *, lossless: bool) -> None:
    found = look(stream(frame(0xC3, bits=16), sos=scan(last=sos)))
    assert (found.predictor, found.lossless, found.near) == (predictor, lossless, 0)


def test_old_extended_streams_with_se_0_are_read() -> None:
    assert look(stream(frame(0xC1, bits=12), sos=scan(last=b"\0\0\0"))).predictor == 0


@pytest.mark.parametrize(
    ("parts", "sampling", "color", "source"),
    [
        ((), EQUAL, "", ""),
        ((), YBR_422, "YCC", "subsampling"),
        ((adobe(0), segment(0xE0, JFIF)), YBR_422, "YCC", "subsampling"),
        ((adobe(0),), EQUAL, "RGB", "Adobe APP14"),
        ((adobe(1),), EQUAL, "YCC", "Adobe APP14"),
        ((segment(0xE0, JFIF), adobe(0)), EQUAL, "RGB", "Adobe APP14"),
        ((adobe(7),), EQUAL, "", ""),
        ((segment(0xE0, JFIF),), EQUAL, "YCC", "JFIF"),
        ((segment(0xEE, b"Other"), adobe(0)), EQUAL, "RGB", "Adobe APP14"),
        ((segment(0xE0, JFIF[:9]),), EQUAL, "", ""),
        ((segment(0xE0, b"JFXX\0" + bytes(20)),), EQUAL, "", ""),
        ((segment(0xE8, b"mrfx\x01"),), EQUAL, "", ""),
        ((), ((1, 1), (2, 2), (1, 1)), "", ""),
    ],
)
def test_color_of_three_components(
    parts: tuple[bytes, ...], sampling: tuple[tuple[int, int], ...], color: str, source: str
) -> None:
    found = look(stream(*parts, frame(0xC0, sampling=sampling), sos=scan(3)))
    assert (found.color, found.color_source) == (color, source)
    assert found.sampling == sampling
    assert found.subsampled == (sampling != EQUAL)


@pytest.mark.parametrize("ids", [(82, 71, 66), (114, 103, 98)])
def test_component_ids_spell_rgb(ids: tuple[int, ...]) -> None:
    found = look(stream(segment(0xE0, JFIF), frame(0xC3, sampling=EQUAL, ids=ids), sos=scan(3)))
    assert (found.color, found.color_source, found.component_ids) == ("RGB", "component ids", ids)


def test_adobe_goes_before_component_ids() -> None:
    found = look(stream(adobe(1), frame(0xC0, sampling=EQUAL, ids=(82, 71, 66)), sos=scan(3)))
    assert (found.color, found.color_source) == ("YCC", "Adobe APP14")


@pytest.mark.parametrize(
    ("parts", "color"), [((adobe(2),), "YCCK"), ((adobe(0),), "CMYK"), ((), ""), ((segment(0xE0, JFIF),), "")]
)
def test_color_of_four_components(parts: tuple[bytes, ...], color: str) -> None:
    found = look(stream(*parts, frame(0xC0, sampling=((1, 1),) * 4), sos=scan(4)))
    assert (found.samples, found.color) == (4, color)


def test_one_component_has_no_color() -> None:
    assert look(stream(segment(0xE0, JFIF), adobe(1), frame(0xC0))).color == ""


@pytest.mark.parametrize("length", range(12))
def test_short_adobe_marker_is_ignored(length: int) -> None:
    short = segment(0xEE, (b"Adobe" + bytes(7))[:length])
    found = look(stream(short, frame(0xC0, sampling=EQUAL), sos=scan(3)))
    assert (found.color, found.rows) == ("", 5)


def test_adobe_marker_whose_length_overruns_the_next_one() -> None:
    cut = segment(0xEE, b"Adobe" + bytes(7))[:-4]
    tables = segment(0xDB, bytes(65))
    assert look(stream(cut, tables, frame(0xC0, sampling=EQUAL), sos=scan(3))).rows == 5


@pytest.mark.parametrize(("near", "interleave"), [(0, 0), (3, 1), (255, 2)])
def test_jpeg_ls_near_and_interleave(near: int, interleave: int) -> None:
    found = look(stream(frame(0xF7, bits=16, sampling=EQUAL), sos=scan(3, bytes([near, interleave, 0]))), "jpeg-ls")
    assert (found.near, found.interleave, found.lossless) == (near, interleave, near == 0)
    assert (found.predictor, found.color) == (0, "")


@pytest.mark.parametrize(
    ("transform", "color", "source"),
    [(0, "", ""), (1, "RGB", "mrfx APP8"), (2, "RGB", "mrfx APP8"), (3, "RGB", "mrfx APP8")],
)
def test_jpeg_ls_color_transform(transform: int, color: str, source: str) -> None:
    spiff = segment(0xE8, b"SPIFF\0" + bytes(24))
    mrfx = segment(0xE8, b"mrfx" + bytes([transform]))
    found = look(stream(spiff, mrfx, frame(0xF7, sampling=EQUAL), sos=scan(3, bytes(3))))
    assert (found.color, found.color_source) == (color, source)


@pytest.mark.parametrize("width", [2, 3, 4])
def test_jpeg_ls_oversize_dimensions(width: int) -> None:
    sizes = {2: (70, 60000), 3: (70000, 90000), 4: (70000, 0x01020304)}[width]
    preset = segment(0xF8, b"\x01" + struct.pack(">5H", 255, 3, 7, 21, 64))
    oversize = segment(0xF8, bytes([4, width]) + b"".join(size.to_bytes(width, "big") for size in sizes))
    found = look(stream(preset, oversize, frame(0xF7, size=(0, 0)), sos=scan(last=bytes(3))))
    assert (found.rows, found.columns) == sizes


@pytest.mark.parametrize("width", [2, 3, 4])
def test_lines_defined_after_the_first_scan(width: int) -> None:
    lines = segment(0xDC, (4660).to_bytes(width, "big"))
    data = stream(frame(0xC3, size=(0, 7)), data=b"\x01\xff\x00\xdc\x00\x04" + lines)
    assert (look(data).rows, look(memoryview(data).tobytes()).columns) == (4660, 7)


@pytest.mark.parametrize(
    "data",
    [
        stream(frame(0xC3, size=(0, 7))),
        stream(frame(0xC3, size=(0, 7)), data=segment(0xDC, bytes(2))),
        stream(frame(0xC3, size=(0, 7)), data=segment(0xDC, b"\0\0\0\0\x09")),
        stream(frame(0xC3, size=(7, 0))),
        stream(frame(0xF7, size=(0, 0)), sos=scan(last=bytes(3))),
    ],
)
def test_size_that_nothing_states(data: bytes) -> None:
    with pytest.raises(CodecError, match=r"states \d rows and \d columns, needed 1 or more"):
        peek(data, "jpeg")


def test_fill_bytes_rubbish_and_lone_markers_between_segments() -> None:
    data = SOI + b"\xff\xff\xff\x01\xff\xd0\xff" + frame(0xC3, size=(9, 8)) + b"\0\0" + scan() + EOI
    assert (look(data).rows, look(data).columns) == (9, 8)


@pytest.mark.parametrize("front", [b"\xff", b"\xff" * 9, b"\0", b"\0" * 16, b"\r\n"])
def test_stream_begins_behind_fill_bytes(front: bytes) -> None:
    found = look(front + stream(frame(0xC3)))
    assert (found.start, found.rows) == (len(front), 5)


@pytest.mark.parametrize(
    ("tail", "complete"),
    [
        (b"", True),
        (b"\0", True),
        (b"\0" * 100_000, True),
        (b"\x20", True),
        (b"\xff", True),
        (b"\xff\0", True),
        (b"\x20\x20", False),
        (b"\x01", False),
    ],
)
def test_complete_looks_for_the_end_marker(tail: bytes, *, complete: bool) -> None:
    assert look(stream(frame(0xC3)) + tail).complete is complete


def test_truncated_scan_is_incomplete() -> None:
    whole = stream(frame(0xC3), data=bytes(range(1, 100)))
    assert not look(whole[:-1]).complete
    assert not look(whole[:-40]).complete


@pytest.mark.parametrize("size", [63, 64, 65, 66, 65599, 65600, 65601])
def test_end_marker_across_the_edge_of_a_block(size: int) -> None:
    assert look(stream(frame(0xC3)) + bytes(size)).complete


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (SOI, "ends inside its jpeg header, after 2 bytes"),
        (SOI + EOI, "before its first scan"),
        (SOI + frame(0xC0) + EOI, "before its first scan"),
        (SOI + scan() + EOI, "before any frame header"),
        (SOI + frame(0xC0)[:-1], "FFC0 at byte 2 has length 11, needed 2 to 10"),
        (SOI + b"\xff\xe0\x00\x01" + frame(0xC0), "FFE0 at byte 2 has length 1"),
        (SOI + bytes(3000), "no marker in the 1024 bytes from byte 2 on, which begin with 00 00"),
        (SOI + segment(0xFE, b"") * 2000, "more than 1000 marker segments"),
        (stream(segment(0xC0, b"\x08\0\x05\0")), "ends inside its jpeg header"),
        (stream(segment(0xC0, b"\x08\0\x05\0\x07\x03\x01\x11\0")), "has 3 components of 8 bits in 9 bytes"),
        (stream(segment(0xC0, b"\x08\0\x05\0\x07\0")), "has 0 components"),
        (stream(frame(0xC0, bits=0)), "of 0 bits"),
        (stream(frame(0xC0, bits=17)), "of 17 bits"),
        (stream(frame(0xC0), sos=segment(0xDA, b"")), "ends inside its jpeg header"),
        (stream(frame(0xC0), sos=scan(last=b"\0\x3f")), "ends inside its jpeg header"),
    ],
)
def test_broken_headers(data: bytes, text: str) -> None:
    with pytest.raises(CodecError, match=text):
        peek(data, "jpeg")
