"""One file -> the same file in another transfer syntax, a few frames in memory at a time."""

from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from time import perf_counter

from pydicom.dataset import Dataset

from dicompix.pixels.batch import SMALL_WORK
from dicompix.pixels.compat.bookkeeping import Loss, describe_coded, is_native, new_instance
from dicompix.pixels.compat.byte_order import to_little_endian
from dicompix.pixels.compat.recode.around import decode_icons, elements_after, mend_encoding, unrecorded_loss
from dicompix.pixels.compat.recode.coded import Frames, frames_for
from dicompix.pixels.compat.recode.files import Job, copy, replacing
from dicompix.pixels.compat.recode.order import Order
from dicompix.pixels.compat.recode.pieces import Told, copied_element, into_items, native_element
from dicompix.pixels.compat.recode.summary import Transcoded
from dicompix.pixels.compat.recode.write import PixelElement, complete_meta, write_file
from dicompix.pixels.errors import Finding, UnsupportedError
from dicompix.pixels.frames import Source
from dicompix.pixels.parallel import usable_cores
from dicompix.pixels.policy import refuse
from dicompix.pixels.read import Content, content_of, open_pixels
from dicompix.pixels.read.describe import check_decodable, pixel_tag, transfer_syntax

_DIRECTORY = "1.2.840.10008.1.3.10"  # Media Storage Directory Storage: a DICOMDIR
_IN_MEMORY = 1 << 23  # bytes of coded frames that need no temporary file
_OFFSET_TABLES = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")


def transcode_file(job: Job, order: Order, told: Told) -> Transcoded:
    """Transcode one file; raises whatever is wrong with it, after removing what was written of the target."""
    start = perf_counter()
    opened = open_pixels(job.source)
    size = job.source.stat().st_size
    if str(opened.dataset.file_meta.get("MediaStorageSOPClassUID")) == _DIRECTORY:
        why = UnsupportedError("a DICOMDIR tells of its files' transfer syntaxes: make a new one")
        return Transcoded(source=job.source, status="skipped", bytes_before=size, note=str(why), error=why)
    mend_encoding(opened.dataset)
    if opened.source is None:
        done = _without_pixels(job, opened.dataset, order)
    else:
        done = _work_on(job, order, opened.dataset, opened.source).done(told)
    return replace(done, bytes_before=size, bytes_after=job.target.stat().st_size, seconds=perf_counter() - start)


def _without_pixels(job: Job, header: Dataset, order: Order) -> Transcoded:
    """Write a file that has no pixel data in a native syntax, or copy it: the others are for pixel data alone."""
    declared, _ = transfer_syntax(header)
    check_decodable(header, declared)  # it may have its pixels elsewhere, by a URL
    if declared == order.uid or not is_native(order.uid):
        copy(job.source, job.target)
        return Transcoded(source=job.source, target=job.target, status="copied", note="no pixel data")
    to_little_endian(header)
    complete_meta(header, order.uid)
    if order.new_instance:
        new_instance(header)
    with replacing(job.target) as file:
        write_file(file, header, None, None)
    return Transcoded(source=job.source, target=job.target, status="written", note="no pixel data")


def _work_on(job: Job, order: Order, header: Dataset, source: Source) -> "_Work":
    content = content_of(header, source)
    tag, found = pixel_tag(header), list(content.findings)
    return _Work(job, order, header, tag, content, elements_after(header, tag, source, job.source, found), found)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What is known of one file: its header, its pixel data, the elements after it, and what was found so far."""

    job: Job
    order: Order
    header: Dataset
    tag: int
    content: Content
    rest: Dataset | None
    found: list[Finding]

    def done(self, told: Told) -> Transcoded:
        """Write the target."""
        fmt, order = self.content.fmt, self.order
        self._refuse()
        cut = order.errors == "salvage" and not fmt.floating and len(self.content.index) < fmt.frames
        if is_native(fmt.transfer_syntax) and is_native(order.uid) and not cut:
            self._write(copied_element(self.tag, self.content, told))
        else:
            self._write_frames(told)
        return Transcoded(
            source=self.job.source,
            target=self.job.target,
            status="written",
            frames=fmt.frames,
            findings=tuple(self.found),
        )

    def _refuse(self) -> None:
        """Raise DeviationError for what was found so far, under "strict"."""
        if self.order.errors == "strict":
            refuse(self.found)

    def _write_frames(self, told: Told) -> None:
        fmt, order = self.content.fmt, self.order
        workers = order.workers or (1 if fmt.array_bytes * fmt.frames < SMALL_WORK else usable_cores())
        threads = workers if fmt.frames < workers else 1
        before = unrecorded_loss(self.header, self.content)
        frames = frames_for(self.header, self.content, order, self.found, threads)
        if frames.recoded:
            describe_coded(self.header, frames.fmt, before)
            self.found[:] = [_left_out(finding) for finding in self.found]
        if is_native(order.uid):
            self._write(native_element(frames, workers, told))
        else:
            self._write_items(frames, workers, told)

    def _write_items(self, frames: Frames, workers: int, told: Told) -> None:
        """Write the frames to a temporary file first: what the header says of them is known when all are there."""
        folder = self.job.target.parent
        folder.mkdir(parents=True, exist_ok=True)
        with SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as file:
            items = into_items(frames, self.order.uid, file, workers, told)
            if frames.recoded:
                describe_coded(self.header, items.fmt, items.loss)
            tables = items.extended(wanted=self.order.extended)
            self._write(items.element(extended=tables is not None), items.loss, tables)

    def _write(self, pixels: PixelElement, loss: Loss | None = None, tables: tuple[bytes, bytes] | None = None) -> None:
        """Bring the rest of the header in step, and write header, pixel data and what comes after it."""
        header, order, declared = self.header, self.order, self.content.fmt.transfer_syntax
        del header[self.tag]
        to_little_endian(header)
        if self.rest is not None:
            to_little_endian(self.rest)
        if declared != order.uid and not is_native(declared):
            decode_icons(header, declared, self.found)
        _put_tables(header, tables)
        complete_meta(header, order.uid)
        if order.new_instance or (order.new_instance is None and loss is not None):
            new_instance(header)
        self._refuse()
        with replacing(self.job.target) as file:
            write_file(file, header, pixels, self.rest)


def _put_tables(header: Dataset, tables: tuple[bytes, bytes] | None) -> None:
    """Set the offset tables that come before the pixel data, or remove those of the old pixel data."""
    for number, keyword in enumerate(_OFFSET_TABLES):
        if tables is not None:
            setattr(header, keyword, tables[number])
        elif keyword in header:
            delattr(header, keyword)


def _left_out(finding: Finding) -> Finding:
    """Return what is true of frames that are decoded: those beyond Number of Frames are not."""
    return replace(finding, used=finding.found) if finding.code == "excess-frames" else finding
