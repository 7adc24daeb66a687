"""From stored values to physical values and to the picture, through `Image`."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

import dicompix
from dicompix import Image
from dicompix.pixels.errors import PixelWarning, TransformError

Values = np.ndarray


def gray(values: Values, *, bits: int = 0, photometric: str = "MONOCHROME2") -> Dataset:
    """Return a data set of (frames, rows, columns) integers."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.NumberOfFrames, ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, photometric
    ds.BitsAllocated = values.dtype.itemsize * 8
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(values.dtype.kind == "i")
    ds.add_new("PixelData", "OW", values.tobytes())
    return ds


RAMP = np.arange(-1024, 3072, dtype=np.int16).reshape(1, 64, 64)


def test_a_ct_window_by_the_formula() -> None:
    ds = gray(RAMP + 1024, bits=13)
    ds.RescaleSlope, ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth = 1, -1024, 40, 400
    x = RAMP[0].astype(float)
    p = np.clip((x - 39.5) / 399 + 0.5, 0, 1)  # PS3.3 C.11.2.1.2.1
    picture = Image(ds).display()
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.floor(255 * p + 0.5))


def test_monochrome1_is_inverted_once() -> None:
    ds = gray(np.array([[[0, 128, 255]]], np.uint8), photometric="MONOCHROME1")
    assert Image(ds).display().tolist() == [[255, 127, 0]]
    ds.PresentationLUTShape = "INVERSE"
    assert Image(ds).display().tolist() == [[255, 127, 0]]
    ds.PhotometricInterpretation = "MONOCHROME2"
    assert Image(ds).display().tolist() == [[255, 127, 0]]


def test_views_are_chosen_by_index_text_pair_and_name() -> None:
    ds = gray(np.array([[[0, 50, 100, 200]]], np.uint8))
    ds.WindowCenter, ds.WindowWidth = [50.5, 100.5], [101, 2]
    ds.WindowCenterWidthExplanation = ["WIDE", "NARROW"]
    image = Image(ds)
    assert image.display(voi=0).tolist() == [[0, 128, 255, 255]]
    assert image.display(voi="narrow").tolist() == [[0, 0, 128, 255]]
    assert image.display(voi=(50.5, 101)).tolist() == [[0, 128, 255, 255]]
    assert image.display(voi="full").tolist() == [[0, 64, 128, 255]]
    assert image.display(voi=None).tolist() == [[0, 50, 100, 200]]
    with pytest.raises(TransformError, match="no view 5"):
        image.display(voi=5)
    with pytest.raises(TransformError, match="'WIDE', 'NARROW'"):
        image.display(voi="bone")


def test_auto_passes_over_outliers() -> None:
    values = np.full((1, 100, 100), 1000, np.uint16)
    values[0, 0, 0] = 65535
    values[0, 1:50] = 900
    assert np.unique(Image(gray(values)).display(voi="auto")).tolist() == [0, 255]
    assert Image(gray(values)).display(voi="full")[60, 0] < 10


def test_padding_is_black_and_counts_for_nothing() -> None:
    ds = gray(np.array([[[-2000, 0, 100]]], np.int16))
    ds.add_new("PixelPaddingValue", "US", 63536)  # -2000 with the wrong VR
    assert Image(ds).display().tolist() == [[0, 0, 255]]
    ds.PhotometricInterpretation = "MONOCHROME1"
    assert Image(ds).display().tolist() == [[0, 255, 0]]


def test_frames_without_windows_of_their_own_share_one() -> None:
    ds = gray(np.array([[[0, 10]], [[0, 200]]], np.uint8))
    image = Image(ds)
    assert image.display(0).tolist() == [[0, 13]]
    assert image.display(1).tolist() == [[0, 255]]


def functional_groups(ds: Dataset) -> None:
    """Give the first frame a rescale and window of its own; shared ones serve the second."""
    own, shared = Dataset(), Dataset()
    for group, slope, center in ((own, 2, 100), (shared, 1, 50)):
        value, voi = Dataset(), Dataset()
        value.RescaleSlope, value.RescaleIntercept, value.RescaleType = slope, 0, "US"
        voi.WindowCenter, voi.WindowWidth = center, 2
        group.PixelValueTransformationSequence, group.FrameVOILUTSequence = [value], [voi]
    ds.PerFrameFunctionalGroupsSequence, ds.SharedFunctionalGroupsSequence = [own, Dataset()], [shared]


def test_functional_groups_before_shared_before_root() -> None:
    ds = gray(np.full((2, 1, 1), 50, np.uint8))
    ds.RescaleSlope, ds.RescaleIntercept = 7, 7
    functional_groups(ds)
    image = Image(ds)
    assert image.modality(0).tolist() == [[100.0]]
    assert image.modality(1).tolist() == [[50.0]]
    assert image.modality(1, dtype=np.int16).dtype == np.int16
    assert image.display(0).tolist() == [[255]]  # p = (100 - 99.5) / 1 + 0.5
    lines = str(image.explain(0)).splitlines()
    assert lines[0].startswith("Rescale(slope=2.0, intercept=0.0)")
    assert lines[0].endswith("frame 0")
    assert str(image.explain(1)).splitlines()[0].endswith("shared")


