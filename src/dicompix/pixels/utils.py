"""The names of pydicom.pixels.utils, for code that changes one import."""

from dicompix.pixels.compat.arrays import iter_pixels, pixel_array
from dicompix.pixels.compat.bits import concatenate_packed_frames, get_packed_frame, pack_bits, unpack_bits
from dicompix.pixels.compat.compress import compress
from dicompix.pixels.compat.decompress import decompress
from dicompix.pixels.compat.layout import (
    expand_ybr422,
    get_expected_length,
    get_image_pixel_ids,
    get_j2k_parameters,
    get_nr_frames,
    pixel_dtype,
    reshape_pixel_array,
)
from dicompix.pixels.compat.options import as_pixel_options
from dicompix.pixels.compat.set_pixels import set_pixel_data

__all__ = [
    "as_pixel_options",
    "compress",
    "concatenate_packed_frames",
    "decompress",
    "expand_ybr422",
    "get_expected_length",
    "get_image_pixel_ids",
    "get_j2k_parameters",
    "get_nr_frames",
    "get_packed_frame",
    "iter_pixels",
    "pack_bits",
    "pixel_array",
    "pixel_dtype",
    "reshape_pixel_array",
    "set_pixel_data",
    "unpack_bits",
]
