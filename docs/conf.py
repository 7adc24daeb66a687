"""Sphinx configuration."""

import ast
import inspect
import runpy
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
project = "dicompix"
author = "The dicompix developers"
copyright = "2026, The dicompix developers"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
]
html_theme = "furo"
html_title = "dicompix"
pygments_dark_style = "github-dark"
html_static_path = ["_static"]
html_css_files = ["dicompix.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"top_of_page_buttons": [], "navigation_with_keys": True}
exclude_patterns = ["_build", "changelog.d"]
default_role = "code"  # docstrings name arguments as `name`
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autosummary_generate = False
python_maximum_signature_line_length = 100
doctest_test_doctest_blocks = ""  # pytest runs the examples of docstrings
doctest_global_setup = f"""
import os, runpy, tempfile
from pathlib import Path
_folder = tempfile.TemporaryDirectory()
runpy.run_path({str(HERE / "samples.py")!r})["make"](Path(_folder.name))
os.chdir(_folder.name)  # the pages' examples read these files, and write their own
"""


def make_pictures(app: Any) -> None:  # noqa: ARG001  # Sphinx calls it so
    """Make the pages' pictures before they are read."""
    runpy.run_path(str(HERE / "pictures.py"))["main"](HERE / "_static" / "pictures")


def signature_as_written(*event: Any) -> tuple[str, None] | None:
    """Return a function's parameters as its source has them: NumPy's aliases would be ten lines each."""
    _, what, _, target, _, signature, _ = event
    if what not in {"function", "method"} or signature is None:
        return None
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(target)))
    function: Any = ast.parse(source).body[0]
    if what == "method":
        (function.args.posonlyargs or function.args.args).pop(0)  # self
    result = "" if function.returns is None else f" -> {_unquoted(function.returns)}"
    return f"({ast.unparse(function.args)}){result}", None


def _unquoted(node: Any) -> str:
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def setup(app: Any) -> None:
    """Register what the build does first."""
    app.connect("builder-inited", make_pictures)
    app.connect("autodoc-process-signature", signature_as_written)
