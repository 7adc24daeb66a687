"""transcode: files of one transfer syntax into another, judged by pydicom, DCMTK, GDCM and by hand."""

import csv
import shutil
import signal
import struct
import subprocess
import sys
import tracemalloc
import warnings
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import UID, UID_dictionary
from rich.console import Console

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.recode.files import Job, identity_of, jobs_for
from dicompix.pixels.compat.recode.pieces import Items
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    LimitError,
    MissingElementError,
    PixelError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.testing import make_format
from dicompix.transcode import Summary, Transcoded, syntax_uid, transcode
from support import arrays, packing
from support.builders import data_set, file_of, stack
from support.command_line import interruptible

SIZE: Any = {"rows": 32, "columns": 36}
SAMPLES: dict[str, tuple[Stored, int]] = {
    "8": (arrays.gray(8, **SIZE), 8),
    "12": (arrays.gray(12, **SIZE), 12),
    "signed": (arrays.gray(16, signed=True, **SIZE), 16),
    "color": (arrays.color(8, **SIZE), 8),
}
NATIVE = ("implicit", "native", "deflated")
LOSSLESS = ("rle", "jpeg-ls", "j2k-lossless", "jpeg-lossless-sv1", "htj2k-lossless", "jxl-lossless")
WRAPPED = ("encapsulated", "deflated-frames")
DCMTK = {s.RLE_LOSSLESS: "dcmdrle", s.JPEG_LS: "dcmdjpls", s.JPEG_LOSSLESS_SV1: "dcmdjpeg", s.JPEG_BASELINE: "dcmdjpeg"}
LOSS_ELEMENTS = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


def put(path: Path, dataset: Dataset) -> Path:
    path.write_bytes(file_of(dataset).getvalue())
    return path


def described(name: str, frames: int = 3, uid: str = s.EXPLICIT_LITTLE) -> tuple[PixelFormat, Stored]:
    frame, bits = SAMPLES[name]
    fmt = make_format(frame.shape, bits, signed=frame.dtype.kind == "i", transfer_syntax=uid)
    return replace(fmt, frames=frames), stack(frame, frames)


def native(name: str = "12", frames: int = 3) -> tuple[Dataset, Stored]:
    fmt, array = described(name, frames)
    return data_set(fmt, array.tobytes()), array


def coded(uid: str, frames: list[list[bytes]], fmt: PixelFormat, table: tuple[int, ...] = ()) -> Dataset:
    """Return a data set whose items are these, written by hand."""
    fmt = replace(fmt, transfer_syntax=uid, frames=len(frames))
    value = packing.encapsulate(frames, table).removesuffix(packing.DELIMITER)
    return data_set(fmt, value, encapsulated=True)


def pixels(path: Path) -> Stored:
    return dicompix.open_image(path).stored()


def header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True)


