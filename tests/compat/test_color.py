"""Palettes, colour spaces and ICC profiles under pydicom's names."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom.pixels
import pytest
from PIL import ImageCms
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from dicompix.pixels import apply_color_lut, apply_icc_profile, convert_color_space, create_icc_transform
from dicompix.pixels.errors import TransformError

RNG = np.random.default_rng(7)


def test_a_real_palette_gives_pydicoms_colours() -> None:
    ds = dcmread(str(get_testdata_file("examples_palette.dcm", download=False)))
    ours, theirs = apply_color_lut(ds.pixel_array, ds), pydicom.pixels.apply_color_lut(ds.pixel_array, ds)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


WELL_KNOWN = ("HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "SPRING", "SUMMER", "FALL", "WINTER")


@pytest.mark.parametrize(("number", "name"), list(enumerate(WELL_KNOWN, 1)))
def test_a_well_known_palette_has_a_name_and_a_uid(number: int, name: str) -> None:
    ramp = np.arange(256, dtype=np.uint8)
    uid = f"1.2.840.10008.1.5.{number}"
    by_uid = pydicom.pixels.apply_color_lut(ramp, palette=uid)
    np.testing.assert_array_equal(apply_color_lut(ramp, palette=uid), by_uid)
    np.testing.assert_array_equal(apply_color_lut(ramp, palette=name), by_uid)


def palette(
    entries: int, data: bytes, *, bits: int = 8, first: int = 0, syntax: str = "1.2.840.10008.1.2.1"
) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelRepresentation = 0
    for color in ("Red", "Green", "Blue"):
        ds.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [entries, first, bits])
        ds.add_new(f"{color}PaletteColorLookupTableData", "OW", data)
    return ds


def test_an_odd_number_of_8_bit_entries_is_padded() -> None:
    ds = palette(255, bytes(range(255)) + b"\0")
    assert apply_color_lut(np.array([0, 254, 255], np.uint8), ds)[:, 0].tolist() == [0, 254, 254]


def test_8_bit_entries_may_be_more_than_256() -> None:
    table = (np.arange(4096) >> 4).astype(np.uint8).tobytes()
    assert apply_color_lut(np.array([0, 255, 256, 4095], np.uint16), palette(4096, table))[:, 1].tolist() == [
        0,
        15,
        16,
        255,
    ]


def test_a_big_endian_palette_is_read_in_its_byte_order() -> None:
    data = np.array([0, 1, 256, 65535], ">u2").tobytes()
    ds = palette(4, data, bits=16, syntax="1.2.840.10008.1.2.2")
    assert apply_color_lut(np.arange(4, dtype=np.uint8), ds)[:, 2].tolist() == [0, 1, 256, 65535]


def test_each_channel_has_its_own_descriptor() -> None:
    ds = palette(4, bytes([0, 1, 2, 3]))
    ds.GreenPaletteColorLookupTableDescriptor = [4, 1, 8]
    assert apply_color_lut(np.array([0, 1, 3], np.uint8), ds).tolist() == [[0, 0, 0], [1, 0, 1], [3, 2, 3]]


def test_a_segmented_palette_follows_indirect_byte_offsets() -> None:
    # discrete (2 values), linear to 40 in 2 steps; then the linear segment again, by its byte offset 8
    units = [0, 2, 10, 20, 1, 2, 40, 2, 1, 8, 0]
    data = np.array(units, "<u2").tobytes()
    ds = palette(6, b"", bits=16)
    for color in ("Red", "Green", "Blue"):
        del ds[f"{color}PaletteColorLookupTableData"]
        ds.add_new(f"Segmented{color}PaletteColorLookupTableData", "OW", data)
    # 10 20 | 30 40 | from 40 to 40 in 2 steps
    assert apply_color_lut(np.arange(6, dtype=np.uint8), ds)[:, 0].tolist() == [10, 20, 30, 40, 40, 40]


def test_color_space_names_what_the_pixels_are_not_what_to_make_of_them() -> None:
    ds, arr = Dataset(), RNG.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    ds.ICCProfile = Path(str(get_testdata_file("crayons.icc", download=False))).read_bytes()
    expected = apply_icc_profile(arr, ds, out=np.empty_like(arr))
    for label in ("ADOBERGB", "ROMMRGB", "LAB"):
        ds.ColorSpace = label
        np.testing.assert_array_equal(apply_icc_profile(arr, ds, out=np.empty_like(arr)), expected)


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ({}, "Either 'ds' or 'palette' is required"),
        ({"palette": "FOO"}, "Unknown palette 'FOO'"),
        ({"ds": palette(4, bytes(3))}, "The bit depth of the LUT data"),
    ],
)
def test_bad_palettes_are_value_errors(arguments: dict[str, object], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        apply_color_lut(np.zeros(1, np.uint8), **arguments)  # type: ignore[arg-type]


def test_every_colour_of_a_dense_sample_equals_pydicoms() -> None:
    steps = np.array([0, 1, 2, 15, 16, 64, 127, 128, 129, 200, 240, 254, 255], np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, np.arange(256, dtype=np.uint8)), -1).reshape(1, -1, 3)
    for pair in (("YBR_FULL", "RGB"), ("RGB", "YBR_FULL"), ("YBR_FULL_422", "RGB"), ("RGB", "YBR_FULL_422")):
        np.testing.assert_array_equal(convert_color_space(grid, *pair), pydicom.pixels.convert_color_space(grid, *pair))


def test_no_change_returns_the_very_array() -> None:
    arr = np.zeros((1, 1, 3), np.uint8)
    assert convert_color_space(arr, "RGB", "RGB") is arr
    assert convert_color_space(arr, "YBR_FULL", "YBR_FULL_422") is arr


def test_per_frame_overwrites() -> None:
    arr = RNG.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    expected = convert_color_space(arr.copy(), "YBR_FULL", "RGB")
    assert convert_color_space(arr, "YBR_FULL", "RGB", per_frame=True) is arr
    np.testing.assert_array_equal(arr, expected)


def test_sixteen_bits_convert_there_and_back() -> None:
    arr = RNG.integers(0, 4096, (8, 9, 3), dtype=np.uint16)
    ybr = convert_color_space(arr, "RGB", "YBR_FULL", bit_depth=12)
    back = convert_color_space(ybr, "YBR_FULL", "RGB", bit_depth=12)
    assert np.abs(back.astype(int) - arr).max() <= 2


def test_unknown_spaces_and_types() -> None:
    with pytest.raises(NotImplementedError, match="Conversion from RGB to HSV is not supported"):
        convert_color_space(np.zeros((1, 1, 3), np.uint8), "RGB", "HSV")
    with pytest.raises(ValueError, match=r"Invalid ndarray.dtype 'uint16'"):
        convert_color_space(np.zeros((1, 1, 3), np.uint16), "RGB", "YBR_FULL")


def srgb() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def test_an_icc_profile_converts_in_place_as_pydicom_does() -> None:
    ds = Dataset()
    ds.ICCProfile = Path(str(get_testdata_file("crayons.icc", download=False))).read_bytes()
    arr = RNG.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    expected = pydicom.pixels.apply_icc_profile(arr.copy(), ds)
    assert apply_icc_profile(arr, ds) is arr
    np.testing.assert_array_equal(arr, expected)


def test_intent_0_is_an_intent() -> None:
    profile = ImageCms.ImageCmsProfile(BytesIO(srgb()))
    assert ImageCms.getDefaultIntent(profile) in {0, 1, 2, 3}
    assert create_icc_transform(icc_profile=srgb(), intent=0) is not None
    with pytest.raises(ValueError, match="Invalid 'intent' value '4'"):
        create_icc_transform(icc_profile=srgb(), intent=4)


def test_the_profile_of_an_optical_path_is_found() -> None:
    ds, path = Dataset(), Dataset()
    path.ICCProfile = srgb()
    ds.OpticalPathSequence = [path]
    assert create_icc_transform(ds) is not None


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        ({}, "Either 'ds' or 'icc_profile' must be supplied"),
        ({"ds": Dataset()}, "No .0028,2000. 'ICC Profile' element was found"),
        ({"icc_profile": b"1", "color_space": "FOO"}, "Unsupported 'color_space' value 'FOO'"),
    ],
)
def test_bad_profiles_are_value_errors(arguments: dict[str, object], phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        create_icc_transform(**arguments)  # type: ignore[arg-type]


def test_type_and_out_are_honoured_where_no_space_changes() -> None:
    arr = RNG.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    assert convert_color_space(arr, "RGB", "RGB") is arr
    out = np.zeros_like(arr)
    assert convert_color_space(arr, "YBR_FULL", "YBR_FULL_422", out=out) is out
    np.testing.assert_array_equal(out, arr)
    assert convert_color_space(arr, "RGB", "RGB", dtype=np.float32, frame=0).dtype == np.float32


def test_colours_as_another_type() -> None:
    arr = RNG.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    plain = convert_color_space(arr, "RGB", "YBR_FULL")
    wide = convert_color_space(arr, "RGB", "YBR_FULL", dtype=np.float32, out=np.zeros(arr.shape, np.float32))
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide, plain)
    table = apply_color_lut(arr[..., 0], palette="PET", dtype=np.uint16, frame=3)
    assert table.dtype == np.uint16
    np.testing.assert_array_equal(table, apply_color_lut(arr[..., 0], palette="PET"))


def test_frame_by_frame_overwrites_the_array_and_fills_out() -> None:
    arr = RNG.integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    expected, out = convert_color_space(arr, "YBR_FULL", "RGB"), np.zeros_like(arr)
    turned = np.asfortranarray(arr)
    assert convert_color_space(arr, "YBR_FULL", "RGB", per_frame=True, out=out) is out
    assert convert_color_space(turned, "YBR_FULL", "RGB", per_frame=True) is turned
    for result in (arr, out, turned):
        np.testing.assert_array_equal(result, expected)


def test_frame_by_frame_needs_room_for_the_result() -> None:
    arr = RNG.integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    with pytest.raises(TransformError, match="per_frame overwrites the array"):
        convert_color_space(arr, "RGB", "YBR_ICT", per_frame=True)  # signed
    arr.setflags(write=False)
    with pytest.raises(TransformError, match="read-only"):
        convert_color_space(arr, "RGB", "YBR_FULL", per_frame=True)


def test_samples_above_the_depth_are_refused() -> None:
    with pytest.raises(ValueError, match="greatest sample is 4096, needed at most 4095"):
        convert_color_space(np.full((1, 1, 3), 4096, np.uint16), "YBR_FULL", "RGB", bit_depth=12)
    assert convert_color_space(np.full((1, 1, 3), 2048, np.uint16), "YBR_FULL", "RGB", bit_depth=12).max() == 2048


@pytest.mark.parametrize("error", [ValueError, OSError])
def test_a_corrupt_icc_profile_is_a_value_and_an_os_error(error: type[Exception]) -> None:
    ds = Dataset()
    ds.ICCProfile = b"junk"
    with pytest.raises(error, match="4 bytes cannot be used"):
        apply_icc_profile(np.zeros((1, 1, 3), np.uint8), ds)


def test_an_icc_profile_leaves_the_array_where_there_is_an_out() -> None:
    ds = Dataset()
    ds.ICCProfile = Path(str(get_testdata_file("crayons.icc", download=False))).read_bytes()
    arr = RNG.integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    before, out = arr.copy(), np.zeros_like(arr)
    assert apply_icc_profile(arr, ds, out=out) is out
    np.testing.assert_array_equal(arr, before)
    np.testing.assert_array_equal(out, apply_icc_profile(arr, ds))
    with pytest.raises(TransformError, match="needed C-contiguous"):
        apply_icc_profile(arr, ds, out=np.zeros(3, np.uint8))
