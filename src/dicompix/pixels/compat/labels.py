"""What pydicom calls our codecs and transfer syntaxes: labels of plugins, names, keywords (PS3.6 table A-1)."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydicom import uid as pydicom_uid

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.errors import CodecError

# pydicom's label for each of our codecs that it has a plugin for; the others go by their own names.
_LABELS = {"pylibjpeg-libjpeg": "pylibjpeg", "pylibjpeg-openjpeg": "pylibjpeg", "pylibjpeg-rle": "pylibjpeg"}
_PYDICOM_HAS_ITS_OWN = {s.RLE_LOSSLESS, s.DEFLATED_IMAGE_FRAME}
# Keywords of PS3.6 table A-1 that pydicom 3.0 does not know.
_KEYWORDS = {
    s.DEFLATED_IMAGE_FRAME: "DeflatedImageFrameCompression",
    s.JPEG_XL_LOSSLESS: "JPEGXLLossless",
    s.JPEG_XL_RECOMPRESSION: "JPEGXLJPEGRecompression",
    s.JPEG_XL: "JPEGXL",
    s.GE_PRIVATE_BIG: "GEPrivateImplicitVRBigEndian",
}


def label_of(entry: CodecEntry, uid: str) -> str:
    """Return the label that a codec goes by for a transfer syntax, pydicom's where it has a plugin of that kind.

    >>> label_of(CodecEntry("pylibjpeg-rle", "a:b"), s.RLE_LOSSLESS), label_of(CodecEntry("dicompix", "a:b"), s.JPEG_XL)
    ('pylibjpeg', 'dicompix')
    """
    if entry.name == "dicompix" and uid in _PYDICOM_HAS_ITS_OWN:
        return "pydicom"
    return _LABELS.get(entry.name, entry.name)


def name_of(uid: str) -> str:
    """Return a transfer syntax's name as pydicom spells it, ours where pydicom does not know the UID."""
    name = pydicom_uid.UID(uid).name
    return s.syntax_for(uid).name if name == uid else str(name)


def keyword_of(uid: str) -> str:
    """Return a transfer syntax's keyword (PS3.6 table A-1), "" where it has none.

    >>> keyword_of("1.2.840.10008.1.2.5"), keyword_of("1.2.840.10008.1.2.4.110")
    ('RLELossless', 'JPEGXLLossless')
    """
    return pydicom_uid.UID(uid).keyword or _KEYWORDS.get(uid, "")


@contextmanager
def labelled() -> Iterator[None]:
    r"""Name the codecs that failed by pydicom's labels, where it lists who raised what.

    >>> with labelled():
    ...     raise CodecError("exceptions were raised:\n  pylibjpeg-rle: too short")
    Traceback (most recent call last):
    dicompix.pixels.errors.CodecError: exceptions were raised:
      pylibjpeg: too short
    """
    try:
        yield
    except CodecError as problem:
        text = str(problem)
        for name, label in _LABELS.items():
            text = text.replace(f"\n  {name}: ", f"\n  {label}: ")
        problem.args = (text,)
        raise
