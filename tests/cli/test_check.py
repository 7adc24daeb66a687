"""`dicompix check`: the table, the JSON, the exit status."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from conftest import example_path
from dicompix.cli.check import check
from dicompix.pixels.format import PixelFormat
from support.builders import data_set, file_of

RUNNER = CliRunner(env={"COLUMNS": "200"})
APP = typer.Typer()
APP.command()(check)
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
    assert (done.returncode, done.stderr) == (1, "")
    assert "number-of-frames" in done.stdout


def run(*arguments: object) -> tuple[int, str]:
    done = RUNNER.invoke(APP, [str(argument) for argument in arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize(("name", "status"), [("clean", 0), ("plan", 0), ("odd", 1), ("cut", 2), ("notes", 2)])
def test_the_exit_status_is_the_worst_that_was_found(files: dict[str, Path], name: str, status: int) -> None:
    assert run(files[name])[0] == status


def test_a_table_of_what_was_found(files: dict[str, Path]) -> None:
    status, text = run(files["odd"], files["cut"], files["clean"])
    assert status == 2
    assert "3 files: 1 with errors, 1 with warnings, 0 with notes, 1 clean" in text
    assert "number-of-frames" in text
    assert "too-few-frames" in text
    assert "clean.dcm" not in text


def test_a_folder_is_searched_for_dicom_files(files: dict[str, Path], tmp_path: Path) -> None:
    status, text = run(tmp_path)
    assert status == 2
    assert "4 files" in text
    assert "no-dicom" not in text


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
    assert run("--severity", "error", files["cut"])[0] == 2
    assert "number-of-frames" not in run("--severity", "error", files["odd"], files["cut"])[1]


def test_quiet_prints_nothing_of_clean_files(files: dict[str, Path]) -> None:
    assert run("-q", files["clean"]) == (0, "")
    assert "number-of-frames" in run("-q", files["odd"])[1]


def test_headers_alone_can_be_looked_at(tmp_path: Path) -> None:
    from dicompix.pixels.syntaxes import RLE_LOSSLESS
    from support.packing import encapsulate

    fmt = PixelFormat(rows=4, columns=5, transfer_syntax=RLE_LOSSLESS)
    path = tmp_path / "broken.dcm"
    path.write_bytes(file_of(data_set(fmt, encapsulate([[bytes(70)]]), encapsulated=True)).getvalue())
    assert run(path)[0] == 2
    assert run("--headers", path)[0] == 0


def test_isolation_changes_no_finding(files: dict[str, Path]) -> None:
    names = [files[name] for name in ("odd", "clean")] + [Path(example_path("JPEG2000.dcm"))]
    assert run("--json", *names) == run("--json", "--isolated", *names)
