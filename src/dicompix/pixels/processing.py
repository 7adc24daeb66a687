"""The names of pydicom.pixels.processing, for code that changes one import."""

from dicompix.pixels.compat.color import apply_color_lut, apply_icc_profile, convert_color_space, create_icc_transform
from dicompix.pixels.compat.grayscale import (
    apply_modality_lut,
    apply_presentation_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
)

__all__ = [
    "apply_color_lut",
    "apply_icc_profile",
    "apply_modality_lut",
    "apply_presentation_lut",
    "apply_rescale",
    "apply_voi",
    "apply_voi_lut",
    "apply_windowing",
    "convert_color_space",
    "create_icc_transform",
]
