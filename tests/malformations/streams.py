"""Codestreams and what can be wrong with them: markers taken or added, a lossless JPEG encoder that can err."""

import struct
from collections.abc import Callable, Mapping

import imagecodecs
import numpy as np

from dicompix.pixels.codecs.base import Stored

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
Predict = Callable[[int, int, int], int]  # Ra, Rb, Rc (T.81 figure H.1)


def _encode(library: str, frame: Stored, options: Mapping[str, object]) -> bytes:
    """Encode with imagecodecs: `library` is the name of one of its codecs."""
    return bytes(getattr(imagecodecs, f"{library}_encode")(frame, **options))


def baseline(frame: Stored, space: str | None = None) -> bytes:
    """Return a baseline JPEG stream of quality 100, chroma whole; `space` is what colour is coded as."""
    options = {} if space is None else {"colorspace": "RGB", "outcolorspace": space, "subsampling": "444"}
    return _encode("jpeg8", frame, {"level": 100, **options})


def subsampled(frame: Stored) -> bytes:
    """Return a baseline JPEG stream in YCbCr whose chroma is shared by pairs."""
    return _encode("jpeg8", frame, {"level": 100, "colorspace": "RGB", "subsampling": "422"})


def lossless(frame: Stored, bits: int = 0, predictor: int = 1) -> bytes:
    """Return a lossless JPEG stream, first-order prediction; colour as it is."""
    options: dict[str, object] = {"lossless": True, "predictor": predictor}
    options["bitspersample"] = bits or frame.dtype.itemsize * 8
    if frame.ndim == 3:
        options.update(colorspace="RGB", outcolorspace="RGB")
    return _encode("jpeg8", frame, options)


def jpeg_2000(frame: Stored, bits: int = 0, **options: object) -> bytes:
    """Return a reversible JPEG 2000 codestream."""
    given: dict[str, object] = {"codecformat": "j2k", "reversible": True, "level": 0, **options}
    if bits:
        given["bitspersample"] = bits
    return _encode("jpeg2k", frame, given)


def high_throughput(frame: Stored) -> bytes:
    """Return a reversible HTJ2K codestream."""
    return bytes(imagecodecs.htj2k_encode(frame, reversible=True))


def one_step(stream: bytes) -> bytes:
    """Return a reversible JPEG 2000 codestream that is left with the first one of its step sizes (T.800 A.6.4)."""
    at = stream.index(b"\xff\x5c") + 2
    length = int.from_bytes(stream[at : at + 2], "big")
    return stream[:at] + struct.pack(">H", 4) + stream[at + 2 : at + 4] + stream[at + length :]


def jpeg_xl(frame: Stored) -> bytes:
    """Return a lossless JPEG XL codestream."""
    return bytes(imagecodecs.jpegxl_encode(frame, lossless=True))


def segments(stream: bytes) -> tuple[list[bytes], bytes]:
    """Return the marker segments of a JPEG stream up to its first scan, and the rest, SOS on."""
    found, position = [], 2
    while stream[position + 1] != 0xDA:
        stop = position + 2 + int.from_bytes(stream[position + 2 : position + 4])
        found.append(stream[position:stop])
        position = stop
    return found, stream[position:]


def without_markers(stream: bytes) -> bytes:
    """Return a JPEG stream without its application markers, JFIF and Adobe among them."""
    found, rest = segments(stream)
    return SOI + b"".join(each for each in found if not 0xE0 <= each[1] <= 0xEF) + rest


def with_adobe(stream: bytes, transform: int) -> bytes:
    """Return a JPEG stream whose one application marker is Adobe's (T.872 6.5.3)."""
    adobe = b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)
    return SOI + adobe + without_markers(stream)[2:]


def with_ids(stream: bytes, ids: bytes) -> bytes:
    """Return a JPEG stream without application markers whose components have these identifiers (T.81 B.2.2)."""
    found, rest = segments(without_markers(stream))
    changed = []
    for each in found:
        segment = bytearray(each)
        if segment[1] in {0xC0, 0xC1, 0xC3}:
            segment[10 : 10 + 3 * len(ids) : 3] = ids
        changed.append(bytes(segment))
    scan = bytearray(rest)
    scan[5 : 5 + 2 * len(ids) : 2] = ids
    return SOI + b"".join(changed) + bytes(scan)


