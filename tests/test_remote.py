"""Images behind URLs: how many requests they cost, and what is said when a server does not give them."""

import copy
import gzip
import logging
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import PixelError, PixelWarning
from dicompix.pixels.read.blocks import LEAST_BLOCK, MOST_BLOCK, BlockSource, MissingSourceError, SourceError
from dicompix.pixels.read.remote import is_url, redacted
from dicompix.pixels.syntaxes import RLE_LOSSLESS
from support.servers import Web, serve

fsspec: Any = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]
ROWS, COLUMNS = 4, 6


def rle_frame(value: int, size: int) -> bytes:
    """Return an RLE frame (PS3.5 G) whose 24 samples of 16 bits are `value`, with padding behind it up to `size`."""
    high, low = (bytes([257 - 24, byte]) for byte in divmod(value, 256))
    header = np.array([2, 64, 66, *[0] * 13], "<u4").tobytes()
    frame = header + high + low
    return frame + b"\x80" * (size - len(frame))  # no operation


def file_of(make: Make, as_file: AsFile, sizes: Sequence[int], *, table: str = "none", **more: Any) -> bytes:
    """Return a file of one RLE frame of each size, frame `i` of samples `i`, with or without an offset table."""
    coded = [rle_frame(number, size) for number, size in enumerate(sizes)]
    starts = np.cumsum([0, *(len(frame) + 8 for frame in coded)])[:-1]
    if table == "extended":
        more |= {
            "ExtendedOffsetTable": starts.astype("<u8").tobytes(),
            "ExtendedOffsetTableLengths": np.array(sizes, "<u8").tobytes(),
        }
    dataset = make(np.zeros((ROWS, COLUMNS), np.uint16), syntax=RLE_LOSSLESS, NumberOfFrames=len(sizes), **more)
    dataset.PixelData = encapsulate(coded, has_bot=table == "basic")
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return as_file(dataset).getvalue()


def assert_frame(frame: Stored, number: int) -> None:
    assert np.array_equal(frame, np.full((ROWS, COLUMNS), number))


@pytest.fixture
def web() -> Iterator[Web]:
    with serve(Web({})) as server:
        yield server


# What a URL is, and what of it is shown


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://example.org/a.dcm", True),
        ("s3://bucket/a.dcm", True),
        ("zip://a.dcm::file:///b.zip", True),
        ("simplecache::https://example.org/a.dcm", True),
        ("a.dcm", False),
        ("/data/a.dcm", False),
        ("C:\\images\\a.dcm", False),
        (Path("s3:/bucket/a.dcm"), False),
        (5, False),
    ],
)
def test_what_is_a_url(target: object, expected: bool) -> None:  # noqa: FBT001
    assert is_url(target) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/a.dcm", "s3://bucket/a.dcm"),
        ("https://me:secret@host/a.dcm", "https://host/a.dcm"),
        ("zip://a.dcm::https://me:secret@host/b.zip?sig=secret", "zip://a.dcm::https://host/b.zip?..."),
        ("404, url='https://host/a?X-Amz-Signature=secret'", "404, url='https://host/a?...'"),
    ],
)
def test_what_is_shown_of_a_url(text: str, expected: str) -> None:
    assert redacted(text) == expected


# Requests


@pytest.mark.parametrize("size", [100, 5000, 50_000])
def test_a_file_of_1000_frames_without_a_table_costs_tens_of_requests(
    size: int, web: Web, make: Make, as_file: AsFile
) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [size] * 1000)
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert len(image) == 1000
        assert len(web.requests) <= 30
        for number in (0, 500, 999, 123):
            web.forget()
            assert_frame(image[number], number)
            assert web.gets <= 1
            assert web.sent <= size


@pytest.mark.parametrize("table", ["basic", "extended"])
def test_a_file_with_a_table_is_not_walked(table: str, web: Web, make: Make, as_file: AsFile) -> None:
    size = 50_000
    web.files["a.dcm"] = file_of(make, as_file, [size] * 400, table=table)
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert len(image) == 400
        assert web.gets <= 4
        assert web.sent < 5 * LEAST_BLOCK
        for number in (7, 300, 398):
            web.forget()
            assert_frame(image[number], number)
            assert web.gets == 1
            assert web.sent == size + 8
        web.forget()
        assert_frame(image[399], 399)  # the last one ends where its items end
        assert web.gets <= 2
        assert image.findings == ()


