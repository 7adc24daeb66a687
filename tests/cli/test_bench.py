"""`dicompix bench`: each codec and pydicom on one file; what is wrong is flagged."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from dicompix.cli import timing
from dicompix.cli.commands import app
from dicompix.cli.timing import Contender, Timed, contenders_for, measure, race

RUNNER = CliRunner()
Example = Callable[[str], Path]


def test_the_contenders(example: Example) -> None:
    contenders, exact = contenders_for(example("MR_small_RLE.dcm"))
    assert exact
    names = [str(one) for one in contenders]
    assert names[:3] == ["dicompix imagecodecs", "dicompix dicompix", "dicompix pylibjpeg-rle"]
    assert "pydicom" in names
    assert "pydicom pylibjpeg" in names
    assert not contenders_for(example("JPEG-lossy.dcm"))[1]


def test_a_table_and_json(example: Example) -> None:
    path = str(example("MR_small_RLE.dcm"))
    result = RUNNER.invoke(app, ["bench", "--rounds", "1", path])
    assert result.exit_code == 0, result.output
    for phrase in ("times pydicom", "dicompix imagecodecs", "the reference", "equal"):
        assert phrase in result.stdout
    result = RUNNER.invoke(app, ["bench", "--rounds", "1", "--json", path])
    found = json.loads(result.stdout)
    assert [one["reference"] for one in found["results"]].count(True) == 1
    theirs = next(one for one in found["results"] if one["contender"] == {"library": "pydicom", "codec": ""})
    assert theirs["times_pydicom"] == 1
    for one in found["results"]:
        assert (one["most"], one["wrong"], one["problem"]) == (0, False, "")
        assert one["milliseconds"] > 0
        assert one["megabytes"] == pytest.approx(64 * 64 * 2 / 1e6)


def wrong_values(dataset: Any, contender: Contender) -> np.ndarray:
    """Stand in for decoding: the second contender is wrong, the third fails."""
    array = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    if contender.codec == "fails":
        raise ValueError("not today")
    if contender.codec == "other":
        return array[:, :2]
    return array + (5 if contender.codec == "wrong" else 0)


def test_measuring_against_the_first_ones_values(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "_decoded", wrong_values)
    reference, path = tmp_path / "reference.npy", example("CT_small.dcm")

    def measured(codec: str) -> Timed:
        return measure(path, Contender("dicompix", codec), 1, reference)

    assert (measured("right").most, reference.exists()) == (0, True)
    assert (measured("same").most, measured("same").mean) == (0, 0)
    assert (measured("wrong").most, measured("wrong").mean) == (5, 5)
    assert "other sizes: (1, 2, 4), not (1, 3, 4)" in measured("other").problem
    with pytest.raises(ValueError, match="not today"):
        measured("fails")


@pytest.mark.parametrize(
    ("timed", "exact", "wrong"),
    [
        ({"most": 1, "mean": 0.001}, True, True),
        ({"most": 0, "mean": 0}, True, False),
        ({"most": 9, "mean": 0.2}, False, False),
        ({"most": 90, "mean": 20}, False, True),
        ({"most": 90, "mean": 20, "problem": "dead"}, True, False),
    ],
)
def test_what_counts_as_wrong(timed: dict[str, Any], exact: bool, wrong: bool) -> None:  # noqa: FBT001
    assert timing._judged(Timed(contender=Contender("a", "b"), **timed), exact=exact).wrong is wrong


def test_wrong_and_failing_ones_are_flagged(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [
        Timed(contender=Contender("dicompix", "a"), milliseconds=2, megabytes=1),
        Timed(contender=Contender("dicompix", "b"), milliseconds=2, megabytes=1, most=7, mean=3, wrong=True),
        Timed(contender=Contender("dicompix", "c"), problem="its process died (exit status -11)"),
        Timed(contender=Contender("pydicom", ""), milliseconds=8, megabytes=1),
    ]
    monkeypatch.setattr(timing, "race", lambda path, rounds, timeout: iter(results))
    result = RUNNER.invoke(app, ["bench", str(example("CT_small.dcm"))])
    assert result.exit_code == 1
    rows = {name: cells for name, *cells in (line.split("\t") for line in result.stdout.splitlines())}
    assert rows["dicompix a"] == ["2.00", "500", "4.00", "the reference"]
    assert rows["dicompix b"][-1] == "WRONG: max 7, mean 3 off"
    assert rows["dicompix c"] == ["", "", "", "fails: its process died (exit status -11)"]


@pytest.mark.skipif(sys.platform == "win32", reason="fifos")
def test_one_that_hangs_or_dies_harms_nobody(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contenders = [Contender("dicompix", ""), Contender("pydicom", "")]
    monkeypatch.setattr(timing, "contenders_for", lambda path: (contenders, True))
    import os

    pipe = tmp_path / "never"
    os.mkfifo(pipe)  # reading it waits for ever
    found = list(race(pipe, 1, 1.0))
    assert [one.problem for one in found] == ["did not end in time"] * 2
