import mmap
import pickle
import random
import shutil
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError, PixelWarning, TransformError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image.library import MissingLibraryError
from dicompix.pixels.transforms import Lut, Rescale
from dicompix.volume import Volume, VolumeError, read_volume, scan
from dicompix.volume.errors import listed
from dicompix.volume.geometry import arrange
from dicompix.volume.plane import Plane
from dicompix.volume.voxels import type_for
from support import packing
from support.builders import data_set, file_of

COUNT, ROWS, COLUMNS = 6, 5, 7
SPACING, STEP = (0.75, 0.5), 2.5  # between rows, between columns; between slices
ORIGIN = np.array([-31.25, 17.5, 203.0])
SERIES, OTHER = "1.2.3.1", "1.2.3.2"
C, S = 0.8, 0.6  # a rotation with short decimals
ORIENTATIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "feet first": (-1, 0, 0, 0, 1, 0),
    "oblique": (C, S, 0, -S * C, C * C, S),
}


def normal_of(orientation: Sequence[float]) -> Stored:
    a, b = orientation[:3], orientation[3:]
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def pixels(number: int) -> Stored:
    return (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) + 100 * number).astype(np.int16)


def described(array: Stored, frames: int = 1, **elements: Any) -> Dataset:
    """Return an image of these pixels; elements by keyword, None leaves one out."""
    shape, bits = array.shape[array.ndim > 2 and frames > 1 :], array.dtype.itemsize * 8
    form = PixelFormat(
        rows=shape[0],
        columns=shape[1],
        samples=(*shape, 1)[2],
        photometric=Photometric.RGB if len(shape) == 3 else Photometric.MONOCHROME2,
        bits_allocated=bits,
        bits_stored=bits - 4 * (bits > 8),
        signed=array.dtype.kind == "i",
        frames=frames,
    )
    result = data_set(form, array.tobytes())
    for name, value in elements.items():
        if value is not None:
            setattr(result, name, value)
    return result


def image(number: int, orientation: Sequence[float] = ORIENTATIONS["axial"], **elements: Any) -> Dataset:
    """Return slice `number`, counted along the normal."""
    return described(pixels(number), **{**header(number, orientation), **elements})


def header(number: int, orientation: Sequence[float] = ORIENTATIONS["axial"]) -> dict[str, Any]:
    """Return the elements of slice `number` that place it."""
    return {
        "SeriesInstanceUID": SERIES,
        "SOPInstanceUID": f"1.2.3.4.{number}",
        "Modality": "CT",
        "InstanceNumber": 40 - number,
        "ImageOrientationPatient": [f"{value:.10g}" for value in orientation],
        "ImagePositionPatient": [f"{v:.12g}" for v in ORIGIN + number * STEP * normal_of(orientation)],
        "PixelSpacing": list(SPACING),
        "SliceThickness": 3,
    }


def write(folder: Path, images: Sequence[Dataset]) -> list[Path]:
    """Write images under names that tell nothing."""
    folder.mkdir(exist_ok=True)
    names = [f"{(7 * number + 3) % 101:03}" for number in range(len(images))]
    paths = [folder / name for name in names]
    for path, one in zip(paths, images, strict=True):
        path.write_bytes(file_of(one).getvalue())
    return paths


@pytest.fixture(scope="session")
def axial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("axial")
    write(folder, [image(number) for number in range(COUNT)])
    return folder


EXPECTED = np.stack([pixels(number) for number in range(COUNT)])


