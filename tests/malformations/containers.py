"""Files whose transfer syntax, meta information or encapsulation is not what it should be (PS3.5 A.4, PS3.10 7.1)."""

from dataclasses import replace

from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import CodecError, FrameError, UnsupportedError
from malformations.case import Case, codes
from malformations.dicom import UNDEFINED, Picture, coded, native, one_frame
from malformations.streams import half, jpeg_2000, lossless
from support import packing
from support.arrays import gray
from support.builders import stack

G8, G16 = gray(8), gray(16)
TWO = stack(G16, 2)
META, ENCAPSULATED = "PS3.10 7.1", "PS3.5 A.4"


def _row(name: str, says: str, make: object, **right: object) -> Case:
    given: dict[str, object] = {"group": "container", "clause": ENCAPSULATED, "right": G16, **right}
    return Case(name=name, says=says, make=make, **given)  # type: ignore[arg-type]  # a row's columns by name


def _rle() -> Picture:
    return one_frame(s.RLE_LOSSLESS, G16, packing.rle(G16))


def _bare(uid: str, stream: bytes) -> Picture:
    return replace(one_frame(uid, G16, b""), pixels=stream + b"\0" * (len(stream) % 2), length=None)


def _deflated(body: bytes) -> Picture:
    whole = native(G16)
    return replace(whole, uid=s.DEFLATED_LITTLE, elements={}, pixels=None, after=body)


def _deflated_body() -> bytes:
    picture = replace(native(G16), preamble=False, meta=False)
    return packing.deflate(picture.to_bytes())


CASES = [
    _row(
        "no-transfer-syntax",
        "no Transfer Syntax UID in the file meta",
        lambda: replace(native(G16), uid=None),
        codes=codes("transfer-syntax"),
        clause=META,
    ),
    _row(
        "no-file-meta",
        "a preamble, then the data set",
        lambda: replace(native(G16), meta=False),
        codes=codes("transfer-syntax"),
        clause=META,
    ),
    _row(
        "no-file-meta-implicit",
        "the same, implicit VR",
        lambda: replace(native(G16), meta=False, implicit=True),
        codes=codes("transfer-syntax"),
        clause=META,
    ),
    _row(
        "no-preamble",
        "the file begins with the file meta",
        lambda: replace(native(G16), preamble=False),
        codes=codes("preamble"),
        clause=META,
        forced=True,
    ),
    _row(
        "no-preamble-no-meta",
        "the file is a data set alone",
        lambda: replace(native(G16), preamble=False, meta=False),
        codes=codes("preamble", "transfer-syntax"),
        clause=META,
        forced=True,
    ),
    _row(
        "no-meta-implicit",
        "the file is a data set alone, implicit VR",
        lambda: replace(native(G16), preamble=False, meta=False, implicit=True),
        codes=codes("preamble", "transfer-syntax"),
        clause=META,
        forced=True,
    ),
    _row(
        "no-meta-encapsulated",
        "no file meta, encapsulated RLE",
        lambda: replace(_rle(), meta=False),
        codes=codes("transfer-syntax", "encapsulated"),
        clause=META,
    ),
    _row(
        "syntax-unknown",
        "a transfer syntax that nobody knows",
        lambda: replace(native(G16), uid="1.2.3.4.5"),
        right=None,
        error=UnsupportedError,
        phrase="1.2.3.4.5",
        clause=META,
    ),
    _row(
        "implicit-labelled-explicit",
        "explicit VR by its label, implicit in truth",
        lambda: replace(native(G16), implicit=True),
        codes=codes(),
        clause="PS3.5 10.1",
    ),
    _row(
        "explicit-labelled-implicit",
        "implicit VR by its label, explicit in truth",
        lambda: replace(native(G16), uid=s.IMPLICIT_LITTLE),
        codes=codes(),
        clause="PS3.5 10.1",
    ),
    _row(
        "native-labelled-jpeg",
        "native samples under JPEG Lossless",
        lambda: replace(native(G16), uid=s.JPEG_LOSSLESS_SV1),
        codes=codes("not-encapsulated"),
    ),
    _row(
        "native-labelled-rle",
        "native samples under RLE",
        lambda: replace(native(G16), uid=s.RLE_LOSSLESS),
        codes=codes("not-encapsulated"),
    ),
    _row(
        "native-in-items",
        "native samples in items under JPEG 2000",
        lambda: one_frame(s.JPEG_2000_LOSSLESS, G16, packing.words(G16)),
        right=None,
        error=CodecError,
        phrase="begins with",
    ),
    _row(
        "jpeg-labelled-native",
        "encapsulated JPEG Lossless under Explicit VR Little Endian",
        lambda: replace(one_frame(s.JPEG_LOSSLESS_SV1, G16, lossless(G16)), uid=s.EXPLICIT_LITTLE),
        codes=codes("encapsulated"),
    ),
    _row(
        "rle-labelled-native",
        "encapsulated RLE under Explicit VR Little Endian",
        lambda: replace(_rle(), uid=s.EXPLICIT_LITTLE),
        codes=codes("encapsulated"),
    ),
    _row(
        "defined-length",
        "encapsulated, but the length is stated",
        lambda: replace(_rle(), length=None),
        codes=codes("defined-length"),
    ),
    _row(
        "defined-length-undelimited",
        "the same, without a delimiter",
        lambda: replace(_rle(), length=None, pixels=packing.encapsulate([[packing.rle(G16)]], delimited=False)),
        codes=codes("defined-length"),
    ),
    _row(
        "defined-length-native",
        "the same under Explicit VR Little Endian",
        lambda: replace(_rle(), length=None, uid=s.EXPLICIT_LITTLE),
        codes=codes("defined-length", "encapsulated"),
    ),
    _row(
        "bare-codestream",
        "a codestream without items",
        lambda: _bare(s.JPEG_2000_LOSSLESS, jpeg_2000(G16)),
        codes=codes("not-encapsulated"),
    ),
    _row(
        "bare-jpeg",
        "a lossless JPEG stream without items",
        lambda: _bare(s.JPEG_LOSSLESS_SV1, lossless(G16)),
        codes=codes("not-encapsulated"),
    ),
    _row(
        "bare-rle",
        "an RLE frame without items",
        lambda: _bare(s.RLE_LOSSLESS, packing.rle(G16)),
        codes=codes("not-encapsulated"),
    ),
    _row(
        "bare-undefined",
        "a codestream without items, its length undefined",
        lambda: replace(_bare(s.JPEG_2000_LOSSLESS, jpeg_2000(G16)), length=UNDEFINED),
        codes=codes("not-encapsulated"),
        cut=True,
    ),
    _row(
        "bare-labelled-native",
        "a codestream without items under Explicit VR Little Endian",
        lambda: _bare(s.EXPLICIT_LITTLE, jpeg_2000(G16)),
        codes=codes("not-encapsulated", "encapsulated"),
    ),
    _row(
        "no-items",
        "encapsulated, but only the offset table is there",
        lambda: coded(s.RLE_LOSSLESS, G16, packing.encapsulate([])),
        right=None,
        error=FrameError,
        phrase="fragment",
    ),
    _row(
        "deflated-short",
        "the deflated data set ends early",
        lambda: _deflated(half(_deflated_body())),
        right=None,
        error=FrameError,
        phrase="deflated",
        clause="PS3.5 A.5",
    ),
    _row(
        "deflated-padded",
        "zeros after the deflated data set",
        lambda: _deflated(_deflated_body() + bytes(6)),
        clause="PS3.5 A.5",
    ),
]
