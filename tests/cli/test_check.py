"""`dicompix check`: the table, the JSON, the exit status."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from conftest import example_path
from dicompix.cli.commands import app
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import RLE_LOSSLESS
from support import packing
from support.builders import data_set, file_of
from support.pseudo_terminal import Terminal

RUNNER = CliRunner(env={"COLUMNS": "200"})
FMT = PixelFormat(rows=4, columns=5, frames=2)
WHOLE = np.arange(40, dtype=np.uint8).tobytes()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return a clean file, one with a warning, one that is cut, one without pixels, and one that is no DICOM."""
    odd = data_set(PixelFormat(rows=4, columns=5), WHOLE[:20])
    odd.NumberOfFrames = 0
    made = {
        "clean": file_of(data_set(FMT, WHOLE)).getvalue(),
        "odd": file_of(odd).getvalue(),
        "cut": file_of(data_set(FMT, WHOLE)).getvalue()[:-10],
        "notes": b"no DICOM at all",
    }
    paths = {name: tmp_path / f"{name}.dcm" for name in (*made, "plan")}
    for name, data in made.items():
        paths[name].write_bytes(data)
    shutil.copy(example_path("rtplan.dcm"), paths["plan"])
    return paths


def test_it_is_a_command(files: dict[str, Path]) -> None:
    command = [sys.executable, "-m", "dicompix", "check", str(files["odd"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "1 file checked: 0 with errors, 1 with warnings, 0 with notes, 0 clean\n",
    )
    assert "number-of-frames" in done.stdout


def run(*arguments: object) -> tuple[int, str]:
    done = RUNNER.invoke(app, ["check", *map(str, arguments)])
    return done.exit_code, done.output


@pytest.mark.parametrize(("name", "status"), [("clean", 0), ("plan", 0), ("odd", 1), ("cut", 1), ("notes", 3)])
def test_the_exit_status_tells_deviations_from_files_that_cannot_be_read(
    files: dict[str, Path], name: str, status: int
) -> None:
    assert run(files[name])[0] == status


def test_a_line_for_each_finding_where_no_terminal_takes_them(files: dict[str, Path]) -> None:
    done = RUNNER.invoke(app, ["check", *(str(files[name]) for name in ("odd", "cut", "clean"))])
    assert done.exit_code == 1
    assert done.stderr == "3 files checked: 1 with errors, 1 with warnings, 0 with notes, 1 clean\n"
    odd, cut = (line.split("\t") for line in done.stdout.splitlines())
    assert odd[:4] == [str(files["odd"]), "number-of-frames", "warning", ""]
    assert cut[:4] == [str(files["cut"]), "too-few-frames", "error", ""]
    said = "the pixel data holds fewer whole frames than Number of Frames says"
    assert cut[4:] == [f"{said} (found 2, used 1; NumberOfFrames; PS3.3 C.7.6.6.1.1)"]


def test_frames_of_one_finding_share_a_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.dcm"
    fmt = PixelFormat(rows=4, columns=5, frames=4, transfer_syntax=RLE_LOSSLESS)
    good = packing.rle(np.zeros((4, 5), np.uint8))
    path.write_bytes(
        file_of(
            data_set(fmt, packing.encapsulate([[bytes(70)], [good], [bytes(70)], [bytes(70)]]), encapsulated=True)
        ).getvalue()
    )
    (line,) = RUNNER.invoke(app, ["check", str(path)]).stdout.splitlines()
    assert line.split("\t")[:4] == [str(path), "codec", "error", "0, 2-3"]


def test_what_is_in_a_name_breaks_no_line(files: dict[str, Path], tmp_path: Path) -> None:
    odd = files["odd"].rename(tmp_path / "two\nlines\tand Ümläut \x1b[31m.dcm")
    (line,) = RUNNER.invoke(app, ["check", str(odd)]).stdout.splitlines()
    assert line.split("\t")[0] == f"{tmp_path}/two\\nlines\\tand Ümläut \\x1b[31m.dcm"


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
def test_a_table_in_a_terminal(files: dict[str, Path]) -> None:
    status, written = Terminal(size=(24, 200)).run(["check", str(files["odd"]), str(files["clean"])])
    text = re.sub(r"\x1b\[[\d;?]*\w", "", written.decode())
    assert status == 1
    assert "┃ code" in text
    assert "number-of-frames" in text
    assert text.rstrip().endswith("2 files checked: 0 with errors, 1 with warnings, 0 with notes, 1 clean")


def test_what_is_passed_over_is_counted(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("no DICOM either")
    done = RUNNER.invoke(app, ["check", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stderr == (
        "3 files checked: 1 with errors, 1 with warnings, 0 with notes, 1 clean; "
        "3 files passed over: 2 no DICOM file, 1 no pixel data\n"
    )
    assert "no-dicom" not in done.stdout
    found = json.loads(RUNNER.invoke(app, ["check", "--json", str(tmp_path)]).stdout)
    assert (found["checked"], found["passed_over"]) == (3, {"no DICOM file": 2, "no pixel data": 1})
    notes = {Path(one["file"]).name: one["note"] for one in found["files"]}
    assert notes == {
        "clean.dcm": "",
        "cut.dcm": "",
        "more.txt": "no DICOM file",
        "notes.dcm": "no DICOM file",
        "odd.dcm": "",
        "plan.dcm": "no pixel data",
    }


def test_one_file_without_pixels(files: dict[str, Path]) -> None:
    done = RUNNER.invoke(app, ["check", str(files["plan"])])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.endswith("; 1 file passed over: 1 no pixel data\n")
    assert RUNNER.invoke(app, ["check", "-q", str(files["plan"])]).output == ""


def test_json_tells_of_each_file(files: dict[str, Path]) -> None:
    status, text = run("--json", files["odd"], files["clean"], files["plan"])
    values = json.loads(text)
    assert (status, values["worst"]) == (1, "warning")
    odd, clean, plan = values["files"]
    assert [found["code"] for found in odd["findings"]] == ["number-of-frames"]
    assert (clean["worst"], clean["frames"], clean["decoded"], clean["findings"]) == ("", 2, 2, [])
    assert plan["note"] == "no pixel data"


def test_only_what_is_severe_enough_counts(files: dict[str, Path]) -> None:
    assert run("--severity", "error", files["odd"])[0] == 0
    assert run("--severity", "error", files["cut"])[0] == 1
    assert "number-of-frames" not in run("--severity", "error", files["odd"], files["cut"])[1]


def test_quiet_prints_nothing_of_clean_files(files: dict[str, Path]) -> None:
    assert run("-q", files["clean"]) == (0, "")
    assert "number-of-frames" in run("-q", files["odd"])[1]


def test_headers_alone_can_be_looked_at(tmp_path: Path) -> None:
    fmt = PixelFormat(rows=4, columns=5, transfer_syntax=RLE_LOSSLESS)
    path = tmp_path / "broken.dcm"
    path.write_bytes(file_of(data_set(fmt, packing.encapsulate([[bytes(70)]]), encapsulated=True)).getvalue())
    assert run(path)[0] == 1
    assert run("--headers", path)[0] == 0


def test_a_file_that_cannot_be_read_stops_no_other(files: dict[str, Path]) -> None:
    status, text = run(files["notes"], files["odd"], "nowhere.dcm")
    assert status == 3
    assert f"dicompix check: {files['notes']}: this is no DICOM file\n" in text
    assert "dicompix check: nowhere.dcm: No such file or directory\n" in text
    assert "3 files checked: 0 with errors, 1 with warnings, 0 with notes, 0 clean, 2 not readable" in text
    assert "number-of-frames" in text
    done = RUNNER.invoke(app, ["check", "--json", str(files["notes"]), str(files["odd"])])
    notes, odd = json.loads(done.stdout)["files"]
    assert (done.exit_code, notes["error"]) == (3, f"{files['notes']}: this is no DICOM file")
    assert [found["code"] for found in notes["findings"]] == ["no-dicom"]
    assert "error" not in odd


def test_a_folder_without_dicom_files_is_not_clean(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    status, text = run(tmp_path)
    assert (status, text) == (3, f"root check: there are no images in {tmp_path}\n")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_not_passed_over(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    assert run(tmp_path) == (3, f"root check: {tmp_path / 'locked'}: Permission denied\n")


def test_isolation_changes_no_finding(files: dict[str, Path]) -> None:
    names = [files[name] for name in ("odd", "clean")] + [Path(example_path("JPEG2000.dcm"))]
    assert run("--json", *names) == run("--json", "--isolated", *names)
