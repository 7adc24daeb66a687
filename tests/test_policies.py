"""What is done about findings: strict refuses, warn settles and reports; salvage has its own tests."""

import copy
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import example_path
from dicompix.dataset import Dataset, dcmread
from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import BadValueError, Finding, FormatError, FrameError, PixelError, PixelWarning
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.policy import DeviationError, policy_of, refuse, worst_of
from support.builders import data_set, file_of
from support.packing import encapsulate, rle

FMT = PixelFormat(rows=2, columns=3)
SIX = bytes(range(6))
NOTE, WARNING, ERROR = (Finding(code=one, message="odd", severity=one) for one in ("info", "warning", "error"))


def test_notes_pass_and_the_rest_is_refused() -> None:
    refuse([])
    refuse([NOTE, NOTE])
    for odd in (WARNING, ERROR):
        with pytest.raises(DeviationError, match=f"{odd.code}: odd; refused, as errors is 'strict'") as caught:
            refuse([NOTE, odd])
        assert caught.value.findings == (odd,)
    with pytest.raises(DeviationError, match=r"warning: odd \(and 1 more\)"):
        refuse([WARNING, ERROR])


def test_what_is_no_fault_of_the_file_is_not_refused() -> None:
    refuse([replace(WARNING, code=code) for code in ("codec-fallback", "large-frame", "large-array")])


def test_a_deviation_is_caught_as_what_it_is() -> None:
    error = DeviationError("odd", (WARNING,))
    for kind in (PixelError, FormatError, FrameError, ValueError):
        assert isinstance(error, kind)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.findings) == ("odd", (WARNING,))


def test_the_worst_of_findings() -> None:
    assert [worst_of(found) for found in ([], [NOTE], [WARNING, NOTE], [NOTE, ERROR, WARNING])] == [
        "",
        "info",
        "warning",
        "error",
    ]


def test_there_are_three_policies() -> None:
    assert [policy_of(name) for name in ("strict", "warn", "salvage")] == ["strict", "warn", "salvage"]
    for wrong in ("ignore", "", "Strict"):
        with pytest.raises(BadValueError, match="needed one of 'strict', 'warn', 'salvage'"):
            policy_of(wrong)
        with pytest.raises(ValueError, match="errors is"):
            Image(data_set(FMT, SIX), errors=wrong)


