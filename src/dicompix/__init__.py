"""dicompix: right and fast DICOM pixel data, a drop-in extension of pydicom."""

from dicompix.dataset import Dataset, FileDataset, PixelMixin, dcmread
from dicompix.install import install, uninstall
from dicompix.pixels.image import Image, open_image

__all__ = [
    "Dataset",
    "FileDataset",
    "Image",
    "PixelMixin",
    "dcmread",
    "install",
    "open_image",
    "uninstall",
]
__version__ = "0.1.0"
