"""Put our members on pydicom's own Dataset, and take them off again, exactly."""

from threading import RLock
from typing import Any

from pydicom.dataset import Dataset as PydicomDataset

from dicompix.dataset import PixelMixin

_MEMBERS = ("pixel_array", "pixels", "save_as", "__getstate__")
_ABSENT = object()
_lock = RLock()
_originals: dict[str, Any] = {}


def install() -> None:
    """Give every pydicom Dataset our pixel members, whatever library made it; calling it again changes nothing.

    The members are `pixel_array`, `pixels` and `save_as`; functions of `pydicom.pixels` stay pydicom's own.

    >>> import pydicom, pydicom.data
    >>> install()
    >>> pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm", download=False)).pixels
    <Image (1, 128, 128) int16 MONOCHROME2 1.2.840.10008.1.2.1>
    >>> uninstall()
    """
    with _lock:
        if _originals:
            return
        for name in _MEMBERS:
            _originals[name] = PydicomDataset.__dict__.get(name, _ABSENT)
            setattr(PydicomDataset, name, PixelMixin.__dict__[name])


def uninstall() -> None:
    """Take our members off pydicom's Dataset and put its own back; without `install()` it does nothing."""
    with _lock:
        for name, original in _originals.items():
            if original is _ABSENT:
                delattr(PydicomDataset, name)
            else:
                setattr(PydicomDataset, name, original)
        _originals.clear()
