"""save_as: data sets of every transfer syntax become files that pydicom reads back identical."""

import copy
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.syntaxes import (
    DEFLATED_IMAGE_FRAME,
    DEFLATED_LITTLE,
    ENCAPSULATED_UNCOMPRESSED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    GE_PRIVATE_BIG,
    IMPLICIT_LITTLE,
    JPEG_XL_LOSSLESS,
)

Make = Callable[..., Dataset]


def deflate(frame: Stored) -> bytes:
    packer = zlib.compressobj(wbits=-15)  # RFC 1951, no zlib header (PS3.5 A.4.13)
    return packer.compress(frame.tobytes()) + packer.flush()


def jpeg_xl(frame: Stored) -> bytes:
    return bytes(imagecodecs.jpegxl_encode(frame, lossless=True))


ENCODERS: dict[str, Callable[[Stored], bytes]] = {
    JPEG_XL_LOSSLESS: jpeg_xl,
    DEFLATED_IMAGE_FRAME: deflate,
    ENCAPSULATED_UNCOMPRESSED: lambda frame: frame.tobytes(),
}
WRITTEN_BY_US = [JPEG_XL_LOSSLESS, DEFLATED_IMAGE_FRAME, GE_PRIVATE_BIG]
SYNTAXES = [*ENCODERS, GE_PRIVATE_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED_LITTLE]


def dataset_of(syntax: str, make: Make, array: Stored, kind: type[Dataset] = dicompix.Dataset) -> Dataset:
    encode = ENCODERS.get(syntax)
    options: dict[str, Any] = {"frames": len(array), "syntax": syntax, "kind": kind}
    if encode is not None:
        return make(array, encoded=[encode(frame) for frame in array], **options)
    if syntax in {EXPLICIT_BIG, GE_PRIVATE_BIG}:
        return make(array, PixelData=array.astype(">u2").tobytes(), **options)
    return make(array, **options)


def check(path: Path, dataset: Dataset, array: Stored) -> None:
    """Check that pydicom reads the file as the very same data set, and both our ways the same pixels."""
    assert pydicom.dcmread(path) == dataset
    assert np.array_equal(dicompix.dcmread(path).pixel_array, array)
    with dicompix.open_image(path) as image:
        assert np.array_equal(image.stored(), array)


