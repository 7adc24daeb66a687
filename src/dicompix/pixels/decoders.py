"""The names of pydicom.pixels.decoders, `RLELosslessDecoder` and the like, for code that changes one import."""

from dicompix.pixels.compat import coder as _coder
from dicompix.pixels.compat.decoder import Decoder, get_decoder

__all__ = ["Decoder", "get_decoder"]


def __getattr__(name: str) -> Decoder:
    return _coder.coder_named(Decoder, name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_coder.coder_names(Decoder)])
