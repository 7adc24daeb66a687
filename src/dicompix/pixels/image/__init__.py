"""Image: the frames of one DICOM image, indexed, streamed, or as one array."""

from dicompix.pixels.image.sequence import Image, open_image

__all__ = ["Image", "open_image"]
