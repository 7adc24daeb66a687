"""A package's table of names -> its `__getattr__` and `__dir__`, which load a name's module at first use (PEP 562)."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from threading import RLock
from types import ModuleType

_lock = RLock()  # of two threads that load a package and one of its modules, each by itself, Python may make one fail


def lazy_names(
    package: str, names: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package that loads, for the `names` that each of the modules defines."""
    module = sys.modules[package]
    homes = {name: home for home, some in names.items() for name in some}

    def find(name: str) -> object:
        submodule = f"{package}.{name}"
        with _lock:
            if name in homes:
                found = vars(module)[name] = getattr(import_module(homes[name]), name)
                return found
            if not name.startswith("_") and find_spec(submodule) is not None:
                return import_module(submodule)
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)

    return find, lambda: sorted({*vars(module), *homes} - {"TYPE_CHECKING"})


class _WithNamesakes(ModuleType):
    """A package some of whose names are its submodules', too."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.__all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


def keep_names(package: str) -> None:
    """Let a package's names be what they are when a submodule of the same name is imported, which sets it there."""
    sys.modules[package].__class__ = _WithNamesakes
