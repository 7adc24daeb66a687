"""The frames of an image as a sequence: nothing is decoded before it is asked for."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder, decode_all, promised_format
from dicompix.pixels.errors import Finding, FrameIndexError, report
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.read import Content, content_of, open_pixels
from dicompix.pixels.read.files import Target
from dicompix.pixels.registry import Choice

Indices = slice | list[int] | np.ndarray[Any, np.dtype[Any]]


class Image(Sequence[Stored]):
    """The frames of one data set: ``len``, index, slice, iterate, or ``stored()`` for all in one array.

    >>> from pydicom.data import get_testdata_file
    >>> with open_image(get_testdata_file("CT_small.dcm", download=False)) as image:
    ...     len(image), image.shape, image.dtype, int(image[0].max())
    (1, (1, 128, 128), dtype('int16'), 2191)
    """

    def __init__(
        self, dataset: Dataset, content: Content | None = None, *, codec: Choice = None, raw: bool = False
    ) -> None:
        content = content_of(dataset) if content is None else content
        self.dataset = dataset
        self.format = content.fmt
        self._index = content.index
        self._decoder = Decoder(fmt=content.fmt, codec=codec, raw=raw)
        self._findings: dict[tuple[str, int | None], Finding] = {(f.code, f.frame): f for f in content.findings}
        self._reported: set[str] = set()

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
        return f"<Image {self.shape} {self.dtype} {fmt.photometric} {fmt.transfer_syntax}>"

    def frame(self, index: int) -> Frame:
        """Decode one frame: its array, what its samples are, and its findings."""
        frame = self._decoder.frame(self._index[self._position(index)])
        self._note(frame.at(self._position(index)).findings)
        return frame

    def encoded(self, index: int) -> Buffer:
        """Return the bytes of one frame as they are stored: a codestream, or native samples."""
        return self._index[self._position(index)]

    def _position(self, index: int) -> int:
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise FrameIndexError(f"there is no frame {index}: the image has {len(self)} frames")
        return position

    def _note(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._findings.setdefault((finding.code, finding.frame), finding)
        report(self.findings, self._reported, stacklevel=4)

    def __getitem__(self, index: int | Indices) -> Stored:  # type: ignore[override]  # several frames are stacked
        """Return one frame (rows, columns[, samples]), or several stacked for a slice, list, or boolean mask."""
        if isinstance(index, int | np.integer):
            return self.frame(int(index)).array
        chosen = [int(i) for i in np.arange(len(self))[index]]
        if not chosen:
            return np.empty((0, *self.format.frame_shape), self.dtype)
        return np.stack([self[i] for i in chosen])

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

    def decoded_format(self) -> PixelFormat:
        """Return the format of decoded frames, settled by the first frame's codestream."""
        return promised_format(self._index, self._decoder)

    def close(self) -> None:
        """Let go of the file; frames already returned stay valid."""
        del self._index

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_image(target: Target | Dataset, *, codec: Choice = None, raw: bool = False) -> Image:
    """Open a path, a binary file object or a Dataset as an Image; nothing is decoded yet.

    `codec` names one codec or an order of several; `raw` keeps YBR samples. Raises pydicom's InvalidDicomError for
    what is no DICOM file, FormatError or FrameError for pixel data that cannot be read.
    """
    if isinstance(target, Dataset):
        return Image(target, codec=codec, raw=raw)
    opened = open_pixels(target)
    return Image(opened.dataset, content_of(opened.dataset, opened.source), codec=codec, raw=raw)
