"""Images as dask arrays: every syntax, every value space, slices, what tasks hold, and a cluster of processes."""

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError, PixelWarning, TransformError
from dicompix.pixels.image.lazy import LazyFrames
from dicompix.pixels.testing import CodecCase, make_format
from support.builders import data_set, file_of
from support.cases import CASES
from support.packing import encapsulate, offsets_of

pytest.importorskip("dask.array")

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]

# pydicom, of Papyrus 3; distributed, of the machine that it runs on
pytestmark = [
    pytest.mark.filterwarnings("ignore:Expected explicit VR"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def native_bytes(case: CodecCase, count: int) -> bytes:
    size = case.fmt.frame_bits if case.fmt.bits_allocated in {1, 12} else 8 * len(case.data)
    bits = np.unpackbits(np.frombuffer(case.data, np.uint8), bitorder="little")[:size]
    return np.packbits(np.tile(bits, count), bitorder="little").tobytes()


def content_of(case: CodecCase, count: int) -> Dataset:
    fmt = replace(case.fmt, frames=count)
    if s.syntax_for(fmt.transfer_syntax).encapsulated:
        return data_set(fmt, encapsulate([[case.data]] * count), encapsulated=True)
    return data_set(fmt, native_bytes(case, count))


@pytest.fixture
def frames() -> Stored:
    return np.arange(9 * 20 * 30, dtype=np.uint16).reshape(9, 20, 30) * 7 % 4096


@pytest.fixture
def path(frames: Stored, make: Make, as_file: AsFile, tmp_path: Path) -> Path:
    """Return a JPEG 2000 file of nine frames with a rescale and a window."""
    coded = [bytes(imagecodecs.jpeg2k_encode(one, codecformat="j2k", reversible=True, level=0)) for one in frames]
    described = {"BitsStored": 16, "RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 3000}
    dataset = make(frames, frames=9, syntax=s.JPEG_2000_LOSSLESS, encoded=coded, WindowWidth=5000, **described)
    target = tmp_path / "image.dcm"
    target.write_bytes(as_file(dataset).getvalue())
    return target


@pytest.mark.parametrize("uid", CASES, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.filterwarnings("ignore:lossless-prediction")  # noise takes 17 bits to predict
def test_every_syntax_gives_what_stored_gives(uid: str, tmp_path: Path) -> None:
    for number, case in enumerate(CASES[uid]):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(file_of(content_of(case, 3)).getvalue())
        for target in (path, dicompix.dcmread(path), BytesIO(path.read_bytes())):
            image = dicompix.open_image(target, raw=True)
            array: Any = image.to_dask(2)
            assert (array.shape, array.dtype, array.chunks[0]) == (image.shape, image.dtype, (2, 1))
            wanted = image.stored()
            lazy = pickle.loads(pickle.dumps(dict(array.dask)))  # what a worker gets
            found = type(array)(lazy, array.name, array.chunks, meta=array._meta).compute(scheduler="sync")
            np.testing.assert_array_equal(found, wanted, f"{case.name} {type(target).__name__}")
            np.testing.assert_array_equal(array[1:, 2:5, ::2].compute(), wanted[1:, 2:5, ::2])


@pytest.mark.parametrize("values", ["stored", "modality", "display"])
@pytest.mark.parametrize("chunks", [None, 1, 4, 100])
def test_all_three_value_spaces(values: str, chunks: int | None, path: Path, frames: Stored) -> None:
    with dicompix.open_image(path) as image:
        array: Any = image.to_dask(chunks, values=values)
        assert array.chunksize[0] == {None: 9, 100: 9}.get(chunks, chunks)
        expected = {
            "stored": frames,
            "modality": frames * 2.0 - 1024,
            "display": np.stack([image.display(i) for i in range(9)]),
        }[values]
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array.compute(), expected)
        np.testing.assert_array_equal(array[-1, 4].compute(), expected[-1, 4])


def test_a_voi_is_passed_on(path: Path) -> None:
    with dicompix.open_image(path) as image:
        for voi in ((100, 50), "full", None):
            array: Any = image.to_dask(values="display", voi=voi)
            np.testing.assert_array_equal(array[3].compute(), image.display(3, voi=voi))


def test_pictures_of_colour_and_palettes_have_samples(make: Make) -> None:
    rgb = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    assert dicompix.Image(make(rgb, frames=2)).to_dask(values="display").shape == (2, 4, 5, 3)
    palette: dict[str, Any] = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, 16] for c in ("Red", "Green", "Blue")}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableData"] = np.arange(256, dtype="<u2").tobytes()
    image = dicompix.Image(make(rgb[..., 0], frames=2, PhotometricInterpretation="PALETTE COLOR", **palette))
    array: Any = image.to_dask(values="display")
    np.testing.assert_array_equal(array.compute(), np.stack([image.display(0), image.display(1)]))
    assert array.shape == (2, 4, 5, 3)


def test_nothing_is_decoded_before_it_is_computed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    real = imagecodecs.jpeg2k_decode

    def jpeg2k_decode(*given: Any, **options: Any) -> Any:
        asked.append(given)
        return real(*given, **options)

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", jpeg2k_decode)
    array: Any = dicompix.open_image(path).to_dask(3)
    assert not asked
    array[4].compute()
    assert len(asked) == 1  # dask hands slices down to the chunks
    array[1::4, :4].sum().compute()
    assert len(asked) == 3


# What tasks hold


def test_tasks_hold_a_path_and_ranges(path: Path) -> None:
    image = dicompix.open_image(path)
    array = image.to_dask(1)
    graph = pickle.dumps(dict(array.dask))
    assert str(path).encode() in graph
    assert bytes(image.encoded(4))[:64] not in graph
    assert len(graph) < 6000
    assert bytes(image.encoded(4))[:64] not in pickle.dumps(dict(image.to_dask(1, values="display").dask))


def test_an_image_in_memory_goes_along_once(path: Path) -> None:
    dataset = dicompix.dcmread(path)
    for values in ("stored", "modality"):
        graph = pickle.dumps(dict(dicompix.Image(dataset).to_dask(1, values=values).dask))
        begin = bytes(dicompix.Image(dataset).encoded(4))[:200]
        assert graph.count(begin) == 1


def test_native_frames_are_found_by_arithmetic(make: Make, as_file: AsFile, tmp_path: Path) -> None:
    fmt = replace(make_format((5, 7), 1), frames=1000)
    bits = np.random.default_rng(1).integers(0, 2, (1000, 5, 7), np.uint8)
    content = data_set(fmt, np.packbits(bits.ravel(), bitorder="little").tobytes())
    path = tmp_path / "bits.dcm"
    path.write_bytes(file_of(content).getvalue())
    array: Any = dicompix.open_image(path).to_dask(100)
    assert len(pickle.dumps(dict(array.dask))) < 8000
    np.testing.assert_array_equal(array.compute(), bits)
    np.testing.assert_array_equal(array[333:335, 1:3].compute(), bits[333:335, 1:3])


@pytest.mark.parametrize("table", [False, True])
def test_fragments_and_offset_tables(table: bool, tmp_path: Path) -> None:  # noqa: FBT001
    case = next(one for one in CASES[s.JPEG_2000_LOSSLESS] if one.name == "j2k 16 uint16")
    pieces = [[case.data[:100], case.data[100:]]] * 4
    pixels = encapsulate(pieces, offsets_of(pieces)) if table else encapsulate(pieces)
    path = tmp_path / "image.dcm"
    path.write_bytes(file_of(data_set(replace(case.fmt, frames=4), pixels, encapsulated=True)).getvalue())
    array = pickle.loads(pickle.dumps(dicompix.open_image(path).to_dask(2)))
    np.testing.assert_array_equal(array.compute(), np.stack([case.expected] * 4))


def test_equal_files_have_equal_names(path: Path) -> None:
    first, second = (dicompix.open_image(path).to_dask(2) for _ in range(2))
    assert first.name == second.name
    others = [
        dicompix.open_image(path).to_dask(3),
        dicompix.open_image(path, codec="imagecodecs").to_dask(2),
        dicompix.open_image(path, raw=True).to_dask(2),
        dicompix.Image(dicompix.dcmread(path)).to_dask(2),
        dicompix.open_image(path).to_dask(2, values="modality"),
    ]
    os.utime(path, ns=(1, 1))
    others.append(dicompix.open_image(path).to_dask(2))
    assert len({array.name for array in (first, *others)}) == 7


def test_a_file_that_is_another_one_by_now(path: Path) -> None:
    array = pickle.loads(pickle.dumps(dicompix.open_image(path).to_dask(1)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FrameError, match=r"needed \d+: it is another file by now"):
        array[0].compute()


def test_findings_are_reported_once(make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames, frames=9, BitsStored=12, HighBit=15))
    array: Any = image.to_dask(1)
    with pytest.warns(PixelWarning, match="high-bit") as met:
        np.testing.assert_array_equal(array.compute(scheduler="sync"), frames >> 4)
    assert len(met) == 1


@pytest.mark.parametrize("chunks", [0, -1, 1.5, "auto", True])
def test_what_is_no_number_of_frames(chunks: Any, path: Path) -> None:
    with pytest.raises(TransformError, match="chunks is"):
        dicompix.open_image(path).to_dask(chunks)


def test_what_is_no_value_space(path: Path) -> None:
    with pytest.raises(TransformError, match="'stored', 'modality', 'display'"):
        dicompix.open_image(path).to_dask(values="pixels")
    image = dicompix.open_image(path)
    image.close()
    with pytest.raises(FrameError, match="closed"):
        image.to_dask()


# The array that dask slices


class Reader:
    """Frames of an array in memory."""

    def __init__(self, whole: Stored) -> None:
        self.whole = whole

    def __call__(self, numbers: Any, region: Any, out: Stored) -> None:
        rows, columns = region or (slice(None), slice(None))
        for number, target in zip(numbers, out, strict=True):
            target[...] = self.whole[number][rows, columns]


parts = st.integers(-3, 2) | st.builds(
    slice, st.none() | st.integers(-4, 4), st.none() | st.integers(-4, 4), st.sampled_from([None, 1, 2, -1, -2])
)


@given(st.lists(parts, max_size=4), st.booleans(), st.integers(0, 4))
def test_any_key_takes_what_numpy_takes(key: list[Any], dots: bool, at: int) -> None:  # noqa: FBT001
    whole = np.arange(81).reshape(3, 3, 3, 3)
    lazy = LazyFrames(Reader(whole), whole.shape, whole.dtype)
    if dots:
        key.insert(min(at, len(key)), Ellipsis)
    np.testing.assert_array_equal(lazy[tuple(key)], whole[tuple(key)])


@given(st.lists(st.integers(-3, 2), max_size=5), st.integers(0, 3), parts, parts, st.booleans())
def test_one_list_among_numbers_and_slices(chosen: list[int], axis: int, one: Any, two: Any, none: bool) -> None:  # noqa: FBT001
    whole = np.arange(81).reshape(3, 3, 3, 3)
    key = [one, two, slice(None), one]
    key[axis] = slice(None)
    expected = np.take(whole, np.array(chosen, int), axis)[tuple(key)]
    key[axis] = np.array(chosen, int)
    if none:
        key.append(None)
        expected = expected[..., None]
    np.testing.assert_array_equal(LazyFrames(Reader(whole), whole.shape, whole.dtype)[tuple(key)], expected)


def test_masks_and_new_axes(path: Path, frames: Stored) -> None:
    array: Any = dicompix.open_image(path).to_dask(4)
    mask = np.arange(9) % 2 == 0
    for key in (mask, [3, 0, 8], (slice(None), [1, 5]), (None, 2), (Ellipsis, None, 4)):
        np.testing.assert_array_equal(array[key].compute(), frames[key], str(key))


@pytest.mark.parametrize("key", [5, (0, 0, 0, 0, 0), (0.5,), ([0], [1]), (Ellipsis, Ellipsis), "a", ([7],)])
def test_what_is_no_key(key: Any) -> None:
    whole = np.arange(27).reshape(3, 3, 3)
    with pytest.raises(IndexError):
        LazyFrames(Reader(whole), whole.shape, whole.dtype)[key]


# A cluster of processes


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    distributed = pytest.importorskip("dask.distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.parametrize("values", ["stored", "modality", "display"])
@pytest.mark.parametrize("way", ["path", "dataset", "memory"])
def test_a_cluster_gives_what_this_process_gives(way: str, values: str, path: Path, client: Any) -> None:
    ways: dict[str, Callable[[], Any]] = {
        "path": lambda: path,
        "dataset": lambda: dicompix.dcmread(path),
        "memory": lambda: BytesIO(path.read_bytes()),
    }
    image = dicompix.open_image(ways[way]())
    array: Any = image.to_dask(2, values=values)
    found = client.compute(array).result()
    np.testing.assert_array_equal(found, array.compute(scheduler="sync"))
    if values == "stored":
        np.testing.assert_array_equal(found, image.stored())
    mean = client.compute(array[2:7, 3:9].mean()).result()
    assert mean == pytest.approx(found[2:7, 3:9].mean())


def test_workers_decode_in_their_own_processes(path: Path, client: Any) -> None:
    array: Any = dicompix.open_image(path).to_dask(1)
    processes = client.compute(array.map_blocks(lambda block: np.full(block.shape, os.getpid()), dtype=int)).result()
    assert os.getpid() not in processes