def test_native_frames_cost_their_own_bytes(web: Web, make: Make, as_file: AsFile) -> None:
    frames = np.arange(200 * 100 * 90, dtype=np.uint32).astype(np.uint16).reshape(200, 100, 90)
    web.files["a.dcm"] = as_file(make(frames, frames=200)).getvalue()
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert web.gets <= 2
        for number in (150, 20):
            web.forget()
            assert np.array_equal(image[number], frames[number])
            assert (web.gets, web.sent) == (1, 18_000)
        web.forget()
        assert np.array_equal(image.stored(), frames)
        assert web.gets == 1


def test_reading_frame_after_frame_reads_ahead(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [3000] * 500, table="basic")
    with dicompix.open_image(web.url + "/a.dcm") as image:
        web.forget()
        for number, frame in enumerate(image):
            assert_frame(frame, number)
        assert web.gets <= 20
        assert web.sent <= 2 * len(web.files["a.dcm"])


def test_large_frames_are_stepped_over(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [3 << 20] * 12)
    tracemalloc.start()
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert len(image) == 12
        assert web.sent <= 14 * LEAST_BLOCK
        web.forget()
        assert_frame(image[5], 5)
        assert web.sent <= 3 << 20
    tracemalloc.stop()


def test_memory_stays_at_a_few_frames(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [200_000] * 300)
    url = web.url + "/a.dcm"
    with dicompix.open_image(url):  # libraries and threads are there from now on
        pass
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        with dicompix.open_image(url) as image:
            for number in range(0, 300, 7):
                assert_frame(image[number], number)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 5 * MOST_BLOCK < len(web.files["a.dcm"])


def test_many_threads_read_one_image(web: Web, make: Make, as_file: AsFile) -> None:
    sizes = [1000 + 2 * (number * 37 % 500) for number in range(100)]
    web.files["a.dcm"] = file_of(make, as_file, sizes, table="basic")
    order = [number * 7 % 100 for number in range(300)]
    with dicompix.open_image(web.url + "/a.dcm") as image, ThreadPoolExecutor(8) as pool:
        for number, frame in zip(order, pool.map(image.__getitem__, order), strict=True):
            assert_frame(frame, number)


def test_a_table_that_lies_is_found_out_by_its_frame(web: Web, make: Make, as_file: AsFile) -> None:
    content = bytearray(file_of(make, as_file, [2000] * 50, table="basic"))
    table = content.index(b"\xfe\xff\x00\xe0") + 8
    true = np.frombuffer(bytes(content[table : table + 200]), "<u4").copy()
    true[30] += 2
    content[table : table + 200] = true.tobytes()
    web.files["a.dcm"] = bytes(content)
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert_frame(image[10], 10)
        assert [finding.code for finding in image._index.findings] == []
        with pytest.warns(PixelWarning, match="basic-offset-table"):
            assert_frame(image[30], 30)
        assert [finding.code for finding in image.findings] == ["basic-offset-table"]
        assert_frame(image[29], 29)
        assert_frame(image[49], 49)


