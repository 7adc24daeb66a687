"""Image: everything that one DICOM image can do, and how to open one."""

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.errors import CodecError, TransformError, UnsupportedError
from dicompix.pixels.format import Photometric
from dicompix.pixels.image.arrays import Arrays
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.image.labels import attributes, coordinates, sample_names, spacing
from dicompix.pixels.image.lazy import LazyFrames, as_dask, check_values, stored_frames, viewed_frames
from dicompix.pixels.image.library import library
from dicompix.pixels.image.notebook import to_html, to_mimebundle, to_png
from dicompix.pixels.image.plot import draw
from dicompix.pixels.image.portable import kept
from dicompix.pixels.image.render import render
from dicompix.pixels.image.sequence import Frames
from dicompix.pixels.image.view import Views
from dicompix.pixels.image.viewer import open_viewer
from dicompix.pixels.policy import Policy
from dicompix.pixels.read import Target, open_content
from dicompix.pixels.read.refused import refused
from dicompix.pixels.registry import Choice
from dicompix.pixels.transforms.pipeline import exact

if TYPE_CHECKING:
    import dask.array
    import xarray
    from PIL.Image import Image as Picture


class Image(Views):
    """The frames of one data set: ``len``, index, slice, iterate, ``stored()``, ``modality(i)``, ``display(i)``.

    Frames count from 0, and from the end by negative numbers. One that is not there is a FrameIndexError (an
    IndexError), one that cannot be decoded a CodecError or FrameError, which names it; no codec for the transfer syntax
    is a MissingCodecError.

    >>> from pydicom.data import get_testdata_file
    >>> with open_image(get_testdata_file("CT_small.dcm", download=False)) as image:
    ...     len(image), image.shape, image.dtype, int(image[0].max())
    (1, (1, 128, 128), dtype('int16'), 2191)
    """

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Return the distance between rows and between columns in mm, Pixel Spacing; None where frames differ."""
        return spacing(self.dataset, len(self))

    def to_pil(self, frame: int = 0, *, voi: Voi = 0) -> "Picture":
        """Return the picture of one frame as a Pillow image, mode L or RGB; errors as of ``display()``."""
        from PIL import Image as pillow  # noqa: N813, PLC0415  # a picture library is loaded by those who need it

        return pillow.fromarray(self.display(frame, voi=voi))

    def save(self, path: str | os.PathLike[str], *, frame: int = 0, voi: Voi = 0, values: str = "display") -> None:
        """Write one frame as a picture file; the format follows the path's suffix: PNG, JPEG, TIFF...

        `values` "stored" or "modality" writes gray values as they are: 16 bits in PNG and TIFF, and in TIFF 32-bit
        floats where they are negative, not whole, or above 65535. Raises TransformError for what a format cannot hold,
        for an unknown suffix, and as ``display()``; OSError where the file cannot be written.
        """
        target = Path(path)
        if values == "display":
            self._write(self.to_pil(frame, voi=voi), target)
            return
        if values not in {"stored", "modality"}:
            raise TransformError(f"values is {values!r}, needed 'display', 'stored' or 'modality'")
        array = self[frame] if values == "stored" else self.modality(frame)
        self._write(_exact_picture(array, target, values), target)

    @staticmethod
    def _write(picture: "Picture", target: Path) -> None:
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if target.suffix.lower() not in pillow.registered_extensions():
            raise TransformError(f"the path ends in {target.suffix!r}, needed a picture's suffix: .png, .jpg, .tif...")
        picture.save(target)

    def montage(self, frames: Iterable[int] | slice | None = None, *, columns: int = 0, voi: Voi = 0) -> "Picture":
        """Return the pictures of several frames, all by default, side by side and row by row, as one Pillow image.

        `columns` 0 makes about a square. Raises TransformError for no frames, and as ``display()``.
        """
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if columns < 0:
            raise TransformError(f"a montage of {columns} columns, needed 1 or more, or 0 for about a square")
        every = range(len(self))
        if frames is None:
            self._check_frames()
        chosen = every if frames is None else every[frames] if isinstance(frames, slice) else frames
        pictures = [self.to_pil(i, voi=voi) for i in chosen]
        if not pictures:
            raise TransformError("a montage needs one frame or more")
        across = columns or math.ceil(math.sqrt(len(pictures)))
        width, height = pictures[0].size
        sheet = pillow.new(pictures[0].mode, (width * across, height * -(-len(pictures) // across)))
        for number, picture in enumerate(pictures):
            sheet.paste(picture, (number % across * width, number // across * height))
        return sheet

    def thumbnail(self, frame: int = 0, *, size: int = 256, voi: Voi = 0) -> Stored:
        """Return the picture of one frame with at most `size` rows and columns, as ``display()`` shows it.

        uint8, (rows, columns[, 3]). JPEG, JPEG 2000 and HTJ2K are decoded at the lowest resolution that is enough; a
        frame is never enlarged. Raises TransformError for a `size` below 1, and as ``display()``.
        """
        from PIL import Image as pillow  # noqa: N813, PLC0415

        if size < 1:
            raise TransformError(f"a thumbnail of size {size}, needed 1 or more")
        position = self._position(frame)
        picture = pillow.fromarray(self._small(position, size, voi))
        picture.thumbnail((size, size), pillow.Resampling.BOX)
        return np.asarray(picture)

    def _small(self, position: int, size: int, voi: Voi) -> Stored:
        """Return the picture of a frame at the lowest resolution of its coding whose longer side has `size` pixels."""
        decoded = self._at_least(position, size)
        if decoded is None:
            return self.display(position, voi=voi)
        if decoded.array.ndim == 3:
            return decoded.array
        # -1: the range of values present is that of whole frames, this one's too
        rendering = render(self.dataset, self.format, position, voi, lambda kind: self._present(kind, -1, decoded))
        self._note(rendering.findings)
        picture: Stored = rendering.pipeline.ready(self.format, None)(decoded.array)
        return picture if picture.ndim == 2 else self.display(position, voi=voi)

    def _at_least(self, position: int, size: int) -> Frame | None:
        """Return a reduced frame whose longer side has `size` pixels; None where it would not be a smaller picture."""
        if self.errors == "salvage":  # only whole frames are
            return None
        longest = max(self.format.frame_shape[:2])
        level = max(i for i in range(self.levels(position) + 1) if i == 0 or longest >> i >= size)
        indexed = self.format.photometric == Photometric.PALETTE_COLOR  # a mean of two indices is a third colour
        if level == 0 or indexed or self._decoder.raw:
            return None
        try:
            decoded = self.frame(position, level=level)
        except (UnsupportedError, CodecError):
            return None
        plain = decoded.array.dtype == np.uint8 and self.format.bits_stored == 8 and decoded.array.shape[2:] == (3,)
        return decoded if decoded.array.ndim == 2 or plain else None

    def _lazy(self, values: str, voi: Voi) -> LazyFrames:
        check_values(values)
        self._check_frames()
        self._note(())
        if values == "stored":
            return stored_frames(self, self._index, self._decoder, self._reported)
        return viewed_frames(self, values, voi)

    def to_dask(self, chunks: int | None = None, *, values: str = "stored", voi: Voi = 0) -> "dask.array.Array":
        """Return a dask array (frames, rows, columns[, samples]) of `values` "stored", "modality" or "display".

        `chunks` frames make one task, None about 32 MB of them. Nothing is decoded before it is computed, but for
        "display" one frame. Tasks can go to other processes and machines: they hold a file's path and where its frames
        lie in it, for "modality" and "display" the path only; an image in memory goes along once, encoded as it is.
        Raises TransformError for other `values` or `chunks`. Needs ``pip install "dicompix[dask]"``.
        """
        return as_dask(self._lazy(values, voi), chunks, values)

    def to_xarray(self, *, chunks: int | None = None, values: str = "stored", voi: Voi = 0) -> "xarray.DataArray":
        """Return a labelled array: frame, row, column[, sample]; rows and columns in mm where Pixel Spacing is known.

        Its attributes are the unit of modality values, the first frame's window, and what the samples are. With
        `chunks` its data is ``to_dask(chunks)``, whose errors it shares, else all frames are decoded now. Needs
        ``pip install "dicompix[xarray]"``.
        """
        labelled = library("xarray", "xarray").DataArray
        lazy = self._lazy(values, voi)
        data = as_dask(lazy, chunks, values) if chunks is not None else self.stored() if values == "stored" else lazy[:]
        shown = Photometric.RGB if values == "display" or not self._decoder.raw else self.format.photometric
        names = sample_names(shown if self.format.samples == 3 else self.format.photometric, (*lazy.shape, 1)[3])
        found: xarray.DataArray = labelled(
            data,
            dims=("frame", "row", "column", "sample")[: lazy.ndim],
            coords=coordinates(self.dataset, lazy.shape, names),
            attrs=attributes(self.dataset, self.format, values),
            name=values,
        )
        return found

    def view(self, frame: int = 0, *, voi: Voi = 0) -> Any:
        """Return a viewer for a notebook: frame slider, window by dragging and from the file, zoom, values, histogram.

        It is an ipywidgets widget (anywidget) with traits `frame`, `voi`, `invert` and `overlays`, to set and observe.
        Its picture is that of ``display(frame, voi=voi)``. Needs ``pip install "dicompix[notebook]"``, and raises
        MissingLibraryError (an ImportError) without.
        """
        return open_viewer(self, frame, voi)

    def plot(self, frame: int = 0, *, voi: Voi = 0, ax: Any = None) -> Any:
        """Draw one frame by matplotlib and return the axes: in mm where Pixel Spacing is known, else in pixels.

        Gray frames get a colour bar in the unit of modality values. `ax` are axes to draw on, new ones by default.
        Raises TransformError as ``display()``, MissingLibraryError (an ImportError) without matplotlib.
        """
        return draw(self, frame, voi, ax)

    def _repr_html_(self) -> str:
        return to_html(self)

    def _repr_png_(self) -> bytes | None:
        return to_png(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        return to_mimebundle(self)  # IPython picks from it


def _exact_picture(array: Stored, target: Path, values: str) -> "Picture":
    """Return gray values as they are, 16-bit where that holds them, else 32-bit float for a TIFF."""
    from PIL import Image as pillow  # noqa: N813, PLC0415

    suffix = target.suffix.lower()
    if array.ndim != 2 or suffix not in {".png", ".tif", ".tiff"}:
        raise TransformError(
            f"values {values!r} of a frame of shape {array.shape} for {target.name!r}: needed one sample a pixel, and "
            ".png or .tif, which hold 16 bits"
        )
    try:
        return pillow.fromarray(exact(array, np.dtype(np.uint16)))
    except TransformError as problem:
        if suffix == ".png":
            raise TransformError(f"{problem}: .tif keeps signed numbers and fractions") from problem
    single = array.astype(np.float32)
    if array.dtype.kind != "f" and not np.array_equal(single.astype(np.float64), array):
        raise TransformError("the values do not all fit 32-bit floats, which is what TIFF holds")
    return pillow.fromarray(single)


def _name_as_one() -> None:
    """Have errors call the methods `Image.display` and so on, wherever they are written."""
    for kind in (Views, Arrays, Frames):
        for member in vars(kind).values():
            if isinstance(member, FunctionType):
                member.__qualname__ = f"{Image.__name__}.{member.__name__}"


_name_as_one()


def open_image(
    target: Target,
    *,
    codec: Choice = None,
    raw: bool = False,
    errors: Policy = "warn",
    storage_options: Mapping[str, Any] | None = None,
) -> Image:
    """Open a path, a URL, a binary file object or a Dataset as an Image; nothing is decoded yet.

    Headers and offset tables are read now, a frame's bytes when it is asked for. A URL is any that fsspec knows:
    ``https://``, ``s3://``, ``zip://a.dcm::b.zip``; `storage_options` are what its file system takes, credentials for
    one. `codec` names one codec or an order of several; `raw` keeps YBR samples. `errors` "warn" settles and reports
    what breaks a rule, "strict" raises DeviationError for it, "salvage" also gives what can be had of a broken frame:
    see `missing()`. Raises pydicom's InvalidDicomError for what is no DICOM file, FormatError or FrameError for pixel
    data that cannot be read, SourceError (an OSError) for a URL that cannot.
    """
    try:
        dataset, content = open_content(target, storage_options)
        return Image(dataset, kept(content, target), codec=codec, raw=raw, errors=errors)
    except Exception as problem:  # pydicom raises anything for a broken file
        wanted = refused(problem, target)
        if wanted is problem:
            raise
        raise wanted from problem
