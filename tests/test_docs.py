"""The documentation is true: its code runs or says why not, every public name is described, links lead somewhere."""

import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, reduce
from importlib import import_module
from pathlib import Path
from runpy import run_path
from types import ModuleType
from typing import Any

import pytest

import dicompix
import dicompix.pixels

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
PYTHON = {"python", "{testcode}"}
FENCE = re.compile(r"^```(\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: \S.*? -->\n+$", re.DOTALL)
LIBRARIES = {  # of examples: what a page says -> what it needs, without which it is skipped
    "torch": "torch",
    "dask": "dask",
    "xarray": "xarray",
    "matplotlib": "matplotlib",
    "ipywidgets": "ipywidgets",
    ".view()": "anywidget",
    ".plot(": "matplotlib",
    "to_sitk": "SimpleITK",
    "to_nibabel": "nibabel",
}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and whether the page says that it cannot be run."""

    kind: str
    text: str
    excused: bool


def blocks_of(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    found = FENCE.finditer(text)
    return [Block(match[1], match[2], bool(NOT_RUN.search(text[: match.start()]))) for match in found]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def with_code(path: Path) -> bool:
    return any(block.kind in PYTHON and not block.excused for block in blocks_of(path))


# The code of the pages


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of the files that the pages name."""
    folder = tmp_path_factory.mktemp("samples")
    run_path(str(DOCS / "samples.py"))["make"](folder)
    return folder


