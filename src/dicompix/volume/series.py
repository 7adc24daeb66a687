"""Members -> Stack: the slices of one series in order, all of one kind, and where they lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.read.groups import group_of
from dicompix.volume.errors import OverlapError, VolumeError, listed
from dicompix.volume.geometry import Geometry, arrange, only
from dicompix.volume.member import Member, Step

# What tells slices of one plane apart, most telling first; at the root, or in Frame Content (PS3.3 C.7.6.16.2.2).
_TELLING = (
    *("EchoTime", "TemporalPositionIdentifier", "TemporalPositionIndex", "TriggerTime", "DiffusionBValue"),
    *("ImageType", "ConvolutionKernel", "AcquisitionNumber", "DimensionIndexValues", "AcquisitionTime"),
    *("ContentTime", "InstanceNumber"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One frame of a member: one slice of the volume."""

    member: Member
    frame: int
    fmt: PixelFormat

    @property
    def label(self) -> str:
        """Return what messages call it."""
        return self.member.label if self.fmt.frames == 1 else f"{self.member.label} frame {self.frame}"

    @property
    def step(self) -> Step:
        """Return the step to its modality values; window and rescale never touch colour."""
        return None if self.fmt.samples > 1 else self.member.steps[self.frame]


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The slices in order, and where they lie."""

    slices: tuple[Slice, ...]
    geometry: Geometry
    findings: tuple[Finding, ...]


def stack_of(members: Sequence[Member], series: str | None) -> Stack:
    """Return the stack that a series makes, of several the one with that Series Instance UID."""
    chosen, findings = _each_once(_chosen(members, series))
    for member in chosen:
        if member.problem is not None:
            raise VolumeError(f"{member.label}: {member.problem}") from member.problem
    slices = [Slice(m, frame, m.fmt) for m in chosen if m.fmt is not None for frame in range(m.fmt.frames)]
    names = [one.label for one in slices]
    only([_kind(one.fmt) for one in slices], names, "kinds (rows, columns, samples, type, photometric interpretation)")
    try:
        geometry = arrange([one.member.planes[one.frame] for one in slices], names)
    except OverlapError as problem:
        differences = _differences([one for one in slices if one.label in problem.names])
        raise OverlapError(f"{problem}; {differences}", problem.names) from None
    more = (*findings, *(finding for member in chosen for finding in member.findings), *geometry.findings)
    return Stack(tuple(slices[i] for i in geometry.order), geometry, more)


def _kind(fmt: PixelFormat) -> tuple[object, ...]:
    return fmt.rows, fmt.columns, fmt.samples, fmt.dtype.name, fmt.photometric.value


def _chosen(members: Sequence[Member], series: str | None) -> list[Member]:
    """Return the members of one series; VolumeError lists the series that there are."""
    by_series: dict[str, list[Member]] = {}
    for member in members:
        by_series.setdefault(member.series, []).append(member)
    if series is None and len(by_series) == 1:
        return list(members)
    if series is not None and series in by_series:
        return by_series[series]
    lines = [f"{uid or '(none)'}: {_counted(found)}" for uid, found in sorted(by_series.items())]
    asked = "choose one by series=" if series is None else f"none of them is {series!r}"
    raise VolumeError(f"there are {len(by_series)} series, {asked}:\n  " + "\n  ".join(lines))


def _counted(members: Sequence[Member]) -> str:
    kinds = sorted({member.modality for member in members if member.modality})
    return f"{len(members)} {'/'.join(kinds)} images, {listed([member.label for member in members], 1)}"


def _each_once(members: Iterable[Member]) -> tuple[list[Member], list[Finding]]:
    """Return the members, each SOP instance once: copies have one UID and are the same (PS3.3 C.12.1)."""
    first: dict[str, Member] = {}
    kept, findings = [], []
    for member in members:
        if member.instance and member.instance in first:
            message = f"{member.label} is left out: it is the same SOP instance as {first[member.instance].label}"
            findings.append(Finding(code="duplicate-instance", message=message, attribute="SOPInstanceUID"))
            continue
        first[member.instance] = member
        kept.append(member)
    return kept, findings


def _differences(slices: Sequence[Slice]) -> str:
    """Return in which attributes slices of one plane differ, to choose by."""
    found = []
    for keyword in _TELLING:
        values = [_attribute(one, keyword) for one in slices]
        if len(set(values)) > 1:
            found.append(f"{keyword} ({listed(sorted(set(values)), 3)})")
    return f"they differ in {listed(found, 3)}" if found else "they do not differ in what tells slices apart"


def _attribute(one: Slice, keyword: str) -> str:
    dataset = one.member.whole()
    content = group_of(dataset, one.frame, "FrameContentSequence")
    found = None if content is None else content.attributes.get(keyword)
    return str(dataset.get(keyword) if found is None else found)
