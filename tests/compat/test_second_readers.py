"""Files with pixel data that we wrote, read by others: pydicom, DCMTK, and GDCM inside SimpleITK."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.compress import compress
from dicompix.pixels.compat.decompress import decompress
from dicompix.pixels.compat.set_pixels import set_pixel_data
from dicompix.pixels.format import Photometric
from dicompix.pixels.testing import make_format
from support import arrays
from support.builders import data_set

SIZE: Any = {"rows": 64, "columns": 70}
SAMPLES: dict[str, tuple[Stored, int]] = {
    "8": (arrays.gray(8, **SIZE), 8),
    "12": (arrays.gray(12, **SIZE), 12),
    "16": (arrays.gray(16, **SIZE), 16),
    "signed": (arrays.gray(16, signed=True, **SIZE), 16),
    "color": (arrays.color(8, **SIZE), 8),
}
SMOOTH: dict[str, tuple[Stored, int]] = {
    "8": (arrays.smooth(8, **SIZE), 8),
    "12": (arrays.smooth(12, **SIZE), 12),
    "color": (arrays.smooth_color(**SIZE), 8),
}
DCMTK = {
    s.RLE_LOSSLESS: "dcmdrle",
    s.JPEG_BASELINE: "dcmdjpeg",
    s.JPEG_EXTENDED: "dcmdjpeg",
    s.JPEG_LOSSLESS: "dcmdjpeg",
    s.JPEG_LOSSLESS_SV1: "dcmdjpeg",
    s.JPEG_LS: "dcmdjpls",
    s.JPEG_LS_NEAR: "dcmdjpls",
}
LOSSLESS = (s.RLE_LOSSLESS, s.JPEG_LOSSLESS, s.JPEG_LOSSLESS_SV1, s.JPEG_LS, s.JPEG_2000_LOSSLESS)
LOSSY: dict[str, dict[str, Any]] = {
    s.JPEG_BASELINE: {"quality": 90},
    s.JPEG_EXTENDED: {"quality": 90},
    s.JPEG_LS_NEAR: {"near": 2},
    s.JPEG_2000: {"psnr": 50.0},
}
MOST = {s.JPEG_LS_NEAR: 2, s.JPEG_2000: 12}  # the greatest error of a smooth gray frame


def native(frame: Stored, bits: int, frames: int) -> Dataset:
    """Return a native data set of frames that differ: the frame rolled on by one column each."""
    rolled = np.stack([np.roll(frame, number, axis=1) for number in range(frames)])
    fmt = make_format(frame.shape, frame.dtype.itemsize * 8, signed=frame.dtype.kind == "i")
    color = {"photometric": Photometric.RGB} if frame.ndim == 3 else {}
    fmt = replace(fmt, bits_stored=bits, frames=frames, **color)  # type: ignore[arg-type]
    dataset = data_set(fmt, rolled.tobytes())
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    return dataset


def samples_of(dataset: Dataset) -> Stored:
    array = pydicom.pixels.pixel_array(dataset)
    return array if int(dataset.get("NumberOfFrames", 1)) > 1 else array[np.newaxis]


def by_pydicom(path: Path) -> Stored:
    """Return what pydicom reads."""
    return samples_of(pydicom.dcmread(path))


def by_dcmtk(path: Path) -> Stored:
    """Return what DCMTK decodes."""
    tool = DCMTK.get(pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID)
    if tool is None or shutil.which(tool) is None:
        pytest.skip(f"DCMTK has no tool for it here: {tool}")
    target = path.with_suffix(".native")
    subprocess.run([tool, str(path), str(target)], check=True, capture_output=True, timeout=60)
    return by_pydicom(target)


def by_simpleitk(path: Path) -> Stored:
    """Return what SimpleITK, that is GDCM, reads."""
    if find_spec("SimpleITK") is None:
        pytest.skip("SimpleITK is not installed")
    itk = import_module("SimpleITK")
    array: Stored = itk.GetArrayFromImage(itk.ReadImage(str(path)))
    return array


def dumped(path: Path) -> str:
    """Return what dcmdump writes of a file, "" where it is not installed; it fails for a file that it cannot parse."""
    if shutil.which("dcmdump") is None:
        return ""
    done = subprocess.run(["dcmdump", "-q", str(path)], check=True, capture_output=True, timeout=60)
    return done.stdout.decode("latin-1")


READERS = (by_pydicom, by_dcmtk, by_simpleitk)
READ = Callable[[Path], Stored]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("uid", "name"), list(product(LOSSLESS, SAMPLES)), ids=str)
def test_lossless_files(read: READ, uid: str, name: str, tmp_path: Path) -> None:
    frame, bits = SAMPLES[name]
    for frames, extended in ((1, False), (3, False), (3, True)):
        if extended and read is by_simpleitk:
            continue  # its GDCM does not know the VR of an Extended Offset Table, OV
        dataset = native(frame, bits, frames)
        wanted = samples_of(dataset)
        compress(dataset, uid, encapsulate_ext=extended)
        path = tmp_path / f"{frames}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        found = read(path)
        np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)
        assert found.dtype == wanted.dtype


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("uid", "name"), list(product(LOSSY, SMOOTH)), ids=str)
def test_lossy_files(read: READ, uid: str, name: str, tmp_path: Path) -> None:
    if (uid, name) in {(s.JPEG_BASELINE, "12"), (s.JPEG_EXTENDED, "color")}:
        pytest.skip("PS3.5 table 8.2.1-1 has no such combination")
    if (uid, name) == (s.JPEG_EXTENDED, "12") and read is not by_dcmtk:
        pytest.skip("12-bit lossy JPEG is read by DCMTK alone")
    frame, bits = SMOOTH[name]
    dataset = native(frame, bits, 3)
    wanted = samples_of(dataset).astype(int)
    compress(dataset, uid, **LOSSY[uid])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    difference = np.abs(read(tmp_path / "a.dcm").astype(int) - wanted)
    if uid in {s.JPEG_BASELINE, s.JPEG_EXTENDED}:
        assert difference.mean() < (1 << bits) / 100
    else:
        assert difference.max() <= MOST[uid] * (1 << (bits - 8)), difference.max()


@pytest.mark.parametrize("read", [by_pydicom, by_simpleitk])
@pytest.mark.parametrize("name", SAMPLES)
def test_decompressed_files(read: READ, name: str, tmp_path: Path) -> None:
    frame, bits = SAMPLES[name]
    dataset = native(frame, bits, 3)
    wanted = samples_of(dataset)
    decompress(compress(dataset, s.RLE_LOSSLESS, encapsulate_ext=True))
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read(tmp_path / "a.dcm"), wanted)
    assert "ExtendedOffsetTable" not in dumped(tmp_path / "a.dcm")


@pytest.mark.parametrize("read", [by_pydicom, by_simpleitk])
@pytest.mark.parametrize("name", SAMPLES)
def test_files_with_pixels_from_an_array(read: READ, name: str, tmp_path: Path) -> None:
    frame, bits = SAMPLES[name]
    dataset = native(np.zeros((1, 1), np.uint8), 8, 2)
    frames = np.stack([frame, frame[::-1]])
    set_pixel_data(dataset, frames, "RGB" if frame.ndim == 3 else "MONOCHROME2", bits)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read(tmp_path / "a.dcm"), frames)


def test_what_dcmtk_sees_of_a_lossy_file(tmp_path: Path) -> None:
    dataset = native(arrays.smooth(8, **SIZE), 8, 1)
    compress(dataset, s.JPEG_BASELINE, encapsulate_ext=True)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    text = dumped(tmp_path / "a.dcm")
    if not text:
        pytest.skip("dcmdump is not installed")
    for line in ("LossyImageCompression ", "LossyImageCompressionRatio", "ISO_10918_1", "ExtendedOffsetTable "):
        assert line.strip() in text
