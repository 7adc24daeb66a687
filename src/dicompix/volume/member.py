"""One file or data set of a series -> Member: what a volume needs of its header, and its frames when they are read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dicompix.pixels.errors import Finding, MissingElementError, PixelError, TransformError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import BufferSource, FrameIndex, index_native
from dicompix.pixels.read import Dataset, Opened, content_of, open_pixels
from dicompix.pixels.read.describe import pixel_tag
from dicompix.pixels.read.files import mapped
from dicompix.pixels.read.scan import UNDEFINED
from dicompix.pixels.read.values import modality_step
from dicompix.pixels.transforms.base import Transform
from dicompix.pixels.transforms.rescale import Rescale
from dicompix.volume import scan as s
from dicompix.volume.errors import VolumeError
from dicompix.volume.find import Candidate
from dicompix.volume.plane import Plane, planes_of

Step = Transform | TransformError | None  # None: stored values are the modality values


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Member:
    """One image of a series: its format, and for each frame its plane and its step to modality values.

    `problem` is what keeps it from being part of a volume: nobody minds while its series is not the one chosen.
    """

    label: str
    path: Path | None
    series: str
    modality: str
    instance: str
    fmt: PixelFormat | None = None
    planes: tuple[Plane, ...] = ()
    steps: tuple[Step, ...] = ()
    pixels: tuple[int, int] | None = None  # first byte and length in the file, where the format says the rest
    opened: Opened | None = None  # kept where it is costly to get again
    problem: PixelError | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def dataset(self) -> Dataset | None:
        """Return its data set, None where that is read again when it is needed."""
        return None if self.opened is None else self.opened.dataset

    def whole(self) -> Dataset:
        """Return its data set, read again where it was not kept."""
        return open_pixels(str(self.path)).dataset if self.dataset is None else self.dataset

    def index(self) -> FrameIndex:
        """Return where the frames lie, the file mapped anew unless it was kept."""
        if self.path is not None and self.pixels is not None and self.fmt is not None:
            return _index(self.path, self.pixels, self.fmt)
        opened = self.opened
        if opened is None:
            opened = open_pixels(str(self.path))
        return content_of(opened.dataset, opened.source).index


def _index(path: Path, pixels: tuple[int, int], fmt: PixelFormat) -> FrameIndex:
    start, length = pixels
    with path.open("rb", buffering=0) as file:
        data = mapped(file)
    if data is None:
        raise OSError(f"{path} cannot be mapped into memory any more")
    undefined = length == UNDEFINED
    source = BufferSource(memoryview(data)[start : len(data) if undefined else start + length], delimited=undefined)
    return index_encapsulated(source, fmt, None) if undefined else index_native(source, fmt)


class Reader:
    """Candidates -> members; the formats that many files share are described once."""

    def __init__(self) -> None:
        self._formats: dict[object, PixelFormat] = {}

    def member(self, candidate: Candidate) -> Member | Finding:
        """Return a candidate as a member, or the finding that it is no image."""
        path = candidate.path
        if candidate.dataset is not None:
            return self._whole(candidate, Opened(candidate.dataset))
        with path.open("rb", buffering=0) as file:
            data = mapped(file)
        begun = data is not None and data[128:132] == b"DICM"  # PS3.10 7.1
        scanned = s.scan(data) if begun and data is not None else None
        if scanned is not None and not scanned.tag:
            return candidate.skipped("no-pixels", "it has no pixel data")
        fmt = None if scanned is None else self._formats.get(scanned.description)
        if scanned is not None and fmt is not None:
            return _scanned_member(candidate, scanned, fmt)
        try:
            opened = open_pixels(path)
        except (OSError, MemoryError, PixelError):
            raise
        except Exception as problem:  # whatever pydicom makes of bytes that are no DICOM
            if not begun:
                return candidate.skipped("not-dicom", str(problem))
            raise VolumeError(f"{path} cannot be read: {problem}") from problem
        return self._whole(candidate, opened, scanned)

    def _whole(self, candidate: Candidate, opened: Opened, scanned: s.Scanned | None = None) -> Member | Finding:
        """Return a member from its whole data set; remember the format for files that are scanned."""
        dataset = opened.dataset
        try:
            pixel_tag(dataset)
        except MissingElementError as problem:
            return candidate.skipped("no-pixels", str(problem))
        member = _named(candidate, lambda keyword: str(dataset.get(keyword) or ""))
        try:
            content = content_of(dataset, opened.source)
            fmt = content.fmt
            if len(content.index) < fmt.frames:
                raise content.index.no_frame(len(content.index))
            planes = planes_of(dataset, fmt.frames)
        except PixelError as problem:
            return replace(member, problem=problem)
        pixels = None
        if scanned is not None and not content.findings and fmt.transfer_syntax == scanned.syntax:
            self._formats[scanned.description] = fmt
            pixels = scanned.start, scanned.length
        steps = tuple(_step(dataset, frame) for frame in range(fmt.frames))
        kept = opened if candidate.dataset is not None or fmt.frames > 1 else None
        return replace(
            member, fmt=fmt, planes=planes, steps=steps, pixels=pixels, opened=kept, findings=content.findings
        )


def _named(candidate: Candidate, text: Callable[[str], str]) -> Member:
    """Return a member that is known by name only; `text` gives an element by its keyword."""
    path = None if candidate.dataset is not None else candidate.path
    series, modality, instance = map(text, ("SeriesInstanceUID", "Modality", "SOPInstanceUID"))
    return Member(label=candidate.label, path=path, series=series, modality=modality, instance=instance)


def _step(dataset: Dataset, frame: int) -> Step:
    try:
        step = modality_step(dataset, frame)
    except TransformError as problem:
        return problem
    return None if step is None else step.transform


def _scanned_member(candidate: Candidate, scanned: s.Scanned, fmt: PixelFormat) -> Member:
    """Return a member from the elements that were scanned, and the format that a file like it has."""
    member = _named(candidate, scanned.named)
    step = _rescale(scanned.numbers(s.SLOPE), scanned.numbers(s.INTERCEPT))
    apart = scanned.numbers(s.APART) + scanned.numbers(s.THICKNESS)
    position, orientation, spacing = map(scanned.numbers, (s.POSITION, s.ORIENTATION, s.SPACING))
    try:
        plane = Plane.of(position, orientation, spacing, apart)
    except VolumeError as problem:
        return replace(member, problem=problem)
    return replace(member, fmt=fmt, planes=(plane,), steps=(step,), pixels=(scanned.start, scanned.length))


def _rescale(slope: tuple[float, ...], intercept: tuple[float, ...]) -> Step:
    """Return slope and intercept as a step, as `modality_step` does for a data set."""
    if not (slope or intercept):
        return None
    try:
        return Rescale((*slope, 1.0)[0], (*intercept, 0.0)[0])
    except TransformError as problem:
        return problem
