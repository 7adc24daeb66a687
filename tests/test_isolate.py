"""Decoding in worker processes: the same pixels, and a crash, a hang or too much memory is one frame's CodecError."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from pebble.pool.process import WORKERS_NAME

import dicompix
from conftest import example_path
from dicompix.isolate import isolated
from dicompix.isolate.areas import MOST_SHOWN
from dicompix.pixels.batch import decode_frames
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.decode import Decoder, decode_frame, isolation
from dicompix.pixels.errors import BadValueError, CodecError, LimitError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import BufferSource, FrameIndex
from dicompix.pixels.image import part
from dicompix.pixels.limits import limits, set_limits
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


def handles() -> list[str]:
    """Return what this process has open; nothing where the system does not tell."""
    folder = Path("/proc/self/fd")
    return [str(path.readlink()) for path in folder.iterdir() if path.is_symlink()] if folder.is_dir() else []


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
@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
@pytest.mark.parametrize("name", ["JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_lower_resolutions_are_decoded_elsewhere_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = isolation.copy()
    with dicompix.open_image(example_path(name)) as image:
        isolation.clear()
        try:
            frame, picture = image.frame(0, level=2), image.thumbnail(size=50)
        finally:
            isolation.extend(held)
        monkeypatch.setattr(part, "REDUCING", dict.fromkeys(part.REDUCING, lambda *_: pytest.fail("decoded here")))
        inside = image.frame(0, level=2)
        np.testing.assert_array_equal(inside.array, frame.array)
        assert inside.photometric == frame.photometric
        np.testing.assert_array_equal(image.thumbnail(size=50), picture)


@pytest.mark.usefixtures("workers")
def test_decode_frame_is_protected() -> None:
    with pytest.raises(CodecError, match="process died"):
        decode_frame(b"C", DANGEROUS.fmt, codecs=DANGEROUS.codecs)
    assert decode_frame(b"x", DANGEROUS.fmt, codecs=DANGEROUS.codecs).array[0, 0] == ord("x")


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
    decode_frames(index_of_letters(b"abcd"), DANGEROUS, range(4))
    before = len(handles())
    kept = [decode_frames(index_of_letters(b"abcd"), DANGEROUS, range(4)).array for _ in range(20)]
    assert len(kept) == 20
    assert len(handles()) <= before


# Arrays in shared memory

LARGE = PixelFormat(rows=1024, columns=1024, frames=2, transfer_syntax=UNKNOWN)
MANY_LETTERS = Decoder(fmt=LARGE, codecs=DANGEROUS.codecs)


def large(letters: bytes) -> Stored:
    """Return a frame of 1 MiB for each letter, filled with it."""
    return decode_frames(index_of_letters(letters), MANY_LETTERS, range(len(letters))).array


@pytest.mark.usefixtures("workers")
def test_a_large_array_is_its_owners_alone_and_keeps_its_values() -> None:
    first = large(b"ab")
    assert first.flags.writeable
    first[0] = 1
    part, second = first[1, 3:5], large(b"cd")
    del first
    third = large(b"ef")
    for array, values in ((part, b"b"), (second, b"cd"), (third, b"ef")):
        assert np.unique(array).tolist() == list(values)


@pytest.mark.usefixtures("workers")
def test_memory_that_no_array_shows_is_used_again() -> None:
    for _ in range(2):
        large(b"gh")
    before = handles()
    for _ in range(5):
        large(b"gh")
    assert len(handles()) <= len(before)


@pytest.mark.usefixtures("workers")
def test_any_number_of_large_arrays_may_be_kept() -> None:
    large(b"ab")
    before = len(handles())
    kept = [large(bytes([100 + i])) for i in range(3 * MOST_SHOWN)]
    assert len(handles()) <= before + 2 * MOST_SHOWN + 8  # eight wait to be used again
    assert [int(array.min()) for array in kept] == [int(array.max()) for array in kept] == [*range(100, 148)]
    del kept
    assert len(handles()) <= before + 8 + MOST_SHOWN
    assert np.unique(large(b"x")).tolist() == [120]


def test_arrays_outlive_their_workers() -> None:
    with isolated(workers=1):
        pass
    before = len(handles())
    with isolated(workers=1):
        kept = large(b"ab")
    assert np.unique(kept).tolist() == list(b"ab")
    del kept
    assert len(handles()) <= before


@pytest.mark.usefixtures("workers")
def test_a_frame_that_fails_leaves_the_others_of_a_large_array() -> None:
    with pytest.raises(CodecError, match=r"frame 1: .*died"):
        large(b"aCc")
    array = decode_frames(index_of_letters(b"aCc"), replace(MANY_LETTERS, fill=7), range(3)).array
    assert [np.unique(frame).tolist() for frame in array] == [[97], [7], [99]]


@pytest.mark.usefixtures("workers")
def test_a_frame_of_no_bytes_is_an_error_of_the_codec() -> None:
    with pytest.raises(CodecError):
        DANGEROUS.frame(b"")


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


# Lives and deaths


@pytest.mark.usefixtures("workers")
def test_limits_hold_in_the_workers_whenever_they_are_set() -> None:
    def codes() -> list[str]:
        return [finding.code for finding in DANGEROUS.frame(b"x").findings]  # six bytes

    assert codes() == []
    with limits(frame_bytes=5):
        assert codes() == ["large-frame"]
    before = set_limits(frame_bytes=4)
    try:
        assert codes() == ["large-frame"]
        assert [f.code for f in decode_frames(index_of_letters(b"ab"), DANGEROUS, range(2)).findings] == [
            "large-frame",
            "large-frame",
        ]
        with limits(frame_bytes=None):
            assert codes() == []
        with limits(frame_bytes=2), pytest.raises(LimitError, match="one frame would take 6 bytes, the limit is 4"):
            codes()
    finally:
        set_limits(frame_bytes=before.frame_bytes, array_bytes=before.array_bytes)
    assert codes() == []


def test_the_inner_one_counts_and_the_outer_one_goes_on() -> None:
    with isolated(workers=1, timeout=60):
        with isolated(workers=1, timeout=0.5), pytest.raises(CodecError, match=r"within 0\.5 seconds"):
            DANGEROUS.frame(b"H")
        assert DANGEROUS.frame(b"x").array[0, 0] == ord("x")


@pytest.mark.usefixtures("workers")
def test_threads_get_their_own_frames_though_others_crash() -> None:
    def decode(number: int) -> int | str:
        try:
            return int(DANGEROUS.frame(b"C" if number % 10 == 0 else bytes([100 + number])).array[1, 2])
        except CodecError as problem:
            return str(problem)

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(decode, range(60)))
    assert [one for one in found if isinstance(one, int)] == [100 + i for i in range(60) if i % 10]
    assert all("process died" in str(one) for one in found[::10])


def test_a_queue_of_frames_of_which_some_hang() -> None:
    letters = [b"H" if i % 20 == 7 else b"x" for i in range(100)]
    with isolated(workers=2, timeout=0.5):
        started = monotonic()
        _, frames = isolation[-1](DANGEROUS, letters, DANGEROUS.fmt)
        assert monotonic() - started < 60
    assert [i for i, frame in enumerate(frames) if isinstance(frame, CodecError)] == [7, 27, 47, 67, 87]
    assert all(frame.array.tolist() == [[120] * 3] * 2 for frame in frames if isinstance(frame, Frame))


@pytest.mark.skipif(sys.platform != "linux", reason="ends processes by their numbers")
def test_the_work_goes_on_after_workers_were_killed_while_they_had_nothing_to_do() -> None:
    with isolated(workers=2, timeout=20):
        for _ in range(2):
            for worker in multiprocessing.active_children():
                if worker.name == WORKERS_NAME and worker.pid is not None:
                    os.kill(worker.pid, signal.SIGKILL)
            sleep(0.3)
            good = decode_frames(index_of_letters(b"abcd"), DANGEROUS, range(4))
            assert good.array[:, 0, 0].tolist() == list(b"abcd")


class _LeaveError(Exception):
    pass


def test_nothing_is_left_behind_however_the_block_is_left() -> None:
    def leave() -> None:
        with isolated(workers=2, timeout=1):
            decode_frames(index_of_letters(b"abcd"), DANGEROUS, range(4))
            with pytest.raises(CodecError):
                DANGEROUS.frame(b"H")
            threads.append(threading.Thread(target=_ignoring, args=(b"H",)))
            threads[-1].start()
            raise _LeaveError

    with isolated(workers=1):  # the server that forks workers stays from now on
        pass
    processes, before = set(multiprocessing.active_children()), handles()
    threads: list[threading.Thread] = []
    for _ in range(2):
        with pytest.raises(_LeaveError):
            leave()
        threads[-1].join(20)
        assert set(multiprocessing.active_children()) <= processes
        assert len(handles()) <= len(before)


def _ignoring(order: bytes) -> None:
    with suppress(CodecError):
        DANGEROUS.frame(order)


def test_threads_that_wait_when_the_block_ends_get_an_error() -> None:
    found: list[Exception] = []

    def decode() -> None:
        try:
            DANGEROUS.frame(b"H")
        except CodecError as problem:
            found.append(problem)

    thread = threading.Thread(target=decode)
    with isolated(workers=1, timeout=60):
        thread.start()
        sleep(0.3)
    thread.join(20)
    assert not thread.is_alive()
    assert "ended" in str(found[0]) or "stopped" in str(found[0])


SCRIPT = """
import multiprocessing, sys
from dicompix.isolate import isolated
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.decode import Decoder, decode_frame, isolation
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.registry import Registry