@pytest.mark.parametrize(
    ("center", "width", "function", "code"),
    [
        (100, 0, "LINEAR", "window-width"),
        (100, 0.5, "LINEAR", "window-width"),
        (100, -10, "LINEAR", "window-width"),
        (100, 10, "CUBIC", "voi-lut-function"),
        ([100, 50], 10, "LINEAR", "window-pairs"),
    ],
)
def test_odd_windows_are_shown_with_a_warning(center: object, width: object, function: str, code: str) -> None:
    ds = gray(np.array([[[0, 255]]], np.uint8))
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = center, width, function
    image = Image(ds)
    with pytest.warns(PixelWarning, match=code):
        assert image.display().tolist() == [[0, 255]]
    assert code in {finding.code for finding in image.findings}


@pytest.mark.parametrize("empty", [None, ""])
def test_an_empty_window_or_function_is_none(empty: object) -> None:
    ds = gray(np.array([[[0, 100]]], np.uint8))
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = empty, empty, empty
    with pytest.warns(PixelWarning, match="window-width"):
        assert Image(ds).display().tolist() == [[0, 255]]
    ds.WindowCenter, ds.WindowWidth = 50.5, 101
    with pytest.warns(PixelWarning, match="voi-lut-function: VOI LUT Function is empty"):
        assert Image(ds).display().tolist() == [[0, 255]]


def test_a_window_of_zero_or_half_a_pair_stands_for_none() -> None:
    ds = gray(np.array([[[0, 100]]], np.uint8))
    ds.WindowCenter, ds.WindowWidth = 0, 0
    with pytest.warns(PixelWarning, match="window-width"):
        assert Image(ds).display().tolist() == [[0, 255]]
    del ds.WindowWidth
    with pytest.warns(PixelWarning, match="window-width"):
        assert Image(ds).display().tolist() == [[0, 255]]


@pytest.mark.parametrize("descriptor", [[300, 0, 16], [2, 0, 32]])
def test_a_broken_voi_lut_is_reported_and_passed_over(descriptor: list[int]) -> None:
    ds = gray(np.array([[[0, 100]]], np.uint8))
    ds.VOILUTSequence = [voi_item(descriptor, [0, 65535], "US")]
    with pytest.warns(PixelWarning, match="voi-lut"):
        assert Image(ds).display().tolist() == [[0, 255]]


def voi_item(descriptor: list[int], data: bytes | list[int], vr: str) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = descriptor
    item.add_new("LUTData", vr, data)
    return item


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (voi_item([4, 0, 8], [0, 85, 170, 255], "US"), [0, 85, 170, 255]),
        (voi_item([4, 0, 8], bytes([0, 0, 85, 0, 170, 0, 255, 0]), "OW"), [0, 85, 170, 255]),
        (voi_item([3, 0, 16], [0, 21845, 65535], "US"), [0, 85, 255, 255]),
    ],
)
def test_voi_luts_of_many_kinds(item: Dataset, expected: list[int]) -> None:
    ds = gray(np.array([[[0, 1, 2, 3]]], np.uint8))
    ds.VOILUTSequence = [item]
    assert Image(ds).display().tolist() == [expected]


def test_xray_angiography_is_shown_without_its_modality_lut() -> None:
    ds = gray(np.array([[[0, 100, 200]]], np.uint8))
    ds.RescaleSlope, ds.RescaleIntercept = -1, 0
    assert Image(ds).display().tolist() == [[255, 128, 0]]
    ds.Modality, ds.PixelIntensityRelationship = "XA", "LIN"
    assert Image(ds).display().tolist() == [[0, 128, 255]]


def test_a_window_in_stored_values_is_seen_for_what_it_is() -> None:
    ds = gray(np.array([[[0, 1000, 2000]]], np.uint16), bits=12)
    ds.Modality, ds.RescaleSlope, ds.RescaleIntercept = "PT", 0.001, 0
    ds.WindowCenter, ds.WindowWidth = 1000.5, 2001
    assert Image(ds).display().tolist() == [[0, 128, 255]]


def test_rt_dose_is_scaled_to_dose() -> None:
    ds = gray(np.array([[[0, 2000]]], np.uint32))
    ds.DoseGridScaling = 0.001
    assert Image(ds).modality().tolist() == [[0.0, 2.0]]


