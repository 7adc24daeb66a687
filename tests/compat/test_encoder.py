"""Encoders: what they take, what they refuse and how it is said, and that others read back what they wrote."""

import inspect
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels.decoders
import pydicom.pixels.encoders
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder as their_decoder
from pydicom.pixels.encoders.base import Encoder as TheirEncoder
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.codestream import peek
from dicompix.pixels.compat import plugins
from dicompix.pixels.compat.encodable import widened
from dicompix.pixels.compat.encoder import Encoder, get_encoder, request_of
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError, PixelError
from dicompix.pixels.format import Photometric, PixelFormat

GRAY = "MONOCHROME2"
LOSSLESS = (
    *(s.RLE_LOSSLESS, s.DEFLATED_IMAGE_FRAME, s.ENCAPSULATED_UNCOMPRESSED, s.JPEG_LOSSLESS, s.JPEG_LOSSLESS_SV1),
    *(s.JPEG_LS, s.JPEG_2000_LOSSLESS, s.HTJ2K_LOSSLESS, s.HTJ2K_LOSSLESS_RPCL, s.JPEG_XL_LOSSLESS),
)


def options(array: "np.ndarray[Any, Any]", photometric: str = GRAY, frames: int = 1, **more: Any) -> dict[str, Any]:
    """Return pydicom's description of an array."""
    rows, columns = array.shape[1:3] if frames > 1 else array.shape[:2]
    bits = array.dtype.itemsize * 8
    return {
        "rows": rows,
        "columns": columns,
        "samples_per_pixel": 1 if photometric in {GRAY, "MONOCHROME1", "PALETTE COLOR"} else 3,
        "photometric_interpretation": photometric,
        "pixel_representation": int(array.dtype.kind == "i"),
        "number_of_frames": frames,
        "bits_allocated": bits,
        "bits_stored": bits,
        "planar_configuration": 0,
        **more,
    }


def noise(dtype: str, *shape: int, bits: int = 0) -> "np.ndarray[Any, Any]":
    kind = np.dtype(dtype)
    width = bits or kind.itemsize * 8
    low, high = (-(1 << (width - 1)), 1 << (width - 1)) if kind.kind == "i" else (0, 1 << width)
    return np.random.default_rng(3).integers(low, high, shape or (13, 17), kind)


