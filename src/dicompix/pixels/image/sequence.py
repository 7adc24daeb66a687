"""The frames of an image as a sequence: nothing is decoded before it is asked for."""

import operator
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder, decode_all, decode_frames, promised_format
from dicompix.pixels.errors import Finding, FrameError, FrameIndexError, report
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, FrameIndex
from dicompix.pixels.read import Content, Dataset, content_of
from dicompix.pixels.registry import Choice

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
    ) -> None:
        content = content_of(dataset) if content is None else content
        self.dataset = dataset
        self.format = content.fmt
        self._content: Content | None = content
        self._decoder = Decoder(fmt=content.fmt, codec=codec, raw=raw)
        self._findings: dict[tuple[str, int | None], Finding] = {(f.code, f.frame): f for f in content.findings}
        self._reported: set[str] = set() if reported is None else reported
        self._ranges: dict[str, tuple[float, float]] = {}

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
        return tuple(self._findings.values())

    def __len__(self) -> int:
        return self.format.frames

    def __repr__(self) -> str:
        fmt = self.format
        return f"<{type(self).__name__} {self.shape} {self.dtype} {fmt.photometric} {fmt.transfer_syntax}>"

    @property
    def _index(self) -> FrameIndex:
        if self._content is None:
            raise FrameError("the image is closed: open it again to read its frames")
        return self._content.index

    def frame(self, index: int) -> Frame:
        """Decode one frame: its array, what its samples are, and its findings."""
        return self._decode(self._position(index))

    def _decode(self, position: int, out: Stored | None = None) -> Frame:
        frame = self._decoder.frame(self._index[position], out).at(position)
        self._note(frame.findings)
        return frame

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

    def _note(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._findings.setdefault((finding.code, finding.frame), finding)
        header = () if self._content is None else self._content.findings
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
        decoded = decode_frames(self._index, self._decoder, positions)
        self._note(decoded.findings)
        return decoded.array

    def __iter__(self) -> Iterator[Stored]:
        """Yield each frame in turn; memory stays at one frame."""
        return (self[i] for i in range(len(self)))

    def stored(self, *, workers: int | None = None, out: Stored | None = None) -> Stored:
        """Return all frames in one array (frames, rows, columns[, samples]), decoded in parallel.

        `workers` None uses the cores at hand; `out` is filled where it is given.
        """
        decoded = decode_all(self._index, self._decoder, len(self), out=out, workers=workers)
        self._note(decoded.findings)
        return decoded.array

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