@pytest.mark.parametrize("table", ["none", "basic", "extended"])
def test_other_file_systems(table: str, tmp_path: Path, make: Make, as_file: AsFile) -> None:
    content = file_of(make, as_file, [300] * 20, table=table)
    (tmp_path / "a.dcm").write_bytes(content)
    (tmp_path / "a.dcm.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("deep/a.dcm", content)
    with fsspec.open("memory://folder/a.dcm", "wb") as file:
        file.write(content)
    local = (tmp_path / "a.dcm").as_uri()
    for url in (
        local,
        "memory://folder/a.dcm",
        f"zip://deep/a.dcm::{tmp_path}/all.zip",
        f"zip://deep/a.dcm::{(tmp_path / 'all.zip').as_uri()}",
        f"simplecache::{local}",
        (tmp_path / "a.dcm.gz").as_uri(),
    ):
        with dicompix.open_image(url) as image:
            for number in (19, 3):
                assert_frame(image[number], number)
            assert len(image.dataset.PixelData) > 300 * 20


def test_the_same_by_every_way_to_reach_it(web: Web, make: Make, as_file: AsFile, tmp_path: Path) -> None:
    content = file_of(make, as_file, [300] * 20)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", content)
    web.files |= {"a.dcm": content, "a.dcm.gz": gzip.compress(content), "a.zip": packed.getvalue()}
    for url in ("{}/a.dcm", "{}/a.dcm.gz", "zip://a.dcm::{}/a.zip", "simplecache::{}/a.dcm"):
        with dicompix.open_image(url.format(web.url)) as image:
            assert_frame(image[17], 17)


def test_an_open_file_of_a_file_system(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [3000] * 20)
    with fsspec.open(web.url + "/a.dcm") as file:
        file.seek(9)
        image = dicompix.open_image(file)
        assert_frame(image[17], 17)
        assert file.tell() == 9


def test_the_dataset_is_whole_and_goes_to_other_processes(web: Web, make: Make, as_file: AsFile) -> None:
    frames = np.arange(48, dtype=np.uint16).reshape(2, 4, 6)
    web.files["a.dcm"] = as_file(make(frames, frames=2)).getvalue()
    url = web.url.replace("//", "//me:secret@") + "/a.dcm"
    dataset = dicompix.open_image(url).dataset
    assert "secret" not in str(dataset.filename)
    for copied in (copy.deepcopy(dataset), pickle.loads(pickle.dumps(dataset)), dataset):
        assert copied.PixelData == frames.tobytes()
    with dicompix.open_image(url) as image:
        index = pickle.loads(pickle.dumps(image._index))
        assert bytes(index[1]) == frames[1].tobytes()


# An object store


class Requests(logging.Handler):
    """The requests that a server writes to its log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[dict[str, Any], Requests]]:
    """Run an S3-compatible server; give the options to reach it, and its log."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=True)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server.start()
    log, logger = Requests(), logging.getLogger("werkzeug")
    logger.addHandler(log)
    host, port = server.get_host_and_port()
    options = {"key": "user", "secret": "secret", "client_kwargs": {"region_name": "eu-west-1"}}
    try:
        yield {**options, "endpoint_url": f"http://{host}:{port}"}, log
    finally:
        logger.removeHandler(log)
        server.stop()


def test_an_object_store(store: tuple[dict[str, Any], Requests], make: Make, as_file: AsFile) -> None:
    s3fs: Any = pytest.importorskip("s3fs")
    options, log = store
    system = s3fs.S3FileSystem(**options)
    system.mkdir("bucket")
    system.pipe_file("bucket/scanned.dcm", file_of(make, as_file, [20_000] * 1000))
    system.pipe_file("bucket/table.dcm", file_of(make, as_file, [20_000] * 1000, table="extended"))
    system.invalidate_cache()
    for name, most in (("scanned", 20), ("table", 5)):
        log.lines.clear()
        with dicompix.open_image(f"s3://bucket/{name}.dcm", storage_options=options) as image:
            assert 1 <= len(log.lines) <= most
            for number in (100, 300):
                log.lines.clear()
                assert_frame(image[number], number)
                assert len(log.lines) == 1
                assert f"GET /bucket/{name}.dcm" in log.lines[0]
    with pytest.raises(MissingSourceError, match=r"s3://bucket/missing\.dcm: .*check the address"):
        dicompix.open_image("s3://bucket/missing.dcm", storage_options=options)


# Servers that do not give it


def test_nothing_at_that_address(web: Web) -> None:
    with pytest.raises(MissingSourceError, match=r"127\.0\.0\.1:\d+/a\.dcm\?\.\.\.: .*check the address") as failed:
        dicompix.open_image(web.url.replace("//", "//me:secret@") + "/a.dcm?signature=secret")
    assert isinstance(failed.value, PixelError)
    assert isinstance(failed.value, FileNotFoundError)
    assert "secret" not in str(failed.value)
    assert failed.value.__suppress_context__
    with pytest.raises(MissingSourceError):
        dicompix.open_image("memory://nothing/a.dcm")
    with pytest.raises(MissingSourceError):
        dicompix.open_image(f"zip://a.dcm::{web.url}/a.zip")


def test_nobody_at_that_address() -> None:
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9/a\.dcm: .*check the network") as failed:
        dicompix.open_image("http://127.0.0.1:9/a.dcm")
    assert not isinstance(failed.value, FileNotFoundError)


def test_credentials_are_storage_options(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [300] * 3)
    web.password = "open sesame"
    with pytest.raises(SourceError, match="pass credentials by storage_options"):
        dicompix.open_image(web.url + "/a.dcm")
    options = {"headers": {"Authorization": "Bearer open sesame"}}
    with dicompix.open_image(web.url + "/a.dcm", storage_options=options) as image:
        assert_frame(image[2], 2)
    assert options == {"headers": {"Authorization": "Bearer open sesame"}}


@pytest.mark.parametrize("size", [2000, 400_000])
def test_a_server_without_ranges(size: int, web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [size] * 50)
    web.ranges = False
    with pytest.raises(SourceError, match=r"does not give ranges .* open_image\('simplecache::' \+ url\)"):
        dicompix.open_image(web.url + "/a.dcm")
    assert web.gets == 1
    assert web.sent <= max(200_000, len(web.files["a.dcm"]) // 2)  # most of a large file is left where it is
    with dicompix.open_image("simplecache::" + web.url + "/a.dcm") as image:
        assert_frame(image[33], 33)


def test_a_server_that_does_not_say_that_it_gives_ranges(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [100_000] * 50)
    web.says_so = False
    with dicompix.open_image(web.url + "/a.dcm") as image:
        assert_frame(image[33], 33)


def test_a_connection_that_is_cut(web: Web, make: Make, as_file: AsFile) -> None:
    web.files["a.dcm"] = file_of(make, as_file, [50_000] * 50, table="basic")
    with dicompix.open_image(web.url + "/a.dcm") as image:
        web.break_after = 1000
        with pytest.raises(SourceError, match=r"127\.0\.0\.1:\d+/a\.dcm: .*try again") as failed:
            image[20]
        assert isinstance(failed.value, OSError)
        web.break_after = None
        assert_frame(image[20], 20)
        web.files["a.dcm"] = web.files["a.dcm"][:1_000_000]
        with pytest.raises(SourceError, match=r"/a\.dcm: the server gave 0 bytes instead of 50008 from byte"):
            image[40]


def test_what_is_no_url_takes_no_storage_options(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="storage_options are for URLs"):
        dicompix.open_image(tmp_path / "a.dcm", storage_options={})


def test_unknown_kinds_of_url() -> None:
    with pytest.raises(SourceError, match="nonsense"):
        dicompix.open_image("nonsense://a/b.dcm")


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(SourceError, match=r"pip install \"dicompix\[remote\]\""):
        dicompix.open_image("https://example.org/a.dcm")


# Blocks


class Counted:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, stop: int) -> bytes:
        self.asked.append((start, stop))
        return self.data[start:stop]


def test_blocks_grow_while_reading_goes_on() -> None:
    data = os.urandom(1 << 20)
    fetch = Counted(data)
    source = BlockSource(fetch, len(data))
    for start in range(0, len(data), 5000):
        assert bytes(source.read_ahead(start, start + 8)) == data[start : start + 8]
    assert [stop - start for start, stop in fetch.asked[:4]] == [1 << 16, 1 << 17, 1 << 18, 1 << 19]
    assert len(fetch.asked) == 5


def test_a_read_over_the_end_of_a_block_fetches_the_rest_only() -> None:
    data = os.urandom(300_000)
    fetch = Counted(data)
    source = BlockSource(fetch, len(data))
    source.read_ahead(0, 8)
    assert bytes(source.read(LEAST_BLOCK - 10, LEAST_BLOCK + 10)) == data[LEAST_BLOCK - 10 : LEAST_BLOCK + 10]
    assert fetch.asked[-1][0] == LEAST_BLOCK
    assert bytes(source.read(250_000, 250_100)) == data[250_000:250_100]
    assert fetch.asked[-1] == (250_000, 250_100)
    assert bytes(source.read(299_000, 400_000)) == data[299_000:]
    assert bytes(source.read(400_000, 400_010)) == b""


@pytest.mark.parametrize("seed", range(5))
def test_any_reads_give_the_bytes(seed: int) -> None:
    random = np.random.default_rng(seed)
    data = random.bytes(500_000)
    source = BlockSource(Counted(data), len(data))
    part = source.part(1000, 400_000, delimited=True).part(500, 10**9, delimited=False)
    assert len(part) == 398_500
    for _ in range(500):
        start = int(random.integers(0, 400_000))
        stop = start + int(random.choice([0, 1, 8, 5000, 100_000]))
        read = part.read if random.integers(2) else part.read_ahead
        assert bytes(read(start, stop)) == data[1500:400_000][start:stop]


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("s3://bucket/a.dcm", "s3fs", "s3"),
        ("s3://bucket/a.dcm", "fsspec.core", "s3"),
        ("https://example.org/a.dcm", "aiohttp", "remote"),
        ("https://example.org/a.dcm", "fsspec.core", "remote"),
    ],
)
def test_what_a_kind_of_url_needs_is_named(url: str, module: str, extra: str) -> None:
    script = f"""
import sys
sys.modules[{module!r}] = None
import dicompix
try:
    dicompix.open_image({url!r})
except dicompix.SourceError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert f'pip install "dicompix[{extra}]"' in found
