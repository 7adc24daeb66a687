"""Values of a data set's elements, read without converting what pydicom has not converted yet."""

from collections.abc import Callable, Sequence
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag

from dicompix.pixels.errors import BadValueError, MissingElementError
from dicompix.pixels.read.blocks import SourceError

Element = DataElement | RawDataElement
UNDEFINED = 0xFFFFFFFF


class Key(BaseTag):
    """A tag to look elements up by: compared as the number it is, where pydicom's own tags run Python for each."""

    __lt__, __le__, __ge__, __gt__ = int.__lt__, int.__le__, int.__ge__, int.__gt__
    __eq__, __ne__, __hash__ = int.__eq__, int.__ne__, int.__hash__


def element_of(dataset: Dataset, tag: int, *, deferred: bool = False) -> Element | None:
    """Return an element as the data set holds it, raw where nobody has asked for its value yet.

    A value that pydicom has left in the file is read now, unless `deferred`.
    """
    found = dataset._dict.get(tag)  # type: ignore[call-overload]  # noqa: SLF001  # 36 us against 175 by attribute
    if found is None or deferred or not isinstance(found, RawDataElement) or found.value is not None:
        return found  # type: ignore[no-any-return]
    return _converted(dataset, tag) if found.length else found  # deferred: pydicom reads it from the file now


def converted_element(dataset: Dataset, tag: int) -> DataElement:
    """Return an element as pydicom converts it for good on first use; bytes that need no conversion at once."""
    found = dataset._dict.get(tag)  # type: ignore[call-overload]  # noqa: SLF001
    if isinstance(found, RawDataElement) and found.VR in {"OB", "OW"} and isinstance(found.value, bytes):
        undefined = found.length == UNDEFINED
        element = DataElement(found.tag, found.VR, found.value, found.value_tell, undefined, already_converted=True)
        dataset._dict[found.tag] = element  # noqa: SLF001  # 1 us against 8 by `dataset[tag]`
        return element
    return _converted(dataset, tag)


def _converted(dataset: Dataset, tag: int) -> DataElement:
    """Return an element as pydicom converts it; BadValueError where its bytes or its VR make no sense to it.

    SourceError where its value was left in a file that cannot be read any more.
    """
    try:
        return dataset[tag]
    except (KeyError, MemoryError):
        raise
    except OSError as problem:
        raise SourceError(f"{label(tag)} cannot be read from its file: {problem}") from problem
    except Exception as problem:
        raise BadValueError(f"{label(tag)} cannot be read: {problem}") from problem


def attribute(dataset: Dataset, keyword: str) -> Any:
    """Return an element's value, None where it is absent; BadValueError where it cannot be read."""
    if keyword not in dataset:
        return None
    return _converted(dataset, tag_for_keyword(keyword) or 0).value


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence, none where it is absent or empty; BadValueError where it is no sequence."""
    found = attribute(dataset, keyword)
    if not found:
        return ()
    if not isinstance(found, Items):
        raise BadValueError(f"{label(tag_for_keyword(keyword) or 0)} holds no items: it is {found!r}")
    return found


def _integer(raw: bytes, little: bool) -> int:  # noqa: FBT001  # one signature for all readers
    if len(raw) != 2:
        raise ValueError(f"{len(raw)} bytes, needed 2")
    return int.from_bytes(raw, "little" if little else "big")


def _text(raw: bytes, little: bool) -> str:  # noqa: ARG001, FBT001
    return raw.decode("latin-1").strip(" \0")


def _integer_string(raw: bytes, little: bool) -> int | None:  # noqa: ARG001, FBT001
    text = raw.strip(b" \0")
    return int(text) if text else None


_RAW: dict[str, Callable[[bytes, bool], Any]] = {"US": _integer, "CS": _text, "IS": _integer_string}


def value_of(dataset: Dataset, tag: int, vr: str) -> Any:
    """Return an element's value as `vr` (US, CS or IS) says; None where it is absent or empty."""
    element = dataset._dict.get(tag)  # type: ignore[call-overload]  # noqa: SLF001
    if element is None:
        return None
    value = element.value
    if isinstance(element, RawDataElement):
        if isinstance(value, bytes) and element.VR in (vr, None):
            try:
                return _RAW[vr](value, element.is_little_endian) if value else None
            except ValueError:
                pass
        value = _converted(dataset, tag).value
    return _settled(tag, value, vr)


def _settled(tag: int, value: object, vr: str) -> Any:
    """Return a converted value as text or number; the first of several."""
    if value is None or value == "":
        return None
    if vr == "CS":
        return str(value).strip(" \0")
    try:
        whole = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError) as problem:
        raise BadValueError(f"{label(tag)} is {value!r}, needed one whole number") from problem
    if isinstance(value, float) and value != whole:
        raise BadValueError(f"{label(tag)} is {value!r}, needed one whole number")
    return whole


def required(dataset: Dataset, tag: int, vr: str) -> Any:
    """Return an element's value, or MissingElementError where there is none."""
    value = value_of(dataset, tag, vr)
    if value is None:
        raise MissingElementError(f"Missing required element: {label(tag)}")
    return value


def label(tag: int) -> str:
    """Return a tag and its name as messages show them.

    >>> label(0x00280010)
    "(0028,0010) 'Rows'"
    """
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) '{dictionary_description(tag)}'"
