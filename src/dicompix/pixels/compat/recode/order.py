"""What the user wants of every file: transfer syntax and parameters -> Order, checked before any file is opened."""

from dataclasses import dataclass, field, replace
from typing import Any

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.codecs.profiles import PROFILES, Profile, check_encoding
from dicompix.pixels.compat.bookkeeping import is_native
from dicompix.pixels.errors import BadValueError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.policy import Policy, policy_of
from dicompix.pixels.registry import Choice, registry

NATIVE_TARGETS = (s.IMPLICIT_LITTLE, s.EXPLICIT_LITTLE, s.DEFLATED_LITTLE)
_ANY_SAMPLES = PixelFormat(rows=1, columns=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How to transcode: into which syntax, what is wanted of the encoder, and what the files get besides.

    `new_instance` None gives a new SOP Instance UID where something was lost; `extended` None gives an Extended Offset
    Table where the basic one cannot hold the offsets; `errors` is what is done about pixel data that breaks a rule.

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
    errors: Policy = "warn"

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the content of the files follows from, whole frames being there."""
        named = {name: getattr(self, name) for name in ("codec", "new_instance", "extended")}
        wanted = {name: getattr(self.want, name) for name in self.want.given}
        return {"syntax": s.syntax_for(self.uid).name, **named, **wanted}

    def check(self) -> None:
        """Raise for a syntax that cannot be written, a missing encoder, a parameter or value that it does not take.

        What depends on a file's samples is for its encoder to say.
        """
        policy_of(self.errors)
        if is_native(self.uid) and self.uid not in NATIVE_TARGETS:
            raise UnsupportedError(f"{s.syntax_for(self.uid).name} is not written, needed little endian")
        if self.uid != s.JPEG_XL_RECOMPRESSION:
            registry.find_encoder(self.uid, self.codec)
        check_encoding(_roomiest(self.uid), self.want)
        if self.workers is not None and self.workers < 1:
            raise BadValueError(f"workers is {self.workers}, needed 1 or more")


def _roomiest(uid: str) -> PixelFormat:
    """Return samples of the most bits that a syntax holds: a parameter that is impossible for them is so for any."""
    rows = PROFILES.get(uid)
    if rows is None:
        return replace(_ANY_SAMPLES, transfer_syntax=uid)
    widest: Profile = max(rows, key=lambda row: row.bits_stored.stop)
    bits = widest.bits_stored.stop - 1
    allocated = min(size for size in widest.allocated if size >= bits)
    return replace(
        _ANY_SAMPLES,
        transfer_syntax=uid,
        photometric=widest.photometrics[0],
        bits_allocated=allocated,
        bits_stored=bits,
        high_bit=None,
    )
