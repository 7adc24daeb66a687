"""Which codecs may decode or encode a transfer syntax, in which order, and why one cannot: Registry."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, entry_points, version
from threading import RLock
from typing import Any, Self

from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import Codec, Encoder
from dicompix.pixels.codecs.encoders import ENCODERS
from dicompix.pixels.codecs.tasks import DECODING, ENCODING, Task
from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import BadValueError, MissingCodecError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import syntax_for

Choice = str | Sequence[str] | None


def _lossy(fmt: PixelFormat, stream: Codestream | None) -> bool:  # noqa: ARG001  # conditions have one signature
    return stream is not None and stream.lossless is not True


def _full_width(fmt: PixelFormat, stream: Codestream | None) -> bool:  # noqa: ARG001
    return fmt.bits_stored == 16


def _gdcm_rle(fmt: PixelFormat, stream: Codestream | None) -> bool:  # noqa: ARG001
    return fmt.bits_allocated not in {8, 16} or (fmt.samples > 1 and fmt.bits_allocated > 8)


def _gdcm_jpeg(fmt: PixelFormat, stream: Codestream | None) -> bool:
    # GDCM leaves 12-bit lossy JPEG undone, and converts colour by its own guess where markers and header differ.
    lossy = stream is None or stream.lossless is not True
    return fmt.samples > 1 or (lossy and fmt.bits_stored > 8)


def _gdcm_jpeg_ls(fmt: PixelFormat, stream: Codestream | None) -> bool:  # noqa: ARG001
    return fmt.bits_stored in {6, 7, 15} or fmt.samples > 1


def _gdcm_jpeg_2000(fmt: PixelFormat, stream: Codestream | None) -> bool:  # noqa: ARG001
    return fmt.bits_allocated > 16


# Streams that a codec is known to decode wrongly, by the name in its table row.
WRONG_FOR: dict[str, Callable[[PixelFormat, Codestream | None], bool]] = {
    "16 bit prediction": _full_width,  # prediction that wraps modulo 2^16
    "lossy htj2k": _lossy,  # overshoot wraps to 0
    "gdcm jpeg": _gdcm_jpeg,
    "gdcm jpeg-2000": _gdcm_jpeg_2000,
    "gdcm jpeg-ls": _gdcm_jpeg_ls,
    "gdcm rle": _gdcm_rle,
}


@cache
def missing_reason(requirement: str) -> str:
    """Return why a pip requirement is not met, "" where it is.

    >>> missing_reason("numpy>=1.0"), missing_reason("no-such-codec>=1.0")
    ('', 'no-such-codec is not installed')
    """
    name, _, least = requirement.partition(">=")
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return "" if _numbers(found) >= _numbers(least) else f"{name} is {found}, needed {least} or newer"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def how_to_get(entry: CodecEntry) -> str:
    """Return the pip command that installs what a codec needs, "" where it needs nothing."""
    if not entry.needs:
        return ""
    wanted = f"dicompix[{entry.extra}]" if entry.extra else " ".join(f'"{need}"' for need in entry.needs)
    return f'pip install "{wanted}"' if entry.extra else f"pip install {wanted}"


def _names_of(codec: Choice) -> tuple[str, ...]:
    """Return an order of codecs as a tuple of names."""
    if not isinstance(codec, Sequence) or not all(isinstance(name, str) for name in codec):
        raise BadValueError(f"codec is {codec!r}, needed the name of a codec or several names in order")
    return tuple(codec)


class Registry:
    """Find, name and explain codecs; third parties add theirs through entry points or `add`.

    One registry is for decoders or for encoders, by its `task`; that of decoders has the other one beside it.
    """

    def __init__(
        self,
        table: Mapping[str, tuple[CodecEntry, ...]] = BUILT_IN,
        *,
        plugins: bool = False,
        task: Task = DECODING,
    ) -> None:
        self._table = dict(table)
        self._task = task
        self._encoding = None if task is ENCODING else Registry(ENCODERS, plugins=plugins, task=ENCODING)
        self._plugins_wanted = plugins
        self._loaded: dict[str, Codec] = {}
        self._broken: dict[str, str] = {}
        self._found: dict[tuple[str, Choice], tuple[CodecEntry, ...]] = {}  # what `find` need not look for again
        self._lock = RLock()

    @property
    def portable(self) -> bool:
        """Tell whether another process can use the same codecs."""
        return True

    def __copy__(self) -> Self:
        """Return a registry over the same tables, lock and all."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle the one registry that all share by its name, so that another process uses its own; others by table."""
        return "registry" if self is registry else (_rebuilt, (self._table, self._task is ENCODING))

    @property
    def encoding(self) -> "Registry":
        """Return the registry of encoders: this one, or the one beside it.

        >>> [entry.name for entry in Registry().encoding.entries("1.2.840.10008.1.2.8.1")]
        ['dicompix']
        """
        return self if self._encoding is None else self._encoding

    def encoders(self, uid: str) -> tuple[CodecEntry, ...]:
        """Return every encoder known for a transfer syntax, installed or not, in order of preference."""
        return self.encoding.entries(uid)

    def find_encoder(self, uid: str, codec: Choice = None) -> tuple[CodecEntry, ...]:
        """Return the encoders to try, best first."""
        return self.encoding.find(uid, codec)

    def load_encoder(self, entry: CodecEntry) -> Encoder:
        """Return an encoder's function, its module imported at first use."""
        encoder: Any = self.encoding.load(entry)
        found: Encoder = encoder
        return found

    def add(self, uid: str, entry: CodecEntry, *, first: bool = False) -> None:
        """Add a codec for a transfer syntax, last in the order unless `first`."""
        with self._lock:
            others = tuple(other for other in self._table.get(uid, ()) if other.name != entry.name)
            self._table[uid] = (entry, *others) if first else (*others, entry)
            self._found.clear()

    def remove(self, uid: str, name: str) -> None:
        """Take a codec out of a transfer syntax's list; BadValueError where it is not there."""
        with self._lock:
            left = tuple(entry for entry in self.entries(uid) if entry.name != name)
            if len(left) == len(self._table.get(uid, ())):
                raise BadValueError(f"there is no codec named {name!r} for {uid}: {self._names(uid)}")
            self._table[uid] = left
            self._found.clear()

    def entries(self, uid: str) -> tuple[CodecEntry, ...]:
        """Return every codec known for a transfer syntax, installed or not, in order of preference."""
        if self._plugins_wanted:
            self._read_plugins()
        return self._table.get(uid, ())

    def _read_plugins(self) -> None:
        with self._lock:
            if not self._plugins_wanted:
                return
            self._plugins_wanted = False
            for point in entry_points(group=self._task.group):
                try:
                    added: Mapping[str, CodecEntry | Iterable[CodecEntry]] = point.load()
                    for uid, entries in added.items():
                        for entry in [entries] if isinstance(entries, CodecEntry) else entries:
                            self.add(uid, entry)
                except Exception as problem:  # noqa: BLE001  # third-party code: its failure is kept and shown
                    self._broken[f"entry point {point.name}"] = f"{type(problem).__name__}: {problem}"

    def reason(self, entry: CodecEntry) -> str:
        """Return why a codec cannot be used, "" where it can."""
        reasons = [missing_reason(need) for need in entry.needs]
        return next((text for text in reasons if text), "") or self._broken.get(entry.target, "")

    def load(self, entry: CodecEntry) -> Codec:
        """Return a codec's function, its module imported at first use, or MissingCodecError with the reason."""
        codec = self._loaded.get(entry.target)
        if codec is None:
            module, _, function = entry.target.partition(":")
            try:
                codec = self._loaded.setdefault(entry.target, getattr(import_module(module), function))
            except (ImportError, AttributeError) as problem:
                self._broken[entry.target] = f"{type(problem).__name__}: {problem}"
                self._found.clear()
                raise MissingCodecError(f"codec {entry.name}: {problem}; {how_to_get(entry)}".rstrip("; ")) from problem
        return codec

    def find(
        self, uid: str, codec: Choice = None, fmt: PixelFormat | None = None, stream: Codestream | None = None
    ) -> tuple[CodecEntry, ...]:
        """Return the codecs to try, best first; those known to be wrong for such a stream only when named."""
        key = (uid, codec if codec is None or isinstance(codec, str) else _names_of(codec))
        usable = self._found.get(key)
        if usable is None:
            with self._lock:
                usable = self._found[key] = self._usable(uid, codec)
        if codec is not None or fmt is None:
            return usable
        right = tuple([entry for entry in usable if not (entry.wrong_for and WRONG_FOR[entry.wrong_for](fmt, stream))])
        if not right:
            raise MissingCodecError(self._missing(uid, usable, "installed codecs are known to be wrong for it"))
        return right

    def _usable(self, uid: str, codec: Choice) -> tuple[CodecEntry, ...]:
        """Return the installed codecs of a syntax, or those of them that are named, in that order."""
        entries = self.entries(uid)
        if not entries:
            raise UnsupportedError(self.unsupported(uid))
        if codec is not None:
            entries = self._named(uid, entries, [codec] if isinstance(codec, str) else codec)
        usable = tuple(entry for entry in entries if not self.reason(entry))
        if not usable:
            raise MissingCodecError(self._missing(uid, entries))
        return usable

    def _named(self, uid: str, entries: Sequence[CodecEntry], names: Sequence[str]) -> tuple[CodecEntry, ...]:
        """Return the entries by name; "pylibjpeg" stands for pylibjpeg-libjpeg, -openjpeg and -rle."""
        found = {
            name: [e for e in entries if e.name == name] or [e for e in entries if e.name.startswith(f"{name}-")]
            for name in names
        }
        unknown = [name for name, matching in found.items() if not matching]
        if unknown or not names:
            raise BadValueError(
                f"No plugin named {', '.join(map(repr, unknown)) or 'at all'} has been added to the codecs of "
                f"{syntax_for(uid).name} ({uid}): these are {self._names(uid)}"
            )
        return tuple(entry for matching in found.values() for entry in matching)

    def _names(self, uid: str) -> str:
        return ", ".join(f"'{entry.name}'" for entry in self.entries(uid)) or "none"

    def _missing(self, uid: str, entries: Sequence[CodecEntry], also: str = "") -> str:
        listed = "; ".join(f"{e.name}: {self.reason(e) or also} ({how_to_get(e)})" for e in entries)
        what = f"{self._task.verb} {syntax_for(uid).name} ({uid})"
        return f"cannot {what} as all plugins are missing dependencies: {listed}"

    def unsupported(self, uid: str) -> str:
        """Return why no codec decodes or encodes a transfer syntax, and what to do instead."""
        syntax, verb = syntax_for(uid), self._task.verb
        why = self._task.impossible.get(syntax.family, self._task.impossible["other"])
        return (
            f"Unable to {verb} the pixel data as a (0002,0010) 'Transfer Syntax UID' value of '{uid}' is not "
            f"supported: no pixel data {verb}rs have been implemented for {syntax.name}; {why}"
        )

    def explain(self, uid: str) -> str:
        """Return, line by line, which codecs there are for a syntax, which is chosen, and how to get the missing ones.

        >>> print(Registry().explain("1.2.840.10008.1.2.1"))
        Explicit VR Little Endian (1.2.840.10008.1.2.1)
          dicompix: chosen
          encoded by: dicompix
        """
        lines, chosen = [f"{syntax_for(uid).name} ({uid})"], False
        for entry in self.entries(uid):
            reason = self.reason(entry)
            state = f"missing: {reason}; {how_to_get(entry)}" if reason else "available" if chosen else "chosen"
            chosen = chosen or not reason
            warning = f"; passed over for: {entry.wrong_for}" if entry.wrong_for else ""
            lines.append(f"  {entry.name}: {state}{warning}")
        if len(lines) == 1:
            lines.append(f"  {self.unsupported(uid)}")
        if self._encoding is not None and (names := [e.name for e in self.encoders(uid) if not self.reason(e)]):
            lines.append(f"  encoded by: {', '.join(names)}")
        lines += [f"  {name}: {problem}" for name, problem in self._broken.items() if name.startswith("entry point")]
        return "\n".join(lines)


def _rebuilt(table: Mapping[str, tuple[CodecEntry, ...]], encoding: bool) -> Registry:  # noqa: FBT001  # by pickle
    return Registry(table, task=ENCODING if encoding else DECODING)


registry = Registry(plugins=True)
