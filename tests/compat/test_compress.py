"""compress: the samples come back from every syntax, and the data set says what was done (PS3.5 8.2, PS3.3 C.7.6)."""

import inspect
import struct
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry, encode_native
from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored
from dicompix.pixels.codecs.tasks import ENCODING
from dicompix.pixels.codestream import peek
from dicompix.pixels.compat import pixel_value
from dicompix.pixels.compat.bookkeeping import Loss, describe_coded, loss_of
from dicompix.pixels.compat.compress import Coding, compress, compress_by
from dicompix.pixels.compat.decompress import decompress
from dicompix.pixels.compat.samples import samples_of
from dicompix.pixels.compat.write import UNKNOWN_TO_PYDICOM
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FormatError,
    FrameError,
    MissingElementError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.registry import Registry
from support import arrays
from support.arrays import color, gray
from support.builders import data_set, file_of
from support.packing import shared_422, words
from support.snapshot import snapshot

BUILD = Callable[..., Dataset]
LOSSLESS = (
    *(s.RLE_LOSSLESS, s.JPEG_LOSSLESS, s.JPEG_LOSSLESS_SV1, s.JPEG_LS, s.JPEG_2000_LOSSLESS, s.HTJ2K_LOSSLESS),
    *(s.HTJ2K_LOSSLESS_RPCL, s.JPEG_XL_LOSSLESS, s.DEFLATED_IMAGE_FRAME, s.ENCAPSULATED_UNCOMPRESSED),
)
LOSSY = (s.JPEG_BASELINE, s.JPEG_EXTENDED, s.JPEG_LS_NEAR, s.JPEG_2000, s.HTJ2K, s.JPEG_XL)
PARAMETERS: dict[str, dict[str, Any]] = {s.JPEG_2000: {"ratio": 4.0}, s.JPEG_LS_NEAR: {"near": 2}}
SAMPLES = {
    "8": gray(8),
    "16": gray(16),
    "signed": gray(16, signed=True),
    "12": gray(12),
    "signed 12": gray(12, signed=True),
    "color": color(8),
    "color 16": color(16),
}


def smooth(bits: int) -> Stored:
    return arrays.smooth(bits, rows=64, columns=70)  # OpenJPEG through pylibjpeg takes 32 x 32 and more


def smooth_color() -> Stored:
    return arrays.smooth_color(rows=64, columns=70)


def short(uid: str) -> str:
    return uid.removeprefix("1.2.840.10008.1.2.")


def native(frames: Stored, *, bits: int = 0, uid: str = s.EXPLICIT_LITTLE, **elements: Any) -> Dataset:
    """Return a native data set of (frames, rows, columns[, 3])."""
    width = frames.dtype.itemsize * 8
    fmt = PixelFormat(
        rows=frames.shape[1],
        columns=frames.shape[2],
        samples=3 if frames.ndim == 4 else 1,
        photometric=Photometric.RGB if frames.ndim == 4 else Photometric.MONOCHROME2,
        bits_allocated=width,
        bits_stored=bits or width,
        signed=frames.dtype.kind == "i",
        frames=len(frames),
        transfer_syntax=uid,
    )
    dataset = data_set(fmt, words(frames, big_endian=s.syntax_for(uid).big_endian_pixels))
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def image_of(dataset: Dataset, *, raw: bool = False) -> Stored:
    with dicompix.open_image(file_of(dataset), raw=raw) as image:
        return image.stored()


def saved(dataset: Dataset, folder: Path) -> Path:
    """Return the path of the file that pydicom writes; where it does not know the syntax, that we write."""
    path = folder / "compressed.dcm"
    if dataset.file_meta.TransferSyntaxUID in UNKNOWN_TO_PYDICOM:
        path.write_bytes(file_of(dataset).getvalue())
    else:
        dataset.save_as(path, enforce_file_format=True)
    return path


def test_the_signature_is_pydicoms() -> None:
    ours, theirs = (inspect.signature(function) for function in (compress, pydicom.pixels.compress))
    shapes = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert shapes[0] == shapes[1]


# Samples


@pytest.mark.parametrize(("uid", "name"), list(product(LOSSLESS, SAMPLES)), ids=str)
@pytest.mark.parametrize("count", [1, 3])
def test_lossless_samples_come_back(uid: str, name: str, count: int, tmp_path: Path) -> None:
    frames = np.stack([np.roll(SAMPLES[name], number, axis=1) for number in range(count)])
    bits = 12 if "12" in name else 0
    dataset = native(frames, bits=bits)
    compress(dataset, uid, verify=True)
    assert dataset["PixelData"].VR == "OB"
    assert dataset["PixelData"].is_undefined_length
    assert "LossyImageCompression" not in dataset
    np.testing.assert_array_equal(image_of(dataset), frames)
    path = saved(dataset, tmp_path)
    if uid in {s.JPEG_XL_LOSSLESS, s.DEFLATED_IMAGE_FRAME, s.ENCAPSULATED_UNCOMPRESSED}:
        return  # pydicom 3.0 decodes none of these
    again = pydicom.pixels.pixel_array(path)
    np.testing.assert_array_equal(again, frames if count > 1 else frames[0])


