"""The architecture, held by tests: who imports whom, what `import dicompix` loads, sizes, public names."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import dicompix

SOURCE = Path(dicompix.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

# From left to right, each may import those before it; the name is a module or a package.
LAYERS = (
    "facade",
    *("errors", "policy", "format", "syntaxes"),
    *("transforms", "frames", "fragments", "codestream"),
    *("codecs", "registry", "settle", "limits", "conform", "parallel", "plain", "salvage", "decode"),
    *("batch", "encode", "testing"),
    *("read", "image", "compat", "dataset", "install"),
    *("volume", "transcode", "isolate", "cli"),
)
FACADES = {
    "dicompix",
    *(f"dicompix.pixels{name}" for name in ("", ".decoders", ".encoders", ".processing", ".utils")),
}  # names only
PYDICOM_LAYERS = {"read", "compat", "dataset", "install", "transcode", "cli"}
CODEC_LIBRARIES = {"imagecodecs", "libjpeg", "openjpeg", "rle", "gdcm", "jpeg_ls", "PIL"}
MANY_ARGUMENTS_ALLOWED = {"compat", "dataset", "install"}  # they mirror pydicom's signatures


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def layer_of(name: str) -> str:
    """Return the layer that a module belongs to: the first part of its name below the façades."""
    parts = name.split(".")
    inner = parts[2:] if parts[1:2] == ["pixels"] else parts[1:]
    return "cli" if inner == ["__main__"] else inner[0] if inner else name


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from imported_by(node)


def imported_by(node: ast.AST) -> Iterator[str]:
    """Yield the full name of every module that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "a relative import"
        module = node.module or ""
        inner = [f"{module}.{alias.name}" for alias in node.names]
        yield from (name if name in NAMES else module for name in inner)


INNER = [path for path in MODULES if name_of(path) not in FACADES]


@pytest.mark.parametrize("path", INNER, ids=name_of)
def test_imports_point_to_the_left(path: Path) -> None:
    own = layer_of(name_of(path))
    assert own in LAYERS, f"{own} has no place among the layers"
    for name in imported(path):
        if name.split(".")[0] == "dicompix":
            assert name in NAMES, f"{name} does not exist"
            if own != "cli":
                assert name not in FACADES, f"{own} imports the façade {name}"
                assert LAYERS.index(layer_of(name)) <= LAYERS.index(own), f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_needs_a_facade_while_it_loads(path: Path) -> None:
    """A façade loads modules one at a time: one that waited for it, loaded by another thread, would wait forever."""
    at_the_top = ast.parse(path.read_text(encoding="utf-8")).body
    names = [name for node in at_the_top for name in imported_by(node)]
    assert not set(names) & {"dicompix", "dicompix.pixels"}


