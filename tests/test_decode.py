"""decode_frame and the loop over it: one path, right whatever the number of threads."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from dicompix.pixels.batch import decode_all, decode_frames, is_packed, is_plain, promised_format
from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.decode import Decoder, decode_frame
from dicompix.pixels.errors import CodecError, FrameError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import Buffer, BufferSource, FrameIndex, index_native
from dicompix.pixels.registry import Registry, registry
from dicompix.pixels.syntaxes import (
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LS,
    RLE_LOSSLESS,
)
from dicompix.pixels.testing import make_format
from support.arrays import color, gray
from support.builders import stack
from support.golden import GOLDEN
from support.packing import bits, encapsulate, jpeg_ls_frame, rle, words

FRAMES = stack(gray(16, rows=40, columns=30), 9)
NATIVE = replace(make_format(FRAMES.shape[1:], 16), frames=9)
RLE = replace(NATIVE, transfer_syntax=RLE_LOSSLESS)


def native_index(fmt: PixelFormat = NATIVE, frames: Stored = FRAMES) -> FrameIndex:
    return index_native(BufferSource(words(frames, big_endian=fmt.big_endian)), fmt)


def rle_index() -> FrameIndex:
    return index_encapsulated(BufferSource(encapsulate([[rle(frame)] for frame in FRAMES])), RLE)


@pytest.mark.parametrize("workers", [None, 1, 2, 3, 7, 50])
def test_any_number_of_workers_gives_the_same(workers: int | None) -> None:
    decoded = decode_all(rle_index(), Decoder(fmt=RLE), 9, workers=workers)
    np.testing.assert_array_equal(decoded.array, FRAMES)
    assert decoded.photometric is Photometric.MONOCHROME2
    assert decoded.findings == ()


@pytest.mark.parametrize("count", [1, 4, 9])
def test_the_first_frames_only(count: int) -> None:
    for index, fmt in ((rle_index(), RLE), (native_index(), NATIVE)):
        np.testing.assert_array_equal(decode_all(index, Decoder(fmt=fmt), count).array, FRAMES[:count])


@pytest.mark.parametrize("workers", [1, 2])
def test_frames_are_decoded_into_the_array_given(workers: int) -> None:
    for index, fmt in ((rle_index(), RLE), (native_index(), NATIVE)):
        out = np.zeros(FRAMES.shape, np.uint16)
        assert decode_all(index, Decoder(fmt=fmt), 9, out=out, workers=workers).array is out
        np.testing.assert_array_equal(out, FRAMES)


@pytest.mark.parametrize(
    "out", [np.zeros((9, 40, 30), np.int16), np.zeros((8, 40, 30), np.uint16), np.zeros((9, 40, 30, 1), np.uint16)]
)
def test_an_array_that_does_not_fit_is_refused(out: Stored) -> None:
    for index, fmt in ((rle_index(), RLE), (native_index(), NATIVE)):
        with pytest.raises(FrameError, match=r"out is .*, needed a writable array of uint16, shape \(9, 40, 30\)"):
            decode_all(index, Decoder(fmt=fmt), 9, out=out)


PLAIN = {
    "words": (NATIVE, FRAMES),
    "signed": (replace(NATIVE, signed=True), FRAMES.view(np.int16)),
    "big endian": (replace(NATIVE, big_endian=True, transfer_syntax=EXPLICIT_BIG), FRAMES),
    "unused bits": (replace(NATIVE, bits_stored=12), FRAMES),
    "signed unused bits": (replace(NATIVE, bits_stored=12, signed=True), FRAMES.view(np.int16)),
    "high bit": (replace(NATIVE, bits_stored=12, high_bit=15), FRAMES),
    "high bit, big endian": (
        replace(NATIVE, bits_stored=12, high_bit=14, big_endian=True, transfer_syntax=EXPLICIT_BIG),
        FRAMES,
    ),
    "rgb": (make_format((19, 23, 3)), color(8)[np.newaxis]),
    "floats": (
        PixelFormat(rows=40, columns=30, frames=9, bits_allocated=32, bits_stored=32, floating=True),
        FRAMES.astype(np.float32),
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_the_one_view_of_native_data_equals_the_loop(name: str) -> None:
    fmt, cells = PLAIN[name]
    index = native_index(fmt, cells)
    decoder = Decoder(fmt=fmt)
    assert is_plain(index, decoder)
    whole = decode_all(index, decoder, len(cells))
    loop = [decoder.frame(index[number]) for number in range(len(cells))]
    np.testing.assert_array_equal(whole.array, np.stack([frame.array for frame in loop]))
    assert whole.array.dtype == loop[0].array.dtype == fmt.dtype
    assert whole.array.flags.writeable
    assert [finding.code for finding in whole.findings] == [finding.code for finding in loop[0].findings]
    assert whole.photometric is loop[0].photometric


@pytest.mark.parametrize(
    "fmt",
    [
        replace(make_format((4, 6, 3)), planar=1),
        make_format((4, 6, 3), photometric=Photometric.YBR_FULL),
        make_format((4, 6), 1),
        PixelFormat(rows=4, columns=6, bits_allocated=12, bits_stored=12),
        replace(make_format((4, 6)), transfer_syntax=RLE_LOSSLESS),
    ],
)
def test_other_data_goes_through_the_loop(fmt: PixelFormat) -> None:
    assert not is_plain(index_native(BufferSource(bytes(200)), fmt), Decoder(fmt=fmt))


def test_a_named_codec_is_really_asked() -> None:
    fmt = replace(NATIVE, frames=1)
    assert not is_plain(native_index(fmt, FRAMES[:1]), Decoder(fmt=fmt, codec="dicompix"))
    encapsulated = replace(fmt, transfer_syntax=ENCAPSULATED_UNCOMPRESSED)
    index = index_encapsulated(BufferSource(encapsulate([[words(FRAMES[0])]])), encapsulated)
    assert not is_plain(index, Decoder(fmt=encapsulated))


def test_what_was_given_is_not_written_to() -> None:
    data = bytearray(words(FRAMES))
    fmt = replace(NATIVE, bits_stored=12, high_bit=15)
    index = index_native(BufferSource(data), fmt)
    decode_all(index, Decoder(fmt=fmt), 9)
    [Decoder(fmt=fmt).frame(index[number]) for number in range(9)]
    assert data == words(FRAMES)


def test_too_few_frames() -> None:
    with pytest.raises(FrameError, match=r"less than expected \(21600 vs 24000 bytes\)"):
        decode_all(native_index(replace(NATIVE, frames=10)), Decoder(fmt=replace(NATIVE, frames=10)), 10)
    with pytest.raises(FrameError, match=r"holds 9 frames, but Number of Frames .* is 10: there are fewer fragments"):
        decode_all(rle_index(), Decoder(fmt=RLE), 10)


def broken_at(number: int) -> tuple[FrameIndex, PixelFormat]:
    streams = [[rle(frame)] for frame in FRAMES]
    streams[number] = [streams[number][0][:100]]
    return index_encapsulated(BufferSource(encapsulate(streams)), RLE), RLE


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_says_which_frame(workers: int) -> None:
    index, fmt = broken_at(5)
    with pytest.raises(CodecError, match=r"frame 5: Unable to decode(.|\n)*RLE segment 2 of 2 begins at byte"):
        decode_all(index, Decoder(fmt=fmt), 9, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_findings_say_which_frame(workers: int) -> None:
    frames = [gray(12), gray(10), gray(12)]
    streams = [[jpeg_ls_frame(frame, depth)] for frame, depth in zip(frames, (12, 10, 12), strict=True)]
    fmt = replace(make_format(frames[0].shape, 12, transfer_syntax=JPEG_LS), frames=3)
    decoded = decode_all(
        index_encapsulated(BufferSource(encapsulate(streams)), fmt), Decoder(fmt=fmt), 3, workers=workers
    )
    np.testing.assert_array_equal(decoded.array, np.stack(frames))
    assert [(finding.code, finding.frame) for finding in decoded.findings] == [("codestream-precision", 1)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_frame_that_needs_a_wider_type_than_the_first_is_refused(workers: int) -> None:
    streams = [[GOLDEN["baseline-8"].stream], [GOLDEN["extended-12"].stream]]
    fmt = replace(GOLDEN["baseline-8"].fmt, frames=2, transfer_syntax=JPEG_EXTENDED)
    index = index_encapsulated(BufferSource(encapsulate(streams)), fmt)
    with pytest.raises(FrameError, match=r"frame 1: the frame is \(19, 23\) uint16, needed \(19, 23\) uint8"):
        decode_all(index, Decoder(fmt=fmt), 2, workers=workers)


def test_what_decoding_gives_is_known_before() -> None:
    golden = GOLDEN["extended-12"]
    fmt = replace(golden.fmt, rows=99, bits_allocated=8, bits_stored=8)
    index = index_encapsulated(BufferSource(encapsulate([[golden.stream]])), fmt)
    promised = promised_format(index, Decoder(fmt=fmt))
    frame = decode_frame(golden.stream, fmt)
    assert promised.frame_shape == frame.array.shape == (19, 23)
    assert promised.dtype == frame.array.dtype == np.dtype(np.uint16)


def test_rubbish_before_the_codestream_is_passed_over() -> None:
    golden = GOLDEN["jls-8"]
    frame = decode_frame(b"\xff\xff\xff" + golden.stream, golden.fmt)
    np.testing.assert_array_equal(frame.array, decode_frame(golden.stream, golden.fmt).array)


@pytest.mark.parametrize("raw", [False, True])
def test_ybr_jpeg_is_rgb_unless_raw(raw: bool) -> None:  # noqa: FBT001
    golden = GOLDEN["baseline-ycc444"]
    assert golden.pixels is not None
    frame = decode_frame(golden.stream, golden.fmt, want=DecodeRequest(raw=raw))
    if raw:
        assert frame.photometric is Photometric.YBR_FULL
        assert np.abs(frame.array.astype(int) - golden.pixels).max() <= 1
        return
    y, cb, cr = (golden.pixels[..., plane].astype(float) for plane in range(3))
    red, blue = y + 1.402 * (cr - 128), y + 1.772 * (cb - 128)
    assert frame.photometric is Photometric.RGB
    assert np.abs(frame.array[..., 0] - red.clip(0, 255)).max() <= 2
    assert np.abs(frame.array[..., 2] - blue.clip(0, 255)).max() <= 2


@pytest.mark.parametrize("entry", BUILT_IN[JPEG_BASELINE], ids=lambda entry: entry.name)
@pytest.mark.parametrize("name", ["baseline-ycc444", "baseline-ycc422", "baseline-rgb"])
def test_every_codec_gives_the_same_colour(entry: CodecEntry, name: str) -> None:
    if registry.reason(entry):
        pytest.skip(registry.reason(entry))
    golden = GOLDEN[name]
    first = decode_frame(golden.stream, golden.fmt)
    found = decode_frame(golden.stream, golden.fmt, codec=entry.name)
    assert found.photometric is Photometric.RGB
    difference = np.abs(found.array.astype(int) - first.array)
    if entry.wrong_for:  # passed over for colour, because it converts by its own guess
        return
    assert np.median(difference) <= 1
    assert difference.max() <= (3 if name != "baseline-ycc422" else 28)


class Slow(Registry):
    """One codec that notes which threads it runs on, and how many at once."""

    def __init__(self) -> None:
        super().__init__({RLE_LOSSLESS: (CodecEntry("slow", "none:slow"),)})
        self._loaded["none:slow"] = self.decode
        self.lock = threading.Lock()
        self.running = self.most = self.calls = 0
        self.threads: set[str] = set()

    def decode(self, data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        with self.lock:
            self.running += 1
            self.calls += 1
            self.most = max(self.most, self.running)
            self.threads.add(threading.current_thread().name)
        time.sleep(0.01)
        with self.lock:
            self.running -= 1
        return Frame(np.zeros(fmt.frame_shape, fmt.dtype), fmt.photometric)


def test_one_worker_is_the_calling_thread() -> None:
    slow = Slow()
    decode_all(rle_index(), Decoder(fmt=RLE, codecs=slow), 9, workers=1)
    assert slow.threads == {threading.current_thread().name}
    assert slow.calls == 9


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core")
def test_two_workers_work_at_once() -> None:
    slow = Slow()
    decode_all(rle_index(), Decoder(fmt=RLE, codecs=slow), 9, workers=2)
    assert (slow.most, slow.calls) == (2, 9)


def test_small_work_needs_no_threads() -> None:
    slow = Slow()
    decode_all(rle_index(), Decoder(fmt=RLE, codecs=slow), 9)
    assert slow.most == 1


def test_a_loop_inside_a_loop_ends() -> None:
    with ThreadPoolExecutor(4) as pool:
        arrays = list(pool.map(lambda _: decode_all(rle_index(), Decoder(fmt=RLE), 9, workers=2).array, range(8)))
    for array in arrays:
        np.testing.assert_array_equal(array, FRAMES)


def test_one_bit_frames_through_threads() -> None:
    frames = np.random.default_rng(1).integers(0, 2, (11, 3, 5), np.uint8)
    fmt = replace(make_format((3, 5), 1, transfer_syntax=EXPLICIT_LITTLE), frames=11)
    index = index_native(BufferSource(bits(frames)), fmt)
    np.testing.assert_array_equal(decode_all(index, Decoder(fmt=fmt), 11, workers=2).array, frames)


@pytest.mark.parametrize("columns", [7, 8, 16])
@pytest.mark.parametrize("given", [False, True])
def test_packed_bits_equal_the_loop(columns: int, given: bool) -> None:  # noqa: FBT001
    values = (gray(8, rows=45, columns=columns) & 1).reshape(9, 5, columns)
    fmt = replace(make_format(values.shape[1:], 1), frames=9)
    index = index_native(BufferSource(bits(values)), fmt)
    decoder = Decoder(fmt=fmt)
    assert is_packed(index, decoder)
    out = np.empty_like(values) if given else None
    whole = decode_all(index, decoder, 7, out=None if out is None else out[:7]).array
    assert np.array_equal(whole, values[:7])
    assert np.array_equal(whole, decode_frames(index, decoder, range(7)).array)
    assert out is None or whole.base is out
