"""pixel_array and iter_pixels: paths, files and data sets; what is read of them, what is left alone, what fails."""

import gzip
import inspect
import io
import resource
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.arrays import iter_pixels, pixel_array
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    MissingElementError,
    PixelError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.syntaxes import DEFLATED_LITTLE, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE_LOSSLESS
from support import packing

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]


@pytest.mark.parametrize("name", ["pixel_array", "iter_pixels"])
def test_signatures_are_pydicoms(name: str) -> None:
    ours, theirs = (
        inspect.signature(getattr(module, name)) for module in (inspect.getmodule(pixel_array), pydicom.pixels)
    )
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


# Where pixels come from


@pytest.fixture(params=[EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED_LITTLE, RLE_LOSSLESS])
def file(request: pytest.FixtureRequest, make: Make, as_file: AsFile, ramp: Stored) -> BytesIO:
    """Return a file of two frames, in one transfer syntax after the other."""
    syntax = request.param
    pixels = ramp.astype(">u2").tobytes() if syntax == EXPLICIT_BIG else ramp.tobytes()
    if syntax == RLE_LOSSLESS:
        return as_file(make(ramp, frames=2, syntax=syntax, encoded=[packing.rle(frame) for frame in ramp]))
    dataset = make(ramp, frames=2, syntax=syntax, PixelData=pixels)
    dataset["PixelData"].VR = "OW"
    return as_file(dataset)


def sources(file: BytesIO, folder: Path) -> Iterator[Any]:
    path = folder / "two.dcm"
    path.write_bytes(file.getvalue())
    yield path
    yield str(path)
    yield BytesIO(file.getvalue())
    with path.open("rb") as opened:
        yield opened
    with path.open("rb", buffering=0) as opened:
        yield opened
    with gzip.open(gzipped(path), "rb") as opened:
        yield opened
    yield pydicom.dcmread(path)
    yield dicompix.dcmread(path)
    yield pydicom.dcmread(path, defer_size=16)


def gzipped(path: Path) -> Path:
    packed = path.with_suffix(".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def test_every_kind_of_source_gives_the_same_frames(file: BytesIO, tmp_path: Path, ramp: Stored) -> None:
    for source in sources(file, tmp_path):
        array = pixel_array(source)
        assert np.array_equal(array, ramp)
        assert array.flags.writeable
        one = pixel_array(source, index=1)
        assert np.array_equal(one, ramp[1])
        assert one.flags.writeable
        frames = list(iter_pixels(source))
        assert np.array_equal(frames, ramp)
        assert all(frame.flags.writeable for frame in frames)


def test_big_endian_arrays_keep_their_order(make: Make, as_file: AsFile, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, syntax=EXPLICIT_BIG, PixelData=ramp.astype(">u2").tobytes())
    dataset["PixelData"].VR = "OW"
    for source in (dataset, as_file(dataset)):
        assert pixel_array(source).dtype == np.dtype(">u2")
        assert next(iter_pixels(source)).dtype == np.dtype(">u2")


def test_a_file_is_read_from_its_start_and_left_where_it_was(file: BytesIO, tmp_path: Path, ramp: Stored) -> None:
    path = tmp_path / "two.dcm"
    path.write_bytes(file.getvalue())
    with path.open("rb") as opened:
        for position in (0, 7, 100):
            for source in (opened, file):
                source.seek(position)
                assert np.array_equal(pixel_array(source), ramp)
                assert (source.tell(), source.closed) == (position, False)
                assert len(list(iter_pixels(source))) == 2
                assert (source.tell(), source.closed) == (position, False)


def test_a_failure_leaves_a_file_where_it_was_and_a_path_closed(make: Make, as_file: AsFile, ramp: Stored) -> None:
    file = as_file(make(ramp, frames=2, Rows=0))
    file.seek(5)
    with pytest.raises(BadValueError):
        pixel_array(file)
    with pytest.raises(BadValueError):
        next(iter_pixels(file))
    assert file.tell() == 5


def test_what_is_neither_path_nor_file_nor_data_set_is_refused() -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match="binary file object"):
        pixel_array(wrong)
    with pytest.raises(FileNotFoundError):
        pixel_array("no/such/file.dcm")


