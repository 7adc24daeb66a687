"""A transfer syntax's codecs under pydicom's names and labels: Coder, which Decoder and Encoder extend."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from pydicom import uid as pydicom_uid

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.tasks import DECODING, ENCODING, Task
from dicompix.pixels.compat.labels import keyword_of, label_of, name_of
from dicompix.pixels.compat.plugins import Options
from dicompix.pixels.compat.registry import CoderRegistry
from dicompix.pixels.compat.wording import LOGGER
from dicompix.pixels.errors import BadValueError, MissingCodecError, UnsupportedError
from dicompix.pixels.registry import Choice, Registry

_NO_OPTIONS: Options = {}
_lock = RLock()


@dataclass(frozen=True, slots=True)
class Plugin:
    """One label and the codecs behind it, usable ones and others."""

    label: str
    entries: tuple[CodecEntry, ...]
    usable: bool

    @property
    def requirements(self) -> str:
        """Return what must be installed, in words; "" where nothing would help.

        >>> Plugin("gdcm", (CodecEntry("gdcm", "a:b", ("numpy", "x>=1", "y")),), usable=False).requirements
        'numpy, x>=1 and y'
        """
        needs = next((entry.needs for entry in self.entries if entry.needs), ())
        return " and ".join(part for part in (", ".join(needs[:-1]), *needs[-1:]) if part)


class Coder:
    """What decodes or encodes one transfer syntax: its plugins, which of them can be used, and how to add others.

    A new one has no plugins; those that `coder_for` gives have all that are known.
    """

    _decodes: ClassVar[bool] = True
    _borrowed: ClassVar[Mapping[str, Sequence[tuple[str, tuple[str, str]]]]] = {}  # pydicom's own plugins, by syntax

    def __init__(self, uid: str) -> None:
        self._uid = pydicom_uid.UID(uid)
        self._codecs: Registry = CoderRegistry(None, self._adapt, self._task)

    @staticmethod
    def _common() -> Registry:
        """Return the registry that all coders of this kind begin with."""
        raise NotImplementedError

    @staticmethod
    def _adapt(function: Any, options: Options) -> Any:
        """Return a function of pydicom's plugin interface, and the options that it is to find, as one of our codecs."""
        raise NotImplementedError

    @property
    def UID(self) -> pydicom_uid.UID:  # noqa: N802  # pydicom's name
        """Return the transfer syntax UID."""
        return self._uid

    @property
    def is_encapsulated(self) -> bool:
        """Tell whether the transfer syntax is an encapsulated one."""
        return s.syntax_for(self._uid).encapsulated

    @property
    def is_native(self) -> bool:
        """Tell whether the transfer syntax is a native one."""
        return not self.is_encapsulated

    @property
    def _without_plugins(self) -> bool:
        return self._decodes and self.is_native

    @property
    def is_available(self) -> bool:
        """Tell whether anything installed can decode or encode this transfer syntax."""
        return self._without_plugins or any(plugin.usable for plugin in self._plugins())

    @property
    def available_plugins(self) -> tuple[str, ...]:
        """Return the labels of the plugins that can be used; native decoding has none."""
        return tuple(sorted(plugin.label for plugin in self._plugins() if plugin.usable))

    @property
    def missing_dependencies(self) -> list[str]:
        """Return a line for each plugin that cannot be used: what it requires."""
        return [_missing_line(plugin) for plugin in self._plugins() if not plugin.usable]

    def _plugins(self) -> Iterator[Plugin]:
        """Yield the plugins by label, in order of preference."""
        if self._without_plugins:
            return
        grouped: dict[str, list[CodecEntry]] = {}
        theirs = {label for label, _ in self._borrowed.get(self._uid, ())}
        for entry in self._codecs.entries(self._uid):
            label = label_of(entry, self._uid)
            grouped.setdefault(entry.name if label in theirs else label, []).append(entry)
        for label, entries in grouped.items():
            yield Plugin(label, tuple(entries), any(not self._codecs.reason(entry) for entry in entries))

    def _own(self) -> CoderRegistry:
        """Return the registry that belongs to this coder alone, made at its first change."""
        if isinstance(self._codecs, CoderRegistry):
            return self._codecs
        self._codecs = own = CoderRegistry(self._codecs, self._adapt, self._task)
        return own

    @property
    def _task(self) -> Task:
        return DECODING if self._decodes else ENCODING

    def add_plugin(self, label: str, import_path: tuple[str, str]) -> None:
        """Add a plugin written for pydicom: a module's `is_available`, dependencies, and the function named."""
        if any(plugin.label == label for plugin in self._plugins()):
            raise BadValueError(f"'{type(self).__name__}' already has a plugin named '{label}'")
        path, name = import_path
        module = import_module(path)
        usable = module.is_available(self._uid)
        function = getattr(module, name) if usable else None
        needs = () if usable else self._needs(label, module)
        self._own().add_function(str(self._uid), CodecEntry(label, f"{path}:{name} as {label}", needs), function)

    def _needs(self, label: str, module: ModuleType) -> tuple[str, ...]:
        dependencies = module.DECODER_DEPENDENCIES if self._decodes else module.ENCODER_DEPENDENCIES
        if self._uid not in dependencies:
            raise BadValueError(f"The '{label}' plugin doesn't support '{name_of(self._uid)}'")
        return tuple(dependencies[self._uid])

    def add_plugins(self, plugins: Sequence[tuple[str, tuple[str, str]]]) -> None:
        """Add several plugins: (label, (module, function)) each."""
        for label, import_path in plugins:
            self.add_plugin(label, import_path)

    def remove_plugin(self, label: str) -> None:
        """Remove the plugin of that label, for this coder alone."""
        plugin = self._labelled(label)
        if plugin is None:
            raise BadValueError(f"Unable to remove '{label}', no such plugin")
        own = self._own()
        for entry in plugin.entries:
            own.remove(str(self._uid), entry.name)
        self._codecs = own.simplest

    def _labelled(self, label: str) -> Plugin | None:
        """Return the plugin by its label; or by the name of one codec of ours, then with that codec alone."""
        plugins = list(self._plugins())
        for plugin in plugins:
            if plugin.label == label:
                return plugin
        for entry in (entry for plugin in plugins for entry in plugin.entries if entry.name == label):
            return Plugin(label, (entry,), not self._codecs.reason(entry))
        return None

    def plugin_choice(self, label: str = "", options: Options = _NO_OPTIONS) -> tuple[Choice, Registry]:
        """Return which codecs to use from which registry: our order for "", else those of the label.

        Plugins that were added find `options` in their runner. Raises BadValueError for an unknown label,
        MissingCodecError where nothing installed can do it.
        """
        codecs = self._codecs.with_options(options) if isinstance(self._codecs, CoderRegistry) else self._codecs
        if self._without_plugins:
            return None, codecs
        if not label:
            if not self.is_available:
                listed = "\n".join(f"\t{line}" for line in self.missing_dependencies)
                raise MissingCodecError(f"{self._unable} because all plugins are missing dependencies:\n{listed}")
            return None, codecs
        plugin = self._labelled(label)
        if plugin is None:
            raise BadValueError(self._unknown(label))
        if not plugin.usable:
            reason = f"because the specified plugin is missing dependencies:\n\t{_missing_line(plugin)}"
            raise MissingCodecError(f"{self._unable} {reason}")
        return tuple(entry.name for entry in plugin.entries if not codecs.reason(entry)), codecs

    def _log(self, options: Options) -> None:
        """Log what is about to be done, as pydicom does when `pydicom.config.debug()` is on."""
        kind = type(self).__name__
        listed = [f"  {name}: {value}" for name, value in options.items()]
        labels = [f"  {label}" for label in self.available_plugins]
        heading = f"{kind.removesuffix('r')}Runner for '{name_of(self._uid)}'"
        LOGGER.debug("\n".join([heading, "Options", *listed, f"{kind}s", *labels]))

    @property
    def _unable(self) -> str:
        name = name_of(self._uid)
        if self._decodes:
            return f"Unable to decompress '{name}' pixel data"
        return f"Unable to compress the pixel data using '{name}'"

    def _unknown(self, label: str) -> str:
        text = f"No plugin named '{label}' has been added to '{keyword_of(self._uid)}{type(self).__name__}'"
        available = self.available_plugins
        return f"{text}, available plugins are: {', '.join(available)}" if available else text


