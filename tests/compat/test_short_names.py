"""`compress` takes the names of transfer syntaxes that `transcode` takes; pydicom's UIDs go on unchanged."""

import warnings

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID, RLELossless

import dicompix
from dicompix.pixels import compress
from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import UnsupportedError

CT = str(get_testdata_file("CT_small.dcm", download=False))


@pytest.mark.parametrize(
    ("name", "uid"),
    [
        ("jpeg-ls", s.JPEG_LS),
        ("JPEG-LS Lossless", s.JPEG_LS),
        ("JPEGLSLossless", s.JPEG_LS),
        ("j2k-lossless", s.JPEG_2000_LOSSLESS),
        ("htj2k_lossless", s.HTJ2K_LOSSLESS),
        (s.RLE_LOSSLESS, s.RLE_LOSSLESS),
        (RLELossless, s.RLE_LOSSLESS),
    ],
)
def test_by_any_name(name: str, uid: str) -> None:
    ours, plain = dicompix.dcmread(CT), dcmread(CT)
    array = plain.pixel_array
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours.compress(name)
        compress(plain, name)
    assert ours.file_meta.TransferSyntaxUID == plain.file_meta.TransferSyntaxUID == uid
    assert isinstance(ours.file_meta.TransferSyntaxUID, UID)
    assert (ours.pixel_array == array).all()


def test_pydicoms_own_data_sets_take_them_too() -> None:
    ds = dcmread(CT)
    dicompix.install()
    try:
        ds.compress("rle")
    finally:
        dicompix.uninstall()
    assert ds.file_meta.TransferSyntaxUID == s.RLE_LOSSLESS


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("jpegls-losless", r"No pixel data encoders have been implemented for 'jpegls-losless': .*JPEG-LS Lossless"),
        ("native", "it is a native one"),
        ("", "No pixel data encoders have been implemented for ''"),
        ("1.2.3.4", "No pixel data encoders have been implemented for '1.2.3.4'"),
    ],
)
def test_a_name_that_nothing_is_encoded_for(name: str, phrase: str) -> None:
    with pytest.raises(UnsupportedError, match=phrase):
        compress(dcmread(CT), name)


def test_what_is_no_text_is_pydicoms_error() -> None:
    with pytest.raises(TypeError):
        compress(dcmread(CT), 5)  # type: ignore[arg-type]
