"""dicompix: right and fast DICOM pixel data, a drop-in extension of pydicom."""

from dicompix.dataset import Dataset, FileDataset, PixelMixin, dcmread
from dicompix.install import install, uninstall
from dicompix.isolate import isolated
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FormatError,
    FrameError,
    MissingCodecError,
    PixelError,
    PixelWarning,
    TransformError,
)
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.image.web import open_dicomweb
from dicompix.pixels.limits import limits, set_limits
from dicompix.pixels.policy import DeviationError
from dicompix.transcode import transcode
from dicompix.volume import Volume, VolumeError, read_volume

__all__ = [
    "BadValueError",
    "CodecError",
    "Dataset",
    "DeviationError",
    "FileDataset",
    "FormatError",
    "FrameError",
    "Image",
    "MissingCodecError",
    "PixelError",
    "PixelMixin",
    "PixelWarning",
    "TransformError",
    "Volume",
    "VolumeError",
    "dcmread",
    "install",
    "isolated",
    "limits",
    "open_dicomweb",
    "open_image",
    "read_volume",
    "set_limits",
    "transcode",
    "uninstall",
]
__version__ = "0.1.0"
