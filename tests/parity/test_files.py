"""Parity with pydicom on real files: same shape, dtype and values, or an entry in differences.toml that says why not.

The files are those beside the repository, those of the package pydicom-data, and those in pydicom's own wheel.
"""

import csv
import hashlib
import os
import re
import tomllib
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import PixelError
from dicompix.pixels.syntaxes import JPEG_BASELINE, JPEG_EXTENDED

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("DICOMPIX_TEST_DATA", HERE.parents[2] / "shared" / "data"))
DOCUMENT = HERE.parents[1] / "docs" / "explanation" / "differences.md"
PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True)
class Difference:
    """One entry of differences.toml."""

    section: str
    files: list[str]
    tolerance: float = 0
    pydicom: str = ""
    error: str = ""
    like: str = ""
    within: float = 0


@dataclass(frozen=True)
class Outcome:
    """What a library makes of a file: an array, or an error."""

    array: Stored | None = None
    error: Exception | None = field(default=None, compare=False)


DIFFERENCES = [Difference(**entry) for entry in tomllib.loads((HERE / "differences.toml").read_text())["difference"]]
NONE = Difference("", [])


def package_folder(name: str, *parts: str) -> Path:
    found = find_spec(name)
    assert found is not None, f"{name} is not installed"
    assert found.submodule_search_locations, name
    return Path(next(iter(found.submodule_search_locations)), *parts)


def index_rows() -> Iterator[dict[str, str]]:
    if (SHARED / "index.csv").is_file():
        with (SHARED / "index.csv").open(newline="") as file:
            yield from csv.DictReader(file)


EXPECTED = {SHARED / row["file"]: row["pydicom_array_sha256"] for row in index_rows()}


