"""Laws of peek: no bytes break it or hold it up, and real files agree with their data sets."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from dicompix.pixels.codestream import Codestream, peek, sniff
from dicompix.pixels.errors import CodecError
from dicompix.pixels.syntaxes import SYNTAXES, Syntax, syntax_for

SHARED = Path(__file__).parents[3] / "shared" / "data"
FAMILIES = ("jpeg", "jpeg-ls", "jpeg-2000", "jpeg-xl", "rle")
SIGNATURES = [
    bytes.fromhex(text)
    for text in (
        "FFD8",
        "FF4FFF51",
        "0000000C6A5020200D0A870A",
        "FF0A",
        "0000000C4A584C200D0A870A",
        "01000000",
    )
]

GRAY = np.arange(60, dtype=np.uint16).reshape(6, 10)
RGB = np.arange(180, dtype=np.uint8).reshape(6, 10, 3)
STREAMS = (
    imagecodecs.jpeg8_encode(RGB),
    imagecodecs.ljpeg_encode(GRAY),
    imagecodecs.jpegls_encode(GRAY),
    imagecodecs.jpeg2k_encode(RGB, codecformat="j2k"),
    imagecodecs.jpeg2k_encode(GRAY, codecformat="jp2"),
    imagecodecs.htj2k_encode(GRAY),
    imagecodecs.jpegxl_encode(GRAY, usecontainer=True),
    imagecodecs.jpegxl_encode(RGB, usecontainer=False),
    bytes.fromhex("02000000 40000000 44000000") + bytes(52) + bytes.fromhex("FD00 0000 FD01 0002"),
)


def survives(data: bytes) -> None:
    for family in FAMILIES:
        try:
            found = peek(data, family)
        except CodecError as error:
            assert str(error)  # noqa: PT017  # either outcome is right
        else:
            assert isinstance(found, Codestream)
            assert 0 <= found.start < len(data)
            assert found.kind == "rle" or min(found.rows, found.columns) >= 1


@given(data=st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    survives(data)


@given(signature=st.sampled_from(SIGNATURES), rest=st.binary(max_size=400))
def test_any_bytes_behind_a_signature(signature: bytes, rest: bytes) -> None:
    survives(signature + rest)


@given(stream=st.sampled_from(STREAMS), data=st.data())
def test_truncated_streams(stream: bytes, data: st.DataObject) -> None:
    survives(stream[: data.draw(st.integers(0, len(stream)))])


@given(stream=st.sampled_from(STREAMS), data=st.data())
def test_flipped_bits(stream: bytes, data: st.DataObject) -> None:
    flipped = bytearray(stream)
    bits = st.integers(0, 8 * min(len(stream), 700) - 1)
    for bit in data.draw(st.lists(bits, min_size=1, max_size=6)):
        flipped[bit // 8] ^= 1 << bit % 8
    survives(bytes(flipped))


@pytest.mark.parametrize("stream", STREAMS[:-1], ids=sniff)
def test_every_truncation_of_the_header(stream: bytes) -> None:
    for length in range(min(len(stream), 700)):
        survives(stream[:length])


MEGABYTES = 4 * 1024 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * MEGABYTES,
        b"\xff\xd8" + b"\xff" * MEGABYTES,
        b"\xff\xd8" + b"\xff\x00" * (MEGABYTES // 2),
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * (MEGABYTES // 4),
        b"\xff\xd8" + b"\xff\xd0" * (MEGABYTES // 2),
        b"\xff\xd8" + (b"\xff\xe0\x00\x02" + bytes(1000)) * (MEGABYTES // 1004),
        SIGNATURES[2] + b"\x00\x00\x00\x08free" * (MEGABYTES // 8),
        SIGNATURES[4] + b"\x00\x00\x00\x0cjxlp\0\0\0\0" * (MEGABYTES // 12),
        STREAMS[1] + bytes(MEGABYTES),
        bytes(MEGABYTES),
    ],
    ids=range(10),
)
def test_nothing_holds_it_up(data: bytes) -> None:
    began = time.perf_counter()
    survives(data)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("stream", STREAMS[:-1], ids=sniff)
def test_any_buffer_gives_the_same(stream: bytes) -> None:
    expected = peek(stream, "jpeg")
    assert peek(bytearray(stream), "jpeg") == expected
    assert peek(memoryview(stream), "jpeg") == expected
    assert peek(memoryview(stream).cast("b"), "jpeg") == expected
    twice = bytes(byte for byte in stream for _ in range(2))
    assert peek(memoryview(twice)[::2], "jpeg") == expected
    assert sniff(memoryview(twice)[::2]) == sniff(stream)


@pytest.mark.parametrize("stream", STREAMS[:-1], ids=sniff)
def test_encoders_agree_on_the_size(stream: bytes) -> None:
    found = peek(stream, "jpeg")
    assert found is not None
    assert (found.rows, found.columns, found.complete) == (6, 10, True)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("FFD8", "jpeg"),
        ("FFD8FFF7", "jpeg"),
        ("FFFFFFD8FF", "jpeg"),
        ("0000FFD8FFE0", "jpeg"),
        ("FF4FFF51", "jpeg-2000"),
        ("FF4FFF52", ""),
        ("00FF4FFF51", "jpeg-2000"),
        ("0000000C6A5020200D0A870A", "jpeg-2000"),
        ("FF0A", "jpeg-xl"),
        ("00FF0A", ""),
        ("0000000C4A584C200D0A870A", "jpeg-xl"),
        ("0100000040000000", ""),
        ("00FFD800", ""),
        ("00" * 17 + "FFD8FF", ""),
        ("", ""),
    ],
)
def test_sniff(start: str, name: str) -> None:
    assert sniff(bytes.fromhex(start)) == name


@pytest.mark.parametrize("family", ["native", "deflated", "video", "jpip", "other", ""])
def test_families_without_a_header(family: str) -> None:
    assert peek(STREAMS[0], family) is None
    assert peek(b"", family) is None


def test_every_syntax_with_kinds_has_a_reader() -> None:
    for syntax in SYNTAXES.values():
        if syntax.kinds:
            assert syntax.family in FAMILIES
            with pytest.raises(CodecError):
                peek(bytes(100), syntax.family)
        elif syntax.family not in FAMILIES:
            assert peek(bytes(100), syntax.family) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_no_codestream(family: str) -> None:
    with pytest.raises(CodecError, match="needed"):
        peek(b"", family)
    with pytest.raises(CodecError, match="needed"):
        peek(bytes(200), family)


def test_the_data_goes_before_the_family() -> None:
    assert [peek(stream, "jpeg-ls") for stream in STREAMS[:-1]] == [peek(s, "jpeg-xl") for s in STREAMS[:-1]]


# The fragments hold no codestream, or its header is overwritten, on purpose.
WITHOUT_CODESTREAM = (
    "MultiFrameCompressed.dcm",
    "generated_encapsulated_",
    "JPEG2000-embedded-sequence-delimiter.dcm",
    "TC0321_encap_empty_bot.dcm",
    "TC0325_encap_10k_frags.dcm",
)


def first_frame(path: Path) -> tuple[pydicom.Dataset, Syntax, bytes] | None:
    """Return the data set, its syntax and its first frame, None where no codestream is to be expected."""
    data_set = pydicom.dcmread(path, force=True)
    syntax = syntax_for(str(data_set.file_meta.get("TransferSyntaxUID", "")))
    if not syntax.kinds or "PixelData" not in data_set:
        return None
    frames = int(data_set.get("NumberOfFrames") or 1)
    return data_set, syntax, next(generate_frames(data_set.PixelData, number_of_frames=frames))


def agrees(path: Path) -> bool:
    """Compare the codestream with the data set; False where the file holds none."""
    found = first_frame(path)
    if found is None:
        return False
    data_set, syntax, data = found
    if path.name.startswith(WITHOUT_CODESTREAM):
        with pytest.raises(CodecError, match="needed"):
            peek(data, syntax.family)
        return False
    codestream = peek(data, syntax.family)
    assert codestream is not None
    assert codestream.kind in syntax.kinds
    assert codestream.complete
    if codestream.kind == "rle":
        planes = -(-data_set.BitsAllocated // 8) * data_set.SamplesPerPixel
        assert len(codestream.segments) == planes
        return True
    described = (data_set.Rows, data_set.Columns, data_set.SamplesPerPixel)
    assert (codestream.rows, codestream.columns, codestream.samples) == described
    assert codestream.precision <= data_set.BitsAllocated
    if codestream.lossless is False:
        assert syntax.lossy
    return True


def indexed_files() -> Iterator[Path]:
    with (SHARED / "index.csv").open(newline="") as index:
        yield from (SHARED / row["file"] for row in csv.DictReader(index) if syntax_for(row["transfer_syntax"]).kinds)


@pytest.mark.skipif(not (SHARED / "index.csv").exists(), reason="the shared test files are not there")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_files_agree_with_their_data_sets() -> None:
    assert sum(agrees(path) for path in indexed_files()) >= 125


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pydicom_files_agree_with_their_data_sets() -> None:
    one = get_testdata_file("JPEG2000.dcm", download=False)
    assert isinstance(one, str)
    assert sum(agrees(path) for path in sorted(Path(one).parent.glob("*.dcm"))) >= 30


@pytest.mark.parametrize(
    ("name", "color", "source"),
    [
        ("SC_rgb_dcmtk_+eb+cr.dcm", "RGB", "component ids"),
        ("SC_rgb_jpeg_dcmtk.dcm", "YCC", "JFIF"),
        ("SC_rgb_small_odd_jpeg.dcm", "YCC", "JFIF"),
        ("examples_ybr_color.dcm", "YCC", "subsampling"),
        ("examples_jpeg2k.dcm", "RGB", "MCT"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_color_of_pydicom_files(name: str, color: str, source: str) -> None:
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"{name} is not in this pydicom")
    found = first_frame(Path(str(path)))
    assert found is not None
    codestream = peek(found[2], found[1].family)
    assert codestream is not None
    assert (codestream.color, codestream.color_source) == (color, source)


@pytest.mark.parametrize("stream", STREAMS[:-1], ids=sniff)
def test_it_is_quick(stream: bytes) -> None:
    def took() -> float:
        began = time.perf_counter()
        peek(stream, "jpeg")
        return time.perf_counter() - began

    assert min(took() for _ in range(200)) < 100e-6  # 10 measured; a slow machine may take its time