@pytest.mark.parametrize("uid", LOSSY, ids=short)
def test_lossy_samples_come_back_nearly(uid: str) -> None:
    bits = 12 if uid == s.JPEG_EXTENDED else 8
    frames = np.stack([smooth(bits), smooth(bits)[::-1]])
    dataset = compress(native(frames, bits=bits), uid, **PARAMETERS.get(uid, {}))
    difference = np.abs(image_of(dataset).astype(int) - frames)
    assert 0 < difference.max() <= 8


def test_frames_of_one_bit_are_packed_each_by_itself() -> None:
    # 3 frames of 3 x 3 pixels lie in 27 bits; a coded frame begins at a byte (PS3.5 8.1.1, A.4)
    frames = (np.arange(27).reshape(3, 3, 3) % 5 < 2).astype(np.uint8)
    fmt = PixelFormat(rows=3, columns=3, frames=3, bits_allocated=1, bits_stored=1)
    for uid in (s.DEFLATED_IMAGE_FRAME, s.RLE_LOSSLESS, s.ENCAPSULATED_UNCOMPRESSED):
        dataset = data_set(fmt, np.packbits(frames.ravel(), bitorder="little").tobytes())
        compress(dataset, uid)
        assert dataset.BitsAllocated == 1
        np.testing.assert_array_equal(image_of(dataset), frames)


def test_high_bit_and_packed_samples_are_put_right() -> None:
    shifted = native((gray(12) << 4)[np.newaxis], bits=12, HighBit=15)
    with pytest.warns(PixelWarning, match="high-bit"):
        compress(shifted, s.JPEG_LS)
    assert (shifted.BitsAllocated, shifted.BitsStored, shifted.HighBit) == (16, 12, 11)
    np.testing.assert_array_equal(image_of(shifted)[0], gray(12))
    # two samples in three bytes: 0x312 and 0x456 (PS3.5 8.1.1)
    packed = data_set(PixelFormat(rows=1, columns=2, bits_allocated=12, bits_stored=12), bytes([0x12, 0x63, 0x45]))
    compress(packed, s.RLE_LOSSLESS)
    assert (packed.BitsAllocated, packed.BitsStored, packed.HighBit) == (16, 12, 11)
    assert image_of(packed).tolist() == [[[0x312, 0x456]]]


def test_lossy_jpeg_has_eight_or_twelve_bits() -> None:
    ten = native((smooth(12) >> 2)[np.newaxis], bits=10)
    compress(ten, s.JPEG_EXTENDED)
    assert (ten.BitsAllocated, ten.BitsStored, ten.HighBit) == (16, 12, 11)
    eight = native((smooth(8).astype(np.uint16))[np.newaxis], bits=8)
    compress(eight, s.JPEG_BASELINE)
    assert (eight.BitsAllocated, eight.BitsStored, eight.HighBit) == (8, 8, 7)


# Colour


CODED_RGB = {  # what RGB is called when coded, and its planes (PS3.5 8.2, PS3.3 C.7.6.3.1.2)
    s.RLE_LOSSLESS: ("RGB", 1),
    s.JPEG_BASELINE: ("YBR_FULL_422", 0),
    s.JPEG_LOSSLESS: ("RGB", 0),
    s.JPEG_LS: ("RGB", 0),
    s.JPEG_LS_NEAR: ("RGB", 0),
    s.JPEG_2000_LOSSLESS: ("YBR_RCT", 0),
    s.JPEG_2000: ("YBR_ICT", 0),
    s.HTJ2K_LOSSLESS: ("YBR_RCT", 0),
    s.HTJ2K: ("YBR_ICT", 0),
    s.JPEG_XL_LOSSLESS: ("RGB", 0),
    s.JPEG_XL: ("XYB", 0),
    s.DEFLATED_IMAGE_FRAME: ("RGB", 0),
    s.ENCAPSULATED_UNCOMPRESSED: ("RGB", 0),
}