def test_a_data_set_stays_as_it_was(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, BitsStored=12, HighBit=11)
    before = dict(dataset.__dict__), dataset.to_json()
    pixel_array(dataset, index=0)[:] = 0
    list(iter_pixels(dataset))
    assert (dict(dataset.__dict__), dataset.to_json()) == before


# What is read, and what is kept


def test_of_a_path_only_the_frame_asked_for_is_looked_at(tmp_path: Path, make: Make, as_file: AsFile) -> None:
    frames = np.arange(64, dtype=np.uint16).reshape(4, 4, 4)
    encoded = [packing.rle(frame) for frame in frames]
    encoded[2] = bytes(len(encoded[2]))  # no RLE header
    path = tmp_path / "broken.dcm"
    path.write_bytes(as_file(make(frames, frames=4, syntax=RLE_LOSSLESS, encoded=encoded)).getvalue())
    assert np.array_equal(pixel_array(path, index=3), frames[3])
    assert np.array_equal(list(iter_pixels(path, indices=[0, 3])), frames[[0, 3]])
    with pytest.raises(CodecError):
        pixel_array(path, index=2)
    with pytest.raises(CodecError, match="frame 2"):
        pixel_array(path)


def test_a_frame_of_a_large_file_takes_no_memory_for_the_others(tmp_path: Path, make: Make, as_file: AsFile) -> None:
    frame = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    whole = as_file(make(frame)).getvalue()
    head = whole[: whole.index(frame.tobytes())]
    count = 1 << 18  # 2 GiB of frames, most of them a hole in the file
    number = b"\x28\x00\x08\x00IS" + (6).to_bytes(2, "little") + str(count).encode()
    place = head.index(b"\x28\x00\x10\x00US")
    head = head[:place] + number + head[place:]
    size = count * frame.nbytes
    head = head[:-4] + (size).to_bytes(4, "little")
    path = tmp_path / "large.dcm"
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + (count - 1) * frame.nbytes)
        file.write(frame.tobytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert np.array_equal(pixel_array(path, index=count - 1), frame)
    assert not pixel_array(path, index=5).any()
    assert np.array_equal(next(iter_pixels(path, indices=[count - 1])), frame)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16  # in KiB


# iter_pixels


@pytest.mark.parametrize(
    "indices",
    [[0, 1], [1, 0, 1], [], (1,), range(1, -1, -1), {1}, np.array([1, 0]), [np.int64(1)], [-1, 0]],
    ids=str,
)
def test_indices_in_their_order_and_repeated(indices: Any, make: Make, ramp: Stored) -> None:
    for dataset in (
        make(ramp, frames=2),
        make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=list(map(packing.rle, ramp))),
    ):
        expected = [ramp[i] for i in indices]
        assert np.array_equal(list(iter_pixels(dataset, indices=indices)), expected)
        assert np.array_equal(list(iter_pixels(dataset, indices=(i for i in indices))), expected)


def test_iterating_begins_with_the_first_frame_asked_for(make: Make, ramp: Stored) -> None:
    iterator = iter_pixels("no/such/file.dcm")  # a generator: nothing is opened yet
    with pytest.raises(FileNotFoundError):
        next(iterator)
    endless = iter_pixels(make(ramp, frames=2), indices=iter(int, 1))
    assert np.array_equal(next(endless), ramp[0])
    assert np.array_equal(next(endless), ramp[0])


def test_iterating_yields_new_arrays(make: Make, ramp: Stored) -> None:
    first, second = iter_pixels(make(ramp, frames=2), indices=[0, 0])
    first[:] = 7
    assert np.array_equal(second, ramp[0])


@pytest.mark.parametrize("index", [2, 99, -3])
def test_a_frame_that_is_not_there(index: int, file: BytesIO) -> None:
    with pytest.raises(ValueError, match="There is insufficient pixel data to contain"):
        next(iter_pixels(file, indices=[index]))
    message = "'index' must be greater than or equal to 0" if index < 0 else "insufficient pixel data"
    with pytest.raises(ValueError, match=message):
        pixel_array(file, index=index)


# ds_out


