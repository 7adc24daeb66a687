"""pydicom's Dataset with our pixel data: PixelMixin, Dataset, FileDataset, dcmread."""

import warnings
from collections.abc import Callable
from typing import Any, Self, overload

import pydicom
from pydicom import config
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.dataset import FileDataset as PydicomFileDataset

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat import compress as compression
from dicompix.pixels.compat import decompress as decompression
from dicompix.pixels.compat import overlays, set_pixels
from dicompix.pixels.compat.cut import add_cut_elements, explained
from dicompix.pixels.compat.decoder import results_for
from dicompix.pixels.compat.described import content_under
from dicompix.pixels.compat.options import NOTHING, Description, options_of
from dicompix.pixels.compat.policies import filling, policy_for, set_policy, with_policy
from dicompix.pixels.compat.superseded import array_kept, only_until_4
from dicompix.pixels.compat.write import save
from dicompix.pixels.image import Image
from dicompix.pixels.read import Content, Mark, content_of, mark_of

_CACHE = "_dicompix"
_NONE: dict[str, Any] = {"use_pdh": False}  # the options of a data set that a pydicom older than 3 has pickled
_convert_pixel_data: Callable[..., None] = PydicomDataset.convert_pixel_data
_save_as: Callable[..., None] = PydicomDataset.save_as


def _content(dataset: PydicomDataset, description: Description) -> Content:
    return content_of(dataset) if description is NOTHING else content_under(dataset, description)


