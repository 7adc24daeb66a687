"""The functions under fuzz, each from one row of bytes: indexes, peeks, decoders in Python, tables."""

import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels import syntaxes as s
from dicompix.pixels.batch import decode_all
from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import Decoder, decode_frame
from dicompix.pixels.errors import PixelError
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import BufferSource, FrameIndex, MappedSource, SwappedSource, index_native
from dicompix.pixels.limits import check_frame
from dicompix.pixels.read.luts import lut_of, palette_of
from dicompix.pixels.settle import settle
from dicompix.pixels.transforms.segmented import expand_segments
from fuzz.fields import SYNTAXES, Fields, header
from malformations.streams import SKEWED, Bits, first_order, leaping, predicted
from support.cases import CASES
from support.packing import encapsulate, offsets_of
from support.toys import SPLIT, WHOLE

MOST_FRAMES = 64  # of an index are read
VALUES = tuple(
    np.array([-40000, -1024, -1, 0, 1, 2, 255, 256, 4095, 65535, 70000]).astype(kind)
    for kind in ("u1", "i1", "u2", "i2", "i4", "u4", "f4", "f8")
)
COLORS = ("Red", "Green", "Blue")

PEEKED = {  # name -> a syntax whose family it is, and those whose frames begin it
    "jpeg": (s.JPEG_BASELINE, (s.JPEG_BASELINE, s.JPEG_EXTENDED, s.JPEG_PROGRESSIVE, s.JPEG_LOSSLESS)),
    "jpeg-ls": (s.JPEG_LS, (s.JPEG_LS, s.JPEG_LS_NEAR)),
    "jpeg-2000": (s.JPEG_2000, (s.JPEG_2000, s.JPEG_2000_MC)),
    "htj2k": (s.HTJ2K, (s.HTJ2K, s.HTJ2K_LOSSLESS)),
    "jpeg-xl": (s.JPEG_XL, (s.JPEG_XL, s.JPEG_XL_LOSSLESS, s.JPEG_XL_RECOMPRESSION)),
    "rle": (s.RLE_LOSSLESS, (s.RLE_LOSSLESS,)),
}


def coded_seeds(*uids: str) -> list[bytes]:
    """Return a format and a frame for every case of some syntaxes."""
    return [header(case.fmt) + case.data for uid in uids for case in CASES[uid]]


def read_all(index: FrameIndex) -> None:
    """Read the first and the last frames of an index, and one that is not there."""
    for number in {*range(min(len(index), MOST_FRAMES)), len(index) - 1} - {-1}:
        assert len(index[number]) <= len(index.source) + 1
    try:
        index[len(index)]
    except PixelError:
        return
    raise AssertionError(f"an index of {len(index)} frames gives one more")


def native_index(data: bytes) -> None:
    """Index native pixel data, read its frames, and decode them all."""
    fields = Fields(data)
    fmt, swapped = fields.format(s.EXPLICIT_LITTLE), fields.number()
    source = BufferSource(fields.rest())
    index = index_native(SwappedSource(source) if swapped & 1 else source, fmt)
    read_all(index)
    if fmt.frames * fmt.array_bytes <= 8 * len(source.buffer):
        decode_all(index, Decoder(fmt=fmt, raw=bool(swapped & 2)), fmt.frames)


def native_index_seeds() -> list[bytes]:
    """Return two frames of every native layout."""
    cases = [case for case in CASES[s.EXPLICIT_LITTLE] if case.fmt.frame_bits % 8 == 0]
    return [header(replace(case.fmt, frames=2)) + b"\0" + case.data * 2 for case in cases]


def encapsulated_index(data: bytes) -> None:
    """Index encapsulated pixel data, in memory or far away, by its own table, an extended one, or none."""
    fields = Fields(data)
    flags = fields.number()
    fmt = fields.format(SYNTAXES[fields.number() % len(SYNTAXES)])
    tables = tuple(fields.take(fields.number()) for _ in range(2))
    extended = (tables[0], tables[1]) if flags & 1 else None
    kind = MappedSource if flags & 2 else BufferSource
    view = memoryview(fields.rest())
    read_all(index_encapsulated(kind(view, delimited=bool(flags & 4)), fmt, extended))


def encapsulated_index_seeds() -> list[bytes]:
    """Return frames whole and in parts, with each kind of table."""
    seeds = []
    for frames in (WHOLE, SPLIT):
        offsets = offsets_of(frames)
        lengths = [len(b"".join(frame)) for frame in frames]
        eight = tuple(struct.pack(f"<{len(values)}Q", *values) for values in (offsets, lengths))
        for flags in range(8):
            for table in ((), offsets):
                fmt = replace(CASES[s.JPEG_BASELINE][0].fmt, frames=len(frames))
                extended = b"".join(bytes([len(part)]) + part for part in eight)
                front = bytes([flags, 1]) + header(fmt) + extended
                seeds.append(front + encapsulate(frames, table, delimited=bool(flags & 4)))
    return seeds


