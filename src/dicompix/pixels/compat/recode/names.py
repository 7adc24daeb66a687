"""What people call a transfer syntax -> its UID: UID, name in the standard, pydicom's keyword, short name (PS3.6 A)."""

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydicom.uid import UID_dictionary

from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import BadValueError, UnsupportedError

_UID = re.compile(r"[\d.]*")
SHORT_NAMES = {
    "native": s.EXPLICIT_LITTLE,
    "uncompressed": s.EXPLICIT_LITTLE,
    "explicit": s.EXPLICIT_LITTLE,
    "implicit": s.IMPLICIT_LITTLE,
    "deflated": s.DEFLATED_LITTLE,
    "encapsulated": s.ENCAPSULATED_UNCOMPRESSED,
    "deflated-frames": s.DEFLATED_IMAGE_FRAME,
    "rle": s.RLE_LOSSLESS,
    "jpeg": s.JPEG_BASELINE,
    "jpeg-baseline": s.JPEG_BASELINE,
    "jpeg-extended": s.JPEG_EXTENDED,
    "jpeg-lossless-sv1": s.JPEG_LOSSLESS_SV1,
    "jpeg-ls": s.JPEG_LS,
    "jls": s.JPEG_LS,
    "jpeg-ls-near": s.JPEG_LS_NEAR,
    "jls-near": s.JPEG_LS_NEAR,
    "j2k": s.JPEG_2000,
    "jpeg-2000": s.JPEG_2000,
    "j2k-lossless": s.JPEG_2000_LOSSLESS,
    "jpeg-2000-lossless": s.JPEG_2000_LOSSLESS,
    "htj2k": s.HTJ2K,
    "htj2k-lossless": s.HTJ2K_LOSSLESS,
    "htj2k-lossless-rpcl": s.HTJ2K_LOSSLESS_RPCL,
    "jxl": s.JPEG_XL,
    "jpeg-xl": s.JPEG_XL,
    "jxl-lossless": s.JPEG_XL_LOSSLESS,
    "jpeg-xl-lossless": s.JPEG_XL_LOSSLESS,
    "jxl-recompression": s.JPEG_XL_RECOMPRESSION,
    "jpeg-xl-recompression": s.JPEG_XL_RECOMPRESSION,
}


def syntax_uid(name: str) -> str:
    """Return the UID of a transfer syntax; BadValueError, with what is alike, for a name that means none.

    Case, spaces and punctuation do not count.

    >>> syntax_uid("jpeg-ls"), syntax_uid("JPEG 2000 Image Compression (Lossless Only)")
    ('1.2.840.10008.1.2.4.80', '1.2.840.10008.1.2.4.90')
    """
    text = str(name).strip()
    if text in s.SYNTAXES:
        return text
    known = _known()
    uid = known.get(_plain(text))
    if uid is None:
        alike = get_close_matches(_plain(text), known, n=3)
        listed = ", ".join(sorted({f"{s.syntax_for(known[each]).name} ({known[each]})" for each in alike}))
        meant = listed or "a UID, a name of PS3.6, a keyword of pydicom, or one of " + ", ".join(SHORT_NAMES)
        raise BadValueError(f"{text!r} is no transfer syntax; needed, for instance, {meant}")
    return uid


def uid_or_name(text: Any) -> Any:
    """Return the UID of a transfer syntax that is to be encoded by pydicom's functions: a UID as it is, or a name's.

    UnsupportedError, as of a syntax without encoders, for a name that means none.

    >>> uid_or_name("jpeg-ls"), uid_or_name("1.2.3")
    ('1.2.840.10008.1.2.4.80', '1.2.3')
    """
    if not isinstance(text, str) or _UID.fullmatch(text):
        return text
    try:
        return syntax_uid(text)
    except BadValueError as problem:
        raise UnsupportedError(f"No pixel data encoders have been implemented for {text!r}: {problem}") from problem


@cache
def _known() -> dict[str, str]:
    """Return UIDs by plain names."""
    found: dict[str, str] = {}
    for uid, syntax in s.SYNTAXES.items():
        official, _, _, _, keyword = UID_dictionary.get(uid, ("",) * 5)
        found |= {_plain(name): uid for name in (official, keyword, syntax.name) if name}
    return {**found, **{_plain(name): uid for name, uid in SHORT_NAMES.items()}}


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
