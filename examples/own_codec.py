"""A codec of your own: a function from bytes to a Frame, checked as ours are, and one line that adds it."""

import zlib

import numpy as np
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate

from dicompix import CodecError, Dataset
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import Frame
from dicompix.pixels.registry import registry
from dicompix.pixels.testing import CodecCase, check_codec, make_format


def decode(data, fmt, want):
    """Decode one frame that was compressed by zlib."""
    try:
        samples = np.frombuffer(zlib.decompressobj().decompress(data), fmt.dtype).reshape(fmt.frame_shape)
    except (zlib.error, ValueError) as problem:
        raise CodecError(f"zlib: {problem}") from problem
    return Frame(samples, fmt.photometric)


ramp = np.arange(12, dtype=np.uint8).reshape(3, 4)
check_codec(decode, [CodecCase(name="ramp", fmt=make_format((3, 4)), data=zlib.compress(ramp), expected=ramp)])

UID = "2.25.110963226711842617390283187921034"
# In a package of yours an entry point of the group `dicompix.codecs` does this.
registry.add(UID, CodecEntry("zlib", f"{__name__}:decode"))
print(registry.explain(UID))

ds = Dataset()
ds.set_pixel_data(ramp, "MONOCHROME2", bits_stored=8)
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = UID
ds.PixelData = encapsulate([zlib.compress(ramp)])
print("as it was:", np.array_equal(ds.pixel_array, ramp))
