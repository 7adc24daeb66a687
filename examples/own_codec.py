"""Add a codec of your own: a function from bytes to a Frame, and one line of data."""

import zlib

import numpy as np
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate

import dicompix
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import Frame
from dicompix.pixels.registry import registry


def decode(data, fmt, want):
    """Decode one frame that was compressed by zlib."""
    samples = np.frombuffer(zlib.decompress(bytes(data).rstrip(b"\0")), fmt.dtype)
    return Frame(samples.reshape(fmt.frame_shape), fmt.photometric)


UID = "1.2.826.0.1.3680043.8.498.1"
registry.add(UID, CodecEntry("zlib", f"{__name__}:decode"))

pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
ds = dicompix.Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = UID
ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 3, 4, 1, "MONOCHROME2"
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
ds.PlanarConfiguration = 0
ds.PixelData = encapsulate([zlib.compress(pixels.tobytes())])
print(registry.explain(UID))
print(np.array_equal(ds.pixel_array, pixels))
