"""Dataset -> Content: its format and the index of its frames, and when that must be read again."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from dicompix.pixels.codestream import peek, sniff
from dicompix.pixels.codestream.rle import is_header
from dicompix.pixels.errors import CodecError, Finding, FrameError, MissingElementError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments import index_encapsulated, scan
from dicompix.pixels.frames import Buffer, BufferSource, FrameIndex, Source, SwappedSource, index_native
from dicompix.pixels.read.describe import (
    DESCRIBING,
    EXTENDED_LENGTHS,
    EXTENDED_OFFSETS,
    PIXEL_ELEMENTS,
    TRANSFER_SYNTAX,
    check_decodable,
    describe,
    in_sequence,
    pixel_tag,
    transfer_syntax,
)
from dicompix.pixels.read.elements import UNDEFINED, Element, converted_element, element_of, label
from dicompix.pixels.read.fitted import fitted_to_codestream, fitted_to_length, holds
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, RLE_LOSSLESS, SYNTAX_OF_KIND, syntax_for

_ITEM = b"\xfe\xff\x00\xe0"
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0c")  # of JPEG, JPEG 2000, and boxes
_DESCRIBING = frozenset(DESCRIBING)
_LARGE = (EXTENDED_OFFSETS, EXTENDED_LENGTHS, *PIXEL_ELEMENTS)


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a data set's pixel data is and where its frames lie."""

    fmt: PixelFormat
    index: FrameIndex
    header: tuple[Finding, ...] = ()
    unsaid: frozenset[str] = frozenset()  # codes of findings that do not matter here

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the header, and with the index as far as it has been looked at."""
        every = (*self.header, *self.index.findings)
        return tuple([found for found in every if found.code not in self.unsaid]) if self.unsaid else every


def content_of(
    dataset: Dataset, source: Source | None = None, *, swapped: bool = False, strict: bool = False
) -> Content:
    """Return the format and frame index of a data set; `source` where its pixel data is not in memory.

    `swapped` says that the bytes of native pixel data lie pairwise in the other order, whatever syntax and VR say.
    With `strict` nothing stands in for what is missing in the description, nor is it held against the data.
    """
    uid, findings = transfer_syntax(dataset)
    check_decodable(dataset, uid)
    tag = pixel_tag(dataset)
    # Converted now: pydicom drops a cached array, in-place edits and all, when it converts the pixel data later.
    element = converted_element(dataset, tag) if source is None else element_of(dataset, tag, deferred=True)
    source = BufferSource(_bytes_of(element, tag)) if source is None else source
    head = bytes(source.read(0, 4))
    encapsulated = head == _ITEM and (_may_be_encapsulated(element, uid) or _are_items(source))
    if encapsulated and not _is_undefined(element):
        findings = (*findings, _DEFINED)
    bare = not encapsulated and _is_bare_codestream(source, uid)
    if head.startswith(_STARTS) and not bare and _contradicts_length(dataset, tag, uid, len(source)):
        encapsulated = bare = True  # for the moment: the codestream names the syntax
    if encapsulated and not syntax_for(uid).encapsulated:
        uid, found = _sniffed(source, uid, bare=bare)
        findings = findings if in_sequence(dataset) else (*findings, found)
    encapsulated = encapsulated and not bare
    fmt, more = _described(dataset, tag, uid, encapsulated=encapsulated or bare, strict=strict)
    if encapsulated:
        index = index_encapsulated(source, fmt, _extended(dataset))
    elif bare:
        index = FrameIndex(source, [((0, len(source)),)], declared=fmt.frames, findings=(_BARE,))
    else:
        fmt, more = (fmt, more) if strict else fitted_to_length(fmt, more, len(source))
        source = SwappedSource(source) if swapped or _in_words(fmt, element) else source
        index = index_native(source, fmt)
        _check_native_length(index, fmt, uid)
    if more and (encapsulated or bare):
        fmt, more = fitted_to_codestream(fmt, more, index)
    return Content(fmt, index, (*findings, *more))


def _bytes_of(element: Element | None, tag: int) -> Any:
    value: Any = None if element is None else element.value
    if hasattr(value, "read"):  # pydicom lets an open buffer be an element's value
        buffer, position = value, value.tell()
        buffer.seek(0)
        value = buffer.read()
        buffer.seek(position)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise MissingElementError(f"{label(tag)} is empty, no pixel data to decode")
    return value


def _may_be_encapsulated(element: Element | None, uid: str) -> bool:
    """Tell whether pixel data that begins like an item is one: by its undefined length, or by its syntax."""
    undefined = getattr(element, "is_undefined_length", False) or (
        isinstance(element, RawDataElement) and element.length == UNDEFINED
    )
    return syntax_for(uid).encapsulated or bool(undefined)


def _is_undefined(element: Element | None) -> bool:
    """Tell whether an element has undefined length, or never was in a file."""
    if isinstance(element, RawDataElement):
        return element.length == UNDEFINED
    return element is None or element.is_undefined_length or element.file_tell is None


def _are_items(source: Source) -> bool:
    """Tell whether native pixel data of defined length is a whole sequence of items all the same."""
    try:
        fragments = scan(source)
    except FrameError:
        return False
    return bool(fragments.spans) and all(found.severity == "info" for found in fragments.findings)


def _contradicts_length(dataset: Dataset, tag: int, uid: str, total: int) -> bool:
    """Tell whether native pixel data, which begins like a codestream, has another length than its samples take."""
    if syntax_for(uid).encapsulated:
        return False
    fmt, findings = describe(dataset, tag, uid)
    return not findings and not holds(fmt, total)


def _described(
    dataset: Dataset, tag: int, uid: str, *, encapsulated: bool, strict: bool
) -> tuple[PixelFormat, tuple[Finding, ...]]:
    """Return the format; native pixel data under an encapsulating syntax is read as native (icons are, PS3.5 A.4)."""
    syntax = syntax_for(uid)
    fmt, findings = describe(dataset, tag, uid, strict=strict)
    if encapsulated or not syntax.encapsulated or syntax.family == "other":
        return fmt, findings
    found = Finding(
        code="not-encapsulated",
        message="the pixel data is not encapsulated as its transfer syntax asks: the number of bytes of compressed "
        "pixel data matches the expected number for uncompressed data - check that the transfer syntax has been "
        "set correctly",
        attribute="TransferSyntaxUID",
        found=syntax.name,
        used="Explicit VR Little Endian",
        clause="PS3.5 A.4",
    )
    return describe(dataset, tag, EXPLICIT_LITTLE, strict=strict)[0], (*findings, found)


_DEFINED = Finding(
    code="defined-length",
    message="the pixel data is encapsulated, but its length is stated",
    attribute="PixelData",
    clause="PS3.5 A.4",
    severity="info",
)
_BARE = Finding(
    code="not-encapsulated",
    message="the pixel data is one codestream that nobody encapsulated: it is taken for the one frame",
    attribute="PixelData",
    clause="PS3.5 A.4",
)


def _is_bare_codestream(source: Source, uid: str) -> bool:
    """Tell whether pixel data of a compressed syntax begins with a codestream instead of an item."""
    syntax, head = syntax_for(uid), source.read(0, 64)
    if syntax.family == "rle":
        return is_header(head)
    return bool(syntax.kinds) and sniff(head) != ""


def _check_native_length(index: FrameIndex, fmt: PixelFormat, uid: str) -> None:
    """Raise FrameError for data of a compressed syntax that is neither items nor as long as native samples are."""
    syntax = syntax_for(uid)
    if not syntax.encapsulated or syntax.family == "other":
        return
    total, expected = len(index.source), -(-fmt.frame_bits * fmt.frames // 8)
    if total not in {expected, expected + expected % 2}:
        begin = bytes(index.source.read(0, 4)).hex(" ").upper()
        raise FrameError(
            f"Found unexpected tag at the start of the encapsulated pixel data ({begin}) "
            "instead of an item (FFFE,E000); "
            f"native samples would take {expected} bytes, found {total}"
        )


def _sniffed(source: Source, uid: str, *, bare: bool) -> tuple[str, Finding]:
    """Return the syntax of encapsulated or bare pixel data that names a native one, by its first codestream."""
    if bare:
        actual = _syntax_of(source.read(0, len(source)), uid)
    else:
        index = index_encapsulated(source, PixelFormat(rows=1, columns=1, transfer_syntax=uid))
        actual = _syntax_of(index[0], uid) if len(index) else uid
    found = Finding(
        code="encapsulated",
        message="the pixel data is encapsulated although its transfer syntax is a native one",
        attribute="TransferSyntaxUID",
        found=syntax_for(uid).name,
        used=syntax_for(actual).name,
        clause="PS3.5 A.4",
    )
    return actual, found


def _syntax_of(data: Buffer, uid: str) -> str:
    """Return the syntax of a frame by its markers or its RLE header (PS3.5 G.5); `uid` where it has neither."""
    for family in ("jpeg", "rle"):
        try:
            stream = peek(data, family)
        except CodecError:
            continue
        kind = "" if stream is None else stream.kind
        return RLE_LOSSLESS if kind == "rle" else SYNTAX_OF_KIND.get(kind, uid)
    return uid


def _extended(dataset: Dataset) -> tuple[bytes, bytes] | None:
    """Return the Extended Offset Table and its lengths, None where either is absent (PS3.3 C.7.6.3.1.8)."""
    found = [element_of(dataset, tag) for tag in (EXTENDED_OFFSETS, EXTENDED_LENGTHS)]
    if any(element is None or not element.value for element in found):
        return None
    offsets, lengths = (_bytes_of(element, 0) for element in found)
    return offsets, lengths


def _in_words(fmt: PixelFormat, element: Element | None) -> bool:
    """Tell whether 8-bit samples lie in big-endian words (PS3.5 8.1.2, A.3)."""
    big_endian = syntax_for(fmt.transfer_syntax).big_endian_data_set  # only there does a VR tell bytes from words
    return big_endian and fmt.bits_allocated <= 8 and element is not None and element.VR == "OW"


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """The very elements that a result was built from, to be compared by identity."""

    fetch: Callable[[Any], tuple[Element, ...]]
    present: tuple[Element, ...]
    converted: tuple[tuple[DataElement, Any], ...]
    absent: frozenset[int]
    syntax_key: Any
    syntax: Element | None
    uid: object

    def holds(self, members: dict[str, Any]) -> bool:
        """Tell whether a data set, given by its `__dict__`, has the same elements with the same values; under 1 us."""
        elements = members["_dict"]
        try:
            if self.fetch(elements) != self.present:
                return False
        except KeyError:
            return False
        for element, value in self.converted:
            if element.value is not value:
                return False
        meta = members.get("file_meta")
        syntax = None if meta is None else meta._dict.get(self.syntax_key)  # noqa: SLF001
        unchanged = syntax is self.syntax and (syntax is None or syntax.value is self.uid)
        return unchanged and elements.keys().isdisjoint(self.absent)

    def same_pixels(self, dataset: Dataset) -> bool:
        """Tell whether the large values, pixel data and offset tables, are the very same objects."""
        elements: Any = dataset._dict  # noqa: SLF001
        changed = {id(element): value for element, value in self.converted}
        held = {int(element.tag): changed.get(id(element), element.value) for element in self.present}
        now = {tag: elements[tag].value for tag in _LARGE if tag in elements}
        return all(now.get(tag) is held.get(tag) for tag in _LARGE)


def mark_of(dataset: Dataset) -> Mark:
    """Return the mark of a data set's pixel description as it is now; its own keys make the comparison fast."""
    elements: Any = dataset._dict  # noqa: SLF001
    held = {tag: element for tag in DESCRIBING if (element := elements.get(tag)) is not None}
    present = tuple(held.values())
    converted = tuple([(element, element.value) for element in present if isinstance(element, DataElement)])
    meta: Any = dataset.__dict__.get("file_meta")
    syntax = None if meta is None else meta._dict.get(TRANSFER_SYNTAX)  # noqa: SLF001
    key, uid = (TRANSFER_SYNTAX, None) if syntax is None else (syntax.tag, syntax.value)
    fetch = itemgetter(*[element.tag for element in present])
    return Mark(fetch, present, converted, _DESCRIBING.difference(held), key, syntax, uid)
