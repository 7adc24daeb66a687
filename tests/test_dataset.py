"""PixelMixin's contract: the cached array, copies and pickles, options, icons, and what goes wrong."""

import copy
import gc
import hashlib
import inspect
import pickle
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    MissingElementError,
    PixelError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.registry import registry
from dicompix.pixels.syntaxes import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    JPEG_BASELINE,
    JPEG_LS,
    RLE_LOSSLESS,
)

Make = Callable[..., Dataset]
Read = Callable[[Dataset], dicompix.FileDataset]


def rle_frame(frame: Stored) -> bytes:
    """Encode a frame as literal runs, most significant byte first (PS3.5 G.3 to G.5)."""
    planes = frame.astype(frame.dtype.newbyteorder(">")).view(np.uint8).reshape(-1, frame.dtype.itemsize).T
    segments = []
    for plane in planes:
        data = plane.tobytes()
        runs = b"".join(bytes([len(run) - 1]) + run for run in (data[i : i + 128] for i in range(0, len(data), 128)))
        segments.append(runs + b"\0" * (len(runs) % 2))
    offsets = np.cumsum([64, *(len(segment) for segment in segments)])[:-1]
    header = np.zeros(16, "<u4")
    header[0], header[1 : 1 + len(segments)] = len(segments), offsets
    return header.tobytes() + b"".join(segments)


@pytest.fixture
def native(make: Make, read: Read, ramp: Stored) -> dicompix.FileDataset:
    return read(make(ramp, frames=2, BitsStored=12, HighBit=11))


@pytest.fixture
def coded(make: Make, read: Read, ramp: Stored) -> dicompix.FileDataset:
    return read(make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=[rle_frame(frame) for frame in ramp]))


# The cache


def test_array_is_writable_and_the_same_on_each_access(native: dicompix.FileDataset, ramp: Stored) -> None:
    array = native.pixel_array
    assert np.array_equal(array, ramp)
    assert array.flags.writeable
    array[0, 0, 0] = 77
    assert native.pixel_array is array
    assert native.pixel_array[0, 0, 0] == 77


DESCRIBING = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
]
UNUSUAL_READS: dict[str, Callable[[dicompix.FileDataset], object]] = {
    **{name: lambda ds, name=name: getattr(ds, name) for name in DESCRIBING},  # type: ignore[misc]
    "str": str,
    "iterate": list,
    "walk": lambda ds: ds.walk(lambda *_: None),
    "json": lambda ds: ds.to_json(),
    "file meta": lambda ds: ds.file_meta.TransferSyntaxUID,
    "save": lambda ds: ds.save_as(BytesIO()),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": pickle.dumps,
    "compare": lambda ds: ds == copy.deepcopy(ds),
    "absent element": lambda ds: ds.get("FloatPixelData"),
    "pixels": lambda ds: ds.pixels[0],
}


@pytest.mark.parametrize("name", UNUSUAL_READS)
def test_reading_keeps_the_edited_array(name: str, native: dicompix.FileDataset) -> None:
    array = native.pixel_array
    array[:] = 3
    UNUSUAL_READS[name](native)
    assert native.pixel_array is array
    assert native.pixel_array.min() == native.pixel_array.max() == 3


@pytest.mark.parametrize("name", DESCRIBING)
def test_setting_what_is_there_already_keeps_the_values(name: str, native: dicompix.FileDataset, ramp: Stored) -> None:
    native.pixel_array  # noqa: B018
    setattr(native, name, getattr(native, name))
    assert np.array_equal(native.pixel_array, ramp)