# Geometry


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_voxel_lies_where_its_slice_says(name: str, tmp_path: Path) -> None:
    orientation = ORIENTATIONS[name]
    write(tmp_path, [image(number, orientation) for number in (4, 0, 3, 5, 1, 2)])
    volume = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, EXPECTED)
    row, column, normal = np.array(orientation[:3]), np.array(orientation[3:]), normal_of(orientation)
    np.testing.assert_allclose(volume.direction, np.stack([row, column, normal], axis=1), atol=1e-9)
    np.testing.assert_allclose(volume.spacing, (0.5, 0.75, 2.5), rtol=1e-9)
    np.testing.assert_allclose(volume.origin, ORIGIN)
    place = ORIGIN + 3 * 0.5 * row + 4 * 0.75 * column + 2 * 2.5 * normal  # PS3.3 C.7.6.2.1.1
    np.testing.assert_allclose(volume.affine @ (3, 4, 2, 1), [*place, 1], atol=1e-8)
    np.testing.assert_allclose(volume.affine_ras @ (3, 4, 2, 1), [-place[0], -place[1], place[2], 1], atol=1e-8)
    assert not volume.findings


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_simpleitk_reads_the_same(name: str, tmp_path: Path) -> None:
    itk = pytest.importorskip("SimpleITK")
    write(tmp_path, [image(number, ORIENTATIONS[name], RescaleSlope=2, RescaleIntercept=-7) for number in range(COUNT)])
    volume = read_volume(tmp_path)
    theirs = itk.ReadImage([str(path) for path in volume.paths])
    ours = volume.to_sitk()
    np.testing.assert_array_equal(volume.array, itk.GetArrayFromImage(theirs))
    np.testing.assert_array_equal(volume.array, itk.GetArrayFromImage(ours))
    for one in (theirs, ours):
        np.testing.assert_allclose(volume.origin, one.GetOrigin(), atol=1e-6)
        np.testing.assert_allclose(volume.spacing, one.GetSpacing(), atol=1e-6)
        np.testing.assert_allclose(volume.direction.ravel(), one.GetDirection(), atol=1e-6)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_nibabel_places_the_same(name: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    wrappers = pytest.importorskip("nibabel.nicom.dicomwrappers")
    write(tmp_path, [image(number, ORIENTATIONS[name]) for number in range(COUNT)])
    volume = read_volume(tmp_path)
    # nibabel's affine of one slice starts from (row, column) and ends in DICOM's own coordinates
    theirs = wrappers.wrapper_from_data(volume.datasets[3]).affine
    np.testing.assert_allclose(volume.affine @ (6, 2, 3, 1), theirs @ (2, 6, 0, 1), atol=1e-6)
    nifti = volume.to_nibabel()
    nifti.to_filename(tmp_path / "volume.nii")
    again = nibabel.load(tmp_path / "volume.nii")
    np.testing.assert_allclose(again.affine, volume.affine_ras, atol=1e-4)
    np.testing.assert_array_equal(np.asarray(again.dataobj)[6, 2, 3], pixels(3)[2, 6])
    assert again.shape == (COLUMNS, ROWS, COUNT)
    assert again.header.get_xyzt_units()[0] == "mm"


@given(order=st.permutations(range(COUNT)))
def test_the_order_of_the_files_changes_nothing(order: list[int], axial: Path) -> None:
    paths = sorted(axial.iterdir())
    usual, shuffled = read_volume(axial), read_volume([paths[i] for i in order])
    np.testing.assert_array_equal(usual.array, shuffled.array)
    assert usual.affine.tobytes() == shuffled.affine.tobytes()
    assert usual.paths == shuffled.paths


@given(order=st.permutations(range(COUNT)), turn=st.sampled_from(sorted(ORIENTATIONS)))
def test_the_order_of_the_data_sets_changes_nothing(order: list[int], turn: str) -> None:
    images = [image(number, ORIENTATIONS[turn]) for number in range(COUNT)]
    volume = read_volume([images[i] for i in order])
    np.testing.assert_array_equal(volume.array, EXPECTED)
    assert volume.affine.tobytes() == read_volume(images).affine.tobytes()
    assert [one.SOPInstanceUID for one in volume.datasets] == [one.SOPInstanceUID for one in images]


@pytest.mark.parametrize("workers", [1, 2, 5, None])
def test_the_number_of_threads_changes_nothing(workers: int | None, axial: Path) -> None:
    np.testing.assert_array_equal(read_volume(axial, workers=workers).array, EXPECTED)


def test_several_threads_read_at_once(axial: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for volume in pool.map(lambda _: read_volume(axial, workers=2), range(8)):
            np.testing.assert_array_equal(volume.array, EXPECTED)


def test_a_tilted_gantry_is_a_sheared_affine(tmp_path: Path) -> None:
    shift = np.array([0, 1.25, 2.5])
    write(tmp_path, [image(n, ImagePositionPatient=list(ORIGIN + n * shift)) for n in range(COUNT)])
    with pytest.warns(PixelWarning, match=r"gantry-tilt: .* 26\.57 degrees"):  # atan(1.25 / 2.5)
        volume = read_volume(tmp_path)
    np.testing.assert_allclose(volume.affine @ (0, 0, 4, 1), [*(ORIGIN + 4 * shift), 1])
    np.testing.assert_allclose(volume.spacing[2], np.hypot(1.25, 2.5))


def test_positions_that_are_rounded_make_an_even_stack() -> None:
    positions = [round(n * 0.625, 2) for n in range(COUNT)]  # 0, 0.62, 1.25, 1.88, ...
    with pytest.warns(PixelWarning, match=r"uneven-spacing: .*0\.62 to 0\.63"):
        volume = read_volume([image(n, ImagePositionPatient=[0, 0, z]) for n, z in enumerate(positions)])
    assert volume.spacing[2] == pytest.approx(0.624)  # 3.12 / 5


def test_one_slice_is_a_volume() -> None:
    assert read_volume(image(0)).spacing == pytest.approx((0.5, 0.75, 3))
    assert read_volume(image(0, SpacingBetweenSlices=-4)).spacing[2] == 4
    with pytest.warns(PixelWarning, match="slice-spacing"):
        assert read_volume(image(0, SliceThickness=None)).spacing[2] == 1


# What is no volume


def test_several_series_are_listed_and_chosen(tmp_path: Path) -> None:
    others = [image(n, SeriesInstanceUID=OTHER, SOPInstanceUID=f"1.2.9.{n}", Modality="MR") for n in range(3)]
    write(tmp_path, [*(image(n) for n in range(COUNT)), *others])
    with pytest.raises(VolumeError, match=rf"2 series, .*series=:\n +{SERIES}: 6 CT images.*\n +{OTHER}: 3 MR images"):
        read_volume(tmp_path)
    assert read_volume(tmp_path, series=OTHER).array.shape == (3, ROWS, COLUMNS)
    with pytest.raises(VolumeError, match=r"none of them is '1\.2'"):
        read_volume(tmp_path, series="1.2")


def test_a_gap_names_its_neighbours(axial: Path) -> None:
    paths = read_volume(axial).paths
    with pytest.raises(VolumeError, match=r"about 2: 2.5 mm is usual") as caught:
        read_volume([path for path in paths if path is not None and path not in paths[2:4]])
    assert f"7.5 mm between {paths[1]} and {paths[4]}" in str(caught.value)


def test_planes_taken_twice_name_the_difference() -> None:
    images = [image(n, SOPInstanceUID=f"1.2.{n}.{e}", EchoTime=e) for n in range(3) for e in (12, 30)]
    with pytest.raises(
        VolumeError, match=r"6 slices for 3 planes.*1\.2\.0\.12, data set 1\.2\.0\.30;.*EchoTime \(12\.0, 30\.0\)"
    ):
        read_volume(images)
    same = [image(0, SOPInstanceUID=f"1.2.{n}", InstanceNumber=1) for n in range(3)]
    with pytest.raises(VolumeError, match=r"3 slices for 1 plane: .*do not differ"):
        read_volume(same)


def test_a_copy_of_a_slice_is_left_out(axial: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(axial, tmp_path / "series"))
    shutil.copy(folder / "003", folder / "zzz")
    with pytest.warns(PixelWarning, match=r"duplicate-instance: .*zzz is left out: .*003"):
        volume = read_volume(folder)
    np.testing.assert_array_equal(volume.array, EXPECTED)


MIXED: dict[str, tuple[dict[str, Any], str]] = {
    "orientations": ({"ImageOrientationPatient": list(ORIENTATIONS["coronal"])}, "2 orientations"),
    "spacings": ({"PixelSpacing": [0.75, 0.51]}, "2 pixel spacings"),
    "samples": ({"PhotometricInterpretation": "MONOCHROME1"}, "2 kinds"),
    "signs": ({"PixelRepresentation": 0}, "2 kinds"),
}


@pytest.mark.parametrize("name", MIXED)
def test_slices_of_two_kinds_are_named(name: str) -> None:
    odd, text = MIXED[name]
    with pytest.raises(VolumeError, match=f"(?s){text}.*1 x .*data set 1.2.3.4.2") as caught:
        read_volume([image(n, **(odd if n == 2 else {})) for n in range(COUNT)])
    assert "5 x" in str(caught.value)


def test_slices_of_two_sizes_are_named() -> None:
    small = image(2)
    small.Rows, small.PixelData = ROWS - 1, pixels(2)[1:].tobytes()
    with pytest.raises(VolumeError, match=r"(?s)2 kinds.*5 x \(5, 7.*1 x \(4, 7.*: data set 1\.2\.3\.4\.2"):
        read_volume([*(image(n) for n in (0, 1, 3, 4)), image(5), small])


MISSING = {
    "ImagePositionPatient": (0x0020, 0x0032),
    "ImageOrientationPatient": (0x0020, 0x0037),
    "PixelSpacing": (0x0028, 0x0030),
}


@pytest.mark.parametrize("keyword", MISSING)
@pytest.mark.parametrize("in_files", [False, True])
def test_a_slice_without_its_place_is_named(keyword: str, in_files: bool, tmp_path: Path) -> None:  # noqa: FBT001
    missing: dict[str, Any] = {keyword: None}
    images: Any = [image(n, **(missing if n == 4 else {})) for n in range(COUNT)]
    name = "1.2.3.4.4"
    if in_files:
        images = write(tmp_path, images)
        name = str(images[4])
    group, element = MISSING[keyword]
    with pytest.raises(VolumeError, match=rf"no usable .*\({group:04X},{element:04X}\)") as caught:
        read_volume(images)
    assert name in str(caught.value)


NO_STACK = {
    "uneven": ([0, 0, 2.5], [0, 0, 5], [0, 0, 8]),
    "shifted": ([0, 0, 2.5], [0.3, 0, 5], [0, 0, 7.5]),
    "sideways": ([0, 9, 2.5], [0, 18, 5], [0, 27, 7.5]),
}


@pytest.mark.parametrize("name", NO_STACK)
def test_what_is_no_even_stack_says_so(name: str) -> None:
    places = [[0, 0, 0], *NO_STACK[name]]
    with pytest.raises(VolumeError, match=r"no even stack|are no stack"):
        read_volume([image(n, ImagePositionPatient=place) for n, place in enumerate(places)])


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (((0.0, 0.0, float("nan")), (1, 0, 0, 0, 1, 0), (1, 1)), "no usable Image Position"),
        (((0, 0, 0), (1, 0, 0, 1, 0, 0), (1, 1)), "two perpendicular unit vectors"),
        (((0, 0, 0), (2, 0, 0, 0, 1, 0), (1, 1)), "two perpendicular unit vectors"),
        (((0, 0, 0), (1, 0, 0, 0, 1, 0), (0, 1)), "above 0"),
    ],
)
def test_a_plane_that_cannot_be(place: Any, text: str) -> None:
    with pytest.raises(VolumeError, match=text):
        Plane.of(*place)


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match=r"no image in .*: it is empty"):
        read_volume(tmp_path)
    (tmp_path / "notes.txt").write_text("seen on Monday")
    with pytest.raises(VolumeError, match=r"no image in .*notes\.txt is left out"):
        read_volume(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_volume(tmp_path / "missing")
    with pytest.raises(VolumeError, match="values is 'display'"):
        read_volume(tmp_path, values="display")  # type: ignore[arg-type]


# What else lies in a folder


@pytest.fixture
def cluttered(axial: Path, tmp_path: Path, example: Callable[[str], Path]) -> Path:
    """Return a folder of a series, a text, a DICOMDIR and a report, the series in a folder below."""
    shutil.copytree(axial, tmp_path / "series" / "deep")
    folder = tmp_path / "series"
    (folder / "notes.txt").write_text("seen on Monday")
    (folder / "empty").touch()
    (folder / "long").write_bytes(bytes(5000))
    shutil.copy(example("dicomdirtests/DICOMDIR"), folder)
    shutil.copy(example("test-SR.dcm"), folder)
    return folder


def test_what_is_no_image_is_a_finding_of_a_folder(cluttered: Path) -> None:
    volume = read_volume(cluttered)
    np.testing.assert_array_equal(volume.array, EXPECTED)
    codes = {(finding.code, finding.message.split(" is left out")[0]) for finding in volume.findings}
    found = {"DICOMDIR": "no-pixels", "test-SR.dcm": "no-pixels"}
    found |= dict.fromkeys(["notes.txt", "empty", "long"], "not-dicom")
    assert codes == {(code, str(cluttered / name)) for name, code in found.items()}


def test_what_is_no_image_is_a_warning_where_it_was_asked_for(cluttered: Path) -> None:
    with pytest.warns(PixelWarning, match=r"not-dicom: .*notes\.txt"):
        volume = read_volume([cluttered / "deep", cluttered / "notes.txt"])
    assert len(volume.array) == COUNT


def test_other_series_may_be_broken(axial: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(axial, tmp_path / "series"))
    video = image(0, SeriesInstanceUID=OTHER, SOPInstanceUID="1.2.9.9")
    video.file_meta.TransferSyntaxUID = pydicom.uid.UID("1.2.840.10008.1.2.4.100")
    video.PixelData, video["PixelData"].is_undefined_length = packing.encapsulate([[bytes(8)]]), True
    (folder / "video").write_bytes(file_of(video).getvalue())
    np.testing.assert_array_equal(read_volume(folder, series=SERIES).array, EXPECTED)
    with pytest.raises(VolumeError, match=r"video: .*MPEG2") as caught:
        read_volume(folder, series=OTHER)
    assert isinstance(caught.value.__cause__, UnsupportedError)


@pytest.mark.parametrize("cut", [1, 20])
def test_a_file_that_ends_early_is_named(cut: int, axial: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(axial, tmp_path / "series"))
    path = folder / "017"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises((FrameError, VolumeError), match=r"017"):
        read_volume(folder)


# Values


def test_each_slice_has_its_own_rescale() -> None:
    images = [image(n, RescaleSlope=n + 1, RescaleIntercept=-n) for n in range(COUNT)]
    volume = read_volume(images)
    expected = np.stack([pixels(n).astype(int) * (n + 1) - n for n in range(COUNT)])
    np.testing.assert_array_equal(volume.array, expected)
    assert volume.array.dtype == np.int16
    with pytest.warns(PixelWarning, match="rescale-differs"):
        np.testing.assert_array_equal(read_volume(images, values="stored").array, EXPECTED)


@pytest.mark.parametrize("in_files", [False, True])
def test_slopes_that_are_not_whole_give_floats(in_files: bool, tmp_path: Path) -> None:  # noqa: FBT001
    images: Any = [image(n, RescaleSlope="0.25", RescaleIntercept="-1.5") for n in range(COUNT)]
    volume = read_volume(write(tmp_path, images) if in_files else images)
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, EXPECTED * 0.25 - 1.5)


