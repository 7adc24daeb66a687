"""Native pixel data: packed bits, packed 12 bits, bytes and words in either byte order -> samples (PS3.5 8.1)."""

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, color_after
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.transforms.ycbcr import expand_420, expand_422


def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # a view needs no target
    """Return the samples of one native frame, a read-only view of `data` where no bit has to move."""
    samples = samples_of(data, fmt)
    if fmt.samples == 1:
        return Frame(samples[: fmt.rows * fmt.columns].reshape(fmt.frame_shape), fmt.photometric)
    if fmt.samples == 3 and fmt.photometric in SUBSAMPLED:
        expand = expand_420 if fmt.photometric == Photometric.YBR_PARTIAL_420 else expand_422
        samples = samples[: _shared_size(fmt, samples.size)]
        return Frame(expand(samples, fmt.rows, fmt.columns, fmt.dtype), color_after(fmt))
    pixels = fmt.rows * fmt.columns
    samples = samples[: pixels * fmt.samples]
    if fmt.planar:
        planes = samples.reshape(fmt.samples, fmt.rows, fmt.columns)
        return Frame(planes.transpose(1, 2, 0), fmt.photometric)
    return Frame(samples.reshape(fmt.frame_shape), fmt.photometric)


def _shared_size(fmt: PixelFormat, found: int) -> int:
    """Return how many of the samples found are those of a frame with shared chroma; 4:2:2 rows may be padded."""
    padded = fmt.rows * (fmt.columns + fmt.columns % 2) * 2
    if SUBSAMPLED[fmt.photometric] == 2.0 and found >= padded:
        return padded
    return fmt.frame_bits // fmt.bits_allocated


def samples_of(data: Buffer, fmt: PixelFormat) -> Stored:
    """Return the samples of native bytes in file order, one dimension, native byte order."""
    if len(data) < fmt.frame_bytes:
        raise CodecError(f"the frame has {len(data)} bytes, needed {fmt.frame_bytes}")
    if fmt.bits_allocated == 1:
        return unpack_bits(np.frombuffer(data, np.uint8))
    if fmt.bits_allocated == 12:
        return unpack_12(data).view(fmt.dtype)
    kind = fmt.dtype.newbyteorder(">") if fmt.big_endian else fmt.dtype
    array: Stored = np.frombuffer(data, kind, count=len(data) // kind.itemsize)
    array.flags.writeable = False  # a bytearray's view would let masking write to it
    return array.astype(fmt.dtype) if fmt.big_endian else array


def unpack_bits(packed: Stored) -> Stored:
    """Return one uint8 of 0 or 1 per bit, the least significant bit of each byte first (PS3.5 8.1.1).

    >>> unpack_bits(np.array([0b00000101], np.uint8))
    array([1, 0, 1, 0, 0, 0, 0, 0], dtype=uint8)
    """
    return np.unpackbits(packed, bitorder="little")


def unpack_12(data: Buffer) -> Stored:
    """Return uint16 samples packed two in three bytes (PS3.5 8.1.1; Bits Allocated 12).

    >>> [hex(v) for v in unpack_12(bytes([0x12, 0x63, 0x45])).tolist()]
    ['0x312', '0x456']
    """
    # b0 = p0 & 255, b1 = (p0 >> 8) | (p1 & 15) << 4, b2 = p1 >> 4
    source: Stored = np.frombuffer(data, np.uint8)
    triples = np.zeros((-(-len(source) // 3), 3), np.uint16)
    triples.reshape(-1)[: len(source)] = source
    pairs = np.empty((len(triples), 2), np.uint16)
    pairs[:, 0] = triples[:, 0] | (triples[:, 1] & 15) << 8
    pairs[:, 1] = triples[:, 1] >> 4 | triples[:, 2] << 4
    return pairs.reshape(-1)
