"""Image: the frames of one DICOM image, indexed, streamed, as one array, and as pictures."""

from dicompix.pixels.image.image import Image, open_image
from dicompix.pixels.image.render import Explanation

__all__ = ["Explanation", "Image", "open_image"]
