"""A path, an open file or a data set -> its decoded frames: pixel_array and iter_pixels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, BinaryIO

from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.bookkeeping import declared_syntax
from dicompix.pixels.compat.decoder import results_for
from dicompix.pixels.compat.described import content_under
from dicompix.pixels.compat.labels import name_of
from dicompix.pixels.compat.options import EXTENDED, Options, options_of
from dicompix.pixels.compat.results import Results
from dicompix.pixels.errors import MissingElementError, UnsupportedError
from dicompix.pixels.read import Opened, open_pixels
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
from dicompix.pixels.registry import registry
from dicompix.pixels.syntaxes import syntax_for

Source = str | PathLike[str] | BinaryIO | Dataset
_BEYOND = frozenset({"excess-frames", "excess-padding"})
_CHARACTER_SET = 0x00080005  # without it the text of the tags asked for could not be read
_HEADER = {
    *EXTENDED,
    _CHARACTER_SET,
    *(tag for tag, entry in DicomDictionary.items() if tag >> 16 == 0x28 and not entry[3]),
}


def pixel_array(
    src: Source,
    *,
    ds_out: Dataset | None = None,
    specific_tags: list[int] | None = None,
    index: int | None = None,
    raw: bool = False,
    decoding_plugin: str = "",
    **kwargs: Any,
) -> Stored:
    """Return all frames or one of a path, a binary file or a data set as pydicom does, writable (PS3.3 C.7.6.3).

    Axes of length 1 for frames and samples are left out, colour is by pixel, YBR comes out RGB unless `raw`. Of a
    path only the bytes of the frames asked for are read; an open file is read from its start and left where it was.
    `ds_out` receives a file's meta information, its group 0028, and the elements of `specific_tags`; `kwargs` are
    pydicom's decoding options. Raises PixelError's subclasses, which are the built-ins that pydicom raises.

    >>> from pydicom.data import get_testdata_file
    >>> pixel_array(get_testdata_file("CT_small.dcm", download=False)).shape
    (128, 128)
    """
    options = replace(options_of({**kwargs, "raw": raw, "decoding_plugin": decoding_plugin}), validate=True)
    opened = _opened(src, options)
    results = _results(opened, options, src)
    results.report(results.findings(index))
    decoded = results.array(index)
    results.report(decoded.findings)
    _fill(ds_out, opened, src, specific_tags)
    return decoded.array


def iter_pixels(
    src: Source,
    *,
    ds_out: Dataset | None = None,
    specific_tags: list[int] | None = None,
    indices: Iterable[int] | None = None,
    raw: bool = False,
    decoding_plugin: str = "",
    **kwargs: Any,
) -> Iterator[Stored]:
    """Yield the frames of a path, a binary file or a data set one by one, all or those of `indices`, in their order.

    Only one frame is in memory at a time. `ds_out` is filled with the first of them; the rest is as in `pixel_array`,
    its errors too: a frame that is not there is a FrameIndexError when its turn comes.

    >>> from pydicom.data import get_testdata_file
    >>> [frame.shape for frame in iter_pixels(get_testdata_file("CT_small.dcm", download=False), indices=[0, 0])]
    [(128, 128), (128, 128)]
    """
    options = replace(options_of({**kwargs, "raw": raw, "decoding_plugin": decoding_plugin}), validate=True)
    opened = _opened(src, options)
    results = _results(opened, options, src)
    _fill(ds_out, opened, src, specific_tags)
    results.report(results.findings())
    results.log_obstacles()
    for index in range(results.count) if indices is None else indices:
        decoded = results.frame(index)
        results.report(decoded.findings)
        yield decoded.array


def _opened(src: Source, options: Options) -> Opened:
    """Return the data set of a source and where its pixel data is; it has to say its transfer syntax."""
    asked = options.description.transfer_syntax
    try:
        opened = open_pixels(src, force=bool(asked))
    except InvalidDicomError as problem:
        raise MissingElementError(f"{_NOT_A_FILE}: {problem}") from problem
    declared = declared_syntax(opened.dataset)
    if not asked and declared is None:
        raise MissingElementError(_NO_SYNTAX if isinstance(src, Dataset) else _NOT_A_FILE)
    _check_supported(asked or str(declared))
    if not isinstance(src, Dataset) and not any(tag in opened.dataset for tag in PIXEL_ELEMENTS):
        raise MissingElementError(
            "The dataset in 'src' has no 'Pixel Data', 'Float Pixel Data' or 'Double Float Pixel Data' element, "
            "no pixel data to decode"
        )
    return opened


_NO_SYNTAX = (
    "Unable to decode the pixel data as the dataset's 'file_meta' has no (0002,0010) 'Transfer Syntax UID' element; "
    "'transfer_syntax_uid' may stand for it"
)
_NOT_A_FILE = "'transfer_syntax_uid' is required if the dataset in 'src' is not in the DICOM File Format"


def _check_supported(uid: str) -> None:
    if not registry.entries(uid):
        raise UnsupportedError(registry.unsupported(uid).replace(f"'{uid}'", f"'{name_of(uid)}'", 1))


def _results(opened: Opened, options: Options, src: Source) -> Results:
    """Return the results of a source; a file's native pixel data is not looked at beyond its frames, as in pydicom."""
    content = content_under(opened.dataset, options.description, opened.source)
    if isinstance(src, Dataset) or syntax_for(content.fmt.transfer_syntax).encapsulated:
        return results_for(content, options)
    return results_for(replace(content, unsaid=_BEYOND), replace(options, excess=False))


def _fill(target: Dataset | None, opened: Opened, src: Source, specific_tags: Sequence[int] | None) -> None:
    """Put a file's meta information, group 0028, offset tables and the tags asked for into a data set."""
    if target is None or isinstance(src, Dataset):
        return
    wanted = _HEADER | {Tag(tag) for tag in specific_tags or ()}
    held: Mapping[Any, Any] = opened.dataset._dict  # noqa: SLF001
    target.file_meta = opened.dataset.file_meta
    target.set_original_encoding(*opened.dataset.original_encoding)
    target._dict.update({tag: element for tag, element in held.items() if tag in wanted})  # noqa: SLF001