def test_the_type_asked_for_holds_the_values_or_says_which_slice() -> None:
    images = [image(n, RescaleSlope=1, RescaleIntercept=-100) for n in range(COUNT)]
    wide = read_volume(images, dtype="float64").array
    assert wide.dtype == np.float64
    np.testing.assert_array_equal(wide, EXPECTED - 100.0)
    with pytest.raises(TransformError, match=r"data set 1\.2\.3\.4\.0: .*do not all fit uint16"):
        read_volume(images, dtype=np.uint16)
    stored = read_volume(images, values="stored", dtype=np.uint16).array
    np.testing.assert_array_equal(stored, EXPECTED.astype(np.uint16))


def fmt(bits: int, *, signed: bool = False, allocated: int = 16) -> PixelFormat:
    return PixelFormat(rows=1, columns=1, bits_allocated=allocated, bits_stored=bits, signed=signed)


TYPES = {
    "as stored": (fmt(12), None, "uint16"),
    "unsigned stays": (fmt(16), Rescale(1, 0), "uint16"),
    "HU": (fmt(12), Rescale(1, -1024), "int16"),
    "HU of 16 bits": (fmt(16, signed=True), Rescale(1, -1024), "int32"),  # -33792 is no int16
    "up to -32768": (fmt(16, signed=True), Rescale(1, 0), "int16"),
    "8 bits stay": (fmt(8, allocated=8), Rescale(1, 0), "uint8"),
    "8 bits doubled": (fmt(8, allocated=8), Rescale(2, 0), "int16"),
    "PET": (fmt(16, signed=True), Rescale(0.37, 0), "float32"),
    "dose": (fmt(32, allocated=32), Rescale(0.5, 0), "float64"),
    "table": (fmt(8, allocated=8), Lut(np.array([0, 40000], np.uint16), first=0, bits=16), "int32"),
}


