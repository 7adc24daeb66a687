"""Files that end too early, and headers that claim frames that no data could hold: what is there can be seen."""

from collections.abc import Callable
from pathlib import Path
from pickle import dumps, loads

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import CodecError, FrameError, FrameIndexError, LimitError, PixelWarning
from dicompix.pixels.image import Image
from dicompix.pixels.syntaxes import RLE_LOSSLESS

Make = Callable[..., Dataset]
Example = Callable[[str], Path]
MOST = 2**31 - 1


@pytest.fixture
def dose(example: Example, tmp_path: Path) -> Path:
    """Return the path of 15 frames without a window, of which the file holds the first 7 and a half."""
    whole = pydicom.dcmread(example("rtdose.dcm"))
    whole.PixelData = whole.PixelData[: len(whole.PixelData) // 2]
    path = tmp_path / "dose.dcm"
    whole.save_as(path)
    return path


SHOWN: dict[str, Callable[[Image], object]] = {
    "display": lambda image: image.display(0),
    "auto": lambda image: image.display(0, voi="auto"),
    "to_pil": lambda image: image.to_pil(0),
    "thumbnail": lambda image: image.thumbnail(0),
    "explain": lambda image: image.explain(0),
    "montage": lambda image: image.montage(range(7)),
}


@pytest.mark.parametrize("name", SHOWN)
def test_good_frames_are_shown_by_the_range_of_those_that_are_there(name: str, dose: Path) -> None:
    with pytest.warns(PixelWarning, match="too-few-frames.*found 15, used 7"):
        SHOWN[name](dicompix.open_image(dose))


@pytest.mark.filterwarnings("ignore:too-few-frames")
def test_the_range_is_that_of_the_frames_that_are_there(dose: Path) -> None:
    image = dicompix.open_image(dose)
    held = image[:7].astype(np.float64)
    assert image.held == 7
    low, high = held.min(), held.max()
    expected = np.floor(255 * (image[3] - low) / (high - low) + 0.5)
    assert np.abs(image.display(3).astype(int) - expected).max() <= 1
    assert [found.code for found in image.findings] == ["too-few-frames"]


def test_frames_that_cannot_be_decoded_leave_the_others(make: Make, encoded_rle: list[bytes], ramp: Stored) -> None:
    good = Image(make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=encoded_rle)).display(0, voi="full")
    cut = [encoded_rle[0], encoded_rle[1][:70]]
    image = Image(make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=cut))
    with pytest.warns(PixelWarning, match="codec: .* in frame 1"):
        picture = image.display(0, voi="full")
    # Frame 0 alone is 0 to 23 * 85, a ramp over the whole picture; the range of both frames would be twice as wide.
    assert np.array_equal(picture.ravel(), np.floor(255 * np.arange(24) / 23 + 0.5))
    assert good.max() < 128
    with pytest.raises(CodecError):
        image.display(1, voi="full")


@pytest.fixture
def encoded_rle(ramp: Stored) -> list[bytes]:
    from dicompix.pixels.encode import encode_frame
    from dicompix.pixels.testing import make_format

    fmt = make_format((4, 6), 16, transfer_syntax=RLE_LOSSLESS)
    return [encode_frame(frame, fmt).data for frame in ramp]


def test_missing_pixels_are_none_of_the_range(make: Make, ramp: Stored) -> None:
    # 20 of 24 pixels of one frame; without a window it is shown by those, not by the zeros in place of the others.
    values = ramp[:1] + 100
    image = Image(make(values[0], PixelData=values.tobytes()[:40]), errors="salvage")
    with pytest.warns(PixelWarning, match="salvaged"), pytest.warns(PixelWarning, match="too-few-frames"):
        picture = image.display(0)
    assert (picture.ravel()[0], picture.ravel()[19]) == (0, 255)


# A Number of Frames that nobody could hold


