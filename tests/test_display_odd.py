"""Attributes that are odd, but that files carry: the picture is shown, and a PixelWarning says how it was settled."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicompix import Image
from dicompix.pixels.errors import PixelWarning, TransformError
from dicompix.pixels.image.ranges import range_present
from dicompix.pixels.transforms.padding import PixelPadding

Values = np.ndarray
COLORS = ("Red", "Green", "Blue")


def picture_of(values: Values, **attributes: object) -> Dataset:
    """Return a data set of (frames, rows, columns[, 3]) integers."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.NumberOfFrames, ds.Rows, ds.Columns = values.shape[:3]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    if values.ndim == 4:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated = ds.BitsStored = values.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(values.dtype.kind == "i")
    data = values.tobytes()
    ds.add_new("PixelData", "OW", data + b"\0" * (len(data) % 2))
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def item_of(descriptor: list[int], data: bytes | list[int] | None, vr: str = "US") -> Dataset:
    item = Dataset()
    item.LUTDescriptor = descriptor
    item.add_new("LUTData", vr, data)
    return item


RAMP = np.array([[[0, 1, 2, 3]]], np.uint8)
EVEN = [[0, 85, 170, 255]]  # four values spread over the whole picture


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(item_of([4, 0, 12], [0, 1365, 2730, 4095]), EVEN, id="12 bits"),
        pytest.param(item_of([4, 0, 8], bytes([0, 85, 170, 255]), "OW"), EVEN, id="packed"),
        pytest.param(item_of([4, 0, 8], bytes([0, 85, 170, 255]), "OB"), EVEN, id="OB"),
        pytest.param(item_of([3, 0, 8], bytes([0, 85, 170, 0]), "OW"), [[0, 85, 170, 170]], id="odd and padded"),
        pytest.param(item_of([3, 0, 16], bytes([0, 0, 255, 255, 0, 0, 9, 9]), "OW"), [[0, 255, 0, 0]], id="padded"),
        pytest.param(item_of([9, 0, 16], [0, 65535]), [[0, 255, 255, 255]], id="short"),
        pytest.param(item_of([4, 0], [0, 1, 2, 3]), EVEN, id="descriptor of two values"),
        pytest.param(item_of([4, 0, 8], b"", "OW"), EVEN, id="empty data"),
        pytest.param(item_of([4, 0, 8], None, "OW"), EVEN, id="no data"),
        pytest.param(item_of([4, 0, 20], [0, 1, 2, 3]), EVEN, id="20 bits"),
        pytest.param(Dataset(), EVEN, id="empty item"),
    ],
)
def test_odd_voi_luts_are_shown_with_a_warning(item: Dataset, expected: list[list[int]]) -> None:
    image = Image(picture_of(RAMP, VOILUTSequence=[item]))
    with pytest.warns(PixelWarning, match="^voi-lut: "):
        assert image.display().tolist() == expected


@pytest.mark.parametrize(
    ("keyword", "item", "code", "expected"),
    [
        ("ModalityLUTSequence", item_of([4, 0, 20], [0, 1, 2, 3]), "modality-lut", EVEN),
        ("ModalityLUTSequence", item_of([4, 0, 16], [0, 100, 200]), "modality-lut", [[0, 128, 255, 255]]),
        ("ModalityLUTSequence", item_of([4, 0, 12], [0, 10, 20, 30]), "modality-lut", EVEN),
        ("ModalityLUTSequence", Dataset(), "modality-lut", EVEN),
        ("PresentationLUTSequence", item_of([4, 0, 16], [0, 21845, 65535]), "presentation-lut", [[0, 85, 85, 255]]),
        ("PresentationLUTSequence", item_of([4, 0, 8], b"", "OW"), "presentation-lut", EVEN),
        ("PresentationLUTSequence", Dataset(), "presentation-lut", EVEN),
    ],
)
def test_odd_modality_and_presentation_luts(keyword: str, item: Dataset, code: str, expected: list[list[int]]) -> None:
    image = Image(picture_of(RAMP, **{keyword: [item]}))
    with pytest.warns(PixelWarning, match=f"^{code}: "):
        assert image.display().tolist() == expected


