"""A data set, a buffer or an open file, under pydicom's options -> Content."""

from dataclasses import replace
from typing import Any, BinaryIO

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from dicompix.pixels.codestream.rle import HEADER, MOST_RLE_SEGMENTS, segment_bounds
from dicompix.pixels.compat.options import NOTHING, Description
from dicompix.pixels.errors import Finding, MissingElementError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, BufferSource, FrameIndex, Source, native_frame_bits
from dicompix.pixels.read import Content, content_of
from dicompix.pixels.read import describe as tags
from dicompix.pixels.read.elements import converted_element, element_of
from dicompix.pixels.read.files import mapped
from dicompix.pixels.syntaxes import syntax_for

_VRS: dict[int, str] = {tags.FLOAT_PIXELS: "OF", tags.DOUBLE_PIXELS: "OD", tags.PIXELS: "OB"}


def content_under(dataset: Dataset, description: Description, source: Source | None = None) -> Content:
    """Return the content of a data set whose own description gives way to the options'."""
    if description is NOTHING:
        return content_of(dataset, source)
    tag = tags.pixel_tag(dataset)
    if source is None:
        converted_element(dataset, tag)  # for good: pydicom drops a cached array when it does that later
    findings: tuple[Finding, ...] = ()
    uid = description.transfer_syntax
    if not uid:
        uid, findings = tags.transfer_syntax(dataset)
    elements = {each: element_of(dataset, each, deferred=each in tags.PIXEL_ELEMENTS) for each in tags.DESCRIBING}
    view = _data_set({each: element for each, element in elements.items() if element is not None}, uid)
    _describe(view, description)
    if description.pixel_tag not in {0, tag} or description.pixel_vr:
        element: Any = view._dict.pop(BaseTag(tag))  # noqa: SLF001
        vr = description.pixel_vr or element.VR
        _put(view, description.pixel_tag or tag, vr, element.value)
    content = _read(view, description, source)
    return replace(content, header=(*findings, *content.header))


def content_of_bytes(src: Any, uid: str, description: Description) -> Content:
    """Return the content of pixel data that only the options describe: a buffer, or a file at the element's value."""
    if not hasattr(src, "read"):
        return _undescribed(BufferSource(_as_bytes(src)), uid, description)
    data = _rest_of(src)
    if not syntax_for(uid).encapsulated:
        fmt = _undescribed(BufferSource(b""), uid, description).fmt
        size = -(-native_frame_bits(fmt, len(data)) * fmt.frames // 8)
        data = data[: size + size % 2]
    return _undescribed(BufferSource(data), uid, description)


def _as_bytes(src: Any) -> Any:
    """Return a buffer whose items are bytes: the very object where it is one."""
    if isinstance(src, bytes | bytearray):
        return src
    try:
        view = memoryview(src)
    except TypeError:
        raise TypeError(f"needed a Dataset, a buffer or a binary file object, found {type(src).__name__}") from None
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def _rest_of(file: BinaryIO) -> memoryview:
    """Return a file's bytes from where it is on, mapped where that can be; it stays where it was."""
    position, data = file.tell(), mapped(file)
    if data is not None:
        return memoryview(data)[position:]
    try:
        return memoryview(file.read())
    finally:
        file.seek(position)


def _undescribed(source: Source, uid: str, description: Description) -> Content:
    tag = description.pixel_tag or (tags.PIXELS if syntax_for(uid).encapsulated else 0)
    if not tag:
        raise MissingElementError("No value for 'pixel_keyword' has been set: native pixel data needs to be named")
    view = _data_set({}, uid)
    _put(view, tag, description.pixel_vr or _VRS[tag], None)
    _describe(view, description)
    if BaseTag(tags.FRAMES) not in view:
        raise MissingElementError("No value for 'number_of_frames' has been set: a buffer does not tell it")
    return _read(view, description, source)


def _data_set(elements: dict[Any, Any], uid: str) -> Dataset:
    view = Dataset()
    view._dict.update({BaseTag(tag): element for tag, element in elements.items()})  # noqa: SLF001
    view.file_meta = FileMetaDataset()
    view.file_meta.TransferSyntaxUID = UID(uid)
    return view


def _put(view: Dataset, tag: int, vr: str, value: Any) -> None:
    key = BaseTag(tag)
    view._dict[key] = DataElement(key, vr, value, already_converted=True)  # noqa: SLF001


def _describe(view: Dataset, description: Description) -> None:
    """Put the options' values over a view's; High Bit goes with the bits that it was stated for."""
    bits = [view.get(tag) for tag in (tags.ALLOCATED, tags.STORED)]
    for tag, vr, value in description.elements:
        _put(view, tag, vr, value)
    if [view.get(tag) for tag in (tags.ALLOCATED, tags.STORED)] != bits:
        view._dict.pop(BaseTag(tags.HIGH_BIT), None)  # noqa: SLF001


def _read(view: Dataset, description: Description, source: Source | None) -> Content:
    content = content_of(view, source, swapped=description.swapped, strict=True)
    if description.segments_reversed and syntax_for(content.fmt.transfer_syntax).family == "rle":
        return replace(content, index=ReversedSegments(content.index, content.fmt))
    return content


class ReversedSegments(FrameIndex):
    """RLE frames whose segments begin with the least significant byte, put in the standard's order (PS3.5 G.2)."""

    __slots__ = ("_samples",)

    def __init__(self, index: FrameIndex, fmt: PixelFormat) -> None:
        spans = [index.spans(frame) for frame in range(len(index))]
        super().__init__(index.source, spans, declared=index.declared, findings=index.findings)
        self._samples = fmt.samples

    def __getitem__(self, frame: int) -> Buffer:  # type: ignore[override]  # one frame at a time
        """Return the bytes of one frame, each sample's segments in reverse."""
        data = bytes(super().__getitem__(frame))
        segments = [data[start:stop] for start, stop in segment_bounds(data)]
        depth = len(segments) // self._samples or 1
        turned = [part for first in range(0, len(segments), depth) for part in segments[first : first + depth][::-1]]
        starts, position = [], HEADER.size
        for part in turned:
            starts.append(position)
            position += len(part)
        header = HEADER.pack(len(turned), *starts, *[0] * (MOST_RLE_SEGMENTS - len(turned)))
        return header + b"".join(turned)
