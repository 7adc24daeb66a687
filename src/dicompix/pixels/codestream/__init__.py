"""What a compressed frame says of itself: bytes -> Codestream, in pure Python, before any codec runs."""

from dicompix.pixels.codestream.base import Codestream
from dicompix.pixels.codestream.families import peek, sniff

__all__ = ["Codestream", "peek", "sniff"]