def items_of(path: Path) -> list[bytes]:
    """Return the value of each item of the pixel data, the basic offset table first, read by hand."""
    data = pydicom.dcmread(path)["PixelData"].value
    found, position = [], 0
    while position + 8 <= len(data):
        tag, length = struct.unpack("<II", data[position : position + 8])
        assert tag == 0xE000FFFE
        found.append(data[position + 8 : position + 8 + length])
        position += 8 + length
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a native file of three frames."""
    return put(tmp_path / "a.dcm", native()[0])


# Names


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("1.2.840.10008.1.2.4.90", s.JPEG_2000_LOSSLESS),
        ("JPEG 2000 Image Compression (Lossless Only)", s.JPEG_2000_LOSSLESS),
        ("JPEG 2000 Image Compression", s.JPEG_2000),
        ("JPEG2000Lossless", s.JPEG_2000_LOSSLESS),
        ("JPEGLSNearLossless", s.JPEG_LS_NEAR),
        ("JPEGLossless", s.JPEG_LOSSLESS),
        ("JPEG-LS", s.JPEG_LS),
        ("explicit vr little endian", s.EXPLICIT_LITTLE),
        ("rle", s.RLE_LOSSLESS),
        ("JPEG XL JPEG Recompression", s.JPEG_XL_RECOMPRESSION),
        ("htj2k_lossless", s.HTJ2K_LOSSLESS),
        (pydicom.uid.DeflatedExplicitVRLittleEndian, s.DEFLATED_LITTLE),
    ],
)
def test_a_syntax_by_any_of_its_names(name: str, uid: str) -> None:
    assert syntax_uid(name) == uid


@pytest.mark.parametrize("uid", sorted(s.SYNTAXES))
def test_each_syntax_has_its_name_and_keyword_for_itself(uid: str) -> None:
    official, _, _, _, keyword = UID_dictionary.get(uid, (s.syntax_for(uid).name, "", "", "", uid))
    assert syntax_uid(official) == syntax_uid(keyword) == syntax_uid(s.syntax_for(uid).name) == uid


def test_an_unknown_name_is_refused_with_what_is_alike() -> None:
    with pytest.raises(BadValueError, match=r"'jpegls-losless' is no transfer syntax.*JPEG-LS Lossless"):
        syntax_uid("jpegls-losless")
    with pytest.raises(BadValueError, match="one of native"):
        syntax_uid("???")


# Pixels


@pytest.mark.parametrize("frames", [1, 3])
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS, *WRAPPED])
def test_there_and_back_is_lossless(syntax: str, name: str, frames: int, tmp_path: Path) -> None:
    dataset, array = native(name, frames)
    there, back = tmp_path / "there.dcm", tmp_path / "back.dcm"
    done = transcode(put(tmp_path / "a.dcm", dataset), there, syntax, verify=True)
    assert (done[0].status, done[0].frames, done[0].bytes_after) == ("written", frames, there.stat().st_size)
    assert header(there).file_meta.TransferSyntaxUID == syntax_uid(syntax)
    np.testing.assert_array_equal(pixels(there), array)
    transcode(there, back, "native")
    np.testing.assert_array_equal(pydicom.dcmread(back).pixel_array, array if frames > 1 else array[0])
    assert pydicom.dcmread(back) == dataset
    assert not any(name in header(there) for name in (*LOSS_ELEMENTS, "ExtendedOffsetTable"))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "syntax", ["implicit", "native", "deflated", "rle", "jpeg-ls", "j2k-lossless", "jpeg-lossless-sv1"]
)
def test_other_readers_agree(syntax: str, name: str, tmp_path: Path) -> None:
    dataset, array = native(name)
    there = tmp_path / "there.dcm"
    transcode(put(tmp_path / "a.dcm", dataset), there, syntax)
    np.testing.assert_array_equal(pydicom.dcmread(there).pixel_array, array)
    tool = DCMTK.get(syntax_uid(syntax))
    if tool is not None and shutil.which(tool):
        subprocess.run([tool, str(there), str(tmp_path / "b.dcm")], check=True, capture_output=True, timeout=60)
        np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "b.dcm").pixel_array, array)
    if shutil.which("dcmdump"):
        dump = subprocess.run(["dcmdump", str(there)], check=True, capture_output=True, timeout=60)
        assert not dump.stderr
    itk = pytest.importorskip("SimpleITK")
    np.testing.assert_array_equal(itk.GetArrayFromImage(itk.ReadImage(str(there))), array)


@pytest.mark.parametrize("frames", [1, 3, 9])
@pytest.mark.parametrize("syntax", [*NATIVE, "rle", *WRAPPED])
def test_single_bits_are_packed_across_frames(syntax: str, frames: int, tmp_path: Path) -> None:
    array = (np.arange(frames * 15) % 7 % 2).astype(np.uint8).reshape(frames, 3, 5)
    fmt = replace(make_format((3, 5), 1), frames=frames, bits_allocated=1)
    value = packing.bits(array)
    path = put(tmp_path / "a.dcm", data_set(fmt, value))
    transcode(path, tmp_path / "b.dcm", syntax)
    np.testing.assert_array_equal(pixels(tmp_path / "b.dcm"), array)
    transcode(tmp_path / "b.dcm", tmp_path / "c.dcm", "native")
    assert pydicom.dcmread(tmp_path / "c.dcm").PixelData == value + b"\0" * (len(value) % 2)


@pytest.mark.parametrize("syntax", NATIVE)
def test_native_to_native_keeps_every_bit(syntax: str, tmp_path: Path) -> None:
    fmt, array = described("12")
    value = (array | 0xA000).tobytes()  # bits above Bits Stored: an overlay, say
    path = put(tmp_path / "a.dcm", data_set(fmt, value))
    transcode(path, tmp_path / "b.dcm", syntax)
    assert pydicom.dcmread(tmp_path / "b.dcm").PixelData == value


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_big_endian_files_become_little_endian(bits: int, tmp_path: Path) -> None:
    frame = arrays.gray(bits, rows=3, columns=5)
    fmt = make_format(frame.shape, bits, transfer_syntax=s.EXPLICIT_BIG)
    value = packing.words(frame, big_endian=True)
    if bits == 8:  # in words: the bytes of each change places (PS3.5 A.3)
        value = np.frombuffer(value + b"\0", "u2").byteswap().tobytes()
    dataset = data_set(fmt, value, vr="OW")
    dataset.SmallestImagePixelValue = 258
    dataset["SmallestImagePixelValue"].VR = "US"
    path = put(tmp_path / "a.dcm", dataset)
    for syntax in ("native", "rle"):
        transcode(path, tmp_path / f"{syntax}.dcm", syntax)
        there = pydicom.dcmread(tmp_path / f"{syntax}.dcm")
        np.testing.assert_array_equal(there.pixel_array, frame)
        assert there.SmallestImagePixelValue == 258


@pytest.mark.parametrize("bits", [32, 64])
def test_floats_stay_floats_and_native(bits: int, tmp_path: Path) -> None:
    array = np.linspace(-1, 1, 40, dtype=f"f{bits // 8}").reshape(5, 8)
    fmt = replace(make_format((5, 8), bits), floating=True)
    path = put(tmp_path / "a.dcm", data_set(fmt, array.tobytes()))
    transcode(path, tmp_path / "b.dcm", "implicit")
    transcode(tmp_path / "b.dcm", tmp_path / "c.dcm", "native")
    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "c.dcm").pixel_array, array)
    assert (tmp_path / "c.dcm").stat().st_size > array.nbytes
    with pytest.raises(BadValueError, match="holds integers"):
        transcode(path, tmp_path / "d.dcm", "rle")


def test_twelve_packed_bits_are_unpacked(tmp_path: Path) -> None:
    frame, _ = SAMPLES["12"]
    fmt = replace(make_format(frame.shape, 12), bits_allocated=12)
    path = put(tmp_path / "a.dcm", data_set(fmt, packing.twelve(frame)))
    transcode(path, tmp_path / "b.dcm", "jpeg-ls")
    there = pydicom.dcmread(tmp_path / "b.dcm")
    assert (there.BitsAllocated, there.BitsStored, there.HighBit) == (16, 12, 11)
    np.testing.assert_array_equal(pixels(tmp_path / "b.dcm")[0], frame)


def test_ybr_samples_stay_as_they_are_where_nothing_is_lost(tmp_path: Path) -> None:
    frame, _ = SAMPLES["color"]
    fmt = make_format(frame.shape, 8, photometric=Photometric.YBR_FULL)
    path = put(tmp_path / "a.dcm", data_set(fmt, frame.tobytes()))
    transcode(path, tmp_path / "b.dcm", "rle")
    transcode(tmp_path / "b.dcm", tmp_path / "c.dcm", "native")
    there = pydicom.dcmread(tmp_path / "c.dcm")
    assert there.PhotometricInterpretation == "YBR_FULL"
    assert there.PixelData == frame.tobytes()
    with pytest.raises(BadValueError, match="cannot hold YBR_FULL"):
        transcode(path, tmp_path / "d.dcm", "jxl-lossless")
    transcode(path, tmp_path / "d.dcm", "jxl", distance=0.1)  # lossy anyway
    assert header(tmp_path / "d.dcm").PhotometricInterpretation in {"RGB", "XYB"}


def test_shared_chroma_is_spread(tmp_path: Path) -> None:
    value, frame = packing.shared_422(arrays.color(8, rows=6, columns=8))
    fmt = make_format(frame.shape, 8, photometric=Photometric.YBR_FULL_422)
    path = put(tmp_path / "a.dcm", data_set(fmt, value))
    transcode(path, tmp_path / "b.dcm", "rle")
    assert header(tmp_path / "b.dcm").PhotometricInterpretation == "YBR_FULL"
    image = pydicom.pixels.pixel_array(tmp_path / "b.dcm", raw=True)
    np.testing.assert_array_equal(image, frame)


# Copies and recompression


def jpeg(tmp_path: Path, name: str = "color") -> tuple[Path, list[bytes]]:
    """Return a lossy JPEG file of two frames, its first one in two fragments, and the frames."""
    imagecodecs = pytest.importorskip("imagecodecs")
    _, array = described(name, 2)
    frames = [bytes(imagecodecs.jpeg8_encode(frame, level=80)) for frame in array]
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    fmt = make_format(array.shape[1:], 8, photometric=Photometric.YBR_FULL_422 if name == "color" else None)
    dataset = coded(s.JPEG_BASELINE, [packing.cut(frames[0], 2), [frames[1]]], fmt)
    return put(tmp_path / "jpeg.dcm", dataset), frames


def test_the_same_syntax_copies_frames_and_mends_the_table(tmp_path: Path) -> None:
    path, frames = jpeg(tmp_path)
    transcode(path, tmp_path / "b.dcm", "jpeg", verify=True)
    assert items_of(path)[0] == b""
    assert items_of(tmp_path / "b.dcm") == [struct.pack("<2I", 0, 8 + len(frames[0])), *frames]
    assert header(tmp_path / "b.dcm") == header(path)  # not even derived


def test_the_same_syntax_with_a_parameter_encodes_anew(tmp_path: Path) -> None:
    path, frames = jpeg(tmp_path)
    transcode(path, tmp_path / "b.dcm", "jpeg", quality=20)
    assert sum(map(len, items_of(tmp_path / "b.dcm")[1:])) < sum(map(len, frames))
    assert len(header(tmp_path / "b.dcm").LossyImageCompressionRatio) == 2  # the JPEG's, unrecorded, and ours


def test_verify_decodes_what_is_copied(tmp_path: Path) -> None:
    path, frames = jpeg(tmp_path)
    fmt, _ = described("color", 1)
    broken = coded(s.JPEG_BASELINE, [[frames[0]], [frames[1][: len(frames[1]) // 4 * 2]]], fmt)
    put(path, broken)
    transcode(path, tmp_path / "b.dcm", "jpeg")
    with pytest.raises(CodecError, match="frame 1: "):
        transcode(path, tmp_path / "c.dcm", "jpeg", verify=True)
    assert not (tmp_path / "c.dcm").exists()


@pytest.mark.parametrize("name", ["8", "color"])
def test_jpeg_to_jpeg_xl_and_back_gives_every_byte(name: str, tmp_path: Path) -> None:
    path, frames = jpeg(tmp_path, name)
    transcode(path, tmp_path / "b.dcm", "jxl-recompression")
    assert pydicom.dcmread(tmp_path / "b.dcm").file_meta.TransferSyntaxUID == s.JPEG_XL_RECOMPRESSION
    assert header(tmp_path / "b.dcm") == header(path)  # the same picture: same UID, nothing more lost
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libjxl gives RGB, the header describes the JPEG
        found = pixels(tmp_path / "b.dcm")
    assert np.abs(found.astype(int) - pixels(path)).mean() < 4  # two decoders, 4:2:0 chroma
    transcode(tmp_path / "b.dcm", tmp_path / "c.dcm", "jpeg")
    assert items_of(tmp_path / "c.dcm")[1:] == frames


def test_jpeg_xl_of_something_else_is_no_recompression(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="is made of JPEG Baseline"):
        transcode(source, tmp_path / "b.dcm", "jxl-recompression")
    path, frames = jpeg(tmp_path)
    fmt, _ = described("color", 1)
    put(path, coded(s.JPEG_BASELINE, [[frames[0]], [frames[1][:-40]]], fmt))
    with pytest.raises(CodecError, match=r"frame 1: it cannot become JPEG XL"):
        transcode(path, tmp_path / "b.dcm", "jxl-recompression")


# What the header says


def lost(path: Path) -> list[Any]:
    found = header(path)
    return [found.get(name) for name in LOSS_ELEMENTS]


def test_a_loss_is_told_and_makes_a_new_instance(source: Path, tmp_path: Path) -> None:
    dataset, _ = native()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    put(source, dataset)
    transcode(source, tmp_path / "b.dcm", "jpeg-ls-near", near=3)
    there = header(tmp_path / "b.dcm")
    coded_bytes = sum(map(len, items_of(tmp_path / "b.dcm")[1:]))
    native_bytes = 3 * SIZE["rows"] * SIZE["columns"] * 2
    assert lost(tmp_path / "b.dcm")[::2] == ["01", "ISO_14495_1"]
    assert float(there.LossyImageCompressionRatio) == pytest.approx(native_bytes / coded_bytes, rel=0.005)
    assert there.ImageType[0] == "DERIVED"
    assert there.SOPInstanceUID == there.file_meta.MediaStorageSOPInstanceUID != "1.2.3.4"
    assert np.abs(pixels(tmp_path / "b.dcm").astype(int) - pixels(source)).max() in range(1, 4)


@pytest.mark.parametrize(("asked", "kept"), [(None, True), (False, True), (True, False)])
def test_a_lossless_copy_keeps_its_uid_unless_asked(
    asked: bool | None,  # noqa: FBT001
    kept: bool,  # noqa: FBT001
    source: Path,
    tmp_path: Path,
) -> None:
    for syntax in ("rle", "implicit"):
        transcode(source, tmp_path / syntax, syntax, generate_instance_uid=asked)
        there = header(tmp_path / syntax)
        assert (there.SOPInstanceUID == "1.2.3.4") is kept
        assert there.file_meta.MediaStorageSOPInstanceUID == there.SOPInstanceUID
    transcode(source, tmp_path / "c", "jpeg-ls-near", generate_instance_uid=asked)
    assert (header(tmp_path / "c").SOPInstanceUID == "1.2.3.4") is (asked is False)


@pytest.mark.parametrize("syntax", ["native", "j2k-lossless"])
def test_a_loss_stays_in_the_history(syntax: str, source: Path, tmp_path: Path) -> None:
    transcode(source, tmp_path / "b.dcm", "jpeg-ls-near", near=3)
    transcode(tmp_path / "b.dcm", tmp_path / "c.dcm", syntax)
    assert lost(tmp_path / "c.dcm") == lost(tmp_path / "b.dcm")
    assert header(tmp_path / "c.dcm").SOPInstanceUID == header(tmp_path / "b.dcm").SOPInstanceUID
    np.testing.assert_array_equal(pixels(tmp_path / "c.dcm"), pixels(tmp_path / "b.dcm"))


def test_a_loss_that_nobody_recorded_is(tmp_path: Path) -> None:
    path, frames = jpeg(tmp_path)
    transcode(path, tmp_path / "b.dcm", "native")
    assert lost(tmp_path / "b.dcm")[::2] == ["01", "ISO_10918_1"]
    ratio = 2 * SIZE["rows"] * SIZE["columns"] * 3 / sum(map(len, frames))
    assert float(header(tmp_path / "b.dcm").LossyImageCompressionRatio) == pytest.approx(ratio, rel=1e-4)
    assert header(tmp_path / "b.dcm").SOPInstanceUID == "1.2.3.4"
    np.testing.assert_array_equal(pixels(tmp_path / "b.dcm"), pixels(path))


def test_a_lossless_stream_in_a_lossy_syntax_loses_nothing(source: Path, tmp_path: Path) -> None:
    transcode(source, tmp_path / "b.dcm", "jpeg-ls-near", near=0)
    assert lost(tmp_path / "b.dcm") == [None] * 3
    np.testing.assert_array_equal(pixels(tmp_path / "b.dcm"), pixels(source))


def test_offset_tables(source: Path, tmp_path: Path) -> None:
    basic, extended, native_again = (tmp_path / name for name in ("basic", "extended", "native"))
    transcode(source, basic, "rle")
    table, *frames = items_of(basic)
    starts = [0, 8 + len(frames[0]), 16 + len(frames[0]) + len(frames[1])]
    assert struct.unpack("<3I", table) == tuple(starts)
    transcode(basic, extended, "rle", extended_offsets=True)
    there = pydicom.dcmread(extended)
    assert items_of(extended) == [b"", *frames]
    assert struct.unpack("<3Q", there.ExtendedOffsetTable) == tuple(starts)
    assert struct.unpack("<3Q", there.ExtendedOffsetTableLengths) == tuple(map(len, frames))
    transcode(extended, native_again, "native")
    assert header(native_again) == header(source)
    transcode(extended, tmp_path / "again", "rle")
    assert (tmp_path / "again").read_bytes() == basic.read_bytes()


@pytest.mark.parametrize(("wanted", "tables"), [(None, True), (True, True), (False, False)])
def test_over_four_gigabytes_the_table_is_extended(wanted: bool | None, tables: bool) -> None:  # noqa: FBT001
    half = (1 << 31) - 2
    items = Items(BytesIO(), make_format((1, 1)), (half, half, half), None)
    found = items.extended(wanted=wanted)
    assert (found is not None) is tables
    if found is not None:
        assert struct.unpack("<3Q", found[0]) == (0, half + 8, 2 * half + 16)
    assert b"".join(items.element(extended=tables).pieces)[:8] == packing.ITEM + bytes(4)
    small = Items(BytesIO(), make_format((1, 1)), (half, half), None)
    assert (small.extended(wanted=wanted) is None) is not bool(wanted)


@pytest.mark.parametrize("after", ["native", "implicit", "deflated", "rle"])
@pytest.mark.parametrize("before", ["native", "implicit", "deflated", "rle", "big"])
def test_what_lies_around_the_pixels_stays(before: str, after: str, tmp_path: Path) -> None:
    dataset, array = native(frames=2)
    if before == "big":
        dataset.file_meta.TransferSyntaxUID = UID(s.EXPLICIT_BIG)
        dataset.PixelData = array[:2].astype(">u2").tobytes()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Größe^Ä"
    dataset.add_new(0x00090010, "LO", "SOMEONE")
    dataset.add_new(0x00091001, "OB", b"\1\2\3\4")
    dataset.add_new(0xFFFCFFFC, "OB", b"trailing")
    path = put(tmp_path / "a.dcm", dataset)
    if before in {"implicit", "deflated", "rle"}:
        transcode(path, tmp_path / "a2.dcm", before)
        path = tmp_path / "a2.dcm"
    transcode(path, tmp_path / "b.dcm", after)
    there = pydicom.dcmread(tmp_path / "b.dcm")
    assert there.PatientName == "Größe^Ä"
    assert bytes(there[0x00091001].value) == b"\1\2\3\4"
    assert there[0xFFFCFFFC].value == b"trailing"
    np.testing.assert_array_equal(there.pixel_array, array[:2])


def test_bytes_that_are_no_elements_are_left_out(source: Path, tmp_path: Path) -> None:
    source.write_bytes(source.read_bytes() + bytes(10))
    with pytest.warns(PixelWarning, match="trailing-bytes"):
        done = transcode(source, tmp_path / "b.dcm", "rle")
    assert [finding.code for finding in done[0].findings] == ["trailing-bytes"]
    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "b.dcm").pixel_array, native()[1])


def test_frames_beyond_their_number_are_left_out_and_reported(source: Path, tmp_path: Path) -> None:
    dataset, array = native()
    dataset.NumberOfFrames = 2
    with pytest.warns(PixelWarning, match=r"excess-frames.*found 2, used 2"):
        transcode(put(source, dataset), tmp_path / "b.dcm", "rle")
    np.testing.assert_array_equal(pydicom.dcmread(tmp_path / "b.dcm").pixel_array, array[:2])


def test_an_encapsulated_icon_is_decoded(tmp_path: Path) -> None:
    fmt, array = described("8", 1)
    dataset = coded(s.RLE_LOSSLESS, [[packing.rle(array[0])]], fmt)
    icon = coded(s.RLE_LOSSLESS, [[packing.rle(array[0, :8, :8])]], replace(fmt, rows=8, columns=8))
    for name in ("SOPClassUID", "SOPInstanceUID", "file_meta"):
        delattr(icon, name)
    dataset.IconImageSequence = [icon]
    path = put(tmp_path / "a.dcm", dataset)
    for syntax in ("native", "jpeg-ls"):
        transcode(path, tmp_path / syntax, syntax)
        (there,) = pydicom.dcmread(tmp_path / syntax).IconImageSequence
        assert there.PixelData == array[0, :8, :8].tobytes()
        assert not there["PixelData"].is_undefined_length
    transcode(path, tmp_path / "same", "rle")
    assert pydicom.dcmread(tmp_path / "same").IconImageSequence[0]["PixelData"].is_undefined_length


def test_the_file_meta_is_that_of_a_new_file(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    data[:4] = b"II*\0"  # a TIFF header, whose offsets would no longer be true
    source.write_bytes(data)
    transcode(source, tmp_path / "b.dcm", "rle")
    written = (tmp_path / "b.dcm").read_bytes()
    assert written[:132] == bytes(128) + b"DICM"
    meta = header(tmp_path / "b.dcm").file_meta
    assert meta.FileMetaInformationVersion == b"\0\1"
    end = 144 + meta.FileMetaInformationGroupLength
    assert written[end : end + 2] == b"\x08\0"  # the first element after the group is where its length says
    assert meta.ImplementationVersionName == "DICOMPIX"


def test_a_header_in_another_encoding_than_its_syntax_says(tmp_path: Path) -> None:
    example = get_testdata_file("SC_rgb_jpeg.dcm", download=False)
    if example is None:
        pytest.skip("pydicom does not ship it")
    for syntax in ("native", "j2k-lossless", "jpeg"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transcode(str(example), tmp_path / syntax, syntax)
            np.testing.assert_array_equal(pixels(tmp_path / syntax), pixels(Path(str(example))))


# Errors


@pytest.mark.parametrize(
    ("syntax", "parameters", "error", "phrase"),
    [
        (s.EXPLICIT_BIG, {}, UnsupportedError, "needed little endian"),
        ("GE Private Implicit VR, Big Endian Pixels", {}, UnsupportedError, "is not written"),
        ("rle", {"quality": 50}, BadValueError, "RLE Lossless takes no parameter, but quality is given"),
        ("j2k", {"near": 1}, BadValueError, "takes ratio or psnr, but near"),
        ("rle", {"workers": 0}, BadValueError, "workers is 0"),
        ("rle", {"codec": "nobody"}, PixelError, "nobody"),
        ("MPEG2 Main Profile / Main Level", {}, PixelError, "MPEG2"),
        ("jpeg", {}, BadValueError, "JPEG Baseline"),  # 12 bits
    ],
)
def test_what_cannot_be_is_refused(
    syntax: str, parameters: dict[str, Any], error: type[Exception], phrase: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=phrase):
        transcode(source, tmp_path / "out" / "b.dcm", syntax, **parameters)
    assert not (tmp_path / "out" / "b.dcm").exists()


@pytest.mark.parametrize("syntax", [*NATIVE, "rle"])
def test_a_broken_frame_leaves_nothing_behind(syntax: str, tmp_path: Path) -> None:
    fmt, array = described("8", 1)
    frames = [[packing.rle(array[0])], [packing.rle(array[0])], [packing.rle(array[0])[:70]]]
    path = put(tmp_path / "a.dcm", coded(s.RLE_LOSSLESS, frames, fmt))
    (tmp_path / "out").mkdir()
    with pytest.raises((CodecError, FrameError), match="frame 2: "):
        transcode(path, tmp_path / "out" / "b.dcm", syntax if syntax != "rle" else "jpeg-ls")
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_frames_are_an_error(source: Path, tmp_path: Path) -> None:
    dataset, _ = native()
    dataset.NumberOfFrames = 4
    put(source, dataset)
    for syntax in ("implicit", "rle"):
        with pytest.raises(FrameError, match=r"frame 3|less than expected"):
            transcode(source, tmp_path / "b.dcm", syntax)


def test_native_data_longer_than_its_length_can_tell(tmp_path: Path) -> None:
    fmt = replace(make_format((8192, 8192), 16), frames=40)
    blank = packing.rle(np.zeros((1, 1), np.uint16))
    path = put(tmp_path / "a.dcm", coded(s.RLE_LOSSLESS, [[blank]] * 40, fmt))
    with pytest.raises((FrameError, LimitError, CodecError)):
        transcode(path, tmp_path / "b.dcm", "native")


def test_embedded_overlays_are_not_lost(source: Path, tmp_path: Path) -> None:
    dataset, _ = native()
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 15)
    put(source, dataset)
    with pytest.raises(UnsupportedError, match="overlay"):
        transcode(source, tmp_path / "b.dcm", "rle")
    transcode(source, tmp_path / "b.dcm", "implicit")


# Files


@pytest.mark.parametrize("name", ["same", "hard", "symbolic", "folder"])
def test_the_input_is_never_overwritten(name: str, source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    link = tmp_path / "link.dcm"
    if name == "hard":
        link.hardlink_to(source)
    elif name == "symbolic":
        link.symlink_to(source)
    target = {"same": tmp_path / "." / "a.dcm", "folder": tmp_path}.get(name, link)
    with pytest.raises(shutil.SameFileError):
        transcode(source, target, "rle", overwrite=True)
    assert source.read_bytes() == before


def test_a_folder_is_not_written_onto_itself(source: Path, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(tmp_path)
    for target in (tmp_path, tmp_path / "other"):
        with pytest.raises(shutil.SameFileError):
            transcode(tmp_path, target, "rle", overwrite=True)


def test_another_input_is_not_overwritten_either(source: Path, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    (inside / "in").mkdir(parents=True)
    for path in (inside / "a.dcm", inside / "in" / "a.dcm"):
        path.write_bytes(source.read_bytes())
    before = (inside / "a.dcm").read_bytes()
    done = transcode(inside, tmp_path, "rle", overwrite=True)
    assert isinstance(done.failed[0].error, shutil.SameFileError)
    assert done.failed[0].source == inside / "in" / "a.dcm"
    assert (inside / "a.dcm").read_bytes() == before
    assert header(tmp_path / "a.dcm").file_meta.TransferSyntaxUID == s.RLE_LOSSLESS


def test_targets_that_exist_are_kept_unless_asked(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.dcm"
    target.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        transcode(source, target, "rle")
    assert target.read_bytes() == b"mine"
    transcode(source, target, "rle", overwrite=True)
    assert header(target).file_meta.TransferSyntaxUID == s.RLE_LOSSLESS
    broken = tmp_path / "broken"
    broken.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        transcode(source, broken, "rle")


def test_a_link_to_another_file_is_replaced_not_followed(source: Path, tmp_path: Path) -> None:
    other, target = tmp_path / "other", tmp_path / "b.dcm"
    other.write_bytes(b"mine")
    target.symlink_to(other)
    transcode(source, target, "rle", overwrite=True)
    assert other.read_bytes() == b"mine"
    assert not target.is_symlink()


def test_jobs(source: Path, tmp_path: Path) -> None:
    assert jobs_for(source, tmp_path / "new") == [Job(source, tmp_path / "new")]
    (tmp_path / "out").mkdir()
    assert jobs_for(source, tmp_path / "out") == [Job(source, tmp_path / "out" / "a.dcm")]
    (tmp_path / "out" / "earlier.dcm").write_bytes(b"")
    assert jobs_for(tmp_path, tmp_path / "out") == [Job(source, tmp_path / "out" / "a.dcm")]
    with pytest.raises(FileNotFoundError):
        jobs_for(tmp_path / "nothing", tmp_path)
    with pytest.raises(NotADirectoryError):
        jobs_for(tmp_path, source)
    assert identity_of(tmp_path / "nothing") is None


def test_a_folder_is_mirrored_and_bad_files_stop_nobody(source: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.dcm").write_bytes(source.read_bytes())
    (folder / "deep" / "er" / "b").write_bytes(source.read_bytes())
    fmt, array = described("8", 1)
    put(folder / "deep" / "broken.dcm", coded(s.RLE_LOSSLESS, [[packing.rle(array[0])[:70]]], fmt))
    (folder / "notes.txt").write_text("no DICOM")
    (folder / "empty").write_bytes(b"")
    for name in ("rtplan.dcm", "DICOMDIR"):
        shutil.copy(str(get_testdata_file(name, download=False)), folder / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of the plan
        done = transcode(folder, out, "jpeg-ls")
    found = {str(file.source.relative_to(folder)): file for file in done}
    assert {name: file.status for name, file in found.items()} == {
        "DICOMDIR": "skipped",
        "a.dcm": "written",
        "deep/broken.dcm": "failed",
        "deep/er/b": "written",
        "empty": "skipped",
        "notes.txt": "skipped",
        "rtplan.dcm": "copied",
    }
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert written == ["a.dcm", "deep/er/b", "rtplan.dcm"]
    assert (out / "rtplan.dcm").read_bytes() == (folder / "rtplan.dcm").read_bytes()
    assert [type(file.error) for file in done.failed] == [CodecError]
    assert "1 failed" in str(done)
    assert str(folder / "deep" / "broken.dcm") in str(done)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = transcode(folder, out, "jpeg-ls")
    assert sum(isinstance(file.error, FileExistsError) for file in again.failed) == 3


def test_files_without_pixels_in_a_native_syntax_are_rewritten(tmp_path: Path) -> None:
    plan = str(get_testdata_file("rtplan.dcm", download=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert transcode(plan, tmp_path / "a", "deflated")[0].status == "written"
        assert transcode(tmp_path / "a", tmp_path / "b", "implicit", generate_instance_uid=True)[0].status == "written"
        assert transcode(tmp_path / "b", tmp_path / "c", "implicit")[0].status == "copied"
        there, original = pydicom.dcmread(tmp_path / "c"), pydicom.dcmread(plan)
    assert there.SOPInstanceUID != original.SOPInstanceUID
    there.SOPInstanceUID = original.SOPInstanceUID
    assert there == original


def test_a_single_file_that_is_no_dicom_raises(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    with pytest.raises(pydicom.errors.InvalidDicomError):
        transcode(tmp_path / "notes.txt", tmp_path / "b", "rle")
    with pytest.raises(UnsupportedError, match="DICOMDIR"):
        transcode(str(get_testdata_file("DICOMDIR", download=False)), tmp_path / "b", "rle")
    assert not (tmp_path / "b").exists()


def test_pixels_elsewhere_are_no_reason_to_copy(source: Path, tmp_path: Path) -> None:
    dataset, _ = native()
    del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.94")
    dataset.PixelDataProviderURL = "https://example.org/pixels"
    put(source, dataset)
    with pytest.raises(UnsupportedError, match=r"example\.org"):
        transcode(source, tmp_path / "b", "native")


def test_large_files_come_one_after_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys.modules["dicompix.transcode"], "_LARGE", 7000)
    folder = tmp_path / "in"
    folder.mkdir()
    for number, frames in enumerate((1, 5, 2, 6)):
        put(folder / f"{number}.dcm", native(frames=frames)[0])
    done = transcode(folder, tmp_path / "out", "rle", workers=2)
    assert [file.frames for file in done] == [1, 5, 2, 6]
    assert [file.source.name for file in done] == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]


# Summary and progress


def test_the_summary_is_a_table() -> None:
    files = (
        Transcoded(
            source=Path("a[b].dcm"), status="written", frames=3, bytes_before=9000, bytes_after=3000, seconds=0.5
        ),
        Transcoded(source=Path("b.dcm"), status="failed", error=MissingElementError("no\nRows")),
        Transcoded(source=Path("c.txt"), status="skipped", note="no DICOM file", error=OSError("x")),
    )
    summary = Summary(files, s.RLE_LOSSLESS, 1.5)
    console = Console(width=170, record=True, file=StringIO())
    console.print(summary)
    text = console.export_text()
    for word in (
        "to RLE Lossless: 1 written",
        "a[b].dcm",
        "3.00",
        "MissingElementError: no Rows",
        "no DICOM file",
        "500",
    ):
        assert word in text
    assert summary[1:] == files[1:]
    assert summary.failed == (files[1],)
    assert len(summary) == 3


@pytest.mark.parametrize("syntax", ["rle", "implicit", "deflated"])
def test_progress_ends_at_all(syntax: str, source: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    transcode(source, tmp_path / "b.dcm", syntax, progress=lambda done, total: told.append((done, total)))
    size = source.stat().st_size
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_bar_is_shown(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    transcode(source, tmp_path / "b.dcm", "rle", progress=True)
    assert header(tmp_path / "b.dcm").file_meta.TransferSyntaxUID == s.RLE_LOSSLESS


# Interruption, memory


@pytest.mark.parametrize("syntax", ["rle", "deflated", "implicit"])
def test_an_interrupted_run_leaves_nothing(syntax: str, source: Path, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "out").mkdir()
    with pytest.raises(KeyboardInterrupt):
        transcode(source, tmp_path / "out" / "b.dcm", syntax, progress=interrupt)
    assert list((tmp_path / "out").iterdir()) == []


KILLED = """
import sys, time
from dicompix.transcode import transcode
def slow(done, total):
    print(done, flush=True)
    time.sleep(30)
