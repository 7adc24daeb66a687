"""Laws of the frame index: any split gives the frames back, no bytes break it, one scan builds it (PS3.5 A.4)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.errors import FrameError
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import Buffer, BufferSource
from dicompix.pixels.syntaxes import (
    ENCAPSULATED_UNCOMPRESSED,
    JPEG_BASELINE,
    RLE_LOSSLESS,
)
from support.packing import cut, encapsulate, offsets_of
from support.toys import codes, fmt_of, frames_in, index_of, joined, jpeg


@given(
    sizes=st.lists(st.integers(2, 30), min_size=1, max_size=8),
    parts=st.integers(1, 5),
    table=st.booleans(),
)
def test_any_split_gives_the_frames_back(sizes: list[int], parts: int, table: bool) -> None:  # noqa: FBT001
    frames = [cut(jpeg(number, 2 * size), parts) for number, size in enumerate(sizes)]
    index = index_of(encapsulate(frames, offsets_of(frames) if table else ()), len(frames))
    assert frames_in(index) == joined(frames)
    assert codes(index) == []


@given(data=st.binary(max_size=200), frames=st.integers(1, 5))
def test_no_bytes_break_the_scan(data: bytes, frames: int) -> None:
    for uid in (JPEG_BASELINE, RLE_LOSSLESS, ENCAPSULATED_UNCOMPRESSED):
        try:
            index = index_of(encapsulate([[b"ab"]])[:18] + data, frames, uid)
        except FrameError as problem:
            assert str(problem)  # noqa: PT017  # either outcome is right
        else:
            assert frames_in(index)


class Counting(BufferSource):
    __slots__ = ("reads",)

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0

    def read(self, start: int, stop: int) -> Buffer:
        self.reads += 1
        return super().read(start, stop)


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("parts", [1, 3])
def test_the_index_is_built_in_one_scan(table: bool, parts: int) -> None:  # noqa: FBT001
    frames = [cut(jpeg(number % 251), parts) for number in range(4000)]
    source = Counting(encapsulate(frames, offsets_of(frames) if table else ()))
    began = time.perf_counter()
    index = index_encapsulated(source, fmt_of(4000))
    took = time.perf_counter() - began
    assert source.reads <= 4 * 4000 * parts
    assert took < 2
    source.reads = 0
    assert bytes(index[3999]) == jpeg(3999 % 251)
    assert source.reads == parts
