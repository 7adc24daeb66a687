"""Files of a series -> Volume: one array with its place in the patient (PS3.3 C.7.6.2)."""

from dicompix.pixels.image.library import MissingLibraryError
from dicompix.volume.errors import VolumeError
from dicompix.volume.read import read_volume
from dicompix.volume.volume import Volume

__all__ = ["MissingLibraryError", "Volume", "VolumeError", "read_volume"]
