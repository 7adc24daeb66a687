"""Image: frames by index, slice, list and mask, streamed and whole; every way to open one; what it keeps to itself."""

import copy
import gzip
import pickle
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import BadValueError, FrameError, FrameIndexError, MissingElementError, PixelWarning
from dicompix.pixels.format import Photometric
from dicompix.pixels.read import content_of
from dicompix.pixels.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]


@pytest.fixture
def frames() -> Stored:
    return np.arange(7 * 4 * 6, dtype=np.int16).reshape(7, 4, 6) - 60


@pytest.fixture
def path(make: Make, as_file: AsFile, frames: Stored, tmp_path: Path) -> Path:
    target = tmp_path / "image.dcm"
    target.write_bytes(as_file(make(frames, frames=7)).getvalue())
    return target


def test_an_image_describes_itself_before_decoding(path: Path) -> None:
    with dicompix.open_image(path) as image:
        assert (len(image), image.shape, image.ndim, image.dtype) == (7, (7, 4, 6), 3, np.dtype("i2"))
        assert image.format.bits_stored == 16
        assert image.findings == ()
        assert repr(image) == "<Image (7, 4, 6) int16 MONOCHROME2, Explicit VR Little Endian>"
        assert image.dataset._dict[Tag("PixelData")].value is None  # still in the file


def test_frames_axis_is_always_there(make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames[0]))
    assert image.shape == (1, 4, 6)
    assert image.stored().shape == (1, 4, 6)
    assert image[0].shape == (4, 6)


