"""What the user wants of every file: transfer syntax and parameters -> Order, checked before any file is opened."""

from dataclasses import dataclass, field

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.codecs.profiles import PARAMETERS
from dicompix.pixels.compat.bookkeeping import is_native
from dicompix.pixels.errors import BadValueError, UnsupportedError
from dicompix.pixels.registry import Choice, registry

NATIVE_TARGETS = (s.IMPLICIT_LITTLE, s.EXPLICIT_LITTLE, s.DEFLATED_LITTLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to transcode: into which syntax, what is wanted of the encoder, and what the files get besides.

    `new_instance` None gives a new SOP Instance UID where something was lost; `extended` None gives an Extended Offset
    Table where the basic one cannot hold the offsets.

    >>> Order(uid="1.2.840.10008.1.2.2").check()
    Traceback (most recent call last):
    dicompix.pixels.errors.UnsupportedError: Explicit VR Big Endian (retired) is not written, needed little endian
    """

    uid: str
    want: EncodeRequest = field(default_factory=EncodeRequest)
    codec: Choice = None
    workers: int | None = None
    verify: bool = False
    overwrite: bool = False
    new_instance: bool | None = None
    extended: bool | None = None

    def check(self) -> None:
        """Raise for a syntax that cannot be written, a missing encoder, and a parameter that the syntax does not take.

        What depends on a file's samples is for its encoder to say.
        """
        if is_native(self.uid) and self.uid not in NATIVE_TARGETS:
            raise UnsupportedError(f"{s.syntax_for(self.uid).name} is not written, needed little endian")
        if self.uid != s.JPEG_XL_RECOMPRESSION:
            registry.find_encoder(self.uid, self.codec)
        takes = [name for group in PARAMETERS.get(self.uid, ()) for name in group]
        for name in self.want.given:
            if name not in takes:
                known = f"takes {' or '.join(takes)}" if takes else "takes no parameter"
                raise BadValueError(f"{s.syntax_for(self.uid).name} {known}, but {name} is given")
        if self.workers is not None and self.workers < 1:
            raise BadValueError(f"workers is {self.workers}, needed 1 or more")
