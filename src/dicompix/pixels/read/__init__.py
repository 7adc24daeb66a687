"""Dataset -> PixelFormat, FrameIndex, Transforms: the only code that knows DICOM tags."""

from pydicom.dataset import Dataset

from dicompix.pixels.read.content import Content, Mark, content_of, mark_of
from dicompix.pixels.read.excerpt import Later, open_content
from dicompix.pixels.read.files import Opened, Target, open_pixels

__all__ = [
    "Content",
    "Dataset",
    "Later",
    "Mark",
    "Opened",
    "Target",
    "content_of",
    "mark_of",
    "open_content",
    "open_pixels",
]
