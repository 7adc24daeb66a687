"""Sphinx configuration."""

import runpy
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
project = "dicompix"
author = "The dicompix developers"
copyright = "2026, The dicompix developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest"]
html_theme = "furo"
html_title = "dicompix"
html_static_path = ["_static"]
exclude_patterns = ["_build", "changelog.d"]
myst_heading_anchors = 3
doctest_test_doctest_blocks = ""  # pytest runs the examples of docstrings
doctest_global_setup = """
import os, tempfile
_folder = tempfile.TemporaryDirectory()
os.chdir(_folder.name)  # the pages' examples write files
"""


def make_pictures(app: Any) -> None:  # noqa: ARG001  # Sphinx calls it so
    """Make the pages' pictures before they are read."""
    runpy.run_path(str(HERE / "pictures.py"))["main"](HERE / "_static" / "pictures")


def setup(app: Any) -> None:
    """Register what the build does first."""
    app.connect("builder-inited", make_pictures)