def test_supplemental_palette_colours_only_what_it_maps() -> None:
    path = get_testdata_file("eCT_Supplemental.dcm", download=False)
    if path is None:
        pytest.skip("pydicom-data is not installed")
    image = dicompix.open_image(str(path))
    picture, stored = image.display(0), image[0]
    gray_part = picture[stored < 1024]
    assert picture.shape == (512, 512, 3)
    assert (gray_part[:, 0] == gray_part[:, 1]).all()
    assert (picture[stored >= 1024].std(axis=1) > 0).any()


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("CT_small.dcm", (128, 128)),
        ("examples_palette.dcm", (350, 800, 3)),
        ("examples_ybr_color.dcm", (240, 320, 3)),
        ("liver_1frame.dcm", (512, 512)),
        ("rtdose_1frame.dcm", (10, 10)),
    ],
)
def test_real_files_become_pictures(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    image = dicompix.open_image(str(get_testdata_file(name, download=False)))
    picture = image.display()
    assert picture.shape == shape
    assert picture.dtype == np.uint8
    assert picture.min() < picture.max()
    image.save(tmp_path / "a.png")
    with PIL.Image.open(tmp_path / "a.png") as written:
        np.testing.assert_array_equal(np.asarray(written), picture)


def test_sixteen_bit_pictures_keep_values(tmp_path: Path) -> None:
    values = np.array([[[0, 1000, 65535]]], np.uint16)
    image = Image(gray(values))
    image.save(tmp_path / "a.png", values="stored")
    with PIL.Image.open(tmp_path / "a.png") as written:
        np.testing.assert_array_equal(np.asarray(written), values[0])
    with pytest.raises(TransformError, match="'display', 'stored' or 'modality'"):
        image.save(tmp_path / "a.png", values="raw")


def test_a_montage_lays_frames_out() -> None:
    image = Image(gray(np.arange(5, dtype=np.uint8).reshape(5, 1, 1) * 50))
    sheet = np.asarray(image.montage(columns=3))
    assert sheet.tolist() == [[0, 64, 128], [191, 255, 0]]
    with pytest.raises(TransformError):
        image.montage([])


def test_colour_of_sixteen_bits_is_scaled() -> None:
    ds = gray(np.zeros((1, 1, 1), np.uint16))
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.PixelData = np.array([0, 32896, 65535], "<u2").tobytes()
    assert Image(ds).display().tolist() == [[[0, 128, 255]]]


def test_overlays_are_listed_and_burned_in() -> None:
    ds = gray(np.zeros((1, 2, 8), np.uint8))
    ds.add_new(0x60000010, "US", 1)
    ds.add_new(0x60000011, "US", 3)
    ds.add_new(0x60000040, "CS", "G")
    ds.add_new(0x60000050, "SS", [2, 2])
    ds.add_new(0x60003000, "OW", bytes([0b101, 0]))
    image = Image(ds)
    assert [overlay.group for overlay in image.overlays] == [0x6000]
    assert image.display(voi=None, overlays=True).tolist() == [[0] * 8, [0, 255, 0, 255, 0, 0, 0, 0]]


def test_overlays_in_unused_bits_are_found() -> None:
    ds = gray(np.array([[[0x1001, 0x0FFF]]], np.uint16), bits=12)
    for element, vr, value in ((0x10, "US", 1), (0x11, "US", 2), (0x100, "US", 16), (0x102, "US", 12)):
        ds.add_new(0x60020000 | element, vr, value)
    image = Image(ds)
    assert image.overlays[0].data.tolist() == [[[True, False]]]
    assert image[0].tolist() == [[1, 4095]]


def test_shutters_are_masks() -> None:
    ds = gray(np.zeros((1, 3, 4), np.uint8))
    assert Image(ds).shutter().all()
    ds.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = 2, 4
    ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = 1, 3
    ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = [2, 3], 1
    assert Image(ds).shutter().astype(int).tolist() == [[0, 0, 1, 0], [0, 1, 1, 1], [0, 0, 1, 0]]


def test_real_world_values_have_a_unit_and_an_end() -> None:
    ds = gray(np.array([[[0, 10, 20, 30]]], np.uint8))
    item, unit = Dataset(), Dataset()
    unit.CodeValue, unit.CodeMeaning = "ms", "millisecond"
    item.MeasurementUnitsCodeSequence, item.LUTLabel = [unit], "T2"
    item.add_new("RealWorldValueFirstValueMapped", "US", 10)
    item.add_new("RealWorldValueLastValueMapped", "US", 20)
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 0.5, 1.0
    ds.RealWorldValueMappingSequence = [item]
    found = Image(ds).real_world()
    np.testing.assert_array_equal(found.values, [[np.nan, 6.0, 11.0, np.nan]])
    assert (found.unit, found.unit_meaning, found.label) == ("ms", "millisecond", "T2")
    with pytest.raises(TransformError, match="needed item 1"):
        Image(ds).real_world(item=1)


def test_an_icc_profile_is_applied_on_request() -> None:
    from PIL import ImageCms

    ds = gray(np.zeros((1, 1, 3), np.uint8))
    ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 1, 3, "RGB", 0
    ds.PixelData = bytes([200, 100, 50, 0])
    ds.ICCProfile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, converted = Image(ds).display(), Image(ds).display(icc=True)
    assert np.abs(plain.astype(int) - converted).max() <= 1


def test_a_picture_is_rgb_though_the_image_keeps_ybr() -> None:
    ds = gray(np.zeros((1, 1, 3), np.uint8), photometric="YBR_FULL")
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.Columns = 3, 0, 1
    ds.PixelData = bytes([76, 85, 255, 0])
    assert Image(ds, raw=True)[0].tolist() == [[[76, 85, 255]]]
    assert Image(ds, raw=True).display().tolist() == Image(ds).display().tolist() == [[[254, 0, 0]]]
