"""The frames of an image as a sequence: nothing is decoded before it is asked for."""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np

from dicompix.pixels.batch import decode_all, decode_frames, is_plain, promised_format
from dicompix.pixels.codecs.base import Frame, Region, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import Finding, FrameError, FrameIndexError, report
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex
from dicompix.pixels.image.audit import Audit, Which, audited
from dicompix.pixels.image.part import cropped, levels_of, part_of_frame
from dicompix.pixels.image.portable import Maker, maker_of
from dicompix.pixels.plain import Decoded, native_view
from dicompix.pixels.policy import policy_of, refuse
from dicompix.pixels.read import Content, Dataset, content_of
from dicompix.pixels.read.display import fill_of
from dicompix.pixels.registry import Choice
from dicompix.pixels.salvage import bytes_left

Indices = slice | list[int] | np.ndarray[Any, np.dtype[Any]]


class Frames(Sequence[Stored]):
    """The frames of one data set: ``len``, index, slice, iterate, or ``stored()`` for all in one array."""

    def __init__(
        self,
        dataset: Dataset,
        content: Content | None = None,
        *,
        codec: Choice = None,
        raw: bool = False,
        reported: set[str] | None = None,
        errors: str = "warn",
    ) -> None:
        content = content_of(dataset) if content is None else content
        self.dataset = dataset
        self.format = content.fmt
        self._content: Content | None = content
        self.errors = errors if errors == "warn" else policy_of(errors)
        fill = fill_of(dataset, content.fmt) if errors == "salvage" else None
        self._decoder = Decoder(fmt=content.fmt, codec=codec, raw=raw, fill=fill)
        self._findings: dict[tuple[str, int | None], Finding] = {(f.code, f.frame): f for f in content.findings}
        self._reported: set[str] = set() if reported is None else reported
        self._ranges: dict[str, tuple[float, float]] = {}
        self._missing: dict[int, Stored | None] = {}
        if errors == "strict":
            refuse(content.findings)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (frames, rows, columns[, samples]), as the header claims them; the frames axis is always there."""
        return self.format.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the NumPy type of stored values, in native byte order."""
        return self.format.dtype

    @property
    def ndim(self) -> int:
        """Return the number of axes, the frames axis included."""
        return len(self.shape)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return every deviation met so far: in the header, the index, and the frames decoded."""
        self._remember(() if self._content is None else self._content.findings)
        return tuple(self._findings.values())

    def audit(self, frames: Which = "all") -> Audit:
        """Look at the header, the index and the frames, decode each, and return every finding; nothing is reported.

        What cannot be decoded is a finding of severity "error", and the rest is looked at all the same. `frames` are
        the numbers of those to decode, "all" by default, None for none of them.
        """
        numbers = frames if frames is None or isinstance(frames, str) else [self._position(i) for i in frames]
        found = audited(self._open, replace(self._decoder, fill=None), numbers)
        self._remember(found)
        return found

    def __len__(self) -> int:
        return self.format.frames

    def __repr__(self) -> str:
        fmt = self.format
        return f"<{type(self).__name__} {self.shape} {self.dtype} {fmt.photometric} {fmt.transfer_syntax}>"

    @property
    def _index(self) -> FrameIndex:
        return self._open.index

    @property
    def _open(self) -> Content:
        if self._content is None:
            raise FrameError("the image is closed: open it again to read its frames")
        return self._content

    def __reduce__(self) -> Maker:
        """Pickle and copy an image as what it was opened from: its file's path, or its data set; and its options."""
        options = {"codec": self._decoder.codec, "raw": self._decoder.raw, "errors": self.errors}
        return maker_of(type(self), self.dataset, self._open, options)

    def frame(self, index: int, *, level: int = 0, region: Region | None = None) -> Frame:
        """Decode one frame: its array, what its samples are, and its findings.

        `level` halves rows and columns that many times, rounded up, which costs less than all of the frame; JPEG of 8
        bits has levels 0 to 3, JPEG 2000 and HTJ2K as many as their codestream; UnsupportedError for others. `region`
        is two slices, rows and columns of the frame at that level; of native frames only those rows are read.
        """
        position = self._position(index)
        if not level and (region is None or self.errors == "salvage"):
            whole = self._decode(position)
            return whole if region is None else cropped(whole, region)
        frame = part_of_frame(self._index, position, self._decoder, level, region).at(position)
        self._note(frame.findings)
        return frame

    def levels(self, index: int = 0) -> int:
        """Return the greatest `level` of one frame, 0 where it is decoded whole or not at all."""
        return levels_of(self._index[self._position(index)], self._decoder)

    def _decode(self, position: int) -> Frame:
        read = self._index.__getitem__ if self._decoder.fill is None else self._bytes_left
        frame = self._decoder.frame(read(position)).at(position)
        self._note(frame.findings)
        if self._decoder.fill is not None:
            self._missing[position] = frame.missing
        return frame

    def _bytes_left(self, position: int) -> Buffer:
        return bytes_left(self._index, self.format, position)

    def missing(self, index: int | None = None) -> Stored | None:
        """Return True for each pixel (rows, columns) of a frame that could not be had of it; None where all are there.

        Without `index` those of all frames, (frames, rows, columns). A frame that was not yet looked at is decoded;
        under other policies than "salvage" that raises for a broken one.
        """
        if index is not None:
            position = self._position(index)
            return self._missing[position] if position in self._missing else self._decode(position).missing
        each = [self.missing(position) for position in range(len(self))]
        found = next((one for one in each if one is not None), None)
        if found is None:
            return None
        return np.stack([np.zeros(found.shape, bool) if one is None else one for one in each])

    def encoded(self, index: int) -> Buffer:
        """Return the bytes of one frame as they are stored: a codestream, or native samples."""
        return self._index[self._position(index)]

    def _position(self, index: Any) -> int:
        try:
            number = operator.index(index)
        except TypeError:
            raise FrameIndexError(f"a frame's number is a whole number, found {index!r}") from None
        position = number + len(self) if number < 0 else number
        if not 0 <= position < len(self):
            raise FrameIndexError(f"there is no frame {number}: the image has {len(self)} frames")
        return position

    def _positions(self, indices: Indices) -> Sequence[int]:
        """Return the frames that a slice, a list of numbers, or a boolean mask of one value a frame chooses."""
        if isinstance(indices, slice):
            return range(len(self))[indices]
        chosen = np.asarray(indices)
        if chosen.ndim != 1:
            raise FrameIndexError(f"frames are chosen by one number, slice, list or mask, found {indices!r}")
        if chosen.dtype != bool:
            return [self._position(i) for i in chosen.tolist()]
        if len(chosen) != len(self):
            raise FrameIndexError(f"the mask has {len(chosen)} values: the image has {len(self)} frames")
        return [int(i) for i in np.flatnonzero(chosen)]

    def _remember(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._findings.setdefault((finding.code, finding.frame), finding)

    def _note(self, findings: Sequence[Finding]) -> None:
        self._remember(findings)
        header = () if self._content is None else self._content.findings
        if self.errors == "strict":
            refuse((*header, *findings))
        report((*header, *findings), self._reported, stacklevel=5)

    def __getitem__(self, index: int | Indices) -> Stored:  # type: ignore[override]  # several frames are stacked
        """Return one frame (rows, columns[, samples]), or several stacked for a slice, list, or boolean mask.

        One frame may be a read-only view of the file's bytes: copy it before you change it.
        """
        if isinstance(index, slice | list) or (isinstance(index, np.ndarray) and index.ndim):
            return self._stacked(self._positions(index))
        return self._decode(self._position(index)).array

    def _stacked(self, positions: Sequence[int]) -> Stored:
        if not positions:
            return np.empty((0, *self.format.frame_shape), self.dtype)
        return self._taken(decode_frames(self._index, self._decoder, positions), positions)

    def _taken(self, decoded: Decoded, positions: Sequence[int]) -> Stored:
        """Report what was found in several frames, remember what is missing of them, and return their array."""
        self._note(decoded.findings)
        if self._decoder.fill is not None:
            self._missing.update(dict.fromkeys(positions, None) | dict(decoded.missing))
        return decoded.array

    def __iter__(self) -> Iterator[Stored]:
        """Yield each frame in turn; memory stays at one frame."""
        return (self[i] for i in range(len(self)))

    def stored(self, *, workers: int | None = None, out: Stored | None = None) -> Stored:
        """Return all frames in one array (frames, rows, columns[, samples]), decoded in parallel.

        `workers` None uses the cores at hand; `out` is filled where it is given.
        """
        decoded = decode_all(self._index, self._decoder, len(self), out=out, workers=workers)
        return self._taken(decoded, range(len(self)))

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
        """Return the number of the first frame, from `start` to `stop`, that is equal to an array."""
        wanted = range(len(self))[start:stop]
        for number in self._equal(value):
            if number in wanted:
                return number
        raise ValueError("no frame is equal to that array")

    def count(self, value: object) -> int:
        """Return how many frames are equal to an array."""
        return sum(1 for _ in self._equal(value))

    def codec_name(self) -> str:
        """Return the name of the codec that decodes the first frame, as the registry chooses it."""
        return self._decoder.entries(self._index[0])[0].name

    def decoded_format(self) -> PixelFormat:
        """Return the format of decoded frames, settled by the first frame's codestream."""
        return promised_format(self._index, self._decoder)

    def close(self) -> None:
        """Let go of the file; frames already returned stay valid."""
        self._content = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
