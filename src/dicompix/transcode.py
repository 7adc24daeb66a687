"""A file or a folder -> the same in another transfer syntax, and a Summary of what became of each file."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from pydicom.errors import InvalidDicomError

from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.compat.recode.files import (
    Identity,
    Job,
    check_target,
    identity_of,
    is_complete,
    jobs_for,
)
from dicompix.pixels.compat.recode.names import syntax_uid
from dicompix.pixels.compat.recode.one import transcode_file
from dicompix.pixels.compat.recode.order import Order
from dicompix.pixels.compat.recode.progress import Progress, Progressing, progressing
from dicompix.pixels.compat.recode.record import Record
from dicompix.pixels.compat.recode.summary import Summary, Transcoded
from dicompix.pixels.errors import report
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.policy import Policy
from dicompix.pixels.registry import Choice

__all__ = ["Summary", "Transcoded", "syntax_uid", "transcode"]
_LARGE = 1 << 24  # bytes of a file whose frames are worth all threads; smaller files are done side by side

StrPath = str | os.PathLike[str]


def transcode(  # noqa: PLR0913  # each is a choice of the user's, by its own name
    src: StrPath,
    dst: StrPath,
    syntax: str,
    *,
    quality: float | None = None,
    near: int | None = None,
    ratio: float | tuple[float, ...] | None = None,
    psnr: float | tuple[float, ...] | None = None,
    distance: float | None = None,
    codec: Choice = None,
    workers: int | None = None,
    verify: bool = False,
    overwrite: bool = False,
    progress: Progress = False,
    generate_instance_uid: bool | None = None,
    extended_offsets: bool | None = None,
    errors: Policy = "warn",
    resume: bool = False,
) -> Summary:
    """Write a DICOM file, or all those in a folder, in another transfer syntax; a few frames are in memory at a time.

    `syntax` is a UID, a name as in the standard, or a short one such as "jpeg-ls". A folder is mirrored below `dst`,
    and a file of it that fails stops none of the others: see `failed` of the result. What is wrong with a single file
    is raised: PixelError's subclasses, FileNotFoundError, and FileExistsError for a target that is there, without
    `overwrite`. An unknown syntax, or a parameter that it does not take, is a BadValueError or CodecError at once.

    `errors` is "warn", "strict", which refuses pixel data that breaks a rule, or "salvage", which writes what there is
    of broken frames. With `resume` a folder is gone on with: what an earlier run with `resume` has made of the same
    sources in the same way is "complete"; what is there of others is kept, without `overwrite`.

    >>> from pydicom.data import get_testdata_file
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     done = transcode(get_testdata_file("CT_small.dcm", download=False), folder, "rle")
    >>> done[0].status, done[0].frames, done[0].bytes_before > done[0].bytes_after
    ('written', 1, True)
    """
    order = Order(
        uid=syntax_uid(syntax),
        want=EncodeRequest(quality=quality, near=near, ratio=ratio, psnr=psnr, distance=distance),
        codec=codec,
        workers=workers,
        verify=verify,
        overwrite=overwrite,
        new_instance=generate_instance_uid,
        extended=extended_offsets,
        errors=errors,
    )
    order.check()
    start = perf_counter()
    jobs = jobs_for(Path(src), Path(dst))
    done = _run(jobs, order, _record_for(jobs, Path(dst), order) if resume and Path(src).is_dir() else None, progress)
    if Path(src).is_file() and done[0].error is not None:
        raise done[0].error
    report([finding for file in done for finding in file.findings], set())
    return Summary(tuple(done), order.uid, perf_counter() - start)


def _record_for(jobs: Sequence[Job], folder: Path, order: Order) -> Record:
    """Return what earlier runs have made there; raises where that was made with other options."""
    record = Record(folder, "transcode", order.settings, errors=order.errors, overwrite=order.overwrite)
    record.check(record.made(job.target, job.source) for job in jobs)
    return record


@dataclass(frozen=True, slots=True)
class _Run:
    """What is to be done with which files, what is known of earlier runs, and which files are read."""

    jobs: Sequence[Job]
    order: Order
    record: Record | None
    sources: frozenset[Identity | None]
    state: Progressing

    def file(self, number: int) -> Transcoded:
        """Transcode one file; what goes wrong with it becomes its entry, so that the others go on."""
        job, start = self.jobs[number], perf_counter()
        try:
            done = self._done(job, number)
        except InvalidDicomError as problem:
            done = Transcoded(source=job.source, status="skipped", note="no DICOM file", error=problem)
        except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
            done = Transcoded(source=job.source, status="failed", error=problem, seconds=perf_counter() - start)
        self.state.tell(number, 1.0)
        return done

    def _done(self, job: Job, number: int) -> Transcoded:
        told = partial(self.state.tell, number)
        if self.record is None:
            check_target(job.target, self.sources, overwrite=self.order.overwrite)
            return transcode_file(job, self.order, told)
        wanted = self.record.made(job.target, job.source)
        if self.record.holds(wanted) and is_complete(job.target, [job.source]):
            return Transcoded(source=job.source, target=job.target, status="complete")
        self.record.check_free(wanted, [job.target])
        check_target(job.target, self.sources, overwrite=True)
        with self.record.making(wanted):
            return transcode_file(job, self.order, told)


def _run(jobs: Sequence[Job], order: Order, record: Record | None, progress: Progress) -> list[Transcoded]:
    """Transcode all files: the small ones side by side, then each large one with all threads for its frames."""
    sources = frozenset(identity_of(job.source) for job in jobs)
    sizes = [job.source.stat().st_size for job in jobs]
    done: dict[int, Transcoded] = {}
    with progressing(progress, sizes) as state:
        run = _Run(jobs, order, record, sources, state)
        small = [number for number, size in enumerate(sizes) if size < _LARGE]
        results = in_parallel(lambda i: run.file(small[i]), len(small), order.workers or usable_cores())
        done.update(zip(small, results, strict=True))
        done.update((number, run.file(number)) for number in range(len(jobs)) if number not in done)
    return [done[number] for number in range(len(jobs))]
