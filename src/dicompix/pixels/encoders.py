"""The names of pydicom.pixels.encoders, `RLELosslessEncoder` and the like, for code that changes one import."""

from dicompix.pixels.compat import coder as _coder
from dicompix.pixels.compat.encoder import Encoder, get_encoder

__all__ = ["Encoder", "get_encoder"]


def __getattr__(name: str) -> Encoder:
    return _coder.coder_named(Encoder, name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_coder.coder_names(Encoder)])