AT_ONCE: dict[str, Callable[[Image], object]] = {
    "audit": lambda image: image.audit(),
    "html": lambda image: image._repr_html_(),
    "display": lambda image: image.display(0),
    "thumbnail": lambda image: image.thumbnail(0),
    "modality": lambda image: image.modality(0),
    "findings": lambda image: image.findings,
    "pickle": lambda image: loads(dumps(image)),
    "first": lambda image: image[0],
    "contains": lambda image: image[0] in image,
}
REFUSED: dict[str, Callable[[Image], object]] = {
    "stored": lambda image: image.stored(),
    "slice": lambda image: image[:],
    "array": np.asarray,
    "iterate": list,
    "missing": lambda image: image.missing(),
    "montage": lambda image: image.montage(),
    "modality": lambda image: image.modality(slice(None)),
    "display": lambda image: image.display(slice(None)),
    "count": lambda image: image.count(np.zeros(3)),
    "dask": lambda image: image.to_dask(),
    "dask display": lambda image: image.to_dask(chunks=1, values="display"),
    "xarray": lambda image: image.to_xarray(),
    "xarray modality": lambda image: image.to_xarray(values="modality"),
}


@pytest.fixture(params=[999_999, MOST])
def lying(request: pytest.FixtureRequest, make: Make, tmp_path: Path) -> Path:
    path = tmp_path / "lying.dcm"
    array = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    make(array, NumberOfFrames=request.param).save_as(path)
    return path


@pytest.mark.filterwarnings("ignore:too-few-frames", "ignore:salvaged")
@pytest.mark.parametrize("errors", ["warn", "salvage"])
@pytest.mark.parametrize("name", AT_ONCE)
def test_one_frame_costs_one_frame(name: str, errors: str, lying: Path) -> None:
    if errors == "salvage" and name == "contains":
        return
    AT_ONCE[name](dicompix.open_image(lying, errors=errors))  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:too-few-frames", "ignore:salvaged")
@pytest.mark.parametrize("errors", ["warn", "salvage"])
@pytest.mark.parametrize("name", REFUSED)
def test_all_frames_are_refused_at_once(name: str, errors: str, lying: Path) -> None:
    if "dask" in name:
        pytest.importorskip("dask.array")
    if "xarray" in name:
        pytest.importorskip("xarray")
    with pytest.raises(LimitError if errors == "salvage" else FrameError):
        REFUSED[name](dicompix.open_image(lying, errors=errors))  # type: ignore[arg-type]


def test_a_volume_of_it_is_refused_at_once(lying: Path) -> None:
    with pytest.raises(dicompix.VolumeError, match="frame 1 needs 8192 bytes, found 0"):
        dicompix.read_volume(lying)


def test_a_cut_file_can_still_be_read_lazily(dose: Path) -> None:
    pytest.importorskip("dask.array")
    image = dicompix.open_image(dose)
    assert np.array_equal(image.to_dask(chunks=1)[:7].compute(scheduler="synchronous"), image[:7])


# What the error says


def test_a_native_frame_says_how_many_bytes_are_there(make: Make, ramp: Stored) -> None:
    image = Image(make(ramp[0], PixelData=ramp[0].tobytes()[:30]))
    expected = (
        "frame 0 needs 48 bytes, found 30: the file is cut, or its header wrong (0 of 1 frames are whole); "
        'errors="salvage" gives what is there'
    )
    with pytest.raises(FrameIndexError) as caught:
        image[0]
    assert str(caught.value) == expected


def test_of_a_frame_beyond_the_end_nothing_can_be_salvaged(make: Make, ramp: Stored) -> None:
    image = Image(make(ramp, frames=2, NumberOfFrames=9))
    with pytest.raises(FrameIndexError, match=r"frame 8 needs 48 bytes, found 0: .*\(2 of 9 frames are whole\)$"):
        image[8]


def test_an_encapsulated_frame_is_not_there(make: Make, encoded_rle: list[bytes], ramp: Stored) -> None:
    image = Image(make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=encoded_rle, NumberOfFrames=3))
    with pytest.raises(FrameIndexError, match=r"^there is no frame 2: the pixel data holds 2 frames, .* is 3$"):
        image[2]