def _missing_line(plugin: Plugin) -> str:
    required = plugin.requirements
    return (
        f"{plugin.label} - requires {required}" if required else f"{plugin.label} - plugin indicating it is unavailable"
    )


AnyCoder = TypeVar("AnyCoder", bound=Coder)
_made: dict[tuple[type[Coder], str], Coder] = {}


def _offers(kind: type[Coder], uid: str) -> bool:
    """Tell whether there is a coder of that kind; native pixel data is not something to encode to."""
    return bool(kind._common().entries(uid)) and (kind._decodes or s.syntax_for(uid).encapsulated)  # noqa: SLF001


def coder_for(kind: type[AnyCoder], uid: str) -> AnyCoder:
    """Return the one coder of a kind for a transfer syntax, or UnsupportedError where no codec is known for it."""
    if not _offers(kind, uid):
        what = "decoders" if kind._decodes else "encoders"  # noqa: SLF001
        raise UnsupportedError(f"No pixel data {what} have been implemented for '{name_of(uid)}'")
    with _lock:
        coder = _made.get((kind, uid))
        if coder is None:
            coder = _made[kind, uid] = kind(uid)
            coder._codecs = kind._common()  # noqa: SLF001
            coder.add_plugins(kind._borrowed.get(uid, ()))  # noqa: SLF001
    assert isinstance(coder, kind)  # noqa: S101
    return coder


def coder_names(kind: type[Coder]) -> dict[str, str]:
    """Return the names of pydicom's module-level coders of a kind, and of those that only we have, with their UIDs.

    >>> class Decoder(Coder): _common = staticmethod(lambda: Registry())
    >>> coder_names(Decoder)["RLELosslessDecoder"]
    '1.2.840.10008.1.2.5'
    """
    return {f"{keyword_of(uid)}{kind.__name__}": uid for uid in s.SYNTAXES if _offers(kind, uid) and keyword_of(uid)}


def coder_named(kind: type[AnyCoder], name: str) -> AnyCoder:
    """Return a coder by its name as one of pydicom's module-level coders; for a module's own `__getattr__`.

    >>> class Decoder(Coder): _common = staticmethod(lambda: Registry())
    >>> coder_named(Decoder, "JPEGLSLosslessDecoder").UID
    '1.2.840.10008.1.2.4.80'
    """
    uid = coder_names(kind).get(name)
    if uid is None:
        raise AttributeError(f"there is no coder {name!r}")
    return coder_for(kind, uid)
