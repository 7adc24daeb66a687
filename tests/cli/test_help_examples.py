"""The examples of every command's --help, run as they are written, on files of those names."""

import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from typer.testing import CliRunner

from conftest import example_path
from dicompix.cli.commands import COMMANDS, app
from support.command_line import dicompix_command

RUNNER = CliRunner(env={"TERM": "dumb", "COLUMNS": "200"})
EXAMPLES = [example for examples in COMMANDS.values() for example in examples]
FILES = {
    "ct.dcm": "MR_small_RLE.dcm",
    "mg.dcm": "CT_small.dcm",
    "new.dcm": "CT_small.dcm",
    "cut.dcm": "MR_truncated.dcm",
    "us.dcm": "examples_ybr_color.dcm",
    "wsi.dcm": "examples_ybr_color.dcm",
    "multiframe.dcm": "examples_ybr_color.dcm",
    "cardiac.dcm": "rtdose.dcm",
    "study/ct.dcm": "CT_small.dcm",
    "study/deep/mr.dcm": "MR_small.dcm",
    "before.dcm": "MR_small.dcm",
}
# What the examples make; of the last ones what they print.
MADE = {
    "dicompix show --frame 12 --voi auto -o frame.png us.dcm": "frame.png",
    "dicompix show --montage cardiac.dcm": "cardiac.dcm.png",
    "dicompix export study/ -o pictures": "pictures/deep/mr.dcm.png",
    "dicompix export us.dcm -o film --format mp4 --fps 25": "film/us.dcm.mp4",
    "dicompix export mg.dcm -o deep --bits 16 --voi none": "deep/mg.dcm.png",
    "dicompix export study/ -o arrays --format npy --values modality": "arrays/ct.dcm.npy",
    "dicompix export study/ -o volumes --format nifti": "volumes",
    "dicompix export wsi.dcm -o tiles --format jpeg --frames 0,5-9": "tiles/wsi.dcm.0009.jpg",
    "dicompix transcode ct.dcm ct-small.dcm htj2k-lossless --verify": "ct-small.dcm",
    "dicompix transcode study/ smaller/ jpeg-ls-near --near 2": "smaller/deep/mr.dcm",
    "dicompix transcode cut.dcm mended.dcm rle --errors salvage": "mended.dcm",
    "dicompix demo": "dicompix-demo/CT_small.dcm.png",
    "dicompix demo study/ -o pictures": "pictures/mr.dcm.png",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder to be in: it has all that the examples name."""
    for name, original in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(example_path(original), tmp_path / name)
    changed = dcmread(tmp_path / "before.dcm")
    array = changed.pixel_array.copy()
    array[3, 4] += np.int16(2)
    changed.PixelData = array.tobytes()
    changed.save_as(tmp_path / "after.dcm")
    (tmp_path / "script.py").write_text("import sys; print(sys.argv[1:])")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("print('the module')")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_file_that_is_made_is_of_an_example() -> None:
    assert set(MADE) <= set(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_runs_as_written(example: str, folder: Path) -> None:
    if "mp4" in example and find_spec("av") is None:
        pytest.skip("PyAV")
    if "nifti" in example and find_spec("nibabel") is None:
        pytest.skip("nibabel")
    _, *arguments = shlex.split(example)
    wanted = 1 if example == "dicompix compare before.dcm after.dcm" else 0
    if arguments[0] == "run":
        done = dicompix_command(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout in {"['--an-option-of-its-own']\n", "the module\n"}
        return
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == wanted, result.output
    totals = arguments[0] == "check" and not {"-q", "--json"} & set(arguments)
    assert bool(result.stderr) is totals
    assert result.stdout or totals or "-q" in arguments
    assert example not in MADE or (folder / MADE[example]).exists()