@pytest.mark.parametrize("enforce", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_our_dataset_written_and_read_back(
    syntax: str, *, enforce: bool, make: Make, ramp: Stored, tmp_path: Path
) -> None:
    dataset, path = dataset_of(syntax, make, ramp), tmp_path / "out.dcm"
    dataset.save_as(path, enforce_file_format=enforce)
    check(path, dataset, ramp)
    again = dicompix.dcmread(path)
    again.save_as(path)
    check(path, again, ramp)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_pydicoms_dataset_written_after_install(
    syntax: str, make: Make, ramp: Stored, tmp_path: Path, installed: None
) -> None:
    dataset, path = dataset_of(syntax, make, ramp, Dataset), tmp_path / "out.dcm"
    dataset.save_as(path)
    check(path, dataset, ramp)


@pytest.mark.parametrize("syntax", WRITTEN_BY_US)
def test_encapsulated_pixel_data_is_ob_of_undefined_length(syntax: str, make: Make, ramp: Stored) -> None:
    dataset, file = dataset_of(syntax, make, ramp), BytesIO()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(file)
    tag = file.getvalue().rindex(b"\xe0\x7f\x10\x00")
    header = file.getvalue()[tag + 4 : tag + 12]
    if syntax == GE_PRIVATE_BIG:  # implicit VR, native
        assert header[:4] == ramp.nbytes.to_bytes(4, "little")
    else:
        assert header == b"OB\0\0\xff\xff\xff\xff"
        assert file.getvalue().endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")


@pytest.mark.parametrize("syntax", WRITTEN_BY_US)
def test_the_file_meta_is_written_and_left_as_it_was(syntax: str, make: Make, ramp: Stored, tmp_path: Path) -> None:
    dataset, path = dataset_of(syntax, make, ramp), tmp_path / "out.dcm"
    del dataset.file_meta.MediaStorageSOPClassUID
    del dataset.preamble
    before = copy.deepcopy(dataset.file_meta)
    dataset.save_as(path, enforce_file_format=True)
    meta = pydicom.dcmread(path).file_meta
    assert meta.MediaStorageSOPClassUID == dataset.SOPClassUID
    assert meta.TransferSyntaxUID == syntax
    assert meta.FileMetaInformationGroupLength > 0
    assert "ImplementationClassUID" in meta
    assert dataset.file_meta == before
    assert not hasattr(dataset, "preamble")
    assert path.read_bytes().startswith(bytes(128) + b"DICM")


def test_enforcing_the_format_asks_for_what_it_needs(make: Make, ramp: Stored) -> None:
    dataset = dataset_of(JPEG_XL_LOSSLESS, make, ramp)
    del dataset.file_meta.MediaStorageSOPInstanceUID
    del dataset.SOPInstanceUID
    with pytest.raises(AttributeError, match="Media Storage SOP Instance UID"):
        dataset.save_as(BytesIO(), enforce_file_format=True)


@pytest.mark.parametrize("syntax", [JPEG_XL_LOSSLESS, EXPLICIT_LITTLE])
def test_an_existing_file_is_kept_where_asked(syntax: str, make: Make, ramp: Stored, tmp_path: Path) -> None:
    dataset, path = dataset_of(syntax, make, ramp), tmp_path / "out.dcm"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        dataset.save_as(path, overwrite=False)
    assert path.read_bytes() == b"precious"
    dataset.save_as(str(path))
    check(path, dataset, ramp)


@pytest.mark.parametrize("options", [{"implicit_vr": True}, {"little_endian": False}])
def test_an_encoding_that_the_syntax_forbids(options: dict[str, bool], make: Make, ramp: Stored) -> None:
    with pytest.raises(ValueError, match=f"'{next(iter(options))}' value is not consistent"):
        dataset_of(JPEG_XL_LOSSLESS, make, ramp).save_as(BytesIO(), **options)
    dataset_of(JPEG_XL_LOSSLESS, make, ramp).save_as(BytesIO(), implicit_vr=False, little_endian=True)


@pytest.mark.parametrize("syntax", [JPEG_XL_LOSSLESS, EXPLICIT_LITTLE])
def test_a_misspelt_option_fails(syntax: str, make: Make, ramp: Stored) -> None:
    dataset: Any = dataset_of(syntax, make, ramp)
    with pytest.raises(TypeError, match="enforce_format"):
        dataset.save_as(BytesIO(), enforce_format=True)


@pytest.mark.parametrize("syntax", [JPEG_XL_LOSSLESS, EXPLICIT_LITTLE])
@pytest.mark.parametrize("by_name", [False, True])
def test_write_like_original_still_works(syntax: str, *, by_name: bool, make: Make, ramp: Stored) -> None:
    dataset: Any = dataset_of(syntax, make, ramp)
    dataset.preamble = None
    for like in (False, True):
        file = BytesIO()
        with pytest.warns(DeprecationWarning, match="'write_like_original' is deprecated"):
            dataset.save_as(file, write_like_original=like) if by_name else dataset.save_as(file, like)
        assert file.getvalue().startswith(bytes(128) + b"DICM") == (not like)


def test_byte_order_is_never_converted(make: Make, ramp: Stored, read: Callable[[Dataset], Any]) -> None:
    dataset = read(dataset_of(EXPLICIT_BIG, make, ramp))
    dataset.file_meta.TransferSyntaxUID = JPEG_XL_LOSSLESS
    with pytest.raises(ValueError, match="convert between little and big endian"):
        dataset.save_as(BytesIO())


def test_native_bytes_under_a_coded_syntax_are_refused(make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, kind=dicompix.Dataset, syntax=JPEG_XL_LOSSLESS)
    with pytest.raises(ValueError, match="encapsulated"):
        dataset.save_as(BytesIO())
