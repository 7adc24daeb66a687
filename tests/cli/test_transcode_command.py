"""`dicompix transcode`: what it prints, what it writes, its exit status."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

from dicompix.cli import app
from dicompix.pixels import syntaxes as s

RUNNER = CliRunner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two pictures."""
    made = tmp_path / "in"
    (made / "deep").mkdir(parents=True)
    for name in ("CT_small.dcm", "deep/MR_small.dcm"):
        shutil.copy(str(get_testdata_file(Path(name).name, download=False)), made / name)
    return made


def test_a_folder(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dicompix", "transcode", str(folder), str(tmp_path / "out"), "jpeg-ls", "--verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to JPEG-LS Lossless: 2 written, 0 copied, 0 skipped, 0 failed" in done.stdout
    assert dcmread(tmp_path / "out" / "deep" / "MR_small.dcm").file_meta.TransferSyntaxUID == s.JPEG_LS


def test_a_bad_file_makes_the_exit_status_1_and_stops_nobody(folder: Path, tmp_path: Path) -> None:
    path = folder / "broken.dcm"
    path.write_bytes((folder / "CT_small.dcm").read_bytes()[:-5000])
    (folder / "notes.txt").write_text("no DICOM")
    result = RUNNER.invoke(app, ["transcode", str(folder), str(tmp_path / "out"), "rle"])
    assert result.exit_code == 1
    assert "2 written, 0 copied, 1 skipped, 1 failed" in result.stdout
    assert "no DICOM file" in result.stdout
    assert not (tmp_path / "out" / "broken.dcm").exists()
    result = RUNNER.invoke(app, ["transcode", str(folder), str(tmp_path / "out"), "rle", "--overwrite", "-q"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "broken.dcm: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["nothing-like-it"], "'nothing-like-it' is no transfer syntax"),
        (["rle", "--quality", "50"], "RLE Lossless takes no parameter"),
        (["jpeg"], "JPEG Baseline"),
    ],
)
def test_errors_are_one_line(arguments: list[str], phrase: str, folder: Path, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(tmp_path / "b.dcm"), *arguments])
    assert result.exit_code == 1
    assert phrase in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "b.dcm").exists()


def test_options_arrive(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.dcm"
    options = ["--near", "2", "--workers", "1", "--extended-offsets", "--codec", "imagecodecs"]
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "jpeg-ls-near", *options])
    assert result.exit_code == 0, result.output
    there = dcmread(target)
    assert there.LossyImageCompressionMethod == "ISO_14495_1"
    assert "ExtendedOffsetTable" in there
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "rle"])
    assert result.exit_code == 1
    assert "FileExistsError" in result.stderr


def test_lossy_parameters_arrive(folder: Path, tmp_path: Path) -> None:
    sizes = []
    for number, option in enumerate((["--psnr", "70"], ["--psnr", "40"], ["--ratio", "10"])):
        target = tmp_path / str(number)
        result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "j2k", *option])
        assert result.exit_code == 0, result.output
        sizes.append(target.stat().st_size)
    assert sizes[1] < sizes[0]
