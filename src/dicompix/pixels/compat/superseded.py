"""What pydicom keeps of its older versions: arguments until version 4, an array beside the ids that it is for."""

from typing import Any

from pydicom import config

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.layout import get_image_pixel_ids


def only_until_4(dataset: object, method: str, argument: str) -> None:
    """Raise TypeError for an argument that pydicom 4 will not have, where pydicom is set to behave so already."""
    if config._use_future:  # noqa: SLF001
        name = type(dataset).__name__
        raise TypeError(f"{name}.{method}() got an unexpected keyword argument '{argument}'")


def array_kept(dataset: Any) -> Stored | None:
    """Return the array that was set as `_pixel_array`, where `_pixel_id` says that it is for these elements."""
    members = dataset.__dict__
    array: Stored | None = members.get("_pixel_array")
    ids = members.get("_pixel_id")
    return array if array is not None and ids and ids == get_image_pixel_ids(dataset) else None
