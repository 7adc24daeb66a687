"""The command line, run in this process and, once, as a person would."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

from dicompix.cli import app
from dicompix.cli.gallery import EXAMPLES, example_files, unique_names

RUNNER = CliRunner()


def test_demo_writes_a_picture_of_each_example(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dicompix", "demo", "-o", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pictures = sorted(path.name for path in tmp_path.iterdir())
    assert len(pictures) == len(EXAMPLES)
    assert all((tmp_path / name).stat().st_size > 100 for name in pictures)
    for column in ("syntax", "shape", "dtype", "photometric", "codec", "ms", "pydicom ms"):
        assert column in done.stdout


def test_every_example_ships_with_pydicom() -> None:
    assert len(example_files()) == len(EXAMPLES)


def test_show_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    good = str(get_testdata_file("CT_small.dcm", download=False))
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no DICOM here")
    result = RUNNER.invoke(app, ["show", str(bad), good, "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "InvalidDicomError" in result.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["CT_small.dcm.png"]


def test_show_walks_folders(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.dcm").write_bytes(Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes())
    result = RUNNER.invoke(app, ["show", str(tmp_path / "in"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert (tmp_path / "out" / "a.dcm.png").is_file()


def test_files_of_one_name_get_pictures_of_their_own() -> None:
    assert unique_names([Path("a/x"), Path("b/x"), Path("c/y")]) == ["x.png", "x-2.png", "y.png"]


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["codecs", "1.2.840.10008.1.2.4.90"], "imagecodecs: chosen"),
        (["codecs"], "RLE Lossless"),
        (["codecs", "1.2.840.10008.1.2.4.100"], "video decoder"),
    ],
)
def test_codecs_lists_them(arguments: list[str], phrase: str) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0
    assert phrase in result.stdout


def test_a_uid_that_nobody_knows_is_said_to_be_so() -> None:
    result = RUNNER.invoke(app, ["codecs", "JPEG2000"])
    assert result.exit_code == 1
    assert "no transfer syntax" in result.output


def test_show_says_when_there_is_nothing_to_show_or_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = RUNNER.invoke(app, ["show", str(tmp_path / "empty"), "-o", str(tmp_path / "out")])
    assert (result.exit_code, result.stdout.strip()) == (1, "There are no files to show.")
    (tmp_path / "file").write_bytes(b"")
    good = str(get_testdata_file("CT_small.dcm", download=False))
    result = RUNNER.invoke(app, ["show", good, "-o", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "cannot be written" in result.stdout


def test_show_goes_on_after_a_broken_deflated_file(tmp_path: Path) -> None:
    whole = Path(str(get_testdata_file("image_dfl.dcm", download=False))).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-300])
    good = str(get_testdata_file("CT_small.dcm", download=False))
    result = RUNNER.invoke(app, ["show", str(tmp_path / "cut.dcm"), good, "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["CT_small.dcm.png"]
