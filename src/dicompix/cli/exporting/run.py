"""All files of an export: which are there already, which go wrong, the rest written in parallel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dicompix.cli.exporting.order import Order
from dicompix.cli.exporting.result import Exported, failure
from dicompix.cli.exporting.volumes import export_series, series_of
from dicompix.cli.exporting.write import WRITERS, check_library, pieces_of
from dicompix.cli.options import frames_of
from dicompix.cli.output import Told, plain
from dicompix.cli.sources import Source
from dicompix.pixels.compat.recode.files import is_complete, replacing_path
from dicompix.pixels.compat.recode.record import Made, Record
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.limits import check_salvage
from dicompix.pixels.parallel import in_parallel, usable_cores


def export_all(sources: Sequence[Source], output: Path, order: Order, told: Told) -> list[Exported]:
    """Export every file below `output`; one that fails stops none of the others."""
    check_library(order.format)
    record = Record(output, "export", plain(order.settings), errors=order.errors, overwrite=order.overwrite)
    if order.format == "nifti":
        series, left_out = series_of(sources)
        record.check(one.made(output, order, record) for one in series)
        told(len(left_out))
        return [*left_out, *(export_series(one, output, order, record, told) for one in series)]
    _check_places(sources)
    run = _Run(output, order, record, told, frozenset(source.path.resolve() for source in sources))
    record.check(run.made(source) for source in sources)
    return in_parallel(lambda i: run.file(sources[i]), len(sources), run.workers)


def _check_places(sources: Sequence[Source]) -> None:
    """Raise where two files would have one name."""
    places: dict[Path, Path] = {}
    for source in sources:
        other = places.setdefault(source.place, source.path)
        if other.resolve() != source.path.resolve():
            raise FileExistsError(
                f"{other} and {source.path} would both be written as {source.place}: name the folder that holds both, "
                "or give each its own --output"
            )


@dataclass(frozen=True, slots=True)
class _Run:
    """Where to, how, what is known of earlier runs, the files that are read and never written, whose each target is."""

    output: Path
    order: Order
    record: Record
    told: Told
    read: frozenset[Path]
    owners: dict[Path, Path] = field(default_factory=dict)

    @property
    def workers(self) -> int:
        return self.order.workers or usable_cores()

    def made(self, source: Source) -> Made:
        """Return what is noted of a file's targets: all of them by the name of one."""
        stem = self.output / source.place
        return self.record.made(stem.with_name(stem.name + self.order.kind.suffix), source.path)

    def file(self, source: Source) -> Exported:
        """Export one file; what goes wrong with it is its result."""
        try:
            with open_image(source.path, errors=self.order.errors) as image:
                return self._image(image, source)
        except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
            return failure(source, problem)
        finally:
            self.told(1)

    def _image(self, image: Image, source: Source) -> Exported:
        """Write the files of an image that are not there yet."""
        order = self.order
        frames = frames_of(order.frames, len(image), _held(image, source, order))
        pieces = list(pieces_of(self.output / source.place, image, frames, order))
        targets = tuple(target for target, _ in pieces)
        made = self.made(source)
        self._claim(source.path, targets, ours=self.record.owns(made))
        held = self.record.holds(made)
        wanted = [one for one in pieces if not held or not is_complete(one[0], [source.path])]
        self.record.check_free(made, [target for target, _ in wanted])

        def job(number: int) -> None:
            target, frames = wanted[number]
            with replacing_path(target) as unfinished:
                WRITERS[order.format](image, frames, unfinished, order)

        if wanted:
            with self.record.making(made):
                in_parallel(job, len(wanted), self.workers)
        status = "written" if wanted else "complete"
        return Exported(str(source.path), status, len(wanted), targets, findings=image.findings)

    def _claim(self, source: Path, targets: Sequence[Path], *, ours: bool) -> None:
        """Raise where a target is a file to be read, or another source's: frame 1 of `a`, or the file `a.0001`."""
        for target in targets:
            if target.resolve() in self.read and not ours:  # what was exported into the folder itself is read too
                raise FileExistsError(f"{target} is a file to be read: an input is never overwritten")
            owner = self.owners.setdefault(target, source)
            if owner.resolve() != source.resolve():
                raise FileExistsError(f"{target} is written for {owner} already")


def _held(image: Image, source: Source, order: Order) -> int | None:
    """Return how many frames there are to write, None for all that are declared: salvage makes up the rest."""
    absent = len(image) - image.held
    if order.errors != "salvage":
        return image.held
    if absent:
        check_salvage(image.format, absent, source.path.stat().st_size)
    return None
