"""Sphinx configuration."""

project = "dicompix"
author = "The dicompix developers"
copyright = "2026, The dicompix developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest"]
html_theme = "furo"
html_title = "dicompix"
exclude_patterns = ["_build", "changelog.d"]
myst_heading_anchors = 3
doctest_test_doctest_blocks = ""  # pytest runs the examples of docstrings
