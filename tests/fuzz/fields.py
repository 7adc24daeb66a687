"""Any bytes -> the arguments of a function under fuzz: a few fields from their beginning, the rest as data."""

import struct

from dicompix.pixels import syntaxes as s
from dicompix.pixels.format import Photometric, PixelFormat

BITS = (1, 8, 12, 16, 32, 64)
PHOTOMETRIC = tuple(Photometric)
SAMPLES = (1, 3, 4)
SIGNED, PLANAR, BIG_ENDIAN, FLOATING, HIGH_BIT = 1, 2, 4, 8, 16  # bits of the flags

_HEADER = struct.Struct("<HHHBBBBBB")


class Fields:
    """Bytes taken from the front; behind their end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        """Return so many bytes."""
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken + bytes(count - len(taken))

    def number(self, size: int = 1) -> int:
        """Return an unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def rest(self) -> bytes:
        """Return what is left."""
        return self.data[self.at :]

    def format(self, uid: str) -> PixelFormat:
        """Return a pixel format of that syntax, or raise FormatError as its constructor does."""
        rows, columns, frames, samples, photometric, bits, stored, high, flags = _HEADER.unpack(self.take(_HEADER.size))
        allocated = BITS[bits % len(BITS)]
        return PixelFormat(
            rows=rows,
            columns=columns,
            frames=frames,
            samples=SAMPLES[samples % len(SAMPLES)],
            photometric=PHOTOMETRIC[photometric % len(PHOTOMETRIC)],
            bits_allocated=allocated,
            bits_stored=stored,
            high_bit=high if flags & HIGH_BIT else None,
            signed=bool(flags & SIGNED),
            planar=int(bool(flags & PLANAR)),
            big_endian=bool(flags & BIG_ENDIAN),
            floating=bool(flags & FLOATING) and allocated in {32, 64},
            transfer_syntax=uid,
        )


def header(fmt: PixelFormat) -> bytes:
    """Return the bytes that `Fields.format` reads a format from."""
    flags = (
        SIGNED * fmt.signed
        + PLANAR * fmt.planar
        + BIG_ENDIAN * fmt.big_endian
        + FLOATING * fmt.floating
        + HIGH_BIT * (fmt.high_bit is not None)
    )
    return _HEADER.pack(
        fmt.rows,
        fmt.columns,
        fmt.frames,
        SAMPLES.index(fmt.samples),
        PHOTOMETRIC.index(fmt.photometric),
        BITS.index(fmt.bits_allocated),
        fmt.bits_stored,
        fmt.high_bit or 0,
        flags,
    )


SYNTAXES = (s.EXPLICIT_LITTLE, s.JPEG_BASELINE, s.JPEG_2000, s.RLE_LOSSLESS, s.JPEG_XL, s.ENCAPSULATED_UNCOMPRESSED)
