"""Decoding in worker processes: the same pixels, and a crash, a hang or too much memory is one frame's CodecError."""

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import dicompix
from conftest import example_path
from dicompix.isolate import isolated
from dicompix.pixels.batch import decode_frames
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.decode import Decoder, isolation
from dicompix.pixels.errors import BadValueError, CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import BufferSource, FrameIndex
from dicompix.pixels.registry import Registry, registry

FILES = ("MR_small_jp2klossless.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "emri_small_RLE.dcm", "CT_small.dcm")
UNKNOWN = "1.2.3.4.5"  # no family: any bytes may be a frame
DANGEROUS = Decoder(
    fmt=PixelFormat(rows=2, columns=3, frames=4, transfer_syntax=UNKNOWN),
    codecs=Registry({UNKNOWN: (CodecEntry("dangerous", "support.dangerous:decode"),)}),
)


@pytest.fixture(scope="module")
def workers() -> Iterator[None]:
    with isolated(timeout=3, memory=1 << 30):
        yield


def index_of_letters(letters: bytes) -> FrameIndex:
    return FrameIndex(BufferSource(letters), [((i, i + 1),) for i in range(len(letters))], declared=len(letters))


@pytest.mark.usefixtures("workers")
@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
@pytest.mark.parametrize("name", FILES)
def test_isolation_changes_no_pixel(name: str) -> None:
    inside = dicompix.dcmread(example_path(name)).pixel_array
    with dicompix.open_image(example_path(name)) as image:
        one, into = image[0], image.stored(out=np.empty_like(image.stored()))
    held = isolation.copy()
    isolation.clear()
    try:
        outside = dicompix.dcmread(example_path(name)).pixel_array
    finally:
        isolation.extend(held)
    assert held
    np.testing.assert_array_equal(inside, outside)
    assert inside.flags.writeable
    assert inside.dtype == outside.dtype
    np.testing.assert_array_equal(one, into[0])
    np.testing.assert_array_equal(into.reshape(outside.shape), outside)


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize(("order", "phrase"), [("C", "process died"), ("H", "within 3 seconds"), ("M", "memory")])
def test_what_ends_a_process_is_one_frames_error_and_the_work_goes_on(order: str, phrase: str) -> None:
    letters = f"ab{order}d".encode()
    with pytest.raises(CodecError, match=f"frame 2: .*{phrase}"):
        decode_frames(index_of_letters(letters), DANGEROUS, range(4))
    good = decode_frames(index_of_letters(letters), DANGEROUS, [0, 1, 3])
    assert good.array[:, 0, 0].tolist() == list(b"abd")
    with pytest.raises(CodecError, match=phrase):
        DANGEROUS.frame(order.encode())
    assert DANGEROUS.frame(b"x").array[0, 0] == ord("x")


@pytest.mark.usefixtures("workers")
def test_every_thread_of_the_process_is_protected() -> None:
    found: list[BaseException] = []

    def decode() -> None:
        with pytest.raises(CodecError) as caught:
            DANGEROUS.frame(b"C")
        found.append(caught.value)

    thread = threading.Thread(target=decode)
    thread.start()
    thread.join()
    assert "died" in str(found[0])


@pytest.mark.usefixtures("workers")
def test_a_frame_fills_the_callers_array_or_does_not_fit_it() -> None:
    out = np.zeros((2, 3), np.uint8)
    assert DANGEROUS.frame(b"x", out).array is out
    assert out.tolist() == [[120] * 3] * 2
    with pytest.raises(ValueError, match="needed"):
        DANGEROUS.frame(b"x", np.zeros((9, 9), np.uint8))


@pytest.mark.usefixtures("workers")
def test_results_take_no_file_handle() -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    kept = [decode_frames(index_of_letters(b"abcd"), DANGEROUS, range(4)).array for _ in range(20)]
    after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0
    assert len(kept) == 20
    assert after <= before


def test_a_shared_registry_is_the_other_process_own() -> None:
    assert pickle.loads(pickle.dumps(registry)) is registry
    assert pickle.loads(pickle.dumps(DANGEROUS.codecs)).entries(UNKNOWN)[0].name == "dangerous"


@pytest.mark.parametrize("options", [{"timeout": 0}, {"memory": -1}, {"workers": 0}])
def test_limits_are_more_than_nothing(options: dict[str, int]) -> None:
    with pytest.raises(BadValueError, match="needed more than 0"), isolated(**options):
        pass


def test_isolation_ends_with_its_block() -> None:
    before = list(isolation)
    with isolated(workers=1):
        assert len(isolation) == len(before) + 1
    assert isolation == before
