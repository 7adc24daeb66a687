"""Every malformation of the table: the right pixels, its findings and no others, or the right error."""

import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError, PixelWarning
from malformations.case import Case
from malformations.table import TABLE

# What pydicom itself says of a file while it reads it.
THEIRS = ("Expected explicit VR", "Expected implicit VR", "Invalid value for VR IS", "End of file reached before")
pytestmark = [pytest.mark.filterwarnings(f"ignore:{text}:UserWarning") for text in THEIRS]
READABLE = [name for name, case in TABLE.items() if case.error is None]
REFUSED = [name for name, case in TABLE.items() if case.error is not None]


def file_of(case: Case) -> BytesIO:
    return BytesIO(case.make().to_bytes())


def codes_of(caught: list[warnings.WarningMessage]) -> set[str]:
    ours = [str(each.message) for each in caught if isinstance(each.message, PixelWarning)]
    return {text.partition(":")[0] for text in ours}


def check(array: Stored, right: Stored | None, tolerance: int) -> None:
    if right is None:
        return
    assert (array.shape, array.dtype) == (right.shape, right.dtype)
    if tolerance:
        assert np.abs(array.astype(np.int64) - right.astype(np.int64)).max() <= tolerance
    else:
        np.testing.assert_array_equal(array, right)


def alone(frames: Stored) -> Stored:
    return frames[0] if len(frames) == 1 else frames


@pytest.mark.parametrize("name", READABLE)
def test_pixel_array(name: str) -> None:
    case = TABLE[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dataset = dicompix.dcmread(file_of(case), force=case.forced)
        array = dataset.pixel_array
        found = {finding.code for finding in dataset.pixels.findings}
    check(array, case.right if case.every is None else case.every, case.tolerance)
    reported, cut = codes_of(caught), {"sequence-delimiter"} if case.cut else set()
    assert reported <= case.codes | cut
    assert cut <= reported
    assert found <= case.codes


@pytest.mark.parametrize("name", READABLE)
def test_image(name: str) -> None:
    case = TABLE[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with dicompix.open_image(file_of(case)) as image:
            array = image.stored()
            findings = image.findings
    check(alone(array), case.right, case.tolerance)
    assert {finding.code for finding in findings} == case.codes
    severe = {finding.code for finding in findings if finding.severity != "info"}
    assert codes_of(caught) == severe
    for finding in findings:
        assert finding.severity in {"info", "warning", "error"}
        assert finding.message


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
def test_frames_of_a_file_on_disk(name: str, tmp_path: Path) -> None:
    case, path = TABLE[name], tmp_path / "file.dcm"
    path.write_bytes(case.make().to_bytes())
    with dicompix.open_image(path) as image:
        frames = np.stack([image[number] for number in range(len(image))])
        found = {finding.code for finding in image.findings}
    check(alone(frames), case.right, case.tolerance)
    # Of frames that a true table finds, the items are not looked at for more.
    assert case.codes - found <= {"fragment-empty"}
    assert found <= case.codes


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
def test_errors(name: str) -> None:
    case = TABLE[name]
    assert case.error is not None
    with pytest.raises(case.error) as met:
        dicompix.dcmread(file_of(case), force=case.forced).pixel_array  # noqa: B018
    assert case.phrase in str(met.value)
    with pytest.raises(case.error) as met:
        dicompix.open_image(file_of(case)).stored()
    assert case.phrase in str(met.value)


@pytest.mark.parametrize("name", [name for name in REFUSED if TABLE[name].shown])
@pytest.mark.filterwarnings("ignore::dicompix.pixels.errors.PixelWarning")
def test_whole_frames_beside_broken_ones_can_be_read(name: str) -> None:
    case = TABLE[name]
    with dicompix.open_image(file_of(case)) as image:
        for number in case.shown:
            assert image[number].shape == image.format.frame_shape
        after = max(case.shown) + 1
        with pytest.raises((FrameError, RuntimeError)):
            image[after]


def test_most_findings_are_met() -> None:
    assert len(TABLE) >= 200
    assert len({code for case in TABLE.values() for code in case.codes}) >= 30


def test_what_is_mended_for_one_file_is_not_taken_for_another(tmp_path: Path) -> None:
    told = TABLE["header: sign-missing-known"].make()
    (tmp_path / "told.dcm").write_bytes(told.to_bytes())
    (tmp_path / "untold.dcm").write_bytes(told.having(SmallestImagePixelValue=None).to_bytes())
    for name, signed in (("untold.dcm", False), ("told.dcm", True), ("untold.dcm", False)):
        with dicompix.open_image(tmp_path / name) as image:
            assert image.format.signed is signed