class _Cache:
    """What `_pixel_array` was built from, and which findings were reported; copies and pickles get None instead."""

    __slots__ = ("content", "description", "mark", "options", "reported")

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.content: Content | None = None
        self.description: Description = NOTHING  # what options put in place of the data set's own, in `content`
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

    def content_for(self, dataset: PydicomDataset, description: Description = NOTHING) -> Content:
        """Return what the data set's pixel data is, read again only where it has changed."""
        mark, content = self.mark, self.content
        if content is None or mark is None or description != self.description or not self.holds(dataset):
            content = _content(dataset, description)
            self.mark, self.content, self.description, self.options = mark_of(dataset), content, description, None
        return content

    def holds(self, dataset: PydicomDataset) -> bool:
        """Tell whether the data set still holds what `content` was read from."""
        return (self.mark is not None and self.mark.holds(dataset.__dict__)) or self.still_holds(dataset)

    def still_holds(self, dataset: PydicomDataset) -> bool:
        """Tell whether elements were only converted or set to what they were, and then remember the new ones."""
        mark, content = self.mark, self.content
        if mark is None or content is None or not mark.same_pixels(dataset):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            now = _content(dataset, self.description)
            same = now.fmt == content.fmt and now.header == content.header
        if same:
            self.mark = mark_of(dataset)
        return same

    def content_as_described(self, dataset: PydicomDataset) -> Content:
        """Return what the data set's pixel data is by its own description, whatever options say of the array."""
        return self.content_for(dataset) if self.description is NOTHING else content_of(dataset)


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
        return Image(dataset, cache.content_as_described(dataset), reported=cache.reported, errors=policy_for(dataset))


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
        if options.get("use_pdh"):
            _convert_pixel_data(self)
            return self._pixel_array  # type: ignore[no-any-return]
        return _decode(self, options)

    def pixel_array_options(
        self: Any,
        *,
        index: int | None = None,
        raw: bool = False,
        decoding_plugin: str = "",
        use_v2_backend: bool = False,
        **kwargs: Any,
    ) -> None:
        """Set how `pixel_array` decodes: one frame, raw colour, a plugin, any decoding option; without any, as usual.

        `errors` is a policy, as of `open_image`, and stays until another one is named. `use_v2_backend` leaves the
        decoding to pydicom's old handlers, which it will remove in version 4.
        """
        if use_v2_backend:
            only_until_4(self, "pixel_array_options", "use_v2_backend")
        options = with_policy(kwargs, self)
        given = {"index": index, "raw": raw, "decoding_plugin": decoding_plugin, "use_pdh": use_v2_backend}
        self.__dict__.update({"_pixel_array_opts": {**options, **given}, "_pixel_array": None, "_pixel_id": {}})

    def convert_pixel_data(self: Any, handler_name: str = "") -> None:
        """Decode now, by the plugin of that name; errors as of `pixel_array` (deprecated in pydicom 3.0)."""
        if config._use_future:  # noqa: SLF001  # pydicom's members of version 4
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'convert_pixel_data'")
        options = self.__dict__.get("_pixel_array_opts", _NONE)
        if options.get("use_pdh"):
            _convert_pixel_data(self, handler_name)
            return
        cache = _Cache.of(self)
        if array_kept(self) is not None:
            return
        if self.__dict__.get("_pixel_array") is None or cache.options is not options or not cache.holds(self):
            _decode(self, options, handler_name.lower())

    def compress(  # noqa: PLR0913  # pydicom's signature
        self: Any,
        transfer_syntax_uid: str,
        arr: Stored | None = None,
        encoding_plugin: str = "",
        encapsulate_ext: bool = False,  # noqa: FBT001, FBT002
        *,
        generate_instance_uid: bool = True,
        jls_error: int | None = None,
        j2k_cr: list[float] | None = None,
        j2k_psnr: list[float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Compress the pixel data in place, as `dicompix.pixels.compress` does (PS3.5 A.4)."""
        compression.compress(
            self,
            transfer_syntax_uid,
            arr,
            encoding_plugin=encoding_plugin,
            encapsulate_ext=encapsulate_ext,
            generate_instance_uid=generate_instance_uid,
            jls_error=jls_error,
            j2k_cr=j2k_cr,
            j2k_psnr=j2k_psnr,
            **kwargs,
        )

    def decompress(
        self: Any,
        handler_name: str = "",
        *,
        as_rgb: bool = True,
        generate_instance_uid: bool = True,
        decoding_plugin: str = "",
        **kwargs: Any,
    ) -> None:
        """Decompress the pixel data in place, as `dicompix.pixels.decompress` does (PS3.5 8.2).

        What `pixel_array_options` was given counts here too, `index` aside.
        """
        if handler_name:
            only_until_4(self, "decompress", "handler_name")
        options = {**self.__dict__.get("_pixel_array_opts", _NONE), **kwargs}
        options.update({"decoding_plugin": plugin} if (plugin := decoding_plugin or handler_name) else {})
        options.pop("index", None)
        dataset: Any = self
        decompression.decompress(dataset, as_rgb=as_rgb, generate_instance_uid=generate_instance_uid, **options)

    def set_pixel_data(
        self: Any,
        arr: Stored,
        photometric_interpretation: str,
        bits_stored: int,
        *,
        generate_instance_uid: bool = True,
    ) -> None:
        """Set the pixel data and its description from an array, as `dicompix.pixels.set_pixel_data` does."""
        set_pixels.set_pixel_data(
            self, arr, photometric_interpretation, bits_stored, generate_instance_uid=generate_instance_uid
        )

    def overlay_array(self: Any, group: int) -> Stored:
        """Return the overlay of a group, 0x6000 to 0x60FF, as 0 and 1; MissingElementError without (PS3.3 C.9.2)."""
        return overlays.overlay_array(self, group)

    def save_as(self: Any, filename: Any, /, *args: Any, **kwargs: Any) -> None:
        """Write the data set to a file, as pydicom does; also with the transfer syntaxes that pydicom cannot write."""
        save(self, filename, _save_as, args, kwargs)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy or pickle, without the cached array."""
        state = {name: value for name, value in self.__dict__.items() if name != _CACHE}
        if "_pixel_array" in state:
            state["_pixel_array"] = None
        return state


def _decode(dataset: Any, key: dict[str, Any], plugin: str = "") -> Stored:
    """Decode a data set's pixel data under its options, `key`, and keep the array."""
    options = options_of({**key, "decoding_plugin": plugin} if plugin else key)
    cache = _Cache.of(dataset)
    results = filling(results_for(cache.content_for(dataset, options.description), options, cache.reported), dataset)
    if findings := results.findings(options.index):
        results.report(findings, stacklevel=4)
    decoded = results.array(options.index)
    if decoded.findings:
        results.report(decoded.findings, stacklevel=4)
    members = dataset.__dict__
    members["_pixel_array"], members["_pixel_id"], cache.options = decoded.array, {}, key
    return decoded.array


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


def dcmread(*args: Any, errors: str = "warn", **kwargs: Any) -> FileDataset:
    """Read a DICOM file with pydicom's own `dcmread` and its parameters; the result decodes pixel data with dicompix.

    `errors` is "warn", "strict" or "salvage": what is done about pixel data that breaks a rule, as in `open_image`.

    >>> from pydicom.data import get_testdata_file
    >>> dcmread(get_testdata_file("CT_small.dcm", download=False)).pixel_array.shape
    (128, 128)
    """
    with explained(args, kwargs):
        dataset: Any = pydicom.dcmread(*args, **kwargs)
    add_cut_elements(dataset, args, kwargs)
    if type(dataset) is PydicomFileDataset:
        dataset.__class__ = FileDataset
        set_policy(dataset, errors, args, kwargs)
    return dataset  # type: ignore[no-any-return]