@pytest.mark.parametrize("uid", CODED_RGB, ids=short)
@pytest.mark.parametrize("planar", [0, 1])
def test_the_color_is_named_as_coded(uid: str, planar: int) -> None:
    frame = smooth_color()
    planes = frame if planar == 0 else frame.transpose(2, 0, 1)
    dataset = native(frame[np.newaxis], PlanarConfiguration=planar)
    dataset.PixelData = planes.tobytes() + b"\0\0"  # padding that nobody has to hear of
    compress(dataset, uid, use_mct=True, **PARAMETERS.get(uid, {}))
    assert (dataset.PhotometricInterpretation, dataset.PlanarConfiguration) == CODED_RGB[uid]
    difference = np.abs(image_of(dataset)[0].astype(int) - frame)
    assert difference.max() <= (60 if s.syntax_for(uid).lossy else 0)
    assert difference.mean() <= 3
    decompress(dataset)
    assert (dataset.PhotometricInterpretation, dataset.PlanarConfiguration) == ("RGB", 0)


@pytest.mark.parametrize(
    ("uid", "options"),
    [
        (s.JPEG_2000_LOSSLESS, {"use_mct": False}),
        (s.JPEG_2000, {"use_mct": False}),
        (s.JPEG_BASELINE, {"use_mct": False}),
        (s.JPEG_2000_LOSSLESS, {}),  # RGB means no transform there, as in pydicom
        (s.JPEG_2000, {}),
    ],
)
def test_rgb_may_stay_rgb(uid: str, options: dict[str, Any]) -> None:
    dataset = compress(native(smooth_color()[np.newaxis]), uid, **options, **PARAMETERS.get(uid, {}))
    assert dataset.PhotometricInterpretation == "RGB"
    stream = peek(next(generate_frames(dataset.PixelData, number_of_frames=1)), s.syntax_for(uid).family)
    assert stream is not None
    assert not stream.multiple_components
    assert not stream.subsampled


@pytest.mark.parametrize("uid", [s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS, s.JPEG_LOSSLESS_SV1], ids=short)
def test_luminance_and_chrominance_stay(uid: str) -> None:
    frame = color(8)
    dataset = compress(native(frame[np.newaxis], PhotometricInterpretation="YBR_FULL"), uid)
    assert dataset.PhotometricInterpretation == "YBR_FULL"
    np.testing.assert_array_equal(image_of(dataset, raw=True)[0], frame)


def test_shared_chrominance_becomes_whole() -> None:
    shared, whole = shared_422(color(8)[:, :22])
    for uid, name in ((s.RLE_LOSSLESS, "YBR_FULL"), (s.JPEG_BASELINE, "YBR_FULL_422")):
        dataset = native(whole[np.newaxis], PhotometricInterpretation="YBR_FULL_422", PixelData=shared)
        compress(dataset, uid)
        assert dataset.PhotometricInterpretation == name
        assert uid != s.RLE_LOSSLESS or (image_of(dataset, raw=True)[0] == whole).all()


@pytest.mark.parametrize(("uid", "name"), [(s.JPEG_2000_LOSSLESS, "YBR_RCT"), (s.JPEG_2000, "YBR_ICT")])
def test_a_transform_may_be_asked_for_as_pydicom_does(uid: str, name: str) -> None:
    dataset = native(smooth_color()[np.newaxis], PhotometricInterpretation=name)
    compress(dataset, uid, j2k_psnr=[60])
    assert dataset.PhotometricInterpretation == name
    assert np.abs(image_of(dataset)[0].astype(int) - smooth_color()).max() <= 3


# Loss


METHODS = {  # PS3.3 C.7.6.1.1.5.1
    s.JPEG_BASELINE: "ISO_10918_1",
    s.JPEG_EXTENDED: "ISO_10918_1",
    s.JPEG_LS_NEAR: "ISO_14495_1",
    s.JPEG_2000: "ISO_15444_1",
    s.HTJ2K: "ISO_15444_15",
    s.JPEG_XL: "ISO_18181_1",
}


