"""Every example runs, stays short, and shows what is stored of it for reading on the web.

`python tests/test_examples.py` stores it: the notebooks' outputs, the animation, and what scripts print in README.md.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image, ImageSequence

FOLDER = Path(__file__).parents[1] / "examples"
PAGE = FOLDER / "README.md"
SCRIPTS = sorted(set(FOLDER.glob("*.py")) - {FOLDER / "samples.py"})
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NEEDED = {"dask_histogram": "distributed", "volume_to_nifti": "nibabel"}
LONGEST, LARGEST = 40, 300_000  # lines of code less than, bytes at most
WITH_SAMPLES = {**os.environ, "PYTHONPATH": str(FOLDER)}

Shown = list[tuple[str, tuple[str, ...], str]]


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def need(path: Path) -> None:
    if path.stem in NEEDED:
        pytest.importorskip(NEEDED[path.stem])


def printed(script: Path, folder: Path) -> str:
    """Run a script and return what it prints."""
    command = [sys.executable, str(script)]
    done = subprocess.run(command, cwd=folder, env=WITH_SAMPLES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_page(script: Path) -> re.Pattern[str]:
    """Return the pattern of a script's part of the page: its name, its first line, and what it prints."""
    return re.compile(rf"(## \[{script.name}\]\({script.name}\)\n\n)(.*?)\n\n```text\n(.*?)```", re.DOTALL)


def first_line(script: Path) -> str:
    return script.read_text("utf-8").split("\n")[0].strip('"')


def code_of(notebook: Any) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def executed(path: Path, folder: Path) -> Any:
    """Return a notebook as a kernel of its own leaves it."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    fresh = pytest.importorskip("nbformat").read(path, as_version=4)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    own = {"IPYTHONDIR": str(folder / ".ipython"), "JUPYTER_RUNTIME_DIR": str(folder / ".runtime")}
    environment = {key: value for key, value in WITH_SAMPLES.items() if key != "MPLBACKEND"} | own
    client = nbclient.NotebookClient(fresh, timeout=300, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(folder), env=environment)
    return fresh


def shown(notebook: Any) -> Shown:
    """Return the kind, the MIME types and the text of each output; a picture's text is its size, about.

    What a cell prints may come in several pieces: they are one.
    """
    found: Shown = []
    for cell in notebook["cells"]:
        before = ""
        for output in cell.get("outputs", []):
            kind, data = output["output_type"], output.get("data", {})
            text = "".join(output.get("text", "")) or sizes(data) or "".join(data.get("text/plain", ""))
            if kind == before == "stream":
                text = found.pop()[2] + text
            found.append((kind, tuple(sorted(data)), text))
            before = kind
    return found


def sizes(data: Any) -> str:
    if "image/png" not in data:
        return ""
    with Image.open(BytesIO(base64.b64decode("".join(data["image/png"])))) as picture:
        assert len(set(picture.convert("L").tobytes())) > 5, "nothing is to be seen in a picture"
        return " x ".join(str(round(side, -2)) for side in picture.size)


@named(SCRIPTS)
def test_a_script_prints_what_the_page_says(path: Path, tmp_path: Path) -> None:
    need(path)
    found = on_page(path).search(PAGE.read_text("utf-8"))
    assert found is not None, f"{PAGE.name} does not tell of {path.name}"
    assert found[2] == first_line(path)
    assert found[3] == printed(path, tmp_path)


@named(SCRIPTS)
def test_a_script_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < LONGEST
    assert re.match(r'"""[A-Z].*\.("""|)$', first_line(path).join(('"""', ""))), "its first line says what it shows"


@named(NOTEBOOKS)
@pytest.mark.filterwarnings("ignore")  # of Jupyter's libraries
def test_a_notebook_shows_what_is_stored(path: Path, tmp_path: Path) -> None:
    need(path)
    stored = shown(json.loads(path.read_text("utf-8")))
    assert any("image/png" in types for _, types, _ in stored), "a notebook without a picture"
    assert shown(executed(path, tmp_path)) == stored


@named(NOTEBOOKS)
def test_a_notebook_is_short_and_small(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert sum(len(source.splitlines()) for source in code_of(notebook)) < LONGEST
    assert re.match(r"# [A-Z].{20,}$", notebook["cells"][0]["source"][0]), "its first line says what it shows"
    assert f"[{path.name}]({path.name})" in PAGE.read_text("utf-8")
    assert path.stat().st_size < LARGEST
    text = path.read_text("utf-8")
    for unwanted in ("Traceback", "site-packages", "/tmp/", "/home/", "/root/"):
        assert unwanted not in re.sub(r'"[A-Za-z0-9+/=\\n]{200,}"', "", text)


def test_the_animation_is_what_the_script_makes(tmp_path: Path) -> None:
    printed(FOLDER / "cine.py", tmp_path)
    for path in (FOLDER / "cine.gif", tmp_path / "cine.gif"):
        with Image.open(path) as picture:
            assert picture.size == (160, 120)
            steps = [frame.info["duration"] for frame in ImageSequence.Iterator(picture)]
        assert sum(steps) == 1000  # ms; frames that are equal are one, shown for longer
        assert len(steps) > 20
    assert (FOLDER / "cine.gif").stat().st_size < LARGEST


def store() -> None:
    """Run everything and store what it shows."""
    import nbformat

    for path in NOTEBOOKS:
        with TemporaryDirectory() as folder:
            nbformat.write(executed(path, Path(folder)), path)
    page = PAGE.read_text("utf-8")
    for path in SCRIPTS:
        with TemporaryDirectory() as folder:
            part = f"\\1{first_line(path)}\n\n```text\n" + printed(path, Path(folder)).replace("\\", r"\\") + "```"
            page = on_page(path).sub(part, page)
            if path.stem == "cine":
                shutil.copy(Path(folder) / "cine.gif", FOLDER)
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    store()
