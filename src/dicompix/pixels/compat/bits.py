"""Bit-packed pixel data: arrays of 0 and 1 <-> bytes, eight pixels in each (PS3.5 8.1.1, annex D)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dicompix.pixels.codecs import native
from dicompix.pixels.errors import BadValueError, FrameError
from dicompix.pixels.frames import Buffer
from dicompix.pixels.transforms.base import Array


def pack_bits(arr: Array | bytes | bytearray, pad: bool = True) -> bytes:  # noqa: FBT001, FBT002  # pydicom's signature
    r"""Return values of 0 and 1 packed into bytes, the first one lowest in the first byte; `pad` to an even length.

    Raises BadValueError (a ValueError) for other values (PS3.5 8.1.1).

    >>> pack_bits(np.array([1, 0, 1, 0, 0, 0, 0, 0, 1]))
    b'\x05\x01'
    """
    array = np.frombuffer(arr, np.uint8) if isinstance(arr, Buffer) else arr
    bits = array != 0
    if array.dtype != np.bool_ and not np.array_equal(array, bits):
        raise BadValueError("Only binary arrays (containing ones or zeroes) can be packed.")
    return _even(np.packbits(bits.ravel(), bitorder="little").tobytes(), pad=pad)


def unpack_bits(src: bytes, as_array: bool = True) -> Array | bytes:  # noqa: FBT001, FBT002  # pydicom's signature
    r"""Return one uint8 of 0 or 1 for each bit, the lowest of each byte first (PS3.5 8.1.1), as an array or as bytes.

    What is no buffer of bytes is a TypeError.

    >>> unpack_bits(b"\x05", as_array=False)
    b'\x01\x00\x01\x00\x00\x00\x00\x00'
    """
    array = native.unpack_bits(np.frombuffer(src, np.uint8))
    return array if as_array else array.tobytes()


def get_packed_frame(
    src: bytes,
    index: int,
    frame_length: int,
    start_offset: int = 0,
    pad: bool = True,  # noqa: FBT001, FBT002  # pydicom's signature
) -> bytes:
    r"""Return one frame's bits, moved to start at bit 0; `src` begins at byte `start_offset` of the pixel data.

    Raises FrameError (a ValueError) where `src` ends before the frame does (PS3.5 8.1.1).

    >>> get_packed_frame(bytes([0b10110110, 0b00000001]), 1, frame_length=5, pad=False)
    b'\r'
    """
    if index < 0:
        raise BadValueError(f"'index' must be greater than or equal to 0, found {index}")
    first = index * frame_length
    start, stop = first // 8 - start_offset, -(-(first + frame_length) // 8) - start_offset
    if start < 0 or stop > len(src):
        raise FrameError(
            f"There is insufficient pixel data to contain {index + 1} frames of {frame_length} bits: the last lies in "
            f"bytes {start + start_offset} to {stop + start_offset}, found {start_offset} to {start_offset + len(src)}"
        )
    bits = int.from_bytes(src[start:stop], "little") >> first % 8 & ((1 << frame_length) - 1)
    return _even(bits.to_bytes(-(-frame_length // 8), "little"), pad=pad)


def concatenate_packed_frames(
    frames: Sequence[bytes | bytearray],
    frame_length: int,
    pad: bool = True,  # noqa: FBT001, FBT002  # pydicom's signature
) -> bytes:
    r"""Return frames of `frame_length` bits each, every one starting at bit 0, as one run of bits without gaps.

    Bits of a frame above its length do not count. The result is padded to an even length, whatever the frame's length.
    Raises FrameError (a ValueError) for a frame of another number of bytes (PS3.5 8.1.1).

    >>> concatenate_packed_frames([b"\x05", b"\xFF"], frame_length=3, pad=False)
    b'='
    """
    size = -(-frame_length // 8)
    packed = np.zeros(-(-frame_length * len(frames) // 8) + 1, np.uint8)
    for i, frame in enumerate(frames):
        if len(frame) < size:
            raise FrameError(f"frame {i} has {len(frame)} bytes, needed {size} for {frame_length} pixels")
        start, shift = divmod(i * frame_length, 8)
        _add(packed[start : start + size + 1], _cut(frame, frame_length), shift)
    return _even(packed[:-1].tobytes(), pad=pad)


def _cut(frame: Buffer, bits: int) -> Array:
    """Return a frame's bytes with the bits above its length cleared."""
    data = np.frombuffer(frame, np.uint8, count=-(-bits // 8))
    if bits % 8:
        data = data.copy()
        data[-1] &= (1 << bits % 8) - 1
    return data


def _add(target: Array, data: Array, shift: int) -> None:
    """Put bytes into `target`, its bit `shift` first; bits that do not fit go into the byte behind."""
    target[: data.size] |= data << np.uint8(shift)
    if shift:
        behind: Any = target[1 : data.size + 1]
        behind |= (data >> np.uint8(8 - shift))[: behind.size]


def _even(data: bytes, *, pad: bool) -> bytes:
    return data + b"\0" if pad and len(data) % 2 else data
