"""The grayscale functions: pydicom's results, and the standard's where pydicom's are wrong."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pydicom.config
import pydicom.pixels
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicompix.pixels import (
    apply_modality_lut,
    apply_presentation_lut,
    apply_rescale,
    apply_voi,
    apply_voi_lut,
    apply_windowing,
)
from dicompix.pixels.errors import MissingElementError, TransformError


def gray(bits: int = 12, *, signed: bool = False) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsStored, ds.PixelRepresentation = bits, int(signed)
    return ds


def lut_item(descriptor: Sequence[int], data: bytes | list[int]) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if min(descriptor) < 0 else "US", list(descriptor))
    item.add_new("LUTData", "OW" if isinstance(data, bytes) else "US", data)
    return item


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm", "693_J2KI.dcm"])
def test_real_files_give_pydicoms_values(name: str) -> None:
    ds = dcmread(str(get_testdata_file(name, download=False)))
    arr = ds.pixel_array
    modality = apply_modality_lut(arr, ds)
    expected = pydicom.pixels.apply_modality_lut(arr, ds)
    np.testing.assert_array_equal(modality, expected)
    assert modality.dtype == expected.dtype
    np.testing.assert_array_equal(apply_voi_lut(modality, ds), pydicom.pixels.apply_voi_lut(expected, ds))


def test_without_attributes_the_very_array_comes_back() -> None:
    arr = np.arange(4, dtype=np.int16)
    ds = gray()
    for function in (apply_modality_lut, apply_voi_lut, apply_voi, apply_windowing, apply_presentation_lut):
        assert function(arr, ds) is arr


def test_slope_without_intercept_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ds = gray()
    ds.RescaleSlope = 2
    ds.RescaleIntercept = None
    np.testing.assert_array_equal(apply_rescale(np.array([3]), ds), [6.0])
    del ds.RescaleIntercept
    np.testing.assert_array_equal(apply_rescale(np.array([3]), ds), [6.0])


@pytest.mark.parametrize(
    ("values", "descriptor", "expected"),
    [
        (np.array([-32768, 0, 32767], np.int16), [0, -32768, 16], [0, 32768, 65535]),
        (np.array([0, 5, 255], np.uint8), [2048, -1024, 16], [1024, 1029, 1279]),
        (np.array([0, 4095], np.uint16), [4096, 0, 12], [0, 4095]),
    ],
)
def test_a_modality_lut_does_not_wrap(values: np.ndarray, descriptor: list[int], expected: list[int]) -> None:
    ds = gray(16, signed=True)
    count = descriptor[0] or 65536
    ds.ModalityLUTSequence = [lut_item(descriptor, np.arange(count, dtype="<u2").tobytes())]
    result = apply_modality_lut(values, ds)
    assert result.dtype == np.uint16
    assert result.tolist() == expected


def test_a_voi_lut_of_8_bits_may_have_more_than_256_entries() -> None:
    ds = gray()
    table = (np.arange(4096) >> 4).astype(np.uint8)
    ds.VOILUTSequence = [lut_item([4096, 0, 8], table.tolist())]
    values = np.array([0, 255, 256, 300, 4095], np.uint16)
    assert apply_voi(values, ds).tolist() == [0, 15, 16, 18, 255]


def test_two_8_bit_entries_may_share_a_word() -> None:
    ds = gray(2)
    ds.VOILUTSequence = [lut_item([4, 0, 8], bytes([0, 10, 20, 30]))]
    assert apply_voi(np.arange(4, dtype=np.uint8), ds).tolist() == [0, 10, 20, 30]


def test_unknown_byte_order_of_words_is_an_attribute_error() -> None:
    ds = gray()
    del ds.file_meta
    ds.VOILUTSequence = [lut_item([2, 0, 16], bytes(4))]
    with pytest.raises(AttributeError, match="Unable to determine the endianness of the dataset"):
        apply_voi(np.zeros(1, np.uint8), ds)


def test_a_short_table_is_an_error_only_where_it_is_needed() -> None:
    ds = gray(16)
    ds.VOILUTSequence = [lut_item([0, 0, 16], [5, 6])]
    assert apply_voi(np.array([0, 1]), ds).tolist() == [5, 6]
    with pytest.raises(IndexError, match="index 2 is out of bounds"):
        apply_voi(np.array([2]), ds)


def test_windowing_spans_what_bits_stored_allows() -> None:
    ds = gray(8)
    ds.WindowCenter, ds.WindowWidth = 64, 64
    values = np.array([0, 32, 63, 64, 96, 255], np.uint8)
    # PS3.3 C.11.2.1.2.1 with c = 64, w = 64 and ymax = 255
    expected = [0, (32 - 63.5) / 63 * 255 + 127.5, (63 - 63.5) / 63 * 255 + 127.5, (0.5 / 63 + 0.5) * 255, 255, 255]
    np.testing.assert_allclose(apply_windowing(values, ds), expected, atol=1e-9)


def test_large_arrays_equal_small_ones() -> None:
    ds = gray(12)
    ds.RescaleSlope, ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth = 2, -1000, 40, 400
    values = np.arange(4096, dtype=np.uint16)
    large = np.tile(values, 64)
    np.testing.assert_array_equal(apply_voi_lut(large, ds), np.tile(apply_voi_lut(values, ds), 64))
    np.testing.assert_array_equal(apply_modality_lut(large, ds), np.tile(apply_modality_lut(values, ds), 64))


@pytest.mark.parametrize(
    ("change", "error", "phrase"),
    [
        ({"PhotometricInterpretation": "RGB"}, ValueError, "only 'MONOCHROME1' and 'MONOCHROME2' are allowed"),
        ({"WindowWidth": 0}, ValueError, "must be greater than or equal to 1 for a 'LINEAR'"),
        ({"WindowWidth": -1, "VOILUTFunction": "SIGMOID"}, ValueError, "must be greater than 0"),
        ({"VOILUTFunction": "FOO"}, ValueError, "Unsupported .* value 'FOO'"),
        ({"WindowCenter": [1, 2], "WindowWidth": [1, 2]}, IndexError, "index"),
    ],
)
def test_windowing_is_strict(change: dict[str, object], error: type[Exception], phrase: str) -> None:
    ds = gray()
    ds.WindowCenter, ds.WindowWidth = 40, 400
    for keyword, value in change.items():
        setattr(ds, keyword, value)
    with pytest.raises(error, match=phrase):
        apply_windowing(np.zeros(1), ds, index=5)


def test_one_window_element_alone_is_a_key_error() -> None:
    ds = gray()
    ds.WindowCenter = 1
    with pytest.raises(KeyError):
        apply_windowing(np.zeros(1), ds)


@pytest.fixture
def decimals() -> Iterator[None]:
    pydicom.config.use_DS_decimal = True
    yield
    pydicom.config.use_DS_decimal = False


def test_decimal_strings_as_decimals_work(decimals: None) -> None:
    from decimal import Decimal

    ds = gray(8)
    ds.WindowCenter, ds.WindowWidth, ds.RescaleSlope, ds.RescaleIntercept = map(Decimal, ("64", "64", "1", "0"))
    assert apply_voi_lut(np.array([0, 255]), ds).tolist() == [0, 255]


def test_a_presentation_lut_is_never_scaled_by_the_image() -> None:
    ds = gray(12)
    ds.PresentationLUTSequence = [lut_item([4096, 0, 12], list(range(4096)))]
    values = np.arange(100, 201, dtype=np.uint16)
    np.testing.assert_array_equal(apply_presentation_lut(values, ds), values)
    np.testing.assert_array_equal(apply_presentation_lut(values[:1], ds), values[:1])


def test_an_inverse_shape_turns_the_range_of_bits_stored() -> None:
    ds = gray(12)
    ds.PresentationLUTShape = "INVERSE"
    result = apply_presentation_lut(np.array([0, 100, 4095], np.uint16), ds)
    assert result.tolist() == [4095, 3995, 0]
    assert result.dtype == np.uint16


def enhanced(slopes: Sequence[float], *, windows: Sequence[float] = ()) -> Dataset:
    ds = gray(8)
    ds.NumberOfFrames = len(slopes)
    ds.PerFrameFunctionalGroupsSequence = []
    for i, slope in enumerate(slopes):
        value, group = Dataset(), Dataset()
        value.RescaleSlope, value.RescaleIntercept, value.RescaleType = slope, -1, "US"
        group.PixelValueTransformationSequence = [value]
        if windows:
            voi = Dataset()
            voi.WindowCenter, voi.WindowWidth = windows[i], 2
            group.FrameVOILUTSequence = [voi]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    return ds


def test_each_frame_has_its_own_rescale() -> None:
    ds = enhanced([1, 10])
    arr = np.full((2, 1, 3), 5, np.uint8)
    np.testing.assert_array_equal(apply_modality_lut(arr, ds)[:, 0, 0], [4, 49])
    np.testing.assert_array_equal(apply_modality_lut(arr[1], ds, frame=1)[0], [49, 49, 49])
    with pytest.raises(TransformError, match="frame="):
        apply_modality_lut(arr[1], ds)


def test_each_frame_has_its_own_window() -> None:
    ds = enhanced([1, 1], windows=[1, 200])
    arr = np.full((2, 1, 1), 100, np.uint8)
    result = apply_voi_lut(arr, ds)
    assert result[:, 0, 0].tolist() == [254.0, -1.0]  # the range of 8 bits, rescaled by -1


def test_another_type_and_a_given_array() -> None:
    ds = gray(12)
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    arr = np.array([[0, 1024]], np.uint16)
    out = np.empty((1, 2), np.int16)
    assert apply_modality_lut(arr, ds, dtype=np.int16, out=out) is out
    assert out.tolist() == [[-1024, 0]]
    assert apply_modality_lut(arr, ds, dtype="f4").dtype == np.float32
    ds.RescaleSlope = 0.5
    with pytest.raises(TransformError, match="do not all fit"):
        apply_modality_lut(np.array([[1]], np.uint16), ds, dtype=np.int16)


def test_the_input_stays_as_it_was() -> None:
    ds = gray(8)
    ds.RescaleSlope, ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth = 2, 1, 5, 5
    ds.PresentationLUTShape = "INVERSE"
    arr = np.arange(10, dtype=np.float64)
    arr.setflags(write=False)
    for function in (apply_modality_lut, apply_voi_lut, apply_presentation_lut):
        function(arr, ds)
    np.testing.assert_array_equal(arr, np.arange(10))


def test_a_float_array_under_a_voi_lut_warns() -> None:
    ds = gray(2)
    ds.VOILUTSequence = [lut_item([4, 0, 8], [0, 10, 20, 30])]
    with pytest.warns(UserWarning, match="may give incorrect results"):
        apply_voi(np.array([1.0]), ds)


LARGE = (512, 512)


def test_only_values_that_are_there_have_to_be_exact() -> None:
    ds = gray(16, signed=True)
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    result = apply_modality_lut(np.full(LARGE, 1000, np.int16), ds, dtype=np.int16)
    assert result.dtype == np.int16
    assert (result == -24).all()
    # 0 would become -1024, but is not there
    assert apply_modality_lut(np.full((2, 2), 2024, np.uint16), ds, dtype=np.uint16).tolist() == [[1000, 1000]] * 2
    with pytest.raises(TransformError, match="do not all fit"):
        apply_modality_lut(np.full(LARGE, -32768, np.int16), ds, dtype=np.int16)


def test_a_large_array_is_inverted_as_a_small_one() -> None:
    ds = gray(12)
    ds.PresentationLUTShape = "INVERSE"
    assert (apply_presentation_lut(np.full(LARGE, 1000, np.uint16), ds) == 3095).all()


def test_a_short_table_serves_a_large_array_that_does_not_need_the_rest() -> None:
    ds = gray(16)
    ds.VOILUTSequence = [lut_item([4096, 0, 16], list(range(4000)))]
    assert (apply_voi(np.full(LARGE, 3999, np.uint16), ds) == 3999).all()
    with pytest.raises(IndexError, match="index 4000 is out of bounds"):
        apply_voi(np.full(LARGE, 4000, np.uint16), ds)


def test_an_array_in_columns_gives_equal_values() -> None:
    ds = gray(12)
    ds.WindowCenter, ds.WindowWidth = 2000, 1500
    arr = np.random.default_rng(1).integers(0, 4096, (300, 500)).astype(np.float64)
    np.testing.assert_array_equal(apply_windowing(np.asfortranarray(arr), ds), apply_windowing(arr, ds))


@pytest.mark.parametrize(
    "function", [apply_modality_lut, apply_voi_lut, apply_voi, apply_windowing, apply_presentation_lut]
)
def test_type_and_out_are_honoured_where_there_is_nothing_to_do(function: Callable[..., np.ndarray]) -> None:
    ds, arr = gray(), np.array([[1, 300]], np.uint16)
    ds.PresentationLUTShape = "IDENTITY"
    assert function(arr, ds) is arr
    assert function(arr, ds, dtype=np.float32).dtype == np.float32
    for out in (np.zeros((1, 2), np.float64), np.zeros((1, 2), np.uint16)):
        assert function(arr, ds, out=out) is out
        assert out.tolist() == [[1, 300]]
    with pytest.raises(TransformError, match="do not all fit"):
        function(arr, ds, dtype=np.uint8)
    with pytest.raises(TransformError, match="needed C-contiguous"):
        function(arr, ds, out=np.zeros(5, np.uint16))


def voi_frames(*frames: tuple[str, object]) -> Dataset:
    """Return a data set whose frames have a window's center, a VOI LUT item, or nothing."""
    ds = gray(8)
    ds.NumberOfFrames = len(frames)
    ds.PerFrameFunctionalGroupsSequence = []
    for kind, value in frames:
        voi, group = Dataset(), Dataset()
        if kind == "window":
            voi.WindowCenter, voi.WindowWidth = value, 2
        if kind == "lut":
            voi.VOILUTSequence = [value]
        if kind != "nothing":
            group.FrameVOILUTSequence = [voi]
        ds.PerFrameFunctionalGroupsSequence.append(group)
    return ds


