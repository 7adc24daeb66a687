"""Where native frames lie, and what is said of data that is too long or too short (PS3.5 8.1.1, D.5 of pydicom)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import FrameError, FrameIndexError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer, BufferSource, FrameIndex, SwappedSource, index_native, short_native_error

BYTES = PixelFormat(rows=3, columns=5, frames=2)
BITS = PixelFormat(rows=3, columns=5, frames=3, bits_allocated=1, bits_stored=1)
TWELVE = PixelFormat(rows=1, columns=3, frames=2, bits_allocated=12, bits_stored=12)


def index_of(data: Buffer, fmt: PixelFormat) -> FrameIndex:
    return index_native(BufferSource(data), fmt)


def codes(index: FrameIndex) -> list[str]:
    return [finding.code for finding in index.findings]


def test_frames_lie_one_after_the_other() -> None:
    data = bytes(range(30))
    index = index_of(data, BYTES)
    assert [bytes(frame) for frame in index] == [data[:15], data[15:]]
    assert index.contiguous
    assert len(index) == 2
    assert index.spans(1) == ((15, 30),)
    assert isinstance(index[0], memoryview)


@pytest.mark.parametrize("frame", [-1, 2, 10**9])
def test_there_is_no_such_frame(frame: int) -> None:
    with pytest.raises(FrameIndexError, match=f"no frame {frame}: the pixel data holds 2 frames"):
        index_of(bytes(30), BYTES)[frame]


def test_frames_of_bits_start_at_bit_0() -> None:
    # 15 bits a frame: frame 1 begins in the last bit of byte 1 (PS3.5 8.1.1).
    samples = np.arange(45) % 3 == 0
    packed = np.packbits(samples, bitorder="little").tobytes()
    index = index_of(packed, BITS)
    assert not index.contiguous
    for number in range(3):
        bits = np.unpackbits(np.frombuffer(index[number], np.uint8), bitorder="little")
        assert len(index[number]) == 2
        assert bits[:15].tolist() == samples[15 * number : 15 * number + 15].tolist()
        assert bits[15] == 0


def test_frames_of_packed_12_bits_start_at_bit_0() -> None:
    # 36 bits a frame. Samples 1 to 6: b0 = p0 & 255, b1 = p0 >> 8 | (p1 & 15) << 4, b2 = p1 >> 4.
    packed = bytes([1, 0x20, 0, 3, 0x40, 0, 5, 0x60, 0])
    index = index_of(packed, TWELVE)
    assert bytes(index[0]) == bytes([1, 0x20, 0, 3, 0])
    assert bytes(index[1]) == bytes([4, 0x50, 0, 6, 0])


@pytest.mark.parametrize(
    ("fmt", "size", "frames", "found"),
    [
        (BYTES, 30, 2, []),
        (BYTES, 31, 2, ["excess-padding"]),
        (BYTES, 33, 2, ["excess-padding"]),
        (BYTES, 45, 3, ["excess-frames"]),
        (BYTES, 46, 3, ["excess-frames"]),
        (BYTES, 29, 1, []),
        (BYTES, 14, 0, []),
        (replace(BYTES, frames=1), 15, 1, []),
        (replace(BYTES, frames=1), 16, 1, []),
        (replace(BYTES, frames=1), 17, 1, ["excess-padding"]),
        (replace(BYTES, frames=1), 30, 2, ["excess-frames"]),
        (BITS, 6, 3, []),
        (BITS, 5, 2, []),
        (BITS, 8, 4, ["excess-frames"]),
        (PixelFormat(rows=1, columns=2, bits_allocated=1, bits_stored=1), 2, 1, []),
        (TWELVE, 9, 2, []),
        (TWELVE, 10, 2, []),
    ],
)
def test_how_many_frames_there_are(fmt: PixelFormat, size: int, frames: int, found: list[str]) -> None:
    index = index_of(bytes(size), fmt)
    assert len(index) == frames
    assert codes(index) == found + ["odd-length"] * (size % 2)
    assert index.declared == fmt.frames


def test_what_is_said_of_data_that_does_not_fit() -> None:
    assert "indicates it contains 3 bytes of excess padding" in str(index_of(bytes(33), BYTES).findings[0])
    assert "sufficient to contain 3 frames which is larger than" in str(index_of(bytes(45), BYTES).findings[0])
    short = short_native_error(BYTES, 20)
    assert "less than expected (20 vs 30 bytes)" in str(short)
    assert "1 of 2 frames are whole" in str(short)
    assert isinstance(short, FrameError)


YBR_422 = PixelFormat(rows=3, columns=5, samples=3, photometric=Photometric.YBR_FULL_422, frames=2)


@pytest.mark.parametrize(
    ("size", "spans"),
    [
        (60, [(0, 30), (30, 60)]),  # pairs run on over row ends
        (72, [(0, 36), (36, 72)]),  # each row of 5 is padded to 6
    ],
)
def test_odd_rows_of_422_have_the_layout_that_the_length_tells(size: int, spans: list[tuple[int, int]]) -> None:
    index = index_of(bytes(size), YBR_422)
    assert [index.spans(i)[0] for i in range(2)] == spans
    assert codes(index) == []


def test_shared_chroma_takes_fewer_bytes() -> None:
    even = replace(YBR_422, columns=4)
    assert [index_of(bytes(48), even).spans(i)[0] for i in range(2)] == [(0, 24), (24, 48)]
    partial = replace(even, rows=4, photometric=Photometric.YBR_PARTIAL_420)
    assert [index_of(bytes(48), partial).spans(i)[0] for i in range(2)] == [(0, 24), (24, 48)]


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    frames=st.integers(1, 7),
    bits=st.sampled_from([1, 8, 12, 16]),
    seed=st.integers(0, 99),
)
def test_the_frames_are_all_of_the_bits(rows: int, columns: int, frames: int, bits: int, seed: int) -> None:
    size = rows * columns * bits
    stream = np.random.default_rng(seed).integers(0, 2, size * frames, np.uint8)
    packed = np.packbits(stream, bitorder="little").tobytes()
    fmt = PixelFormat(rows=rows, columns=columns, frames=frames, bits_allocated=bits, bits_stored=bits)
    index = index_of(packed, fmt)
    assert len(index) == frames
    for number in range(frames):
        found = np.unpackbits(np.frombuffer(index[number], np.uint8), bitorder="little")
        assert np.array_equal(found[:size], stream[size * number : size * (number + 1)])
        assert not found[size:].any()


@given(data=st.binary(min_size=0, max_size=33), start=st.integers(0, 40), length=st.integers(0, 40))
def test_swapped_words_are_sample_order(data: bytes, start: int, length: int) -> None:
    expected = bytearray(data)
    for i in range(0, len(data) - 1, 2):
        expected[i], expected[i + 1] = data[i + 1], data[i]
    source = SwappedSource(BufferSource(data))
    assert len(source) == len(data)
    assert bytes(source.read(start, start + length)) == bytes(expected)[start : start + length]


def test_nothing_is_copied() -> None:
    data = bytearray(30)
    frame = index_of(data, BYTES)[1]
    data[15] = 77
    assert frame[0] == 77