@pytest.mark.parametrize("uid", METHODS, ids=short)
def test_loss_is_on_record(uid: str) -> None:
    dataset = native(np.stack([smooth(8)] * 2), ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    compress(dataset, uid, **PARAMETERS.get(uid, {}))
    coded = sum(map(len, pydicom.encaps.generate_fragments(dataset.PixelData)))
    coded -= 2 * 4  # the basic offset table is the first fragment
    assert dataset.LossyImageCompression == "01"
    assert dataset.LossyImageCompressionMethod == METHODS[uid]
    assert dataset.LossyImageCompressionRatio == pytest.approx(2 * 64 * 70 / coded, rel=0.01)  # padding aside
    assert list(dataset.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]


def test_a_history_of_losses_grows_in_step() -> None:
    dataset = native(smooth(8)[np.newaxis], LossyImageCompression="01", LossyImageCompressionRatio=[10.5, 3])
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    compress(dataset, s.JPEG_LS_NEAR, near=3)
    assert list(dataset.LossyImageCompressionMethod) == ["ISO_10918_1", "", "ISO_14495_1"]
    ratios = dataset.LossyImageCompressionRatio
    assert [float(ratio) for ratio in ratios[:2]] == [10.5, 3]
    assert len(ratios) == 3
    file_of(dataset)  # it can be written


def test_no_loss_is_on_record_where_none_was_added() -> None:
    exact = compress(native(smooth(8)[np.newaxis], ImageType=["ORIGINAL", "PRIMARY"]), s.JPEG_LS_NEAR)  # jls_error is 0
    assert "LossyImageCompression" not in exact
    assert list(exact.ImageType) == ["ORIGINAL", "PRIMARY"]
    before = native(smooth(8)[np.newaxis], LossyImageCompression="01", LossyImageCompressionRatio=8)
    compress(before, s.JPEG_LS)
    assert (before.LossyImageCompression, before.LossyImageCompressionRatio) == ("01", 8)


def test_frames_are_derived_with_their_image() -> None:
    kind, group = Dataset(), Dataset()
    kind.FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    group.CTImageFrameTypeSequence = [kind]
    dataset = native(smooth(8)[np.newaxis], ImageType=["MIXED", "PRIMARY", "VOLUME", "NONE"])
    dataset.PerFrameFunctionalGroupsSequence = [group]
    compress(dataset, s.JPEG_BASELINE)
    assert dataset.ImageType[0] == kind.FrameType[0] == "DERIVED"
    assert kind.FrameType[1] == "PRIMARY"


# Encapsulation


def test_the_basic_offset_table_points_at_each_item() -> None:
    frames = np.stack([gray(8), np.zeros_like(gray(8)), gray(8)[::-1]])
    dataset = compress(native(frames, ExtendedOffsetTable=bytes(8), ExtendedOffsetTableLengths=bytes(8)), s.JPEG_LS)
    assert "ExtendedOffsetTable" not in dataset
    assert "ExtendedOffsetTableLengths" not in dataset
    value = dataset.PixelData
    tag, length = struct.unpack_from("<II", value)
    assert (tag, length) == (0xE000FFFE, 12)
    position = 8 + length
    for offset in struct.unpack_from("<3I", value, 8):
        assert offset == position - 20
        tag, length = struct.unpack_from("<II", value, position)
        assert (tag, length % 2) == (0xE000FFFE, 0)
        position += 8 + length
    assert position == len(value)
    assert dataset.NumberOfFrames == 3


def test_an_extended_offset_table_on_demand_and_above_4_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.stack([gray(16), gray(16)[::-1]])
    asked = compress(native(frames), s.RLE_LOSSLESS, encapsulate_ext=True)
    assert pixel_value.LAST_BASIC_OFFSET == 2**32 - 1
    monkeypatch.setattr(pixel_value, "LAST_BASIC_OFFSET", 100)
    needed = compress(native(frames), s.RLE_LOSSLESS)
    for dataset in (asked, needed):
        assert dataset.PixelData[:8] == bytes.fromhex("FEFF00E0 00000000")  # an empty basic offset table (PS3.5 A.4)
        lengths = struct.unpack("<2Q", dataset.ExtendedOffsetTableLengths)
        assert struct.unpack("<2Q", dataset.ExtendedOffsetTable) == (0, lengths[0] + 8)
        assert len(dataset.PixelData) == 8 + sum(lengths) + 16
        np.testing.assert_array_equal(image_of(dataset), frames)


def test_a_stale_table_does_not_outlive_its_pixels(tmp_path: Path) -> None:
    # pydicom leaves the table of the first compression beside the pixel data of the second
    frames = np.stack([gray(16), gray(16)[::-1]])
    dataset = compress(native(frames), s.RLE_LOSSLESS, encapsulate_ext=True)
    decompress(dataset)
    compress(dataset, s.JPEG_LS)
    np.testing.assert_array_equal(pydicom.pixels.pixel_array(saved(dataset, tmp_path)), frames)


# Byte order


def big_endian() -> Dataset:
    """Return a data set read from a big endian file, with words in it and in a sequence."""
    dataset = native(gray(16)[np.newaxis], uid=s.EXPLICIT_BIG)
    dataset.add_new(0x60000010, "US", 2)
    dataset.add_new(0x60003000, "OW", b"\x01\x02\x03\x04")
    dataset.RedPaletteColorLookupTableDescriptor = [2, 0, 16]
    dataset.add_new(0x00281201, "OW", bytes.fromhex("0001 FFFE"))
    dataset.add_new(0x0066_0016, "OF", struct.pack(">f", 1.5))
    item = Dataset()
    item.LUTDescriptor = [2, 0, 16]
    item.add_new(0x00283006, "OW", bytes.fromhex("1234 5678"))
    dataset.ModalityLUTSequence = [item]
    icon = native(gray(32)[np.newaxis], uid=s.EXPLICIT_BIG)
    del icon.file_meta
    dataset.IconImageSequence = [icon]
    return pydicom.dcmread(file_of(dataset))


def test_big_endian_becomes_little_endian(tmp_path: Path) -> None:
    dataset = big_endian()
    assert dataset.original_encoding == (False, False)
    compress(dataset, s.RLE_LOSSLESS)
    again = pydicom.dcmread(saved(dataset, tmp_path))
    assert again.original_encoding == (False, True)
    np.testing.assert_array_equal(again.pixel_array, gray(16))
    assert again[0x60003000].value == b"\x02\x01\x04\x03"
    assert again[0x00281201].value == struct.pack("<2H", 1, 0xFFFE)
    assert struct.unpack("<f", again[0x00660016].value) == (1.5,)
    assert list(again.RedPaletteColorLookupTableDescriptor) == [2, 0, 16]
    assert again.ModalityLUTSequence[0].LUTData == struct.pack("<2H", 0x1234, 0x5678)
    assert again.IconImageSequence[0].PixelData == gray(32).tobytes() + b""
    assert again[0x60000010].value == 2


@pytest.mark.parametrize("name", ["ExplVR_BigEnd.dcm", "SC_rgb_small_odd_big_endian.dcm", "MR_small_bigendian.dcm"])
def test_big_endian_files(name: str, example: Callable[[str], Path], tmp_path: Path) -> None:
    expected = pydicom.dcmread(example(name)).pixel_array
    dataset = compress(pydicom.dcmread(example(name)), s.RLE_LOSSLESS)
    again = pydicom.dcmread(saved(dataset, tmp_path))
    np.testing.assert_array_equal(again.pixel_array, expected)
    assert again.pixel_array.dtype.byteorder in "=|<"


@pytest.mark.parametrize("uid", [s.IMPLICIT_LITTLE, s.DEFLATED_LITTLE, s.GE_PRIVATE_BIG])
def test_other_native_syntaxes(uid: str, tmp_path: Path) -> None:
    frames = gray(16, signed=True)[np.newaxis]
    dataset = pydicom.dcmread(file_of(native(frames, uid=uid)))
    compress(dataset, s.JPEG_LS)
    np.testing.assert_array_equal(pydicom.dcmread(saved(dataset, tmp_path)).pixel_array, frames[0])


# An array in the place of the pixel data


def test_an_array_replaces_the_pixels() -> None:
    dataset = native(gray(16)[np.newaxis], bits=12)
    del dataset.PixelData, dataset.file_meta
    wide = gray(12).astype(">u4")
    compress(dataset, s.RLE_LOSSLESS, wide)
    assert dataset.file_meta.TransferSyntaxUID == s.RLE_LOSSLESS
    np.testing.assert_array_equal(image_of(dataset)[0], gray(12))
    compress(dataset, s.JPEG_LS, gray(12)[::-1])  # it may be compressed already
    np.testing.assert_array_equal(image_of(dataset)[0], gray(12)[::-1])


def test_bytes_replace_the_pixels() -> None:
    for order, dtype in (("<", "<u2"), (">", ">u2")):
        dataset = native(gray(16)[np.newaxis])
        compress(dataset, s.RLE_LOSSLESS, gray(16)[::-1].astype(dtype).tobytes(), byteorder=order)
        np.testing.assert_array_equal(image_of(dataset)[0], gray(16)[::-1])
    planes = native(color(8)[np.newaxis], PlanarConfiguration=1)
    compress(planes, s.RLE_LOSSLESS, color(8).transpose(2, 0, 1).tobytes())
    np.testing.assert_array_equal(image_of(planes)[0], color(8))
    with pytest.raises(ValueError, match=r"10 bytes actual vs\. 874 expected"):
        compress(native(gray(16)[np.newaxis]), s.RLE_LOSSLESS, bytes(10))


def test_a_big_endian_data_set_may_say_so_twice() -> None:
    dataset = compress(native(gray(16)[np.newaxis], uid=s.EXPLICIT_BIG), s.RLE_LOSSLESS, byteorder=">")
    np.testing.assert_array_equal(image_of(dataset)[0], gray(16))
    with pytest.raises(CodecError, match="Unsupported option"):
        compress(native(gray(16)[np.newaxis]), s.RLE_LOSSLESS, bytes(874), byteorder=">", encoding_plugin="pydicom")


WRONG_ARRAYS = {
    "shape": (gray(16)[:-1], r"expected ndarray shape \(19, 23\) and the actual shape \(18, 23\)"),
    "dtype": (gray(16).astype(np.float32), "dtype 'float32' is not supported"),
    "sign": (gray(16).astype(np.int32), r"'int32' is not consistent with a \(0028,0103\)"),
    "width": (gray(8), r"'uint8' is not consistent with a \(0028,0100\) 'Bits Allocated' value of '16'"),
    "range": (gray(16), r"outside the allowable range of \(0, 4095\)"),
}


@pytest.mark.parametrize("name", WRONG_ARRAYS)
def test_an_array_has_to_fit_its_description(name: str) -> None:
    array, text = WRONG_ARRAYS[name]
    dataset = native(gray(12)[np.newaxis], bits=12)
    before = snapshot(dataset)
    with pytest.raises(BadValueError, match=text):
        compress(dataset, s.RLE_LOSSLESS, array)
    assert snapshot(dataset) == before


def test_an_array_in_shared_chrominance_is_for_lossy_jpeg() -> None:
    dataset = native(smooth_color()[np.newaxis], PhotometricInterpretation="YBR_FULL_422")
    compress(dataset, s.JPEG_BASELINE, smooth_color(), quality=100)
    assert dataset.PhotometricInterpretation == "YBR_FULL_422"
    luminance = image_of(dataset, raw=True)[0][..., 0].astype(int)
    assert np.abs(luminance - smooth_color()[..., 0]).max() <= 2  # nothing was converted


def test_a_frame_longer_than_an_item_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_value, "_LONGEST_ITEM", 100)
    with pytest.raises(FrameError, match="a fragment holds at most 100"):
        compress(native(gray(16)[np.newaxis]), s.RLE_LOSSLESS)