def test_a_presentation_shape_in_small_letters_or_unknown() -> None:
    with pytest.warns(UserWarning, match="Invalid value for VR CS"):  # pydicom's own
        ds = picture_of(RAMP, PresentationLUTShape="inverse")
    assert Image(ds).display().tolist() == [[255, 170, 85, 0]]
    with pytest.warns(PixelWarning, match=r"presentation-lut: .*'CURVED' is unknown"):
        assert Image(picture_of(RAMP, PresentationLUTShape="CURVED")).display().tolist() == EVEN


def test_rescale_by_no_number_leaves_stored_values() -> None:
    ds = picture_of(RAMP, RescaleSlope=float("inf"), RescaleIntercept=0)
    with pytest.warns(PixelWarning, match="modality-lut"):
        assert Image(ds).display().tolist() == EVEN


def test_one_width_serves_two_centers() -> None:
    ds = picture_of(RAMP, WindowCenter=[0.5, 2.5], WindowWidth=1)
    with pytest.warns(PixelWarning, match="window-pairs"):
        assert Image(ds).display(voi=1).tolist() == [[0, 0, 0, 255]]


def palette_of(entries: list[bytes | None], *, count: int = 4, **attributes: object) -> Dataset:
    ds = picture_of(RAMP, PhotometricInterpretation="PALETTE COLOR", **attributes)
    for color, data in zip(COLORS, entries, strict=True):
        ds.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [count, 0, 8])
        ds.add_new(f"{color}PaletteColorLookupTableData", "OW", data)
    return ds


def test_a_palettes_alpha_is_no_part_of_the_picture() -> None:
    ds = palette_of([bytes([0, 9, 200, 255])] * 3)
    ds.add_new("AlphaPaletteColorLookupTableData", "OW", bytes(4))
    assert Image(ds).display().tolist() == [[[0] * 3, [9] * 3, [200] * 3, [255] * 3]]


def test_a_short_palette_serves_as_far_as_it_goes() -> None:
    with pytest.warns(PixelWarning, match=r"palette: .*\[2, 4, 4\]"):
        picture = Image(palette_of([bytes([0, 255]), bytes(4), bytes(4)])).display()
    assert picture[..., 0].tolist() == [[0, 255, 255, 255]]


@pytest.mark.parametrize("entries", [None, [None, bytes(4), bytes(4)]])
def test_palette_color_without_a_palette_is_gray(entries: list[bytes | None] | None) -> None:
    ds = picture_of(RAMP, PhotometricInterpretation="PALETTE COLOR") if entries is None else palette_of(entries)
    with pytest.warns(PixelWarning, match="palette: "):
        assert Image(ds).display().tolist() == EVEN


def overlay(ds: Dataset, data: bytes | None, *, columns: int = 2) -> Dataset:
    for element, vr, value in ((0x10, "US", 1), (0x11, "US", columns), (0x100, "US", 1), (0x102, "US", 0)):
        ds.add_new(0x60000000 | element, vr, value)
    if data is not None:
        ds.add_new(0x60003000, "OW", data)
    return ds


@pytest.mark.parametrize("data", [None, b""])
def test_an_overlay_without_data_is_passed_over(data: bytes | None) -> None:
    image = Image(overlay(picture_of(RAMP), data))
    with pytest.warns(PixelWarning, match="overlay: overlay 6000 cannot be shown"):
        assert image.display(overlays=True).tolist() == EVEN


def test_a_corrupt_icc_profile_leaves_the_colours() -> None:
    image = Image(picture_of(np.full((1, 1, 2, 3), 7, np.uint8), ICCProfile=b"junk"))
    with pytest.warns(PixelWarning, match="icc-profile"):
        assert (image.display(icc=True) == 7).all()


def rescaled(values: Values, slopes: list[float]) -> Dataset:
    ds = picture_of(values)
    ds.PerFrameFunctionalGroupsSequence = []
    for slope in slopes:
        value, group = Dataset(), Dataset()
        value.RescaleSlope, value.RescaleIntercept = slope, 0
        group.PixelValueTransformationSequence = [value]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    return ds


