"""`dicompix transcode`: what it prints, what it writes, its exit status."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

import dicompix
from dicompix.cli.commands import app
from dicompix.cli.transcode import transcode as command
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.compat.recode.names import syntax_uid
from dicompix.pixels.compat.recode.order import Order

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


def test_a_bad_file_makes_the_exit_status_3_and_stops_nobody(folder: Path, tmp_path: Path) -> None:
    path = folder / "broken.dcm"
    path.write_bytes((folder / "CT_small.dcm").read_bytes()[:-5000])
    (folder / "notes.txt").write_text("no DICOM")
    result = RUNNER.invoke(app, ["transcode", str(folder), str(tmp_path / "out"), "rle"])
    assert result.exit_code == 3
    assert "2 written, 0 copied, 1 skipped, 1 failed" in result.stdout
    assert "no DICOM file" in result.stdout
    assert not (tmp_path / "out" / "broken.dcm").exists()
    result = RUNNER.invoke(app, ["transcode", str(folder), str(tmp_path / "out"), "rle", "--overwrite", "-q"])
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith(f"dicompix transcode: {path}: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["nothing-like-it"], "'nothing-like-it' is no transfer syntax"),
        (["rle", "--quality", "50"], "RLE Lossless takes no parameter"),
        (["explicit-big"], "'explicit-big' is no transfer syntax"),
        (["1.2.840.10008.1.2.2"], "is not written, needed little endian"),
    ],
)
def test_errors_are_one_line(arguments: list[str], phrase: str, folder: Path, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(tmp_path / "b.dcm"), *arguments])
    assert result.exit_code == 2
    assert phrase in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "b.dcm").exists()


IMPOSSIBLE = [
    (["jpeg", "--quality", "500"], "quality is 500.0, needed 1 to 100"),
    (["jpeg", "--quality", "nan"], "quality is nan, needed 1 to 100"),
    (["jpeg-ls-near", "--near", "256"], "near is 256, needed an integer, 0 to 255"),
    (["jpeg-ls-near", "--near", "-1"], "near is -1"),
    (["j2k", "--ratio", "0"], "ratio is 0.0, needed 1 or more"),
    (["j2k", "--psnr", "0"], "psnr is 0.0, needed 1 to 200"),
    (["j2k", "--psnr", "50", "--ratio", "5"], "ratio and psnr are given, needed one of them"),
    (["jxl", "--distance", "26"], "distance is 26.0, needed 0.01 to 25"),
    (["htj2k", "--quality", "0"], "quality is 0.0, needed 1 to 100"),
    (["jxl-recompression", "--quality", "90"], "takes no parameter"),
    (["rle", "--codec", "nobody"], "No plugin named 'nobody'"),
]


@pytest.mark.parametrize(("arguments", "phrase"), IMPOSSIBLE, ids=lambda value: " ".join(value)[:40])
def test_what_no_file_can_be_written_with_is_wrong_usage_before_any_is_read(
    arguments: list[str], phrase: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        pytest.fail("a file is read")

    monkeypatch.setattr("dicompix.pixels.compat.recode.one.open_pixels", read)
    for source in (folder, tmp_path / "nowhere"):
        result = RUNNER.invoke(app, ["transcode", str(source), str(tmp_path / "out"), *arguments])
        assert result.exit_code == 2
        assert phrase in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("syntax", "parameters"),
    [
        ("jpeg", {"quality": 1}),
        ("jpeg-extended", {"quality": 100}),
        ("jpeg-ls-near", {"near": 255}),
        ("jpeg-ls-near", {"near": 0}),
        ("j2k", {"ratio": (20, 10)}),
        ("htj2k", {"ratio": 5}),
        ("jxl", {"distance": 25}),
    ],
)
def test_what_some_file_can_be_written_with_is_none(syntax: str, parameters: dict[str, Any]) -> None:
    Order(uid=syntax_uid(syntax), want=EncodeRequest(**parameters)).check()


def test_options_arrive(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.dcm"
    options = ["--near", "2", "--workers", "1", "--extended-offsets", "--codec", "imagecodecs"]
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "jpeg-ls-near", *options])
    assert result.exit_code == 0, result.output
    there = dcmread(target)
    assert there.LossyImageCompressionMethod == "ISO_14495_1"
    assert "ExtendedOffsetTable" in there
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "rle"])
    assert result.exit_code == 3
    assert result.stderr.endswith("b.dcm exists, and --overwrite is not given\n")


def test_lossy_parameters_arrive(folder: Path, tmp_path: Path) -> None:
    sizes = []
    for number, option in enumerate((["--psnr", "70"], ["--psnr", "40"], ["--ratio", "10"])):
        target = tmp_path / str(number)
        result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(target), "j2k", *option])
        assert result.exit_code == 0, result.output
        sizes.append(target.stat().st_size)
    assert sizes[1] < sizes[0]


def test_json(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.dcm").write_bytes((folder / "CT_small.dcm").read_bytes()[:-5000])
    result = RUNNER.invoke(app, ["transcode", "--json", str(folder), str(tmp_path / "out"), "rle"])
    found = json.loads(result.stdout)
    assert (result.exit_code, found["syntax"]) == (3, s.RLE_LOSSLESS)
    files = {Path(one["file"]).name: one for one in found["files"]}
    assert files["CT_small.dcm"]["status"] == "written"
    assert files["CT_small.dcm"]["frames"] == 1
    assert files["CT_small.dcm"]["ratio"] == pytest.approx(
        files["CT_small.dcm"]["bytes_before"] / files["CT_small.dcm"]["bytes_after"], abs=0.001
    )
    assert "error" not in files["CT_small.dcm"]
    assert files["broken.dcm"]["error"].startswith(str(folder / "broken.dcm"))


def test_what_depends_on_the_file_is_not_wrong_usage(tmp_path: Path) -> None:
    rgb = str(get_testdata_file("CT_small.dcm", download=False))  # of 16 bits
    result = RUNNER.invoke(app, ["transcode", rgb, str(tmp_path / "a.dcm"), "jpeg"])
    assert result.exit_code == 3
    assert "JPEG Baseline" in result.stderr


def test_its_options_are_those_of_the_library() -> None:
    ours, theirs = inspect.signature(command).parameters, inspect.signature(dicompix.transcode).parameters
    assert set(ours) - set(theirs) == {"quiet", "json"}
    assert set(theirs) - set(ours) == {"progress", "generate_instance_uid", "resume"}
    defaults = {name: one.default for name, one in theirs.items()}
    assert {name: one.default for name, one in ours.items() if name in theirs} == {
        name: value for name, value in defaults.items() if name in ours
    }


def test_nothing_but_the_table_is_printed(folder: Path, tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["transcode", str(folder / "CT_small.dcm"), str(tmp_path / "a.dcm"), "rle"])
    title, columns, line = result.stdout.splitlines()
    assert "to RLE Lossless: 1 written" in title
    assert columns.split("\t")[:3] == ["file", "status", "frames"]
    assert line.split("\t")[:3] == [str(folder / "CT_small.dcm"), "written", "1"]
    assert result.stderr == ""


def test_a_failure_is_a_line_too(folder: Path, tmp_path: Path) -> None:
    path = folder / "broken.dcm"
    path.write_bytes((folder / "CT_small.dcm").read_bytes()[:-5000])
    result = RUNNER.invoke(app, ["transcode", str(folder), str(tmp_path / "out"), "rle"])
    (line,) = (line for line in result.stdout.splitlines() if "broken.dcm" in line)
    assert line.split("\t")[1] == "failed"
    assert "--errors salvage" in line
    assert "--errors salvage" in result.stderr
