"""The façades: `import dicompix` loads nothing else; every name is found at first use, in any way, by any thread."""

import ast
import inspect
import json
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import dicompix
import dicompix.pixels

FACADES = ("dicompix", "dicompix.pixels")


def printed(code: str) -> str:
    """Return what a fresh interpreter, to which every warning is an error, prints for `code`."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def loaded_by(code: str) -> set[str]:
    return set(printed(f"{code}\nimport sys; print(*sys.modules)").split())


# What is loaded, and when


@pytest.mark.parametrize("code", ["import dicompix", "import dicompix.pixels", "import dicompix; dir(dicompix)"])
def test_an_import_loads_the_names_alone(code: str) -> None:
    new = loaded_by(code) - loaded_by("import importlib.util, threading, typing")
    assert new <= {"dicompix", "dicompix.facade", "dicompix.pixels"}
    assert "dicompix.facade" in new


def test_a_name_loads_what_it_needs() -> None:
    errors = loaded_by("import dicompix; dicompix.CodecError")
    assert "dicompix.pixels.errors" in errors
    assert not errors & {"numpy", "pydicom", "dicompix.dataset", "dicompix.pixels.registry"}
    dataset = loaded_by("from dicompix import dcmread")
    assert "dicompix.dataset" in dataset
    heavy = {"pebble", "multiprocessing", "concurrent.futures.process", "asyncio", "rich", "typer", "dicompix.volume"}
    assert not dataset & (heavy | {"imagecodecs", "matplotlib", "fsspec", "dask", "dicompix.isolate"})
    grayscale = loaded_by("import dicompix; dicompix.pixels.apply_voi_lut")
    assert "dicompix.pixels.compat.grayscale" in grayscale
    assert not grayscale & {"dicompix.dataset", "dicompix.pixels.encode", "dicompix.pixels.decode"}


# Each name is what it should be


def written(package: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the home of each name of a façade: by the imports that type checkers see, and by the table."""
    path = inspect.getsourcefile(sys.modules[package])
    assert path is not None
    block = next(node for node in ast.parse(Path(path).read_text(encoding="utf-8")).body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    tables = [node for part in block.orelse for node in ast.walk(part) if isinstance(node, ast.Dict)]
    assert (len(imports), len(tables)) == (len(block.body), 1)
    return (
        {alias.name: node.module or "" for node in imports for alias in node.names},
        {name: home for home, names in ast.literal_eval(tables[0]).items() for name in names},
    )


HOMES = {package: written(package)[0] for package in FACADES}


@pytest.mark.parametrize("package", FACADES)
def test_the_table_the_imports_and_all_agree(package: str) -> None:
    imported, table = written(package)
    assert imported == table
    assert sorted(imported) == sys.modules[package].__all__


@pytest.mark.parametrize("package", FACADES)
def test_every_name_is_its_modules(package: str) -> None:
    for name, home in HOMES[package].items():
        found = getattr(sys.modules[package], name)
        assert found is vars(import_module(home))[name]
        assert found is vars(sys.modules[package])[name], "kept for the next time"
        assert not isinstance(found, ModuleType)
        assert pickle.loads(pickle.dumps(found)) is found
        if not (isinstance(found, type) and issubclass(found, Exception)):
            assert inspect.signature(found).parameters is not None


FIRST = """
import sys, {package}
facade = sys.modules["{package}"]
before = set(sys.modules)
for home, name in {firsts}.items():
    assert getattr(facade, name) is vars(sys.modules[home])[name], name
    for module in [module for module in sys.modules if module.startswith("dicompix") and module not in before]:
        del sys.modules[module]
print("done")
"""


@pytest.mark.parametrize("package", FACADES)
def test_any_module_may_be_the_first(package: str) -> None:
    assert (
        printed(FIRST.format(package=package, firsts={home: name for name, home in HOMES[package].items()})) == "done"
    )


@pytest.mark.parametrize("package", FACADES)
def test_a_star_brings_all(package: str) -> None:
    code = f"from {package} import *; import {package}; print(set({package}.__all__) - set(vars()))"
    assert printed(code) == "set()"


# The functions whose module has the same name

ORDERS = [
    "import dicompix.install, dicompix.transcode",
    "import dicompix; dicompix.install; dicompix.transcode",
    "import dicompix; dicompix.transcode; dicompix.install; import dicompix.install, dicompix.transcode",
    "from dicompix.transcode import transcode; from dicompix.install import uninstall",
    "import importlib; list(map(importlib.import_module, ('dicompix.transcode', 'dicompix.install')))",
    "import dicompix.cli.transcode, dicompix.cli.run; from dicompix import *",
]
NAMESAKES = """
import sys, types, dicompix
from dicompix import install, transcode
import dicompix.install as other_install, dicompix.transcode as other_transcode
for name, found in {"install": install, "transcode": transcode}.items():
    assert type(found) is types.FunctionType
    assert found is getattr(dicompix, name) is vars(sys.modules[f"dicompix.{name}"])[name]
assert (other_install, other_transcode) == (install, transcode)
print("done")
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_function_is_not_hidden_by_its_module(order: str) -> None:
    assert printed(order + NAMESAKES) == "done"


def test_a_name_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def mine() -> None: ...

    real = dicompix.transcode
    with monkeypatch.context() as patch:
        patch.setattr(dicompix, "transcode", mine)
        assert getattr(dicompix, "transcode") is mine  # noqa: B009  # mypy believes in what was declared
    assert dicompix.transcode is real


# dir, submodules, names that do not exist


@pytest.mark.parametrize("package", FACADES)
def test_dir_has_all(package: str) -> None:
    listed = json.loads(printed(f"import json, {package}; print(json.dumps(dir({package})))"))
    assert set(sys.modules[package].__all__) < set(listed)
    assert {"__all__", "__doc__", "__path__"} < set(listed)
    assert "TYPE_CHECKING" not in listed
    assert listed == sorted(set(listed))


def test_submodules_are_attributes() -> None:
    code = "import dicompix as d; print(d.pixels.__name__, d.volume.__name__, d.pixels.decoders.RLELosslessDecoder.UID)"
    assert printed(code) == "dicompix.pixels dicompix.volume 1.2.840.10008.1.2.5"


@pytest.mark.parametrize("package", FACADES)
@pytest.mark.parametrize("name", ["dcmraed", "_private", "__wrapped__", "numpy", "1"])
def test_an_unknown_name_is_an_attribute_error(package: str, name: str) -> None:
    facade = sys.modules[package]
    with pytest.raises(AttributeError) as caught:
        getattr(facade, name)
    assert str(caught.value) == f"module '{package}' has no attribute '{name}'"
    assert (caught.value.name, caught.value.obj) == (name, facade)
    assert not hasattr(facade, name)


def test_an_unknown_name_cannot_be_imported() -> None:
    with pytest.raises(ImportError, match="cannot import name 'dcmraed' from 'dicompix'"):
        from dicompix import dcmraed  # type: ignore[attr-defined]  # noqa: F401


def test_python_suggests_the_right_name() -> None:
    done = subprocess.run([sys.executable, "-c", "import dicompix; dicompix.dcmraed"], capture_output=True, text=True)  # noqa: PLW1510
    assert "Did you mean: 'dcmread'?" in done.stderr


def test_what_a_module_lacks_is_not_taken_for_a_missing_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "withparts"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from dicompix.facade import lazy_names\n"
        "__getattr__, __dir__ = lazy_names(__name__, {'withparts.part': ('thing',)})\n"
    )
    (package / "part.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    withparts = import_module("withparts")
    for name in ("thing", "part"):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            getattr(withparts, name)


# Threads

# Without the façades' lock `apply_voi` fails: it loads the package `transforms`, while `dcmread` loads modules of that
# package which need others of it.
THREADS = """
import importlib.machinery, threading, numpy, pydicom, dicompix, dicompix.pixels
started, real = threading.Event(), importlib.machinery.SourceFileLoader.exec_module
def slow(self, module):
    if module.__name__ == "dicompix.pixels.transforms":
        started.set()
        threading.Event().wait(0.5)  # for the others to come as far as they do
    real(self, module)
importlib.machinery.SourceFileLoader.exec_module = slow
wrong = []
def first(facade, name):
    try:
        assert name == "apply_voi" or started.wait(60)
        getattr(facade, name)
    except BaseException as problem:
        wrong.append(f"{{name}}: {{problem!r}}")
threads = [threading.Thread(target=first, args=one, daemon=True) for one in {names}]
for thread in threads: thread.start()
for thread in threads: thread.join(100)
print(wrong, any(thread.is_alive() for thread in threads))
"""
PAIR = "[(dicompix.pixels, 'apply_voi'), (dicompix, 'dcmread')]"
ALL = "[(facade, name) for facade in (dicompix.pixels, dicompix) for name in facade.__all__]"


@pytest.mark.parametrize("names", [PAIR, ALL], ids=["two", "all"])
def test_threads_may_ask_for_different_names_first(names: str) -> None:
    assert printed(THREADS.format(names=names)) == "[] False"
