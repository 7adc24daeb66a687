"""A folder, files or data sets -> Volume: headers, order, voxels."""

from typing import Literal

from numpy.typing import DTypeLike

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import Finding, report
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.volume.errors import VolumeError, listed
from dicompix.volume.find import Source, candidates
from dicompix.volume.member import Member, Reader
from dicompix.volume.progress import Progress, Progressing, progressing
from dicompix.volume.series import Stack, stack_of
from dicompix.volume.volume import Headers, Volume
from dicompix.volume.voxels import voxels_of

Values = Literal["modality", "stored"]


def read_volume(
    source: Source,
    *,
    values: Values = "modality",
    dtype: DTypeLike | None = None,
    series: str | None = None,
    workers: int | None = None,
    progress: Progress = False,
) -> Volume:
    """Read the slices of one series as a Volume, in the order of their places in the patient (PS3.3 C.7.6.2).

    `source` is a folder with all below it, a file of many frames, a Dataset, or several of these. `values` are
    "modality" (HU, dose...; each slice by its own rescale) or "stored"; without a `dtype` that holds every value
    possible: the stored type, int16, int32, or float32 where they are not whole. `series` is the Series Instance UID
    to choose. `workers` None uses the cores at hand. `progress` True shows a bar; a function gets (done, total).

    Raises VolumeError, which names the files, for gaps, planes taken twice, slices of several sizes, orientations
    or kinds, several series, and slices without a place; TransformError for values that `dtype` cannot hold; FrameError
    or CodecError for a slice that cannot be decoded. Files that are no images are left out, with a finding.

    >>> from pydicom.data import get_testdata_file
    >>> volume = read_volume(get_testdata_file("rtdose.dcm", download=False))
    >>> volume
    <Volume (15, 10, 10) float64 of 10 x 10 x 5 mm>
    """
    if values not in {"modality", "stored"}:
        raise VolumeError(f"values is {values!r}, needed 'modality' or 'stored'")
    with progressing(progress) as state:
        members, skipped = _members(source, usable_cores() if workers is None else workers, state)
        if not members:
            reasons = listed([finding.message for finding in skipped]) or "it is empty"
            raise VolumeError(f"there is no image in {listed([source])}: {reasons}")
        stack = stack_of(members, series)
        state.total = len(members) + len(skipped) + len(stack.slices)
        voxels = voxels_of(stack.slices, values, dtype, workers, state.step)
    findings = (*skipped, *stack.findings, *voxels.findings)
    report([finding for finding in findings if finding.severity == "warning"], set(), stacklevel=3)
    return _volume(stack, voxels.array, findings)


def _members(source: Source, workers: int, state: Progressing) -> tuple[list[Member], list[Finding]]:
    """Read the headers; return the images, and the findings of what is none."""
    found, reader = list(candidates(source)), Reader()
    state.total = 2 * len(found)

    def job(number: int) -> Member | Finding:
        member = reader.member(found[number])
        state.step()
        return member

    read = in_parallel(job, len(found), workers)
    members = [one for one in read if isinstance(one, Member)]
    return members, [one for one in read if isinstance(one, Finding)]


def _volume(stack: Stack, array: Stored, findings: tuple[Finding, ...]) -> Volume:
    """Return the volume; it keeps paths and data sets, no open files."""
    members = [one.member for one in stack.slices]
    stack.geometry.affine.flags.writeable = False
    return Volume(
        array=array,
        affine=stack.geometry.affine,
        paths=tuple(member.path for member in members),
        frames=tuple(one.frame for one in stack.slices),
        datasets=Headers([(member.path, member.dataset) for member in members]),
        findings=findings,
    )