transcode(sys.argv[1], sys.argv[2], sys.argv[3], overwrite=True, progress=slow)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("syntax", ["rle", "deflated"])
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_killed_run_leaves_no_half_written_file(how: str, syntax: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "b.dcm"
    target.parent.mkdir()
    target.write_bytes(b"of yesterday")
    transcode(source, tmp_path / "rle.dcm", "rle")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "rle.dcm"), str(target), syntax]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=interruptible)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun
    process.send_signal(getattr(signal, how))
    process.wait(20)
    process.stdout.close()
    assert process.returncode != 0
    assert target.read_bytes() == b"of yesterday"
    left = [path.name for path in target.parent.iterdir() if path != target]
    assert not [name for name in left if not name.endswith(".part")]
    if how == "SIGINT":
        assert left == []


@pytest.mark.parametrize(("first", "second"), [("rle", "native"), ("native", "jpeg-ls"), ("native", "implicit")])
def test_two_thousand_frames_take_the_memory_of_a_few(first: str, second: str, tmp_path: Path) -> None:
    frame = np.arange(128 * 128, dtype=np.uint16).reshape(128, 128) & 0xFFF
    fmt = replace(make_format(frame.shape, 12), frames=2000)
    path, there = tmp_path / "a.dcm", tmp_path / "b.dcm"
    if first == "rle":
        put(path, coded(s.RLE_LOSSLESS, [[packing.rle(frame)]] * 2000, fmt))
    else:
        put(path, data_set(fmt, frame.tobytes() * 2000))
    tracemalloc.start()
    transcode(path, there, second)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < fmt.frame_bytes * 2000 / 2.5  # 65 MB decoded
    image = dicompix.open_image(there)
    assert len(image) == 2000
    for number in (0, 1000, 1999):
        np.testing.assert_array_equal(image[number], frame)


