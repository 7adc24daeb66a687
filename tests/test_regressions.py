"""Defects that were found once: each stays mended."""

import io
from pathlib import Path
from shutil import copy

import imagecodecs
import numpy as np
import PIL.Image
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

import dicompix
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import BadValueError, CodecError, FrameError, PixelWarning
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.registry import Registry
from dicompix.pixels.syntaxes import HTJ2K_LOSSLESS, JPEG_BASELINE, JPEG_LS, RLE_LOSSLESS

RAMP = (np.add.outer(np.arange(48) * 3, np.arange(40) * 2) % 256).astype(np.uint8)


def gray(
    data: bytes, uid: str, *, rows: int = 48, columns: int = 40, samples: int = 1, photometric: str = "MONOCHROME2"
) -> dicompix.Dataset:
    ds = dicompix.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(uid)
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, samples, photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    if samples > 1:
        ds.PlanarConfiguration = 0
    ds.add_new("PixelData", "OB", data)
    return ds


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_jpeg_with_restart_markers_cut_anywhere_is_an_error_or_right(interval: int) -> None:
    file = io.BytesIO()
    PIL.Image.fromarray(RAMP).save(file, "JPEG", quality=90, restart_marker_blocks=interval)
    whole = file.getvalue()
    fmt = PixelFormat(rows=48, columns=40, transfer_syntax=JPEG_BASELINE)
    expected = decode_frame(whole, fmt).array
    refused = 0
    for length in range(len(whole) - 220, len(whole)):
        try:
            found = decode_frame(whole[:length], fmt, codec="imagecodecs").array
        except CodecError:
            refused += 1
            continue
        np.testing.assert_array_equal(found, expected)
    assert refused > 200


def test_a_cut_htj2k_stream_with_an_end_marker_is_an_error() -> None:
    whole = bytes(imagecodecs.htj2k_encode(RAMP, reversible=True))
    fmt = PixelFormat(rows=48, columns=40, transfer_syntax=HTJ2K_LOSSLESS)
    np.testing.assert_array_equal(decode_frame(whole, fmt).array, RAMP)
    for length in range(len(whole) // 2, len(whole) - 3, 7):
        with pytest.raises(CodecError):
            decode_frame(whole[:length] + b"\xff\xd9", fmt)


def test_what_openjph_throws_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    whole = bytes(imagecodecs.htj2k_encode(np.random.default_rng(0).integers(0, 255, (48, 40), dtype=np.uint8)))
    fmt = PixelFormat(rows=48, columns=40, transfer_syntax=HTJ2K_LOSSLESS)
    errors = 0
    for position in range(200, len(whole) - 40, 11):
        broken = whole[:position] + b"\xff" * 12 + whole[position + 12 :]
        try:
            decode_frame(broken, fmt)
        except CodecError:
            errors += 1
    assert errors > 0
    assert "Exception ignored" not in capfd.readouterr().err


def test_a_codestream_that_nobody_encapsulated_is_decoded_and_reported() -> None:
    ds = gray(bytes(imagecodecs.jpegls_encode(RAMP)), JPEG_LS)
    with pytest.warns(PixelWarning, match="not-encapsulated"):
        np.testing.assert_array_equal(ds.pixel_array, RAMP)


def test_bytes_that_are_neither_items_nor_native_are_refused() -> None:
    with pytest.raises(ValueError, match="Found unexpected tag"):
        gray(b"abcdefgh" * 20, RLE_LOSSLESS).pixel_array  # noqa: B018  # the access raises


def test_a_component_transform_is_no_colour_of_jpeg_ls() -> None:
    colour = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    data = encapsulate([bytes(imagecodecs.jpegls_encode(colour))])
    ds = gray(data, JPEG_LS, rows=16, columns=16, samples=3, photometric="YBR_RCT")
    with pytest.warns(PixelWarning, match="codestream-color"):
        np.testing.assert_array_equal(ds.pixel_array, colour)


def no_frame(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> None:
    """Return nothing, as no codec should."""


def wrong_shape(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    return Frame(np.zeros((2, 2), np.uint8), fmt.photometric)


def wrong_type(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    return Frame(np.full(fmt.frame_shape, 1.5), fmt.photometric)


def attribute_error(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    raise AttributeError("oops")


@pytest.mark.parametrize("name", ["no_frame", "wrong_shape", "wrong_type", "attribute_error", "is_not_there"])
def test_a_codec_that_breaks_its_contract_is_passed_over(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codecs = Registry()
    monkeypatch.setitem(__import__("sys").modules, "regressions", __import__("sys").modules[__name__])
    codecs.add(JPEG_LS, CodecEntry("broken", f"regressions:{name}"), first=True)
    data = bytes(imagecodecs.jpegls_encode(RAMP))
    frame = decode_frame(data, PixelFormat(rows=48, columns=40, transfer_syntax=JPEG_LS), codecs=codecs)
    np.testing.assert_array_equal(frame.array, RAMP)
    assert [finding.code for finding in frame.findings] == ["codec-fallback"]


@pytest.mark.parametrize("codec", [[], 5, [1]])
def test_a_choice_of_codecs_that_is_none_is_a_value_error(codec: object) -> None:
    with pytest.raises(BadValueError):
        Registry().find(JPEG_LS, codec)  # type: ignore[arg-type]


@pytest.mark.parametrize("samples", [0, 2, 4])
def test_an_impossible_number_of_samples_is_a_value_error(samples: int) -> None:
    ds = gray(RAMP.tobytes(), "1.2.840.10008.1.2.1")
    ds.SamplesPerPixel = samples
    with pytest.raises(ValueError, match="Samples per Pixel"):
        ds.pixel_array  # noqa: B018  # the access raises


def read_only() -> Stored:
    array = np.zeros((1, 48, 40), np.uint8)
    array.setflags(write=False)
    return array


@pytest.mark.parametrize("out", [read_only(), [1]], ids=["read-only", "list"])
@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.1", JPEG_LS])
def test_an_array_that_cannot_be_filled_is_refused(out: Stored, uid: str) -> None:
    data = RAMP.tobytes() if uid != JPEG_LS else encapsulate([bytes(imagecodecs.jpegls_encode(RAMP))])
    with pytest.raises(FrameError, match="needed a writable array"):
        gray(data, uid).pixels.stored(out=out)


def test_odd_partial_420_frames_are_whole_pairs() -> None:
    fmt = PixelFormat(rows=3, columns=5, samples=3, photometric=Photometric.YBR_PARTIAL_420)
    assert fmt.frame_bytes == 12 + 6 + 12  # Y Y CB CR for three pairs, Y Y for three pairs, and again the first
    assert decode_frame(bytes(30), fmt).array.shape == (3, 5, 3)


def test_a_broken_deflated_file_is_an_error_of_ours(tmp_path: Path) -> None:
    path = copy(str(get_testdata_file("image_dfl.dcm", download=False)), tmp_path)
    Path(path).write_bytes(Path(path).read_bytes()[:-300])
    with pytest.raises(FrameError, match="deflated"):
        dicompix.open_image(path)
