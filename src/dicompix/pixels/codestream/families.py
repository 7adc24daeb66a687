"""Which reader describes a frame: its first bytes and the transfer syntax's family -> Codestream."""

import struct
from collections.abc import Callable

from dicompix.pixels.codestream import jpeg, jpeg2000, jpegxl, rle
from dicompix.pixels.codestream.base import Codestream, Data, spell
from dicompix.pixels.errors import CodecError

FURTHEST_START = 16  # bytes of fill or rubbish tolerated in front of a codestream

SIGNATURES = (
    (b"\xff\xd8", "jpeg"),  # SOI (T.81 B.1.1.3)
    (b"\xff\x4f\xff\x51", "jpeg-2000"),  # SOC, SIZ (T.800 A.4.1)
    (jpeg2000.SIGNATURE_BOX, "jpeg-2000"),
    (b"\xff\x0a", "jpeg-xl"),  # (ISO/IEC 18181-1 annex D)
    (jpegxl.SIGNATURE_BOX, "jpeg-xl"),
)
LATE_SIGNATURES = ((b"\xff\xd8\xff", "jpeg"), (b"\xff\x4f\xff\x51", "jpeg-2000"))

READERS: dict[str, Callable[[Data, int], Codestream]] = {
    "jpeg": jpeg.read,
    "jpeg-2000": jpeg2000.read,
    "jpeg-xl": jpegxl.read,
    "rle": rle.read,
}

# What an error says was needed, for each family whose frames begin with a header.
NEEDED = {
    "jpeg": "a JPEG codestream (FF D8)",
    "jpeg-ls": "a JPEG-LS codestream (FF D8)",
    "jpeg-2000": "a JPEG 2000 codestream (FF 4F FF 51)",
    "jpeg-xl": "a JPEG XL codestream (FF 0A) or container",
    "rle": "an RLE header",
}


def sniff(data: Data) -> str:
    """Return "jpeg" (JPEG-LS too), "jpeg-2000", "jpeg-xl" or "" by the first bytes.

    >>> sniff(bytes.fromhex("FFD8FFE0")), sniff(bytes(64))
    ('jpeg', '')
    """
    return _locate(_flat(data))[0]


def peek(data: Data, family: str) -> Codestream | None:
    """Return what the codestream says of itself; None where the family's frames have no header (PS3.5 8.2).

    What is found in the data goes before `family`, that of the transfer syntax: JPEG 2000 under a JPEG syntax
    is read as JPEG 2000. A codestream that is missing, broken or cut off in its header is a `CodecError`.

    >>> stream = bytes.fromhex("FFD8 FFC3000B 0C 0002 0003 01 011100 FFDA0008 01 0100 01 00 00 55 FFD9")
    >>> found = peek(stream, "jpeg")
    >>> found.kind, found.rows, found.columns, found.precision, found.predictor
    ('jpeg-lossless', 2, 3, 12, 1)
    """
    if family not in NEEDED:
        return None
    data = _flat(data)
    name, start = _locate(data)
    if family == "rle" and (start or not name):
        name, start = "rle", 0
    if not name:
        raise CodecError(f"the frame begins with {spell(data)}, needed {NEEDED[family]}; it has {len(data)} bytes")
    try:
        return READERS[name](data, start)
    except (IndexError, struct.error) as error:
        raise CodecError(f"the frame ends inside its {name} header, after {len(data)} bytes: {error}") from error


def _locate(data: Data) -> tuple[str, int]:
    head = bytes(data[: FURTHEST_START + 4])
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name, 0
    for signature, name in LATE_SIGNATURES:
        start = head.find(signature, 0, FURTHEST_START + len(signature))
        if start >= 0:
            return name, start
    return "", 0


def _flat(data: Data) -> Data:
    if not isinstance(data, memoryview) or (data.format == "B" and data.ndim == 1 and data.c_contiguous):
        return data
    return data.tobytes()
