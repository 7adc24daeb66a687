"""Elements whose bytes or VR pydicom cannot make sense of: an error of ours that names the element, or a finding."""

import warnings
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import BadValueError, PixelError, PixelWarning, TransformError

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]
FRAME = np.array([[0, 1], [2, 300]], np.uint16)


def spoilt(file: BytesIO, group: int, element: int, *, vr: bytes = b"ZZ") -> BytesIO:
    """Return an explicit VR little endian file in which one element has a VR that does not exist."""
    tag = group.to_bytes(2, "little") + element.to_bytes(2, "little")
    data = file.getvalue()
    assert data.count(tag) == 1
    at = data.index(tag) + 4
    return BytesIO(data[:at] + vr + data[at + 2 :])


@pytest.mark.parametrize(("group", "element", "name"), [(0x28, 0x10, "Rows"), (0x28, 0x101, "Bits Stored")])
def test_the_description_of_pixels_is_named(make: Make, as_file: AsFile, group: int, element: int, name: str) -> None:
    file = spoilt(as_file(make(FRAME)), group, element)
    with pytest.raises(BadValueError, match=f"'{name}' cannot be read: Unknown Value Representation"):
        _ = dicompix.dcmread(file).pixel_array
    with pytest.raises(BadValueError, match=f"'{name}' cannot be read"):
        dicompix.open_image(file)


def test_pixel_data_of_an_unknown_vr_is_no_foreign_error(make: Make, as_file: AsFile) -> None:
    file = spoilt(as_file(make(FRAME)), 0x7FE0, 0x10)
    with pytest.raises(PixelError):
        _ = dicompix.dcmread(file).pixel_array


def test_modality_values_are_never_those_without_an_unreadable_slope(make: Make, as_file: AsFile) -> None:
    file = as_file(make(FRAME, RescaleSlope="2", RescaleIntercept="-1024"))
    with dicompix.open_image(file) as image:
        assert image.modality(0).tolist() == [[-1024, -1022], [-1020, -424]]
    for element in (0x1052, 0x1053):
        with dicompix.open_image(spoilt(file, 0x28, element)) as image, pytest.raises(TransformError, match="Rescale"):
            image.modality(0)


def shown(file: BytesIO | Dataset) -> tuple[Stored, list[str]]:
    """Return a picture and the codes of what was reported about it."""
    with warnings.catch_warnings(record=True) as caught, dicompix.open_image(file) as image:
        warnings.simplefilter("always")
        picture = image.display(0)
    return picture, [str(w.message).split(":")[0] for w in caught if issubclass(w.category, PixelWarning)]


def test_a_picture_does_without_an_unreadable_rescale_and_says_so(make: Make, as_file: AsFile) -> None:
    window = {"WindowCenter": "150.5", "WindowWidth": "301"}
    file = as_file(make(FRAME, RescaleSlope="1", RescaleIntercept="0", **window))
    picture, codes = shown(spoilt(file, 0x28, 0x1053))
    assert picture.tolist() == shown(file)[0].tolist()
    assert codes == ["modality-lut"]


def test_a_picture_does_without_an_unreadable_table_and_says_so(make: Make, as_file: AsFile) -> None:
    item = Dataset()
    item.LUTDescriptor = [4, 0, 8]
    item.add_new("LUTData", "OW", bytes([0, 85, 170, 255]))
    frame = np.array([[0, 1], [2, 3]], np.uint8)
    plain, _ = shown(as_file(make(frame)))
    for element in (0x3002, 0x3006):
        picture, codes = shown(spoilt(as_file(make(frame, VOILUTSequence=[item])), 0x28, element))
        assert picture.tolist() == plain.tolist()
        assert codes == ["voi-lut"]


def test_a_sequence_that_holds_no_items_is_named(make: Make, as_file: AsFile) -> None:
    content = make(FRAME)
    content.add_new(0x52009229, "LO", "text")
    with (
        dicompix.open_image(as_file(content)) as image,
        pytest.raises(BadValueError, match="Shared Functional Groups Sequence' holds no items: it is 'text'"),
    ):
        image.display(0)


@pytest.mark.filterwarnings("ignore:A value of type 'str' cannot be assigned")  # pydicom's, of the descriptor
@pytest.mark.parametrize("descriptor", [["a", "b", "c"], ["4", "0", "x"], "4"])
def test_a_descriptor_of_text_is_an_odd_table(make: Make, descriptor: list[str] | str) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "LO", descriptor)
    item.add_new("LUTData", "OW", bytes(4))
    _, codes = shown(make(FRAME, VOILUTSequence=[item]))
    assert codes == ["voi-lut"]


def test_table_data_of_text_is_an_odd_table(make: Make) -> None:
    item = Dataset()
    item.LUTDescriptor = [2, 0, 16]
    item.add_new("LUTData", "LO", ["1", "x"])
    _, codes = shown(make(FRAME, VOILUTSequence=[item]))
    assert codes == ["voi-lut"]