FORMAT = PixelFormat(rows=2, columns=3, transfer_syntax="1.2.3.4.5")
CODECS = Registry({"1.2.3.4.5": (CodecEntry("dangerous", "support.dangerous:decode"),)})
DANGEROUS = Decoder(fmt=FORMAT, codecs=CODECS)

def child():
    try:
        DANGEROUS.frame(b"x")
    except CodecError as problem:
        print("enter it in this one" in str(problem))
    with isolated(workers=1):
        print(DANGEROUS.frame(b"x").array[0].tolist(), flush=True)

def hang():
    isolation[-1](DANGEROUS, [b"H"] * 400, FORMAT)

def fork():
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    print(process.exitcode)

if __name__ == "__main__":
    try:
        with isolated(workers=2, timeout=1):
            print("ready", flush=True)
            {work}()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def _started(work: str, tmp_path: Path) -> "subprocess.Popen[str]":
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("{work}", work))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    started = subprocess.Popen(
        [sys.executable, str(script)], env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


@pytest.mark.skipif(sys.platform != "linux", reason="sends signals")
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted\n"), (signal.SIGKILL, "")])
def test_a_process_that_is_interrupted_or_killed_leaves_no_worker(number: int, said: str, tmp_path: Path) -> None:
    with _started("hang", tmp_path) as script:
        sleep(0.5)
        os.killpg(script.pid, number) if number == signal.SIGINT else os.kill(script.pid, number)
        # Each process of the group holds the pipe's other end until it is gone.
        assert script.stdout is not None
        assert script.stdout.read() == said


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_needs_workers_of_its_own(tmp_path: Path) -> None:
    with _started("fork", tmp_path) as script:
        assert script.stdout is not None
        assert script.stdout.read() == "True\n[120, 120, 120]\n0\n"