CHOICES: dict[str, Any] = {
    "slice": slice(2, 5),
    "step": slice(None, None, 2),
    "backwards": slice(None, None, -1),
    "beyond": slice(5, 99),
    "empty": slice(3, 3),
    "list": [3, 0, 3, -1],
    "empty list": [],
    "array": np.array([1, 6]),
    "mask": np.array([True, False, False, True, False, False, True]),
    "mask list": [True, False, False, True, False, False, True],
    "no frame": np.zeros(7, bool),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_several_frames_are_stacked(choice: str, path: Path, frames: Stored) -> None:
    with dicompix.open_image(path) as image:
        wanted = CHOICES[choice] if choice != "empty list" else slice(0, 0)
        chosen = image[CHOICES[choice]]
        assert chosen.shape == frames[wanted].shape
        assert chosen.dtype == frames.dtype
        assert np.array_equal(chosen, frames[wanted])


@pytest.mark.parametrize("index", [0, 6, -1, -7, np.int64(3), np.uint8(2), np.array(4)])
def test_one_frame(index: Any, path: Path, frames: Stored) -> None:
    with dicompix.open_image(path) as image:
        assert np.array_equal(image[index], frames[index])
        assert np.array_equal(image.frame(index).array, frames[index])
        assert image.frame(index).photometric == Photometric.MONOCHROME2
        assert bytes(image.encoded(index)) == frames[index].tobytes()


WRONG: dict[str, Any] = {
    "beyond": 7,
    "before": -8,
    "float": 1.5,
    "text": "1",
    "None": None,
    "tuple": (0, 1),
    "two axes": (slice(0, 1), 0),
    "list beyond": [0, 7],
    "short mask": np.array([True, False]),
    "matrix": np.zeros((2, 2), int),
    "float list": [0.5],
    "huge": 10**30,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_frame_gets_our_error(wrong: str, path: Path) -> None:
    with dicompix.open_image(path) as image, pytest.raises(FrameIndexError) as met:
        image[WRONG[wrong]]
    assert isinstance(met.value, IndexError)
    assert "axis" not in str(met.value)  # NumPy's own text


def test_iterating_streams(path: Path, frames: Stored) -> None:
    with dicompix.open_image(path) as image:
        for _ in range(2):
            assert [frame.tobytes() for frame in image] == [frame.tobytes() for frame in frames]
        assert [frame.tobytes() for frame in reversed(image)] == [frame.tobytes() for frame in frames[::-1]]


@pytest.mark.parametrize("workers", [None, 1, 2, 5])
def test_stored_fills_the_array_given(workers: int | None, path: Path, frames: Stored) -> None:
    with dicompix.open_image(path) as image:
        out = np.empty((7, 4, 6), np.int16)
        assert image.stored(workers=workers, out=out) is out
        assert np.array_equal(out, frames)
        assert np.array_equal(image.stored(workers=workers), frames)


@pytest.mark.parametrize(
    ("shape", "dtype"), [((6, 4, 6), "i2"), ((7, 6, 4), "i2"), ((7, 4, 6), "u2"), ((7, 4, 6), "i4")]
)
def test_stored_refuses_an_array_that_does_not_fit(shape: tuple[int, ...], dtype: str, path: Path) -> None:
    with dicompix.open_image(path) as image, pytest.raises(FrameError, match="needed"):
        image.stored(out=np.empty(shape, dtype))


# Ways to open


def as_str(path: Path) -> str:
    return str(path)


def in_memory(path: Path) -> BytesIO:
    return BytesIO(path.read_bytes())


WAYS: dict[str, Callable[[Path], Any]] = {
    "str": as_str,
    "path": Path,
    "memory": in_memory,
    "dataset": dicompix.dcmread,
}


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_open_gives_the_same(
    way: str, syntax: str, make: Make, as_file: AsFile, frames: Stored, tmp_path: Path
) -> None:
    pixels = frames.astype(">i2" if syntax == EXPLICIT_BIG else "<i2").tobytes()
    path = tmp_path / "image.dcm"
    path.write_bytes(as_file(make(frames, frames=7, syntax=syntax, PixelData=pixels)).getvalue())
    with dicompix.open_image(WAYS[way](path)) as image:
        assert np.array_equal(image.stored(), frames)
        assert image.stored().dtype.isnative
        assert np.array_equal(image[3], frames[3])
        assert np.array_equal(image.dataset.pixel_array if way == "dataset" else frames, frames)


def test_a_file_object_stays_open_and_where_it_was(path: Path, frames: Stored) -> None:
    with path.open("rb") as file:
        file.seek(11)
        image = dicompix.open_image(file)
        assert file.tell() == 11
    assert np.array_equal(image.stored(), frames)
    assert np.array_equal(dicompix.Image(image.dataset).stored(), frames)


def test_compressed_and_temporary_files(path: Path, frames: Stored, tmp_path: Path) -> None:
    packed = tmp_path / "image.dcm.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with gzip.open(packed) as unpacked:  # its file number is that of the compressed file
        opened: Any = unpacked
        assert np.array_equal(dicompix.open_image(opened).stored(), frames)
    with tempfile.TemporaryFile() as file:
        file.write(path.read_bytes())
        assert np.array_equal(dicompix.open_image(file).stored(), frames)


def test_frames_outlive_the_image_and_the_file(path: Path, frames: Stored) -> None:
    image = dicompix.open_image(path)
    first = image[0]
    image.close()
    image.close()
    path.unlink()
    assert np.array_equal(first, frames[0])
    for use in (lambda: image[0], lambda: image.encoded(0), image.stored, lambda: next(iter(image))):
        with pytest.raises(FrameError, match="closed"):
            use()
    assert image.shape == (7, 4, 6)


def test_the_dataset_of_an_opened_image_is_whole(path: Path, frames: Stored) -> None:
    dataset = dicompix.open_image(path).dataset
    for copied in (copy.deepcopy(dataset), pickle.loads(pickle.dumps(dataset))):
        assert np.frombuffer(copied.PixelData, np.int16).tolist() == frames.ravel().tolist()


@pytest.mark.parametrize("nothing", [5, None, b"bytes are no path to a file", ["list"]])
def test_what_cannot_be_opened(nothing: Any) -> None:
    with pytest.raises((TypeError, OSError)):
        dicompix.open_image(nothing)


def test_what_is_no_image(tmp_path: Path, make: Make, as_file: AsFile, frames: Stored) -> None:
    with pytest.raises(FileNotFoundError):
        dicompix.open_image(tmp_path / "missing.dcm")
    with pytest.raises(InvalidDicomError):
        dicompix.open_image(BytesIO(b"not DICOM at all"))
    empty = tmp_path / "empty.dcm"
    empty.write_bytes(as_file(make(frames, frames=7, PixelData=None)).getvalue())
    with pytest.raises(MissingElementError, match="no pixel data"):
        dicompix.open_image(empty)


# Headers that lie, findings, threads


@pytest.mark.parametrize("claimed", [8, 2**31 - 1])
def test_a_lying_number_of_frames_costs_nothing(claimed: int, make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames, frames=7, NumberOfFrames=claimed))
    assert len(image) == claimed
    assert np.array_equal(image[0:2], frames[0:2])
    assert np.array_equal(image[[6]], frames[[6]])
    with pytest.raises(FrameError, match="less than expected"):
        image.stored()
    with pytest.raises(FrameIndexError, match=r"7 of [0-9]+ frames are whole"):
        image[7]
    with pytest.raises(FrameIndexError, match=r"7 of [0-9]+ frames are whole"):
        list(image)


def test_findings_say_which_frame_and_are_reported_once(make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames, frames=7, BitsStored=12, HighBit=15))
    with pytest.warns(PixelWarning, match="^high-bit: ") as met:
        list(image)
    assert len(met) == 1
    assert [(finding.code, finding.frame) for finding in image.findings] == [("high-bit", i) for i in range(7)]
    assert np.array_equal(image[5], frames[5] >> 4)


