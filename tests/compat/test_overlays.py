"""overlay_array: pydicom's results, errors and warnings, from planes packed by hand (PS3.5 8.1.2)."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from dicompix.pixels.compat.overlays import overlay_array
from dicompix.pixels.errors import BadValueError, FrameError, MissingElementError, PixelWarning


def plane(data: bytes, rows: int, columns: int, frames: int | None = None, group: int = 0x6000) -> Dataset:
    """Return a data set with one overlay plane."""
    dataset = Dataset()
    dataset.add_new((group, 0x0010), "US", rows)
    dataset.add_new((group, 0x0011), "US", columns)
    if frames is not None:
        dataset.add_new((group, 0x0015), "IS", frames)
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    dataset.add_new((group, 0x3000), "OW", data)
    return dataset


def test_bits_come_lowest_first_and_run_on_from_row_to_row() -> None:
    array = overlay_array(plane(bytes([0b00101101, 0]), 2, 3))
    assert array.dtype == np.uint8
    assert array.tolist() == [[1, 0, 1], [1, 0, 1]]


def test_frames_follow_each_other_without_padding() -> None:
    array = overlay_array(plane(bytes([0b11000110, 0b00001011]), 2, 2, frames=3, group=0x6002), 0x6002)
    assert array.tolist() == [[[0, 1], [1, 0]], [[0, 0], [1, 1]], [[1, 1], [0, 1]]]


@pytest.mark.parametrize("frames", [1, None])
def test_one_frame_has_no_frames_axis(frames: int | None) -> None:
    assert overlay_array(plane(bytes(2), 4, 4, frames)).shape == (4, 4)


def test_the_array_is_new_and_writable() -> None:
    dataset = plane(bytes([255, 255]), 4, 4)
    overlay_array(dataset)[:] = 0
    assert dataset[0x60003000].value == b"\xff\xff"
    assert overlay_array(dataset).all()


@pytest.mark.parametrize("name", ["examples_overlay.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm"])
def test_real_files_give_what_pydicom_gives(name: str, example: Callable[[str], Path]) -> None:
    path = example(name)
    ours, theirs = overlay_array(pydicom.dcmread(path), 0x6000), pydicom.dcmread(path).overlay_array(0x6000)
    assert ours.dtype == theirs.dtype
    assert ours.flags.writeable
    assert ours.any()
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("group", [0x5FFF, 0x6100, 0])
def test_another_group_is_refused(group: int) -> None:
    text = "The group part of the 'Overlay Data' element tag must be between 0x6000 and 0x60FF (inclusive)"
    with pytest.raises(BadValueError, match=re.escape(text)):
        overlay_array(plane(bytes(2), 4, 4), group)


@pytest.mark.parametrize("group", [0x6001, 0x60FF])
def test_a_group_without_a_plane_misses_everything(group: int) -> None:
    with pytest.raises(MissingElementError, match=r"OverlayData, OverlayBitsAllocated, OverlayRows, OverlayColumns$"):
        overlay_array(plane(bytes(2), 4, 4), group)


@pytest.mark.parametrize(
    ("element", "keyword"),
    [(0x3000, "OverlayData"), (0x0100, "OverlayBitsAllocated"), (0x0010, "OverlayRows"), (0x0011, "OverlayColumns")],
)
def test_what_is_absent_is_named(element: int, keyword: str) -> None:
    dataset = plane(bytes(2), 4, 4)
    del dataset[0x6000, element]
    with pytest.raises(AttributeError, match=rf"elements are missing from the dataset: {keyword}$"):
        overlay_array(dataset)


@pytest.mark.parametrize("frames", [0, -1, None])
def test_a_number_of_frames_below_one_is_refused(frames: int | None) -> None:
    dataset = plane(bytes(2), 4, 4, frames=1)
    dataset[0x60000015].value = frames
    with pytest.raises(BadValueError, match=rf"value of {frames} for \(60xx,0015\)"):
        overlay_array(dataset)


@pytest.mark.parametrize("value", [0, None])
@pytest.mark.parametrize(("element", "keyword"), [(0x0010, "OverlayRows"), (0x0011, "OverlayColumns")])
def test_a_size_below_one_is_refused(element: int, keyword: str, value: int | None) -> None:
    dataset = plane(bytes(2), 4, 4)
    dataset[0x6000, element].value = value
    with pytest.raises(BadValueError, match=f"{keyword} is {value}"):
        overlay_array(dataset)


@pytest.mark.parametrize(("length", "rows", "columns", "needed"), [(25, 15, 14, 28), (1, 4, 4, 2), (0, 1, 1, 2)])
def test_too_few_bits_are_an_error(length: int, rows: int, columns: int, needed: int) -> None:
    text = rf"\({length} bytes\) doesn't match the expected length \({needed} bytes\)"
    with pytest.raises(FrameError, match=text):
        overlay_array(plane(bytes(length), rows, columns))


def test_a_missing_pad_byte_is_a_warning() -> None:
    dataset = plane(bytes([255] * 27), 15, 14)
    dataset[0x60003000].value = bytes([255] * 27)
    with pytest.warns(PixelWarning, match="The overlay data length is odd and misses a padding byte."):
        array = overlay_array(dataset)
    assert array.shape == (15, 14)
    assert array.all()


def test_excess_bytes_are_a_warning() -> None:
    text = r"overlay data in the dataset \(30 bytes\) indicates it contains excess padding. 3 bytes will be removed"
    with pytest.warns(UserWarning, match=text):
        array = overlay_array(plane(bytes([255] * 27 + [0] * 3), 15, 14))
    assert array.all()


def test_the_group_may_be_named_as_in_pydicoms_member() -> None:
    theirs = list(inspect.signature(Dataset.overlay_array).parameters)[1:]
    assert list(inspect.signature(overlay_array).parameters)[1:] == theirs
