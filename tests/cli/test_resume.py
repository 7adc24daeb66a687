"""A second run over a folder, of `transcode` and of `export`: what is done again, what is left, what is refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from typer.testing import CliRunner, Result

import dicompix
from dicompix.cli.commands import app
from dicompix.pixels import syntaxes as s
from support.command_line import interruptible

RUNNER = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Return a folder with two pictures, a plan, and a file that is no DICOM."""
    made = tmp_path / "study"
    (made / "deep").mkdir(parents=True)
    for name in ("CT_small.dcm", "deep/MR_small.dcm", "rtplan.dcm"):
        shutil.copy(str(get_testdata_file(Path(name).name, download=False)), made / name)
    (made / "notes.txt").write_text("no DICOM")
    return made


def run(*arguments: str | Path, status: int = 0) -> Result:
    result = RUNNER.invoke(app, [*map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def transcode(*arguments: str | Path, status: int = 0) -> Result:
    return run("transcode", *arguments, status=status)


def export(source: Path, target: Path, *options: str | Path, status: int = 0) -> Result:
    return run("export", source, "-o", target, *options, status=status)


def times(folder: Path) -> dict[str, int]:
    """Return when each file was written, those aside that begin with a dot."""
    every = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in every}


def test_a_second_run_writes_nothing_and_says_so(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = transcode(study, out, "rle")
    assert "to RLE Lossless: 2 written, 1 copied, 1 skipped, 0 failed;" in first.stdout
    before = times(out)
    second = transcode(study, out, "rle")
    assert "0 written, 0 copied, 3 complete, 1 skipped, 0 failed;" in second.stdout
    assert "CT_small.dcm" not in second.stdout
    assert times(out) == before
    found = json.loads(transcode(study, out, "rle", "--json").stdout)["files"]
    assert sorted(one["status"] for one in found) == ["complete", "complete", "complete", "skipped"]
    assert all(Path(one["target"]).is_file() for one in found if one["status"] == "complete")


def test_what_is_missing_or_older_than_its_source_is_written(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transcode(study, out, "rle")
    (out / "deep" / "MR_small.dcm").unlink()
    assert "1 written, 0 copied, 2 complete" in transcode(study, out, "rle").stdout
    later = (out / "CT_small.dcm").stat().st_mtime_ns + 10**9
    os.utime(study / "CT_small.dcm", ns=(later, later))
    os.utime(out / "rtplan.dcm", ns=(later, later))
    assert "1 written, 0 copied, 2 complete" in transcode(study, out, "rle").stdout


def test_overwrite_writes_all_again(study: Path, tmp_path: Path) -> None:
    transcode(study, tmp_path / "out", "rle")
    assert "2 written, 1 copied, 1 skipped" in transcode(study, tmp_path / "out", "jpeg-ls", "--overwrite").stdout
    assert "3 complete" in transcode(study, tmp_path / "out", "jpeg-ls").stdout


@pytest.mark.parametrize(
    ("options", "was"),
    [
        (["jpeg-ls"], "syntax JPEG-LS Near-Lossless, near 3"),
        (["jpeg-ls-near", "--near", "2"], "near 3"),
        (["jpeg-ls-near"], "near 3"),
        (["jpeg-ls-near", "--near", "3", "--extended-offsets"], "extended None"),
    ],
)
def test_other_options_are_refused_once(options: list[str], was: str, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transcode(study, out, "jpeg-ls-near", "--near", "3")
    before = times(out)
    result = transcode(study, out, *options, status=3)
    (line,) = result.stderr.splitlines()
    assert f"{out} holds CT_small.dcm, made with other options ({was}): choose another folder, or --overwrite" in line
    assert times(out) == before
    shutil.rmtree(out / "deep")
    for name in before:
        (out / name).unlink(missing_ok=True)
    assert "2 written" in transcode(study, out, *options).stdout  # nothing is there that was made otherwise


@pytest.mark.parametrize("command", ["transcode", "export"])
def test_files_of_the_same_name_in_other_folders_are_other_files(command: str, tmp_path: Path) -> None:
    made = {}
    for folder, name in (("one", "CT_small.dcm"), ("two", "MR_small.dcm")):
        (tmp_path / folder).mkdir()
        made[folder] = tmp_path / folder / "x.dcm"
        shutil.copy(str(get_testdata_file(name, download=False)), made[folder])
    out = tmp_path / "out"
    order: Callable[..., list[str | Path]] = {
        "transcode": lambda path, *more: ["transcode", path.parent, out, "rle", *more],
        "export": lambda path, *more: ["export", path, "-o", out, *more],
    }[command]
    target = out / {"transcode": "x.dcm", "export": "x.dcm.png"}[command]
    run(*order(made["one"]))
    before = target.read_bytes()
    result = run(*order(made["two"]), status=3)
    (line,) = result.stderr.splitlines()
    assert line == (
        f"dicompix {command}: {made['two']}: {target} is there, and was not made of {made['two']}: "
        "choose another folder, or --overwrite"
    )
    assert target.read_bytes() == before
    run(*order(made["two"], "--overwrite"))
    assert target.read_bytes() != before
    run(*order(made["one"]), status=3)


@pytest.mark.parametrize("command", ["transcode", "export"])
def test_what_somebody_else_has_put_there_stays(command: str, study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    name = {"transcode": "CT_small.dcm", "export": "CT_small.dcm.png"}[command]
    (out / name).write_bytes(b"mine")
    arguments: list[str | Path] = [study, out, "rle"] if command == "transcode" else [study, "-o", out]
    for _ in range(2):  # the first run makes the others its own, not this one
        result = run(command, *arguments, status=3)
        assert len(result.stderr.splitlines()) == 1
        assert f"{out / name} is there, and was not made of {study / 'CT_small.dcm'}" in result.stderr
    assert (out / name).read_bytes() == b"mine"


def test_a_single_file_replaces_nothing(study: Path, tmp_path: Path) -> None:
    for _ in range(2):
        transcode(study / "CT_small.dcm", tmp_path / "a.dcm", "rle", status=3 if (tmp_path / "a.dcm").exists() else 0)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.dcm"]


def test_the_library_goes_on_only_when_asked(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dicompix.transcode(study, out, "rle")
    assert [path.name for path in out.rglob(".*")] == []
    again = dicompix.transcode(study, out, "rle", resume=True)
    assert len(again.failed) == 3  # a run without `resume` leaves no word of whose they are
    dicompix.transcode(study, out, "rle", resume=True, overwrite=True)
    done = dicompix.transcode(study, out, "rle", resume=True)
    assert [one.status for one in done if one.status != "skipped"] == ["complete"] * 3
    assert len(done.of("complete")) == 3
    assert "3 complete" in str(done)


def test_a_cut_record_is_gone_on_with(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    transcode(study, out, "rle")
    (record,) = out.glob(".*")
    *lines, last = record.read_text().splitlines()
    record.write_text("\n".join([*lines, last[:30]]))
    name = json.loads(last)["name"]
    assert f"{out / name} is there" in transcode(study, out, "rle", status=3).stderr
    (out / name).unlink()
    transcode(study, out, "rle")
    assert "3 complete" in transcode(study, out, "rle").stdout


@pytest.mark.parametrize("command", ["transcode", "export"])
def test_a_folder_that_takes_no_files_is_said_once_and_not_when_all_is_there(
    command: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    arguments: list[str | Path] = [study, out, "rle"] if command == "transcode" else [study, "-o", out]
    with monkeypatch.context() as patched:
        patched.setattr("dicompix.pixels.compat.recode.record.TemporaryFile", refuse)
        result = run(command, *arguments, status=3)
        assert result.stderr == f"root {command}: {out}: Permission denied\n"
    assert not out.exists()
    run(command, *arguments)
    monkeypatch.setattr("dicompix.pixels.compat.recode.record.TemporaryFile", refuse)
    assert f"{3 if command == 'transcode' else 2} complete" in run(command, *arguments).stdout


def refuse(**_: Any) -> None:
    raise PermissionError(13, "Permission denied", "a hidden name")


def test_a_target_that_cannot_be_written_is_called_by_its_name(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def denied(self: Path, mode: str = "r") -> Any:
        if mode != "rb":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, mode)

    monkeypatch.setattr(Path, "open", denied)
    result = transcode(study / "CT_small.dcm", tmp_path / "a.dcm", "native", status=3)
    assert result.stderr == f"root transcode: {tmp_path}/a.dcm: Permission denied\n"


@pytest.mark.parametrize("command", ["transcode", "export", "check", "info", "demo"])
def test_a_folder_inside_that_cannot_be_read_is_not_passed_over(
    command: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def scandir(path: Any) -> Iterator[os.DirEntry[str]]:
        if Path(path) == study / "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    more: dict[str, list[str | Path]] = {
        "transcode": [tmp_path / "out", "rle"],
        "export": ["-o", tmp_path / "out"],
        "demo": ["-o", tmp_path / "out"],
    }
    result = run(command, study, *more.get(command, []), status=3)
    assert result.stderr == f"root {command}: {study}/deep: Permission denied\n"


@pytest.mark.parametrize("command", ["transcode", "export", "check"])
def test_what_a_killed_run_left_is_no_source(command: str, study: Path, tmp_path: Path) -> None:
    half = (study / "CT_small.dcm").read_bytes()[:-5000]
    for name in (".CT_small.dcm.0123abcd.part", ".0123abcd.part-CT_small.dcm.png", ".dicompix-transcode.jsonl"):
        (study / name).write_bytes(half)
    more: dict[str, list[str | Path]] = {"transcode": [tmp_path / "out", "rle"], "export": ["-o", tmp_path / "out"]}
    result = run(command, study, *more.get(command, []))
    assert "part" not in result.output
    (study / ".dicom").write_bytes(half)  # any other hidden file is one
    assert ".dicom" in run(command, study, *more.get(command, []), status=1 if command == "check" else 3).output


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal that a test can send")
@pytest.mark.parametrize("syntax", ["j2k-lossless", "native"])
def test_interrupted_and_gone_on_with(syntax: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(40):
        shutil.copy(str(get_testdata_file("examples_jpeg2k.dcm", download=False)), tmp_path / "in" / f"{number:02}")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "dicompix", "transcode", str(tmp_path / "in"), str(out), syntax]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible)
    while process.poll() is None and len(times(out)) < 3:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "dicompix transcode: interrupted\n")
    before = times(out)
    assert 3 <= len(before) < 40
    assert [path.name for path in out.rglob(".*")] == [".dicompix-transcode.jsonl"]  # nothing is half-written
    text = transcode(tmp_path / "in", out, syntax).stdout
    assert f": {40 - len(before)} written, 0 copied, {len(before)} complete, 0 skipped, 0 failed" in text
    after = times(out)
    assert {name: after[name] for name in before} == before
    wanted = {"j2k-lossless": s.JPEG_2000_LOSSLESS, "native": s.EXPLICIT_LITTLE}[syntax]
    assert {dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID for path in out.glob("[0-9]*")} == {
        wanted
    }


def test_a_series_that_has_grown_is_written_again(tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()

    def slice_at(number: int) -> None:
        dataset = dcmread(str(get_testdata_file("MR_small.dcm", download=False)))
        dataset.ImagePositionPatient = [0, 0, 2 * number]
        dataset.SOPInstanceUID = f"1.2.3.{number}"
        dataset.save_as(folder / f"{number}.dcm")
        os.utime(folder / f"{number}.dcm", (1000, 1000))  # as a copy that keeps its time has one

    for number in range(2):
        slice_at(number)
    assert "1 written, 0 complete" in export(folder, out, "-f", "nifti").stdout
    assert "0 written, 1 complete" in export(folder, out, "-f", "nifti").stdout
    slice_at(2)
    assert "1 written, 0 complete" in export(folder, out, "-f", "nifti").stdout
    shutil.copytree(folder, tmp_path / "other")
    assert "is there, and was not made of" in export(tmp_path / "other", out, "-f", "nifti", status=3).stderr