@pytest.mark.parametrize("name", TYPES)
def test_the_type_follows_from_the_headers(name: str) -> None:
    form, step, expected = TYPES[name]
    assert type_for(form, [(step, form)]).name == expected


def test_a_slope_that_cannot_be_is_named_where_it_matters(tmp_path: Path) -> None:
    images = [image(n, RescaleSlope="1e999" if n == 2 else 1, RescaleIntercept=0) for n in range(COUNT)]
    paths = write(tmp_path, images)
    for source, name in ((images, "data set 1.2.3.4.2"), (tmp_path, str(paths[2]))):
        with pytest.raises(TransformError, match="needed two finite numbers") as caught:
            read_volume(source)
        assert str(caught.value).startswith(name)
        np.testing.assert_array_equal(read_volume(source, values="stored").array, EXPECTED)


def test_tables_of_wide_samples_give_floats() -> None:
    form = fmt(20, allocated=32)
    assert type_for(form, [(Lut(np.array([0, 9], np.uint16), first=0, bits=16), form)]).name == "float32"


def test_colour_is_left_as_it_is() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (COUNT, ROWS, COLUMNS, 3), np.uint8)
    images = [described(rgb[n], **header(n), RescaleSlope=2, RescaleIntercept=1) for n in range(COUNT)]
    volume = read_volume(images[::-1])
    np.testing.assert_array_equal(volume.array, rgb)