def test_frames_differ_by_thread_only_in_time(make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames, frames=7))
    order = [i % 7 for i in range(200)]
    with ThreadPoolExecutor(4) as pool:
        decoded = list(pool.map(image.__getitem__, order))
    assert all(np.array_equal(frame, frames[i]) for frame, i in zip(decoded, order, strict=True))


def test_indexing_by_the_dataset_scans_it_once(make: Make, frames: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make(frames, frames=7, kind=dicompix.Dataset)
    scans: list[Dataset] = []
    real = content_of

    def counted(one: Dataset) -> Any:
        scans.append(one)
        return real(one)

    monkeypatch.setattr("dicompix.dataset.content_of", counted)
    for i in range(7):
        assert np.array_equal(dataset.pixels[i], frames[i])
    assert np.array_equal(dataset.pixel_array, frames)
    assert len(scans) == 1
    dataset.PixelData = frames[::-1].tobytes()
    assert np.array_equal(dataset.pixels[0], frames[6])
    assert len(scans) == 2


def test_the_codec_may_be_named(path: Path, frames: Stored) -> None:
    with dicompix.open_image(path, codec="dicompix") as image:
        assert np.array_equal(image[2], frames[2])
        assert np.array_equal(image.stored(), frames)
    for wrong in ("nonsense", ["dicompix", "nonsense"], [], 5):
        with pytest.raises(BadValueError, match=r"'nonsense'|at all|codec is 5"):
            dicompix.open_image(path, codec=wrong)  # type: ignore[arg-type]  # what users pass
    dicompix.open_image(path, codec="pylibjpeg")  # known, though not for this syntax: frames may be of another one


# Whole = index = iteration, whatever the format


@st.composite
def images(draw: st.DrawFn) -> tuple[Stored, dict[str, Any]]:
    """Draw pixels and how they are stored: samples, planes, bits, sign, byte order."""
    count, rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    samples = draw(st.sampled_from([1, 3]))
    dtype = np.dtype(draw(st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"])))
    width = dtype.itemsize * 8
    bits = draw(st.integers(1, width))
    shape = (count, rows, columns, 3) if samples == 3 else (count, rows, columns)
    size = int(np.prod(shape)) * dtype.itemsize
    cells = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype).reshape(shape)
    planar = draw(st.integers(0, 1)) if samples == 3 else None
    syntax = draw(st.sampled_from([EXPLICIT_LITTLE, EXPLICIT_BIG]))
    described = {"frames": count, "syntax": syntax, "BitsStored": bits, "HighBit": bits - 1}
    return cells, described | ({} if planar is None else {"PlanarConfiguration": planar})


def pixel_bytes(cells: Stored, described: dict[str, Any]) -> bytes:
    """Return the cells as PS3.5 8 stores them."""
    ordered = np.moveaxis(cells, -1, 1) if described.get("PlanarConfiguration") else cells
    big = described["syntax"] == EXPLICIT_BIG
    stored = ordered.astype(cells.dtype.newbyteorder(">" if big else "<")).tobytes()
    return stored + b"\0" * (len(stored) % 2)


@settings(max_examples=150, deadline=None)
@given(images())
def test_whole_equals_index_equals_iteration(make: Make, drawn: tuple[Stored, dict[str, Any]]) -> None:
    cells, described = drawn
    dataset = make(cells if len(cells) > 1 else cells[0], PixelData=pixel_bytes(cells, described), **described)
    if cells.dtype.itemsize == 1:
        dataset["PixelData"].VR = "OB"
    image = dicompix.Image(dataset)
    whole = image.stored(workers=1)
    bits, width = described["BitsStored"], cells.dtype.itemsize * 8
    expected = cells.astype(np.int64) % 2**bits
    if cells.dtype.kind == "i":
        expected -= (expected >= 2 ** (bits - 1)) * 2**bits
    assert whole.dtype == cells.dtype, width
    assert np.array_equal(whole, expected)
    assert np.array_equal(np.stack(list(image)), whole)
    assert np.array_equal(np.stack([image[i] for i in range(len(image))]), whole)
    assert np.array_equal(image[:], whole)
