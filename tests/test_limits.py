"""A header that lies about its size gets an error before memory is taken."""

import gzip
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from time import process_time

import imagecodecs
import numpy as np
import pytest
from pydicom.errors import InvalidDicomError

import dicompix
from dicompix.isolate import isolated
from dicompix.pixels.batch import decode_all, decode_frames
from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import Decoder, decode_frame
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FormatError,
    FrameError,
    LimitError,
    PixelError,
    PixelWarning,
    TransformError,
)
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import BufferSource, FrameIndex, index_native
from dicompix.pixels.image import Image
from dicompix.pixels.limits import (
    MAX_FRAME_BYTES,
    Limits,
    check_array,
    check_frame,
    check_frames,
    current_limits,
    limits,
    set_limits,
)
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    EXPLICIT_LITTLE,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_PROGRESSIVE,
    JPEG_XL,
    RLE_LOSSLESS,
)
from dicompix.pixels.transforms import expand_segments
from support.builders import data_set, file_of
from support.golden import GOLDEN
from support.packing import deflate, encapsulate, rle

SMALL = np.arange(64, dtype=np.uint8).reshape(8, 8)


def huge(uid: str, bits: int = 8) -> PixelFormat:
    return PixelFormat(rows=65535, columns=65535, bits_allocated=bits, bits_stored=bits, transfer_syntax=uid)


def lying(stream: bytes, marker: bytes, at: int) -> bytes:
    """Return the stream with 65,535 lines and columns in its frame header."""
    start = stream.index(marker) + at
    return stream[:start] + b"\xff\xff\xff\xff" + stream[start + 4 :]


def large(stream: bytes | bytearray) -> bytes:
    """Return a JPEG 2000 stream with 65,535 columns and rows, in one tile, in SIZ (T.800 A.5.1)."""
    size, start = struct.pack(">II", 65535, 65535), bytes(stream).index(b"\xff\x51") + 6
    return bytes(stream[:start]) + size + bytes(stream[start + 8 : start + 16]) + size + bytes(stream[start + 24 :])


