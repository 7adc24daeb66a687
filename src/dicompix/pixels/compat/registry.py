"""What one coder adds to the codecs that all share, and leaves out of them: CoderRegistry."""

from collections.abc import Callable
from copy import copy
from typing import Any

from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.tasks import Task
from dicompix.pixels.codestream import Codestream
from dicompix.pixels.compat.plugins import Options
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.registry import Choice, Registry

Adapter = Callable[[Any, Options], Any]


class CoderRegistry(Registry):
    """A registry of one coder's own: functions written for pydicom, after the codecs of `common` that were not removed.

    What is added to `common` later, or taken out of it, counts here too.
    """

    def __init__(self, common: Registry | None, adapt: Adapter, task: Task) -> None:
        super().__init__({}, task=task)
        self._common = common
        self._adapt = adapt
        self._removed: set[tuple[str, str]] = set()
        self._options: Options = {}
        self._functions: dict[str, Any] = {}
        self._absent: dict[str, str] = {}

    @property
    def portable(self) -> bool:
        """Say no: functions live in this process, and another one knows nothing of what was removed."""
        return False

    @property
    def simplest(self) -> Registry:
        """Return the common registry where this one has come to be the same, else this one."""
        changed = self._removed or any(self._table.values())
        return self if changed or self._common is None else self._common

    def entries(self, uid: str) -> tuple[CodecEntry, ...]:
        """Return every codec known for a transfer syntax, the common ones first."""
        common = () if self._common is None else self._common.entries(uid)
        return (*(entry for entry in common if (uid, entry.name) not in self._removed), *super().entries(uid))

    def find(
        self, uid: str, codec: Choice = None, fmt: PixelFormat | None = None, stream: Codestream | None = None
    ) -> tuple[CodecEntry, ...]:
        """Return the codecs to try, best first; always looked for anew, as the common ones may have changed."""
        self._found.clear()
        return super().find(uid, codec, fmt, stream)

    def add_function(self, uid: str, entry: CodecEntry, function: Any) -> None:
        """Add a codec by its function, None for one that says it is unavailable."""
        self._functions[entry.target] = function
        self._absent[entry.target] = "" if function is not None else "the plugin says that it is unavailable"
        self.add(uid, entry)

    def remove(self, uid: str, name: str) -> None:
        """Take a codec out of a transfer syntax's list: one's own, or a common one for this coder alone."""
        own = self._table.get(uid, ())
        left = tuple(entry for entry in own if entry.name != name)
        if len(left) == len(own):
            self._removed.add((uid, name))
        self._table[uid] = left

    def with_options(self, options: Options) -> "CoderRegistry":
        """Return this registry with options that its functions will find in their runner."""
        other = copy(self)
        other._options = options  # noqa: SLF001  # its own copy
        return other

    def reason(self, entry: CodecEntry) -> str:
        """Return why a codec cannot be used; a function that was added says so itself."""
        given = self._absent.get(entry.target)
        return super().reason(entry) if given is None else given

    def load(self, entry: CodecEntry) -> Any:
        """Return a codec's function."""
        function = self._functions.get(entry.target)
        return super().load(entry) if function is None else self._adapt(function, self._options)
