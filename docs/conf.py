"""Sphinx configuration."""

project = "dicompix"
author = "The dicompix developers"
copyright = "2026, The dicompix developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.doctest"]
html_theme = "furo"
html_title = "dicompix"
exclude_patterns = ["_build", "changelog.d"]
myst_heading_anchors = 3
doctest_global_setup = """
import numpy as np
from dicompix import *
from dicompix.dataset import *
from dicompix.install import *
from dicompix.pixels import *
from dicompix.pixels.errors import *
from dicompix.pixels.image import *
from dicompix.pixels.registry import *
"""
