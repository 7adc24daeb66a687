"""Reading: data sets and files -> Content; raw values, missing or false transfer syntaxes, elements out of order."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    MissingElementError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.read import content_of, mark_of, open_pixels
from dicompix.pixels.read.describe import DESCRIBING
from dicompix.pixels.read.elements import value_of
from dicompix.pixels.syntaxes import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    GE_PRIVATE_BIG,
    IMPLICIT_LITTLE,
    JPEG_BASELINE,
    JPEG_LS,
)

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]


def raw(tag: int, value: bytes, vr: str | None = "US", *, little: bool = True) -> Dataset:
    dataset = Dataset()
    element = RawDataElement(BaseTag(tag), vr, len(value), value, 0, vr is None, little)
    dataset._dict[BaseTag(tag)] = element
    return dataset


ROWS, FRAMES, PHOTOMETRIC = 0x00280010, 0x00280008, 0x00280004


@pytest.mark.parametrize(
    ("dataset", "tag", "vr", "expected"),
    [
        (raw(ROWS, b"\x02\x01"), ROWS, "US", 0x0102),
        (raw(ROWS, b"\x02\x01", little=False), ROWS, "US", 0x0201),
        (raw(ROWS, b"\x02\x01", None), ROWS, "US", 0x0102),
        (raw(ROWS, b""), ROWS, "US", None),
        (raw(FRAMES, b"12 ", "IS"), FRAMES, "IS", 12),
        (raw(FRAMES, b" 3\0", "IS"), FRAMES, "IS", 3),
        (raw(FRAMES, b"  ", "IS"), FRAMES, "IS", None),
        (raw(PHOTOMETRIC, b"RGB ", "CS"), PHOTOMETRIC, "CS", "RGB"),
        (raw(PHOTOMETRIC, b"RGB\0", "CS"), PHOTOMETRIC, "CS", "RGB"),
        (raw(ROWS, b"\x02\x01", "SS"), ROWS, "US", 0x0102),
        (Dataset(), ROWS, "US", None),
    ],
)
def test_values_of_raw_elements(dataset: Dataset, tag: int, vr: str, expected: object) -> None:
    assert value_of(dataset, tag, vr) == expected


def test_values_that_are_no_number() -> None:
    dataset = Dataset()
    dataset.Rows = [4, 4]
    with pytest.raises(BadValueError, match=r"\(0028,0010\) 'Rows' is \[4, 4\], needed one whole number"):
        value_of(dataset, ROWS, "US")


def test_every_describing_element_is_marked() -> None:
    names = {
        *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
        *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "ExtendedOffsetTable"),
        *("ExtendedOffsetTableLengths", "FloatPixelData", "DoubleFloatPixelData", "PixelData"),
    }
    assert set(DESCRIBING) == {int(Tag(name)) for name in names}


def test_a_mark_notices_identity_not_only_equality(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2)
    mark = mark_of(dataset)
    assert mark.holds(dataset.__dict__)
    assert mark.same_pixels(dataset)
    dataset["PixelData"].value = bytes(bytearray(ramp.tobytes()))
    assert not mark.holds(dataset.__dict__)
    assert not mark.same_pixels(dataset)


# Transfer syntaxes


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG])
def test_a_missing_transfer_syntax_is_taken_from_the_encoding(
    syntax: str, make: Make, as_file: AsFile, ramp: Stored
) -> None:
    pixels = ramp.astype(">u2" if syntax == EXPLICIT_BIG else "<u2").tobytes()
    dataset = dicompix.dcmread(as_file(make(ramp, frames=2, syntax=syntax, PixelData=pixels)))
    del dataset.file_meta.TransferSyntaxUID
    with pytest.warns(PixelWarning, match="^transfer-syntax: "):
        assert np.array_equal(dataset.pixel_array, ramp)


def test_a_data_set_without_file_meta(make: Make, ramp: Stored) -> None:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, True
    dataset = make(ramp, frames=2)
    write_dataset(stream, dataset)
    bare = dicompix.dcmread(BytesIO(stream.getvalue()), force=True)
    with pytest.warns(PixelWarning, match="^transfer-syntax: .*Implicit VR Little Endian"):
        assert np.array_equal(bare.pixel_array, ramp)


def test_coded_pixel_data_under_a_native_syntax_is_recognised(make: Make, as_file: AsFile, ramp: Stored) -> None:
    dataset = make(ramp[0], syntax=JPEG_LS, encoded=[bytes(imagecodecs.jpegls_encode(ramp[0]))])
    dataset = dicompix.dcmread(as_file(dataset))
    dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    content = content_of(dataset)
    assert content.fmt.transfer_syntax == JPEG_LS
    assert [finding.code for finding in content.findings] == ["encapsulated"]


def test_native_pixel_data_under_a_coded_syntax_is_read_as_native(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0], syntax=JPEG_BASELINE, kind=dicompix.Dataset)
    with pytest.warns(PixelWarning, match="^not-encapsulated: .*check that the transfer syntax has been set correctly"):
        assert np.array_equal(dataset.pixel_array, ramp[0])


def test_native_samples_that_begin_like_an_item(make: Make) -> None:
    samples = np.frombuffer(b"\xfe\xff\x00\xe0\x08\x00\x00\x00", "<u2").reshape(1, 4)
    dataset = make(samples, kind=dicompix.Dataset)
    assert np.array_equal(dataset.pixel_array, samples)


def test_ge_private_pixels_are_big_endian(make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path) -> None:
    path = tmp_path / "ge.dcm"
    pixels = ramp.astype(">u2").tobytes()
    path.write_bytes(as_file(make(ramp, frames=2, syntax=GE_PRIVATE_BIG, PixelData=pixels)).getvalue())
    assert np.array_equal(dicompix.dcmread(path).pixel_array, ramp)
    assert dicompix.dcmread(path).pixel_array.dtype.isnative
    with dicompix.open_image(path) as image:
        assert np.array_equal(image[1], ramp[1])


def test_eight_bit_samples_in_big_endian_words(make: Make) -> None:
    samples = np.arange(12, dtype=np.uint8).reshape(3, 4)
    swapped = samples.reshape(-1, 2)[:, ::-1].tobytes()
    for vr, pixels in (("OW", swapped), ("OB", samples.tobytes())):
        dataset = make(samples, syntax=EXPLICIT_BIG, PixelData=pixels, kind=dicompix.Dataset)
        dataset["PixelData"].VR = vr
        assert np.array_equal(dataset.pixel_array, samples), vr


JPIP = "1.2.840.10008.1.2.4.94"


@pytest.mark.parametrize(
    ("uid", "text"),
    [
        ("1.2.840.10008.1.2.4.102", "H.264.*FFmpeg"),
        ("1.2.840.10008.1.2.4.52", "arithmetic"),
        (JPIP, "JPIP.*https://example.org/pixels"),
        ("1.2.3.4", "no codec is known.*dicompix.codecs"),
    ],
)
def test_syntaxes_that_nothing_decodes_say_what_to_do(uid: str, text: str, make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0], syntax=uid)
    if uid == JPIP:
        del dataset.PixelData
        dataset.PixelDataProviderURL = "https://example.org/pixels"
    with pytest.raises(UnsupportedError, match=text):
        content_of(dataset)


# Values of pixel elements


def test_empty_and_missing_pixel_data(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0])
    dataset.PixelData = None
    with pytest.raises(MissingElementError, match="empty"):
        content_of(dataset)
    dataset.PixelData = b""
    assert len(content_of(dataset).index) == 0


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_pixel_data_of_any_bytes_like_kind(kind: type, make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, kind=dicompix.Dataset)
    dataset._dict[Tag("PixelData")] = DataElement(0x7FE00010, "OW", kind(ramp.tobytes()), already_converted=True)
    assert np.array_equal(dataset.pixel_array, ramp)


def test_an_offset_table_without_its_lengths_is_left_aside(make: Make, ramp: Stored) -> None:
    coded = [bytes(imagecodecs.jpegls_encode(frame)) for frame in ramp]
    dataset = make(ramp, frames=2, syntax=JPEG_LS, encoded=coded, kind=dicompix.Dataset)
    dataset.ExtendedOffsetTable = np.array([0, 8], "<u8").tobytes()
    assert np.array_equal(dataset.pixel_array, ramp)


# Files


def written(folder: Path, content: bytes) -> Path:
    path = folder / "image.dcm"
    path.write_bytes(content)
    return path


def test_a_file_cut_off_in_its_pixel_data(make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path) -> None:
    path = written(tmp_path, as_file(make(ramp, frames=2)).getvalue()[:-10])
    with dicompix.open_image(path) as image:
        assert np.array_equal(image[0], ramp[0])
        with pytest.raises(FrameError, match="1 of 2 frames are whole"):
            image[1]
        with pytest.raises(FrameError, match="less than expected"):
            image.stored()


def test_a_file_cut_off_in_its_last_fragment(make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path) -> None:
    coded = [bytes(imagecodecs.jpegls_encode(frame)) for frame in ramp]
    path = written(tmp_path, as_file(make(ramp, frames=2, syntax=JPEG_LS, encoded=coded)).getvalue()[:-20])
    with dicompix.open_image(path) as image:
        with pytest.warns(PixelWarning, match="^fragment-truncated: "):
            assert np.array_equal(image[0], ramp[0])
        with pytest.raises(CodecError):
            image[1]


def test_a_file_without_the_sequence_delimiter(make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path) -> None:
    coded = [bytes(imagecodecs.jpegls_encode(frame)) for frame in ramp]
    path = written(tmp_path, as_file(make(ramp, frames=2, syntax=JPEG_LS, encoded=coded)).getvalue()[:-8])
    with dicompix.open_image(path) as image, pytest.warns(PixelWarning, match="^sequence-delimiter: "):
        assert np.array_equal(image.stored(), ramp)


@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED_LITTLE])
def test_a_group_after_the_pixel_data_is_no_pixel_data(
    syntax: str, make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path
) -> None:
    pixels = ramp.astype(">u2" if syntax == EXPLICIT_BIG else "<u2").tobytes()
    dataset = make(ramp, frames=2, syntax=syntax, PixelData=pixels, DataSetTrailingPadding=bytes(100))
    with dicompix.open_image(written(tmp_path, as_file(dataset).getvalue())) as image:
        assert np.array_equal(image.stored(), ramp)
        assert image.findings == ()


@pytest.mark.parametrize(("name", "dtype"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
@pytest.mark.parametrize("syntax", [IMPLICIT_LITTLE, EXPLICIT_LITTLE])
def test_float_pixel_data_by_path(
    syntax: str, name: str, dtype: str, make: Make, as_file: AsFile, tmp_path: Path
) -> None:
    values = np.array([[0.5, -1e30, np.inf], [np.nan, 0, 3]], dtype)
    without: dict[str, Any] = dict.fromkeys(("PixelData", "BitsStored", "HighBit", "PixelRepresentation"))
    dataset = make(values, syntax=syntax, **without, **{name: values.tobytes()})
    path = written(tmp_path, as_file(dataset).getvalue())
    with dicompix.open_image(path) as image:
        assert image.dtype == np.dtype(dtype)
        assert np.array_equal(image[0], values, equal_nan=True)
    assert np.array_equal(dicompix.dcmread(path).pixel_array, values, equal_nan=True)


def test_a_file_without_pixel_data(make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path) -> None:
    opened = open_pixels(written(tmp_path, as_file(make(ramp, frames=2, PixelData=None)).getvalue()))
    assert opened.source is None
    assert opened.dataset.Rows == 4


def test_fragments_by_path_with_an_extended_offset_table(
    make: Make, as_file: AsFile, ramp: Stored, tmp_path: Path
) -> None:
    coded = [bytes(imagecodecs.jpegls_encode(frame)) for frame in ramp]
    padded = [frame + b"\0" * (len(frame) % 2) for frame in coded]
    table = np.array([0, len(padded[0]) + 8], "<u8").tobytes()
    lengths = np.array([len(frame) for frame in coded], "<u8").tobytes()
    dataset = make(ramp, frames=2, syntax=JPEG_LS, PixelData=encapsulate(coded, has_bot=False))
    dataset["PixelData"].is_undefined_length = True
    dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = table, lengths
    with dicompix.open_image(written(tmp_path, as_file(dataset).getvalue())) as image:
        assert np.array_equal(image.stored(), ramp)
        assert bytes(image.encoded(1)) == coded[1]
        assert image.findings == ()
