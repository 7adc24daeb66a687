"""Which fragments make which frame: encapsulated pixel data -> FrameIndex (PS3.5 A.4)."""

from dicompix.pixels.fragments.index import index_encapsulated
from dicompix.pixels.fragments.items import Fragments, scan
from dicompix.pixels.fragments.markers import START_MARKERS

__all__ = ["START_MARKERS", "Fragments", "index_encapsulated", "scan"]