STREAMS = {
    EXPLICIT_LITTLE: SMALL.tobytes(),
    DEFLATED_IMAGE_FRAME: deflate(SMALL.tobytes()),
    RLE_LOSSLESS: rle(SMALL),
    JPEG_BASELINE: lying(GOLDEN["baseline-8"].stream, b"\xff\xc0", 5),
    JPEG_EXTENDED: lying(GOLDEN["extended-12"].stream, b"\xff\xc1", 5),
    JPEG_PROGRESSIVE: lying(GOLDEN["progressive-8"].stream, b"\xff\xc2", 5),
    JPEG_LOSSLESS_SV1: lying(GOLDEN["sv1-8"].stream, b"\xff\xc3", 5),
    JPEG_LS: lying(GOLDEN["jls-8"].stream, b"\xff\xf7", 5),
    JPEG_2000: large(imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")),
    HTJ2K_LOSSLESS: large(imagecodecs.htj2k_encode(SMALL)),
}


@pytest.mark.parametrize("uid", STREAMS)
def test_what_a_lying_header_claims_is_not_allocated(uid: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((LimitError, CodecError)):
            decode_frame(STREAMS[uid], huge(uid))
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("uid", "stream"),
    [
        (JPEG_2000, imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")),
        (HTJ2K_LOSSLESS, imagecodecs.htj2k_encode(SMALL)),
        (JPEG_XL, imagecodecs.jpegxl_encode(SMALL)),
    ],
)
def test_a_data_set_that_lies_is_overruled_by_the_codestream(uid: str, stream: bytes) -> None:
    frame = decode_frame(bytes(stream), huge(uid))
    assert frame.array.shape == (8, 8)
    assert [finding.code for finding in frame.findings] == ["codestream-size"]


def test_small_frames_are_never_refused() -> None:
    fmt = PixelFormat(rows=1000, columns=1000, transfer_syntax=RLE_LOSSLESS)
    check_frame(fmt, 1, peek(rle(SMALL), "rle"))


def test_what_the_coding_can_hold_is_allowed() -> None:
    # One pair of bytes repeats a value 128 times (PS3.5 G.3.2).
    fmt = PixelFormat(rows=2048, columns=1024, transfer_syntax=RLE_LOSSLESS)
    stream = peek(rle(SMALL), "rle")
    check_frame(fmt, 2048 * 1024 // 64, stream)
    with pytest.raises(LimitError, match="2048 x 1024 x 1 samples would take 2097152 bytes, but 32767 bytes of rle"):
        check_frame(fmt, 2048 * 1024 // 64 - 1, stream)


@pytest.mark.parametrize("uid", [JPEG_2000, HTJ2K_LOSSLESS, JPEG_XL])
def test_blank_frames_take_few_bytes_in_any_size(uid: str) -> None:
    fmt = PixelFormat(rows=8192, columns=8192, bits_allocated=16, bits_stored=16, transfer_syntax=uid)
    stream = peek(bytes(imagecodecs.jpeg2k_encode(SMALL, codecformat="j2k")), "jpeg-2000")
    check_frame(fmt, 200, stream)
    larger = replace(fmt, rows=32768)
    check_frame(larger, 1 << 20, stream)
    with pytest.raises(LimitError):
        check_frame(larger, 200, stream)


def test_a_line_of_jpeg_ls_takes_a_bit() -> None:
    fmt = PixelFormat(rows=16000, columns=16000, transfer_syntax=JPEG_LS)
    stream = peek(GOLDEN["jls-8"].stream, "jpeg-ls")
    check_frame(fmt, 2000, stream)
    with pytest.raises(LimitError):
        check_frame(fmt, 1999, stream)


def test_packed_samples_take_less_than_their_array() -> None:
    for bits in (1, 12):
        fmt = PixelFormat(rows=2000, columns=2000, bits_allocated=bits, bits_stored=bits)
        check_frame(fmt, fmt.frame_bytes, None)
        with pytest.raises(LimitError):
            check_frame(fmt, fmt.frame_bytes - 1, None)


def test_no_frame_is_larger_than_the_limit() -> None:
    with pytest.raises(LimitError, match=f"the limit is {MAX_FRAME_BYTES} bytes") as found:
        check_frame(huge(JPEG_XL, 16), 1 << 40, None)
    assert isinstance(found.value, FrameError)
    assert isinstance(found.value, ValueError)
    assert isinstance(found.value, PixelError)


# Configured limits


@pytest.fixture
def _ours() -> Iterator[None]:
    before = current_limits()
    yield
    assert current_limits() is before


FRAME = PixelFormat(rows=100, columns=100, frames=3)  # 10,000 bytes each
PIXELS = bytes(30_000)


@pytest.mark.usefixtures("_ours")
def test_more_than_the_limit_is_a_warning_and_twice_as_much_an_error() -> None:
    with limits(frame_bytes=10_000):
        assert check_frame(FRAME, 10_000, None) == ()
    with limits(frame_bytes=9_999):
        (found,) = check_frame(FRAME, 10_000, None)
        assert (found.code, found.severity, found.found, found.used) == ("large-frame", "warning", 10_000, 9_999)
        assert [each.code for each in decode_frame(PIXELS[:10_000], FRAME).findings] == ["large-frame"]
    with limits(frame_bytes=5_000):
        assert [each.code for each in check_frame(FRAME, 10_000, None)] == ["large-frame"]
    with (
        limits(frame_bytes=4_999),
        pytest.raises(LimitError, match="one frame would take 10000 bytes, the limit is 9998"),
    ):
        check_frame(FRAME, 10_000, None)
    with limits(frame_bytes=None):
        assert check_frame(FRAME, 10_000, None) == ()


@pytest.mark.usefixtures("_ours")
def test_whole_arrays_have_their_own_limit() -> None:
    image = Image(data_set(FRAME, PIXELS))
    with limits(array_bytes=29_999), pytest.warns(PixelWarning, match="large-array: one array takes 30000 bytes"):
        assert image.stored().nbytes == 30_000
    with limits(array_bytes=14_999):
        with pytest.raises(LimitError, match="one array would take 30000 bytes, the limit is 29998"):
            image.stored()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert image[1].shape == (100, 100)
            assert image.stored(out=np.empty((3, 100, 100), np.uint8)).nbytes == 30_000  # the caller's memory
    with limits(array_bytes=None):
        assert image.stored().nbytes == 30_000


@pytest.mark.usefixtures("_ours")
def test_encoded_frames_are_counted_as_they_decode() -> None:
    fmt = replace(FRAME, transfer_syntax=RLE_LOSSLESS)
    stream = encapsulate([[rle(np.zeros((100, 100), np.uint8))]] * 3)
    image = Image(data_set(fmt, stream, encapsulated=True))
    with limits(array_bytes=14_999), pytest.raises(LimitError, match="one array would take 30000 bytes"):
        image.stored()
    with limits(frame_bytes=4_999), pytest.raises(LimitError, match="one frame would take 10000 bytes"):
        _ = image[0]


def test_the_last_limits_entered_count_in_all_threads() -> None:
    outside = current_limits()
    with limits(frame_bytes=1) as first:
        with limits(array_bytes=2) as second:
            assert current_limits() is second
            assert second == Limits(array_bytes=2)
        assert current_limits() is first
    assert current_limits() is outside
    assert outside == Limits(frame_bytes=MAX_FRAME_BYTES // 2)


def test_limits_can_be_set_once_for_all() -> None:
    before = set_limits(frame_bytes=123)
    try:
        assert current_limits().frame_bytes == 123
        with limits(frame_bytes=7):
            assert current_limits().frame_bytes == 7
        assert current_limits().frame_bytes == 123
    finally:
        assert set_limits(frame_bytes=before.frame_bytes, array_bytes=before.array_bytes).frame_bytes == 123
    assert current_limits() == before


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "1"])
def test_a_limit_is_a_number_of_bytes(wrong: object) -> None:
    for name in ("frame_bytes", "array_bytes"):
        with pytest.raises(BadValueError, match=f"{name} is"):
            Limits(**{name: wrong})  # type: ignore[arg-type]


def test_slides_and_volumes_of_usual_size_pass_without_a_word() -> None:
    assert check_array(2000 * 512 * 512 * 2) == ()  # a CT of 2,000 slices
    assert check_array(20_000 * 512 * 512 * 3) == ()  # a level of a slide
    tomosynthesis = PixelFormat(rows=3000, columns=4000, bits_allocated=16, bits_stored=16)
    assert check_frame(tomosynthesis, tomosynthesis.frame_bytes, None) == ()


# What a header claims of frames


def test_frames_that_are_not_there_are_not_allocated() -> None:
    fmt = PixelFormat(rows=1000, columns=1000, frames=100_000, transfer_syntax=RLE_LOSSLESS)
    stream = rle(np.zeros((1000, 1000), np.uint8))
    index = FrameIndex(BufferSource(stream * 3), [((0, len(stream)),)] * 3, declared=100_000)
    native = index_native(BufferSource(bytes(3_000_000)), replace(fmt, transfer_syntax=EXPLICIT_LITTLE))
    tracemalloc.start()
    try:
        for given, uid in ((index, RLE_LOSSLESS), (native, EXPLICIT_LITTLE)):
            with pytest.raises(FrameError):
                decode_all(given, Decoder(fmt=replace(fmt, transfer_syntax=uid)), 100_000)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_many_tiny_fragments_do_not_make_a_large_array() -> None:
    fmt = PixelFormat(rows=8192, columns=8192, transfer_syntax=JPEG_2000)
    blank = bytes(imagecodecs.jpeg2k_encode(np.zeros((8192, 8192), np.uint8), codecformat="j2k"))
    source = BufferSource(blank + bytes(8) * 200)
    spans = [((0, len(blank)),), *[((len(blank) + 8 * i, len(blank) + 8 * i + 8),) for i in range(200)]]
    index = FrameIndex(source, spans, declared=201)
    with pytest.raises(LimitError, match="201 frames of 67108864 bytes would take"):
        decode_frames(index, Decoder(fmt=fmt), range(201))


def test_blank_frames_of_usual_number_and_size_are_allowed() -> None:
    mask = PixelFormat(rows=512, columns=512, transfer_syntax=JPEG_2000)
    assert check_frames(mask, 1000, 1000 * 150) == ()


def test_limits_hold_for_frames_that_are_decoded_elsewhere() -> None:
    fmt = replace(FRAME, transfer_syntax=RLE_LOSSLESS)
    image = Image(data_set(fmt, encapsulate([[rle(np.zeros((100, 100), np.uint8))]] * 3), encapsulated=True))
    with isolated(workers=1), limits(array_bytes=14_999), pytest.raises(LimitError, match="one array"):
        image.stored()


def test_a_deflated_frame_is_inflated_to_its_own_size_only() -> None:
    bomb = deflate(bytes(100_000_000))
    tracemalloc.start()
    try:
        frame = decode_frame(bomb, replace(FRAME, frames=1, transfer_syntax=DEFLATED_IMAGE_FRAME))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert frame.array.shape == (100, 100)
    assert [finding.code for finding in frame.findings] == ["deflated-stream"]


def test_a_segmented_palette_does_not_count_for_long() -> None:
    # One value, then 60,000 times: repeat 1,000 empty segments (PS3.3 C.7.9.2.3).
    units = [0, 1, 5, *[0, 0] * 1000, *[2, 1000, 6, 0] * 60_000]
    started = process_time()
    with pytest.raises(TransformError, match="more segments than the 256 entries need"):
        expand_segments(struct.pack(f"<{len(units)}H", *units), 16, 256)
    assert process_time() - started < 5


def bomb(before: int, after: int) -> bytes:
    """Return a deflated file with so many MiB of zeros in an element before the pixel data, and so many in it."""
    plain = file_of(data_set(PixelFormat(rows=8, columns=8), SMALL.tobytes())).getvalue()
    header = plain[: plain.index(b"\xe0\x7f\x10\0")]
    meta, elements = header[: header.index(b"\x08\0\x16\0")], header[header.index(b"\x08\0\x16\0") :]
    meta = meta.replace(b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0", b"\x02\0\x10\0UI\x16\x001.2.840.10008.1.2.1.99")
    stream = zlib.compressobj(1, zlib.DEFLATED, -15)
    packed = stream.compress(b"\x07\0\x10\x10OB\0\0" + struct.pack("<I", before << 20)) if before else b""
    packed += b"".join(stream.compress(bytes(1 << 20)) for _ in range(before))
    packed += stream.compress(elements + b"\xe0\x7f\x10\0OB\0\0" + struct.pack("<I", (after << 20) + 64))
    packed += b"".join(stream.compress(bytes(1 << 20)) for _ in range(after))
    return meta + packed + stream.compress(SMALL.tobytes()) + stream.flush()


def test_a_deflated_data_set_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.dcm"
    path.write_bytes(bomb(1030, 0))
    for opened in (dicompix.dcmread, dicompix.open_image, lambda one: dicompix.dcmread(BytesIO(one.read_bytes()))):
        tracemalloc.start()
        try:
            with pytest.raises(LimitError, match="bytes of a deflated data set would take"):
                opened(path)
            assert tracemalloc.get_traced_memory()[1] < 100_000_000
        finally:
            tracemalloc.stop()


def test_a_large_element_of_a_deflated_data_set_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    path.write_bytes(bomb(20, 0))
    with dicompix.open_image(path) as image:
        assert image.stored().tolist() == [SMALL.tolist()]
        assert len(image.dataset[0x00071010].value) == 20 << 20
    assert dicompix.dcmread(path).pixel_array.tolist() == SMALL.tolist()


def test_a_mask_is_no_larger_than_pixel_data_could_be() -> None:
    with pytest.raises(LimitError, match="cannot hold them"):
        Image(data_set(huge(EXPLICIT_LITTLE), bytes(64))).shutter()


def test_rubbish_is_not_taken_to_pieces(tmp_path: Path) -> None:
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(1 << 26)))
    started = process_time()
    with pytest.raises(InvalidDicomError):
        dicompix.open_image(path)
    assert process_time() - started < 5  # zeros are elements without a value, which pydicom reads one by one


def test_runs_of_nothing_take_no_time() -> None:
    stream = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x80" * 10_000_000 + rle(SMALL)[64:]
    started = process_time()
    fmt = PixelFormat(rows=8, columns=8, transfer_syntax=RLE_LOSSLESS)
    assert decode_frame(stream, fmt, codec="dicompix").array.tolist() == SMALL.tolist()
    assert process_time() - started < 2


def test_a_table_that_claims_more_than_there_is_is_an_error_wherever_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.dcm"
    fmt = PixelFormat(rows=8, columns=8, transfer_syntax=RLE_LOSSLESS)
    value = b"\xfe\xff\0\xe0" + struct.pack("<I", 0x7FFFFFF0) + bytes(16)
    path.write_bytes(file_of(data_set(fmt, value, encapsulated=True), delimited=False).getvalue())
    for job in (lambda: dicompix.open_image(path).stored(), lambda: dicompix.transcode(path, tmp_path / "b", "native")):
        with pytest.raises(PixelError):
            job()


def test_sequences_that_lie_too_deep_in_each_other_are_an_error(tmp_path: Path) -> None:
    inner = b""
    for _ in range(5000):
        item = b"\xfe\xff\0\xe0\xff\xff\xff\xff" + inner + b"\xfe\xff\x0d\xe0" + bytes(4)
        inner = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0" + bytes(4)
    plain = file_of(data_set(PixelFormat(rows=8, columns=8), SMALL.tobytes())).getvalue()
    path = tmp_path / "deep.dcm"
    path.write_bytes(plain[: plain.index(b"\x28\0\x02\0")] + inner + plain[plain.index(b"\x28\0\x02\0") :])
    for opened in (dicompix.dcmread, dicompix.open_image):
        with pytest.raises(FormatError, match="too deep"):
            opened(path)
