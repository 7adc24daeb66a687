"""What pydicom refuses or warns of, we do: an error of our tree that is pydicom's kind too, with its key phrase."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.errors import (
    BadValueError,
    CodecError,
    FrameError,
    FrameIndexError,
    MissingElementError,
    PixelError,
    PixelWarning,
    UnsupportedError,
)
from dicompix.pixels.format import Photometric
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, JPEG_2000, JPEG_BASELINE, JPEG_LS, RLE_LOSSLESS
from dicompix.pixels.testing import make_format
from support.arrays import color, gray
from support.builders import data_set, file_of
from support.golden import GOLDEN
from support.packing import encapsulate, rle, words

Change = Callable[[Dataset], object]
FRAME, COLOR = gray(16), color(8)


def native() -> Dataset:
    return data_set(make_format(FRAME.shape, 16), words(FRAME))


def rgb() -> Dataset:
    return data_set(make_format(COLOR.shape), words(COLOR))


def coded(uid: str = JPEG_BASELINE) -> Dataset:
    golden = GOLDEN["baseline-8" if uid == JPEG_BASELINE else "jls-8"]
    return data_set(golden.fmt, encapsulate([[golden.stream]]), encapsulated=True)


def without(keyword: str) -> Change:
    return lambda dataset: delattr(dataset, keyword)


def setting(keyword: str, value: object) -> Change:
    return lambda dataset: setattr(dataset, keyword, value)


def both(*changes: Change) -> Change:
    return lambda dataset: [change(dataset) for change in changes]


Row = tuple[Callable[[], Dataset], Change, type[PixelError], str]
REQUIRED = [  # what nothing else tells; tests/malformations has the others
    ("Rows", "(0028,0010) 'Rows'"),
    ("Columns", "(0028,0011) 'Columns'"),
]
ERRORS: dict[str, Row] = {
    **{
        f"no {keyword}": (native, without(keyword), MissingElementError, f"Missing required element: {label}")
        for keyword, label in REQUIRED
    },
    "no photometric": (
        rgb,
        without("PhotometricInterpretation"),
        MissingElementError,
        "Missing required element: (0028,0004) 'Photometric Interpretation'",
    ),
    "no pixels": (native, without("PixelData"), MissingElementError, "element"),
    "two kinds of pixels": (native, setting("FloatPixelData", b"\0" * 8), MissingElementError, "One and only one of"),
    "rows 0": (native, setting("Rows", 0), BadValueError, "A (0028,0010) 'Rows' value of '0' is invalid"),
    "columns 0": (native, setting("Columns", 0), BadValueError, "A (0028,0011) 'Columns' value of '0' is invalid"),
    "allocated 13": (
        native,
        both(setting("BitsAllocated", 13), setting("PixelData", bytes(600))),
        BadValueError,
        "'Bits Stored' value of '13' is invalid",
    ),
    "allocated 24": (
        native,
        both(setting("BitsAllocated", 24), setting("PixelData", bytes(1312))),
        UnsupportedError,
        "'u3' needed to contain the pixel data is not supported by NumPy",
    ),
    "allocated 40": (
        native,
        both(setting("BitsAllocated", 40), setting("PixelData", bytes(2186))),
        UnsupportedError,
        "'u5' needed to contain the pixel data is not supported by NumPy",
    ),
    "stored 17 of 16": (
        native,
        both(setting("BitsStored", 17), setting("PixelData", bytes(600))),
        BadValueError,
        "(0028,0101) 'Bits Stored' value of '17' is invalid",
    ),
    "sign 2": (
        native,
        setting("PixelRepresentation", 2),
        BadValueError,
        "A (0028,0103) 'Pixel Representation' value of '2' is invalid, it must be 0 or 1",
    ),
    "photometric": (
        native,
        setting("PhotometricInterpretation", "FOO"),
        BadValueError,
        "Unknown (0028,0004) 'Photometric Interpretation' value 'FOO'",
    ),
    "samples 2": (
        rgb,
        setting("SamplesPerPixel", 2),
        BadValueError,
        "A (0028,0002) 'Samples per Pixel' value of '2' is invalid",
    ),
    "samples 4": (
        rgb,
        setting("SamplesPerPixel", 4),
        BadValueError,
        "A (0028,0002) 'Samples per Pixel' value of '4' is invalid",
    ),
    "planar 2": (
        rgb,
        setting("PlanarConfiguration", 2),
        BadValueError,
        "A (0028,0006) 'Planar Configuration' value of '2' is invalid, it must be 0 or 1",
    ),
    "frames -1": (
        native,
        setting("NumberOfFrames", -1),
        BadValueError,
        "A (0028,0008) 'Number of Frames' value of '-1' is invalid",
    ),
    "data too short": (native, setting("PixelData", b"\0" * 40), FrameError, "less than expected (40 vs 874 bytes)"),
    "fewer fragments than frames": (coded, setting("NumberOfFrames", 3), FrameError, "fewer fragments than frames"),
    "no items": (coded, setting("PixelData", encapsulate([], delimited=False) + bytes(40)), FrameError, "tag"),
    "truncated jpeg-ls": (
        lambda: coded(JPEG_LS),
        lambda dataset: setattr(dataset, "PixelData", encapsulate([[GOLDEN["jls-8"].stream[:200]]])),
        CodecError,
        "exceptions were raised by all available plugins",
    ),
}
# pydicom raises a bare StopIteration for these, or decodes a part of the picture.
OURS_ALONE = {"no items", "fewer fragments than frames", "truncated jpeg-ls"}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    make, change, ours, phrase = ERRORS[name]
    with pytest.raises(ours, match=re.escape(phrase)) as found:
        changed(make, change, dicompix.dcmread).pixel_array  # noqa: B018
    if name in OURS_ALONE:
        return
    with pytest.raises(Exception) as theirs:  # noqa: PT011  # any: its class is what is compared
        changed(make, change, pydicom.dcmread).pixel_array  # noqa: B018
    assert isinstance(found.value, theirs.type)


def changed(make: Callable[[], Dataset], change: Change, read: Callable[..., Dataset]) -> Dataset:
    dataset = read(file_of(make()))
    change(dataset)
    return dataset


@pytest.mark.parametrize("name", ERRORS)
def test_an_image_says_the_same(name: str) -> None:
    make, change, ours, phrase = ERRORS[name]
    dataset = changed(make, change, dicompix.dcmread)
    with pytest.raises(ours, match=re.escape(phrase)):
        dicompix.open_image(dataset).stored()


def test_no_transfer_syntax() -> None:
    phrase = r"Unable to decode the pixel data as the dataset's 'file_meta' has no \(0002,0010\)"
    dataset = native()
    dataset.__class__ = dicompix.Dataset
    del dataset.file_meta.TransferSyntaxUID
    with pytest.raises(MissingElementError, match=phrase):
        dataset.pixel_array  # noqa: B018
    plain = native()
    del plain.file_meta.TransferSyntaxUID
    with pytest.raises(AttributeError, match=phrase):
        plain.pixel_array  # noqa: B018


WARNINGS: dict[str, tuple[Callable[[], Dataset], Change, str, tuple[int, ...]]] = {
    "frames 0": (native, setting("NumberOfFrames", 0), "number-of-frames: .*assuming 1 frame", (19, 23)),
    "frames empty": (native, setting("NumberOfFrames", None), "number-of-frames", (19, 23)),
    "excess bytes": (
        native,
        setting("PixelData", words(FRAME) + b"\0" * 8),
        "excess-padding: .* 8 bytes of excess padding to be removed",
        (19, 23),
    ),
    "excess frames": (
        native,
        setting("PixelData", words(FRAME) * 2),
        "excess-frames: .*sufficient to contain 2 frames which is larger than",
        (2, 19, 23),
    ),
    "not compressed": (
        lambda: data_set(make_format(FRAME.shape, 16, transfer_syntax=RLE_LOSSLESS), words(FRAME)),
        lambda dataset: None,
        "not-encapsulated: .*check that the transfer syntax has been set correctly",
        (19, 23),
    ),
    "size": (coded, setting("Rows", 40), r"codestream-size: .*found \(40, 23\), used \(19, 23\)", (19, 23)),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_warnings(name: str) -> None:
    make, change, phrase, shape = WARNINGS[name]
    dataset = changed(make, change, dicompix.dcmread)
    with pytest.warns(UserWarning, match=phrase) as found:
        array = dataset.pixel_array
    assert array.shape == shape
    assert len(found) == 1


@pytest.mark.parametrize("high_bit", [0, 99])
@pytest.mark.filterwarnings("ignore:high-bit")
def test_a_high_bit_that_cannot_be_is_ignored(high_bit: int) -> None:
    np.testing.assert_array_equal(changed(native, setting("HighBit", high_bit), dicompix.dcmread).pixel_array, FRAME)


def test_a_missing_pad_byte_is_fine() -> None:
    frame = gray(8)
    assert frame.size % 2
    dataset = data_set(make_format(frame.shape), words(frame))
    dataset.PixelData = words(frame)
    np.testing.assert_array_equal(dicompix.open_image(dataset)[0], frame)


def test_422_that_is_not_subsampled() -> None:
    dataset = data_set(make_format(COLOR.shape, photometric=Photometric.YBR_FULL_422), words(COLOR))
    phrase = r"a third larger than expected .* 'YBR_FULL_422' .* 'RGB' or 'YBR_FULL'"
    with pytest.raises(ValueError, match=phrase):
        pydicom.dcmread(file_of(dataset)).pixel_array  # noqa: B018
    whole = data_set(make_format(COLOR.shape, photometric=Photometric.YBR_FULL), words(COLOR))
    with pytest.warns(PixelWarning, match="chroma-subsampling"):
        found = dicompix.dcmread(file_of(dataset)).pixel_array
    np.testing.assert_array_equal(found, dicompix.dcmread(file_of(whole)).pixel_array)
    with pytest.raises(FrameError, match=phrase):  # the options' own description is taken at its word
        dicompix.pixels.pixel_array(file_of(dataset), photometric_interpretation="YBR_FULL_422")


@pytest.mark.parametrize("make", [native, coded])
@pytest.mark.parametrize("index", [1, 10**9, -2])
def test_frames_that_are_not_there(make: Callable[[], Dataset], index: int) -> None:
    with pytest.raises(FrameIndexError, match=f"no frame {index}") as found:
        dicompix.open_image(make())[index]
    assert isinstance(found.value, IndexError)
    assert isinstance(found.value, ValueError)


def test_an_unknown_plugin_lists_the_known_ones() -> None:
    with pytest.raises(BadValueError, match=r"No plugin named 'foo'.*'imagecodecs'"):
        dicompix.open_image(coded(), codec="foo")[0]


@pytest.mark.parametrize("uid", [JPEG_BASELINE, JPEG_LS, JPEG_2000, RLE_LOSSLESS])
@pytest.mark.parametrize("junk", [b"", b"\0" * 200, b"\xff" * 200, bytes(range(200))])
def test_junk_is_a_codec_error(uid: str, junk: bytes) -> None:
    fmt = make_format((4, 4), transfer_syntax=uid)
    with pytest.raises(PixelError):
        dicompix.open_image(data_set(fmt, encapsulate([[junk]]), encapsulated=True)).stored()


def test_frames_of_another_size_than_the_first_are_refused_by_name() -> None:
    small = rle(gray(8, rows=4, columns=4))
    first, second = GOLDEN["baseline-8"], GOLDEN["baseline-ycc422"]
    fmt = replace(first.fmt, frames=2)
    pixels = encapsulate([[first.stream], [second.stream]])
    with pytest.raises(FrameError, match=r"frame 1: .*\(19, 23, 3\) uint8, needed \(19, 23\) uint8"):
        dicompix.open_image(data_set(fmt, pixels, encapsulated=True)).stored()
    fmt = replace(make_format((4, 4), transfer_syntax=RLE_LOSSLESS), frames=2)
    pixels = encapsulate([[small], [small[:70]]])
    with pytest.raises(CodecError, match="frame 1: "):
        dicompix.open_image(data_set(fmt, pixels, encapsulated=True)).stored()


def test_native_data_says_what_is_needed() -> None:
    fmt = replace(make_format((4, 4), transfer_syntax=EXPLICIT_LITTLE), frames=3)
    image = dicompix.open_image(data_set(fmt, bytes(40)))
    assert image[1].shape == (4, 4)
    with pytest.raises(FrameIndexError, match="frame 2 needs 16 bytes, found 8: the file is cut"):
        image[2]
    with pytest.raises(FrameError, match="2 of 3 frames are whole"):
        image.stored()
