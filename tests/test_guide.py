"""pydicom's guide and tutorials: every snippet gives the same with its import changed, and unchanged once installed."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

import dicompix
import dicompix.pixels
from guide.snippets import EXACT, LOSSY, VIEWING, WORKING_WITH_PIXEL_DATA

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # of an example's own UIDs

CHANGED_IMPORTS = {
    "from pydicom.pixels import": "from dicompix.pixels import",
    "from pydicom.pixel_data_handlers import": "from dicompix.pixels import",
    "from pydicom.pixel_data_handlers.util import": "from dicompix.pixels import",
    "from pydicom import dcmread, examples": "from dicompix import dcmread\nfrom pydicom import examples",
    "from pydicom import dcmread": "from dicompix import dcmread",
    "from pydicom import Dataset, examples": "from dicompix import Dataset\nfrom pydicom import examples",
    "from pydicom import Dataset, FileMetaDataset": "from dicompix import Dataset\nfrom pydicom import FileMetaDataset",
    "from pydicom import Dataset": "from dicompix import Dataset",
    "import pydicom\n": "import dicompix as pydicom\n",
}
PIXEL_DATA = 0x7FE00010
NEW_EACH_TIME = {"SOPInstanceUID"}
PLANES_OF_RLE = {"PlanarConfiguration"}  # PS3.5 G.2: color by plane, which pydicom leaves as it was
LOSSY_NOTES = {  # PS3.3 C.7.6.1.1: pydicom leaves them out
    "ImageType",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
}

Results = dict[str, Any]


def with_imports_changed(source: str) -> str:
    """Return a snippet that imports dicompix where it imported pydicom, and is the same otherwise."""
    lines = []
    for line in source.splitlines(keepends=True):
        match = [old for old in CHANGED_IMPORTS if line.startswith(old)]
        old = max(match, key=len, default="")
        lines.append(line.replace(old, CHANGED_IMPORTS[old]) if old else line)
    return "".join(lines)


class Plot(ModuleType):
    """Stands in for matplotlib.pyplot and keeps what would be shown."""

    cm = SimpleNamespace(gray="gray")

    def __init__(self) -> None:
        super().__init__("matplotlib.pyplot")
        self.shown: list[Any] = []

    def imshow(self, image: Any, **_: Any) -> "Plot":
        self.shown.append(np.array(image))
        return self

    set_data = imshow

    def subplots(self, rows: int, columns: int) -> tuple[None, list["Plot"]]:
        return None, [self] * (rows * columns)

    def show(self) -> None:
        pass

    def pause(self, seconds: float) -> None:
        pass


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Results]:
    """Give `run(source)`: what a snippet leaves in its names, in files and on the screen."""

    def run_snippet(source: str) -> Results:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        monkeypatch.chdir(folder)
        plot, package = Plot(), ModuleType("matplotlib")
        vars(package)["pyplot"] = plot
        monkeypatch.setitem(sys.modules, "matplotlib", package)
        monkeypatch.setitem(sys.modules, "matplotlib.pyplot", plot)
        names: Results = {"__name__": "__main__"}
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            exec(compile(source, "<snippet>", "exec"), names)
        kept = {name: value for name, value in names.items() if isinstance(value, (np.ndarray, Dataset, bytes))}
        files = {path.name: pydicom.dcmread(path) for path in sorted(folder.iterdir())}
        shown = {f"shown {i}": image for i, image in enumerate(plot.shown)}
        return {**kept, **files, **shown, "warnings": sorted(str(warning.message) for warning in warned)}

    return run_snippet


def elements(dataset: Dataset) -> dict[str, Any]:
    """Return the values of a data set; those of compressed pixel data as their array, by pydicom itself."""
    syntax = getattr(dataset, "file_meta", Dataset()).get("TransferSyntaxUID")
    left_out = NEW_EACH_TIME | (PLANES_OF_RLE if syntax == RLELossless else set())
    values: dict[Any, Any] = {e.tag: e.value for e in dataset if e.keyword not in left_out}
    if syntax is not None and syntax.is_compressed:
        values[PIXEL_DATA] = pydicom.pixels.pixel_array(plain(dataset), raw=True).tolist()
    return {**values, "syntax": syntax}


def plain(dataset: Dataset) -> Dataset:
    """Return a data set of pydicom's own class with the same elements."""
    made = Dataset(dataset)
    made.file_meta = dataset.file_meta
    return made


