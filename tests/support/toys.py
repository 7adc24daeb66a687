"""Frames that only look like codestreams, and what an index makes of them."""

import struct
from collections.abc import Sequence

from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import BufferSource, FrameIndex
from dicompix.pixels.syntaxes import JPEG_BASELINE
from support.packing import cut

START, END = b"\xff\xd8\xff\xe0", b"\xff\xd9"
J2K = b"\xff\x4f\xff\x51"


def jpeg(number: int, size: int = 40) -> bytes:
    return START + bytes([number]) * size + END


def fmt_of(frames: int, uid: str = JPEG_BASELINE) -> PixelFormat:
    return PixelFormat(rows=2, columns=3, frames=frames, transfer_syntax=uid)


def index_of(
    data: bytes, frames: int, uid: str = JPEG_BASELINE, extended: tuple[bytes, bytes] | None = None
) -> FrameIndex:
    return index_encapsulated(BufferSource(data, delimited=True), fmt_of(frames, uid), extended)


def frames_in(index: FrameIndex) -> list[bytes]:
    return [bytes(index[i]) for i in range(len(index))]


def codes(index: FrameIndex) -> list[str]:
    return [finding.code for finding in index.findings]


def words(values: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


WHOLE = [[jpeg(1)], [jpeg(2)], [jpeg(3)]]
SPLIT = [cut(jpeg(1), 3), [jpeg(2)], cut(jpeg(3), 2)]


def joined(frames: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [b"".join(frame) for frame in frames]
