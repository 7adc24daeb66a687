"""The frames of an image as a sequence: nothing is decoded before it is asked for."""

import operator
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeGuard

import numpy as np

from dicompix.pixels.batch import decode_frames
from dicompix.pixels.codecs.base import Frame, Region, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import (
    BadValueError,
    Finding,
    FrameError,
    FrameIndexError,
    MissingCodecError,
    UnsupportedError,
    report,
    users_level,
)
from dicompix.pixels.frames import Buffer, FrameIndex, count_of
from dicompix.pixels.image.naming import Naming
from dicompix.pixels.image.part import cropped, levels_of, part_of_frame
from dicompix.pixels.image.portable import Maker, maker_of
from dicompix.pixels.limits import check_justified, check_salvage
from dicompix.pixels.plain import Decoded
from dicompix.pixels.policy import policy_of, refuse
from dicompix.pixels.read import Content, Dataset, Later, content_of
from dicompix.pixels.read.display import fill_of
from dicompix.pixels.registry import Choice, registry
from dicompix.pixels.salvage import bytes_left
from dicompix.pixels.syntaxes import SYNTAXES, syntax_for

Indices = slice | list[int] | np.ndarray[Any, np.dtype[Any]]


# What was found in a frame while another thread computes it, to be reported by the one that asked for it.
found_elsewhere: ContextVar[list[Finding] | None] = ContextVar("found_elsewhere", default=None)


def is_several(index: int | Indices) -> TypeGuard[Indices]:
    """Tell whether an index chooses several frames, to be stacked."""
    return isinstance(index, slice | list) or (isinstance(index, np.ndarray) and index.ndim > 0)


