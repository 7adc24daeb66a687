"""Image Pixel elements and pixel data -> the bytes of a DICOM file, written without pydicom so that any rule can break.

Everything is little endian: explicit VR, or implicit (PS3.5 7.1, PS3.10 7.1).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE
from support import packing

UNDEFINED = 0xFFFFFFFF
KEYWORDS = {
    "SOPClassUID": (0x00080016, "UI"),
    "SOPInstanceUID": (0x00080018, "UI"),
    "SamplesPerPixel": (0x00280002, "US"),
    "PhotometricInterpretation": (0x00280004, "CS"),
    "PlanarConfiguration": (0x00280006, "US"),
    "NumberOfFrames": (0x00280008, "IS"),
    "Rows": (0x00280010, "US"),
    "Columns": (0x00280011, "US"),
    "BitsAllocated": (0x00280100, "US"),
    "BitsStored": (0x00280101, "US"),
    "HighBit": (0x00280102, "US"),
    "PixelRepresentation": (0x00280103, "US"),
    "SmallestImagePixelValue": (0x00280106, "SS"),
    "OverlayRows": (0x60000010, "US"),
    "OverlayColumns": (0x60000011, "US"),
    "OverlayType": (0x60000040, "CS"),
    "OverlayOrigin": (0x60000050, "SS"),
    "OverlayBitsAllocated": (0x60000100, "US"),
    "OverlayBitPosition": (0x60000102, "US"),
    "ExtendedOffsetTable": (0x7FE00001, "OV"),
    "ExtendedOffsetTableLengths": (0x7FE00002, "OV"),
}
PIXELS = 0x7FE00010
LONG = {"OB", "OW", "OV"}  # VRs whose length takes four bytes
SINGLE, MULTIPLE = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.7.2"

Value = int | str | bytes | tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A file in the making; `length` is what its pixel data element claims, None for the truth."""

    elements: Mapping[str, Value] = field(default_factory=dict)
    pixels: bytes | None = b""
    uid: str | None = EXPLICIT_LITTLE
    vr: str = "OW"
    length: int | None = None
    preamble: bool = True
    meta: bool = True
    implicit: bool = False
    after: bytes = b""

    def having(self, **elements: Value | None) -> Self:
        """Return this picture with elements changed; None takes one away."""
        changed = {**self.elements, **elements}
        return replace(self, elements={key: value for key, value in changed.items() if value is not None})

    def holding(self, pixels: bytes | None) -> Self:
        """Return this picture with other pixel data."""
        return replace(self, pixels=pixels)

    def to_bytes(self) -> bytes:
        """Return the file."""
        head = bytes(128) + b"DICM" if self.preamble else b""
        return head + (self._meta() if self.meta else b"") + self._body() + self.after

    def _meta(self) -> bytes:
        texts = ((2, SINGLE), (3, "1.2.3.4"), (16, self.uid), (18, "1.2.3"))
        elements = b"".join(
            _element(0x00020000 + number, "UI", _value("UI", text)) for number, text in texts if text is not None
        )
        version = _element(0x00020001, "OB", b"\0\1")
        return _element(0x00020000, "UL", struct.pack("<I", len(version + elements))) + version + elements

    def _body(self) -> bytes:
        values = {KEYWORDS[key]: _value(KEYWORDS[key][1], value) for key, value in self.elements.items()}
        body = b"".join(_element(tag, vr, value, implicit=self.implicit) for (tag, vr), value in sorted(values.items()))
        if self.pixels is None:
            return body
        return body + _element(PIXELS, self.vr, self.pixels, self.length, implicit=self.implicit)


def _value(vr: str, value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    numbers = value if isinstance(value, tuple) else (value,)
    if vr == "IS":
        return _value(vr, "\\".join(map(str, numbers)))
    return struct.pack(f"<{len(numbers)}{'h' if vr == 'SS' else 'H'}", *numbers)


def _element(tag: int, vr: str, value: bytes, length: int | None = None, *, implicit: bool = False) -> bytes:
    claimed = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack("<I", claimed) + value
    if vr in LONG:
        return head + vr.encode() + struct.pack("<HI", 0, claimed) + value
    return head + vr.encode() + struct.pack("<H", claimed) + value


def describing(frame: Stored, bits: int = 0, *, frames: int = 1) -> dict[str, Value]:
    """Return the Image Pixel module of frames like this one, nothing wrong with it (PS3.3 C.7.6.3)."""
    color = frame.ndim == 3
    allocated = frame.dtype.itemsize * 8
    stored = bits or allocated
    elements: dict[str, Value] = {
        "SOPClassUID": SINGLE if frames == 1 else f"{MULTIPLE[:-1]}{4 if color else 2 if allocated == 8 else 3}",
        "SOPInstanceUID": "1.2.3.4",
        "SamplesPerPixel": frame.shape[2] if color else 1,
        "PhotometricInterpretation": "RGB" if color else "MONOCHROME2",
        "Rows": frame.shape[0],
        "Columns": frame.shape[1],
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": int(frame.dtype.kind == "i"),
    }
    if color:
        elements["PlanarConfiguration"] = 0
    if frames > 1:
        elements["NumberOfFrames"] = frames
    return elements


def native(frames: Stored, bits: int = 0, *, count: int = 1, planar: bool = False) -> Picture:
    """Return a native picture; `count` frames where there are several."""
    frame = frames if count == 1 else frames[0]
    many = [frames] if count == 1 else list(frames)
    pixels = b"".join(packing.words(each, planar=planar) for each in many)
    elements = describing(frame, bits, frames=count)
    if planar:
        elements["PlanarConfiguration"] = 1
    vr = "OB" if frame.dtype.itemsize == 1 else "OW"
    return Picture(elements=elements, pixels=pixels + b"\0" * (len(pixels) % 2), vr=vr)


def coded(uid: str, frame: Stored, items: bytes, bits: int = 0, *, count: int = 1) -> Picture:
    """Return an encapsulated picture of frames like this one."""
    return Picture(elements=describing(frame, bits, frames=count), pixels=items, uid=uid, vr="OB", length=UNDEFINED)


def one_frame(uid: str, frame: Stored, stream: bytes, bits: int = 0) -> Picture:
    """Return an encapsulated picture of one frame in one fragment, its offset table empty."""
    return coded(uid, frame, packing.encapsulate([[stream]]), bits)