def smooth(*shape: int) -> "np.ndarray[Any, Any]":
    rows, columns = np.indices(shape[:2])
    plane = (rows * 3 + columns * 2) % 200
    return np.stack([plane, plane // 2, 255 - plane], -1).astype("u1") if len(shape) == 3 else plane.astype("u1")


def read(name: str) -> Dataset:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return pydicom.dcmread(path)


def back(coded: bytes, uid: str, given: dict[str, Any]) -> "np.ndarray[Any, Any]":
    """Return what decoding gives, by our own decoder, under the description that was given."""
    fmt = PixelFormat(
        rows=given["rows"],
        columns=given["columns"],
        samples=given["samples_per_pixel"],
        photometric=Photometric(given["photometric_interpretation"]),
        bits_allocated=given["bits_allocated"],
        bits_stored=given["bits_stored"],
        signed=bool(given["pixel_representation"]),
        planar=0,
        transfer_syntax=uid,
    )
    return decode_frame(coded, fmt).array


# Signatures and singletons


@pytest.mark.parametrize("name", ["encode", "iter_encode"])
def test_signatures_are_pydicoms(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(each, name)) for each in (Encoder, TheirEncoder))
    plain = [[(p.name, p.kind, p.default) for p in each.parameters.values()] for each in (ours, theirs)]
    assert plain[0] == plain[1]


def test_one_encoder_for_each_syntax() -> None:
    assert get_encoder(s.RLE_LOSSLESS) is get_encoder(pydicom.uid.RLELossless)
    assert get_encoder(s.JPEG_XL).is_available


@pytest.mark.parametrize("uid", ["1.2.3", s.EXPLICIT_LITTLE, s.JPEG_2000_MC])
def test_no_encoder_for_others(uid: str) -> None:
    with pytest.raises(NotImplementedError, match="No pixel data encoders have been implemented for '"):
        get_encoder(uid)


# Round trips


@pytest.mark.parametrize("uid", LOSSLESS, ids=lambda uid: s.syntax_for(uid).name)
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2"])
def test_lossless_is_lossless_from_arrays_and_from_bytes(uid: str, dtype: str) -> None:
    array = noise(dtype)
    given = options(array)
    coded = get_encoder(uid).encode(array, **given)
    assert isinstance(coded, bytes)
    assert np.array_equal(back(coded, uid, given), array)
    assert get_encoder(uid).encode(array.tobytes(), **given) == coded
    assert get_encoder(uid).encode(memoryview(array.tobytes()), **given) == coded
    assert get_encoder(uid).encode(bytearray(array.tobytes()), **given) == coded


@pytest.mark.parametrize("uid", LOSSLESS, ids=lambda uid: s.syntax_for(uid).name)
def test_lossless_colour(uid: str) -> None:
    array = noise("u1", 9, 8, 3)
    given = options(array, "RGB")
    assert np.array_equal(back(get_encoder(uid).encode(array, **given), uid, given), array)


@pytest.mark.parametrize("uid", [s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS])
@pytest.mark.parametrize("photometric", [GRAY, "RGB"])
def test_pydicom_reads_what_we_write(uid: str, photometric: str) -> None:
    array = noise("u1", *((9, 8) if photometric == GRAY else (9, 8, 3)))
    given = options(array, photometric)
    coded = get_encoder(uid).encode(array, **given)
    assert np.array_equal(their_decoder(uid).as_array(encapsulate([coded]), **given)[0], array)


@pytest.mark.parametrize("plugin", ["imagecodecs", "dicompix", "pylibjpeg", "pydicom"])
def test_every_plugin_of_rle_encodes_the_same_samples(plugin: str) -> None:
    array = noise("i2", bits=12)
    given = options(array, bits_stored=12)
    coded = get_encoder(s.RLE_LOSSLESS).encode(array, encoding_plugin=plugin, **given)
    assert np.array_equal(back(coded, s.RLE_LOSSLESS, given), array)


def test_pydicoms_own_rle_is_there_by_its_name() -> None:
    ds = read("CT_small.dcm")
    theirs = pydicom.pixels.encoders.RLELosslessEncoder.encode(ds, encoding_plugin="pydicom")
    assert get_encoder(s.RLE_LOSSLESS).encode(ds, encoding_plugin="pydicom") == theirs
    assert get_encoder(s.RLE_LOSSLESS).encode(ds) != theirs


def test_few_bits_in_wide_cells_keep_the_cells_width_in_rle() -> None:
    array = noise("u2", bits=8)
    given = options(array, bits_stored=8)
    for plugin in ("pydicom", "pylibjpeg", ""):
        coded = get_encoder(s.RLE_LOSSLESS).encode(array, encoding_plugin=plugin, **given)
        assert coded[0] == 2, plugin  # segments
        assert np.array_equal(back(coded, s.RLE_LOSSLESS, given), array)


# Sources


def test_a_data_set() -> None:
    ds = read("CT_small.dcm")
    before = ds.PixelData
    for uid in (s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS):
        coded = get_encoder(uid).encode(ds)
        array, _ = their_decoder(uid).as_array(encapsulate([coded]), **options(ds.pixel_array))
        assert np.array_equal(array, ds.pixel_array)
    assert ds.PixelData is before
    assert ds.file_meta.TransferSyntaxUID == s.EXPLICIT_LITTLE


def data_set(array: "np.ndarray[Any, Any]", uid: str = s.EXPLICIT_LITTLE, **more: Any) -> Dataset:
    given = options(array, "RGB" if array.shape[-1] == 3 else GRAY, **more)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(uid)
    ds.set_original_encoding(False, uid != s.EXPLICIT_BIG)
    for name, value in given.items():
        setattr(ds, "".join(part.capitalize() for part in name.split("_")), value)
    order = ">" if uid == s.EXPLICIT_BIG else "<"
    ds.PixelData = array.astype(array.dtype.newbyteorder(order)).tobytes()
    ds["PixelData"].VR = "OW" if array.itemsize > 1 else "OB"
    return ds


def test_a_big_endian_data_set() -> None:
    array = noise("i2")
    ds = data_set(array, s.EXPLICIT_BIG)
    assert get_encoder(s.RLE_LOSSLESS).encode(ds) == get_encoder(s.RLE_LOSSLESS).encode(array, **options(array))


def test_a_data_set_in_planes() -> None:
    array = noise("u1", 5, 6, 3)
    ds = data_set(array, planar_configuration=1)
    ds.PixelData = np.moveaxis(array, -1, 0).tobytes()
    for uid in (s.RLE_LOSSLESS, s.JPEG_LS):
        assert get_encoder(uid).encode(ds) == get_encoder(uid).encode(array, **options(array, "RGB"))


def test_a_data_set_with_shared_chroma() -> None:
    ds = data_set(noise("u1", 1, 4, 3))
    ds.PhotometricInterpretation = "YBR_FULL_422"
    ds.PixelData = bytes([100, 110, 120, 130, 90, 80, 125, 128])  # Y1 Y2 CB CR, twice
    coded = get_encoder(s.JPEG_BASELINE).encode(ds, quality=100)
    fmt = PixelFormat(
        rows=1, columns=4, samples=3, photometric=Photometric.YBR_FULL_422, transfer_syntax=s.JPEG_BASELINE
    )
    stream = peek(coded, "jpeg")
    assert stream is not None
    assert stream.subsampled
    rgb = decode_frame(coded, fmt).array.astype(int)
    assert np.abs(rgb @ [0.299, 0.587, 0.114] - [100, 110, 90, 80]).max() < 4
    with pytest.raises(ValueError, match="One or more of the following values is not valid"):
        get_encoder(s.RLE_LOSSLESS).encode(ds)


def test_a_buffer_has_whole_chroma_whatever_shall_be_coded() -> None:
    array = smooth(8, 8, 3)
    given = options(array, "YBR_FULL_422")
    encoder = get_encoder(s.JPEG_BASELINE)
    assert encoder.encode(array.tobytes(), **given) == encoder.encode(array, **given)


def test_options_stand_for_a_data_sets_own_values() -> None:
    array = noise("u2", bits=10)
    ds = data_set(array)
    stored = peek(get_encoder(s.JPEG_LS).encode(ds, bits_stored=10), "jpeg-ls")
    assert stored is not None
    assert stored.precision == 10


def test_several_frames() -> None:
    array = noise("u1", 5, 6, 7)
    given = options(array, frames=5)
    encoder = get_encoder(s.RLE_LOSSLESS)
    one_by_one = [encoder.encode(array, index=i, **given) for i in range(5)]
    assert list(encoder.iter_encode(array, **given)) == one_by_one
    assert list(encoder.iter_encode(array.tobytes(), **given)) == one_by_one
    assert list(encoder.iter_encode(data_set(array, frames=5))) == one_by_one
    assert encoder.encode(array.tobytes(), index=4, **given) == one_by_one[4]
    assert np.array_equal(back(one_by_one[2], s.RLE_LOSSLESS, given), array[2])


def test_the_one_frame_may_be_asked_for() -> None:
    array = noise("u1")
    encoder = get_encoder(s.RLE_LOSSLESS)
    assert encoder.encode(array, index=0, **options(array)) == encoder.encode(array, **options(array))


def test_iterating_is_lazy() -> None:
    frames = get_encoder(s.RLE_LOSSLESS).iter_encode("abc")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        next(frames)


@pytest.mark.parametrize("order", [">", "<", "="])
def test_arrays_of_any_byte_order_and_layout(order: str) -> None:
    array = noise("u2")
    coded = get_encoder(s.RLE_LOSSLESS).encode(array, **options(array))
    turned = np.asfortranarray(array.astype(array.dtype.newbyteorder(order)))
    turned.flags.writeable = False
    assert get_encoder(s.RLE_LOSSLESS).encode(turned, **options(array)) == coded


def test_wider_arrays_than_bits_allocated() -> None:
    array = noise("u2")
    coded = get_encoder(s.JPEG_LS).encode(array, **options(array))
    assert get_encoder(s.JPEG_LS).encode(array.astype("u4"), **options(array)) == coded


def test_a_big_endian_buffer() -> None:
    array = noise("u2")
    encoder, given = get_encoder(s.RLE_LOSSLESS), options(array)
    swapped = array.astype(">u2").tobytes()
    assert encoder.encode(swapped, byteorder=">", **given) == encoder.encode(array, **given)
    eight = noise("u1", 4, 6)  # an even number of bytes, as words have
    assert encoder.encode(eight.tobytes(), byteorder=">", **options(eight)) == encoder.encode(eight, **options(eight))
    ds = data_set(eight)
    ds["PixelData"].VR = "OW"  # as it is under Implicit VR, whatever the byte order is said to be
    assert encoder.encode(ds, byteorder=">") == encoder.encode(eight, **options(eight))
    for plugin in ("pydicom", "gdcm"):
        if plugin in encoder.available_plugins:
            with pytest.raises(RuntimeError, match=f"{plugin}: Unsupported option \"byteorder = '>'\""):
                encoder.encode(swapped, byteorder=">", encoding_plugin=plugin, **given)


def test_cells_of_three_bytes() -> None:
    values = noise("u4", 6, 7, bits=20)
    packed = b"".join(int(value).to_bytes(3, "little") for value in values.ravel())
    given = options(values, bits_allocated=24, bits_stored=20)
    coded = get_encoder(s.JPEG_2000_LOSSLESS).encode(packed, **given)
    assert np.array_equal(back(coded, s.JPEG_2000_LOSSLESS, {**given, "bits_allocated": 32}), values)
    assert get_encoder(s.JPEG_2000_LOSSLESS).encode(values, **given) == coded
    assert widened(b"\1\2\3\4", 3, 4) == b"\1\2\3\0"


def test_one_bit_samples() -> None:
    bits = noise("u1", 3, 5, bits=1)
    given = options(bits, bits_allocated=1, bits_stored=1)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    encoder = get_encoder(s.DEFLATED_IMAGE_FRAME)
    assert encoder.encode(packed, **given) == encoder.encode(bits, **given)
    assert np.array_equal(back(encoder.encode(packed, **given), s.DEFLATED_IMAGE_FRAME, given), bits)


# Parameters


def test_near_lossless_stays_within_its_error() -> None:
    array = smooth(40, 50)
    for error in (0, 1, 3):
        coded = get_encoder(s.JPEG_LS_NEAR).encode(array, jls_error=error, **options(array))
        found = np.abs(back(coded, s.JPEG_LS_NEAR, options(array)).astype(int) - array).max()
        assert found <= error
        assert (found == 0) == (error == 0)
    assert get_encoder(s.JPEG_LS_NEAR).encode(array, **options(array)) == get_encoder(s.JPEG_LS_NEAR).encode(
        array, near=0, **options(array)
    )


def test_ratio_and_noise_of_jpeg_2000() -> None:
    array = noise("u1", 64, 64)
    encoder = get_encoder(s.JPEG_2000)
    tenth = encoder.encode(array, j2k_cr=[10], **options(array))
    assert len(tenth) <= array.nbytes / 9
    good = encoder.encode(array, j2k_psnr=[50], **options(array))
    error = (back(good, s.JPEG_2000, options(array)).astype(int) - array) ** 2
    assert 10 * np.log10(255**2 / error.mean()) > 45
    assert encoder.encode(array, compression_ratios=[10], **options(array)) == tenth


def has_component_transform(coded: bytes) -> bool:
    stream = peek(coded, "jpeg-2000")
    assert stream is not None
    return stream.multiple_components


@pytest.mark.parametrize("plugin", ["", "pylibjpeg"])
@pytest.mark.parametrize(
    ("uid", "photometric", "more", "transformed"),
    [
        (s.JPEG_2000_LOSSLESS, "RGB", {}, False),
        (s.JPEG_2000_LOSSLESS, "YBR_RCT", {}, True),
        (s.JPEG_2000_LOSSLESS, "YBR_RCT", {"use_mct": False}, False),
        (s.JPEG_2000_LOSSLESS, "YBR_FULL", {}, False),
        (s.JPEG_2000, "RGB", {"j2k_cr": [2]}, False),
        (s.JPEG_2000, "YBR_ICT", {"j2k_cr": [2]}, True),
    ],
)
def test_photometric_interpretation_asks_for_the_component_transform(
    uid: str,
    photometric: str,
    more: dict[str, Any],
    transformed: bool,  # noqa: FBT001
    plugin: str,
) -> None:
    array = smooth(32, 32, 3)
    coded = get_encoder(uid).encode(array, encoding_plugin=plugin, **options(array, photometric, **more))
    assert has_component_transform(coded) == transformed


REQUESTS: list[tuple[str, dict[str, Any], EncodeRequest]] = [
    (s.JPEG_LS_NEAR, {}, EncodeRequest(near=0)),
    (s.JPEG_LS_NEAR, {"jls_error": 3}, EncodeRequest(near=3)),
    (s.JPEG_LS, {"jls_error": 0}, EncodeRequest()),
    (s.JPEG_2000, {"j2k_cr": [20, 5, 1]}, EncodeRequest(ratio=(20, 5, 1))),
    (s.JPEG_2000, {"j2k_psnr": [80]}, EncodeRequest(psnr=(80,))),
    (s.JPEG_2000, {"compression_ratios": [2], "j2k_cr": [3]}, EncodeRequest(ratio=(2,))),
    (s.JPEG_2000, {"signal_noise_ratios": [60]}, EncodeRequest(psnr=(60,))),
    (s.JPEG_2000, {"ratio": 7.5}, EncodeRequest(ratio=7.5)),
    (s.JPEG_BASELINE, {"quality": 80, "subsampling": "444"}, EncodeRequest(quality=80, subsampling="444")),
    (s.JPEG_XL, {"distance": 0.5, "rows": 3}, EncodeRequest(distance=0.5)),
    (s.JPEG_2000_LOSSLESS, {"use_mct": False}, EncodeRequest(component_transform=False)),
    (s.JPEG_2000_LOSSLESS, {"photometric_interpretation": "RGB"}, EncodeRequest(component_transform=False)),
]


@pytest.mark.parametrize(("uid", "given", "request_"), REQUESTS)
def test_pydicoms_options_are_parameters_of_ours(uid: str, given: dict[str, Any], request_: EncodeRequest) -> None:
    assert request_of(uid, given) == request_


LEAD = r"Unable to encode as exceptions were raised by all available plugins:\n  "
REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    (s.JPEG_LS, "pyjpegls", {"jls_error": 127}, "pyjpegls: A 'jls_error' value of '127' is being used with a transfer"),
    (s.JPEG_2000_LOSSLESS, "pylibjpeg", {"j2k_cr": [2]}, "pylibjpeg: A lossy configuration option is being used"),
    (s.JPEG_2000_LOSSLESS, "", {"j2k_psnr": [80]}, "imagecodecs: A lossy configuration option is being used"),
    (s.JPEG_2000, "pylibjpeg", {}, "pylibjpeg: The 'JPEG 2000' transfer syntax requires a lossy configuration option"),
    (
        s.JPEG_2000,
        "pylibjpeg",
        {"j2k_cr": [2], "j2k_psnr": [80]},
        "pylibjpeg: Multiple lossy configuration options are",
    ),
]


