"""Stored values -> modality and display values: transforms, and pipelines of them."""

from dicompix.pixels.transforms.base import Array, Transform
from dicompix.pixels.transforms.icc import IccTransform
from dicompix.pixels.transforms.lut import Lut
from dicompix.pixels.transforms.overlay import Overlay, burn_in, from_packed_bits, from_pixel_bits
from dicompix.pixels.transforms.padding import PaintPadding, PixelPadding, reinterpret
from dicompix.pixels.transforms.palette import WELL_KNOWN_PALETTES, Palette, SupplementalPalette
from dicompix.pixels.transforms.pipeline import (
    BlockwisePipeline,
    Compiled,
    CompiledPipeline,
    Pipeline,
    WholePipeline,
)
from dicompix.pixels.transforms.presentation import PresentationLut, ToDisplay
from dicompix.pixels.transforms.rescale import Rescale
from dicompix.pixels.transforms.segmented import expand_segments
from dicompix.pixels.transforms.shutter import (
    BitmapShutter,
    CircularShutter,
    PolygonalShutter,
    RectangularShutter,
    Shutter,
    visible_area,
)
from dicompix.pixels.transforms.window import RAMPS, Window
from dicompix.pixels.transforms.ycbcr import RgbToYbr, YbrToRgb, expand_420, expand_422

__all__ = [
    "RAMPS",
    "WELL_KNOWN_PALETTES",
    "Array",
    "BitmapShutter",
    "BlockwisePipeline",
    "CircularShutter",
    "Compiled",
    "CompiledPipeline",
    "IccTransform",
    "Lut",
    "Overlay",
    "PaintPadding",
    "Palette",
    "Pipeline",
    "PixelPadding",
    "PolygonalShutter",
    "PresentationLut",
    "RectangularShutter",
    "Rescale",
    "RgbToYbr",
    "Shutter",
    "SupplementalPalette",
    "ToDisplay",
    "Transform",
    "WholePipeline",
    "Window",
    "YbrToRgb",
    "burn_in",
    "expand_420",
    "expand_422",
    "expand_segments",
    "from_packed_bits",
    "from_pixel_bits",
    "reinterpret",
    "visible_area",
]
