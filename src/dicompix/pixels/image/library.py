"""The name of an optional library -> the library, or an error that says how to get it."""

from importlib import import_module
from typing import Any

from dicompix.pixels.errors import PixelError


class MissingLibraryError(PixelError, ImportError):
    """A library that only some need is not installed."""


def library(name: str, extra: str) -> Any:
    """Return a library that an extra of dicompix brings, imported at its first use.

    >>> library("json", "notebook").dumps([1])
    '[1]'
    """
    try:
        return import_module(name)
    except ImportError as problem:
        text = f'{name} is not installed, or does not load ({problem}): pip install "dicompix[{extra}]"'
        raise MissingLibraryError(text) from problem
