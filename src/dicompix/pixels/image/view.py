"""The frames of an image in the other two value spaces: modality values and display values."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from dicompix.pixels.batch import decode_all
from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.errors import CodecError, Finding, FrameError, TransformError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image.arrays import Arrays
from dicompix.pixels.image.audit import as_finding, too_few
from dicompix.pixels.image.choice import Voi, check_for_color, settle_voi
from dicompix.pixels.image.naming import Naming
from dicompix.pixels.image.ranges import Range, range_present
from dicompix.pixels.image.render import Explanation, Rendering, modality_range, render
from dicompix.pixels.image.sequence import Indices, is_several
from dicompix.pixels.limits import check_justified
from dicompix.pixels.parallel import in_parts
from dicompix.pixels.read.display import display_modality, icc_profile_of, padding_of
from dicompix.pixels.read.graphics import is_embedded, overlay_groups, overlay_or_finding, shutters_of
from dicompix.pixels.read.values import modality_step, real_world_items, real_world_mapping
from dicompix.pixels.transforms.icc import IccTransform
from dicompix.pixels.transforms.overlay import Overlay, burn_in
from dicompix.pixels.transforms.pipeline import Compiled, Pipeline, exact
from dicompix.pixels.transforms.presentation import PresentationLut, ToDisplay
from dicompix.pixels.transforms.shutter import visible_area

MOST_SAMPLED = 64  # frames looked at, evenly spread, for the range of values present


@lru_cache(maxsize=32)
def _ready(pipeline: Pipeline, fmt: PixelFormat, dtype: DTypeLike | None = None) -> Compiled:
    """Return a compiled pipeline; frames with equal steps share it."""
    return pipeline.ready(fmt, dtype)


@dataclass(frozen=True, slots=True, eq=False)
class RealWorld:
    """Real world values of a frame: float64, NaN where none is mapped; the unit's code and meaning, a label."""

    values: Stored
    unit: str
    unit_meaning: str
    label: str


