"""What earlier runs have written into a folder, of which sources, and how -> Record: what need not be done again."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any

from dicompix.pixels.compat.recode.files import files_below
from dicompix.pixels.policy import POLICIES, policy_of

_NUMBER = re.compile(r"\.\d{4,}(?=\.\w+$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How one target was made: its name below the folder, its source, the options, and under which policy."""

    name: str
    source: str
    settings: Mapping[str, Any]
    errors: str
    count: int = 1  # of source files

    @property
    def laxity(self) -> int:
        """Return how much was let pass: what a stricter run has written a laxer one would write too."""
        return POLICIES.index(policy_of(self.errors))


class Record:
    """The targets in a folder that a command has made: a line of JSON each in a hidden file, the last one counts.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     target, first = Path(folder, "a.dcm"), Record(Path(folder), "transcode", {"syntax": "rle"})
    ...     with first.making(first.made(target, Path("study/a.dcm"))):
    ...         pass
    ...     again = Record(Path(folder), "transcode", {"syntax": "rle"})
    ...     [again.holds(again.made(target, Path(source))) for source in ("study/a.dcm", "other/a.dcm")]
    [True, False]
    """

    def __init__(
        self, folder: Path, command: str, settings: Mapping[str, Any], *, errors: str = "warn", overwrite: bool = False
    ) -> None:
        self.folder, self.errors, self.overwrite = folder, errors, overwrite
        self.settings: Mapping[str, Any] = json.loads(json.dumps(settings, default=str))
        self._path = folder / f".dicompix-{command}.jsonl"
        self._lock = Lock()
        self._known = {one.name: one for one in _lines(self._path)}

    def made(self, target: Path, source: Path, count: int = 1) -> Made:
        """Return what would be noted of a target in the folder that this run makes."""
        name, resolved = target.relative_to(self.folder).as_posix(), str(source.resolve())
        return Made(name=name, source=resolved, settings=self.settings, errors=self.errors, count=count)

    def owns(self, wanted: Made) -> bool:
        """Tell whether what is there was made of the same source, and may be made again."""
        known = self._known.get(wanted.name)
        return known is not None and known.source == wanted.source

    def holds(self, wanted: Made) -> bool:
        """Tell whether an earlier run has made just this, under the same or a stricter policy; never to overwrite."""
        known = self._known.get(wanted.name)
        if self.overwrite or known is None or known.laxity > wanted.laxity:
            return False
        return (known.source, known.settings, known.count) == (wanted.source, wanted.settings, wanted.count)

    def check_free(self, wanted: Made, targets: Iterable[Path]) -> None:
        """Raise for a target that is there, and that no earlier run has made of this source; never to overwrite."""
        if self.overwrite or self.owns(wanted):
            return
        for target in targets:
            if os.path.lexists(target):
                raise FileExistsError(
                    f"{target} is there, and was not made of {wanted.source}: choose another folder, or overwrite"
                )

    def check(self, wanted: Iterable[Made]) -> None:
        """Raise where what is there was made of the same sources with other options, or the folder takes no files."""
        every = list(wanted)
        missing = [one for one in every if not self.holds(one)]
        changed = [self._known[one.name] for one in missing if self.owns(one) and not self.overwrite]
        changed = [known for known in changed if known.settings != self.settings]
        there = _names_in(self.folder) if changed else set()
        for known in changed:
            if known.name in there:
                raise FileExistsError(
                    f"{self.folder} holds {known.name}, made with other options ({self._were(known)}): "
                    "choose another folder, or overwrite"
                )
        if every and len(missing) == len(every):
            self._check_writable()

    def _were(self, known: Made) -> str:
        """Return in which options a target differs from what would be made now."""
        names = {**known.settings, **self.settings}
        return ", ".join(
            f"{name} {known.settings.get(name)}"
            for name in names
            if known.settings.get(name) != self.settings.get(name)
        )

    def _check_writable(self) -> None:
        """Raise now for a folder that takes no files, instead of once a file."""
        there = next((one for one in (self.folder, *self.folder.parents) if one.exists()), self.folder)
        if not there.is_dir():
            raise NotADirectoryError(f"{there} is a file, needed a folder")
        try:
            with TemporaryFile(dir=there):
                pass
        except OSError as problem:
            problem.filename = str(self.folder)
            raise

    @contextmanager
    def making(self, wanted: Made) -> Iterator[None]:
        """Note a target that is made meanwhile: a new one before, as a kill leaves it whole or not there.

        One that takes the place of another is noted when it is there.
        """
        if not self.overwrite and wanted.name not in self._known:
            self._note(wanted)
        yield
        self._note(wanted)

    def _note(self, wanted: Made) -> None:
        with self._lock:
            if self._known.get(wanted.name) != wanted:
                self.folder.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    # its own line, even after one that was cut
                    file.write("\n" + json.dumps(asdict(wanted), separators=(",", ":")))
                self._known[wanted.name] = wanted


def _names_in(folder: Path) -> set[str]:
    """Return the names below a folder, those of numbered frames also without their number, as they are noted."""
    names = [file.relative_to(folder).as_posix() for file in files_below(folder)]
    return {*names, *(_NUMBER.sub("", name) for name in names)}


def _lines(path: Path) -> Iterator[Made]:
    """Yield what the lines say that are whole."""
    wanted = {field.name for field in fields(Made)}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict) and set(values) == wanted and values["errors"] in POLICIES:
            yield Made(**values)