def test_the_layer_rule_would_notice() -> None:
    assert layer_of("dicompix.pixels.codecs.rle") == "codecs"
    assert layer_of("dicompix.pixels.read") == "read"
    assert layer_of("dicompix.dataset") == "dataset"
    assert LAYERS.index("read") > LAYERS.index("decode") > LAYERS.index("registry") > LAYERS.index("codecs")
    assert len(set(LAYERS)) == len(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_pydicom_is_imported_where_dicom_tags_are_known(path: Path) -> None:
    if any(name.split(".")[0] == "pydicom" for name in imported(path)):
        assert layer_of(name_of(path)) in PYDICOM_LAYERS


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_codec_libraries_are_imported_by_codecs_only(path: Path) -> None:
    used = {name.split(".")[0] for name in imported(path)} & (CODEC_LIBRARIES - {"PIL"})
    assert not used or layer_of(name_of(path)) == "codecs"


WATCH = """
import builtins
real, wanted, asked = builtins.__import__, {libraries!r}, set()
def watched(name, globals=None, *rest, **named):  # also sees imports of what pydicom has loaded already
    if name.split(".")[0] in wanted and (globals or {{}}).get("__name__", "").startswith("dicompix"):
        asked.add(name.split(".")[0])
    return real(name, globals, *rest, **named)
builtins.__import__ = watched
{code}
print(*asked)
"""


def asked_for(code: str) -> set[str]:
    """Return the codec libraries that our own modules try to import while a fresh interpreter runs `code`."""
    script = WATCH.format(libraries=CODEC_LIBRARIES, code=code)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def decode(name: str) -> str:
    path = f"pydicom.data.get_testdata_file({name!r}, download=False)"
    return (
        "import contextlib, dicompix, pydicom.data\n"
        f"with contextlib.suppress(RuntimeError): dicompix.dcmread({path}).pixel_array"
    )


def test_the_names_of_dicompix_load_no_codec_library() -> None:
    assert asked_for("from dicompix import *; from dicompix.pixels import *") == set()
    assert asked_for("import dicompix; dicompix.install(); dicompix.uninstall()") == set()


def test_a_codec_library_is_loaded_by_its_first_use() -> None:
    assert asked_for(decode("CT_small.dcm")) == set()
    assert "imagecodecs" in asked_for(decode("JPEG2000.dcm"))


def test_the_names_of_dicompix_load_nothing_heavy_that_pydicom_does_not() -> None:
    show = "{}; import sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = [
        set(subprocess.run([sys.executable, "-c", show.format(name)], capture_output=True, text=True).stdout.split())  # noqa: PLW1510
        for name in (
            "import pydicom, numpy, concurrent.futures.thread, mmap, importlib.metadata",
            "from dicompix import *; from dicompix.pixels import *",
        )
    ]
    assert "dicompix" in loaded[1]
    assert not (loaded[1] - loaded[0]) & {"imagecodecs", "rich", "typer", "click", "scipy", "matplotlib", "highdicom"}


# Public names


def public_names(module: ModuleType) -> list[str]:
    named = {*vars(module), *module.__all__} - {"TYPE_CHECKING"}
    return sorted(name for name in named if name[0] != "_" and not isinstance(getattr(module, name), ModuleType))


@pytest.mark.parametrize("name", sorted(FACADES))
def test_all_lists_the_sorted_public_names(name: str) -> None:
    module = import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    assert list(module.__all__) == public_names(module)


@pytest.mark.parametrize("path", INNER, ids=name_of)
def test_every_all_is_true(path: Path) -> None:
    if "\n__all__ = " not in path.read_text(encoding="utf-8"):
        return
    module = import_module(name_of(path))
    assert all(hasattr(module, name) for name in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)


# House bars


def code_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[tuple[Function, int]]:
    """Yield each function with its number of code lines, docstring, comments and blank lines aside."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, Function):
            kept = set(range(node.lineno, (node.end_lineno or 0) + 1))
            if ast.get_docstring(node) is not None:
                kept -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
            yield node, len(code_lines("\n".join(lines[number - 1] for number in sorted(kept))))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_has_at_most_300_lines_and_a_function_40(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    for function, length in functions(path):
        assert length <= 40, f"{function.name} has {length} code lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_options_are_spelt_out(path: Path) -> None:
    if layer_of(name_of(path)) not in MANY_ARGUMENTS_ALLOWED:
        assert not [function.name for function, _ in functions(path) if function.args.kwarg]


def test_nine_functions_of_ten_have_at_most_20_lines() -> None:
    lengths = sorted(length for path in MODULES for _, length in functions(path))
    assert lengths[int(len(lengths) * 0.9)] <= 20


def test_types_are_seldom_overruled() -> None:
    texts = [path.read_text(encoding="utf-8") for path in MODULES]
    overruled = sum(text.count("cast(") + text.count("type: ignore") for text in texts)
    assert 1000 * overruled / sum(len(code_lines(text)) for text in texts) <= 5


def test_code_is_not_repeated() -> None:
    blocks: Counter[str] = Counter()
    total = 0
    for path in MODULES:
        lines = [line.strip() for line in code_lines(path.read_text(encoding="utf-8"))]
        lines = [line for line in lines if not line.startswith(("import ", "from "))]
        total += len(lines)
        blocks.update({"\n".join(lines[start : start + 8]) for start in range(len(lines) - 7)})
    assert sum(count for count in blocks.values() if count > 1) <= 0.02 * total
