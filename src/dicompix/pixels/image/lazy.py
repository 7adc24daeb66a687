"""Frames of an image -> an array that reads what is asked of it, and dask arrays over it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np

from dicompix.pixels.batch import decode_frames
from dicompix.pixels.codecs.base import Region, Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import TransformError, report
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import FrameIndex
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.library import library
from dicompix.pixels.image.part import as_slice, part_of_frame
from dicompix.pixels.image.portable import FilePart, portable_index
from dicompix.pixels.image.view import Views
from dicompix.pixels.registry import Choice

if TYPE_CHECKING:
    import dask.array

VALUES = ("stored", "modality", "display")
CHUNK_BYTES = 1 << 25  # of decoded frames in one chunk, where the caller does not say


class Reader(Protocol):
    """Fills an array with frames, or with a region of each; can be pickled."""

    def __call__(self, numbers: Sequence[int], region: Region | None, out: Stored) -> None:
        """Fill ``out[k]`` with frame ``numbers[k]``."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredReader:
    """Stored values by the byte ranges of their frames and the format that the header gave them."""

    index: FrameIndex
    fmt: PixelFormat
    codec: Choice
    raw: bool
    reported: set[str] = field(default_factory=set)

    def __call__(self, numbers: Sequence[int], region: Region | None, out: Stored) -> None:
        """Decode frames one by one: whoever computes a dask array has parallel tasks already."""
        decoder = Decoder(fmt=self.fmt, codec=self.codec, raw=self.raw)
        if region is None:
            report(decode_frames(self.index, decoder, numbers, out=out, workers=1).findings, self.reported)
            return
        for number, target in zip(numbers, out, strict=True):
            frame = part_of_frame(self.index, number, decoder, 0, region).at(number)
            report(frame.findings, self.reported)
            target[...] = frame.array


@dataclass(frozen=True, slots=True, eq=False)
class ImageReader:
    """Values of any of the three spaces by the image itself, which is pickled as its path, its URL or its data set."""

    image: Views
    values: str
    voi: Voi

    def __call__(self, numbers: Sequence[int], region: Region | None, out: Stored) -> None:
        """Fill the array frame by frame."""
        for number, target in zip(numbers, out, strict=True):
            target[...] = self._frame(number, region)

    def _frame(self, number: int, region: Region | None) -> Stored:
        if self.values == "stored":
            return self.image.frame(number, region=region).array
        whole = self.image.modality(number) if self.values == "modality" else self.image.display(number, voi=self.voi)
        return whole[region or ()]