@pytest.mark.parametrize("iterating", [False, True])
def test_ds_out_is_filled(iterating: object, file: BytesIO, tmp_path: Path) -> None:
    path = tmp_path / "two.dcm"
    path.write_bytes(file.getvalue())
    whole = pydicom.dcmread(path)
    for source in (path, file):
        for tags, names in ((None, set()), ([0x00100010, 0x00080016], {"PatientName", "SOPClassUID"})):
            given = Dataset()
            if iterating:
                frames = iter_pixels(source, ds_out=given, specific_tags=tags)
                assert not len(given)
                next(frames)
            else:
                pixel_array(source, ds_out=given, specific_tags=tags)
            assert given.Rows == 4
            assert given.file_meta.TransferSyntaxUID == whole.file_meta.TransferSyntaxUID
            assert given.original_encoding == whole.original_encoding
            assert {elem.keyword for elem in given if elem.tag.group != 0x0028} == names
            assert all(elem == whole[elem.tag] for elem in given)


def test_ds_out_of_a_data_set_stays_empty(make: Make, ramp: Stored) -> None:
    given = Dataset()
    pixel_array(make(ramp, frames=2), ds_out=given, specific_tags=[0x00100010])
    next(iter_pixels(make(ramp, frames=2), ds_out=given))
    assert not len(given)


def test_ds_out_equals_pydicoms(example: Callable[[str], Path]) -> None:
    for name in ("CT_small.dcm", "color-px.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm"):
        ours, theirs = Dataset(), Dataset()
        pixel_array(example(name), ds_out=ours, specific_tags=[0x00100020])
        pydicom.pixels.pixel_array(example(name), ds_out=theirs, specific_tags=[0x00100020])
        assert ours == theirs
        assert ours.file_meta == theirs.file_meta


# What goes wrong


def raw_data_set(make: Make, ramp: Stored) -> BytesIO:
    dataset = make(ramp, frames=2)
    del dataset.file_meta
    file = BytesIO()
    pydicom.dcmwrite(file, dataset, implicit_vr=False, little_endian=True)
    return BytesIO(file.getvalue().removeprefix(bytes(128) + b"DICM"))


def test_a_data_set_alone_in_a_file_needs_its_syntax_said(make: Make, ramp: Stored, tmp_path: Path) -> None:
    file = raw_data_set(make, ramp)
    path = tmp_path / "alone.dcm"
    path.write_bytes(file.getvalue())
    for source in (file, path):
        with pytest.raises(
            MissingElementError, match="'transfer_syntax_uid' is required if the dataset in 'src' is not"
        ):
            pixel_array(source)
        assert np.array_equal(pixel_array(source, transfer_syntax_uid=UID(EXPLICIT_LITTLE)), ramp)
        assert np.array_equal(list(iter_pixels(source, transfer_syntax_uid=EXPLICIT_LITTLE)), ramp)


def test_no_transfer_syntax(make: Make, read: Callable[[Dataset], Dataset], ramp: Stored) -> None:
    dataset = read(make(ramp, frames=2))
    del dataset.file_meta.TransferSyntaxUID
    message = r"the dataset's 'file_meta' has no \(0002,0010\) 'Transfer Syntax UID' element"
    with pytest.raises(MissingElementError, match=message):
        pixel_array(dataset)
    with pytest.raises(MissingElementError, match=message):
        next(iter_pixels(dataset))
    assert np.array_equal(pixel_array(dataset, transfer_syntax_uid=EXPLICIT_LITTLE), ramp)


def test_no_decoder(make: Make, as_file: AsFile, ramp: Stored) -> None:
    dataset = make(ramp[0], syntax="1.2.840.10008.1.2.4.101", encoded=[b"\0\0"])
    message = r"a \(0002,0010\) 'Transfer Syntax UID' value of 'MPEG2 Main Profile / High Level' is not supported"
    for source in (dataset, as_file(dataset)):
        with pytest.raises(UnsupportedError, match=message):
            pixel_array(source)


def test_no_pixel_data(make: Make, as_file: AsFile, ramp: Stored) -> None:
    dataset = make(ramp[0])
    del dataset.PixelData
    with pytest.raises(MissingElementError, match="The dataset in 'src' has no 'Pixel Data', 'Float Pixel Data' or"):
        pixel_array(as_file(dataset))
    with pytest.raises(MissingElementError, match="The dataset has no 'Pixel Data'"):
        pixel_array(dataset)