def test_each_frame_is_seen_by_what_it_has() -> None:
    table = lut_item([256, 0, 8], list(range(255, -1, -1)))
    ds = voi_frames(("nothing", None), ("lut", table), ("window", 1))
    arr = np.full((3, 1, 1), 100, np.uint8)
    assert apply_voi_lut(arr, ds)[:, 0, 0].tolist() == [100, 155, 255]
    assert apply_voi(arr, ds)[:, 0, 0].tolist() == [100, 155, 100]
    assert apply_windowing(arr, ds)[:, 0, 0].tolist() == [100, 100, 255]
    assert apply_voi_lut(arr[1], ds, frame=1).dtype == np.uint8


def test_shared_groups_alone_serve_every_frame() -> None:
    ds = gray(8)
    ds.NumberOfFrames = 3
    value, group = Dataset(), Dataset()
    value.RescaleSlope, value.RescaleIntercept = 2, -5
    group.PixelValueTransformationSequence = [value]
    ds.SharedFunctionalGroupsSequence = [group]
    assert apply_modality_lut(np.array([[30]]), ds, frame=2).tolist() == [[55]]
    assert apply_modality_lut(np.full((3, 1, 1), 30), ds).ravel().tolist() == [55] * 3
    with pytest.raises(ValueError, match="no frame 3"):
        apply_modality_lut(np.array([[30]]), ds, frame=3)
    del ds.SharedFunctionalGroupsSequence
    with pytest.raises(ValueError, match="no frame 3"):
        apply_modality_lut(np.array([[30]]), ds, frame=3)


