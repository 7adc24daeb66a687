"""dicompix: right and fast DICOM pixel data, a drop-in extension of pydicom."""

from typing import TYPE_CHECKING

from dicompix import facade as _facade

if TYPE_CHECKING:
    from dicompix.dataset import Dataset, FileDataset, PixelMixin, dcmread
    from dicompix.install import install, uninstall
    from dicompix.isolate import isolated
    from dicompix.pixels.errors import (
        BadValueError,
        CodecError,
        Finding,
        FormatError,
        FrameError,
        FrameIndexError,
        LimitError,
        MissingCodecError,
        MissingElementError,
        PixelError,
        PixelWarning,
        TransformError,
        UnsupportedError,
    )
    from dicompix.pixels.image import Image, open_image
    from dicompix.pixels.image.library import MissingLibraryError
    from dicompix.pixels.image.web import open_dicomweb
    from dicompix.pixels.limits import limits, set_limits
    from dicompix.pixels.policy import DeviationError
    from dicompix.pixels.read.blocks import SourceError
    from dicompix.pixels.read.refused import NoDicomError
    from dicompix.transcode import transcode
    from dicompix.volume import Volume, VolumeError, read_volume
else:  # each when it is first asked for
    __getattr__, __dir__ = _facade.lazy_names(
        __name__,
        {
            "dicompix.dataset": ("Dataset", "FileDataset", "PixelMixin", "dcmread"),
            "dicompix.install": ("install", "uninstall"),
            "dicompix.isolate": ("isolated",),
            "dicompix.pixels.errors": (
                "BadValueError",
                "CodecError",
                "Finding",
                "FormatError",
                "FrameError",
                "FrameIndexError",
                "LimitError",
                "MissingCodecError",
                "MissingElementError",
                "PixelError",
                "PixelWarning",
                "TransformError",
                "UnsupportedError",
            ),
            "dicompix.pixels.image": ("Image", "open_image"),
            "dicompix.pixels.image.library": ("MissingLibraryError",),
            "dicompix.pixels.image.web": ("open_dicomweb",),
            "dicompix.pixels.limits": ("limits", "set_limits"),
            "dicompix.pixels.policy": ("DeviationError",),
            "dicompix.pixels.read.blocks": ("SourceError",),
            "dicompix.pixels.read.refused": ("NoDicomError",),
            "dicompix.transcode": ("transcode",),
            "dicompix.volume": ("Volume", "VolumeError", "read_volume"),
        },
    )

__all__ = [
    "BadValueError",
    "CodecError",
    "Dataset",
    "DeviationError",
    "FileDataset",
    "Finding",
    "FormatError",
    "FrameError",
    "FrameIndexError",
    "Image",
    "LimitError",
    "MissingCodecError",
    "MissingElementError",
    "MissingLibraryError",
    "NoDicomError",
    "PixelError",
    "PixelMixin",
    "PixelWarning",
    "SourceError",
    "TransformError",
    "UnsupportedError",
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

_facade.keep_names(__name__)  # `install` and `transcode` are in modules that are called the same