def test_many_workers_give_the_same_file(tmp_path: Path) -> None:
    frames = 40
    path = put(tmp_path / "a.dcm", native(frames=frames)[0])
    for workers in (1, 2, 5):
        transcode(path, tmp_path / str(workers), "jpeg-ls", workers=workers)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() == (tmp_path / "5").read_bytes()


# Real files

REAL = ("j2k-lossless", "jpeg-ls", "rle", "native")
MOST_BYTES = 60_000


def array_of(path: Path) -> Stored | Exception:
    try:
        array = pixels(path)  # as many frames as are declared
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything
        return problem
    return array


@pytest.mark.parametrize("syntax", REAL)
def test_real_files(syntax: str, shared_data: Path, tmp_path: Path) -> None:
    with (shared_data / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["size"]) < MOST_BYTES]
    equal = 0
    for number, row in enumerate(rows):
        path, there = shared_data / row["file"], tmp_path / f"{number}.dcm"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = array_of(path)
            try:
                done = transcode(path, there, syntax)
            except (PixelError, pydicom.errors.InvalidDicomError):
                assert not there.exists()
                continue
            if done[0].frames and isinstance(wanted, np.ndarray):
                found = array_of(there)
                assert isinstance(found, np.ndarray), f"{path}: {found}"
                np.testing.assert_array_equal(found, wanted, str(path))
                equal += 1
    assert equal > 80
