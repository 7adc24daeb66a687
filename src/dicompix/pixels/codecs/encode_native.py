"""Samples -> native pixel data, plain or deflated: packed bits, packed 12 bits, bytes, words (PS3.5 8.1, A.4.13)."""

import zlib
from dataclasses import replace

import numpy as np

from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored
from dicompix.pixels.errors import BadValueError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.syntaxes import syntax_for

_LEVEL = 6  # zlib's own default


def encode(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:  # noqa: ARG001  # nothing to choose
    """Return the bytes of one native frame; the last byte may be filled up with zeros."""
    planar = fmt.planar if fmt.samples > 1 and fmt.photometric not in SUBSAMPLED else 0
    return Encoded(packed(in_file_order(array, replace(fmt, planar=planar)), fmt), fmt.photometric, planar)


def encode_deflated(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Return one native frame as raw deflate, without a zlib header (RFC 1951)."""
    native = encode(array, fmt, want)
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return replace(native, data=stream.compress(native.data) + stream.flush())


def in_file_order(array: Stored, fmt: PixelFormat) -> Stored:
    """Return the samples of a frame as the file has them: planes, shared chroma, High Bit (PS3.3 C.7.6.3.1)."""
    if fmt.samples == 3 and fmt.photometric in SUBSAMPLED:
        array = _shared_chroma(array, fmt)
    elif fmt.planar:
        array = np.moveaxis(array, -1, 0)
    return np.left_shift(array, fmt.shift) if fmt.shift and not fmt.floating else array


def packed(array: Stored, fmt: PixelFormat) -> bytes:
    r"""Return samples as bytes, in the byte order of the transfer syntax.

    >>> packed(np.array([1, 0, 1], np.uint8), PixelFormat(rows=1, columns=3, bits_allocated=1, bits_stored=1))
    b'\x05'
    """
    if fmt.bits_allocated == 1:
        return np.packbits(array.reshape(-1), bitorder="little").tobytes()
    if fmt.bits_allocated == 12:
        return _pack_12(array.reshape(-1).view(np.uint16))
    big = syntax_for(fmt.transfer_syntax).big_endian_pixels
    return array.astype(fmt.dtype.newbyteorder(">" if big else "<"), copy=False).tobytes()


def _pack_12(samples: Stored) -> bytes:
    # b0 = p0 & 255, b1 = (p0 >> 8) | (p1 & 15) << 4, b2 = p1 >> 4
    pairs = np.zeros((-(-samples.size // 2), 2), np.uint16)
    pairs.reshape(-1)[: samples.size] = samples & 0xFFF
    triples = np.empty((len(pairs), 3), np.uint8)
    triples[:, 0] = pairs[:, 0]
    triples[:, 1] = pairs[:, 0] >> 8 | (pairs[:, 1] & 15) << 4
    triples[:, 2] = pairs[:, 1] >> 4
    return triples.tobytes()[: -(-samples.size * 12 // 8)]


def _shared_chroma(array: Stored, fmt: PixelFormat) -> Stored:
    """Return Y1 Y2 CB CR of each pair of pixels, chroma that of the first (PS3.3 C.7.6.3.1.2)."""
    if fmt.photometric == Photometric.YBR_PARTIAL_420 or fmt.columns % 2:
        raise BadValueError(
            f"{fmt.columns} columns of {fmt.photometric} cannot be written as native pixel data, "
            "needed an even number of columns and 4:2:2, or YBR_FULL"
        )
    pairs = array.reshape(fmt.rows, fmt.columns // 2, 2, 3)
    return np.concatenate([pairs[..., 0], pairs[..., 0, 1:]], axis=-1)
