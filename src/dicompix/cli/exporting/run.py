"""All files of an export: which are there already, which go wrong, the rest written in parallel."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dicompix.cli.exporting.files import is_complete, replacing_path
from dicompix.cli.exporting.order import Order
from dicompix.cli.exporting.result import Exported, failure
from dicompix.cli.exporting.volumes import export_series, series_of
from dicompix.cli.exporting.write import WRITERS, check_library, pieces_of
from dicompix.cli.options import frames_of
from dicompix.cli.output import Told, plain
from dicompix.cli.sources import Source
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.parallel import in_parallel, usable_cores

RECORD = ".dicompix-export.json"  # in the folder: the options that its files were written with, by format


def export_all(sources: Sequence[Source], output: Path, order: Order, told: Told) -> list[Exported]:
    """Export every file below `output`; one that fails stops none of the others."""
    check_library(order.format)
    if order.format == "nifti":
        record(output, order)
        series, left_out = series_of(sources)
        told(len(left_out))
        return [*left_out, *(export_series(one, output, order, told) for one in series)]
    _check_places(sources)
    record(output, order)
    run = _Run(output, order, told, frozenset(source.path.resolve() for source in sources))
    return in_parallel(lambda i: run.file(sources[i]), len(sources), run.workers)


def _check_places(sources: Sequence[Source]) -> None:
    """Raise where two files would have one name."""
    places: dict[Path, Path] = {}
    for source in sources:
        other = places.setdefault(source.place, source.path)
        if other.resolve() != source.path.resolve():
            raise FileExistsError(f"{other} and {source.path} would both be written as {source.place}")


def record(output: Path, order: Order) -> None:
    """Note the options in the folder; FileExistsError where its files of that format were written with others."""
    path = output / RECORD
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    before, now = known.get(order.format), plain(order.settings)
    if before is not None and before != now and not order.overwrite:
        changed = ", ".join(f"{name} {before.get(name)}" for name in now if before.get(name) != now[name])
        raise FileExistsError(
            f"{output} holds {order.format} files exported with other options ({changed}): "
            "choose another folder, or --overwrite"
        )
    with replacing_path(path) as unfinished:
        unfinished.write_text(json.dumps({**known, order.format: now}, indent=2), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Run:
    """Where to, how, the files that are read, none of which is ever written, and whose each target is."""

    output: Path
    order: Order
    told: Told
    read: frozenset[Path]
    owners: dict[Path, Path] = field(default_factory=dict)

    @property
    def workers(self) -> int:
        return self.order.workers or usable_cores()

    def file(self, source: Source) -> Exported:
        """Export one file; what goes wrong with it is its result."""
        try:
            with open_image(source.path) as image:
                return self._image(image, source)
        except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
            return failure(source, problem)
        finally:
            self.told(1)

    def _image(self, image: Image, source: Source) -> Exported:
        """Write the files of an image that are not there yet."""
        order = self.order
        frames = frames_of(order.frames, len(image), image.held)
        pieces = list(pieces_of(self.output / source.place, image, frames, order))
        targets = tuple(target for target, _ in pieces)
        self._claim(source.path, targets)
        wanted = [one for one in pieces if order.overwrite or not is_complete(one[0], [source.path])]

        def job(number: int) -> None:
            target, frames = wanted[number]
            with replacing_path(target) as unfinished:
                WRITERS[order.format](image, frames, unfinished, order)

        in_parallel(job, len(wanted), self.workers)
        status = "written" if wanted else "complete"
        return Exported(str(source.path), status, len(wanted), targets, findings=image.findings)

    def _claim(self, source: Path, targets: Sequence[Path]) -> None:
        """Raise where a target is a file to be read, or another source's: frame 1 of `a`, or the file `a.0001`."""
        for target in targets:
            if target.resolve() in self.read:
                raise FileExistsError(f"{target} is a file to be read: an input is never overwritten")
            owner = self.owners.setdefault(target, source)
            if owner.resolve() != source.resolve():
                raise FileExistsError(f"{target} is written for {owner} already")