# Files


def nested(one: Dataset) -> Dataset:
    """Add sequences of undefined length, items of both kinds, before the pixel data."""
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, inner.PixelSpacing = "T-04000", [9, 9]
    outer.AnatomicRegionSequence = [inner, Dataset()]
    outer.ImagePositionPatient = [9, 9, 9]
    one.ReferencedImageSequence = [outer, Dataset(), inner]
    for sequence in (outer["AnatomicRegionSequence"], one["ReferencedImageSequence"]):
        sequence.is_undefined_length = True
    outer.is_undefined_length_sequence_item = True
    inner.is_undefined_length_sequence_item = True
    return one


SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
]


def coded(number: int, syntax: pydicom.uid.UID) -> Dataset:
    one = nested(image(number, RescaleSlope=1, RescaleIntercept=-5))
    if syntax == RLELossless:
        one.compress(syntax, generate_instance_uid=False)
        return one
    one.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        one.PixelData = pixels(number).astype(">i2").tobytes()
    return one


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("scanned", [True, False])
def test_every_way_to_store_a_slice(
    syntax: pydicom.uid.UID,
    scanned: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = write(tmp_path, [coded(number, syntax) for number in range(COUNT)])
    seen = []
    original = scan.scan

    def watched(data: mmap.mmap) -> scan.Scanned | None:
        seen.append(original(data))
        return seen[-1] if scanned else None

    monkeypatch.setattr(scan, "scan", watched)
    volume = read_volume(tmp_path, workers=1)
    assert volume.paths == tuple(paths)
    np.testing.assert_array_equal(volume.array, EXPECTED - 5)
    np.testing.assert_allclose(volume.origin, ORIGIN)
    unusual = syntax in {ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
    assert [one is None for one in seen] == [unusual] * COUNT


UNUSUAL = {
    "several frames": lambda: enhanced((0, 1)),
    "frames without groups": lambda: image(0, NumberOfFrames=2),
    "modality table": lambda: image(0, ModalityLUTSequence=[Dataset()]),
    "dose": lambda: image(0, DoseGridScaling="0.1"),
    "encapsulated by no name": lambda: encapsulated(ExplicitVRLittleEndian),
    "native by another name": lambda: renamed(image(0)),
}


def encapsulated(syntax: pydicom.uid.UID) -> Dataset:
    one = image(0)
    one.file_meta.TransferSyntaxUID = syntax
    one.PixelData, one["PixelData"].is_undefined_length = packing.encapsulate([[pixels(0).tobytes()]]), True
    return one


def renamed(one: Dataset) -> Dataset:
    one.file_meta.TransferSyntaxUID = RLELossless
    return one


def mapped(path: Path, content: bytes) -> mmap.mmap:
    path.write_bytes(content)
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_not_scanned(name: str, tmp_path: Path) -> None:
    assert scan.scan(mapped(tmp_path / "usual", file_of(image(0)).getvalue())) is not None
    assert scan.scan(mapped(tmp_path / "unusual", file_of(UNUSUAL[name]()).getvalue())) is None


@pytest.mark.parametrize("broken", [b"??\4\0", b"UN\0\0\xff\xff\xff\xff", b"SQ\0\0\xff\xff\xff\xff", b"UI\xff\xff"])
def test_what_is_broken_is_not_scanned(broken: bytes, tmp_path: Path) -> None:
    whole = file_of(image(0)).getvalue()
    place = whole.index(b"\x08\0\x16\0UI") + 4  # SOP Class UID, the first element after the meta information
    assert scan.scan(mapped(tmp_path / "broken", whole[:place] + broken + whole[place + 4 :])) is None
    assert scan.scan(mapped(tmp_path / "other", bytes(5000))) is None


def test_deep_nesting_is_not_scanned(tmp_path: Path) -> None:
    open_sequence = struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    whole = file_of(image(0)).getvalue()
    place = whole.index(b"\x08\0\x16\0UI")
    assert scan.scan(mapped(tmp_path / "deep", whole[:place] + open_sequence * 5000 + whole[place:])) is None


def test_what_is_odd_about_one_file_is_told() -> None:
    images = [image(n) for n in range(COUNT)]
    images[4].PixelData += bytes(6)
    with pytest.warns(PixelWarning, match="excess-padding"):
        assert [f.code for f in read_volume(images).findings] == ["excess-padding"]


@pytest.mark.parametrize("odd", [0, 4])
def test_what_is_odd_about_one_file_of_many_is_told(odd: int, tmp_path: Path) -> None:
    images = [image(n) for n in range(COUNT)]
    images[odd].PixelData += bytes(6)
    write(tmp_path, images)
    with pytest.warns(PixelWarning, match="excess-padding"):
        volume = read_volume(tmp_path, workers=1)
    assert [finding.code for finding in volume.findings] == ["excess-padding"]
    np.testing.assert_array_equal(volume.array, EXPECTED)


@pytest.mark.parametrize("frames", ["0", ""])
def test_what_is_odd_about_each_file_is_told(frames: str, tmp_path: Path) -> None:
    write(tmp_path, [image(n, NumberOfFrames=frames) for n in range(COUNT)])
    with pytest.warns(PixelWarning, match="number-of-frames"):
        volume = read_volume(tmp_path, workers=1)
    assert [finding.code for finding in volume.findings] == ["number-of-frames"] * COUNT
    np.testing.assert_array_equal(volume.array, EXPECTED)


@pytest.mark.parametrize("intercept", [0, -5])
def test_a_codestream_of_another_size_is_named(intercept: int, tmp_path: Path) -> None:
    library = pytest.importorskip("imagecodecs")
    images = [image(n, RescaleSlope=1, RescaleIntercept=intercept, BitsStored=16, HighBit=15) for n in range(COUNT)]
    for number, one in enumerate(images):
        stream = library.jpegls_encode(pixels(number)[number == 3 :].astype(np.uint16))
        one.PixelData, one["PixelData"].is_undefined_length = packing.encapsulate([[stream]]), True
        one.file_meta.TransferSyntaxUID = JPEGLSLossless
    paths = write(tmp_path, images)
    with pytest.raises(FrameError, match=r"the frame is \(4, 7\).*needed \(5, 7\)") as caught:
        read_volume(tmp_path)
    assert str(caught.value).startswith(str(paths[3]))
    np.testing.assert_array_equal(read_volume(paths[:3]).array, EXPECTED[:3] + intercept)


def test_files_that_are_cut_anywhere_never_go_unnoticed(axial: Path, tmp_path: Path) -> None:
    whole = (axial / "003").read_bytes()
    path = tmp_path / "cut"
    for length in random.Random(0).sample(range(len(whole)), 60):
        path.write_bytes(whole[:length])
        with pytest.raises((VolumeError, FrameError), match="cut"):
            read_volume(tmp_path)


def test_a_file_without_preamble_is_read(axial: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(axial, tmp_path / "series"))
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(read_volume(folder).array, EXPECTED)


# Several frames in one file


def enhanced(order: Sequence[int], **shared: Any) -> Dataset:
    """Return one image with the slices of `order` as its frames, rescale and orientation shared."""
    one = described(EXPECTED[list(order)], len(order), SeriesInstanceUID=SERIES, SOPInstanceUID="1.2.5")
    group = Dataset()
    for name, item in {
        "PlaneOrientationSequence": {"ImageOrientationPatient": list(ORIENTATIONS["axial"])},
        "PixelMeasuresSequence": {"PixelSpacing": list(SPACING), "SliceThickness": 3},
        "PixelValueTransformationSequence": {"RescaleSlope": 1, "RescaleIntercept": -9},
        **shared,
    }.items():
        setattr(group, name, [as_item(item)])
    one.SharedFunctionalGroupsSequence = [group]
    places = [as_item({"ImagePositionPatient": list(ORIGIN + np.array([0, 0, n * STEP]))}) for n in order]
    frames = [Dataset() for _ in order]
    for frame, place in zip(frames, places, strict=True):
        frame.PlanePositionSequence = [place]
    one.PerFrameFunctionalGroupsSequence = frames
    return one


def as_item(elements: dict[str, Any]) -> Dataset:
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return item


def test_the_frames_of_an_enhanced_image_are_sorted(tmp_path: Path) -> None:
    order = (3, 0, 5, 1, 4, 2)
    (path,) = write(tmp_path, [enhanced(order)])
    for source in (path, tmp_path, enhanced(order)):
        volume = read_volume(source)
        np.testing.assert_array_equal(volume.array, EXPECTED - 9)
        np.testing.assert_allclose(volume.affine[:3], [[0.5, 0, 0, -31.25], [0, 0.75, 0, 17.5], [0, 0, 2.5, 203]])
        assert volume.frames == (1, 3, 5, 0, 4, 2)
        assert volume.datasets[0] is volume.datasets[5]


def test_frames_in_one_plane_are_named(tmp_path: Path) -> None:
    (path,) = write(tmp_path, [enhanced((0, 1, 1, 2, 3, 4))])
    with pytest.raises(VolumeError, match=rf"{path} frame 1, {path} frame 2"):
        read_volume(path)


def test_frames_without_a_place(tmp_path: Path) -> None:
    one = image(0, NumberOfFrames=3)
    one.PixelData = one.PixelData * 3
    with pytest.raises(VolumeError, match="no position for each of its 3 frames"):
        read_volume(one)


def test_a_dose_grid_is_placed_by_its_offsets(example: Callable[[str], Path]) -> None:
    path = example("rtdose.dcm")
    dataset = pydicom.dcmread(path)
    volume = read_volume(path)
    offsets = [float(offset) for offset in dataset.GridFrameOffsetVector]
    position = [float(value) for value in dataset.ImagePositionPatient]
    np.testing.assert_allclose(volume.affine @ (0, 0, 7, 1), [*position[:2], position[2] + offsets[7], 1])
    np.testing.assert_allclose(volume.array, dataset.pixel_array * float(dataset.DoseGridScaling))


# Real series


def test_a_real_series(example: Callable[[str], Path]) -> None:
    folder = example("dicomdirtests/98892001/CT5N/2062").parent
    files = [pydicom.dcmread(path) for path in folder.iterdir()]
    files.sort(key=lambda file: float(file.ImagePositionPatient[2]))
    volume = read_volume(folder)
    expected = [f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in files]
    np.testing.assert_array_equal(volume.array, expected)
    assert volume.spacing == pytest.approx((0.488281, 0.488281, 2.5))


@pytest.mark.parametrize("name", ["liver_j2k", "liver_nonbyte_aligned_j2k", "liver_expb"])
def test_a_real_segmentation(name: str, shared_data: Path) -> None:
    path = shared_data / f"files/pydicom+pydicom-data/data_store/data/{name}.dcm"
    dataset = pydicom.dcmread(path)
    volume = read_volume(path)
    frames = dataset.PerFrameFunctionalGroupsSequence
    assert len(frames) == len(volume.array)
    for number, frame in enumerate(volume.frames):
        np.testing.assert_array_equal(volume.array[number], dataset.pixel_array[frame])
        position = frames[frame].PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose((volume.affine @ (0, 0, number, 1))[:3], position, atol=0.01)


# The volume itself


def test_headers_and_paths_are_in_the_order_of_the_slices(axial: Path) -> None:
    volume = read_volume(axial)
    assert [one.InstanceNumber for one in volume.datasets] == [40 - n for n in range(COUNT)]
    assert [one.InstanceNumber for one in volume.datasets[1:3]] == [39, 38]
    assert [volume.datasets[n].SOPInstanceUID for n in (0, -1)] == ["1.2.3.4.0", "1.2.3.4.5"]
    assert volume.frames == (0,) * COUNT
    assert volume.paths[0] == axial / "003"
    assert volume.datasets[0] is volume.datasets[0]
    assert repr(volume) == "<Volume (6, 5, 7) int16 of 0.5 x 0.75 x 2.5 mm>"


def test_a_volume_is_frozen_and_pickles(axial: Path) -> None:
    volume = read_volume(axial)
    with pytest.raises(AttributeError):
        volume.array = volume.array  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        volume.affine[0, 0] = 1
    volume.array[0, 0, 0] = 3  # the voxels are the caller's
    again: Volume = pickle.loads(pickle.dumps(volume))
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.datasets[2].InstanceNumber == 38


def test_data_sets_are_left_as_they_are() -> None:
    images = [image(n) for n in range(COUNT)]
    before = [one.to_json() for one in images]
    volume = read_volume(images)
    assert [one.to_json() for one in images] == before
    assert all(one is images[n] for n, one in enumerate(volume.datasets))
    assert volume.paths == (None,) * COUNT


@pytest.mark.parametrize(("method", "library"), [("to_sitk", "SimpleITK"), ("to_nibabel", "nibabel")])
def test_a_missing_library_is_named(method: str, library: str, axial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(MissingLibraryError, match=rf'{library} is not installed.*pip install "dicompix\[volumes\]"'):
        getattr(read_volume(axial), method)()


def test_nifti_of_colour_and_of_long_integers() -> None:
    pytest.importorskip("nibabel")
    volume = read_volume([image(n) for n in range(COUNT)])
    rgb = np.random.default_rng(0).integers(0, 256, (COUNT, ROWS, COLUMNS, 3), np.uint8)
    made: dict[str, Any] = {"affine": volume.affine, "paths": (), "frames": (), "datasets": volume.datasets}
    nifti = Volume(array=rgb, **made).to_nibabel()
    assert tuple(np.asarray(nifti.dataobj)[6, 2, 3]) == tuple(rgb[3, 2, 6])
    assert Volume(array=volume.array.astype(np.int64), **made).to_nibabel().get_data_dtype() == np.int64
    with pytest.raises(VolumeError, match="RGB of 8 bits, found uint16"):
        Volume(array=rgb.astype(np.uint16), **made).to_nibabel()


def test_progress_is_told(axial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[tuple[int, int]] = []
    read_volume(axial, progress=lambda done, total: calls.append((done, total)), workers=3)
    assert [done for done, _ in calls] == list(range(1, 2 * COUNT + 1))
    assert calls[-1] == (2 * COUNT, 2 * COUNT)
    read_volume(axial)
    assert not capsys.readouterr().out
    read_volume(axial, progress=True)
    assert "Reading volume" in capsys.readouterr().out


def test_lists_are_cut() -> None:
    assert listed([1, 2, 3], 3) == "1, 2, 3"
    assert listed("abcdefg", 3) == "a, b, c and 4 more"


@given(
    rotation=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: sum(x * x for x in q) > 0.1),
    step=st.floats(0.1, 20),
    order=st.permutations(range(COUNT)),
)
def test_any_rotation_is_found_again(rotation: tuple[float, ...], step: float, order: list[int]) -> None:
    w, x, y, z = np.array(rotation) / np.linalg.norm(rotation)
    axes = np.array(  # of a unit quaternion
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    orientation = tuple(np.concatenate([axes[:, 0], axes[:, 1]]).tolist())
    places = [tuple((ORIGIN + n * step * axes[:, 2]).tolist()) for n in order]
    geometry = arrange([Plane(place, orientation, SPACING) for place in places], [str(n) for n in order])
    assert [order[i] for i in geometry.order] == list(range(COUNT))
    np.testing.assert_allclose(geometry.affine[:3, :3], axes * [0.5, 0.75, step], atol=1e-6)
    np.testing.assert_allclose(geometry.affine[:3, 3], ORIGIN)
    assert not geometry.findings