def peeking(uid: str) -> Callable[[bytes], None]:
    """Return a function that peeks, settles what it finds with a header, and checks the size."""

    def run(data: bytes) -> None:
        fields = Fields(data)
        fmt = fields.format(uid)
        rest = fields.rest()
        stream = peek(memoryview(rest), s.syntax_for(uid).family)
        check_frame(settle(fmt, stream).promised, len(rest), stream)

    return run


def decoding(uid: str, codec: str | None) -> Callable[[bytes], None]:
    """Return a function that decodes a frame by one of our codecs in Python, both to RGB and raw."""

    def run(data: bytes) -> None:
        fields = Fields(data)
        fmt = fields.format(uid)
        decode_frame(fields.rest(), fmt, codec=codec)

    return run


def overlong_seeds() -> list[bytes]:
    """Return lossless JPEG of 16 bits with differences of 32768, in each way that they were ever written."""
    frame = leaping()
    fmt = replace(CASES[s.JPEG_LOSSLESS_SV1][0].fmt, rows=frame.shape[0], columns=frame.shape[1], signed=False)
    fmt = replace(fmt, bits_allocated=16, bits_stored=16, high_bit=None)
    ways = Bits(), Bits(spare=True), Bits(SKEWED), Bits(SKEWED, spare=True)
    return [header(fmt) + predicted(frame, first_order, 1, bits) for bits in ways]


def _descriptor(fields: Fields) -> list[int]:
    return [fields.number(2), fields.number(2), fields.number(1)]


def lut(data: bytes) -> None:
    """Read a LUT item, its data in whichever VR, and look up values of every type."""
    fields = Fields(data)
    flags, item = fields.number(), Dataset()
    item.add_new("LUTDescriptor", "US", _descriptor(fields))
    rest = fields.rest()
    if flags & 1:
        item.add_new("LUTData", "US", list(struct.unpack(f"<{len(rest) // 2}H", rest[: len(rest) // 2 * 2])))
    else:
        item.add_new("LUTData", "OW", rest)
    table = lut_of(item, signed_first=bool(flags & 2), big_endian=bool(flags & 4), short=bool(flags & 8))
    for values in VALUES:
        found = table(values)
        assert found.shape == values.shape
        assert not found.size or 0 <= int(found.min()) <= int(found.max()) <= 65535


def lut_seeds() -> list[bytes]:
    """Return tables of 8 and 16 bits, packed and not, short ones too."""
    tables = [(4, 0, 8, bytes(4)), (4, 64512, 16, bytes(range(8))), (5, 0, 8, bytes(6)), (9, 1, 12, bytes(8))]
    return [
        struct.pack("<BHHB", flags, entries, first, bits) + data
        for flags in range(16)
        for entries, first, bits, data in tables
    ]


def palette(data: bytes) -> None:
    """Read a palette, each channel by its own descriptor, discrete or segmented, and colour values with it."""
    fields = Fields(data)
    flags, dataset = fields.number(), Dataset()
    dataset.add_new("PixelRepresentation", "US", flags & 1)
    prefix = "Segmented" if flags & 2 else ""
    for color in COLORS:
        dataset.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", _descriptor(fields))
        dataset.add_new(f"{prefix}{color}PaletteColorLookupTableData", "OW", fields.take(fields.number()))
    if flags & 8:
        dataset.add_new("AlphaPaletteColorLookupTableData", "OW", fields.rest())
    found = palette_of(dataset, big_endian=bool(flags & 4), short=bool(flags & 16))
    for table in (found, found.to_display()):
        for values in VALUES:
            assert table(values).shape == (*values.shape, len(found.channels))


def palette_seeds() -> list[bytes]:
    """Return palettes of 8 and 16 bits, discrete and segmented."""
    seeds = []
    for flags in range(32):
        segmented = bytes([0, 1, 10, 1, 4, 30]) if flags & 2 else bytes([10, 15, 20, 25, 30, 0])
        channel = struct.pack("<HHBB", 5, 0, 8, len(segmented)) + segmented
        seeds.append(bytes([flags]) + channel * 3 + bytes([0, 64, 128, 192, 255, 0]))
        words = (0, 1, 10, 1, 4, 3000) if flags & 2 else (10, 150, 2000, 2500, 3000)
        wide = struct.pack(f"<{len(words)}H", *words)
        seeds.append(bytes([flags]) + (struct.pack("<HHBB", 5, 0, 16, len(wide)) + wide) * 3 + wide)
    return seeds


def segments(data: bytes) -> None:
    """Expand a segmented table."""
    fields = Fields(data)
    flags, entries = fields.number(), fields.number(2)
    found = expand_segments(fields.rest(), (8, 16)[flags & 1], entries, big_endian=bool(flags & 2))
    assert found.shape == (entries,)


def segments_seeds() -> list[bytes]:
    """Return discrete, linear and indirect segments of 8 and 16 bits (PS3.3 C.7.9.2)."""
    narrow = bytes([0, 2, 10, 20, 1, 4, 30, 2, 1, 0, 0, 0, 0])
    wide = struct.pack("<11H", 0, 2, 10, 20, 1, 4, 3000, 2, 1, 0, 0)
    return [bytes([0]) + struct.pack("<H", 8) + narrow, bytes([1]) + struct.pack("<H", 8) + wide]
