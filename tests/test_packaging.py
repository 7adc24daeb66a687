"""The package as it is published: one version, extras that are there, and programs frozen with PyInstaller."""

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import dicompix
from dicompix.pixels.codecs import BUILT_IN
from dicompix.pixels.codecs.encoders import ENCODERS
from dicompix.pixels.codecs.pyinstaller import hook_dirs

ROOT = Path(__file__).parents[1]
SOURCE = Path(dicompix.__file__).parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
ENTRIES = {entry for table in (BUILT_IN, ENCODERS) for row in table.values() for entry in row}


def split(requirement: str) -> tuple[str, list[int]]:
    """Return the name and the lower bound of a requirement."""
    found = re.match(r"([\w-]+)[^>]*>=([\d.]+)", requirement)
    assert found is not None, requirement
    return found[1].lower(), [int(part) for part in found[2].split(".")]


# The version


def test_the_version_stands_in_one_place_and_the_changelog_and_the_citation_agree() -> None:
    assert PROJECT["dynamic"] == ["version"]
    newest = re.search(r"^## (\S+)(?: \(([\d-]+)\))?$", (ROOT / "docs/changelog.md").read_text("utf-8"), re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    released = re.search(r"^date-released: [\"']?([\d-]+)", citation, re.MULTILINE)
    assert newest is not None
    assert newest[1] == dicompix.__version__
    assert f"\nversion: {dicompix.__version__}\n" in citation
    assert newest[2] == (released[1] if released else None)


# Requirements


def test_every_extra_that_something_names_is_there() -> None:
    texts = [path.read_text("utf-8") for path in (*SOURCE.rglob("*.py"), *(ROOT / "docs").rglob("*.md"))]
    texts.append((ROOT / "README.md").read_text("utf-8"))
    named = {name for text in texts for some in re.findall(r"dicompix\[([\w,]+)\]", text) for name in some.split(",")}
    called = {name for text in texts for name in re.findall(r"\blibrary\(\"[\w.]+\", \"(\w+)\"\)", text)}
    assert {"notebook", "xarray"} <= called
    assert named | called | {entry.extra for entry in ENTRIES} - {""} <= {*EXTRAS}


def test_all_brings_every_extra_but_those_with_a_reason() -> None:
    (everything,) = EXTRAS["all"]
    assert {*re.findall(r"\w+", everything)} - {"dicompix"} == {*EXTRAS} - {"all", "pyjpegls", "s3", "video"}


def test_what_codecs_need_is_what_we_require() -> None:
    required = dict(split(line) for line in PROJECT["dependencies"])
    assert required["imagecodecs"] > [2026]
    for entry in ENTRIES:
        brought = required | dict(split(line) for line in EXTRAS.get(entry.extra, []))
        for name, bound in map(split, entry.needs):
            assert bound <= brought[name]


# PyInstaller

HOOK = SOURCE / "pixels" / "codecs" / "pyinstaller" / "hook-dicompix.py"
OF_IMAGECODECS = ["imagecodecs", "imagecodecs._jpeg2k", "imagecodecs._imagecodecs", "imagecodecs.__main__"]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the hook says, with functions in place of PyInstaller's."""
    hooks = ModuleType("PyInstaller.utils.hooks")
    vars(hooks).update(
        collect_data_files=lambda name: [(name, "data")],
        collect_submodules=lambda name, filter: [one for one in OF_IMAGECODECS if name in one and filter(one)],  # noqa: A006
        copy_metadata=lambda name: [(name.lower(), "metadata")],
    )
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, hooks.__name__, hooks)
    return run_path(str(HOOK))


def test_the_hook_is_where_the_entry_point_says() -> None:
    assert PROJECT["entry-points"]["pyinstaller40"] == {"hook-dirs": "dicompix.pixels.codecs.pyinstaller:hook_dirs"}
    assert [Path(folder) for folder in hook_dirs()] == [HOOK.parent]


def test_the_hook_names_every_module_that_is_imported_by_name(hook: dict[str, Any]) -> None:
    modules = set(hook["hiddenimports"])
    assert {entry.target.partition(":")[0] for entry in ENTRIES} <= modules
    assert {"imagecodecs", "imagecodecs._jpeg2k", "PIL", "openjpeg", "rle"} <= modules
    assert not {"imagecodecs._imagecodecs", "imagecodecs.__main__", "pytest"} & modules


def test_the_hook_takes_the_metadata_that_tells_what_is_installed(hook: dict[str, Any]) -> None:
    taken = {name for name, kind in hook["datas"] if kind == "metadata"}
    assert {"imagecodecs", "pillow", "pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle"} <= taken
    assert taken <= {split(need)[0] for entry in ENTRIES for need in entry.needs}
    assert ("dicompix", "data") in hook["datas"]


PROGRAM = """
import sys
import dicompix
for path in sys.argv[1:]:
    image = dicompix.open_image(path)
    print(image.codec_name(), int(image[0].sum()))
"""


@pytest.mark.skipif(find_spec("PyInstaller") is None, reason="`nox -s package` has PyInstaller")
def test_a_frozen_program_decodes_without_an_option(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    subprocess.run([sys.executable, "-m", "PyInstaller", "--noconfirm", program.name], cwd=tmp_path, check=True)
    kinds = ("", "_RLE", "_jp2klossless", "_jpeg_ls_lossless")  # one picture in all of them
    paths = [str(get_testdata_file(f"MR_small{kind}.dcm", download=False)) for kind in kinds]
    total = int(np.frombuffer(pydicom.dcmread(paths[0]).PixelData, "<i2").sum())
    done = subprocess.run([tmp_path / "dist/program/program", *paths], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == [f"dicompix {total}", *[f"imagecodecs {total}"] * 3, ""]
