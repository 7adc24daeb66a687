"""pydicom's Dataset with our pixel data: PixelMixin, Dataset, FileDataset, dcmread."""

import warnings
from collections.abc import Callable
from typing import Any, Self, overload

import numpy as np
import pydicom
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.dataset import FileDataset as PydicomFileDataset

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.write import save
from dicompix.pixels.decode import Decoded, Decoder, decode_all
from dicompix.pixels.errors import BadValueError, report
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.image import Image
from dicompix.pixels.read import Content, Mark, content_of, mark_of
from dicompix.pixels.syntaxes import syntax_for

_CACHE = "_dicompix"
_OPTIONS = {"index", "raw", "as_rgb", "decoding_plugin", "use_pdh"}  # what decoding other than by pydicom honours
_NONE: dict[str, Any] = {}  # the options of a data set that a pydicom older than 3 has pickled
_CODEC_OF_PLUGIN = {"pydicom": "dicompix"}
_convert_pixel_data: Callable[..., None] = PydicomDataset.convert_pixel_data
_save_as: Callable[..., None] = PydicomDataset.save_as


class _Cache:
    """What `_pixel_array` was built from, and which findings were reported; copies and pickles get None instead."""

    __slots__ = ("content", "mark", "options", "reported")

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.content: Content | None = None
        self.options: object = None  # those of the cached array; None where none belongs to `content`
        self.reported: set[str] = set()

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    @staticmethod
    def of(dataset: Any) -> "_Cache":
        """Return the cache of a data set, made where it has none."""
        members = dataset.__dict__
        cache = members.get(_CACHE)
        if cache is None:
            cache = members[_CACHE] = _Cache()
        return cache  # type: ignore[no-any-return]

    def content_for(self, dataset: PydicomDataset) -> Content:
        """Return what the data set's pixel data is, read again only where it has changed."""
        mark, content = self.mark, self.content
        if content is None or mark is None or not (mark.holds(dataset.__dict__) or self.still_holds(dataset)):
            content = content_of(dataset)
            self.mark, self.content, self.options = mark_of(dataset), content, None
        return content

    def still_holds(self, dataset: PydicomDataset) -> bool:
        """Tell whether elements were only converted or set to what they were, and then remember the new ones."""
        mark, content = self.mark, self.content
        if mark is None or content is None or not mark.same_pixels(dataset):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same = content_of(dataset).fmt == content.fmt
        if same:
            self.mark = mark_of(dataset)
        return same


class _Pixels:
    """The `pixels` attribute: an Image over the data set, made anew each time so that the data set holds none."""

    @overload
    def __get__(self, dataset: None, owner: type) -> Self: ...
    @overload
    def __get__(self, dataset: PydicomDataset, owner: type) -> Image: ...
    def __get__(self, dataset: PydicomDataset | None, owner: type) -> Image | Self:
        """Return the Image of a data set."""
        if dataset is None:
            return self
        cache = _Cache.of(dataset)
        return Image(dataset, cache.content_for(dataset), reported=cache.reported)