def assert_equal(ours: Results, theirs: Results) -> None:
    """Compare names, files and pictures."""
    assert ours.keys() == theirs.keys()
    assert len(theirs) > 1
    for name, value in theirs.items():
        found = ours[name]
        if isinstance(value, np.ndarray):
            assert found.dtype == value.dtype, name
            np.testing.assert_array_equal(found, value, err_msg=name)
        elif isinstance(value, Dataset):
            assert elements(found) == elements(value), name
        elif name == "warnings":
            assert {text for text in found if "will be removed" not in text} <= set(value)
        else:
            assert found == value, name


@pytest.mark.parametrize("source", EXACT.values(), ids=EXACT)
def test_with_its_import_changed(source: str, run: Callable[[str], Results]) -> None:
    changed = with_imports_changed(source)
    assert "pixel" not in "".join(line for line in changed.splitlines() if line.startswith("from pydicom"))
    assert_equal(run(changed), run(source))


@pytest.mark.parametrize("source", EXACT.values(), ids=EXACT)
def test_unchanged_once_installed(source: str, run: Callable[[str], Results]) -> None:
    theirs = run(source)
    dicompix.install()
    try:
        ours = run(source)
    finally:
        dicompix.uninstall()
    assert_equal(ours, theirs)


@pytest.mark.parametrize("source", LOSSY.values(), ids=LOSSY)
@pytest.mark.parametrize("form", ["changed", "installed"])
def test_lossy_ones_stay_within_their_bounds(source: str, form: str, run: Callable[[str], Results]) -> None:
    theirs = run(source)["ds"]
    if form == "changed":
        ours = run(with_imports_changed(source))["ds"]
    else:
        dicompix.install()
        try:
            ours = run(source)["ds"]
        finally:
            dicompix.uninstall()
    pixels = {"PixelData", *NEW_EACH_TIME, *LOSSY_NOTES}
    left, right = ({e.keyword: e.value for e in ds if e.keyword not in pixels} for ds in (ours, theirs))
    assert left == right
    assert ours.file_meta.TransferSyntaxUID == theirs.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("name", ["zero and save", "zero and save, the old way"])
def test_as_a_script_under_dicompix_run(name: str, tmp_path: Path, run: Callable[[str], Results]) -> None:
    source = WORKING_WITH_PIXEL_DATA[name]
    (tmp_path / "run").mkdir()
    script = tmp_path / "snippet.py"
    script.write_text(source + "\nassert type(ds.pixels).__name__ == 'Image'\n")
    command = [sys.executable, "-W", "error", "-m", "dicompix", "run", str(script)]
    subprocess.run(command, cwd=tmp_path / "run", check=True, env={**os.environ, "PYTHONSAFEPATH": ""})
    (written,) = (tmp_path / "run").iterdir()
    theirs = run(source)[written.name]
    assert elements(pydicom.dcmread(written)) == elements(theirs)


def test_snippets_run_on_us_in_both_forms(run: Callable[[str], Results]) -> None:
    source = VIEWING["downsize"]
    assert type(run(with_imports_changed(source))["ds"]) is dicompix.FileDataset
    seen = "\nimport pydicom.pixels\nname = pydicom.pixels.apply_voi_lut.__module__.encode()"
    assert run(source + seen)["name"].startswith(b"pydicom.")
    dicompix.install()
    try:
        assert run(source + seen)["name"].startswith(b"dicompix.")
    finally:
        dicompix.uninstall()
