"""A pytest plugin: dicompix is installed before anything of a client's test suite is imported."""

import pytest

import dicompix


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Install dicompix; the suite's own conftest files come after this."""
    dicompix.install()


def pytest_report_header() -> str:
    """Say so above the results."""
    return f"dicompix {dicompix.__version__}: installed"