def outcome(dataset: Dataset) -> tuple[object, ...]:
    """Return what `pixel_array` gives: the values, or the error's class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PixelWarning)
        try:
            array = dataset.pixel_array
        except PixelError as error:
            return (type(error),)
    return array.shape, array.dtype.str, array.tobytes()


def reports(act: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the code of each PixelWarning that a call raises, and the file it is attributed to."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        act()
    return [(str(one.message).split(":")[0], one.filename) for one in met if one.category is PixelWarning]


def element(name: str, value: object) -> DataElement:
    tag = tag_for_keyword(name)
    assert tag is not None
    vr = dictionary_VR(tag)
    return DataElement(tag, "OW" if name == "PixelData" else vr, value)


def _set(dataset: Dataset, name: str, value: object) -> None:
    setattr(dataset, name, value)


def _replace(dataset: Dataset, name: str, value: object) -> None:
    dataset[name] = element(name, value)


def _update(dataset: Dataset, name: str, value: object) -> None:
    new = element(name, value)
    dataset.update({new.tag: new})


def _in_place(dataset: Dataset, name: str, value: object) -> None:
    dataset[name].value = value


WAYS_TO_CHANGE = {"set": _set, "replace": _replace, "update": _update, "in place": _in_place}
OTHER_VALUES: dict[str, object] = {
    "SamplesPerPixel": 4,
    "NumberOfFrames": 3,
    "Rows": 2,
    "Columns": 3,
    "BitsAllocated": 8,
    "BitsStored": 5,
    "HighBit": 11,
    "PixelRepresentation": 1,
    "PixelData": bytes(96),
    "PhotometricInterpretation": "FOO",
}


GRAY: dict[str, Any] = {"frames": 2, "BitsStored": 12, "HighBit": 15}
COLOR: dict[str, Any] = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
CHANGES = [(GRAY, name, value) for name, value in OTHER_VALUES.items()] + [
    (COLOR, "PlanarConfiguration", 1),
    (COLOR, "PhotometricInterpretation", "YBR_FULL"),
]


def color_or_gray(make: Make, ramp: Stored, elements: dict[str, Any]) -> Dataset:
    array = ramp.astype(np.uint8).reshape(2, 8, 3) if "PlanarConfiguration" in elements else ramp
    return make(array, **elements)


@pytest.mark.parametrize("way", WAYS_TO_CHANGE)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change[1]}")
def test_a_changed_element_is_seen(
    change: tuple[dict[str, Any], str, object], way: str, make: Make, read: Read, ramp: Stored
) -> None:
    base, name, value = change
    dataset = read(color_or_gray(make, ramp, base))
    before = outcome(dataset)
    WAYS_TO_CHANGE[way](dataset, name, value)
    expected = outcome(read(color_or_gray(make, ramp, base | {name: value})))
    assert expected != before
    assert outcome(dataset) == expected


def _delete_attribute(dataset: Dataset, name: str) -> None:
    delattr(dataset, name)


def _delete_item(dataset: Dataset, name: str) -> None:
    del dataset[name]


def _pop(dataset: Dataset, name: str) -> None:
    dataset.pop(name)


# What other elements or the data's length tell too; without Number of Frames, both frames are excess ones and kept.
TOLD = {
    *("NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "PixelRepresentation", "PlanarConfiguration"),
}
REQUIRED = {"Rows", "Columns", "PixelData"}
WAYS_TO_DELETE = {"attribute": _delete_attribute, "item": _delete_item, "pop": _pop}
NAMES = [(GRAY, name) for name in DESCRIBING] + [(COLOR, "PlanarConfiguration")]


@pytest.mark.parametrize("way", WAYS_TO_DELETE)
@pytest.mark.parametrize(("base", "name"), NAMES)
def test_a_deleted_element_is_seen(
    base: dict[str, Any], name: str, way: str, make: Make, read: Read, ramp: Stored
) -> None:
    dataset = read(color_or_gray(make, ramp, base))
    before = outcome(dataset)
    WAYS_TO_DELETE[way](dataset, name)
    expected = outcome(read(color_or_gray(make, ramp, base | {name: None})))
    assert (expected == before) == (name in TOLD)
    assert outcome(dataset) == expected
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = [] if name in REQUIRED else [finding.code for finding in dataset.pixels.findings]
    assert codes or name in {*REQUIRED, "HighBit", "NumberOfFrames"}


@pytest.mark.parametrize("way", ["set", "replace", "update"])
@pytest.mark.parametrize(
    ("base", "name"), [(GRAY, "NumberOfFrames"), (GRAY, "HighBit"), (COLOR, "PlanarConfiguration")]
)
def test_an_added_element_is_seen(
    base: dict[str, Any], name: str, way: str, make: Make, read: Read, ramp: Stored
) -> None:
    dataset = read(color_or_gray(make, ramp, base | {name: None}))
    outcome(dataset)
    value = 5 if name == "NumberOfFrames" else base[name]
    WAYS_TO_CHANGE[way](dataset, name, value)
    assert outcome(dataset) == outcome(read(color_or_gray(make, ramp, base | {name: value})))


@pytest.mark.parametrize("way", ["set", "replace", "update"])
@pytest.mark.parametrize("name", ["FloatPixelData", "DoubleFloatPixelData"])
def test_a_second_pixel_element_is_seen(name: str, way: str, native: dicompix.FileDataset) -> None:
    outcome(native)
    WAYS_TO_CHANGE[way](native, name, bytes(8 * 48))
    assert outcome(native) == (MissingElementError,)
    del native.PixelData
    native.BitsAllocated, native.NumberOfFrames = (32, 4) if name == "FloatPixelData" else (64, 2)
    assert native.pixel_array.dtype == ("f4" if name == "FloatPixelData" else "f8")
    assert native.pixel_array.shape == (native.NumberOfFrames, 4, 6)


@pytest.mark.parametrize("way", WAYS_TO_CHANGE)
@pytest.mark.parametrize(("name", "bits"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
def test_changed_float_pixels_are_seen(name: str, bits: str, way: str, make: Make, read: Read, ramp: Stored) -> None:
    values = ramp[0].astype(bits)
    dataset = read(make(ramp[0], PixelData=None, BitsAllocated=8 * values.itemsize, **{name: values.tobytes()}))
    assert np.array_equal(dataset.pixel_array, values)
    WAYS_TO_CHANGE[way](dataset, name, (values + 0.5).tobytes())
    assert np.array_equal(dataset.pixel_array, values + 0.5)
    del dataset[name]
    assert outcome(dataset) == (MissingElementError,)


def offset_tables(sizes: list[int], order: list[int]) -> tuple[bytes, bytes]:
    """Return an Extended Offset Table and its lengths that list the items in this order."""
    starts = [sum(sizes[:i]) + 8 * i for i in range(len(sizes))]
    return np.array([starts[i] for i in order], "<u8").tobytes(), np.array([sizes[i] for i in order], "<u8").tobytes()


@pytest.mark.parametrize("way", ["set", "replace", "update"])
def test_added_changed_and_deleted_offset_tables_are_seen(way: str, make: Make, read: Read, ramp: Stored) -> None:
    frames = [rle_frame(frame) for frame in ramp]
    pixels = encapsulate(frames, has_bot=False)
    dataset = read(make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=frames, PixelData=pixels))
    dataset["PixelData"].is_undefined_length = True
    names = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
    assert np.array_equal(dataset.pixel_array, ramp)
    sizes = [len(frame) for frame in frames]
    for name, table in zip(names, offset_tables(sizes, [1, 0]), strict=True):
        WAYS_TO_CHANGE[way](dataset, name, table)
    assert np.array_equal(dataset.pixel_array, ramp[::-1])
    for name, table in zip(names, offset_tables(sizes, [0, 1]), strict=True):
        _in_place(dataset, name, table)
    assert np.array_equal(dataset.pixel_array, ramp)
    for name, table in zip(names, offset_tables(sizes, [1, 0]), strict=True):
        WAYS_TO_CHANGE[way](dataset, name, table)
    assert np.array_equal(dataset.pixel_array, ramp[::-1])
    del dataset.ExtendedOffsetTableLengths
    assert np.array_equal(dataset.pixel_array, ramp)
    del dataset.ExtendedOffsetTable
    assert np.array_equal(dataset.pixel_array, ramp)


def _new_meta(dataset: Dataset, name: str, value: object) -> None:
    meta = copy.deepcopy(dataset.file_meta)
    setattr(meta, name, value)
    dataset.file_meta = meta


SYNTAX_WAYS = {
    **{way: lambda ds, name, value, do=do: do(ds.file_meta, name, value) for way, do in WAYS_TO_CHANGE.items()},  # type: ignore[misc]
    "other meta": _new_meta,
}


@pytest.mark.parametrize("way", SYNTAX_WAYS)
def test_a_changed_transfer_syntax_is_seen(way: str, native: dicompix.FileDataset, ramp: Stored) -> None:
    native.BitsStored, native.HighBit = 16, 15
    native.pixel_array  # noqa: B018
    SYNTAX_WAYS[way](native, "TransferSyntaxUID", EXPLICIT_BIG)
    assert native.pixel_array.dtype == np.dtype(">u2")
    assert np.array_equal(native.pixel_array, ramp.byteswap())


def test_a_deleted_transfer_syntax_is_read_from_the_encoding(coded: dicompix.FileDataset, ramp: Stored) -> None:
    del coded.file_meta.TransferSyntaxUID
    found = reports(lambda: coded.pixel_array)  # RLE is recognised by its header
    assert found == [("transfer-syntax", __file__), ("encapsulated", __file__)]
    assert np.array_equal(coded.pixel_array, ramp)


def test_clearing_the_cache_by_hand_decodes_again(native: dicompix.FileDataset, ramp: Stored) -> None:
    native.pixel_array[:] = 0
    native._pixel_array = None
    assert np.array_equal(native.pixel_array, ramp)


# Old-style scripts


@pytest.mark.parametrize(
    ("syntax", "dtype", "shape"),
    [
        (EXPLICIT_LITTLE, "i2", (4, 6)),
        (IMPLICIT_LITTLE, "u2", (2, 4, 6)),
        (EXPLICIT_LITTLE, "u1", (4, 4, 3)),
        (EXPLICIT_BIG, "i2", (2, 4, 6)),
        (EXPLICIT_BIG, "u4", (4, 6)),
        (DEFLATED_LITTLE, "u2", (4, 6)),
    ],
)
def test_edit_in_place_write_back_save_and_read_again(
    syntax: str, dtype: str, shape: tuple[int, ...], make: Make, read: Read
) -> None:
    values = (np.arange(np.prod(shape)).reshape(shape) * 3 - 5).astype(dtype)
    big = syntax == EXPLICIT_BIG
    frames = 2 if shape == (2, 4, 6) else 1
    pixels = values.astype(values.dtype.newbyteorder(">")).tobytes() if big else values.tobytes()
    dataset = read(make(values, frames=frames, syntax=syntax, PixelData=pixels))
    dataset.pixel_array[values < 20] = 9
    dataset.PixelData = dataset.pixel_array.tobytes()
    file = BytesIO()
    dataset.save_as(file)
    file.seek(0)
    again = BytesIO(file.getvalue())
    expected = np.where(values < 20, np.array(9, dtype), values)
    for reread in (dicompix.dcmread(file), pydicom.dcmread(again)):
        assert np.array_equal(reread.pixel_array, expected)
        assert reread.pixel_array.dtype == np.dtype(dtype).newbyteorder(">" if big else "<")


def test_cropping_by_rows_and_columns(native: dicompix.FileDataset, ramp: Stored) -> None:
    crop = native.pixel_array[:, 1:3, 2:5]
    native.Rows, native.Columns = crop.shape[1:]
    native.PixelData = crop.tobytes()
    assert np.array_equal(native.pixel_array, ramp[:, 1:3, 2:5])
    native.PixelData = native.pixel_array[:1].tobytes()
    native.NumberOfFrames = 1
    assert np.array_equal(native.pixel_array, ramp[0, 1:3, 2:5])


def test_big_endian_array_keeps_the_files_order_and_image_is_native(make: Make, read: Read) -> None:
    values = np.array([[1, -2, 300]], ">i2")
    dataset = read(make(values, syntax=EXPLICIT_BIG))
    assert dataset.pixel_array.dtype == np.dtype(">i2")
    assert dataset.pixel_array.tobytes() == values.tobytes()
    assert dataset.pixels[0].dtype.isnative
    assert dataset.pixels.stored().dtype.isnative
    assert dataset.pixels[0].tolist() == dataset.pixel_array.tolist() == [[1, -2, 300]]


# Copies, pickles, comparison, memory

COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "method": lambda ds: ds.copy(),
    "pickle": lambda ds: pickle.loads(pickle.dumps(ds)),
    "pickle 2": lambda ds: pickle.loads(pickle.dumps(ds, protocol=2)),
}
KINDS = ["file", "made", "plain"]


def of_kind(kind: str, make: Make, read: Read, ramp: Stored) -> Dataset:
    """Return a data set read by us, made as ours, or pydicom's own (which needs `install`)."""
    dataset = make(ramp, frames=2, kind=dicompix.Dataset if kind == "made" else Dataset)
    return read(dataset) if kind == "file" else dataset


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_decodes_again(kind: str, way: str, make: Make, read: Read, ramp: Stored, installed: None) -> None:
    dataset = of_kind(kind, make, read, ramp)
    dataset.pixel_array[:] = 0
    array = dataset.pixel_array
    copied = COPIES[way](dataset)
    assert type(copied) is type(dataset)
    assert np.array_equal(copied.pixel_array, ramp)
    assert dataset.pixel_array is array
    assert not array.any()
    copied.pixel_array[:] = 1
    assert not array.any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_cache_does_not_travel_in_a_pickle(
    kind: str, make: Make, read: Read, ramp: Stored, installed: None
) -> None:
    dataset = of_kind(kind, make, read, ramp)
    before = len(pickle.dumps(dataset))
    dataset.pixel_array  # noqa: B018
    dataset.pixels  # noqa: B018
    after = pickle.dumps(dataset)
    assert len(after) - before < ramp.nbytes  # elements converted meanwhile take a little more
    loaded = pickle.loads(after)
    assert loaded.__dict__.get("_pixel_array") is None
    assert loaded == dataset