def half(stream: bytes, end: bytes = b"") -> bytes:
    """Return the first half of a stream, with an end marker or without."""
    return stream[: len(stream) // 4 * 2] + end


def first_order(left: int, above: int, corner: int) -> int:
    """Predict by selection value 1."""
    return left


def exact(before: int, above: int, corner: int) -> int:
    """Predict by selection value 6 in unbounded arithmetic, as T.81 table H.1 asks."""
    return above + (before - corner >> 1)


def overflowing(before: int, above: int, corner: int) -> int:
    """Predict by selection value 6 in 16-bit arithmetic, as some encoder did."""
    difference = (before - corner + 0x8000 & 0xFFFF) - 0x8000
    return above + (difference >> 1)


def predicted(frame: Stored, predict: Predict = exact, selection: int = 6, coder: "Bits | None" = None) -> bytes:
    """Return a 16-bit lossless JPEG stream by a predictor of one's own (T.81 annex H)."""
    rows, columns = frame.shape
    samples = [[int(value) & 0xFFFF for value in line] for line in frame.tolist()]
    coder = Bits() if coder is None else coder
    for y, line in enumerate(samples):
        for x, sample in enumerate(line):
            if y and x:
                guess = predict(line[x - 1], samples[y - 1][x], samples[y - 1][x - 1])
            else:
                guess = line[x - 1] if x else samples[y - 1][0] if y else 0x8000
            coder.difference((sample - guess + 0x8000 & 0xFFFF) - 0x8000)
    lengths = bytes(sum(len(code) == n for code in coder.codes) for n in range(1, 17))
    table = b"\xff\xc4" + struct.pack(">HB", 19 + sum(lengths), 0) + lengths + bytes(range(sum(lengths)))
    header = b"\xff\xc3" + struct.pack(">HBHHB3B", 11, 16, rows, columns, 1, 1, 0x11, 0)
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, selection, 0, 0)
    return SOI + header + table + scan + coder.finished() + EOI


EVEN = tuple(format(category, "05b") for category in range(17))
# Each code one bit longer than the one before: that of category 16 does not fit a table any more.
SKEWED = tuple("1" * category + "0" for category in range(17))


class Bits:
    """Entropy-coded bits, most significant first, zeros stuffed after FF (T.81 F.1.2.3).

    `codes` are those of the categories; with `spare` differences of 32768 have bits after them, as lesser ones do.
    """

    def __init__(self, codes: tuple[str, ...] = EVEN, *, spare: bool = False) -> None:
        self.codes, self.spare = codes, spare
        self.text: list[str] = []

    def difference(self, value: int) -> None:
        category = 16 if value == -0x8000 else abs(value).bit_length()
        self.text.append(self.codes[category])
        if 0 < category < 16 or (category == 16 and self.spare):
            extra = value if value > 0 else value + (1 << category) - 1
            self.text.append(format(extra, f"0{category}b"))

    def finished(self) -> bytes:
        text = "".join(self.text)
        text += "1" * (-len(text) % 8)
        return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)).replace(b"\xff", b"\xff\0")


def leaping(rows: int = 19, columns: int = 23) -> Stored:
    """Return a 16-bit frame that begins with 0, and some of whose neighbours differ by half the range."""
    y, x = np.mgrid[:rows, :columns]
    frame: Stored = ((x * 37 + y * 91) % 300 + 1000 + 0x8000 * ((y % 5 == 3) & (x > 11))).astype(np.uint16)
    frame[frame >= 0x8000] = np.repeat(frame[:, 11], columns)[(frame >= 0x8000).reshape(-1)] + 0x8000
    frame[0, 0] = 0
    return frame


def steps(rows: int = 19, columns: int = 23) -> Stored:
    """Return a 16-bit frame whose neighbours differ by more than half the range."""
    y, x = np.mgrid[:rows, :columns]
    frame: Stored = np.where((x // 3 + y // 2) % 2 == 0, 100 + x * 7, 65000 - y * 11).astype(np.uint16)
    return frame
