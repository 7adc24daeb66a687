"""Images in other processes and in NumPy: pickles and copies, fork and spawn, `__array__`, equal frames."""

import copy
import gzip
import multiprocessing
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from operator import itemgetter, methodcaller
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels import parallel
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError
from dicompix.pixels.frames import BufferSource, FrameIndex
from dicompix.pixels.read import Content
from dicompix.pixels.testing import make_format
from support.arrays import gray

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]


@pytest.fixture
def frames() -> Stored:
    return np.stack([np.roll(gray(12, rows=64, columns=48), i, axis=1) for i in range(6)])


def compressed(make: Make, frames: Stored) -> Dataset:
    coded = [bytes(imagecodecs.jpeg2k_encode(one, codecformat="j2k", reversible=True, level=0)) for one in frames]
    return make(frames, frames=len(frames), syntax=s.JPEG_2000_LOSSLESS, encoded=coded)


@pytest.fixture
def path(make: Make, as_file: AsFile, frames: Stored, tmp_path: Path) -> Path:
    target = tmp_path / "image.dcm"
    target.write_bytes(as_file(compressed(make, frames)).getvalue())
    return target


# Pickles and copies


def test_an_image_of_a_path_is_pickled_as_its_path(path: Path, frames: Stored) -> None:
    image = dicompix.open_image(path, codec=("imagecodecs", "pillow"), raw=True)
    data = pickle.dumps(image)
    assert len(data) < 500
    again = pickle.loads(data)
    assert type(again) is dicompix.Image
    assert (again._decoder.codec, again._decoder.raw) == (("imagecodecs", "pillow"), True)
    np.testing.assert_array_equal(again.stored(), frames)


