"""Samples -> bytes as PS3.5 lays them out, written by hand: what the decoders under test are held against."""

import struct
import zlib
from collections.abc import Iterable, Sequence

import imagecodecs
import jpeg_ls
import numpy as np

from dicompix.pixels.codecs.base import Stored

ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def words(frame: Stored, *, big_endian: bool = False, planar: bool = False) -> bytes:
    """Return samples of whole bytes in file order (PS3.5 8.1.1)."""
    ordered = np.moveaxis(frame, -1, 0) if planar else frame
    return np.ascontiguousarray(ordered).astype(frame.dtype.newbyteorder(">" if big_endian else "<")).tobytes()


def bits(frames: Stored) -> bytes:
    """Return samples of one bit, the first lowest in the first byte, frames not aligned (PS3.5 8.1.1)."""
    return np.packbits(frames.reshape(-1), bitorder="little").tobytes()


def twelve(samples: Stored) -> bytes:
    """Return samples of 12 bits, two in three bytes (PS3.5 8.1.1)."""
    packed = bytearray()
    values = [int(value) & 0xFFF for value in samples.reshape(-1)]
    for first, second in zip(values[::2], [*values[1::2], 0], strict=False):
        packed += bytes([first & 255, first >> 8 | (second & 15) << 4, second >> 4])
    return bytes(packed[: -(-len(values) * 12 // 8)])


def shared_422(frame: Stored, *, rows_padded: bool = False) -> tuple[bytes, Stored]:
    """Return Y1 Y2 CB CR for each pair of pixels, and the frame that this gives back (PS3.3 C.7.6.3.1.2).

    A pair's chrominance is its first pixel's. Pairs run on over row ends, unless each odd row is padded.
    """
    rows, columns, _ = frame.shape
    lines: list[Stored] = list(frame) if rows_padded else [frame.reshape(-1, 3)]
    packed: list[int] = []
    for line in lines:
        pixels = line.tolist()
        for (y1, cb, cr), (y2, _, _) in zip(pixels[::2], [*pixels[1::2], pixels[-1]], strict=False):
            packed += [y1, y2, cb, cr]
    back = frame.copy() if rows_padded else frame.reshape(1, -1, 3).copy()
    back[:, 1::2, 1:] = back[:, : back.shape[1] // 2 * 2 : 2, 1:]
    return np.array(packed, frame.dtype).tobytes(), back.reshape(rows, columns, 3)


def shared_420(frame: Stored) -> tuple[bytes, Stored]:
    """Return rows in turn of Y1 Y2 CB CR and of Y alone, and the frame that this gives back."""
    packed: list[int] = []
    for upper, lower in zip(frame[::2].tolist(), frame[1::2].tolist(), strict=True):
        for (y1, cb, cr), (y2, _, _) in zip(upper[::2], upper[1::2], strict=True):
            packed += [y1, y2, cb, cr]
        packed += [y for y, _, _ in lower]
    back = frame.copy()
    back[:, 1::2, 1:] = back[:, ::2, 1:]
    back[1::2, :, 1:] = back[::2, :, 1:]
    return np.array(packed, frame.dtype).tobytes(), back


def rle(frame: Stored) -> bytes:
    """Return one RLE frame: byte planes, most significant first, of each sample, PackBits by rows (PS3.5 G)."""
    planes = np.moveaxis(np.atleast_3d(frame), -1, 0)
    segments = []
    for plane in planes:
        cells = plane.astype(plane.dtype.newbyteorder(">")).view(np.uint8).reshape(*plane.shape, -1)
        for number in range(cells.shape[-1]):
            lines = (np.ascontiguousarray(line).tobytes() for line in cells[..., number])
            segments.append(b"".join(imagecodecs.packbits_encode(line) for line in lines))
    return rle_frame(segments)


def rle_bits(frame: Stored) -> bytes:
    """Return one RLE frame of 1-bit samples: the packed frame is its one segment."""
    return rle_frame([bytes(imagecodecs.packbits_encode(bits(frame)))])


def rle_frame(segments: Iterable[bytes]) -> bytes:
    """Return header and even segments (PS3.5 G.5)."""
    even = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    offsets = [64 + sum(map(len, even[:number])) for number in range(len(even))]
    return struct.pack("<16I", len(even), *offsets, *[0] * (15 - len(even))) + b"".join(even)


def jpeg_ls_frame(frame: Stored, bits: int) -> bytes:
    """Return one gray JPEG-LS frame of that precision, coded by CharLS; imagecodecs knows 8 and 16 bits only."""
    rows, columns = frame.shape
    coded = jpeg_ls.encode_pixel_data(
        frame.tobytes(), rows=rows, columns=columns, samples_per_pixel=1, bits_stored=bits, interleave_mode=0
    )
    return bytes(coded)


def deflate(data: bytes) -> bytes:
    """Return a raw deflate stream, padded to even length (PS3.5 A.4.13)."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = stream.compress(data) + stream.flush()
    return packed + b"\0" * (len(packed) % 2)


def offsets_of(frames: Sequence[Sequence[bytes]]) -> list[int]:
    """Return the offset of each frame's first item from the first item after the table (PS3.5 A.4)."""
    offsets, position = [], 0
    for frame in frames:
        offsets.append(position)
        position += sum(8 + len(fragment) + len(fragment) % 2 for fragment in frame)
    return offsets


def encapsulate(frames: Sequence[Sequence[bytes]], table: Sequence[int] = (), *, delimited: bool = True) -> bytes:
    """Return frames, each a list of fragments, as items after a basic offset table (PS3.5 A.4)."""
    items = [struct.pack(f"<{len(table)}I", *table)]
    items += [fragment + b"\0" * (len(fragment) % 2) for frame in frames for fragment in frame]
    data = b"".join(ITEM + struct.pack("<I", len(item)) + item for item in items)
    return data + DELIMITER if delimited else data


def cut(data: bytes, parts: int) -> list[bytes]:
    """Return data in fragments of even length."""
    step = -(-len(data) // parts)
    step += step % 2
    return [data[start : start + step] for start in range(0, len(data), step)]