class LazyFrames:
    """Looks like an array (frames, rows, columns[, samples]); an index or slice decodes the frames it needs.

    Of native frames only the rows needed are read.
    """

    def __init__(self, reader: Reader, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.reader, self.shape, self.dtype, self.ndim = reader, shape, dtype, len(shape)

    def __getitem__(self, key: Any) -> Stored:
        """Return what numbers, slices, one list, None and Ellipsis choose, as NumPy does."""
        parts = self._parts(key if isinstance(key, tuple) else (key,))
        along = (part for part in parts if part is not None)
        chosen = [_numbers(part, size) for part, size in zip(along, self.shape, strict=True)]
        lists = [axis for axis, numbers in enumerate(chosen) if isinstance(numbers, list)]
        if len(lists) > 1:
            raise IndexError(f"{key!r} has more than one list or array in it")
        found = self._read(chosen[0], *(range(self.shape[i]) if i in lists else chosen[i] for i in (1, 2)))
        for axis in {*lists, *range(3, self.ndim)} - {0}:
            found = np.take(found, chosen[axis], axis)
        kept = (None if part is None else 0 if isinstance(part, int | np.integer) else slice(None) for part in parts)
        view: Stored = found[tuple(kept)]
        return view

    def _parts(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return a key with a part for each axis, None between them where an axis is to be added."""
        dots = [at for at, part in enumerate(key) if part is Ellipsis]
        at = dots[0] if dots else len(key)
        before, after = key[:at], key[at + 1 :]
        spare = self.ndim - sum(part is not None for part in (*before, *after))
        if spare < 0 or len(dots) > 1:
            raise IndexError(f"{key!r} is no index for an array of shape {self.shape}")
        return (*before, *[slice(None)] * spare, *after)

    def _read(self, frames: Sequence[int], rows: range, columns: range) -> Stored:
        out = np.empty((len(frames), len(rows), len(columns), *self.shape[3:]), self.dtype)
        whole = (rows, columns) == (range(self.shape[1]), range(self.shape[2]))
        if out.size:
            self.reader(frames, None if whole else (as_slice(rows), as_slice(columns)), out)
        return out


def _numbers(part: Any, size: int) -> Any:
    """Return what one axis's part of a key chooses: a range, of one where it is a number, or a list."""
    if isinstance(part, slice):
        return range(size)[part]
    if isinstance(part, int | np.integer):
        number = range(size)[part]
        return range(number, number + 1)
    return np.arange(size)[part].tolist()


def check_values(values: str) -> None:
    """Raise TransformError for what is none of the three value spaces."""
    if values not in VALUES:
        raise TransformError(f"values is {values!r}, needed {', '.join(map(repr, VALUES))}")


def stored_frames(image: Views, index: FrameIndex, decoder: Decoder, reported: set[str]) -> LazyFrames:
    """Return the stored values of an image as an array that can be pickled."""
    decoded = image.decoded_format()
    moved = portable_index(index, image.dataset, len(image))
    reader: Reader = ImageReader(image, "stored", 0)
    if moved is not None and image.errors == "warn":
        reader = StoredReader(moved, decoder.fmt, decoder.codec, decoder.raw, set(reported))
    return LazyFrames(reader, (len(image), *decoded.frame_shape), decoded.dtype)


def viewed_frames(image: Views, values: str, voi: Voi) -> LazyFrames:
    """Return the modality or display values of an image as an array that can be pickled.

    For "display" one frame is decoded, which tells the picture's shape.
    """
    reader = ImageReader(image, values, voi)
    if values == "modality":
        return LazyFrames(reader, (len(image), *image.decoded_format().frame_shape), np.dtype(np.float64))
    picture = image.display(0, voi=voi)
    return LazyFrames(reader, (len(image), *picture.shape), picture.dtype)


def as_dask(frames: LazyFrames, chunks: Any, values: str) -> "dask.array.Array":
    """Return a dask array of these frames, `chunks` of them in each task."""
    dask_array = library("dask.array", "dask")
    if chunks is None:
        chunks = max(1, CHUNK_BYTES // max(1, int(np.prod(frames.shape[1:])) * frames.dtype.itemsize))
    if isinstance(chunks, bool) or not isinstance(chunks, int) or chunks < 1:
        raise TransformError(f"chunks is {chunks!r}, needed the number of frames in a chunk, 1 or more")
    array: dask.array.Array = dask_array.from_array(
        frames,
        chunks=(min(chunks, frames.shape[0]), *frames.shape[1:]),
        name=f"dicompix-{values}-{_token(frames, chunks)}",
        asarray=False,
        meta=np.empty((0,) * frames.ndim, frames.dtype),
    )
    return array


def _token(frames: LazyFrames, chunks: int) -> str:
    """Return a text that is equal for equal frames of one unchanged file, and never for others."""
    from dask.base import tokenize  # noqa: PLC0415

    reader = frames.reader
    source = reader.index.source if isinstance(reader, StoredReader) else None
    if not (isinstance(reader, StoredReader) and isinstance(source, FilePart)):
        return uuid4().hex
    changed = Path(source.path).stat().st_mtime_ns
    options = (str(reader.codec), reader.raw, repr(reader.fmt), frames.shape, chunks)
    return str(tokenize(source.path, source.start, source.size, changed, *options))