def test_an_array_of_unknown_colors_is_refused() -> None:
    # A data set of JPEG in YBR_FULL_422 whose `pixel_array` is RGB: coded without loss, its colours would be swapped.
    dataset = native(color(8)[np.newaxis], uid=s.JPEG_BASELINE, PhotometricInterpretation="YBR_FULL_422")
    for uid in (s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS):
        with pytest.raises(BadValueError, match="YBR_FULL_422"):
            compress(dataset, uid, color(8))


# Options


def test_pydicoms_parameters() -> None:
    frame = smooth(8)[np.newaxis]
    near = compress(native(frame), s.JPEG_LS_NEAR, jls_error=3, j2k_cr=[9], j2k_psnr=[9])
    stream = peek(next(generate_frames(near.PixelData, number_of_frames=1)), "jpeg-ls")
    assert stream is not None
    assert stream.near == 3
    sizes = [len(compress(native(frame), s.JPEG_2000, j2k_cr=[cr]).PixelData) for cr in (2, 10)]
    assert sizes[0] > sizes[1]
    compress(native(frame), s.JPEG_2000_LOSSLESS, j2k_cr=[5], jls_error=5)  # of another syntax: ignored, as there
    compress(native(frame), s.JPEG_2000, compression_ratios=[20, 5])
    compress(native(frame), s.JPEG_2000, signal_noise_ratios=[40], rows=1, bits_stored=3, validate=False)


