"""Dataset -> PixelFormat, FrameIndex, Transforms: the only code that knows DICOM tags."""

from pydicom.dataset import Dataset

from dicompix.pixels.read.content import Content, Mark, content_of, mark_of
from dicompix.pixels.read.files import Opened, Target, open_pixels

__all__ = ["Content", "Dataset", "Mark", "Opened", "Target", "content_of", "mark_of", "open_pixels"]
