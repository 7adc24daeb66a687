"""Dataset -> PixelFormat, FrameIndex, Transforms: the only code that knows DICOM tags."""

from dicompix.pixels.read.content import Content, Mark, content_of, mark_of
from dicompix.pixels.read.files import Opened, open_pixels

__all__ = ["Content", "Mark", "Opened", "content_of", "mark_of", "open_pixels"]