@pytest.mark.parametrize(("uid", "plugin", "more", "text"), REFUSALS)
def test_parameters_that_do_not_fit_are_refused_as_by_pydicoms_plugins(
    uid: str, plugin: str, more: dict[str, Any], text: str
) -> None:
    array = smooth(8, 8)
    with pytest.raises(RuntimeError, match=LEAD + text) as caught:
        get_encoder(uid).encode(array, encoding_plugin=plugin, **options(array, **more))
    assert isinstance(caught.value, CodecError)


def test_bits_that_openjpeg_does_not_have() -> None:
    array = noise("u4", bits=25)
    with pytest.raises(
        RuntimeError, match=r"pylibjpeg: Invalid 'bits_stored' value '25', must be in the range \[1, 24\]"
    ):
        get_encoder(s.JPEG_2000_LOSSLESS).encode(array, encoding_plugin="pylibjpeg", **options(array, bits_stored=25))


# What is refused

FLAT = np.zeros((3, 4), "u1")
WRONG: list[tuple[str, Any, dict[str, Any], type[Exception], str]] = [
    ("kind", "abc", {}, TypeError, "'src' must be bytes, numpy.ndarray or pydicom.dataset.Dataset, not 'str'"),
    ("negative", FLAT, {"index": -1}, ValueError, "'index' must be greater than or equal to 0"),
    ("plugin", FLAT, {"encoding_plugin": "foo"}, ValueError, "No plugin named 'foo' has been added to 'RLELosslessEnc"),
    ("5d", np.zeros((1, 1, 1, 3, 4), "u1"), {}, ValueError, "Unable to encode 5D ndarrays"),
    ("shape", FLAT.T, {}, ValueError, r"expected ndarray shape \(3, 4\) and the actual shape \(4, 3\)"),
    ("float", FLAT.astype("f4"), {}, ValueError, "'float32' is not supported, must be a signed or unsigned integer"),
    ("sign", FLAT.astype("i1"), {}, ValueError, r"'int8' is not consistent with a \(0028,0103\) 'Pixel Repr.*unsigned"),
    ("unsigned", FLAT, {"pixel_representation": 1}, ValueError, r"'uint8' is not consistent with.*\(signed integers\)"),
    ("narrow", FLAT, {"bits_allocated": 16}, ValueError, r"'uint8' is not consistent with a \(0028,0100\) 'Bits"),
    ("range", FLAT + 4, {"bits_stored": 2}, ValueError, r"outside the allowable range of \(0, 3\) for a \(0028,0101\)"),
    ("short", bytes(11), {}, ValueError, "doesn't match the expected length - 11 bytes actual vs. 12 expected"),
    ("frames", bytes(24), {"number_of_frames": 2}, ValueError, "The 'index' of the frame to be encoded is required"),
    ("beyond", bytes(24), {"number_of_frames": 2, "index": 2}, ValueError, "there is no frame 2: Number of Frames"),
    ("rows", FLAT, {"rows": None}, AttributeError, r"Missing required element: \(0028,0010\) 'Rows'"),
    ("bits", FLAT, {"bits_allocated": None}, AttributeError, r"Missing required element: \(0028,0100\) 'Bits"),
    ("count", FLAT, {"number_of_frames": None}, AttributeError, "No value for 'number_of_frames' has been set"),
    ("cells", FLAT, {"bits_allocated": 15}, ValueError, r"\(0028,0100\) 'Bits Allocated' value of '15' is invalid"),
    ("stored", FLAT, {"bits_stored": 9}, ValueError, r"\(0028,0101\) 'Bits Stored' value of '9' is invalid"),
    ("rep", FLAT, {"pixel_representation": 2}, ValueError, r"'Pixel Representation' value of '2' is invalid, it must"),
    ("color", FLAT, {"photometric_interpretation": "FOO"}, ValueError, "'Photometric Interpretation' value 'FOO'"),
    ("samples", FLAT, {"samples_per_pixel": 2}, ValueError, r"'Samples per Pixel' value of '2' is invalid"),
    ("planar", FLAT, {"samples_per_pixel": 3, "photometric_interpretation": "RGB", "planar_configuration": None},
     AttributeError, r"Missing required element: \(0028,0006\) 'Planar Configuration'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("src", "more", "error", "text"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_what_is_refused(src: Any, more: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        get_encoder(s.RLE_LOSSLESS).encode(src, **{**options(FLAT), **more})
    assert isinstance(caught.value, PixelError) or error is TypeError


def test_signed_near_lossless_must_keep_from_the_ends_of_the_range() -> None:
    array = np.array([[-128, 0, 127]], "i1")
    given = options(array, jls_error=2)
    with pytest.raises(ValueError, match=r"and a 'jls_error' of '2' is \(-126, 125\)"):
        get_encoder(s.JPEG_LS_NEAR).encode(array, **given)
    assert get_encoder(s.JPEG_LS_NEAR).encode(np.clip(array, -126, 125), **given)


def test_a_data_set_that_is_compressed_or_without_pixels() -> None:
    with pytest.raises(ValueError, match="doesn't match the expected length: it is compressed with 'RLE Lossless'"):
        get_encoder(s.JPEG_LS).encode(read("MR_small_RLE.dcm"))
    ds = data_set(FLAT)
    del ds.PixelData
    with pytest.raises(AttributeError, match=r"no \(7FE0,0010\) 'Pixel Data' element"):
        get_encoder(s.JPEG_LS).encode(ds)


PROFILES = [  # syntax, photometric, samples, bits stored, bits allocated, sign: not allowed by PS3.5 8.2
    (s.RLE_LOSSLESS, "RGB", 1, 8, 8, 0),
    (s.RLE_LOSSLESS, GRAY, 3, 8, 8, 0),
    (s.RLE_LOSSLESS, GRAY, 1, 32, 32, 0),
    (s.RLE_LOSSLESS, "YBR_RCT", 3, 8, 8, 0),
    (s.RLE_LOSSLESS, "YBR_FULL", 3, 12, 16, 0),
    (s.JPEG_BASELINE, GRAY, 1, 12, 16, 0),
    (s.JPEG_BASELINE, GRAY, 1, 8, 8, 1),
    (s.JPEG_EXTENDED, "RGB", 3, 8, 8, 0),
    (s.JPEG_LS, "YBR_RCT", 3, 8, 8, 0),
    (s.JPEG_LS, GRAY, 1, 1, 8, 0),
    (s.JPEG_2000, "YBR_RCT", 3, 8, 8, 0),
    (s.JPEG_2000_LOSSLESS, "YBR_ICT", 3, 8, 8, 0),
    (s.JPEG_2000_LOSSLESS, "RGB", 3, 8, 8, 1),
    (s.JPEG_2000, "PALETTE COLOR", 1, 8, 8, 0),
]


@pytest.mark.parametrize("described", PROFILES, ids=str)
def test_what_a_syntax_may_not_hold(described: tuple[str, str, int, int, int, int]) -> None:
    uid, photometric, samples, stored, allocated, sign = described
    shape = (2, 3) if samples == 1 else (2, 3, 3)
    array = np.zeros(shape, f"{'ui'[sign]}{allocated // 8}")
    given = options(array, photometric, samples_per_pixel=samples, bits_stored=stored)
    lines = (
        rf"One or more of the following values is not valid for pixel data encoded with '.*':\n"
        rf"  \(0028,0002\) Samples per Pixel: {samples}\n"
        rf"  \(0028,0006\) Photometric Interpretation: {photometric}\n"
        rf"  \(0028,0100\) Bits Allocated: {allocated}\n"
        rf"  \(0028,0101\) Bits Stored: {stored}\n"
        rf"  \(0028,0103\) Pixel Representation: {sign}\n"
        "See Part 5, Section 8.2 of the DICOM Standard for more information"
    )
    with pytest.raises(ValueError, match=lines):
        get_encoder(uid).encode(array, **given)


def test_without_validation_more_goes_through() -> None:
    wide = noise("u4")
    assert get_encoder(s.RLE_LOSSLESS).encode(wide, validate=False, **options(wide))
    given = options(FLAT, number_of_frames=1)
    assert get_encoder(s.RLE_LOSSLESS).encode(bytes(12), validate=False, **given)


# Plugins written for pydicom


def test_a_plugin_that_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, Any]] = []

    def encode(src: bytes, runner: Any) -> bytearray:
        names = ("photometric_interpretation", "planar_configuration", "transfer_syntax", "bits_stored", "rows")
        seen.append((src, [*(getattr(runner, name) for name in names), runner.get_option("mine")]))
        return bytearray(get_encoder(s.RLE_LOSSLESS).encode(src, **{**runner.options, "bits_allocated": 16}))

    module: Any = type(pydicom)("an_encoding_plugin")
    module.is_available, module.encode = (lambda uid: True), encode
    monkeypatch.setitem(__import__("sys").modules, "an_encoding_plugin", module)
    encoder = Encoder(s.RLE_LOSSLESS)
    encoder.add_plugin("foo", ("an_encoding_plugin", "encode"))
    array = noise("u2", bits=12)
    given = options(array, bits_stored=12)
    coded = encoder.encode(array.astype(">u2"), encoding_plugin="foo", mine=5, **given)
    assert seen == [(array.tobytes(), [GRAY, 0, s.RLE_LOSSLESS, 12, 13, 5])]
    assert np.array_equal(back(coded, s.RLE_LOSSLESS, given), array)


