"""A data set as it stands -> plain values to compare element by element: nothing may change where a function fails."""

from typing import Any

from pydicom.dataset import Dataset


def snapshot(dataset: Dataset) -> dict[str, Any]:
    """Return every element of a data set, its sequences and its file meta, with what pydicom remembers beside them."""
    meta = getattr(dataset, "file_meta", None)
    return {
        "elements": _elements(dataset),
        "meta": None if meta is None else _elements(meta),
        "encoding": dataset.original_encoding,
        "cached": dataset._pixel_array is not None,
    }


def _elements(dataset: Dataset) -> dict[str, Any]:
    return {str(element.tag): (element.VR, _value(element), element.is_undefined_length) for element in dataset}


def _value(element: Any) -> Any:
    if element.VR == "SQ":
        return [_elements(item) for item in element.value]
    return list(element.value) if element.VM > 1 else element.value
