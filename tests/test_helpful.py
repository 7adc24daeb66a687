"""What a newcomer does wrong, or guesses: errors that name the file and the remedy."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import Finding, PixelError, PixelWarning, TransformError
from dicompix.pixels.image import Image
from dicompix.pixels.read.refused import NoDicomError

Make = Callable[..., Dataset]
Example = Callable[[str], Path]


def notes(problem: BaseException) -> list[str]:
    return getattr(problem, "__notes__", [])


# Which file it is


@pytest.fixture
def cut(make: Make, ramp: Stored, tmp_path: Path) -> Path:
    path = tmp_path / "cut.dcm"
    make(ramp, frames=2, PixelData=ramp.tobytes()[:60]).save_as(path)
    return path


ASKED: dict[str, Callable[[Image], object]] = {
    "index": lambda image: image[1],
    "slice": lambda image: image[:2],
    "stored": lambda image: image.stored(),
    "frame": lambda image: image.frame(1, region=(slice(1), slice(1))),
    "encoded": lambda image: image.encoded(1),
    "modality": lambda image: image.modality(1),
    "display": lambda image: image.display(1),
    "display of several": lambda image: image.display([0, 1], voi=None),
    "no such frame": lambda image: image[9],
    "no such view": lambda image: image.display(0, voi="LUNG"),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_error_about_a_frame_names_the_file_once(name: str, cut: Path) -> None:
    with pytest.raises(PixelError) as caught:
        ASKED[name](dicompix.open_image(cut))
    assert notes(caught.value) == [str(cut)]


def test_an_error_about_data_in_memory_names_no_file(make: Make, ramp: Stored) -> None:
    with pytest.raises(PixelError) as caught:
        Image(make(ramp[0], PixelData=b"12"))[0]
    assert notes(caught.value) == []


def test_an_error_at_opening_names_the_file(make: Make, ramp: Stored, tmp_path: Path) -> None:
    path = tmp_path / "no-rows.dcm"
    make(ramp[0], Rows=None).save_as(path)
    with pytest.raises(dicompix.MissingElementError) as caught:
        dicompix.open_image(path)
    assert notes(caught.value) == [str(path)]


# What the file is


def test_what_has_no_preamble_gets_advice_that_works(example: Example) -> None:
    path = example("rtstruct.dcm")
    with pytest.raises(InvalidDicomError) as caught:
        dicompix.open_image(path)
    problem = caught.value
    assert isinstance(problem, NoDicomError)
    assert isinstance(problem, PixelError)
    assert "Use force=True" not in str(problem)
    assert "dicompix.dcmread(path, force=True).pixels" in str(problem)
    assert notes(problem) == [str(path)]
    assert dicompix.dcmread(path, force=True).Modality == "RTSTRUCT"


@pytest.mark.parametrize(
    ("name", "kind"),
    {
        "reportsi.dcm": "Basic Text SR Storage",
        "rtplan.dcm": "RT Plan Storage",
        "DICOMDIR": "Media Storage Directory Storage",
    }.items(),
)
def test_a_file_without_pixels_says_what_it_is(name: str, kind: str, example: Example) -> None:
    path = example(name)
    with path.open("rb") as file:
        for target in (path, pydicom.dcmread(path), file):
            with pytest.raises(dicompix.MissingElementError, match=f"of the class {kind}, which holds no image"):
                dicompix.open_image(target)


def test_an_image_without_pixels_is_still_an_image(make: Make, ramp: Stored) -> None:
    with pytest.raises(dicompix.MissingElementError) as caught:
        dicompix.open_image(make(ramp[0], PixelData=None))
    assert "holds no image" not in str(caught.value)


def test_every_public_error_is_where_the_others_are() -> None:
    from dicompix.pixels import errors

    named = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    more = {"SourceError", "MissingLibraryError", "DeviationError", "VolumeError", "NoDicomError"}
    assert named | more <= set(dicompix.__all__) | {"Exception"}


# What was asked for


@pytest.mark.parametrize("voi", [(40, 0), (40, -5), (40,), (40, float("nan")), 1.5])
@pytest.mark.parametrize("name", ["CT_small.dcm", "SC_rgb_rle.dcm", "examples_palette.dcm"])
def test_a_window_that_is_none_is_refused_whatever_the_image(voi: Any, name: str, example: Example) -> None:
    image = dicompix.open_image(example(name))
    for ask in (image.display, image.explain):
        with pytest.raises(TransformError, match=r"voi is .*(width|needed)"):
            ask(0, voi=voi)


@pytest.mark.parametrize("name", ["SC_rgb_rle.dcm", "examples_palette.dcm"])
def test_colour_has_no_view_of_that_name(name: str, example: Example) -> None:
    image = dicompix.open_image(example(name))
    plain = image.display(0)
    for voi in (3, "auto", "full", None, (40, 400)):
        assert np.array_equal(image.display(0, voi=voi), plain)
    for ask in (image.display, image.explain):
        with pytest.raises(TransformError, match="no view is explained as 'LUNG'"):
            ask(0, voi="LUNG")


def test_a_narrow_window_is_exact(make: Make) -> None:
    # LINEAR_EXACT of center 0.5 and width 0.5: 0.25 to 0.75 is the whole ramp (PS3.3 C.11.2.1.3.2).
    values = np.array([[0.0, 0.25, 0.5, 0.75]], np.float32)
    dataset = make(values, PixelData=None, BitsAllocated=32, BitsStored=None, HighBit=None, PixelRepresentation=None)
    dataset.FloatPixelData = values.tobytes()
    assert Image(dataset).display(0, voi=(0.5, 0.5)).tolist() == [[0, 0, 128, 255]]


def test_a_window_in_a_text_says_how_it_is_written(example: Example) -> None:
    image = dicompix.open_image(example("CT_small.dcm"))
    with pytest.raises(TransformError, match=r"a window is voi=\(center, width\), in numbers"):
        image.display(0, voi="40,-400.5")


def test_a_wrong_keyword_is_one_of_image(example: Example) -> None:
    image = dicompix.open_image(example("CT_small.dcm"))
    asked: tuple[Callable[..., object], ...] = (image.display, image.stored, image.frame, image.to_pil)
    for ask in asked:
        with pytest.raises(TypeError, match=rf"Image\.{ask.__name__}\(\) got an unexpected keyword argument 'window'"):
            ask(window=(40, 400))
    assert "voi=(center, width)" in (Image.display.__doc__ or "").splitlines()[0]


def test_negative_values_get_a_format_that_holds_them(example: Example, make: Make, tmp_path: Path) -> None:
    image = Image(make(np.array([[-5, 7]], np.int16)))
    with pytest.raises(TransformError, match=r"\.tif keeps signed numbers"):
        image.save(tmp_path / "x.png", values="stored")
    image.save(tmp_path / "x.tif", values="stored")


@pytest.mark.parametrize(("module", "ask"), [("dask", "to_dask"), ("xarray", "to_xarray")])
def test_a_library_that_is_missing_is_named_with_its_extra(
    module: str, ask: str, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module if module == "xarray" else "dask.array", None)
    with pytest.raises(dicompix.MissingLibraryError, match=rf'pip install "dicompix\[{module}\]"'):
        getattr(dicompix.open_image(example("CT_small.dcm")), ask)()


# Several frames at once


def test_slices_lists_and_masks_stack_modality_and_display(example: Example) -> None:
    image = dicompix.open_image(example("rtdose.dcm"))
    every = np.stack([image.modality(i) for i in range(15)])
    pictures = np.stack([image.display(i) for i in range(15)])
    assert image.modality(slice(None)).dtype == np.float64
    assert np.array_equal(image.modality(slice(None)), every)
    assert image.modality([3, -1], dtype=np.float32).dtype == np.float32
    assert np.array_equal(image.modality([3, -1]), every[[3, -1]])
    assert np.array_equal(image.display(np.arange(15) % 4 == 0), pictures[::4])
    assert np.array_equal(image.display(slice(10, 2, -3), voi="auto")[1], image.display(7, voi="auto"))
    assert image.display([]).shape == (0, 10, 10)
    assert np.array_equal(image.display(), pictures[0])


def test_each_frame_has_its_own_window(make: Make) -> None:
    values = np.stack([np.full((2, 2), 100, np.uint8)] * 3)
    dataset = make(values, frames=3)
    dataset.PerFrameFunctionalGroupsSequence = []
    for center in (50, 100.5, 150):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = center, 2
        group.FrameVOILUTSequence = [window]
        dataset.PerFrameFunctionalGroupsSequence.append(group)
    # (100 - (100.5 - 0.5)) / (2 - 1) + 0.5 = 0.5 of the range (PS3.3 C.11.2.1.2.1)
    assert Image(dataset).display(slice(None))[:, 0, 0].tolist() == [255, 128, 0]


def test_what_is_odd_in_several_frames_is_reported_once_by_the_caller(make: Make, ramp: Stored) -> None:
    image = Image(make(ramp, frames=2, BitsStored=12, HighBit=14, WindowCenter=[1, 2], WindowWidth=[0, 5]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image.display([0, 1])
    assert {Path(one.filename) for one in caught} == {Path(__file__)}
    codes = [str(one.message).partition(":")[0] for one in caught]
    assert len(codes) == len(set(codes)) > 0


LINES: dict[str, Callable[[Image], object]] = {
    "iterating": list,
    "missing": lambda image: image.missing(),
    "index": lambda image: image[0],
    "display": lambda image: image.display(0),
    "thumbnail": lambda image: image.thumbnail(0),
    "stored": lambda image: image.stored(),
    "contains": lambda image: np.zeros(2) in image,
}


@pytest.mark.parametrize("name", LINES)
def test_a_warning_is_about_the_users_own_line(name: str, make: Make, ramp: Stored) -> None:
    image = Image(make(ramp, frames=2, BitsStored=12, HighBit=14))
    with pytest.warns(PixelWarning, match="high-bit") as caught:
        LINES[name](image)
    assert {Path(one.filename) for one in caught} == {Path(__file__)}


# Overlays, formats, reports


def test_an_overlay_without_data_is_left_out_and_listed(make: Make, ramp: Stored) -> None:
    dataset = make(ramp[0], OverlayRows=None)
    for element, vr, value in ((0x10, "US", 4), (0x11, "US", 6), (0x40, "CS", "G"), (0x100, "US", 1), (0x102, "US", 0)):
        dataset.add_new(0x60000000 | element, vr, value)
    dataset.add_new(0x60020010, "US", 4)
    dataset.add_new(0x60020011, "US", 6)
    dataset.add_new(0x60020050, "SS", [1, 1])
    dataset.add_new(0x60023000, "OW", b"\1\0\0\0")
    image = Image(dataset)
    with pytest.warns(PixelWarning, match="overlay 6000 has no Overlay Data"):
        planes = image.overlays
    assert [plane.group for plane in planes] == [0x6002]
    assert [found.code for found in Image(dataset).audit()] == ["overlay"]


NAMES = ("SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_ybr_full_422_uncompressed.dcm", "CT_small.dcm")


@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
@pytest.mark.parametrize("name", [*NAMES, "GDCMJ2K_TextGBR.dcm", "examples_palette.dcm"])
@pytest.mark.parametrize("raw", [False, True])
def test_the_decoded_format_is_that_of_decoded_frames(name: str, *, raw: bool, example: Example) -> None:
    image = dicompix.open_image(example(name), raw=raw)
    assert image.decoded_format().photometric == image.frame(0).photometric


class Printer:
    def __init__(self) -> None:
        self.said: list[str] = []

    def text(self, text: str) -> None:
        self.said.append(text)


def test_a_report_in_a_notebook_is_what_print_shows(example: Example) -> None:
    image = dicompix.open_image(example("CT_small.dcm"))
    for report in (image.explain(), image.audit(), Finding(code="a", message="b")):
        printer = Printer()
        report._repr_pretty_(printer, cycle=False)
        assert printer.said == [str(report)]


def test_an_image_says_its_syntax_size_and_spacing(example: Example) -> None:
    image = dicompix.open_image(example("CT_small.dcm"))
    assert repr(image) == "<Image (1, 128, 128) int16 MONOCHROME2, Explicit VR Little Endian>"
    assert (image.rows, image.columns, image.spacing) == (128, 128, (0.661468, 0.661468))