@pytest.mark.parametrize("voi", ["full", "auto", 0])
def test_equal_units_are_equal_grays_whatever_a_frames_slope(voi: str | int) -> None:
    values = np.array([[[600, 600]], [[300, 300]], [[0, 1000]]], np.uint16)
    image = Image(rescaled(values, [1, 2, 1]))
    # modality values span 0 to 1000: 600 is 0.6 of it
    assert [int(image.display(i, voi=voi)[0, 0]) for i in range(3)] == [153, 153, 0]


def test_padding_is_painted_over_a_supplemental_palette() -> None:
    ds = picture_of(np.array([[[0, 1, 500, 900]]], np.uint16), PixelPresentation="COLOR", PixelPaddingValue=900)
    for color in COLORS:
        ds.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [2, 500, 8])
        ds.add_new(f"{color}PaletteColorLookupTableData", "OW", bytes([50, 60]))
    assert Image(ds).display(voi=(0.5, 1)).tolist() == [[[0] * 3, [255] * 3, [50] * 3, [0] * 3]]


@pytest.mark.parametrize("voi", [[1.5, 3], (np.float32(1.5), np.int64(3)), np.int64(0)])
def test_a_view_is_chosen_by_any_kind_of_number(voi: object) -> None:
    image = Image(picture_of(RAMP, WindowCenter=1.5, WindowWidth=3))
    # p = (x - 1) / 2 + 0.5 by PS3.3 C.11.2.1.2.1
    assert image.display(voi=voi).tolist() == [[0, 128, 255, 255]]  # type: ignore[arg-type]


@pytest.mark.parametrize("voi", [True, 1.0, (1, 2, 3), (1, float("nan")), ("1", "2"), (True, 1), {1: 2}])
def test_other_kinds_are_refused(voi: object) -> None:
    with pytest.raises(TransformError, match="needed the number of a view"):
        Image(picture_of(RAMP)).display(voi=voi)  # type: ignore[arg-type]


@pytest.mark.parametrize("voi", ["FULL", "Auto"])
def test_names_of_ranges_in_any_case(voi: str) -> None:
    assert Image(picture_of(RAMP)).display(voi=voi).tolist() == EVEN


def test_explain_says_what_was_not_applied_and_what_is_padding() -> None:
    ds = picture_of(RAMP, Modality="XA", PixelIntensityRelationship="LOG", RescaleSlope=2, RescaleIntercept=0)
    ds.PixelPaddingValue = 3
    lines = str(Image(ds).explain()).splitlines()
    assert lines[0].startswith("not applied: Rescale")
    assert "X-ray intensity" in lines[0]
    assert lines[-1].startswith("PaintPadding(3 as 0)")
    assert Image(ds).display().tolist() == [[0, 128, 255, 0]]


def test_explain_names_a_window_in_stored_units() -> None:
    ds = picture_of(RAMP, Modality="PT", RescaleSlope=0.001, RescaleIntercept=0, WindowCenter=2, WindowWidth=4)
    text = str(Image(ds).explain())
    assert "not applied: Rescale" in text
    assert "PET units vary" in text
    assert "stored units" in text


def test_explain_keeps_tables_out_of_its_lines() -> None:
    lines = str(Image(palette_of([bytes(range(4))] * 3)).explain()).splitlines()
    assert lines == ["Palette(RGB, 4 entries of 8 bits, first value mapped 0)  Palette Color Lookup Table  root"]


def mapping(ds: Dataset, vr: str, first: int, last: int) -> Dataset:
    item = Dataset()
    item.add_new("RealWorldValueFirstValueMapped", vr, first)
    item.add_new("RealWorldValueLastValueMapped", vr, last)
    item.RealWorldValueSlope, item.RealWorldValueIntercept = None, 1
    ds.RealWorldValueMappingSequence = [item]
    return ds


def test_real_world_ends_of_the_wrong_vr_and_an_empty_slope() -> None:
    signed = np.array([[[-20, -10, 0, 10]]], np.int16)
    ds = mapping(picture_of(signed), "US", 65526, 5)  # -10 as US
    np.testing.assert_array_equal(Image(ds).real_world().values, [[np.nan, -9, 1, np.nan]])
    ds = mapping(picture_of(signed), "US", 0, 65535)
    np.testing.assert_array_equal(Image(ds).real_world().values, [[np.nan, np.nan, 1, 11]])
    ds = mapping(picture_of(signed.view(np.uint16)), "SS", 5, -10)  # 65526 as SS
    np.testing.assert_array_equal(Image(ds).real_world().values, [[65517, 65527, np.nan, 11]])


