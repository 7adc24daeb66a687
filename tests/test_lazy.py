"""Frames of files on a disk and of streams: only their own bytes are read, whatever the file is packed in."""

import bz2
import copy
import gzip
import io
import lzma
import mmap
import os
import pickle
import tempfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.errors import InvalidDicomError

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError, LimitError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.fragments import index_encapsulated
from dicompix.pixels.frames import BufferSource, FrameIndex, MappedSource
from dicompix.pixels.read import open_pixels
from dicompix.pixels.read.blocks import BlockSource, SourceError, SourceFile
from dicompix.pixels.read.unpack import inflated
from dicompix.pixels.syntaxes import DEFLATED_LITTLE, EXPLICIT_LITTLE, IMPLICIT_LITTLE, JPEG_BASELINE, RLE_LOSSLESS
from support import packing
from support.toys import SPLIT, WHOLE, codes, fmt_of, frames_in, joined, jpeg, words

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]


@pytest.fixture
def frames() -> Stored:
    return np.random.default_rng(5).integers(0, 1 << 16, (20, 40, 50), np.uint16)


@pytest.fixture
def content(make: Make, as_file: AsFile, frames: Stored) -> bytes:
    return as_file(make(frames, frames=20)).getvalue()


@pytest.fixture
def path(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "image.dcm"
    path.write_bytes(content)
    return path


# Views


def test_native_frames_of_a_file_are_views_of_its_map(path: Path, frames: Stored) -> None:
    image = dicompix.open_image(path)
    source = image._index.source
    assert isinstance(source, MappedSource)
    assert isinstance(source.buffer, memoryview)
    assert isinstance(source.buffer.obj, mmap.mmap)
    whole = np.frombuffer(source.buffer, np.uint16).reshape(frames.shape)
    for number in (0, 7, 19):
        frame = image[number]
        assert np.shares_memory(frame, whole[number])
        assert not frame.flags.writeable
        assert np.array_equal(frame, frames[number])


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
def test_the_smallest_image(syntax: str, make: Make, as_file: AsFile, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(as_file(make(np.array([[7]], np.uint16), syntax=syntax)).getvalue())
    for target in (path, BytesIO(path.read_bytes())):
        assert dicompix.open_image(target)[0].tolist() == [[7]]


# Memory and bytes read


def rle(value: int, size: int) -> bytes:
    """Return an RLE frame (PS3.5 G) of 4 x 6 samples of 16 bits, filled up with no-operations."""
    high, low = (bytes([257 - 24, byte]) for byte in divmod(value, 256))
    frame = np.array([2, 64, 66, *[0] * 13], "<u4").tobytes() + high + low
    return frame + b"\x80" * (size - len(frame))


def tiled(make: Make, as_file: AsFile, count: int, size: int, *, table: bool) -> bytes:
    dataset = make(np.zeros((4, 6), np.uint16), syntax=RLE_LOSSLESS, NumberOfFrames=count)
    dataset.PixelData = encapsulate([rle(number, size) for number in range(count)], has_bot=table)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return as_file(dataset).getvalue()


class Watched(io.RawIOBase):
    """A seekable stream that counts the bytes it gives."""

    def __init__(self, data: bytes) -> None:
        self.inner = BytesIO(data)
        self.given = self.reads = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.inner.seek(offset, whence)

    def tell(self) -> int:
        return self.inner.tell()

    def readinto(self, buffer: Any) -> int:
        count = self.inner.readinto(buffer)
        self.given += count
        self.reads += 1
        return count


def test_50_tiles_of_4000_cost_50_tiles_and_the_header(make: Make, as_file: AsFile) -> None:
    size, numbers = 20_000, [number * 77 % 4000 for number in range(50)]
    watched: Any = Watched(tiled(make, as_file, 4000, size, table=True))
    image = dicompix.open_image(watched)
    assert watched.given <= 4 * (1 << 16)
    assert watched.reads <= 10
    opened = watched.given
    for number in numbers:
        assert (image[number] == number).all()
    assert watched.given - opened <= 50 * (size + 8)
    assert watched.tell() == 0


def test_memory_of_tiles_on_a_disk(make: Make, as_file: AsFile, tmp_path: Path) -> None:
    path = tmp_path / "tiles.dcm"
    path.write_bytes(tiled(make, as_file, 4000, 20_000, table=True))
    dicompix.open_image(path)[0]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        with dicompix.open_image(path) as image:
            for number in range(0, 4000, 80):
                assert (image[number] == number).all()
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_a_file_object_in_memory_is_not_copied(frames: Stored, content: bytes) -> None:
    file = BytesIO(content)
    tracemalloc.start()
    try:
        image = dicompix.open_image(file)
        assert np.array_equal(image[19], frames[19])
        assert tracemalloc.get_traced_memory()[1] < len(content) // 2 + 200_000
    finally:
        tracemalloc.stop()
    file.close()
    assert np.array_equal(image[3], frames[3])
    assert image.dataset.PixelData == frames.tobytes()


# Streams


class OneWay(io.RawIOBase):
    """A stream that can be read once, some bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.rest = memoryview(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), len(self.rest), 1000)
        buffer[:count] = self.rest[:count]
        self.rest = self.rest[count:]
        return count


class Bare:
    """Nothing but `read`, as of a server's answer."""

    def __init__(self, data: bytes) -> None:
        self.read = BytesIO(data).read


def packed_in_zip(content: bytes) -> Any:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", content)
    return zipfile.ZipFile(buffer).open("a.dcm")


STREAMS: dict[str, Callable[[bytes], Any]] = {
    "one way": OneWay,
    "bare": Bare,
    "one way, packed": lambda content: OneWay(gzip.compress(content)),
    "packed": lambda content: BytesIO(gzip.compress(content)),
    "two members": lambda content: BytesIO(gzip.compress(content[:5000]) + gzip.compress(content[5000:])),
    "gzip": lambda content: gzip.GzipFile(fileobj=BytesIO(gzip.compress(content))),
    "bz2": lambda content: bz2.BZ2File(BytesIO(bz2.compress(content))),
    "xz": lambda content: lzma.LZMAFile(BytesIO(lzma.compress(content))),  # noqa: SIM115
    "zip": packed_in_zip,
    "seekable": Watched,
    "buffered": lambda content: io.BufferedReader(Watched(content)),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("large", [False, True])
def test_streams_and_packed_files(
    kind: str,
    large: bool,  # noqa: FBT001
    content: bytes,
    frames: Stored,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if large:
        monkeypatch.setattr("dicompix.pixels.read.unpack.MOST_IN_MEMORY", 10_000)
    image = dicompix.open_image(STREAMS[kind](content))
    for number in (19, 0, 7):
        assert np.array_equal(image[number], frames[number])
    assert np.array_equal(image.stored(), frames)
    for dataset in (copy.deepcopy(image.dataset), image.dataset):
        assert dataset.PixelData == frames.tobytes()


def test_a_packed_file_by_path(content: bytes, frames: Stored, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm.gz"
    path.write_bytes(gzip.compress(content))
    with dicompix.open_image(path) as image:
        assert np.array_equal(image[19], frames[19])
        assert image.dataset.filename == str(path)
        restored = pickle.loads(pickle.dumps(image.dataset))
    path.unlink()
    assert restored.PixelData == image.dataset.PixelData == frames.tobytes()


def test_a_pipe(content: bytes, frames: Stored) -> None:
    end, begin = os.pipe()
    with ThreadPoolExecutor(1) as pool, open(end, "rb") as reading, open(begin, "wb") as writing:  # noqa: PTH123

        def write() -> None:
            with writing:
                writing.write(content)

        pool.submit(write)
        assert np.array_equal(dicompix.open_image(reading).stored(), frames)


@pytest.mark.parametrize("cut", [0, 30, 5000])
def test_a_packed_file_that_is_cut(cut: int, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.dcm.gz"
    path.write_bytes(gzip.compress(content)[: 20 + cut])
    with pytest.raises(FrameError, match=r"cannot be unpacked: .*cut or broken"):
        dicompix.open_image(path)
    broken = bytearray(gzip.compress(content))
    broken[-6] ^= 1
    path.write_bytes(broken)
    with pytest.raises(FrameError, match="cannot be unpacked: CRC"):
        dicompix.open_image(path)


def test_what_unpacks_without_end(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("dicompix.pixels.read.unpack.MOST_UNPACKED", 50_000)
    for stream in (BytesIO(gzip.compress(content)), OneWay(content)):
        with pytest.raises(LimitError, match="larger than 50000 bytes: unpack it to a file first"):
            dicompix.open_image(stream)  # type: ignore[arg-type]


def test_a_packed_file_inside_a_packed_file_is_no_image() -> None:
    with pytest.raises(InvalidDicomError):
        dicompix.open_image(BytesIO(gzip.compress(gzip.compress(bytes(1000)))))


def test_a_preamble_may_begin_like_a_packed_file(content: bytes, frames: Stored) -> None:
    image = dicompix.open_image(BytesIO(b"\x1f\x8b\x08" + content[3:]))
    assert np.array_equal(image[5], frames[5])


def test_text_is_no_image(path: Path) -> None:
    with path.open(encoding="latin-1") as text, pytest.raises(TypeError, match="binary file object"):
        dicompix.open_image(text)  # type: ignore[arg-type]


# Deflated data sets


@pytest.mark.parametrize("large", [False, True])
def test_a_deflated_file(
    large: bool,  # noqa: FBT001
    make: Make,
    as_file: AsFile,
    frames: Stored,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if large:
        monkeypatch.setattr("dicompix.pixels.read.unpack.MOST_IN_MEMORY", 10_000)
    path = tmp_path / "image.dcm"
    path.write_bytes(as_file(make(frames, frames=20, syntax=DEFLATED_LITTLE)).getvalue())
    for target in (path, str(path), BytesIO(path.read_bytes()), OneWay(path.read_bytes())):
        with dicompix.open_image(target) as image:  # type: ignore[arg-type]
            assert image.format.transfer_syntax == DEFLATED_LITTLE
            assert np.array_equal(image[13], frames[13])
            assert np.array_equal(image.stored(), frames)
            assert image.dataset.PatientName == "Test^Pixels"
            assert image.dataset.original_encoding == (False, True)
            for dataset in (copy.deepcopy(image.dataset), pickle.loads(pickle.dumps(image.dataset)), image.dataset):
                assert dataset.PixelData == frames.tobytes()


def test_a_deflated_file_is_inflated_piece_by_piece_within_bounds(
    make: Make, as_file: AsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "image.dcm"
    blank = np.zeros((300, 200, 200), np.uint16)
    path.write_bytes(as_file(make(blank, frames=300, syntax=DEFLATED_LITTLE)).getvalue())
    assert path.stat().st_size < 100_000
    monkeypatch.setattr("dicompix.pixels.read.unpack.MOST_IN_MEMORY", 1 << 20)
    tracemalloc.start()
    try:
        with dicompix.open_image(path) as image:
            assert not image[299].any()
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    monkeypatch.setattr("dicompix.pixels.read.unpack.MOST_UNPACKED", 10 << 20)
    with pytest.raises(LimitError, match="unpack it to a file first"):
        dicompix.open_image(path)


@pytest.mark.parametrize("where", [-1, -100, -3000])
def test_a_deflated_file_that_is_cut(where: int, make: Make, as_file: AsFile, frames: Stored) -> None:
    content = as_file(make(frames, frames=20, syntax=DEFLATED_LITTLE)).getvalue()
    with pytest.raises(FrameError, match=r"cannot be inflated: .*cut or broken"):
        dicompix.open_image(BytesIO(content[: where - 8]))


def test_what_follows_a_deflated_data_set_is_padding() -> None:
    coder = zlib.compressobj(wbits=-15)
    packed = coder.compress(b"data set") + coder.flush()
    assert inflated(BufferSource(b"meta" + packed + b"\0"), 4).buffer == b"data set"


def test_a_deflated_jpip_file_names_its_url(make: Make, as_file: AsFile, ramp: Stored) -> None:
    from dicompix.pixels.syntaxes import syntax_for

    uid = "1.2.840.10008.1.2.4.95"
    assert syntax_for(uid).deflated_data_set
    plain = make(ramp, frames=2, PixelData=None, PixelDataProviderURL="https://example.org/jpip")
    body = as_file(plain).getvalue()
    start = body.index(b"\x08\x00\x16\x00UI")
    dataset = make(ramp, frames=2, PixelData=None, syntax=EXPLICIT_LITTLE)
    head = bytearray(as_file(dataset).getvalue()[:start])
    found = head.index(b"\x02\x00\x10\x00UI")
    head[found + 6 : found + 8 + 20] = b"\x16\0" + uid.encode()
    with pytest.raises(UnsupportedError, match=r"https://example\.org/jpip"):
        dicompix.open_image(BytesIO(bytes(head) + packing.deflate(body[start:])))


# Offset tables of files on a disk


def mapped_index(
    data: bytes, frames: int, uid: str = JPEG_BASELINE, extended: tuple[bytes, bytes] | None = None
) -> FrameIndex:
    return index_encapsulated(MappedSource(memoryview(data), delimited=True), fmt_of(frames, uid), extended)


class Touched(MappedSource):
    """A map that knows which bytes were looked at."""

    def __init__(self, data: bytes) -> None:
        super().__init__(memoryview(data), delimited=True)
        self.touched: set[int] = set()

    def read(self, start: int, stop: int) -> Any:
        if stop - start <= 64:
            self.touched |= set(range(start, stop))
        return super().read(start, stop)


@pytest.mark.parametrize("parts", [WHOLE, SPLIT], ids=["whole", "split"])
def test_a_true_table_is_not_walked(parts: list[list[bytes]]) -> None:
    data = packing.encapsulate(parts, packing.offsets_of(parts))
    source = Touched(data)
    index = index_encapsulated(source, fmt_of(3))
    middle = 20 + packing.offsets_of(parts)[1]
    assert middle not in source.touched
    assert frames_in(index) == joined(parts)
    assert middle in source.touched
    assert codes(index) == []


@pytest.mark.parametrize("table", [[8, 60, 114], [0, 54], [0], [0, 108, 54], [0, 54, 10_000], [0, 0, 0], [0, 55, 108]])
@pytest.mark.parametrize("parts", [WHOLE, SPLIT], ids=["whole", "split"])
def test_a_table_that_lies_gives_the_same_frames(parts: list[list[bytes]], table: list[int]) -> None:
    index = mapped_index(packing.encapsulate(parts, table), 3)
    assert frames_in(index) == joined(parts)
    assert codes(index) == ["basic-offset-table"]


def test_a_table_that_lies_in_the_middle_is_found_out_there() -> None:
    parts = [[jpeg(number)] for number in range(6)]
    table = packing.offsets_of(parts)
    table[3] += 2
    index = mapped_index(packing.encapsulate(parts, table), 6)
    assert bytes(index[1]) == jpeg(1)
    assert codes(index) == []
    assert bytes(index[3]) == jpeg(3)
    assert codes(index) == ["basic-offset-table"]
    assert frames_in(index) == joined(parts)
    assert frames_in(pickle.loads(pickle.dumps(mapped_copy(index)))) == joined(parts)


def mapped_copy(index: FrameIndex) -> FrameIndex:
    moved = copy.copy(index)
    moved.source = BufferSource(bytes(index.source.read(0, len(index.source))))
    return moved


@pytest.mark.parametrize(
    ("offsets", "lengths", "found"),
    [
        ([0, 54, 108], [46, 46, 46], []),
        ([108, 0, 54], [46, 46, 46], []),
        ([0, 54, 109], [46, 46, 46], ["extended-offset-table"]),
        ([0, 54, 108], [46, 20, 46], ["extended-offset-table"]),
        ([0, 54, 108], [46, 46, 1 << 40], ["extended-offset-table"]),
        ([0, 54, (1 << 64) - 1], [46, 46, 46], ["extended-offset-table"]),
        ([0, 54, 54], [46, 46, 46], ["extended-offset-table"]),
        ([0, 54], [46, 46], ["extended-offset-table"]),
    ],
)
def test_extended_tables(offsets: list[int], lengths: list[int], found: list[str]) -> None:
    index = mapped_index(packing.encapsulate(WHOLE), 3, extended=(words(offsets), words(lengths)))
    expected = joined(WHOLE)
    got = frames_in(index)
    assert got == ([expected[offset // 54] for offset in offsets] if not found else expected)
    assert codes(index) == found


def test_an_index_by_a_table_can_be_pickled() -> None:
    parts = [[jpeg(number)] for number in range(6)]
    for data, extended in (
        (packing.encapsulate(parts, packing.offsets_of(parts)), None),
        (packing.encapsulate(parts), (words(packing.offsets_of(parts)), words([46] * 6))),
    ):
        index = pickle.loads(pickle.dumps(mapped_copy(mapped_index(data, 6, extended=extended))))
        assert frames_in(index) == joined(parts)
        with pytest.raises(FrameError, match="no frame 6: the pixel data holds 6 frames"):
            index[6]


# Threads, positions, and file objects that end


@pytest.mark.parametrize("kind", ["path", "open", "seekable", "gzip"])
def test_many_threads_read_one_image(kind: str, path: Path, content: bytes, frames: Stored) -> None:
    order = [number * 7 % 20 for number in range(400)]
    with path.open("rb") as file:
        target: Any = {"path": path, "open": file}.get(kind) or STREAMS[kind](content)
        image = dicompix.open_image(target)
        with ThreadPoolExecutor(8) as pool:
            for number, frame in zip(order, pool.map(image.__getitem__, order), strict=True):
                assert np.array_equal(frame, frames[number])


def test_a_file_that_cannot_be_mapped(path: Path, frames: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no such device")

    monkeypatch.setattr(mmap, "mmap", refuse)
    open_files = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    image = dicompix.open_image(path)
    assert isinstance(image._index.source, object)
    with ThreadPoolExecutor(4) as pool:
        for number, frame in enumerate(pool.map(image.__getitem__, range(20))):
            assert np.array_equal(frame, frames[number])
    assert np.array_equal(image.stored(), frames)
    del image
    if open_files:
        assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208


def test_a_closed_file_object(content: bytes) -> None:
    watched: Any = Watched(content)
    image = dicompix.open_image(watched)
    watched.close()
    with pytest.raises(SourceError, match="is closed: keep it open"):
        image[19]


def test_a_file_object_that_shrinks(content: bytes, frames: Stored) -> None:
    watched: Any = Watched(content)
    image = dicompix.open_image(watched)
    watched.inner.truncate(len(content) - 10)
    with pytest.raises(SourceError, match=r"gave 3990 bytes instead of 4000 .* open it again"):
        image[19]
    assert np.array_equal(image[18], frames[18])


def test_an_image_of_a_file_object_says_why_it_cannot_be_pickled(content: bytes) -> None:
    watched: Any = Watched(content)
    image = dicompix.open_image(watched)
    with pytest.raises(pickle.PicklingError, match="open it by its path or URL"):
        pickle.dumps(image._index)
    assert pickle.loads(pickle.dumps(image.dataset)).PixelData == image.dataset.PixelData


def test_a_temporary_file(content: bytes, frames: Stored) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)  # perhaps not flushed yet
        image = dicompix.open_image(file)
    assert np.array_equal(image[19], frames[19])
    assert copy.deepcopy(image.dataset).PixelData == image.dataset.PixelData == frames.tobytes()


def test_a_source_as_a_file_object() -> None:
    data = bytes(range(100))
    file = SourceFile(BufferSource(data), "name")
    assert file.read(3) == data[:3]
    assert file.seek(-5, 2) == 95
    assert file.read() == data[95:]
    assert file.read(1) == b""
    assert file.seek(2) == file.tell() == 2
    assert file.seek(3, 1) == 5
    assert file.read(2) == data[5:7]
    assert copy.deepcopy(file).read(2) == data[:2]
    assert pickle.loads(pickle.dumps(file)).read() == data
    assert file.readable()
    assert file.seekable()


def test_without_file_meta_by_force(make: Make, as_file: AsFile, ramp: Stored) -> None:
    content = as_file(make(ramp, frames=2)).getvalue()
    bare = content[content.index(b"\x08\x00\x16\x00UI") :]
    opened = open_pixels(BytesIO(bare), force=True)
    assert opened.source is not None
    assert bytes(opened.source.read(0, 96)) == ramp.tobytes()


def test_blocks_are_sources_like_any_other(content: bytes) -> None:
    fmt = PixelFormat(rows=40, columns=50, bits_allocated=16, bits_stored=16, frames=20)
    source = BlockSource(lambda start, stop: content[start:stop], len(content))
    start = len(content) - 20 * fmt.frame_bytes
    part = source.part(start, len(content), delimited=False)
    assert bytes(part.read(0, 10)) == content[start : start + 10]
    assert len(part) == 20 * fmt.frame_bytes