class Frames(Sequence[Stored]):
    """The frames of one data set: ``len``, index, slice, iterate, or ``stored()`` for all in one array."""

    def __init__(
        self,
        dataset: Dataset | Later,
        content: Content | None = None,
        *,
        codec: Choice = None,
        raw: bool = False,
        reported: set[str] | None = None,
        errors: str = "warn",
    ) -> None:
        self._dataset = dataset
        content = content_of(self.dataset) if content is None else content
        self.format = content.fmt
        self._content: Content | None = content
        self.errors = errors if errors == "warn" else policy_of(errors)
        if codec is not None:
            _check_codec(codec, content.fmt.transfer_syntax)
        fill = fill_of(self.dataset, content.fmt) if errors == "salvage" else None
        self._decoder = Decoder(fmt=content.fmt, codec=codec, raw=raw, fill=fill)
        self._findings: dict[tuple[str, int | None], Finding] = {(f.code, f.frame): f for f in content.findings}
        self._reported: set[str] = set() if reported is None else reported
        self._ranges: dict[str, tuple[float, float]] = {}
        self._missing: dict[int, Stored | None] = {}
        if errors == "strict":
            refuse(content.findings)

    @property
    def dataset(self) -> Dataset:
        """Return the data set that the image was made from; of a plain file it is read at the first access."""
        return self._dataset.now() if isinstance(self._dataset, Later) else self._dataset

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (frames, rows, columns[, samples]), as the header claims them; the frames axis is always there."""
        return self.format.shape

    @property
    def rows(self) -> int:
        """Return the rows of a frame, as the header claims them."""
        return self.format.rows

    @property
    def columns(self) -> int:
        """Return the columns of a frame, as the header claims them."""
        return self.format.columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the NumPy type of stored values, in native byte order."""
        return self.format.dtype

    @property
    def held(self) -> int:
        """Return how many whole frames the pixel data holds, which a lying Number of Frames does not change."""
        return min(len(self), len(self._index))

    def _check_frames(self) -> None:
        """Raise LimitError for a Number of Frames that the pixel data cannot hold by far."""
        absent, held = len(self) - self.held, len(self._index.source)
        if absent and self._decoder.fill is None:
            check_justified(self.format, len(self), held)
        elif absent:
            check_salvage(self.format, absent, held)

    @property
    def ndim(self) -> int:
        """Return the number of axes, the frames axis included."""
        return len(self.shape)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return every deviation met so far: in the header, the index, and the frames decoded."""
        self._remember(() if self._content is None else self._content.findings)
        return tuple(self._findings.values())

    def __len__(self) -> int:
        return self.format.frames

    def __repr__(self) -> str:
        fmt = self.format
        syntax = syntax_for(fmt.transfer_syntax).name
        return f"<{type(self).__name__} {self.shape} {self.dtype} {fmt.photometric}, {syntax}>"

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
        is two slices, rows and columns of the frame at that level (FrameError for others); of native frames only those
        rows are read.
        """
        position = self._position(index)
        if not level and (region is None or self.errors == "salvage"):
            whole = self._decode(position)
            return whole if region is None else cropped(whole, region)
        with Naming(self._dataset):
            frame = part_of_frame(self._index, position, self._decoder, level, region).at(position)
        self._note(frame.findings)
        return frame

    def levels(self, index: int = 0) -> int:
        """Return the greatest `level` of one frame, 0 where it is decoded whole; errors as of ``frame()``."""
        return levels_of(self.encoded(index), self._decoder)

    def _decode(self, position: int) -> Frame:
        read = self._index.__getitem__ if self._decoder.fill is None else self._bytes_left
        with Naming(self._dataset):
            frame = self._decoder.frame(read(position)).at(position)
        self._note(frame.findings)
        if self._decoder.fill is not None:
            self._missing[position] = frame.missing
        return frame

    def _bytes_left(self, position: int) -> Buffer:
        return bytes_left(self._index, self.format, position)

    def _missing_of(self, position: int) -> Stored | None:
        """Return True for each pixel of a frame that could not be had of it, None where all are there."""
        return self._missing[position] if position in self._missing else self._decode(position).missing

    def encoded(self, index: int) -> Buffer:
        """Return one frame's bytes as stored, codestream or native samples (PS3.5 A.4, 8.1.1); FrameError without."""
        position = self._position(index)
        with Naming(self._dataset):
            return self._index[position]

    def _position(self, index: Any) -> int:
        try:
            number = operator.index(index)
        except TypeError:
            raise FrameIndexError(f"a frame's number is a whole number, found {index!r}") from None
        position = number + len(self) if number < 0 else number
        if not 0 <= position < len(self):
            with Naming(self._dataset):
                raise FrameIndexError(f"there is no frame {number}: the image has {count_of(len(self), 'frame')}")
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
        held = found_elsewhere.get()
        if held is not None:
            held.extend(findings)
            return
        self._remember(findings)
        header = () if self._content is None else self._content.findings
        if self.errors == "strict":
            refuse((*header, *findings))
        if header or findings:
            report((*header, *findings), self._reported, stacklevel=users_level() + 1)

    def __getitem__(self, index: int | Indices) -> Stored:  # type: ignore[override]  # several frames are stacked
        """Return one frame (rows, columns[, samples]), or several stacked for a slice, list, or boolean mask.

        One frame may be a read-only view of the file's bytes: copy it before you change it.
        """
        if is_several(index):
            return self._stacked(self._positions(index))
        return self._decode(self._position(index)).array

    def _stacked(self, positions: Sequence[int]) -> Stored:
        if not positions:
            return np.empty((0, *self.format.frame_shape), self.dtype)
        with Naming(self._dataset):
            decoded = decode_frames(self._index, self._decoder, positions)
        return self._taken(decoded, positions)

    def _taken(self, decoded: Decoded, positions: Sequence[int]) -> Stored:
        """Report what was found in several frames, remember what is missing of them, and return their array."""
        self._note(decoded.findings)
        if self._decoder.fill is not None:
            self._missing.update(dict.fromkeys(positions, None) | dict(decoded.missing))
        return decoded.array

    def __iter__(self) -> Iterator[Stored]:
        """Yield each frame in turn; memory stays at one frame."""
        if self._decoder.fill is not None:
            self._check_frames()
        return (self[i] for i in range(len(self)))

    def close(self) -> None:
        """Let go of the file; frames already returned stay valid, and decoding another one is a FrameError."""
        self._content = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_codec(codec: Choice, uid: str) -> None:
    """Raise BadValueError for a codec that nobody knows; a codestream may be of another syntax than declared."""
    try:
        registry.find(uid, codec)
    except BadValueError:
        known = {entry.name for syntax in SYNTAXES for entry in registry.entries(syntax)}
        names = [codec] if isinstance(codec, str) else codec if isinstance(codec, Sequence) else ()
        if not names or not all(any(one == name or one.startswith(f"{name}-") for one in known) for name in names):
            raise
    except (MissingCodecError, UnsupportedError):  # told by the frame, whose codestream may be another one
        pass