@pytest.mark.parametrize(
    ("uid", "asked", "intended"),
    [
        (s.JPEG_2000_LOSSLESS, "YBR_RCT", "YBR_RCT"),
        (s.JPEG_2000_LOSSLESS, "RGB", "RGB"),
        (s.JPEG_2000, "YBR_ICT", "YBR_ICT"),
        (s.JPEG_BASELINE, "YBR_FULL_422", "YBR_FULL_422"),
        (s.JPEG_LS, "YBR_FULL", "YBR_FULL"),
    ],
)
def test_a_plugin_is_told_the_colour_that_was_asked_for(uid: str, asked: str, intended: str) -> None:
    samples = {"YBR_RCT": "RGB", "YBR_ICT": "RGB", "YBR_FULL_422": "YBR_FULL"}.get(asked, asked)
    fmt = PixelFormat(rows=1, columns=2, samples=3, photometric=Photometric(samples), transfer_syntax=uid)
    encode = plugins.encoding(lambda src, runner: str(runner.photometric_interpretation).encode(), {})
    want = request_of(uid, {"photometric_interpretation": asked})
    assert encode(np.zeros((1, 2, 3), "u1"), fmt, want).data == intended.encode()


def test_a_plugins_failure_keeps_its_words() -> None:
    def fail(src: bytes, runner: Any) -> bytes:
        raise OSError("no space")

    encode = plugins.encoding(fail, {})
    with pytest.raises(CodecError, match=r"^no space$"):
        encode(FLAT, PixelFormat(rows=3, columns=4, transfer_syntax=s.RLE_LOSSLESS), EncodeRequest())


def test_debugging_is_logged(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    encode: Callable[..., bytes] = get_encoder(s.RLE_LOSSLESS).encode
    with caplog.at_level("DEBUG", logger="pydicom"):
        encode(FLAT, **options(FLAT))
        assert caplog.text == ""
        monkeypatch.setattr(pydicom.config, "debugging", True)
        encode(FLAT, **options(FLAT))
    assert "EncodeRunner for 'RLE Lossless'" in caplog.text
    assert "  rows: 3" in caplog.text
    assert "Encoders\n  " in caplog.text


def test_written_files_are_read_by_pydicom() -> None:
    ds = read("CT_small.dcm")
    array = ds.pixel_array.copy()
    ds.PixelData = encapsulate([get_encoder(s.JPEG_LS).encode(ds)])
    ds.file_meta.TransferSyntaxUID = UID(s.JPEG_LS)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    buffer = io.BytesIO()
    ds.save_as(buffer)
    buffer.seek(0)
    again = pydicom.dcmread(buffer)
    assert np.array_equal(pydicom.pixels.decoders.JPEGLSLosslessDecoder.as_array(again)[0], array)
