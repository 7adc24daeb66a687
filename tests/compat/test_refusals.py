"""What pydicom's plugins refuse, refused in their words; and what pydicom keeps of its older versions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom import config
from pydicom.dataset import Dataset as PydicomDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from dicompix import Dataset
from dicompix.pixels import compress, decompress, get_decoder, pixel_array
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.compat.labels import labelled
from dicompix.pixels.compat.layout import get_image_pixel_ids
from dicompix.pixels.compat.refusals import check_loss, check_plugin, check_samples
from dicompix.pixels.encode import encode_frame
from dicompix.pixels.errors import BadValueError, CodecError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from support.builders import data_set

GRAY = PixelFormat(rows=2, columns=4, bits_allocated=16, bits_stored=16)
COLOR = PixelFormat(rows=2, columns=4, samples=3, photometric=Photometric.RGB)


def native(fmt: PixelFormat) -> Dataset:
    """Return a native data set of zeros."""
    dataset = data_set(fmt, bytes(fmt.frame_bytes * fmt.frames))
    dataset.__class__ = Dataset
    return dataset  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("label", "fmt", "words"),
    [
        ("gdcm", {"transfer_syntax": s.JPEG_EXTENDED, "bits_stored": 12}, "GDCM does not support 'JPEG Extended'"),
        ("gdcm", {"transfer_syntax": s.JPEG_LS_NEAR, "bits_stored": 7, "signed": True}, "precision less than 8 bits"),
        ("pillow", {"transfer_syntax": s.JPEG_2000, "bits_stored": 10, "samples": 3}, "decode 10-bit multi-sample"),
    ],
)
def test_a_named_plugin_refuses_what_it_refuses_in_pydicom(label: str, fmt: dict[str, Any], words: str) -> None:
    described = PixelFormat(rows=1, columns=1, bits_allocated=16, **fmt)
    with pytest.raises(CodecError, match=rf"raised by all available plugins:\n  {label}: .*{words}"):
        check_plugin(label, described)
    check_plugin("", described)


@pytest.mark.parametrize(
    ("uid", "wanted", "words"),
    [
        (s.JPEG_LS, {"near": 3}, "did you mean to use 'JPEG-LS Near Lossless'"),
        (s.JPEG_2000_LOSSLESS, {"ratio": (3,)}, "did you mean to use 'JPEG 2000' instead"),
        (s.JPEG_2000, {}, "requires a lossy configuration option"),
        (s.JPEG_2000, {"ratio": 3, "psnr": 40}, "Multiple lossy configuration options"),
    ],
)
def test_how_much_to_lose_has_to_be_said_once(uid: str, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(CodecError, match=rf"plugins:\n  foo: .*{words}"):
        check_loss(uid, wanted, bits=8, labels=["foo"])


def test_a_quality_is_enough_for_jpeg_2000() -> None:
    check_loss(s.JPEG_2000, {"quality": 0}, bits=8)


@pytest.mark.parametrize("photometric", [Photometric.RGB, Photometric.YBR_FULL])
def test_colour_of_one_sample_may_not_be_coded(photometric: Photometric) -> None:
    fmt = PixelFormat(rows=1, columns=1, photometric=photometric, transfer_syntax=s.RLE_LOSSLESS)
    with pytest.raises(BadValueError, match="One or more of the following values is not valid"):
        check_samples(fmt)


def test_compress_does_not_mend_a_description_that_is_wrong() -> None:
    dataset = native(COLOR)
    dataset.SamplesPerPixel = 1
    with pytest.raises(BadValueError, match="One or more of the following values is not valid"):
        compress(dataset, s.RLE_LOSSLESS, samples_per_pixel=3, planar_configuration=0)
    assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE


@pytest.mark.parametrize("form", [np.asarray, lambda array: array.tobytes()], ids=["array", "bytes"])
def test_image_pixel_keywords_describe_the_array_that_is_given(form: Callable[..., Any]) -> None:
    """The data set says 2 x 4 pixels; the keywords say 3 x 5, and so does the data set afterwards."""
    dataset = native(GRAY)
    given = np.arange(15, dtype=np.uint16).reshape(3, 5)
    compress(dataset, s.RLE_LOSSLESS, form(given), rows=3, columns=5)
    assert (dataset.Rows, dataset.Columns) == (3, 5)
    assert np.array_equal(dataset.pixel_array, given)


@pytest.mark.parametrize(
    ("uid", "array"), [(s.RLE_LOSSLESS, [[1, 2], [3, 4]]), (s.RLE_LOSSLESS, 3), (None, None)], ids=["list", "3", "None"]
)
def test_what_is_no_array_and_no_uid_is_a_type_error(uid: Any, array: Any) -> None:
    dataset = native(GRAY)
    with pytest.raises(TypeError):
        compress(dataset, uid, array)
    assert dataset.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE


def test_one_ratio_need_not_stand_in_a_list() -> None:
    one, listed = native(GRAY), native(GRAY)
    compress(one, s.JPEG_2000, j2k_cr=5, generate_instance_uid=False)  # type: ignore[arg-type]  # as users write it
    compress(listed, s.JPEG_2000, j2k_cr=[5], generate_instance_uid=False)
    assert one.PixelData == listed.PixelData


def test_failures_are_told_under_the_labels_of_pydicom() -> None:
    with pytest.raises(CodecError) as failure, labelled():
        raise CodecError("all failed:\n  pylibjpeg-libjpeg: a marker\n  gdcm: not pylibjpeg-libjpeg: x")
    assert str(failure.value) == "all failed:\n  pylibjpeg: a marker\n  gdcm: not pylibjpeg-libjpeg: x"


@pytest.mark.parametrize(
    "call", [pixel_array, decompress, lambda dataset: dataset.pixel_array], ids=["pixel_array", "decompress", "member"]
)
def test_an_unknown_transfer_syntax_is_refused_with_the_phrase_of_pydicom(call: Callable[..., Any]) -> None:
    dataset = native(GRAY)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.3.4")
    with pytest.raises((UnsupportedError, BadValueError), match=r"value of '1\.2\.3\.4' is not supported|uncompressed"):
        call(dataset)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda dataset: dataset.decompress(handler_name="gdcm"), TypeError),
        (lambda dataset: dataset.pixel_array_options(use_v2_backend=True), TypeError),
        (lambda dataset: dataset.convert_pixel_data(), AttributeError),
    ],
    ids=["decompress", "pixel_array_options", "convert_pixel_data"],
)
def test_what_pydicom_4_will_not_have(
    call: Callable[[Any], object], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "_use_future", True)
    for dataset in (native(GRAY), PydicomDataset()):
        with pytest.raises(error, match=r"unexpected keyword argument|has no attribute"):
            call(dataset)


def test_an_array_with_current_ids_is_kept() -> None:
    dataset, mine = native(GRAY), np.zeros(3)
    dataset._pixel_array, dataset._pixel_id = mine, get_image_pixel_ids(dataset)
    dataset.convert_pixel_data()
    assert dataset._pixel_array is mine
    dataset.Rows, dataset.Columns = 1, 8
    dataset.convert_pixel_data()
    fresh: Any = dataset._pixel_array
    assert fresh.shape == (1, 8)


def test_a_small_frame_that_may_hardly_lose_anything_errs_by_two_at_most() -> None:
    frame = np.ones((48, 32, 3), np.uint8)
    frame[2:4, 5:30, 0] = 7
    fmt = PixelFormat(rows=48, columns=32, samples=3, photometric=Photometric.RGB, transfer_syntax=s.JPEG_2000)
    coded = encode_frame(frame, fmt, want=EncodeRequest(psnr=100))
    decoded, _ = get_decoder(s.JPEG_2000).as_array(
        encapsulate([coded.data]),
        rows=48,
        columns=32,
        samples_per_pixel=3,
        bits_allocated=8,
        bits_stored=8,
        pixel_representation=0,
        planar_configuration=0,
        number_of_frames=1,
        photometric_interpretation="YBR_ICT",
    )
    assert np.abs(decoded.astype(int) - frame).max() <= 2