def run(code: str, data: bytes = b"") -> bytes:
    """Run Python code in a process of its own; it reads `data` and answers on its standard output."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


LOAD = "import pickle, sys, hashlib; ds = pickle.load(sys.stdin.buffer)\n"
SHOW = "sys.stdout.write(hashlib.sha256(ds.pixel_array.tobytes()).hexdigest())"


def test_a_pickle_works_in_another_process(native: dicompix.FileDataset, ramp: Stored) -> None:
    native.pixel_array[:] = 0
    assert run(LOAD + SHOW, pickle.dumps(native)).decode() == hashlib.sha256(ramp.tobytes()).hexdigest()


def test_a_plain_pickle_needs_no_dicompix(make: Make, ramp: Stored, installed: None) -> None:
    dataset = make(ramp, frames=2)
    dataset.pixel_array  # noqa: B018
    check = "assert not any(name.startswith('dicompix') for name in sys.modules)\n"
    sent = pickle.dumps(dataset)
    assert run(LOAD + check + SHOW, sent).decode() == hashlib.sha256(ramp.tobytes()).hexdigest()


def test_a_plain_pickle_after_uninstall_needs_no_dicompix(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2)
    dicompix.install()
    dataset.pixel_array  # noqa: B018
    dicompix.uninstall()
    run(LOAD + "assert not any(name.startswith('dicompix') for name in sys.modules)", pickle.dumps(dataset))


def test_a_pickle_comes_back_from_another_process(example: Callable[[str], Path]) -> None:
    path = example("CT_small.dcm")
    code = (
        f"import pickle, sys, dicompix; ds = dicompix.dcmread({str(path)!r}); ds.pixel_array[:] = 0\n"
        "sys.stdout.buffer.write(pickle.dumps(ds))"
    )
    dataset = pickle.loads(run(code))
    assert type(dataset) is dicompix.FileDataset
    assert np.array_equal(dataset.pixel_array, pydicom.dcmread(path).pixel_array)


def test_equality_with_plain_datasets(example: Callable[[str], Path]) -> None:
    ours, plain = dicompix.dcmread(example("CT_small.dcm")), pydicom.dcmread(example("CT_small.dcm"))
    for _ in range(2):
        assert ours == plain
        assert plain == ours
        assert not ours != plain  # noqa: SIM202  # both operators are tested
        ours.pixel_array  # noqa: B018
    plain.PatientName = "Other"
    assert ours != plain
    assert plain != ours
    assert ours != 1


@pytest.mark.parametrize("ours", [dicompix.Dataset, dicompix.FileDataset])
@pytest.mark.parametrize("theirs", [pydicom.Dataset, pydicom.FileDataset, dicompix.Dataset, dicompix.FileDataset])
def test_equality_does_not_depend_on_the_class(
    ours: type[Dataset], theirs: type[Dataset], example: Callable[[str], Path]
) -> None:
    one, other = (pydicom.dcmread(example("CT_small.dcm")) for _ in range(2))
    one.__class__, other.__class__ = ours, theirs  # type: ignore[assignment]
    assert one == other
    assert other == one
    other.Rows = 1
    assert one != other
    assert other != one


def test_nothing_in_a_dataset_keeps_it_from_being_copied(native: dicompix.FileDataset) -> None:
    native.pixel_array  # noqa: B018
    native.pixels.stored()
    for name, value in native.__dict__.items():
        if name != "buffer":  # pydicom's own: the file object it was read from
            copy.deepcopy(value)
            pickle.dumps(value)


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("kind", KINDS)
def test_deleting_a_dataset_frees_its_pixels_at_once(
    kind: str, make: Make, read: Read, ramp: Stored, installed: None, no_garbage_collection: None
) -> None:
    dataset = of_kind(kind, make, read, ramp)
    for frame in dataset.pixels:
        assert frame.shape == (4, 6)
    image = dataset.pixels
    array, itself = weakref.ref(dataset.pixel_array), weakref.ref(dataset)
    assert array() is not None
    del dataset
    assert itself() is image.dataset  # an image holds its data set, not the other way round
    del image
    assert itself() is None
    assert array() is None


def test_a_failed_decode_keeps_no_dataset_alive(make: Make, ramp: Stored, no_garbage_collection: None) -> None:
    dataset = make(ramp, frames=3, kind=dicompix.Dataset)
    itself = weakref.ref(dataset)
    with pytest.raises(FrameError):
        dataset.pixel_array  # noqa: B018
    del dataset
    assert itself() is None


# What goes wrong


def test_hasattr_is_false_only_for_missing_elements(make: Make, ramp: Stored) -> None:
    assert hasattr(make(ramp[0], kind=dicompix.Dataset), "pixel_array")
    for name in ("Rows", "Columns", "PixelData"):
        dataset = make(ramp[0], kind=dicompix.Dataset)
        delattr(dataset, name)
        assert not hasattr(dataset, "pixel_array"), name
    for name, value in (("Rows", 0), ("PhotometricInterpretation", "FOO"), ("PixelData", b"12")):
        dataset = make(ramp[0], kind=dicompix.Dataset, **{name: value})
        with pytest.raises(ValueError, match=r"Rows|Photometric|less than"):
            hasattr(dataset, "pixel_array")


def test_a_failing_decode_runs_each_codec_once(coded: dicompix.FileDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def load(entry: Any) -> Any:
        def codec(*_: object) -> None:
            tried.append(entry.name)
            raise CodecError("broken on purpose")

        return codec

    monkeypatch.setattr(registry, "load", load)
    coded.NumberOfFrames = 1
    coded.PixelData = encapsulate([rle_frame(np.ones((4, 6), np.uint16))])
    with pytest.raises(CodecError, match="Unable to decode as exceptions were raised by all available plugins"):
        hasattr(coded, "pixel_array")
    assert len(tried) == len(set(tried)) > 0


BAD: dict[str, tuple[dict[str, Any], type[PixelError], type[Exception], str]] = {
    **{
        f"no {name}": ({name: None}, MissingElementError, AttributeError, "Missing required element: .*'" + title)
        for name, title in (
            ("Rows", "Rows"),
            ("Columns", "Columns"),
        )
    },
    "no pixels": ({"PixelData": None}, MissingElementError, AttributeError, "no pixel data"),
    "two pixels": ({"FloatPixelData": bytes(96)}, MissingElementError, AttributeError, "One and only one"),
    "rows 0": ({"Rows": 0}, BadValueError, ValueError, "Rows"),
    "allocated 13": ({"BitsAllocated": 13, "PixelData": bytes(60)}, BadValueError, ValueError, "Bits Allocated"),
    "allocated 24": ({"BitsAllocated": 24}, UnsupportedError, NotImplementedError, "'u3'.*not supported by NumPy"),
    "allocated 40": ({"BitsAllocated": 40}, UnsupportedError, NotImplementedError, "'u5'.*not supported by NumPy"),
    "stored 17": ({"BitsStored": 17, "PixelData": bytes(60)}, BadValueError, ValueError, "Bits Stored"),
    "sign 2": ({"PixelRepresentation": 2}, BadValueError, ValueError, "Pixel Representation"),
    "photometric": ({"PhotometricInterpretation": "FOO"}, BadValueError, ValueError, "Photometric Interpretation"),
    "samples 2": ({"SamplesPerPixel": 2, "PlanarConfiguration": 0}, BadValueError, ValueError, "Samples per Pixel"),
    "samples 4": ({"SamplesPerPixel": 4, "PlanarConfiguration": 0}, BadValueError, ValueError, "Samples per Pixel"),
    "planar 2": ({"SamplesPerPixel": 3, "PlanarConfiguration": 2}, BadValueError, ValueError, "Planar"),
    "frames -1": ({"NumberOfFrames": -1}, BadValueError, ValueError, "Number of Frames"),
    "too short": ({"PixelData": bytes(40)}, FrameError, ValueError, r"less than expected \(40 vs 48 bytes\)"),
    "a million frames": ({"NumberOfFrames": 10**6}, FrameError, ValueError, "less than expected"),
    "empty pixels": ({"PixelData": b""}, FrameError, ValueError, r"less than expected \(0 vs 48 bytes\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_an_error_of_our_tree_and_of_pydicoms_kind(case: str, make: Make, ramp: Stored) -> None:
    elements, ours, builtin, text = BAD[case]
    dataset = make(ramp[0], kind=dicompix.Dataset, **elements)
    with pytest.raises(ours, match=text) as met:
        dataset.pixel_array  # noqa: B018
    assert isinstance(met.value, builtin)
    with pytest.raises(ours, match=text):
        dataset.pixels.stored()


def test_no_transfer_syntax_on_a_dataset_from_scratch(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0], kind=dicompix.Dataset)
    del dataset.file_meta.TransferSyntaxUID
    with pytest.raises(MissingElementError, match=r"'file_meta' has no \(0002,0010\)"):
        dataset.pixel_array  # noqa: B018
    del dataset.file_meta
    with pytest.raises(AttributeError, match=r"'file_meta' has no \(0002,0010\)"):
        dataset.pixel_array  # noqa: B018


def test_a_syntax_without_a_codec(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0], kind=dicompix.Dataset, syntax="1.2.840.10008.1.2.4.100")
    with pytest.raises(NotImplementedError, match=r"MPEG2 Main Profile.*FFmpeg"):
        dataset.pixel_array  # noqa: B018


@pytest.mark.parametrize("frames", [0, None])
def test_number_of_frames_zero_or_empty_is_one_frame(frames: int | None, native: dicompix.FileDataset) -> None:
    native.NumberOfFrames = frames
    native.PixelData = native.PixelData[:48]
    with pytest.warns(PixelWarning, match="^number-of-frames: ") as met:
        assert native.pixel_array.shape == (4, 6)
    assert len(met) == 1


# Warnings


def test_excess_frames_are_in_the_array_but_not_in_the_image(native: dicompix.FileDataset, ramp: Stored) -> None:
    native.NumberOfFrames = 1
    with pytest.warns(PixelWarning, match="^excess-frames: .*sufficient to contain 2 frames"):
        assert np.array_equal(native.pixel_array, ramp)
    assert len(native.pixels) == 1
    assert np.array_equal(native.pixels.stored(), ramp[:1])
    assert native.pixels.findings[0].code == "excess-frames"


def test_a_finding_is_reported_once_a_dataset_and_where_the_user_is(native: dicompix.FileDataset) -> None:
    native.PixelData += bytes(40)

    def use() -> None:
        native.pixel_array  # noqa: B018
        native.Rows = 4
        native.PixelRepresentation = 1
        native.pixel_array  # noqa: B018
        native.pixels[0]
        native.pixels.stored()

    assert reports(use) == [("excess-padding", __file__)]


def test_each_dataset_reports_for_itself(make: Make, read: Read, ramp: Stored) -> None:
    for _ in range(2):
        dataset = read(make(ramp[0], PixelData=ramp[0].tobytes() + bytes(40)))
        assert reports(lambda: dataset.pixels[0]) == [("excess-padding", __file__)]  # noqa: B023
        assert reports(lambda: dataset.pixel_array) == []  # noqa: B023


def test_a_missing_pad_byte_and_the_pad_byte_are_both_fine(make: Make) -> None:
    odd = np.arange(15, dtype=np.uint8).reshape(3, 5)
    for pixels in (odd.tobytes(), odd.tobytes() + b"\0"):
        assert np.array_equal(make(odd, PixelData=pixels, kind=dicompix.Dataset).pixel_array, odd)


# Options


def test_options_index_and_reset(native: dicompix.FileDataset, ramp: Stored) -> None:
    for index in (0, 1):
        native.pixel_array_options(index=index)
        assert np.array_equal(native.pixel_array, ramp[index])
        assert native.pixel_array is native.pixel_array
        assert native.pixel_array.flags.writeable
    native.pixel_array_options()
    assert np.array_equal(native.pixel_array, ramp)


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_options_index_out_of_range(index: int, native: dicompix.FileDataset, coded: dicompix.FileDataset) -> None:
    for dataset in (native, coded):
        dataset.pixel_array_options(index=index)
        with pytest.raises(ValueError, match="greater than or equal to 0" if index < 0 else "insufficient pixel data"):
            dataset.pixel_array  # noqa: B018


@pytest.mark.parametrize("options", [{"raw": True}, {"as_rgb": False}])
def test_options_raw_keeps_ybr(options: dict[str, Any], make: Make, read: Read) -> None:
    ybr = np.array([[[76, 85, 255], [150, 44, 21]]], np.uint8)
    dataset = read(make(ybr, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(dataset.pixel_array.astype(int) - [[[254, 0, 0], [0, 255, 1]]]).max() <= 1  # red and green
    dataset.pixel_array_options(**options)
    assert np.array_equal(dataset.pixel_array, ybr)


def test_options_decoding_plugin(coded: dicompix.FileDataset, native: dicompix.FileDataset, ramp: Stored) -> None:
    for name in ("imagecodecs", "dicompix", "pylibjpeg", "pydicom"):
        coded.pixel_array_options(decoding_plugin=name)
        assert np.array_equal(coded.pixel_array, ramp), name
    coded.pixel_array_options(decoding_plugin="nonsense")
    with pytest.raises(ValueError, match=r"No plugin named 'nonsense'.*imagecodecs"):
        coded.pixel_array  # noqa: B018
    native.pixel_array_options(decoding_plugin="gdcm")  # native pixel data needs no plugin, as in pydicom
    assert np.array_equal(native.pixel_array, ramp)


@pytest.mark.parametrize(
    "options",
    [
        {"number_of_frames": 1, "allow_excess_frames": False},
        {"bits_stored": 4},
        {"correct_unused_bits": False},
        {"x": 1},
    ],
    ids=str,
)
def test_other_options_mean_what_they_mean_in_pydicom(options: dict[str, Any], native: dicompix.FileDataset) -> None:
    plain = pydicom.Dataset(native)
    plain.file_meta = native.file_meta
    for dataset in (native, plain):
        dataset.pixel_array_options(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.array_equal(native.pixel_array, plain.pixel_array)
    assert native.pixel_array is native.pixel_array
    native.pixel_array_options()
    plain.pixel_array_options()
    assert np.array_equal(native.pixel_array, plain.pixel_array)


def test_options_take_pydicoms_old_path_never(native: dicompix.FileDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicompix.dataset._convert_pixel_data", None)
    native.pixel_array_options(raw=True, bits_stored=16, view_only=True, be_swap_ow=True)
    assert native.pixel_array.size == 48


def test_options_describe_what_the_data_set_does_not(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, Rows=None, kind=dicompix.Dataset)
    assert not hasattr(dataset, "pixel_array")
    dataset.pixel_array_options(rows=4)
    assert np.array_equal(dataset.pixel_array, ramp)
    assert dataset.pixel_array is dataset.pixel_array


def test_options_keep_edits_while_elements_are_read(native: dicompix.FileDataset) -> None:
    native.pixel_array_options(rows=6, columns=4)
    native.pixel_array[0, 0, 0] = 4095
    assert (native.Rows, native.Columns, native.BitsStored) == (4, 6, 12)
    assert native.pixel_array.shape == (2, 6, 4)
    assert native.pixel_array[0, 0, 0] == 4095
    native.BitsStored, native.HighBit = 8, 7
    assert native.pixel_array[0, 0, 0] == 0


def test_options_are_for_the_array_alone(native: dicompix.FileDataset) -> None:
    native.pixel_array_options(rows=6, columns=4)
    array = native.pixel_array
    assert native.pixels.shape == (2, 4, 6)
    assert native.pixel_array is array
    assert native.pixels[1].shape == (4, 6)


def test_setting_options_drops_the_array_and_the_old_options(native: dicompix.FileDataset, ramp: Stored) -> None:
    native.pixel_array[:] = 0
    native.pixel_array_options(index=1)
    assert np.array_equal(native.pixel_array, ramp[1])
    native.pixel_array_options(rows=6, columns=4)
    assert native.pixel_array.shape == (2, 6, 4)


def test_the_old_backend_is_pydicoms(native: dicompix.FileDataset, ramp: Stored) -> None:
    native.pixel_array_options(use_v2_backend=True)
    assert np.array_equal(native.pixel_array, ramp)
    assert native.pixel_array is native.pixel_array


def test_convert_pixel_data_decodes_at_once(coded: dicompix.FileDataset, ramp: Stored) -> None:
    coded.convert_pixel_data("PyDicom")
    array = coded.__dict__["_pixel_array"]
    assert np.array_equal(array, ramp)
    assert coded.pixel_array is array
    coded.convert_pixel_data("nonsense")  # converted already, as in pydicom
    assert coded.pixel_array is array
    coded.pixel_array_options()
    with pytest.raises(ValueError, match="No plugin named 'nonsense'"):
        coded.convert_pixel_data("nonsense")
    coded.PixelData = encapsulate([rle_frame(frame[::-1]) for frame in ramp])
    coded.convert_pixel_data()
    assert np.array_equal(coded.pixel_array, ramp[:, ::-1])


def test_convert_pixel_data_goes_with_pydicoms_future(
    native: dicompix.FileDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pydicom.config, "_use_future", True)
    with pytest.raises(AttributeError, match="no attribute 'convert_pixel_data'"):
        native.convert_pixel_data()


MEMBERS = ("pixel_array_options", "convert_pixel_data", "compress", "decompress", "set_pixel_data", "overlay_array")


@pytest.mark.parametrize("name", MEMBERS)
def test_members_have_pydicoms_signatures(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(kind, name)) for kind in (dicompix.PixelMixin, Dataset))
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


def test_compressing_and_decompressing_in_place(native: dicompix.FileDataset, ramp: Stored) -> None:
    uid = native.SOPInstanceUID
    native.compress(RLE_LOSSLESS, generate_instance_uid=False)
    assert native.file_meta.TransferSyntaxUID == RLE_LOSSLESS
    assert np.array_equal(native.pixel_array, ramp)
    native.pixel_array_options(index=1)  # says nothing of decompressing
    native.decompress("pydicom", generate_instance_uid=False)
    assert native.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE
    assert native.SOPInstanceUID == uid
    native.pixel_array_options()
    assert np.array_equal(native.pixel_array, ramp)


def test_setting_pixels_from_an_array(native: dicompix.FileDataset) -> None:
    native.set_pixel_data(np.arange(12, dtype=np.uint8).reshape(3, 4), "MONOCHROME2", 8, generate_instance_uid=False)
    assert native.pixel_array.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_an_overlay_by_its_group(native: dicompix.FileDataset) -> None:
    for tag, value in ((0x60000010, 2), (0x60000011, 4), (0x60000100, 1), (0x60000102, 0)):
        native.add_new(tag, "US", value)
    native.add_new(0x60003000, "OW", bytes([0b10000101, 0]))
    assert native.overlay_array(0x6000).tolist() == [[1, 0, 1, 0], [0, 0, 0, 1]]


# Icons, buffers, deferred and deflated values


def with_icon(make: Make, ramp: Stored, icon: Dataset, *, kind: str) -> Dataset:
    dataset = make(ramp[0], syntax=RLE_LOSSLESS, encoded=[rle_frame(ramp[0])])
    item = Dataset()
    item.update({elem.tag: elem for elem in icon if elem.tag.group in {0x0028, 0x7FE0}})
    item.is_undefined_length_sequence_item = kind == "undefined"
    dataset.IconImageSequence = Sequence([item])
    return dataset


ICON = np.arange(0, 240, 15, dtype=np.uint8).reshape(4, 4)
ICONS: dict[str, tuple[str, list[bytes] | None]] = {
    "native": (EXPLICIT_LITTLE, None),
    "rle": (RLE_LOSSLESS, [rle_frame(ICON)]),
    "jpeg-ls": (JPEG_LS, [bytes(imagecodecs.jpegls_encode(ICON))]),
    "jpeg": (JPEG_BASELINE, [bytes(imagecodecs.jpeg8_encode(ICON, level=100))]),
}


@pytest.mark.parametrize("kind", ["defined", "undefined"])
@pytest.mark.parametrize("coding", ICONS)
def test_icons_decode(
    coding: str, kind: str, make: Make, as_file: Callable[[Dataset], BytesIO], ramp: Stored, installed: None
) -> None:
    syntax, encoded = ICONS[coding]
    dataset = with_icon(make, ramp, make(ICON, syntax=syntax, encoded=encoded), kind=kind)
    file = as_file(dataset)
    again = BytesIO(file.getvalue())
    for whole in (dicompix.dcmread(file), pydicom.dcmread(again)):
        for icon in (whole.IconImageSequence[0], whole["IconImageSequence"][0], whole.get("IconImageSequence")[0]):
            assert np.abs(icon.pixel_array.astype(int) - ICON).max() <= (coding == "jpeg")
            assert icon.pixels.shape == (1, 4, 4)
        assert np.array_equal(whole.pixel_array, ramp[0])


def test_icons_decode_without_install(make: Make, read: Read, ramp: Stored) -> None:
    whole = read(with_icon(make, ramp, make(ICON), kind="defined"))
    for item in whole.IconImageSequence:
        assert np.array_equal(item.pixel_array, ICON)
    assert [np.array_equal(elem.value[0].pixel_array, ICON) for elem in whole if elem.VR == "SQ"] == [True]


def test_pixel_data_in_a_buffer(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, kind=dicompix.Dataset)
    buffer = BytesIO(ramp.tobytes())
    buffer.seek(7)
    dataset.PixelData = buffer
    assert np.array_equal(dataset.pixel_array, ramp)
    assert buffer.tell() == 7
    assert dataset.pixel_array is dataset.pixel_array


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_deferred_pixel_data(name: str, example: Callable[[str], Path]) -> None:
    dataset = dicompix.dcmread(example(name), defer_size=128)
    array = dataset.pixel_array
    assert np.array_equal(array, dicompix.dcmread(example(name)).pixel_array)
    dataset.PixelData  # noqa: B018
    assert dataset.pixel_array is array


def test_deflated_data_set_by_path(
    tmp_path: Path, make: Make, as_file: Callable[[Dataset], BytesIO], ramp: Stored
) -> None:
    path = tmp_path / "deflated.dcm"
    path.write_bytes(as_file(make(ramp, frames=2, syntax=DEFLATED_LITTLE)).getvalue())
    assert np.array_equal(dicompix.dcmread(path).pixel_array, ramp)
    with dicompix.open_image(path) as image:
        assert np.array_equal(image[1], ramp[1])


def test_dcmread_passes_pydicoms_parameters_on(example: Callable[[str], Path]) -> None:
    path = example("CT_small.dcm")
    assert "PixelData" not in dicompix.dcmread(path, stop_before_pixels=True)
    assert "Columns" not in dicompix.dcmread(path, specific_tags=["Rows"])
    with path.open("rb") as file:
        assert isinstance(dicompix.dcmread(file, force=True), dicompix.FileDataset)
    with pytest.raises(TypeError, match="nonsense"):
        dicompix.dcmread(path, nonsense=1)


def test_ours_are_pydicoms(native: dicompix.FileDataset) -> None:
    assert isinstance(native, pydicom.FileDataset)
    assert isinstance(native, dicompix.Dataset)
    assert isinstance(dicompix.Dataset(), pydicom.Dataset)
    assert dicompix.Dataset.pixels is dicompix.PixelMixin.pixels
