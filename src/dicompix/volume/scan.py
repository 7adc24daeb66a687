"""The bytes of a file -> the few elements that place and describe a slice, without parsing the rest."""

import mmap
from dataclasses import dataclass

from dicompix.pixels.read.scan import UNDEFINED, Scan, wanted
from dicompix.pixels.read.scan import scan as scan_for
from dicompix.pixels.syntaxes import syntax_for

INSTANCE, MODALITY, SERIES = 0x00080018, 0x00080060, 0x0020000E
POSITION, ORIENTATION, SPACING = 0x00200032, 0x00200037, 0x00280030
THICKNESS, APART, INTERCEPT, SLOPE = 0x00180050, 0x00180088, 0x00281052, 0x00281053
# What PixelFormat is made of (PS3.3 C.7.6.3); a file with several frames has no place here.
DESCRIBING = (
    *(0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011),
    *(0x00280100, 0x00280101, 0x00280102, 0x00280103),
)
_NAMES = {"SeriesInstanceUID": SERIES, "Modality": MODALITY, "SOPInstanceUID": INSTANCE}
_FRAMES = 0x00280008
_TEXTS = (INSTANCE, MODALITY, SERIES, POSITION, ORIENTATION, SPACING, THICKNESS, APART, INTERCEPT, SLOPE)
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
# Modality LUT, dose and functional groups say what a value means or where a frame is; offset tables where it lies.
_UNFIT = (0x00283000, 0x3004000C, 0x3004000E, 0x52009229, 0x52009230, 0x7FE00001, 0x7FE00002)
_WANTED = wanted((*DESCRIBING, *_TEXTS), (*_PIXELS, *_UNFIT))
_ITEM = b"\xfe\xff\x00\xe0"


@dataclass(frozen=True, slots=True)
class Scanned:
    r"""Elements by tag as bytes, and the pixel data: its tag, first byte and length; tag 0 where there is none.

    >>> scanned = Scanned("1.2.840.10008.1.2.1", {SPACING: rb"0.5\0.75 ", MODALITY: b"CT"})
    >>> scanned.numbers(SPACING), scanned.text(MODALITY), scanned.numbers(POSITION)
    ((0.5, 0.75), 'CT', ())
    """

    syntax: str
    values: dict[int, bytes]
    tag: int = 0
    start: int = 0
    length: int = 0

    @property
    def description(self) -> tuple[object, ...]:
        """Return what the format of the pixels follows from: equal in two files, they have one format."""
        return (self.syntax, self.tag, *map(self.values.get, DESCRIBING))

    def text(self, tag: int) -> str:
        """Return an element as text without padding; empty where it is absent."""
        return self.values.get(tag, b"").decode("latin-1").strip(" \0")

    def named(self, keyword: str) -> str:
        """Return one of the elements that name a file, by keyword."""
        return self.text(_NAMES[keyword])

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return decimal strings as numbers, without empty ones; none where one of them is no number."""
        parts = (part.strip(b" \0") for part in self.values.get(tag, b"").split(b"\\"))
        try:
            return tuple(float(part) for part in parts if part)
        except ValueError:
            return ()


def scan(data: mmap.mmap) -> Scanned | None:
    """Return the elements of a plain little-endian file of one frame; None for any other, and for a broken one."""
    found = scan_for(data, _WANTED)
    if found is None or syntax_for(found.syntax).big_endian_pixels:
        return None
    values = {tag: data[start : start + length] for tag, (_, start, length) in found.places.items()}
    if not found.tag:
        return Scanned(found.syntax, values)
    scanned = Scanned(found.syntax, values, found.tag, *found.last[1:])
    return scanned if _is_usual(data, found) and scanned.text(_FRAMES) in {"", "1"} else None


def _is_usual(data: mmap.mmap, found: Scan) -> bool:
    """Tell whether a scan ended at pixel data that is all there, or encapsulated: items (PS3.5 A.4)."""
    _, start, length = found.last
    if found.tag not in _PIXELS:
        return False
    if syntax_for(found.syntax).encapsulated:
        return length == UNDEFINED and data[start : start + 4] == _ITEM
    return start + length <= len(data)