def test_strict_takes_what_breaks_no_rule() -> None:
    image = Image(data_set(FMT, SIX), errors="strict")
    np.testing.assert_array_equal(image.stored()[0], np.arange(6).reshape(2, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_image(example_path("CT_small.dcm"), errors="strict") as real:
            assert real[0].shape == (128, 128)


def test_strict_refuses_an_odd_header_before_anything_is_decoded() -> None:
    dataset = data_set(FMT, SIX)
    dataset.NumberOfFrames = 0
    with pytest.raises(DeviationError, match="Number of Frames") as caught:
        Image(dataset, errors="strict")
    assert [found.code for found in caught.value.findings] == ["number-of-frames"]
    with pytest.warns(PixelWarning, match="number-of-frames"):
        assert Image(dataset).stored().shape == (1, 2, 3)


def test_strict_refuses_an_odd_file(tmp_path: Path) -> None:
    path = tmp_path / "odd.dcm"
    path.write_bytes(file_of(data_set(replace(FMT, frames=1), SIX + bytes(40))).getvalue())
    with pytest.raises(DeviationError, match="excess-frames"):
        open_image(path, errors="strict")


def odd_rle() -> tuple[PixelFormat, bytes]:
    """Return a frame whose one segment decodes to more than the frame: a deviation that decoding shows."""
    return replace(FMT, transfer_syntax=s.RLE_LOSSLESS), rle(np.arange(12, dtype=np.uint8).reshape(4, 3))


def test_strict_refuses_an_odd_frame_when_it_is_decoded() -> None:
    fmt, stream = odd_rle()
    dataset = data_set(fmt, encapsulate([[stream]]), encapsulated=True)
    strict = Image(dataset, errors="strict", codec="dicompix")
    for job in (strict.stored, lambda: strict[0], lambda: strict[:], lambda: strict.frame(0), lambda: list(strict)):
        with pytest.raises(DeviationError, match="rle-segments") as caught:
            job()
        assert [found.frame for found in caught.value.findings] == [0]
    with pytest.warns(PixelWarning, match="rle-segments"):
        assert Image(dataset, codec="dicompix")[0].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("errors", ["strict", "warn", "salvage"])
def test_a_copy_has_the_same_policy(errors: str) -> None:
    image = pickle.loads(pickle.dumps(Image(data_set(FMT, SIX), errors=errors)))
    assert image.errors == errors
    assert image[0].tolist() == [[0, 1, 2], [3, 4, 5]]


# Data sets


def test_a_data_set_is_decoded_under_the_policy_that_it_was_read_with(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(file_of(data_set(replace(FMT, frames=2), SIX * 2)).getvalue()[:-4])
    for errors, kind in (("strict", PixelError), ("warn", FrameError)):
        dataset = dcmread(path, errors=errors)
        assert dataset.pixels.errors == errors
        with pytest.raises(kind):
            _ = dataset.pixel_array
    dataset = dcmread(path, errors="salvage")
    with pytest.warns(PixelWarning, match="salvaged: 4 of 6 pixels are missing"):
        assert dataset.pixel_array.tolist() == [[[0, 1, 2], [3, 4, 5]], [[0, 1, 0], [0, 0, 0]]]
    missing = dataset.pixels.missing(1)
    assert missing is not None
    assert missing.tolist() == [[False, False, True], [True, True, True]]
    with pytest.raises(BadValueError, match="errors is 'ignore'"):
        dcmread(path, errors="ignore")


def test_options_of_a_data_set_name_the_policy() -> None:
    dataset = data_set(FMT, SIX)
    dataset.__class__ = Dataset
    dataset.NumberOfFrames = 0
    assert isinstance(dataset, Dataset)
    with pytest.warns(PixelWarning, match="number-of-frames"):
        assert dataset.pixel_array.shape == (2, 3)
    dataset.pixel_array_options(errors="strict")
    with pytest.raises(DeviationError, match="Number of Frames"):
        _ = dataset.pixel_array
    with pytest.raises(DeviationError, match="Number of Frames"):
        _ = dataset.pixels
    dataset.pixel_array_options(index=0)  # the policy stays
    with pytest.raises(DeviationError):
        _ = dataset.pixel_array
    dataset.pixel_array_options(errors="warn")
    assert dataset.pixel_array.shape == (2, 3)
    with pytest.raises(BadValueError, match="errors is 'ignore'"):
        dataset.pixel_array_options(errors="ignore")


def test_a_salvaged_frame_of_a_data_set_has_its_padding_value() -> None:
    dataset = data_set(replace(FMT, frames=2), SIX + SIX[:2])
    dataset.__class__ = Dataset
    dataset.PixelPaddingValue = 9
    assert isinstance(dataset, Dataset)
    dataset.pixel_array_options(errors="salvage", index=1)
    with pytest.warns(PixelWarning, match="salvaged"):
        assert dataset.pixel_array.tolist() == [[0, 1, 9], [9, 9, 9]]
    copied = copy.deepcopy(dataset)
    assert copied.pixels.errors == "salvage"


def test_strict_refuses_what_decoding_shows_of_a_data_set() -> None:
    fmt, stream = odd_rle()
    dataset = data_set(fmt, encapsulate([[stream]]), encapsulated=True)
    dataset.__class__ = Dataset
    assert isinstance(dataset, Dataset)
    dataset.pixel_array_options(errors="strict", decoding_plugin="dicompix")
    with pytest.raises(DeviationError, match="rle-segments"):
        _ = dataset.pixel_array


def test_strict_refuses_what_pydicom_does_not_keep_of_a_file(tmp_path: Path) -> None:
    fmt = replace(FMT, transfer_syntax=s.RLE_LOSSLESS)
    items = encapsulate([[rle(np.arange(6, dtype=np.uint8).reshape(2, 3))]], delimited=False)
    content = data_set(fmt, items, encapsulated=True)
    whole = file_of(content).getvalue()
    cases = {
        "preamble": whole[132:],
        "sequence-delimiter": whole[:-4] + b"\x04\0\0\0",  # the delimiter has a length
    }
    path = tmp_path / "odd.dcm"
    for code, odd in cases.items():
        path.write_bytes(odd)
        with pytest.raises(DeviationError, match=code):
            dcmread(path, force=True, errors="strict")
        with path.open("rb") as file, pytest.raises(DeviationError, match=code):
            dcmread(file, force=True, errors="strict")
        assert dcmread(path, force=True).pixel_array.tolist() == [[0, 1, 2], [3, 4, 5]]
    path.write_bytes(whole)
    assert dcmread(path, errors="strict").pixel_array.tolist() == [[0, 1, 2], [3, 4, 5]]
    del content.PixelData
    path.write_bytes(file_of(content).getvalue())
    assert "PixelData" not in dcmread(path, errors="strict")


@pytest.mark.parametrize(("element", "bits"), [("FloatPixelData", 32), ("DoubleFloatPixelData", 64)])
@pytest.mark.parametrize("declared", [16, 32, 64, None])
def test_floats_have_the_bits_of_their_element(element: str, bits: int, declared: int | None) -> None:
    values = np.arange(6, dtype=f"f{bits // 8}").reshape(2, 3)
    fmt = PixelFormat(rows=2, columns=3, bits_allocated=bits, bits_stored=bits, floating=True)
    dataset = data_set(fmt, values.tobytes())
    assert element in dataset
    if declared is None:
        del dataset.BitsAllocated
    else:
        dataset.BitsAllocated = declared
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PixelWarning)
        image = open_image(dataset)
        np.testing.assert_array_equal(image[0], values)
    expected = [] if declared in {None, bits} else [("bits-allocated", declared, bits)]
    assert [(each.code, each.found, each.used) for each in image.findings] == expected
