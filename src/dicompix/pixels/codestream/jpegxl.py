"""JPEG XL: the size header and image metadata, bare or in boxes -> Codestream (ISO/IEC 18181-1 annex D)."""

from dicompix.pixels.codestream.base import Codestream, Data, boxes, spell
from dicompix.pixels.errors import CodecError

SIGNATURE_BOX = bytes.fromhex("0000000C 4A584C20 0D0A870A")
START = b"\xff\x0a"
HEADER_BYTES = 512  # no more than this is read for the metadata

# A U32 value is base + bits, by one of four (base, bits) that two bits choose (18181-1 annex B).
Distribution = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]
SIZE: Distribution = ((1, 9), (1, 13), (1, 18), (1, 30))
PREVIEW_EIGHTHS: Distribution = ((16, 0), (32, 0), (1, 5), (33, 9))
PREVIEW: Distribution = ((1, 6), (65, 8), (321, 10), (1345, 12))
TICKS: Distribution = ((100, 0), (1000, 0), (1, 10), (1, 30))
TICK_DIVISOR: Distribution = ((1, 0), (1001, 0), (1, 8), (1, 10))
LOOPS: Distribution = ((0, 0), (0, 3), (0, 16), (0, 32))
INTEGER_BITS: Distribution = ((8, 0), (10, 0), (12, 0), (1, 6))
FLOAT_BITS: Distribution = ((32, 0), (16, 0), (24, 0), (1, 6))
EXTRA_CHANNELS: Distribution = ((0, 0), (1, 0), (2, 4), (1, 12))
ENUM: Distribution = ((0, 0), (1, 0), (2, 4), (18, 6))
SHIFT: Distribution = ((0, 0), (3, 0), (4, 0), (1, 3))
NAME_LENGTH: Distribution = ((0, 0), (0, 4), (16, 5), (48, 10))
CFA_CHANNEL: Distribution = ((1, 0), (0, 2), (3, 4), (19, 8))

# Columns to rows by the three-bit ratio (18181-1 table D.2); 0: columns are stated.
RATIOS = ((0, 0), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
GRAY = 1  # ColourSpace (18181-1 table E.3)
ALPHA, SPOT_COLOR, CFA = 0, 2, 5  # ExtraChannelType (18181-1 table D.8)
MOST_BITS = 32


class _Bits:
    """The bits of a header, least significant first; past their end is an IndexError."""

    def __init__(self, data: bytes) -> None:
        self.value = int.from_bytes(data, "little")
        self.left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self.left:
            raise IndexError(f"{count} more bits needed, {self.left} left")
        taken = self.value & ((1 << count) - 1)
        self.value >>= count
        self.left -= count
        return taken

    def choose(self, distribution: Distribution) -> int:
        base, count = distribution[self.take(2)]
        return base + self.take(count)


def read(data: Data, start: int = 0) -> Codestream:
    """Return what the size header and the image metadata say of the stream or container at `start`."""
    header, complete = _header(data, start)
    if not header.startswith(START):
        raise CodecError(f"the JPEG XL codestream begins with {spell(header)}, needed FF 0A")
    bits = _Bits(header[2:])
    rows, columns = _size(bits)
    try:
        samples, precision, xyb = _metadata(bits)
    except IndexError:
        if len(header) < HEADER_BYTES:
            raise
        samples, precision, xyb = 0, 0, False
    # XYB is a lossy transform; without it the frame header would have to tell.
    lossless = False if xyb else None
    return Codestream(
        kind="jpeg-xl",
        rows=rows,
        columns=columns,
        samples=samples,
        precision=precision,
        lossless=lossless,
        start=start,
        complete=complete,
    )


def _header(data: Data, start: int) -> tuple[bytes, bool]:
    """Return the codestream's first bytes and whether its boxes, if any, are all there (18181-2 clause 9)."""
    if data[start] == START[0]:
        return bytes(data[start : start + HEADER_BYTES]), True
    header, complete, found = b"", True, False
    for kind, first, stop in boxes(data, start):
        if kind in {b"jxlc", b"jxlp"}:
            skipped = 0 if kind == b"jxlc" else 4  # jxlp begins with its number
            if len(header) < HEADER_BYTES:
                header += bytes(data[first + skipped : min(stop, first + skipped + HEADER_BYTES)])
            complete, found = complete and stop <= len(data), True
    if not found:
        raise CodecError("the JPEG XL container has neither a jxlc nor a jxlp box, needed one for the codestream")
    return header[:HEADER_BYTES], complete


def _size(bits: _Bits) -> tuple[int, int]:
    """Return rows and columns (18181-1 D.2)."""
    small = bits.take(1)
    rows = 8 * (bits.take(5) + 1) if small else bits.choose(SIZE)
    ratio = bits.take(3)
    if ratio:
        across, down = RATIOS[ratio]
        return rows, rows * across // down
    return rows, 8 * (bits.take(5) + 1) if small else bits.choose(SIZE)


def _metadata(bits: _Bits) -> tuple[int, int, bool]:
    """Return samples, precision and whether the samples are coded as XYB (18181-1 D.3)."""
    if bits.take(1):  # all default
        return 3, 8, True
    if bits.take(1):
        _skip_extra_fields(bits)
    precision = _bit_depth(bits)
    bits.take(1)  # 16-bit buffers suffice
    extra = bits.choose(EXTRA_CHANNELS)
    for _ in range(extra):
        precision = max(precision, _extra_channel(bits))
    xyb = bool(bits.take(1))
    colors = 3
    if not bits.take(1):  # the colour encoding is not the default, sRGB
        bits.take(1)  # an ICC profile follows
        colors = 1 if bits.choose(ENUM) == GRAY else 3
    return colors + extra, precision, xyb


def _skip_extra_fields(bits: _Bits) -> None:
    """Pass over orientation, intrinsic size, preview and animation (18181-1 D.3)."""
    bits.take(3)
    if bits.take(1):
        _size(bits)
    if bits.take(1):
        distribution = PREVIEW_EIGHTHS if bits.take(1) else PREVIEW
        bits.choose(distribution)
        if not bits.take(3):
            bits.choose(distribution)
    if bits.take(1):
        for distribution in (TICKS, TICK_DIVISOR, LOOPS):
            bits.choose(distribution)
        bits.take(1)


def _bit_depth(bits: _Bits) -> int:
    """Return bits per sample, integer or floating point (18181-1 D.3.5)."""
    floating = bits.take(1)
    depth = bits.choose(FLOAT_BITS if floating else INTEGER_BITS)
    if floating:
        bits.take(4)
    if depth > MOST_BITS:
        raise CodecError(f"the JPEG XL metadata states {depth} bits per sample, needed 1 to {MOST_BITS}")
    return depth


def _extra_channel(bits: _Bits) -> int:
    """Return the bits per sample of one extra channel, all of its description consumed (18181-1 D.3.6)."""
    if bits.take(1):  # all default: alpha, 8 bits
        return 8
    kind = bits.choose(ENUM)
    depth = _bit_depth(bits)
    bits.choose(SHIFT)
    bits.take(8 * bits.choose(NAME_LENGTH))
    if kind == ALPHA:
        bits.take(1)
    elif kind == SPOT_COLOR:
        bits.take(4 * 16)
    elif kind == CFA:
        bits.choose(CFA_CHANNEL)
    return depth
