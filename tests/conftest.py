"""What most tests need: the shared data folder, pydicom's example files, and data sets made to measure."""

import os
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, CTImageStorage, generate_uid

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, syntax_for

# On a busy machine an example may take any time.
settings.register_profile("dicompix", deadline=None)
settings.load_profile("dicompix")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files that lies beside the repository."""
    folder = Path(os.environ.get("DICOMPIX_TEST_DATA", SHARED))
    if not (folder / "index.csv").is_file():
        pytest.skip(f"there is no shared data folder at {folder}")
    return folder


def example_path(name: str) -> Path:
    """Return the path of a file that pydicom's own wheel ships."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"pydicom does not ship {name}"
    return Path(found)


@pytest.fixture(scope="session")
def example() -> Callable[[str], Path]:
    """Give `example("CT_small.dcm")`, the path of a file that pydicom's own wheel ships."""
    return example_path


def describe_array(array: Stored, frames: int) -> dict[str, Any]:
    """Return the Image Pixel module of an array (frames, rows, columns[, samples]) or without its frames axis."""
    shape = array.shape if frames == 1 else array.shape[1:]
    color = len(shape) == 3
    bits = array.dtype.itemsize * 8
    described: dict[str, Any] = {
        "Rows": shape[0],
        "Columns": shape[1],
        "SamplesPerPixel": shape[2] if color else 1,
        "PhotometricInterpretation": "RGB" if color else "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(array.dtype.kind == "i"),
    }
    if color:
        described["PlanarConfiguration"] = 0
    if frames > 1:
        described["NumberOfFrames"] = frames
    return described


def build(
    array: Stored,
    *,
    frames: int = 1,
    syntax: str = EXPLICIT_LITTLE,
    encoded: Sequence[bytes] | None = None,
    kind: type[Dataset] = Dataset,
    **elements: Any,
) -> Dataset:
    """Return a data set of these pixels; `encoded` are its frames where the syntax is encapsulated.

    `elements` are set last, by keyword; None leaves one out.
    """
    dataset = kind()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid(entropy_srcs=["dicompix"])
    dataset.preamble = bytes(128)
    dataset.PatientName = "Test^Pixels"
    for name, value in {**describe_array(array, frames), **elements}.items():
        if value is not None:
            setattr(dataset, name, value)
    if "PixelData" not in elements:
        dataset.PixelData = array.tobytes() if encoded is None else encapsulate(list(encoded))
        dataset["PixelData"].VR = "OB" if encoded is not None or array.dtype.itemsize == 1 else "OW"
        dataset["PixelData"].is_undefined_length = encoded is not None
    return dataset


def file_of(dataset: Dataset) -> BytesIO:
    """Return a data set as a file in memory; its syntax need not be known to pydicom."""
    syntax = syntax_for(dataset.file_meta.TransferSyntaxUID)
    file = BytesIO()
    if syntax.deflated_data_set:
        dcmwrite(file, dataset)
    else:
        little = not syntax.big_endian_data_set
        dcmwrite(file, dataset, implicit_vr=syntax.implicit_vr, little_endian=little, force_encoding=True)
    file.seek(0)
    return file


@pytest.fixture(scope="session")
def make() -> Callable[..., Dataset]:
    """Give `make(array, ...)`, a pydicom data set built from an array."""
    return build


@pytest.fixture(scope="session")
def as_file() -> Callable[[Dataset], BytesIO]:
    """Give `as_file(dataset)`, the file in memory."""
    return file_of


@pytest.fixture(scope="session")
def read() -> Callable[[Dataset], dicompix.FileDataset]:
    """Give `read(dataset)`: the data set written to a file and read by dicompix, its elements not yet converted."""
    return lambda dataset: dicompix.dcmread(file_of(dataset))


@pytest.fixture(scope="session")
def ramp() -> Stored:
    """Return two frames of 4 x 6 pixels, unsigned 16 bit, all different, 12 bits used."""
    return np.arange(0, 48 * 85, 85, dtype=np.uint16).reshape(2, 4, 6)


@pytest.fixture
def installed() -> Iterator[None]:
    """Put our members on pydicom's Dataset for one test."""
    dicompix.install()
    try:
        yield
    finally:
        dicompix.uninstall()
