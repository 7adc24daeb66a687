"""The frames of an image together: as one array, as a mask of what is missing, audited, and compared."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dicompix.pixels.batch import decode_all, is_plain
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import Finding, FrameError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image.audit import Audit, Which, as_finding, audited
from dicompix.pixels.image.naming import Naming
from dicompix.pixels.image.sequence import Frames, found_elsewhere
from dicompix.pixels.limits import check_array
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.plain import native_view
from dicompix.pixels.read.graphics import is_embedded, overlay_groups, overlay_or_finding
from dicompix.pixels.settle import settle
from dicompix.pixels.syntaxes import syntax_for

# What codecs undo themselves, though colour is to stay as it is coded.
_UNDONE = {
    Photometric.YBR_FULL_422: Photometric.YBR_FULL,
    Photometric.YBR_ICT: Photometric.RGB,
    Photometric.YBR_RCT: Photometric.RGB,
}


class Arrays(Frames):
    """Frames that can be had all at once."""

    def audit(self, frames: Which = "all") -> Audit:
        """Look at the header, the index and the frames, decode each, and return every finding; nothing is reported.

        What cannot be decoded is a finding of severity "error", and the rest is looked at all the same. `frames` are
        the numbers of those to decode, "all" by default, None for none of them.
        """
        numbers = frames if frames is None or isinstance(frames, str) else [self._position(i) for i in frames]
        found = audited(self._open, replace(self._decoder, fill=None), numbers)
        found = replace(found, findings=(*found, *self._overlay_findings()))
        self._remember(found)
        return found

    def _overlay_findings(self) -> list[Finding]:
        """Return what keeps overlay planes from being shown; those in pixel bits are there if the frames are."""
        try:
            dataset = self.dataset
            groups = [group for group in overlay_groups(dataset) if not is_embedded(dataset, group)]
            planes = [overlay_or_finding(dataset, group, None) for group in groups]
        except Exception as problem:  # noqa: BLE001  # pydicom converts at first use
            return [as_finding(problem)]
        return [one for one in planes if isinstance(one, Finding)]

    def stored(self, *, workers: int | None = None, out: Stored | None = None) -> Stored:
        """Return all frames in one array (frames, rows, columns[, samples]), decoded in parallel.

        `workers` None uses the cores at hand; `out` is filled where it is given. Raises FrameError for an `out` of
        another shape or type, and LimitError for more bytes than are justified or allowed: see `limits`.
        """
        with Naming(self._dataset):
            decoded = decode_all(self._index, self._decoder, len(self), out=out, workers=workers)
        return self._taken(decoded, range(len(self)))

    def _each(self, positions: Sequence[int], one: Callable[[int], Stored]) -> Stored:
        """Return what `one` makes of each frame, stacked; computed in parallel and reported together."""
        if len(positions) > self.held:
            self._check_frames()
        first = one(positions[0] if positions else 0)
        large = check_array(len(positions) * first.nbytes)
        array: Stored = np.empty((len(positions), *first.shape), first.dtype)
        array[:1] = first

        def job(number: int) -> list[Finding]:
            found: list[Finding] = []
            token = found_elsewhere.set(found)
            try:
                values = one(positions[number + 1])
            finally:
                found_elsewhere.reset(token)
            if values.shape != first.shape:
                raise FrameError(f"frame {positions[number + 1]} is {values.shape}, needed {first.shape} as the first")
            array[number + 1] = values
            return found

        each = in_parallel(job, len(positions) - 1, usable_cores())
        self._note([*large, *(finding for found in each for finding in found)])
        return array

    def missing(self, index: int | None = None) -> Stored | None:
        """Return True for each pixel (rows, columns) of a frame that could not be had of it; None where all are there.

        Without `index` those of all frames, (frames, rows, columns). A frame that was not yet looked at is decoded;
        under other policies than "salvage" that raises FrameError or CodecError for a broken one.
        """
        if index is not None:
            return self._missing_of(self._position(index))
        if len(self._missing) < len(self):
            self._check_frames()
        each = [self._missing_of(position) for position in range(len(self))]
        found = next((one for one in each if one is not None), None)
        if found is None:
            return None
        return np.stack([np.zeros(found.shape, bool) if one is None else one for one in each])

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Stored:  # noqa: FBT001  # NumPy's
        """Return ``stored()`` for NumPy; with ``copy=False`` a read-only view of native samples, or ValueError."""
        if copy is False:
            return self._view(np.dtype(dtype or self.dtype))
        array = self.stored()
        return array if dtype is None else array.astype(dtype, copy=False)

    def _view(self, dtype: np.dtype[Any]) -> Stored:
        fmt = self.format
        whole = fmt.floating or (fmt.bits_stored == fmt.bits_allocated and not fmt.shift)
        native = is_plain(self._index, self._decoder) and not fmt.big_endian and len(self._index) >= len(self)
        if not (whole and native and dtype == self.dtype):
            raise ValueError(f"copy=False, but {self!r} as {dtype} has to be decoded or converted into a new array")
        view = native_view(self._index, fmt, range(len(self)))
        view.flags.writeable = False
        return view

    def _equal(self, value: object) -> Iterator[int]:
        """Yield the numbers of the frames that are equal to an array in shape and in each value."""
        if not isinstance(value, np.ndarray):
            raise TypeError(f"a frame is an array, found {type(value).__name__}: a value is looked for in stored()")
        return (number for number, frame in enumerate(self) if np.array_equal(frame, value))

    def __contains__(self, value: object) -> bool:
        """Tell whether a frame is equal to an array; frames are decoded until one is."""
        return any(True for _ in self._equal(value))

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """Return the number of the first frame, from `start` to `stop`, that is equal to an array; else ValueError."""
        wanted = range(len(self))[start:stop]
        for number in self._equal(value):
            if number in wanted:
                return number
        raise ValueError("no frame is equal to that array")

    def count(self, value: object) -> int:
        """Return how many frames are equal to an array; TypeError for what is none."""
        return sum(1 for _ in self._equal(value))

    def codec_name(self) -> str:
        """Return the name of the codec that decodes the first frame; MissingCodecError where none is installed."""
        with Naming(self._dataset):
            return self._decoder.entries(self._index[0])[0].name

    def decoded_format(self) -> PixelFormat:
        """Return size, bits and sign as the first frame's codestream settles them, errors as of a frame (PS3.5 8.2)."""
        with Naming(self._dataset):
            data = self._index[0]
            fmt = self._decoder.promised(data)
            coded = settle(self._decoder.fmt, peek(data, syntax_for(self.format.transfer_syntax).family)).coded
        if coded.photometric.is_ybr and coded.samples == 3 and not self._decoder.raw:
            return replace(fmt, photometric=Photometric.RGB)
        return replace(fmt, photometric=_UNDONE.get(coded.photometric, coded.photometric))
