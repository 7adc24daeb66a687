"""Put our members on pydicom's Dataset and our functions under pydicom's names, and take them off again, exactly."""

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from threading import RLock
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from pydicom.dataset import Dataset as PydicomDataset
from pydicom.pixels.common import CoderBase
from pydicom.pixels.decoders.base import Decoder

from dicompix.dataset import PixelMixin
from dicompix.pixels.errors import UnsupportedError

_FACADE = "dicompix.pixels"
_HOMES = (  # of pydicom's functions and coders
    "pydicom.pixels",
    "pydicom.pixels.processing",
    "pydicom.pixels.utils",
    "pydicom.pixels.decoders",
    "pydicom.pixels.encoders",
)
_ABSENT: Any = object()
_lock = RLock()

Names = dict[str, Any]


class Change(NamedTuple):
    """One name that was given another object: in which module or table, what it was, and what it became."""

    where: str
    name: str
    original: Any
    ours: Any
    names: Names


@dataclass(slots=True)
class _Installation:
    """What `install()` has changed, and all that `uninstall()` needs to put it back."""

    pairs: list[tuple[Any, Any]]  # of pydicom's object and ours
    changes: list[Change] = field(default_factory=list)
    members: list[tuple[str, Any, Any]] = field(default_factory=list)
    chosen: set[tuple[str, str]] = field(default_factory=set)  # names that held ours before: their module's own choice

    def put_on(self) -> None:
        """Set the members of Dataset, then every name that is one of pydicom's objects."""
        for name, ours in _mixin_members():
            self.members.append((name, vars(PydicomDataset).get(name, _ABSENT), ours))
            setattr(PydicomDataset, name, ours)
        ours_for = {id(original): (original, ours) for original, ours in self.pairs}
        chosen = {id(ours) for _, ours in self.pairs}
        for where, names in _namespaces():
            for name, value in list(names.items()):
                if id(value) in ours_for:
                    original, ours = ours_for[id(value)]
                    self.changes.append(Change(where, name, original, ours, names))
                    names[name] = ours
                elif id(value) in chosen:
                    self.chosen.add((where, name))

    def take_off(self) -> None:
        """Put back what still is ours; also in modules that imported it from pydicom in the meantime."""
        for name, original, ours in self.members:
            if vars(PydicomDataset).get(name, _ABSENT) is not ours:
                continue
            if original is _ABSENT:
                delattr(PydicomDataset, name)
            else:
                setattr(PydicomDataset, name, original)
        for change in self.changes:
            if change.names.get(change.name) is change.ours:
                change.names[change.name] = change.original
        theirs_for = {id(ours): original for original, ours in self.pairs}
        for where, names in _namespaces():
            for name, value in list(names.items()):
                if id(value) in theirs_for and (where, name) not in self.chosen and not _imports_ours(where, name):
                    names[name] = theirs_for[id(value)]


_installation: _Installation | None = None


def install() -> None:
    """Let everything that uses pydicom use dicompix, whatever library made it; calling it again changes nothing.

    Every pydicom Dataset gets our members (`pixel_array`, `pixels`, `compress`, `save_as` and the rest of PixelMixin),
    and every name in a loaded module that is a function, decoder or encoder of `pydicom.pixels` becomes ours. Modules
    loaded later import ours from there. What code keeps elsewhere (default arguments, attributes of classes) stays.

    >>> import pydicom, pydicom.data
    >>> install()
    >>> pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm", download=False)).pixels
    <Image (1, 128, 128) int16 MONOCHROME2, Explicit VR Little Endian>
    >>> pydicom.pixels.apply_voi_lut.__module__.split(".")[0]
    'dicompix'
    >>> uninstall()
    """
    global _installation  # noqa: PLW0603  # a process has one pydicom
    with _lock:
        if _installation is None:
            _installation = _Installation(_pairs())
            _installation.put_on()


def uninstall() -> None:
    """Give pydicom everything back that `install()` took; what others have put there since then stays theirs."""
    global _installation  # noqa: PLW0603
    with _lock:
        if _installation is not None:
            _installation.take_off()
            _installation = None


def installed_changes() -> tuple[Change, ...]:
    """Return each name in a module or table that `install()` has changed, none where it is not active."""
    with _lock:
        return () if _installation is None else tuple(_installation.changes)


def _mixin_members() -> list[tuple[str, Any]]:
    """Return what PixelMixin defines, without what every class has."""
    return [item for item in vars(PixelMixin).items() if not item[0].startswith("__") or item[0] == "__getstate__"]


def _pairs() -> list[tuple[Any, Any]]:
    """Return pydicom's own functions and coders beside ours; what others have put in their place is left alone."""
    facade = import_module(_FACADE)  # by name: a layer below the façade
    found: dict[int, tuple[Any, Any]] = {}
    for home in (vars(import_module(name)) for name in _HOMES):
        for name, theirs in list(home.items()):
            if isinstance(theirs, CoderBase):
                ours = _our_coder(facade, theirs)
                if ours is not None:  # by class, too: what is an instance of pydicom's stays one under its name
                    found.setdefault(id(type(theirs)), (type(theirs), type(ours)))
            else:
                ours = getattr(facade, name) if name in facade.__all__ and _is_pydicoms(theirs) else None
            if ours is not None:
                found.setdefault(id(theirs), (theirs, ours))
    return list(found.values())


def _is_pydicoms(value: object) -> bool:
    """Tell whether a function was written in pydicom; a wrapper around one only says so."""
    return isinstance(value, FunctionType) and value.__globals__["__name__"].partition(".")[0] == "pydicom"


def _our_coder(facade: ModuleType, theirs: CoderBase) -> object | None:
    """Return our decoder or encoder of a transfer syntax, None where we have none."""
    getter = facade.get_decoder if isinstance(theirs, Decoder) else facade.get_encoder
    try:
        coder: object = getter(theirs.UID)
    except UnsupportedError:
        return None
    return coder


def _namespaces() -> Iterator[tuple[str, Names]]:
    """Yield the names of every loaded module but ours; of pydicom's modules also the tables behind `__getattr__`.

    Modules are looked at past their `__getattr__` and `__getattribute__`, so that nothing loads lazily.
    """
    for module_name, module in sys.modules.copy().items():
        top = module_name.partition(".")[0]
        if top == "dicompix" or not issubclass(type(module), ModuleType):
            continue
        names: Names = object.__getattribute__(module, "__dict__")
        yield module_name, names
        if top == "pydicom":
            tables = [item for item in list(names.items()) if type(item[1]) is dict and item[0] != "__builtins__"]
            yield from ((f"{module_name}.{name}", table) for name, table in tables)


def _imports_ours(module_name: str, name: str) -> bool:
    """Tell whether a module's source imports the name from dicompix: then it is to stay."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module_name]))
    except (KeyError, OSError, SyntaxError, TypeError, ValueError):
        return False
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    bound = [
        alias.asname or alias.name
        for node in imports
        if (node.module or "").partition(".")[0] == "dicompix"
        for alias in node.names
    ]
    return name in bound or "*" in bound