def test_modality_values_as_integers_only_where_they_are_exact() -> None:
    ds = picture_of(RAMP, RescaleSlope=0.5, RescaleIntercept=-1)
    with pytest.raises(TransformError, match="do not all fit"):
        Image(ds).modality(dtype=np.int16)
    assert Image(ds).modality(dtype=np.float32).tolist() == [[-1, -0.5, 0, 0.5]]
    ds.RescaleSlope = 1
    assert Image(ds).modality(dtype=np.int8).tolist() == [[-1, 0, 1, 2]]
    with pytest.raises(TransformError, match="do not all fit"):
        Image(picture_of(RAMP.astype(np.uint16) + 300)).modality(dtype=np.uint8)


def test_integers_are_exact_by_the_values_that_there_are() -> None:
    ds = picture_of(np.full((1, 2, 2), 30000, np.int16), RescaleSlope=1, RescaleIntercept=-1024)
    assert (Image(ds).modality(dtype=np.int16) == 28976).all()  # -32768 - 1024 would not fit


def test_sixteen_bits_are_not_for_jpeg_nor_for_colour(tmp_path: Path) -> None:
    with pytest.raises(TransformError, match=r"\.png or \.tif"):
        Image(picture_of(RAMP)).save(tmp_path / "a.jpg", values="stored")
    with pytest.raises(TransformError, match="one sample a pixel"):
        Image(picture_of(np.zeros((1, 2, 2, 3), np.uint8))).save(tmp_path / "a.png", values="stored")
    with pytest.raises(TransformError, match="needed a picture's suffix"):
        Image(picture_of(RAMP)).save(tmp_path / "a.txt")


def test_negative_modality_values_are_floats_in_tiff(tmp_path: Path) -> None:
    image = Image(picture_of(RAMP, RescaleSlope=1, RescaleIntercept=-2))
    image.save(tmp_path / "a.tif", values="modality")
    with PIL.Image.open(tmp_path / "a.tif") as written:
        assert written.mode == "F"
        assert np.asarray(written).tolist() == [[-2, -1, 0, 1]]
    with pytest.raises(TransformError, match="do not all fit uint16"):
        image.save(tmp_path / "a.png", values="modality")


def test_a_montage_of_a_slice() -> None:
    image = Image(picture_of(np.array([0, 128, 255], np.uint8).reshape(3, 1, 1)))
    assert np.asarray(image.montage(slice(1, 3), columns=2)).tolist() == [[128, 255]]
    with pytest.raises(TransformError, match="-1 columns"):
        image.montage(columns=-1)


@pytest.mark.parametrize(
    ("shape", "attributes"),
    [
        ("RECTANGULAR", {"ShutterLeftVerticalEdge": 1}),
        ("CIRCULAR", {"RadiusOfCircularShutter": 1}),
        ("POLYGONAL", {"VerticesOfThePolygonalShutter": [1, 1, 1, 3, 3]}),
        ("BITMAP", {}),
        ("BITMAP", {"ShutterOverlayGroup": 0x6002}),
    ],
)
def test_a_shutter_that_lacks_something(shape: str, attributes: dict[str, object]) -> None:
    with pytest.raises(TransformError, match=r"shutter"):
        Image(picture_of(RAMP, ShutterShape=shape, **attributes)).shutter()


def test_a_bitmap_shutter_hides_what_its_overlay_covers() -> None:
    ds = picture_of(RAMP, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000)
    assert Image(overlay(ds, bytes([0b0101, 0]), columns=4)).shutter().tolist() == [[False, True, False, True]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_the_range_present_without_padding(dtype: type) -> None:
    values: Values = np.tile(np.arange(101, dtype=dtype), 2000)
    values[::50] = 120
    padding = PixelPadding(120)
    assert range_present(values, padding, "full") == (0, 100)
    low, high = range_present(values, padding, "auto") or (0, 0)
    assert abs(low - 0.5) <= 0.5
    assert abs(high - 99.5) <= 0.5
    assert range_present(values[:1], padding, "auto") is range_present(values[:1], padding, "full") is None
