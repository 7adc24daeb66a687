"""`dicompix compare`: equal, or where and by how much not; the exit status says so."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.cli.difference import distances
from dicompix.pixels.codecs.base import Stored

RUNNER = CliRunner()
Write = Callable[..., str]


@pytest.fixture
def write(make: Callable[..., Dataset], as_file: Callable[[Dataset], BytesIO], tmp_path: Path) -> Write:
    """Give `write("a", array, frames=2)`, the path of a file with these pixels."""

    def written(name: str, array: Stored, frames: int = 1, **elements: Any) -> str:
        path = tmp_path / name
        path.write_bytes(as_file(make(array, frames=frames, **elements)).getvalue())
        return str(path)

    return written


def compared(*arguments: str, status: int) -> dict[str, Any]:
    """Return what `compare --json` prints."""
    result = RUNNER.invoke(app, ["compare", "--json", *arguments])
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_equal_files(write: Write, ramp: Stored) -> None:
    one, other = write("a", ramp, 2), write("b", ramp, 2)
    found = compared(one, other, status=0)
    assert (found["equal"], found["most"], found["compared"], found["samples"]) == (True, 0, 2, 48)
    result = RUNNER.invoke(app, ["compare", one, other])
    assert (result.exit_code, result.stdout) == (0, "equal: 48 values in 2 frames are the same\n")


def test_where_and_by_how_much_they_differ(write: Write, ramp: Stored) -> None:
    changed = ramp.copy()
    changed[1, 2, 3] += 10
    changed[1, 3, 0] -= 30
    one, other = write("a", ramp, 2), write("b", changed, 2)
    found = compared(one, other, status=1)
    assert (found["first_frame"], found["first_place"], found["differing_frames"]) == (1, [2, 3], 1)
    assert (found["differing"], found["most"], found["mean"]) == (2, 30, pytest.approx(40 / 48))
    result = RUNNER.invoke(app, ["compare", one, other])
    assert result.stdout == (
        "different: 2 of 48 values in 1 of 2 frames, first frame 1 at (2, 3); max 30, mean 0.833333\n"
    )
    assert compared(one, other, "--tolerance", "30", status=0)["equal"] is True
    compared(one, other, "--tolerance", "29", status=1)
    result = RUNNER.invoke(app, ["compare", "-q", one, other])
    assert (result.exit_code, result.stdout) == (1, "")


def test_other_numbers_of_frames_are_different(write: Write, ramp: Stored) -> None:
    one, other = write("a", ramp, 2), write("b", ramp[0])
    found = compared(one, other, status=1)
    assert (found["frames"], found["compared"], found["most"]) == ([2, 1], 1, 0)
    assert "frames: 2 and 1, 1 compared" in RUNNER.invoke(app, ["compare", one, other]).stdout


def test_other_shapes_are_different(write: Write, ramp: Stored) -> None:
    one, other = write("a", ramp, 2), write("b", np.ascontiguousarray(ramp.transpose(0, 2, 1)), 2)
    assert compared(one, other, status=1)["shapes"] == [[4, 6], [6, 4]]
    assert "frame 0 is 4 x 6 in one, 6 x 4 in the other" in RUNNER.invoke(app, ["compare", one, other]).stdout


def test_another_type_with_equal_values_is_noted(write: Write, ramp: Stored) -> None:
    one, other = write("a", ramp, 2), write("b", ramp.astype(np.int16), 2)
    assert compared(one, other, status=0)["notes"] == ["dtype: uint16 and int16"]


def test_other_values_than_stored_ones(write: Write, ramp: Stored) -> None:
    one = write("a", ramp, 2)
    other = write("b", ramp, 2, RescaleSlope=2, RescaleIntercept=0)
    compared(one, other, status=0)
    assert compared(one, other, "--values", "modality", status=1)["most"] == ramp.max()
    compared(one, other, "--values", "display", status=0)  # the full range of either is the whole picture


def test_two_codecs_on_one_file(example: Callable[[str], Path]) -> None:
    path = str(example("JPEG2000.dcm"))
    found = compared(path, "--codec", "imagecodecs", "--codec", "pylibjpeg", status=0)
    assert found["codecs"] == ["imagecodecs", "pylibjpeg"]
    result = RUNNER.invoke(app, ["compare", path, "--codec", "imagecodecs", "--codec", "nobody"])
    assert result.exit_code == 3
    assert "No plugin named 'nobody'" in result.stderr


def test_raw_colour(example: Callable[[str], Path]) -> None:
    path = str(example("SC_ybr_full_422_uncompressed.dcm"))
    assert compared(path, path, status=0)["notes"] == []
    assert compared(path, path, "--raw", status=0)["equal"] is True


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (np.array([0, 200], "u1"), np.array([255, 0], "u1"), [255, 200]),
        (np.array([-32768], "i2"), np.array([65535], "u2"), [98303]),
        (np.array([2**64 - 1], "u8"), np.array([0], "u8"), [2.0**64]),
        (np.array([-(2**63)], "i8"), np.array([2**63 - 1], "i8"), [2.0**64]),
        (np.array([np.nan, np.nan, 1, np.inf], "f4"), np.array([np.nan, 1, 1.5, np.inf], "f4"), [0, np.inf, 0.5, 0]),
    ],
    ids=["u1", "mixed", "u8", "i8", "floats"],
)
def test_distances_do_not_wrap(one: Stored, other: Stored, expected: list[float]) -> None:
    assert distances(one, other).tolist() == expected
