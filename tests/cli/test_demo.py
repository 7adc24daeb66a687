"""`dicompix demo`: pydicom's examples or a user's own files, decoded, timed beside pydicom, one picture each."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.cli.gallery import EXAMPLES, example_sources
from dicompix.cli.sources import unique_names
from dicompix.pixels.image import Image
from support import command_line as command

RUNNER = CliRunner()
CT = Path(command.CT)


def test_demo_writes_a_picture_of_each_example(tmp_path: Path) -> None:
    done = command.dicompix_command("demo", "-o", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    pictures = sorted(path.name for path in tmp_path.iterdir())
    assert len(pictures) == len(EXAMPLES)
    assert all((tmp_path / name).stat().st_size > 100 for name in pictures)
    for column in ("syntax", "shape", "dtype", "photometric", "codec", "ms", "pydicom ms"):
        assert column in done.stdout


def test_every_example_ships_with_pydicom() -> None:
    assert len(example_sources()) == len(EXAMPLES)


def test_demo_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"no DICOM here")
    result = RUNNER.invoke(app, ["demo", str(bad), str(CT), "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert result.stderr == f"dicompix demo: {bad}: this is no DICOM file\n"
    assert "this is no DICOM file" in result.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["CT_small.dcm.png"]


def test_demo_walks_folders(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.dcm").write_bytes(CT.read_bytes())
    (folder / "notes.txt").write_text("no DICOM")
    result = RUNNER.invoke(app, ["demo", str(tmp_path / "in"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert (tmp_path / "out" / "a.dcm.png").is_file()


def test_json(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["demo", "--json", str(CT), "nowhere.dcm", "-o", str(tmp_path)])
    assert result.exit_code == 3
    good, bad = json.loads(result.stdout)["files"]
    assert (good["shape"], good["dtype"], good["picture"]) == ([128, 128], "int16", str(tmp_path / "CT_small.dcm.png"))
    assert good["milliseconds"] > 0
    assert good["pydicom_milliseconds"] > 0
    assert bad["error"] == "nowhere.dcm: No such file or directory"


def test_files_of_one_name_get_pictures_of_their_own() -> None:
    assert unique_names([Path("a/x"), Path("b/x"), Path("c/y")]) == ["x.png", "x-2.png", "y.png"]


def test_demo_says_when_there_is_nothing_to_show_or_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = RUNNER.invoke(app, ["demo", str(tmp_path / "empty"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert "there are no files in" in result.stderr
    (tmp_path / "file").write_bytes(b"")
    result = RUNNER.invoke(app, ["demo", str(CT), "-o", str(tmp_path / "file")])
    assert result.exit_code == 3
    assert "file: File exists" in result.stderr


def test_demo_goes_on_after_a_broken_deflated_file(tmp_path: Path) -> None:
    whole = Path(str(get_testdata_file("image_dfl.dcm", download=False))).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-300])
    result = RUNNER.invoke(app, ["demo", str(tmp_path / "cut.dcm"), str(CT), "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["CT_small.dcm.png"]


def test_a_picture_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Image, path: Path, **_: Any) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Image, "save", broken)
    result = RUNNER.invoke(app, ["demo", str(CT), "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert result.stderr == f"dicompix demo: {tmp_path}/out/CT_small.dcm.png: No space left on device\n"
    assert list((tmp_path / "out").iterdir()) == []


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    for name in ("a", "a.png"):
        (tmp_path / name).write_bytes(CT.read_bytes())
    result = RUNNER.invoke(app, ["demo", str(tmp_path / "a"), str(tmp_path / "a.png"), "-o", str(tmp_path)])
    assert result.exit_code == 3
    assert "a.png is a file to be read: an input is never overwritten" in result.stderr
    assert (tmp_path / "a.png").read_bytes() == CT.read_bytes()