class PixelMixin:
    """The members that a Dataset gains: `pixel_array`, `pixels`, `save_as`; pickles leave the cached array behind."""

    pixels = _Pixels()

    @property
    def pixel_array(self: Any) -> Stored:
        """Return all frames as pydicom does, cached: (frames, rows, columns, samples) without the axes of length 1.

        Single-frame data has no frames axis, single-sample data no samples axis; YBR comes out RGB; explicit big
        endian data keeps its byte order. The array is writable and stays the same object until the pixel data or
        its description changes. Raises PixelError's subclasses.
        """
        members = self.__dict__
        array, cache = members.get("_pixel_array"), members.get(_CACHE)
        options = members.get("_pixel_array_opts", _NONE)
        if array is not None and cache is not None and cache.options is options:
            mark = cache.mark
            if (mark is not None and mark.holds(members)) or cache.still_holds(self):
                return array  # type: ignore[no-any-return]
        if options.get("use_pdh") or not options.keys() <= _OPTIONS:
            _convert_pixel_data(self)
            return self._pixel_array  # type: ignore[no-any-return]
        cache = _Cache.of(self)
        array = pixel_array_of(cache.content_for(self), options, cache.reported)
        members["_pixel_array"], members["_pixel_id"], cache.options = array, {}, options
        return array

    def save_as(self: Any, filename: Any, /, *args: Any, **kwargs: Any) -> None:
        """Write the data set to a file, as pydicom does; also with the transfer syntaxes that pydicom cannot write."""
        save(self, filename, _save_as, args, kwargs)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without the cached array."""
        state = {name: value for name, value in self.__dict__.items() if name != _CACHE}
        if "_pixel_array" in state:
            state["_pixel_array"] = None
        return state


def pixel_array_of(content: Content, options: dict[str, Any], seen: set[str]) -> Stored:
    """Return the array that `pixel_array` shows for a data set's content under pydicom's decoding options."""
    fmt, index = content.fmt, content.index
    decoder = Decoder(fmt=fmt, codec=_codec(fmt, options), raw=bool(options.get("raw") or not options.get("as_rgb", 1)))
    wanted = options.get("index")
    report(content.findings, seen, stacklevel=4)
    if wanted is None:
        decoded = decode_all(index, decoder, max(len(index), fmt.frames))
        array = decoded.array[0] if len(decoded.array) == 1 else decoded.array
    else:
        if wanted < 0:
            raise BadValueError(f"'index' must be greater than or equal to 0, found {wanted}")
        frame = decoder.frame(index[wanted])
        decoded = Decoded(np.array(frame.array), frame.photometric, frame.findings)
        array = decoded.array
    report(decoded.findings, seen, stacklevel=4)
    big_endian = fmt.big_endian and syntax_for(fmt.transfer_syntax).big_endian_data_set
    return array.astype(array.dtype.newbyteorder(">")) if big_endian and array.dtype.itemsize > 1 else array


def _codec(fmt: PixelFormat, options: dict[str, Any]) -> str | None:
    """Return the codec that pydicom's `decoding_plugin` asks for; native pixel data needs none, as there."""
    plugin: str = options.get("decoding_plugin", "")
    if not plugin or not syntax_for(fmt.transfer_syntax).encapsulated:
        return None
    return _CODEC_OF_PLUGIN.get(plugin, plugin)


class Dataset(PixelMixin, PydicomDataset):
    """A pydicom Dataset whose pixel data dicompix decodes."""

    def __getitem__(self, key: Any) -> Any:
        """Return an element or a slice, as pydicom does; the items of a sequence decode their pixel data too."""
        element = PydicomDataset.__getitem__(self, key)
        if getattr(element, "VR", None) == "SQ":
            for item in element.value or ():
                if type(item) is PydicomDataset:
                    item.__class__ = Dataset
        return element

    def __eq__(self, other: object) -> bool:
        """Compare elements, as pydicom does; also with a FileDataset, which is no subclass of this class."""
        same = PydicomDataset.__eq__(self, other)
        if same is NotImplemented and isinstance(other, PydicomDataset):
            plain = PydicomDataset.__new__(PydicomDataset)
            plain.__dict__.update(self.__dict__)
            return PydicomDataset.__eq__(plain, other)
        return same

    __hash__ = None  # type: ignore[assignment]  # a data set can change, as pydicom's


class FileDataset(Dataset, PydicomFileDataset):
    """A Dataset that was read from a file."""


def dcmread(*args: Any, **kwargs: Any) -> FileDataset:
    """Read a DICOM file with pydicom's own `dcmread` and its parameters; the result decodes pixel data with dicompix.

    >>> from pydicom.data import get_testdata_file
    >>> dcmread(get_testdata_file("CT_small.dcm", download=False)).pixel_array.shape
    (128, 128)
    """
    dataset: Any = pydicom.dcmread(*args, **kwargs)
    if type(dataset) is PydicomFileDataset:
        dataset.__class__ = FileDataset
    return dataset  # type: ignore[no-any-return]