@pytest.mark.parametrize("out", [np.empty((2, 1, 1), np.float32), np.empty((3, 3)), np.empty((2, 1, 1), np.int16)])
def test_out_is_checked_frame_by_frame_too(out: np.ndarray) -> None:
    with pytest.raises(TransformError, match="needed C-contiguous float64"):
        apply_modality_lut(np.full((2, 1, 1), 5, np.uint8), enhanced([1, 10]), out=out)


def test_an_inverse_shape_without_bits_stored_turns_the_types_range() -> None:
    ds = Dataset()
    ds.PresentationLUTShape = "INVERSE"
    assert apply_presentation_lut(np.array([0, 255], np.uint8), ds).tolist() == [255, 0]
    assert apply_presentation_lut(np.array([-128, 127], np.int8), ds).tolist() == [127, -128]
    with pytest.raises(MissingElementError, match="Bits Stored"):
        apply_presentation_lut(np.zeros(1), ds)


def test_an_empty_function_or_several_slopes_are_value_errors() -> None:
    ds = gray()
    ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = 1, 2, ""
    with pytest.raises(ValueError, match=r"Unsupported \(0028,1056\)"):
        apply_windowing(np.zeros(1), ds)
    ds.RescaleSlope, ds.RescaleIntercept = [1, 2], [0, 0]
    with pytest.raises(ValueError, match="RescaleSlope has 2 values"):
        apply_modality_lut(np.zeros(1), ds)


def test_an_empty_lut_item_is_an_attribute_error() -> None:
    ds = gray()
    ds.ModalityLUTSequence = [Dataset()]
    with pytest.raises(AttributeError, match="no LUTDescriptor"):
        apply_modality_lut(np.zeros(1, np.uint8), ds)
    ds.VOILUTSequence = [Dataset()]
    with pytest.raises(AttributeError, match="no LUTDescriptor"):
        apply_voi(np.zeros(1, np.uint8), ds)


def test_a_boolean_array_under_a_voi_lut_warns() -> None:
    ds = gray(2)
    ds.VOILUTSequence = [lut_item([4, 0, 8], [0, 10, 20, 30])]
    with pytest.warns(UserWarning, match="may give incorrect results"):
        assert apply_voi(np.array([True]), ds).tolist() == [10]