def test_our_parameters() -> None:
    frame = smooth(8)[np.newaxis]
    for uid, worse, better in (
        (s.JPEG_BASELINE, {"quality": 30}, {"quality": 95}),
        (s.JPEG_LS_NEAR, {"near": 9}, {"near": 1}),
        (s.JPEG_2000, {"psnr": 30.0}, {"psnr": 60.0}),
        (s.HTJ2K, {"ratio": 8.0}, {"ratio": 2.0}),
        (s.JPEG_XL, {"distance": 6.0}, {"distance": 0.3}),
    ):
        errors = []
        for parameters in (worse, better):
            dataset = compress(native(frame), uid, workers=1, verify=True, **parameters)
            errors.append(np.abs(image_of(dataset).astype(float) - frame).mean())
        assert errors[0] > errors[1], uid


FAILING: dict[str, tuple[str, dict[str, Any], type[Exception], str]] = {
    "misspelt": (s.RLE_LOSSLESS, {"qualty": 3}, TypeError, "unexpected keyword arguments: qualty"),
    "native": (s.EXPLICIT_LITTLE, {}, UnsupportedError, "No pixel data encoders have been implemented for 'Explicit"),
    "none": (s.JPEG_2000_MC, {}, UnsupportedError, "No pixel data encoders have been implemented for 'JPEG 2000 Part"),
    "recompression": (s.JPEG_XL_RECOMPRESSION, {}, UnsupportedError, "No pixel data encoders"),
    "video": ("1.2.840.10008.1.2.4.102", {}, UnsupportedError, "No pixel data encoders"),
    "plugin": (s.RLE_LOSSLESS, {"encoding_plugin": "fast"}, BadValueError, "No plugin named 'fast'"),
    "byte order": (s.RLE_LOSSLESS, {"byteorder": ">"}, CodecError, "Unsupported option"),
    "no loss told": (s.JPEG_2000, {}, CodecError, "requires a lossy configuration option such as 'j2k_cr'"),
    "two losses": (s.JPEG_2000, {"j2k_cr": [2], "j2k_psnr": [50]}, CodecError, "please specify only one"),
    "lossless": (s.JPEG_2000_LOSSLESS, {"compression_ratios": [2]}, CodecError, "did you mean to use 'JPEG 2000'"),
    "parameter": (s.JPEG_LS, {"near": 2}, BadValueError, "takes no parameter"),
    "value": (s.JPEG_LS_NEAR, {"near": 900}, BadValueError, "near is 900, needed an integer, 0 to 255"),
    "16 bits": (s.JPEG_EXTENDED, {}, BadValueError, "One or more of the following values is not valid"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_changes_nothing(name: str) -> None:
    uid, options, kind, text = FAILING[name]
    dataset = native(np.stack([gray(16)] * 2))
    before = snapshot(dataset)
    with pytest.raises(kind, match=text):
        compress(dataset, uid, **options)
    assert snapshot(dataset) == before


def no_syntax() -> Dataset:
    dataset = native(gray(8)[np.newaxis])
    del dataset.file_meta.TransferSyntaxUID
    return dataset


def no_pixels() -> Dataset:
    dataset = native(gray(8)[np.newaxis])
    del dataset.PixelData
    return dataset


def float_pixels() -> Dataset:
    dataset = no_pixels()
    dataset.FloatPixelData = bytes(19 * 23 * 4)
    return dataset


def embedded_overlay() -> Dataset:
    dataset = native(gray(12)[np.newaxis], bits=12)
    dataset.add_new(0x60020100, "US", 16)
    dataset.add_new(0x60020102, "US", 12)
    return dataset


def too_short() -> Dataset:
    dataset = native(gray(8)[np.newaxis])
    dataset.PixelData = dataset.PixelData[:-30]
    return dataset


SOURCES: dict[str, tuple[Callable[[], Dataset], type[Exception], str]] = {
    "no syntax": (no_syntax, MissingElementError, "Unable to determine the initial compression state of the dataset"),
    "compressed": (
        lambda: native(gray(8)[np.newaxis], uid=s.JPEG_2000),
        BadValueError,
        "Only uncompressed datasets may be compressed",
    ),
    "no pixels": (no_pixels, MissingElementError, "no pixel data|'Pixel Data'"),
    "float": (float_pixels, FormatError, "Float Pixel Data"),
    "overlay": (embedded_overlay, UnsupportedError, r"overlay \(6002,0102\) lies in unused bits"),
    "short": (too_short, ValueError, "less than expected"),
    "big endian, 64 bits": (
        lambda: native(gray(64)[np.newaxis], uid=s.EXPLICIT_BIG),
        BadValueError,
        "One or more of the following values",
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_cannot_be_compressed_stays(name: str) -> None:
    build, kind, text = SOURCES[name]
    dataset = build()
    before = snapshot(dataset)
    with pytest.raises(kind, match=text) as caught:
        compress(dataset, s.JPEG_LS)
    assert snapshot(dataset) == before
    assert name != "float" or isinstance(caught.value, AttributeError)


def test_an_overlay_beside_the_pixels_stays() -> None:
    dataset = native(gray(12)[np.newaxis], bits=12)
    dataset.add_new(0x60000102, "US", 0)
    dataset.add_new(0x60003000, "OW", b"\1\2")
    compress(dataset, s.JPEG_LS)
    assert dataset[0x60003000].value == b"\1\2"


def test_signed_samples_must_leave_room_for_an_error() -> None:
    # 2's complement read without a sign: 7 and -8 of 4 bits are neighbours, an error of 1 would swap them
    frames = np.array([[[-8, 0, 7, 3]]], np.int8)
    for array, text in ((None, "needed -7 to 6"), (frames[0], r"of '1' is \(-7, 6\)")):
        with pytest.raises(BadValueError, match=text):
            compress(native(frames, bits=4), s.JPEG_LS_NEAR, array, near=1)
    compress(native(frames // 2, bits=4), s.JPEG_LS_NEAR, near=1)


# A codec that fails


def encode_or_fail(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode as native samples; the third frame, known by its first sample, fails."""
    if array.flat[0] == 3:
        raise CodecError("the third frame is too much")
    return encode_native.encode(array, fmt, want)


def test_a_codec_that_fails_on_a_frame_leaves_the_data_set_alone() -> None:
    entry = CodecEntry("failing", f"{__name__}:encode_or_fail")
    codecs = Registry({s.ENCAPSULATED_UNCOMPRESSED: (entry,)}, task=ENCODING)
    coding = Coding(codecs=codecs, extended=True)
    for build in (big_endian, lambda: native(gray(8)[np.newaxis])):
        dataset = build()
        dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 2, 2, 4
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelData = bytes([1] * 4 + [2] * 4 + [3] * 4 + [4] * 4)
        before = snapshot(dataset)
        with pytest.raises(CodecError, match=r"frame 2: Unable to encode .*\n.*the third frame is too much"):
            compress_by(dataset, samples_of(dataset, s.ENCAPSULATED_UNCOMPRESSED), coding)
        assert snapshot(dataset) == before
        dataset.PixelData = bytes([1] * 4 + [2] * 4 + [5] * 4 + [4] * 4)
        compress_by(dataset, samples_of(dataset, s.ENCAPSULATED_UNCOMPRESSED), coding)
        assert snapshot(dataset) != before


# Identity, and what else a caller sees


def test_an_identifier_is_new_unless_kept() -> None:
    frame = smooth(8)[np.newaxis]
    new = compress(native(frame), s.RLE_LOSSLESS)
    kept = compress(native(frame), s.JPEG_BASELINE, generate_instance_uid=False)
    assert new.SOPInstanceUID == new.file_meta.MediaStorageSOPInstanceUID != "1.2.3.4"
    assert kept.SOPInstanceUID == kept.file_meta.MediaStorageSOPInstanceUID == "1.2.3.4"


def test_the_core_gives_a_new_identifier_only_for_a_loss() -> None:
    frame = smooth(8)[np.newaxis]
    cases = ((s.RLE_LOSSLESS, None), (s.JPEG_LS_NEAR, 2), (s.JPEG_LS_NEAR, 0))
    exact, lossy, without_error = (
        compress_by(dataset := native(frame), samples_of(dataset, uid), Coding(want=EncodeRequest(near=near)))
        for uid, near in cases
    )
    assert exact.SOPInstanceUID == without_error.SOPInstanceUID == "1.2.3.4"
    assert lossy.SOPInstanceUID == lossy.file_meta.MediaStorageSOPInstanceUID != "1.2.3.4"


def test_frames_in_excess_are_left_out_with_a_warning() -> None:
    frames = np.stack([gray(8), gray(8), gray(8)[::-1], gray(8)])
    dataset = native(frames, NumberOfFrames=2)
    with pytest.warns(PixelWarning, match=r"excess-frames: .*\(found 2, used 2") as caught:
        compress(dataset, s.RLE_LOSSLESS)
    assert caught[0].filename == __file__
    assert dataset.NumberOfFrames == 2
    np.testing.assert_array_equal(image_of(dataset), frames[:2])


def test_the_cached_array_is_of_the_new_pixels(example: Callable[[str], Path]) -> None:
    dataset = dicompix.dcmread(example("CT_small.dcm"))
    before = dataset.pixel_array
    compress(dataset, s.JPEG_2000, j2k_cr=[20])
    assert (dataset._pixel_array, dataset._pixel_id) == (None, {})
    assert not np.array_equal(dataset.pixel_array, before)


def test_plugins_by_name() -> None:
    frame = gray(16, rows=64, columns=70)[np.newaxis]
    for uid, names in {
        s.RLE_LOSSLESS: ("pydicom", "pylibjpeg", "imagecodecs", ""),
        s.JPEG_LS: ("pyjpegls", "imagecodecs"),
        s.JPEG_2000_LOSSLESS: ("pylibjpeg", "imagecodecs"),
    }.items():
        for name in names:
            dataset = compress(native(frame), uid, encoding_plugin=name)
            np.testing.assert_array_equal(image_of(dataset), frame)


def test_descriptions_alone_for_who_writes_pixels_himself() -> None:
    dataset = native(gray(8)[np.newaxis], ImageType="ORIGINAL")
    value = dataset.PixelData
    fmt = PixelFormat(rows=4, columns=5, frames=7, bits_allocated=16, bits_stored=12, transfer_syntax=s.JPEG_EXTENDED)
    describe_coded(dataset, fmt, Loss("ISO_10918_1", 12.3456789))
    assert dataset.PixelData is value
    assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE
    assert (dataset.Rows, dataset.Columns, dataset.NumberOfFrames, dataset.HighBit) == (4, 5, 7, 11)
    assert (str(dataset.LossyImageCompressionRatio), dataset.ImageType) == ("12.3457", "DERIVED")
    assert loss_of(fmt, 140) == Loss("ISO_10918_1", 2.0)  # 7 x 4 x 5 cells of 2 bytes in 140


def test_a_data_set_without_file_meta_gets_one(make: BUILD) -> None:
    dataset = make(gray(8))
    del dataset.file_meta, dataset.PixelData
    compress(dataset, s.DEFLATED_IMAGE_FRAME, gray(8))
    assert dataset.file_meta.TransferSyntaxUID == UID(s.DEFLATED_IMAGE_FRAME)
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
