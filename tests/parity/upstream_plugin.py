"""A pytest plugin: run pydicom's own tests with dicompix installed, so that ours is under all of pydicom's names.

`nox -s parity` fetches pydicom's source distribution from PyPI and runs its test modules with this plugin. Tests that
assert behaviour which the standard contradicts are listed in allowed.toml, with the reason, and so are those that reach
into pydicom's private machinery, which are not run. Where a file of pydicom's cannot be fetched, its tests are skipped.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

import pytest

import dicompix
from dicompix.install import installed_changes

LISTED = tomllib.loads((Path(__file__).parent / "allowed.toml").read_text())
ALLOWED: dict[str, str] = LISTED["allowed"]
PRIVATE: dict[str, str] = LISTED["private"]
OURS = str(Path(dicompix.__file__).parent)
ABSENT = "a file of pydicom's that could not be fetched"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Install dicompix before any test module is imported."""
    dicompix.install()
    assert installed_changes()


def key_of(item: pytest.Item) -> str:
    """Return a test's name below its folder."""
    return item.nodeid[item.nodeid.rfind("/", 0, item.nodeid.find("::")) + 1 :]


def listed(key: str, table: dict[str, str]) -> str:
    """Return the reason why a test, its class or its module is listed, "" where none is; parameters aside."""
    parts = key.partition("[")[0].split("::")
    names = [key, *("::".join(parts[:count]) for count in range(len(parts), 0, -1))]
    return next((table[name] for name in names if name in table), "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of private machinery, and mark those that may fail, strictly."""
    private = [item for item in items if listed(key_of(item), PRIVATE)]
    config.hook.pytest_deselected(items=private)
    items[:] = [item for item in items if item not in set(private)]
    for item in items:
        reason = listed(key_of(item), ALLOWED)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        if lacks_file(item):
            item.add_marker(pytest.mark.skip(reason=ABSENT))


def lacks_file(item: pytest.Item) -> bool:
    """Tell whether a test is about a reference file that is not here: pydicom fetches some from the network."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    try:
        return getattr(parameters.get("reference"), "path", "") is None
    except TypeError:  # no path can be made of None
        return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Skip a test that failed because it asked for a file that could not be fetched."""
    try:
        yield
    except (AttributeError, TypeError) as problem:
        # what get_testdata_file returned for it is None, which went into code of theirs, or was refused by ours as such
        frames = [frame.f_code.co_filename for frame, _ in walk_tb(problem.__traceback__)]
        theirs = not any(name.startswith(OURS) for name in frames)
        if ("NoneType" in str(problem) and theirs) or "found NoneType" in str(problem):
            pytest.skip(ABSENT)
        raise


def pytest_sessionfinish() -> None:
    """Check that ours was there to the end."""
    assert all(change.names[change.name] is change.ours for change in installed_changes())