class Views(Arrays):
    """Frames that know their physical values and their picture."""

    def modality(self, frame: int | Indices = 0, *, dtype: DTypeLike = np.float64) -> Stored:
        """Return one frame in physical units (HU, dose, counts...): its own Modality LUT or rescale (PS3.3 C.11.1).

        (rows, columns), float64 by default; a slice, list or boolean mask of frames stacks them, computed in parallel.
        The frame's functional groups go before the shared ones and the root; without any, stored values come back.
        Raises TransformError for an integer `dtype` that does not hold each value exactly, and for a table that cannot
        be read.
        """
        wanted = np.dtype(dtype)
        if is_several(frame):
            return self._each(self._positions(frame), lambda position: self._modality(position, wanted))
        return self._modality(self._position(frame), wanted)

    def _modality(self, position: int, wanted: np.dtype[Any]) -> Stored:
        stored = self.frame(position).array
        with Naming(self._dataset):
            step = modality_step(self.dataset, position)
            if step is None:
                return exact(stored, wanted)
            self._note(step.findings)
            return in_parts(_ready(Pipeline((step.transform,)), self.format, wanted), stored)

    def real_world(self, frame: int = 0, *, item: int = 0) -> "RealWorld":
        """Return one frame's real world values, NaN outside the mapped range, with their unit (PS3.3 C.7.6.16.2.11).

        `item` chooses among several quantities. Raises TransformError where the frame has no such mapping.
        """
        position = self._position(frame)
        places = real_world_items(self.dataset, position)
        if not 0 <= item < len(places):
            raise TransformError(
                f"frame {position} has {len(places)} Real World Value Mapping items, needed item {item}"
            )
        stored = self.frame(position).array
        mapping = real_world_mapping(places[item].attributes, signed=stored.dtype.kind != "u")
        values = mapping(stored)
        return RealWorld(values, mapping.unit, mapping.unit_meaning, mapping.label)

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """Return the overlay planes, 60xx groups in order (PS3.3 C.9.2).

        Those in unused pixel bits are read from all frames. One that cannot be shown, as its data or size is missing,
        is left out and reported as a PixelWarning.
        """
        return tuple(self._overlays())

    def _overlays(self) -> Iterator[Overlay]:
        cells = self._cells()
        for group in overlay_groups(self.dataset):
            overlay = overlay_or_finding(self.dataset, group, cells)
            if isinstance(overlay, Finding):
                self._note([overlay])
            else:
                yield overlay

    def _cells(self) -> Stored | None:
        """Return whole pixel cells, unused bits included, where an overlay lies in them."""
        if not any(is_embedded(self.dataset, group) for group in overlay_groups(self.dataset)):
            return None
        whole = replace(self.format, bits_stored=self.format.bits_allocated, high_bit=None, signed=False)
        return decode_all(self._index, replace(self._decoder, fmt=whole), len(self)).array

    def shutter(self) -> Stored:
        """Return True for each pixel that the display shutters leave visible, (rows, columns) (PS3.3 C.7.6.11)."""
        check_justified(self.format, 1, len(self._index.source))
        return visible_area(shutters_of(self.dataset), self.format.rows, self.format.columns)

    def display(self, frame: int | Indices = 0, *, voi: Voi = 0, overlays: bool = False, icc: bool = False) -> Stored:
        """Return the picture of one frame, as a viewer shows it; a window is ``voi=(center, width)``.

        uint8, (rows, columns) for gray or (rows, columns, 3) for colour; a slice, list or boolean mask of frames stacks
        their pictures, each by its own window, computed in parallel. `voi` chooses among the frame's VOI LUTs and
        windows, look-up tables first: an index, an explanation text, or a (center, width) in modality values; "full" is
        the range of the modality values present, of 64 frames at the most, "auto" the same by percentiles 0.5 to 99.5
        (float and 32-bit frames: of 262,144 values, evenly spread), None every value that Bits Stored allows. Without a
        window in the file, an index means "full". Padding is black. `overlays` burns the overlay planes in, white;
        `icc` converts colour by the image's ICC profile to sRGB. Odd attributes are settled and reported as a
        PixelWarning. Raises TransformError for a `voi` that the frame does not have (PS3.3 C.11.2).
        """
        settle_voi(voi)  # what is no view at all is none of a colour image either
        if is_several(frame):
            chosen = self._positions(frame)
            return self._each(chosen, lambda position: self._display(position, voi, overlays=overlays, icc=icc))
        return self._display(self._position(frame), voi, overlays=overlays, icc=icc)

    def _display(self, position: int, voi: Voi, *, overlays: bool, icc: bool) -> Stored:
        picture = self._picture(position, voi)
        if icc and picture.ndim == 3:
            picture = self._in_srgb(picture)
        return self._with_overlays(picture, position) if overlays else picture

    def _in_srgb(self, picture: Stored) -> Stored:
        profile = icc_profile_of(self.dataset)
        try:
            return IccTransform(profile)(picture) if profile else picture
        except TransformError as problem:
            clause = "PS3.3 C.11.15"
            self._note([Finding(code="icc-profile", message=str(problem), used="colours as they are", clause=clause)])
            return picture

    def _with_overlays(self, picture: Stored, position: int) -> Stored:
        for overlay in self._overlays():
            picture = burn_in(picture, overlay, 255, frame=position)
        return picture

    def _picture(self, position: int, voi: Voi) -> Stored:
        decoded = self._shown(position)
        if decoded.array.ndim == 3:
            check_for_color(voi)
            return _plain_color(decoded, self.format)
        rendering = self._rendering(position, voi, decoded)
        self._note(rendering.findings)
        return in_parts(_ready(rendering.pipeline, self.format), decoded.array)

    def _shown(self, position: int) -> Frame:
        """Decode a frame for its picture: in RGB though the image was opened raw."""
        if not self._decoder.raw:
            return self.frame(position)
        with Naming(self._dataset):
            frame = replace(self._decoder, raw=False).frame(self._index[position]).at(position)
        self._note(frame.findings)
        return frame

    def explain(self, frame: int = 0, *, voi: Voi = 0) -> Explanation:
        """Return the steps from stored values to the picture, with the attributes and where they stand.

        ``str`` of it is a table; each of its ``steps`` has `transform`, `attributes`, `place` and `applied`. Raises
        TransformError as ``display()``.
        """
        position = self._position(frame)
        settle_voi(voi)
        decoded = self.frame(position)
        if decoded.array.ndim == 3:
            check_for_color(voi)
            return Explanation.of_color(decoded)
        return Explanation(self._rendering(position, voi, decoded).steps)

    def _rendering(self, frame: int, voi: Voi, decoded: Frame) -> Rendering:
        with Naming(self._dataset):
            return render(self.dataset, self.format, frame, voi, lambda kind: self._present(kind, frame, decoded))

    def _present(self, kind: str, frame: int, decoded: Frame) -> Range:
        """Return the range of modality values in the image, padding aside; one answer for all its frames."""
        known = self._ranges.get(kind)
        if known is None:
            ranges = [self._range_of(i, one, kind) for i, one in self._sample(frame, decoded)]
            found = [one for one in ranges if one is not None]
            known = (min(low for low, _ in found), max(high for _, high in found)) if found else (0.0, 1.0)
            self._ranges[kind] = known
        return known

    def _sample(self, frame: int, decoded: Frame) -> Iterator[tuple[int, Frame]]:
        """Yield frames evenly spread among those that are there, without those that cannot be decoded."""
        held = self.held
        if held < len(self):
            self._note([too_few(held, len(self))])
            held += self._decoder.fill is not None  # native data may hold a part of one more
        for i in np.unique(np.linspace(0, held - 1, min(held, MOST_SAMPLED)).astype(int)).tolist():
            try:
                yield i, decoded if i == frame else self.frame(i)
            except (CodecError, FrameError) as problem:
                self._note([as_finding(problem, i)])

    def _range_of(self, position: int, decoded: Frame, kind: str) -> Range | None:
        there, missing = decoded.array, decoded.missing
        if missing is not None and not missing.all():  # where all is, it may be approximated
            there = there[~missing]
        stored = range_present(there, padding_of(self.dataset, self.format), kind)
        return stored and modality_range(display_modality(self.dataset, position).applied, stored)


def _plain_color(decoded: Frame, fmt: PixelFormat) -> Stored:
    """Return colour samples as 8-bit RGB, floor(255 v / maximum + 0.5); an alpha sample or black ink is left out."""
    array = decoded.array[..., 1:] if decoded.photometric == Photometric.ARGB else decoded.array[..., :3]
    if array.dtype == np.uint8 and fmt.bits_stored >= 8:
        return array
    top = 1.0 if fmt.floating else float(fmt.value_range[1])
    pipeline = Pipeline((PresentationLut(input_range=(0, top)), ToDisplay()))
    return in_parts(_ready(pipeline, fmt), array)
