"""Planes -> Geometry: their order along the normal, and the one affine that places them all (PS3.3 C.7.6.2.1.1)."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dicompix.pixels.errors import Finding
from dicompix.volume.errors import OverlapError, VolumeError, listed
from dicompix.volume.plane import Plane

Vector = np.ndarray[Any, np.dtype[np.float64]]
Kind = tuple[Any, ...]
# A slice may lie so far from where the affine puts it: in slice distances along the normal, in pixels across it.
TOLERANCE, NOTABLE = 0.1, 0.01
_SAME_DIRECTION, _SAME_SPACING = 1e-3, 1e-3
_STEEPEST = 45.0  # degrees; gantries tilt by 30 at the most


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """The planes in order, and the affine from (column, row, slice, 1) to patient coordinates in mm, LPS."""

    order: tuple[int, ...]
    affine: Vector
    findings: tuple[Finding, ...] = ()


def arrange(planes: Sequence[Plane], names: Sequence[str]) -> Geometry:
    """Return the geometry of parallel planes in any order; VolumeError names those that do not fit.

    >>> planes = [Plane((0.0, 0.0, z), (1, 0, 0, 0, 1, 0), (0.5, 0.5)) for z in (5.0, 0.0, 2.5)]
    >>> geometry = arrange(planes, ["a", "b", "c"])
    >>> geometry.order, geometry.affine[2].tolist()
    ((1, 2, 0), [0.0, 0.0, 2.5, 0.0])
    """
    orientation = only([p.orientation for p in planes], names, "orientations", _same_direction)
    spacing = only([p.spacing for p in planes], names, "pixel spacings", _same_spacing)
    row, column, normal = Plane((), orientation, spacing).axes()
    positions = np.array([plane.position for plane in planes])
    order = np.argsort(positions @ normal, kind="stable")
    axes = np.stack([row, column, normal])
    sizes = np.array([spacing[1], spacing[0]])
    placed, named = positions[order] @ axes.T, [names[i] for i in order]
    step, findings = _first_guess(planes[order[0]]) if len(planes) == 1 else _step(placed, sizes, named)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([row * sizes[0], column * sizes[1], step @ axes], axis=1)
    affine[:3, 3] = positions[order[0]]
    return Geometry(tuple(order.tolist()), affine + 0.0, findings)


def _same_direction(one: Kind, other: Kind) -> bool:
    return bool(np.allclose(one, other, rtol=0, atol=_SAME_DIRECTION))


def _same_spacing(one: Kind, other: Kind) -> bool:
    return bool(np.allclose(one, other, rtol=_SAME_SPACING, atol=0))


def only(
    found: Sequence[Kind], names: Sequence[str], what: str, same: Callable[[Kind, Kind], bool] = operator.eq
) -> Kind:
    """Return the one kind that all are of; VolumeError lists several, the most frequent first, with their names."""
    stands_for: dict[Kind, Kind] = {}
    for kind in sorted(set(found)):  # what is the same but for rounding goes under the least
        stands_for[kind] = next((known for known in stands_for.values() if same(known, kind)), kind)
    kinds: dict[Kind, list[int]] = {}
    for place, kind in enumerate(found):
        kinds.setdefault(stands_for[kind], []).append(place)
    if len(kinds) == 1:
        return next(iter(kinds))
    ranked = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    lines = [f"{len(places)} x {kind}: {listed([names[i] for i in places])}" for kind, places in ranked]
    raise VolumeError(f"the slices have {len(kinds)} {what}; pass the paths of one kind:\n  " + "\n  ".join(lines[:8]))


def _first_guess(plane: Plane) -> tuple[Vector, tuple[Finding, ...]]:
    """Return the step of a single slice: what the header says, else 1 mm."""
    found = Finding(
        code="slice-spacing",
        message="one slice, without Spacing Between Slices or Slice Thickness",
        used="1 mm",
        clause="PS3.3 C.7.6.2",
    )
    return np.array([0, 0, plane.apart or 1.0]), () if plane.apart else (found,)


def _step(placed: Vector, sizes: Vector, names: Sequence[str]) -> tuple[Vector, tuple[Finding, ...]]:
    """Return the step from slice to slice, along row, column and normal, of positions given along those."""
    distances = np.diff(placed[:, 2])
    _check_apart(distances, names)
    _check_gaps(distances, names)
    step = (placed[-1] - placed[0]) / (len(placed) - 1)
    off = np.abs(placed - placed[0] - np.arange(len(placed))[:, np.newaxis] * step) / [*sizes, step[2]]
    worst = int(off.max(axis=1).argmax())
    if off[worst].max() > TOLERANCE:
        raise VolumeError(
            f"the slices are no even stack: {names[worst]} lies {off[worst, 2]:.2f} slice distances and "
            f"{off[worst, :2].max():.2f} pixels from its place; distances are {distances.min():g} to "
            f"{distances.max():g} mm"
        )
    findings = [_uneven(distances)] if off[worst].max() > NOTABLE else []
    if np.all(np.abs(placed[-1, :2] - placed[0, :2]) <= TOLERANCE * sizes):
        step[:2] = 0
    else:
        findings.append(_tilted(step))
    return step, tuple(findings)


def _check_apart(distances: Vector, names: Sequence[str]) -> None:
    """Raise OverlapError where several slices lie in one plane, as echoes or points in time do."""
    far = distances[distances > 1e-6]
    together = distances <= (TOLERANCE * np.median(far) if far.size else np.inf)
    if not together.any():
        return
    first = int(together.argmax())
    apart = np.flatnonzero(~together[first:])
    last = first + int(apart[0]) if apart.size else len(together)
    planes = int((~together).sum()) + 1
    text = f"there are {len(names)} slices for {planes} plane{'s' * (planes > 1)}"
    in_one = names[first : last + 1]
    raise OverlapError(f"{text}: pass the paths of one for each plane; in one plane lie {listed(in_one)}", in_one)


def _check_gaps(distances: Vector, names: Sequence[str]) -> None:
    """Raise VolumeError where slices are missing."""
    usual = float(np.median(distances))
    gaps = np.flatnonzero(distances > 1.5 * usual)
    if not gaps.size:
        return
    texts = [f"{distances[i]:g} mm between {names[i]} and {names[i + 1]}" for i in gaps.tolist()]
    missing = int(np.sum(np.round(distances[gaps] / usual) - 1))
    raise VolumeError(
        f"slices are missing, about {missing}: {usual:g} mm is usual from slice to slice, but there are "
        f"{listed(texts, 3)}"
    )


def _uneven(distances: Vector) -> Finding:
    return Finding(
        code="uneven-spacing",
        message="the slices are not quite evenly spaced",
        found=f"{distances.min():g} to {distances.max():g} mm",
        used=f"{distances.mean():g} mm",
        clause="PS3.3 C.7.6.2.1.1",
    )


def _tilted(step: Vector) -> Finding:
    """Return the finding of a sheared stack; VolumeError for what is no stack."""
    angle = float(np.degrees(np.arctan2(np.hypot(*step[:2]), step[2])))
    if angle > _STEEPEST:
        raise VolumeError(f"the slices are no stack: each is shifted against the next by {step[:2]} mm")
    return Finding(
        code="gantry-tilt",
        message=f"the slices are shifted against each other, their stack leans by {angle:.2f} degrees",
        used="a sheared affine: the slice axis is not perpendicular to the slices",
        clause="PS3.3 C.7.6.2.1.1",
    )
