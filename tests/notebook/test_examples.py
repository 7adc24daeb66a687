"""Every notebook among the examples runs, stays short, and holds its outputs for reading on the web."""

import json
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


def code_of(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in code_of(path):
        exec("".join(cell["source"]), names)
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_notebook_is_short_and_holds_its_outputs(path: Path) -> None:
    cells = code_of(path)
    assert sum("".join(cell["source"]).count("\n") + 1 for cell in cells) <= 40
    assert all(cell["outputs"] for cell in cells)
    text = json.dumps([cell["outputs"] for cell in cells])
    assert "Traceback" not in text
    assert path.stat().st_size < 500_000


def test_there_are_notebooks() -> None:
    assert EXAMPLES