@pytest.mark.filterwarnings("ignore")  # a page may show what warns
@pytest.mark.parametrize("path", [path for path in (*PAGES, ROOT / "README.md") if with_code(path)], ids=name_of)
def test_code_runs_and_prints_what_the_page_says(path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(samples)
    names: dict[str, Any] = {"__name__": "page", "folder": Path()}
    printed = ""
    for block in blocks_of(path):
        if block.kind in PYTHON and not block.excused:
            for library in {library for sign, library in LIBRARIES.items() if sign in block.text}:
                pytest.importorskip(library)
            with redirect_stdout(io.StringIO()) as out:
                exec(compile(block.text, name_of(path), "exec"), names)
            printed = out.getvalue()
        elif block.kind == "{testoutput}":
            assert printed.strip() == block.text.strip()
    dicompix.uninstall()
    dicompix.set_limits()


def test_the_reader_of_blocks_sees_them() -> None:
    assert [block.kind for block in blocks_of(ROOT / "README.md")].count("sh") == 2
    assert len([path for path in PAGES if with_code(path)]) > 20


# The reference


@cache
def described() -> frozenset[str]:
    """Return the full name of everything that a page of the reference describes."""
    names = set()
    for path in (DOCS / "reference").glob("*.md"):
        module = last = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.match(r" *\.\. (auto\w+|py:currentmodule):: ([\w.]+)", line):
                if match[1] == "py:currentmodule":
                    module = match[2]
                elif match[1] != "autosummary":
                    nested = line.startswith(" ")
                    full = match[2] if match[2].startswith("dicompix") else f"{last if nested else module}.{match[2]}"
                    names.add(full)
                    last = last if nested else full
            elif match := re.match(r" +:members: (.+)", line):
                names.update(f"{last}.{name.strip()}" for name in match[1].split(","))
    return frozenset(names)


def members_of(kind: Any) -> set[str]:
    """Return the public members that our own classes give a class."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("dicompix")]
    return {name for base in ours for name in vars(base) if not name.startswith("_")}


def public() -> list[str]:
    names = [f"dicompix.{name}" for name in dicompix.__all__]
    names += [f"dicompix.pixels.{name}" for name in dicompix.pixels.__all__]
    for kind in ("Image", "Volume", "PixelMixin"):
        members = members_of(getattr(dicompix, kind)) - dataclass_fields(getattr(dicompix, kind))
        names += [f"dicompix.{kind}.{name}" for name in sorted(members)]
    return names


def dataclass_fields(kind: Any) -> set[str]:
    return set(getattr(kind, "__dataclass_fields__", ()))


def found(name: str) -> Any:
    """Return the object of a full name, a class's members as they stand in it."""
    parts = name.split(".")
    for cut in range(1, len(parts)):  # `dicompix.transcode` is a function, `dicompix.transcode.Summary` in its module
        try:
            return reduce(getattr, parts[cut:], import_module(".".join(parts[:cut])))
        except AttributeError:
            continue
    return import_module(name)


@pytest.mark.parametrize("name", public())
def test_every_public_name_is_described(name: str) -> None:
    assert name in described(), "no page of docs/reference describes it"
    lines = (found(name).__doc__ or "").splitlines()
    assert lines, "it has no docstring"
    assert lines[0].rstrip().endswith((".", ":")), lines[0]


def test_what_is_described_is_there() -> None:
    for name in described():
        assert not isinstance(found(name), ModuleType) or name == "dicompix.pixels.testing"


def is_error(name: str) -> bool:
    target = found(name)
    return isinstance(target, type) and issubclass(target, Exception)


@cache
def all_code() -> str:
    """Return the code of the reference's pages, where a method is shown beside others."""
    pages = (*(DOCS / "reference").glob("*.md"), DOCS / "how-to" / "notebooks.md")
    return "\n".join(block.text for path in pages for block in blocks_of(path))


@pytest.mark.parametrize("name", [name for name in public() if not is_error(name)])
def test_every_public_name_has_an_example(name: str) -> None:
    short = name.rpartition(".")[2]
    own = ">>>" in (found(name).__doc__ or "")
    assert own or re.search(rf"\b{short}\b", all_code()), "neither its docstring nor a page of the reference has one"


NEVER_FAILS = {  # or only as whatever they were made from
    *("dicompix.uninstall", "dicompix.install", "dicompix.PixelMixin.save_as"),
    *("dicompix.Image.close", "dicompix.Image.count", "dicompix.Image.audit", "dicompix.Image.shutter"),
    *("dicompix.pixels.get_image_pixel_ids", "dicompix.pixels.get_nr_frames", "dicompix.pixels.get_j2k_parameters"),
    "dicompix.pixels.as_pixel_options",
}


def functions() -> list[str]:
    return [name for name in public() if callable(found(name)) and not isinstance(found(name), type)]


SAYS = re.compile(r"\w+Error|errors|\bas (in )?`[\w.]+`")  # or whose errors its own are


@pytest.mark.parametrize("name", functions())
def test_every_function_says_what_it_raises(name: str) -> None:
    assert SAYS.search(found(name).__doc__ or "") or name in NEVER_FAILS


# README, links, citation

LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=name_of)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    for target, _ in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        made = "_static/pictures" in target  # by the build
        assert made or target.startswith(("http:", "https:")) or (path.parent / target).exists(), target


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set(re.findall(r"^([\w-]+(?:/[\w-]+)*)$", (DOCS / "index.md").read_text(), re.MULTILINE))
    assert {str(path.relative_to(DOCS).with_suffix("")) for path in PAGES} - {"index"} <= listed


def test_every_picture_is_made_by_the_build(tmp_path: Path) -> None:
    run_path(str(DOCS / "pictures.py"))["main"](tmp_path)
    wanted = {match[1] for path in PAGES for match in re.finditer(r"_static/pictures/([\w.-]+)\)", path.read_text())}
    assert wanted == {path.name for path in tmp_path.iterdir()}


def test_readme_is_short_and_has_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert "\npip install . && python -m dicompix demo\n" in text
    assert "\npip install nox && nox -s tests\n" in text


def test_readme_shows_the_figures_that_are_stored() -> None:
    from benchmarks.report import DATA, stored_matrix
    from benchmarks.report import DOCS as FOLDER
    from benchmarks.short import short_table

    matrix, run = stored_matrix(FOLDER / DATA / "matrix.json")
    table = short_table(matrix.outcomes, run)
    assert table
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_citation_names_this_version() -> None:
    assert f"version: {dicompix.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
