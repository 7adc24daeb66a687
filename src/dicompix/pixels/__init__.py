"""Pixel data: stored values, modality values, display values; the names of pydicom.pixels."""

from typing import TYPE_CHECKING

from dicompix import facade as _facade

if TYPE_CHECKING:
    from dicompix.pixels.compat.arrays import iter_pixels, pixel_array
    from dicompix.pixels.compat.bits import concatenate_packed_frames, get_packed_frame, pack_bits, unpack_bits
    from dicompix.pixels.compat.color import (
        apply_color_lut,
        apply_icc_profile,
        convert_color_space,
        create_icc_transform,
    )
    from dicompix.pixels.compat.compress import compress
    from dicompix.pixels.compat.decoder import Decoder, get_decoder
    from dicompix.pixels.compat.decompress import decompress
    from dicompix.pixels.compat.encoder import Encoder, get_encoder
    from dicompix.pixels.compat.grayscale import (
        apply_modality_lut,
        apply_presentation_lut,
        apply_rescale,
        apply_voi,
        apply_voi_lut,
        apply_windowing,
    )
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
else:  # each when it is first asked for
    __getattr__, __dir__ = _facade.lazy_names(
        __name__,
        {
            "dicompix.pixels.compat.arrays": ("iter_pixels", "pixel_array"),
            "dicompix.pixels.compat.bits": (
                "concatenate_packed_frames",
                "get_packed_frame",
                "pack_bits",
                "unpack_bits",
            ),
            "dicompix.pixels.compat.color": (
                "apply_color_lut",
                "apply_icc_profile",
                "convert_color_space",
                "create_icc_transform",
            ),
            "dicompix.pixels.compat.compress": ("compress",),
            "dicompix.pixels.compat.decoder": ("Decoder", "get_decoder"),
            "dicompix.pixels.compat.decompress": ("decompress",),
            "dicompix.pixels.compat.encoder": ("Encoder", "get_encoder"),
            "dicompix.pixels.compat.grayscale": (
                "apply_modality_lut",
                "apply_presentation_lut",
                "apply_rescale",
                "apply_voi",
                "apply_voi_lut",
                "apply_windowing",
            ),
            "dicompix.pixels.compat.layout": (
                "expand_ybr422",
                "get_expected_length",
                "get_image_pixel_ids",
                "get_j2k_parameters",
                "get_nr_frames",
                "pixel_dtype",
                "reshape_pixel_array",
            ),
            "dicompix.pixels.compat.options": ("as_pixel_options",),
            "dicompix.pixels.compat.set_pixels": ("set_pixel_data",),
        },
    )

__all__ = [
    "Decoder",
    "Encoder",
    "apply_color_lut",
    "apply_icc_profile",
    "apply_modality_lut",
    "apply_presentation_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "as_pixel_options",
    "compress",
    "concatenate_packed_frames",
    "convert_color_space",
    "create_icc_transform",
    "decompress",
    "expand_ybr422",
    "get_decoder",
    "get_encoder",
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