def all_files() -> list[Path]:
    """Return every file at hand, once each."""
    folders = [package_folder("data_store", "data"), package_folder("pydicom", "data", "test_files")]
    found = list(EXPECTED) + [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [path for path in found if path.suffix not in {".gz", ".json", ".txt", ".icc", ".zip"}]
    return list({hashlib.sha256(path.read_bytes()).digest(): path for path in reversed(found)}.values())[::-1]


FILES = all_files()


def label(path: Path) -> str:
    return "/".join(path.parts[-2:])


def listed(path: Path) -> Difference:
    return next((one for one in DIFFERENCES if any(path.as_posix().endswith(f"/{end}") for end in one.files)), NONE)


def decode(dataset: Any) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Outcome(dataset.pixel_array)
        except Exception as error:  # noqa: BLE001  # which one is what is compared
            return Outcome(error=error)


def read(path: Path, *, by_us: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (dicompix.dcmread if by_us else pydicom.dcmread)(path, force=True)


@cache
def found_ending(end: str) -> Path | None:
    return next((path for path in FILES if path.as_posix().endswith(f"/{end}")), None)


def distance(one: Stored, other: Stored) -> float:
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())


def same(ours: Stored, theirs: Stored, tolerance: float) -> bool:
    """Tell whether two arrays have one shape and type, and values that differ by no more than the tolerance."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    if not tolerance:
        return np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f")
    return distance(ours, theirs) <= tolerance


def lacks_a_plugin(outcome: Outcome) -> bool:
    return "missing dependencies" in str(outcome.error)


@pytest.mark.parametrize("path", FILES, ids=label)
def test_same_as_pydicom(path: Path) -> None:
    dataset = read(path, by_us=False)
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS) and listed(path).pydicom != "fails":
        assert not hasattr(read(path, by_us=True), "pixel_array")
        return
    theirs, ours, difference = decode(dataset), decode(read(path, by_us=True)), listed(path)
    if lacks_a_plugin(theirs) or (theirs.array is None and difference.tolerance):
        check_against_the_index(path, ours, difference)
    elif theirs.array is None:
        check_failure(theirs, ours, difference)
    else:
        assert ours.array is not None, ours.error
        if difference.pydicom != "wrong":
            assert same(ours.array, theirs.array, difference.tolerance)
        check_against_the_index(path, ours, difference)
    check_likeness(ours, difference)


def check_failure(theirs: Outcome, ours: Outcome, difference: Difference) -> None:
    """Check what we do where pydicom raises: decode what the table lists, else raise our error of the same kind."""
    if difference.pydicom == "fails":
        assert ours.array is not None, ours.error
        return
    assert ours.array is None, "pydicom fails, we decode: list it in differences.toml"
    assert isinstance(ours.error, PixelError), repr(ours.error)
    if difference.error:
        assert type(ours.error).__name__ == difference.error
    else:
        assert isinstance(ours.error, type(theirs.error)), (theirs.error, ours.error)


def check_against_the_index(path: Path, ours: Outcome, difference: Difference) -> None:
    """Check the hash of pydicom's array, in native byte order, that the index keeps."""
    expected = EXPECTED.get(path)
    if expected and difference is NONE:
        assert ours.array is not None, ours.error
        native = ours.array.astype(ours.array.dtype.newbyteorder("="))
        assert hashlib.sha256(native.tobytes()).hexdigest() == expected


def check_likeness(ours: Outcome, difference: Difference) -> None:
    twin = found_ending(difference.like) if difference.like else None
    if twin is not None:
        other = decode(read(twin, by_us=True)).array
        assert ours.array is not None
        assert other is not None
        assert distance(ours.array, other) <= difference.within


# The WG04 law: every lossless coding of an image decodes to exactly the same array

LOSSLESS = {"UNC", "UNCR", "J2KR", "JLSL", "JPLL", "RLE", "JPH"}


def wg04_groups() -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in FILES:
        matched = re.fullmatch(r"((?:CT|MR|NM|RG|US|VL|XA)\d)_([A-Z0-9]+)(\..*)?", path.name)
        if matched is not None and matched[2] in LOSSLESS and "jpeg_ls.80" not in path.name:
            groups[matched[1]].append(path)
    return {name: paths for name, paths in sorted(groups.items()) if len(paths) > 1}


GROUPS = wg04_groups()


@pytest.mark.parametrize("name", GROUPS)
def test_every_lossless_coding_gives_the_same_array(name: str) -> None:
    arrays = [decode(read(path, by_us=True)).array for path in GROUPS[name]]
    first = arrays[0]
    assert first is not None
    for path, array in zip(GROUPS[name], arrays, strict=True):
        assert array is not None, path
        assert array.shape == first.shape, path
        native = array.astype(array.dtype.newbyteorder("="))
        assert np.array_equal(native, first.astype(first.dtype.newbyteorder("="))), path


def test_the_shared_codings_are_all_there(shared_data: Path) -> None:
    assert len(GROUPS) >= 8
    assert {path.name.split("_")[1].split(".")[0] for paths in GROUPS.values() for path in paths} == LOSSLESS


# Lossy JPEG, by each of pydicom's plugins

BOUNDS = {"gdcm": 1, "pillow": 1, "pylibjpeg": 28}


def is_lossy_jpeg(path: Path) -> bool:
    meta = getattr(read(path, by_us=False), "file_meta", {})
    return str(meta.get("TransferSyntaxUID", "")) in {JPEG_BASELINE, JPEG_EXTENDED}


@pytest.mark.parametrize("plugin", BOUNDS)
def test_lossy_jpeg_is_close_to_each_plugin(plugin: str) -> None:
    compared = 0
    for path in filter(is_lossy_jpeg, FILES):
        dataset = read(path, by_us=False)
        dataset.pixel_array_options(decoding_plugin=plugin)
        theirs = decode(dataset)
        if lacks_a_plugin(theirs):
            pytest.skip(f"pydicom's plugin {plugin} is not installed")
        if theirs.array is not None and listed(path).pydicom != "wrong":
            ours = decode(read(path, by_us=True))
            assert ours.array is not None, path
            assert same(ours.array, theirs.array, BOUNDS[plugin]), path
            compared += 1
    assert compared >= 10


# The table itself


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.files[0])
def test_each_difference_is_explained_and_real(difference: Difference, shared_data: Path) -> None:
    headings = re.findall(r"^#+ (.*)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert difference.section in headings
    for end in difference.files:
        assert found_ending(end) is not None, f"there is no file {end}"
    if difference.like:
        assert found_ending(difference.like) is not None


def test_each_explanation_cites_the_standard() -> None:
    sections = re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert {difference.section for difference in DIFFERENCES} <= {section.split("\n")[0] for section in sections}
    for section in sections:
        assert re.search(r"PS3\.\d+|T\.8\d+|RFC \d+", section), section.split("\n")[0]