def test_a_relative_path_is_one_from_here(path: Path, frames: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    data = pickle.dumps(dicompix.open_image(path.name))
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(pickle.loads(data)[2], frames[2])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_copies(copied: Callable[[Any], Any], path: Path, frames: Stored) -> None:
    for target in (path, dicompix.dcmread(path), BytesIO(path.read_bytes())):
        image = dicompix.open_image(target)
        again = copied(image)
        image.close()
        np.testing.assert_array_equal(again.stored(), frames)


def test_an_image_of_a_data_set_is_pickled_with_it(path: Path, make: Make, frames: Stored) -> None:
    for dataset in (dicompix.dcmread(path), pydicom.dcmread(path), compressed(make, frames)):
        dataset.RescaleSlope, dataset.RescaleIntercept = 2, 5
        again = pickle.loads(pickle.dumps(dicompix.Image(dataset, raw=True)))
        assert again._decoder.raw
        np.testing.assert_array_equal(again.stored(), frames)
        np.testing.assert_array_equal(again.modality(3), frames[3] * 2.0 + 5)
    again = pickle.loads(pickle.dumps(dicompix.dcmread(path).pixels))
    np.testing.assert_array_equal(again.stored(), frames)


def test_file_objects(path: Path, frames: Stored, tmp_path: Path) -> None:
    with path.open("rb") as file:  # its name leads back to it
        again = pickle.loads(pickle.dumps(dicompix.open_image(file)))
    np.testing.assert_array_equal(again.stored(), frames)
    again = pickle.loads(pickle.dumps(dicompix.open_image(BytesIO(path.read_bytes()))))
    np.testing.assert_array_equal(again.stored(), frames)
    with tempfile.TemporaryFile() as file:
        file.write(path.read_bytes())
        image = dicompix.open_image(file)
        with pytest.raises(pickle.PicklingError, match="open it by its path"):
            pickle.dumps(image)
    packed = tmp_path / "image.dcm.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with gzip.open(packed) as unpacked:
        image = dicompix.Image(pydicom.dcmread(unpacked))
        with pytest.raises(pickle.PicklingError, match="open it by its path"):
            pickle.dumps(image)
    again = pickle.loads(pickle.dumps(dicompix.open_image(packed)))
    np.testing.assert_array_equal(again.stored(), frames)


class ElsewhereIndex(FrameIndex):
    """Frames that are retrieved one by one, as from a DICOMweb server."""

    __slots__ = ()

    def __len__(self) -> int:
        return self.declared

    def __getitem__(self, frame: int) -> bytes:  # type: ignore[override]  # one frame at a time
        return np.full((4, 6), frame, np.uint8).tobytes()


def test_frames_that_an_index_retrieves_by_itself(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, ElsewhereIndex.__module__, sys.modules[__name__])
    fmt = make_format((4, 6), 8)
    content = Content(replace(fmt, frames=3), ElsewhereIndex(BufferSource(b""), (), declared=3), ())
    image = dicompix.Image(make(np.zeros((4, 6), np.uint8), PixelData=None, NumberOfFrames=3), content)
    again = pickle.loads(pickle.dumps(image))
    assert [int(frame.max()) for frame in again] == [0, 1, 2]
    dask_array = pytest.importorskip("dask.array")
    lazy = pickle.loads(pickle.dumps(image.to_dask(1)))
    assert isinstance(lazy, dask_array.Array)
    assert lazy[:, 0, 0].compute().tolist() == [0, 1, 2]


def test_a_file_that_has_gone(path: Path) -> None:
    image = dicompix.open_image(path)
    data = pickle.dumps(image)
    moved = path.rename(path.with_name("moved.dcm"))
    with pytest.raises(pickle.PicklingError, match="no longer where it was"):
        pickle.dumps(image)
    with pytest.raises(FileNotFoundError):
        pickle.loads(data)
    path.write_bytes(moved.read_bytes() + b"\0\0")
    with pytest.raises(pickle.PicklingError, match="no longer where it was"):
        pickle.dumps(image)


def test_a_closed_image_is_not_copied(path: Path) -> None:
    image = dicompix.open_image(path)
    image.close()
    for use in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(FrameError, match="closed"):
            use(image)


# Other processes


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", sorted({"fork", "spawn"} & set(multiprocessing.get_all_start_methods())))
def test_child_processes_decode_after_the_parent_did(
    method: str, path: Path, frames: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    image = dicompix.open_image(path)
    np.testing.assert_array_equal(image.stored(workers=2), frames)  # the parent's threads are not the child's
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(methodcaller("stored", workers=2), [image] * 4).get(timeout=120)
        one = pool.apply_async(itemgetter(3), [image]).get(timeout=120)
    for array in found:
        np.testing.assert_array_equal(array, frames)
    np.testing.assert_array_equal(one, frames[3])
    np.testing.assert_array_equal(image.stored(workers=2), frames)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_uses_the_image_as_it_is(path: Path, frames: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    image = dicompix.open_image(path)
    assert np.array_equal(image.stored(workers=2), frames)
    child = os.fork()
    if not child:  # nothing is pickled: the memory map and the pool's handle are the parent's
        right = np.array_equal(image.stored(workers=2), frames) and np.array_equal(image[4], frames[4])
        os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# NumPy


def test_numpy_takes_an_image(path: Path, make: Make, frames: Stored) -> None:
    for image in (dicompix.open_image(path), dicompix.Image(make(frames, frames=6))):
        for array in (np.asarray(image), np.array(image), np.stack(list(image))):
            np.testing.assert_array_equal(array, frames)
            assert array.dtype == np.uint16
        assert np.asarray(image).flags.writeable
        assert np.asarray(image) is not np.asarray(image)
        assert np.asarray(image, dtype=np.float32).dtype == np.float32
        assert np.asarray(image, np.uint16).dtype == np.uint16
        assert np.mean(image) == frames.mean()
        np.testing.assert_array_equal(frames - image, 0 * frames)


def test_without_a_copy_native_samples_are_viewed(make: Make, as_file: AsFile, frames: Stored, tmp_path: Path) -> None:
    path = tmp_path / "native.dcm"
    path.write_bytes(as_file(make(frames, frames=6)).getvalue())
    with dicompix.open_image(path) as image:
        view = np.array(image, copy=False)
        assert not view.flags.writeable
        assert not view.flags.owndata
        np.testing.assert_array_equal(view, frames)
        with pytest.raises(ValueError, match="copy=False"):
            np.array(image, np.float32, copy=False)
    dataset = make(frames, frames=6)
    dataset["PixelData"]._value = bytearray(frames.tobytes())
    assert not np.array(dicompix.Image(dataset), copy=False).flags.writeable


@pytest.mark.parametrize("elements", [{"BitsStored": 12, "HighBit": 11}, {"HighBit": 14, "BitsStored": 15}, {}])
def test_what_has_to_be_decoded_has_to_be_copied(elements: dict[str, Any], make: Make, frames: Stored) -> None:
    dataset = make(frames, frames=6, **elements) if elements else compressed(make, frames)
    with pytest.raises(ValueError, match="copy=False"):
        np.array(dicompix.Image(dataset), copy=False)
    if elements:
        big = make(frames, frames=6, syntax=s.EXPLICIT_BIG, PixelData=frames.astype(">u2").tobytes())
        with pytest.raises(ValueError, match="copy=False"):
            np.array(dicompix.Image(big), copy=False)


def test_frames_are_found_by_their_values(path: Path, frames: Stored) -> None:
    image = dicompix.open_image(path)
    assert frames[3] in image
    assert frames[3] + 1 not in image
    assert frames[3, :5] not in image
    assert image.index(frames[3]) == 3
    assert image.index(frames[3], 2, 5) == image.index(frames[3], -4) == 3
    assert image.count(frames[3]) == 1
    assert image.count(frames[3] + 1) == 0
    for start, stop in ((4, None), (0, 3)):
        with pytest.raises(ValueError, match="no frame is equal"):
            image.index(frames[3], start, stop)


@pytest.mark.parametrize("value", [5, None, "text", [1, 2]])
def test_what_is_no_frame_is_not_looked_for(value: object, path: Path) -> None:
    image = dicompix.open_image(path)
    for use in (image.__contains__, image.index, image.count):
        with pytest.raises(TypeError, match="a frame is an array"):
            use(value)
