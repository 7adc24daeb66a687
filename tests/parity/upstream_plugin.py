"""A pytest plugin: run pydicom's own tests with our functions under its names.

`nox -s parity` fetches pydicom's source distribution from PyPI and runs its test modules with this plugin.
Tests that assert behaviour which the standard contradicts are listed in allowed.toml, with the reason.
"""

import tomllib
from pathlib import Path
from types import ModuleType

import pydicom.pixels
import pydicom.pixels.processing
import pydicom.pixels.utils
import pytest

import dicompix.pixels

THEIRS = (pydicom.pixels.processing, pydicom.pixels.utils, pydicom.pixels)
ALLOWED = tomllib.loads((Path(__file__).parent / "allowed.toml").read_text())["allowed"]


def ours_for(value: object) -> object | None:
    """Return our function in place of one of pydicom's public ones."""
    name = getattr(value, "__name__", "")
    if name not in dicompix.pixels.__all__ or not any(getattr(home, name, None) is value for home in THEIRS):
        return None
    found: object = getattr(dicompix.pixels, name)
    return found


def put_ours_in(module: ModuleType) -> int:
    """Replace pydicom's functions among a test module's globals; return how many."""
    replaced = {name: ours for name, value in vars(module).items() if (ours := ours_for(value)) is not None}
    vars(module).update(replaced)
    return len(replaced)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put our functions into every collected module, and mark the tests that may fail, strictly."""
    done: set[int] = set()
    for item in items:
        module = getattr(item, "module", None)
        if module is not None and id(module) not in done:
            done.add(id(module))
            assert put_ours_in(module), f"{module.__name__} uses no function of ours"
        key = "::".join(item.nodeid.split("/")[-1].split("::"))
        if key in ALLOWED:
            item.add_marker(pytest.mark.xfail(reason=ALLOWED[key], strict=True))