REQUIRED = (
    *("BitsAllocated", "BitsStored", "Columns", "PhotometricInterpretation", "PixelRepresentation", "Rows"),
    *("SamplesPerPixel", "PlanarConfiguration"),
)


def test_missing_elements_are_named_in_turn_until_options_give_them(make: Make, as_file: AsFile) -> None:
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    dataset = make(rgb)
    values = {name: dataset[name].value for name in REQUIRED}
    for name in REQUIRED:
        delattr(dataset, name)
    file, options = as_file(dataset), dict[str, Any]()
    for name in REQUIRED:
        label = pydicom.datadict.dictionary_description(name)
        with pytest.raises(MissingElementError, match=rf"Missing required element: \(0028,\d+\) '{label}'"):
            pixel_array(file, **options)
        option = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
        options[option] = values[name]
    assert np.array_equal(pixel_array(file, **options), rgb)


def test_too_short_a_file(make: Make, as_file: AsFile, ramp: Stored) -> None:
    file = as_file(make(ramp, frames=2, PixelData=ramp.tobytes()[:60]))
    with pytest.raises(FrameError, match="less than expected"):
        pixel_array(file)
    assert np.array_equal(pixel_array(file, index=0), ramp[0])
    with pytest.raises(FrameError, match="insufficient pixel data to contain 2 frames"):
        pixel_array(file, index=1)


def test_beyond_its_frames_a_files_native_data_is_not_looked_at(make: Make, as_file: AsFile, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, NumberOfFrames=1)
    assert np.array_equal(pixel_array(as_file(dataset)), ramp[0])  # and no warning, as in pydicom
    assert len(list(iter_pixels(as_file(dataset)))) == 1
    with pytest.warns(PixelWarning, match="sufficient to contain 2 frames"):
        assert np.array_equal(pixel_array(dataset), ramp)


def test_warnings_come_from_where_the_user_is_and_are_logged(
    make: Make, ramp: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = make(ramp, frames=2, NumberOfFrames=1)
    for decode in (pixel_array, lambda source: [frame.shape for frame in iter_pixels(source)]):
        with pytest.warns(PixelWarning, match="excess-frames") as caught:
            decode(dataset)
        assert [warning.filename for warning in caught] == [__file__]
    assert "sufficient to contain 2 frames" in caplog.text


def test_the_codestreams_colour_is_reported_in_pydicoms_words(make: Make) -> None:
    rgb = np.zeros((8, 8, 3), np.uint8)
    jfif = bytes(imagecodecs.jpeg8_encode(rgb, level=90, colorspace="rgb", outcolorspace="ycbcr", subsampling="444"))
    assert b"JFIF" in jfif[:20]
    dataset = make(rgb, syntax="1.2.840.10008.1.2.4.50", encoded=[jfif])
    message = (
        r"The \(0028,0004\) 'Photometric Interpretation' value is 'RGB' however the encoded image's codestream "
        "contains a JFIF APP marker which indicates it should be 'YBR_FULL_422'"
    )
    with pytest.warns(PixelWarning, match=message):
        pixel_array(dataset)


# On real files


@pytest.mark.parametrize("name", ["emri_small_RLE.dcm", "rtdose_rle.dcm", "examples_ybr_color.dcm", "rtdose.dcm"])
def test_iterating_equals_the_whole_and_pydicom(name: str, example: Callable[[str], Path]) -> None:
    path = example(name)
    whole = pixel_array(path)
    assert np.array_equal(whole, pydicom.pixels.pixel_array(path))
    assert np.array_equal(list(iter_pixels(path)), whole)
    assert np.array_equal(list(iter_pixels(path, indices=[3, 0])), whole[[3, 0]])


def test_a_deflated_file_by_path(example: Callable[[str], Path]) -> None:
    path = example("image_dfl.dcm")
    expected = pydicom.dcmread(path).pixel_array
    assert np.array_equal(pixel_array(path), expected)
    assert np.array_equal(next(iter_pixels(path)), expected)


def test_every_error_is_in_our_tree(shared_data: Path) -> None:
    failures = 0
    for path in sorted(shared_data.rglob("TC03*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                pixel_array(path)
            except PixelError:
                failures += 1
    assert failures


def test_a_text_file_is_refused() -> None:
    text: Any = io.StringIO("DICM")
    with pytest.raises((TypeError, AttributeError)):
        pixel_array(text)
