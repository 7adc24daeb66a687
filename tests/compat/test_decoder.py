"""Decoder objects: one a transfer syntax, arrays and buffers from all sources, what they tell, plugins."""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pydicom.pixels
import pydicom.pixels.decoders.base as theirs
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.arrays import pixel_array
from dicompix.pixels.compat.decoder import Decoder, get_decoder
from dicompix.pixels.compat.options import as_pixel_options
from dicompix.pixels.errors import BadValueError, FrameError, MissingElementError, PixelWarning, UnsupportedError
from dicompix.pixels.syntaxes import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LS,
    RLE_LOSSLESS,
)
from support import packing

Make = Callable[..., Dataset]
METHODS = ("as_array", "iter_array", "as_buffer", "iter_buffer", "add_plugin", "add_plugins", "remove_plugin")


@pytest.mark.parametrize("name", METHODS)
def test_signatures_are_pydicoms(name: str) -> None:
    ours, expected = (inspect.signature(getattr(kind, name)) for kind in (Decoder, theirs.Decoder))
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in expected.parameters.values()
    ]


def test_one_decoder_a_syntax() -> None:
    decoder = get_decoder(pydicom.uid.RLELossless)
    assert decoder is get_decoder(RLE_LOSSLESS)
    assert isinstance(decoder, Decoder)
    assert decoder.UID == RLE_LOSSLESS
    assert (decoder.is_encapsulated, decoder.is_native, decoder.is_available) == (True, False, True)
    assert {"pydicom", "pylibjpeg"} <= set(decoder.available_plugins)
    native = get_decoder(EXPLICIT_LITTLE)
    assert (native.is_encapsulated, native.is_native, native.is_available) == (False, True, True)
    assert (native.available_plugins, native.missing_dependencies) == ((), [])


def test_no_decoder_for_other_syntaxes() -> None:
    message = "No pixel data decoders have been implemented for 'SMPTE ST 2110-30 PCM Digital Audio'"
    with pytest.raises(UnsupportedError, match=message):
        get_decoder("1.2.840.10008.1.2.7.3")


# Sources


def described(dataset: Dataset) -> dict[str, Any]:
    return {**as_pixel_options(dataset), "pixel_keyword": "PixelData"}


@pytest.fixture(params=["native", "rle"])
def two(request: pytest.FixtureRequest, make: Make, ramp: Stored) -> Dataset:
    if request.param == "native":
        return make(ramp, frames=2, BitsStored=12, HighBit=11)
    encoded = [packing.rle(frame) for frame in ramp]
    return make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=encoded, BitsStored=12, HighBit=11)


def decoder_of(dataset: Dataset) -> Decoder:
    return get_decoder(dataset.file_meta.TransferSyntaxUID)


def test_every_source_gives_the_same(two: Dataset, ramp: Stored, as_file: Any, tmp_path: Path) -> None:
    decoder, options = decoder_of(two), described(two)
    path = tmp_path / "two.dcm"
    path.write_bytes(as_file(two).getvalue())
    with path.open("rb") as file:
        place: Any = pydicom.dcmread(path)["PixelData"].file_tell
        held = BytesIO(b"before" + two.PixelData + b"after")
        buffers: list[tuple[Any, int]] = [
            (two.PixelData, 0),
            (bytearray(two.PixelData), 0),
            (memoryview(two.PixelData), 0),
        ]
        buffers += [(np.frombuffer(two.PixelData, np.uint16), 0), (file, place), (held, 6)]
        for source, position in buffers:
            if position:
                source.seek(position)
            array, properties = decoder.as_array(source, **options)
            assert np.array_equal(array, ramp)
            assert array.flags.writeable
            assert properties == decoder.as_array(two)[1]
            assert np.array_equal(decoder.as_array(source, index=1, **options)[0], ramp[1])
            for number, (frame, _) in enumerate(decoder.iter_array(source, **options)):
                assert np.array_equal(frame, ramp[number])
                assert not position or source.tell() == position
            assert decoder.as_buffer(source, **options)[0] == ramp.tobytes()
            assert not position or source.tell() == position


def test_a_data_set_with_its_pixel_data_in_a_buffer(two: Dataset, ramp: Stored) -> None:
    two.PixelData = BytesIO(two.PixelData)
    assert np.array_equal(decoder_of(two).as_array(two, index=1)[0], ramp[1])


def test_the_data_sets_syntax_must_be_the_decoders(two: Dataset, ramp: Stored) -> None:
    with pytest.raises(BadValueError, match=r"transfer syntax .* doesn't match the pixel data decoder"):
        get_decoder(JPEG_LS).as_array(two)
    decoder = decoder_of(two)
    del two.file_meta.TransferSyntaxUID
    assert np.array_equal(decoder.as_array(two)[0], ramp)  # the decoder says it


def test_buffers_need_a_description(two: Dataset) -> None:
    decoder, options = decoder_of(two), described(two)
    for name in ("rows", "bits_allocated", "samples_per_pixel", "photometric_interpretation", "pixel_representation"):
        with pytest.raises(MissingElementError, match="Missing required element"):
            decoder.as_array(two.PixelData, **{key: value for key, value in options.items() if key != name})
    del options["number_of_frames"]
    with pytest.raises(MissingElementError, match="No value for 'number_of_frames' has been set"):
        decoder.as_array(two.PixelData, **options)
    if decoder.is_native:
        del options["pixel_keyword"]
        with pytest.raises(MissingElementError, match="No value for 'pixel_keyword' has been set"):
            decoder.as_array(two.PixelData, **options)
    wrong: Any = 3
    with pytest.raises(TypeError, match="needed a Dataset, a buffer or a binary file object, found int"):
        decoder.as_array(wrong, **options)


@pytest.mark.parametrize("index", [-1, 2, 10])
def test_indices_out_of_range(index: int, two: Dataset) -> None:
    decoder = decoder_of(two)
    message = (
        "'index' must be greater than or equal to 0" if index < 0 else f"insufficient .* contain {index + 1} frames"
    )
    with pytest.raises(ValueError, match=message):
        decoder.as_array(two, index=index)
    if index > 0:
        with pytest.raises(ValueError, match=message):
            decoder.as_buffer(two, index=index)
    unread: Any = None
    with pytest.raises(ValueError, match="'index' must be"):
        decoder.as_array(unread, index=-1)


def test_indices(two: Dataset, ramp: Stored) -> None:
    decoder = decoder_of(two)
    for indices in ([1, 0, 1], [], iter([1])):
        expected = list(indices)
        frames = [frame for frame, _ in decoder.iter_array(two, indices=iter(expected))]
        assert np.array_equal(frames, [ramp[i] for i in expected])
        buffers = [data for data, _ in decoder.iter_buffer(two, indices=expected)]
        assert buffers == [ramp[i].tobytes() for i in expected]


def test_number_of_frames_counts_not_the_index(make: Make, ramp: Stored) -> None:
    coded = make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=[packing.rle(frame) for frame in ramp])
    array, properties = decoder_of(coded).as_array(coded, number_of_frames=1, index=1)
    assert np.array_equal(array, ramp[1])
    assert properties["number_of_frames"] == 1


# What they tell


def test_properties_of_an_array(two: Dataset) -> None:
    decoder = decoder_of(two)
    expected = {
        "bits_allocated": 16,
        "bits_stored": 12,
        "columns": 6,
        "number_of_frames": 2,
        "photometric_interpretation": "MONOCHROME2",
        "pixel_representation": 0,
        "rows": 4,
        "samples_per_pixel": 1,
    }
    assert decoder.as_array(two)[1] == decoder.as_buffer(two)[1] == expected
    one = {**expected, "number_of_frames": 1}
    assert decoder.as_array(two, index=0)[1] == decoder.as_buffer(two, index=0)[1] == one
    assert next(decoder.iter_array(two))[1] == next(decoder.iter_buffer(two))[1] == one


def test_properties_of_colour(make: Make) -> None:
    by_plane = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    dataset = make(by_plane.transpose(1, 2, 0), PixelData=by_plane.tobytes(), PlanarConfiguration=1)
    dataset.PhotometricInterpretation = "YBR_FULL"
    decoder = decoder_of(dataset)
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "RGB"),
        ({"raw": True}, "YBR_FULL"),
        ({"force_ybr": True}, "YBR_FULL"),
    ]
    for given, name in cases:
        array, properties = decoder.as_array(dataset, **given)
        assert array.shape == (2, 4, 3)
        assert (properties["photometric_interpretation"], properties["planar_configuration"]) == (name, 0)
    data, properties = decoder.as_buffer(dataset)
    assert data == by_plane.tobytes()
    assert (properties["photometric_interpretation"], properties["planar_configuration"]) == ("YBR_FULL", 1)


def test_properties_of_float_pixels(make: Make) -> None:
    dataset = make(np.zeros((2, 3), np.uint8))
    del dataset.PixelData
    dataset.FloatPixelData, dataset.BitsAllocated = np.arange(1, 7, dtype=np.float32).tobytes(), 32
    array, properties = decoder_of(dataset).as_array(dataset)
    assert array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert properties["bits_allocated"] == 32
    assert not {"bits_stored", "pixel_representation"} & set(properties)


def test_properties_after_excess_frames(make: Make, ramp: Stored) -> None:
    encoded = [packing.rle(frame) for frame in ramp]
    for dataset in (
        make(ramp, frames=2, NumberOfFrames=1),
        make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=encoded * 2),
    ):
        decoder, held = decoder_of(dataset), dataset.NumberOfFrames
        methods: list[Callable[[Dataset], tuple[Any, dict[str, Any]]]] = [decoder.as_array, decoder.as_buffer]
        for method in methods:
            with pytest.warns(
                PixelWarning, match=f"'Number of Frames' value of {held}. The returned data will include"
            ):
                result, properties = method(dataset)
            assert properties["number_of_frames"] == 2 * held
            assert len(memoryview(result).cast("B")) == 2 * held * 48
    decoder = get_decoder(EXPLICIT_LITTLE)
    with pytest.warns(PixelWarning, match="contains 48 bytes of excess padding"):
        _, properties = decoder.as_array(make(ramp, frames=2, NumberOfFrames=1), allow_excess_frames=False)
    assert properties["number_of_frames"] == 1


def test_without_validation_nothing_is_reported(make: Make, ramp: Stored) -> None:
    decoder = get_decoder(EXPLICIT_LITTLE)
    dataset = make(ramp, frames=2, NumberOfFrames=1)
    array, properties = decoder.as_array(dataset, validate=False)
    assert np.array_equal(array, ramp[0])
    assert properties["number_of_frames"] == 1
    assert len(list(decoder.iter_array(dataset, validate=False))) == 1


@pytest.mark.parametrize(
    "name", ["color-px.dcm", "examples_ybr_color.dcm", "JPEG2000.dcm", "SC_rgb_rle.dcm", "rtdose.dcm"]
)
def test_arrays_and_properties_are_pydicoms(name: str, example: Callable[[str], Path]) -> None:
    dataset = pydicom.dcmread(example(name))
    expected = pydicom.pixels.get_decoder(dataset.file_meta.TransferSyntaxUID)
    ours = decoder_of(dataset)
    cases: list[dict[str, Any]] = [{}, {"raw": True}, {"index": 0}]
    for given in cases:
        array, properties = ours.as_array(dataset, **given)
        assert np.array_equal(array, expected.as_array(dataset, **given)[0])
        assert properties == expected.as_array(dataset, **given)[1]


# Buffers


def test_native_buffers_are_of_the_type_given(make: Make, ramp: Stored) -> None:
    decoder, dataset = get_decoder(EXPLICIT_LITTLE), make(ramp, frames=2)
    options = described(dataset)
    pixels = dataset.PixelData
    assert decoder.as_buffer(dataset)[0] is pixels
    for kind in (bytes, bytearray, memoryview):
        part = decoder.as_buffer(kind(pixels), index=1, **options)[0]
        assert type(part) is kind
        assert part == ramp[1].tobytes()
    seen = decoder.as_buffer(dataset, index=1, view_only=True)[0]
    assert isinstance(seen, memoryview)
    assert seen.obj is pixels
    assert type(decoder.as_buffer(BytesIO(pixels), **options)[0]) is bytes
    short = {**options, "rows": 9}
    with pytest.raises(FrameError, match="less than expected"):
        decoder.as_buffer(pixels, **short)


def test_buffers_of_packed_bits_share_bytes(make: Make) -> None:
    bits = np.arange(45).reshape(3, 3, 5) % 3 == 0
    packed = np.packbits(bits, bitorder="little").tobytes()
    dataset = make(bits.astype(np.uint8), frames=3, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=packed)
    decoder = get_decoder(EXPLICIT_LITTLE)
    assert decoder.as_buffer(dataset)[0] == packed
    assert decoder.as_buffer(dataset, index=1)[0] == packed[1:4]  # bits 15 to 29
    assert np.array_equal(decoder.as_array(dataset, index=1)[0], bits[1])


def test_buffers_of_words_hold_whole_words() -> None:
    source = bytes([1, 0, 3, 2, 5, 4, 7, 6, 9, 8])  # 0 to 9, in big-endian words
    options: dict[str, Any] = {
        "rows": 1,
        "columns": 3,
        "samples_per_pixel": 1,
        "bits_allocated": 8,
        "bits_stored": 8,
        "pixel_vr": "OW",
    }
    options |= {"photometric_interpretation": "MONOCHROME2", "pixel_representation": 0, "number_of_frames": 3}
    decoder = get_decoder(EXPLICIT_BIG)
    parts = [decoder.as_buffer(source, index=i, pixel_keyword="PixelData", **options)[0] for i in range(3)]
    assert parts == [source[0:4], source[2:6], source[6:10]]
    frames = [frame.tolist() for frame, _ in decoder.iter_array(source, pixel_keyword="PixelData", **options)]
    assert frames == [[[0, 1, 2]], [[3, 4, 5]], [[6, 7, 8]]]


def test_rle_buffers_are_by_plane(make: Make) -> None:
    color = np.arange(24, dtype=np.uint16).reshape(2, 4, 3)
    dataset = make(color, syntax=RLE_LOSSLESS, encoded=[packing.rle(color)])
    data, properties = get_decoder(RLE_LOSSLESS).as_buffer(dataset)
    assert data == color.transpose(2, 0, 1).tobytes()
    assert properties["planar_configuration"] == 1
    assert get_decoder(RLE_LOSSLESS).as_array(dataset)[1]["planar_configuration"] == 0


def test_buffers_come_in_the_codestreams_container(make: Make) -> None:
    small, large = np.arange(16, dtype=np.uint8).reshape(4, 4), np.arange(300, 316, dtype=np.uint16).reshape(4, 4)
    coded = [bytes(imagecodecs.jpegls_encode(frame)) for frame in (small, large)]
    decoder = get_decoder(JPEG_LS)
    one = make(small.astype(np.uint16), syntax=JPEG_LS, encoded=coded[:1], BitsStored=8, HighBit=7)
    data, properties = decoder.as_buffer(one)
    assert data == small.tobytes()
    assert (properties["bits_allocated"], properties["bits_stored"]) == (8, 8)
    array, properties = decoder.as_array(one)
    assert array.dtype == np.uint16
    assert properties["bits_allocated"] == 16
    both = make(np.stack([small, large]), frames=2, syntax=JPEG_LS, encoded=coded)
    with pytest.warns(PixelWarning, match="codestream-precision"):
        data, properties = decoder.as_buffer(both)
    assert data == np.stack([small.astype(np.uint16), large]).tobytes()
    assert properties["bits_allocated"] == 16


def test_buffers_are_not_corrected(make: Make) -> None:
    cells = np.array([[0x1FFF, 0x0800]] * 4, np.uint16)
    coded = bytes(imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True, bitspersample=13))
    dataset = make(cells, syntax=JPEG_2000_LOSSLESS, encoded=[coded], BitsStored=13, HighBit=12, PixelRepresentation=1)
    with pytest.warns(PixelWarning, match="codestream-sign"):
        assert get_decoder(JPEG_2000_LOSSLESS).as_buffer(dataset)[0] == cells.tobytes()
    assert get_decoder(EXPLICIT_LITTLE).as_buffer(make(cells, BitsStored=4, HighBit=3))[0] == cells.tobytes()


def test_raw_jpeg_is_named_as_it_was_encoded(make: Make) -> None:
    rgb = np.full((8, 8, 3), 90, np.uint8)
    coded = bytes(imagecodecs.jpeg8_encode(rgb, level=90, colorspace="rgb", outcolorspace="ycbcr", subsampling="422"))
    dataset = make(rgb, syntax=JPEG_BASELINE, encoded=[coded], PhotometricInterpretation="YBR_FULL_422")
    decoder = get_decoder(JPEG_BASELINE)
    assert decoder.as_array(dataset)[1]["photometric_interpretation"] == "RGB"
    assert decoder.as_array(dataset, raw=True)[1]["photometric_interpretation"] == "YBR_FULL_422"
    assert decoder.as_buffer(dataset)[1]["photometric_interpretation"] == "YBR_FULL_422"


# Plugins


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Add a plugin written for pydicom, which gives frames of sevens, to the RLE decoder; yield the options it got."""
    module, seen = ModuleType("sevens"), []

    def decode(src: bytes, runner: Any) -> bytearray:
        seen.append(dict(runner.options))
        return bytearray(b"\7\0" * (runner.rows * runner.columns))

    for name, value in (("is_available", lambda uid: True), ("DECODER_DEPENDENCIES", {}), ("decode", decode)):
        setattr(module, name, value)
    monkeypatch.setitem(sys.modules, "sevens", module)
    decoder = get_decoder(RLE_LOSSLESS)
    monkeypatch.setattr(decoder, "_codecs", decoder._codecs)  # put back afterwards: the decoder is everybody's
    decoder.add_plugin("sevens", ("sevens", "decode"))
    yield seen
    decoder.remove_plugin("sevens")
    assert "sevens" not in decoder.available_plugins


def test_an_added_plugin_decodes_where_it_is_named(plugin: list[dict[str, Any]], make: Make, ramp: Stored) -> None:
    dataset = make(ramp, frames=2, syntax=RLE_LOSSLESS, encoded=list(map(packing.rle, ramp)), kind=dicompix.Dataset)
    assert "sevens" in get_decoder(RLE_LOSSLESS).available_plugins
    assert np.array_equal(pixel_array(dataset), ramp)
    assert not plugin
    array = pixel_array(dataset, decoding_plugin="sevens", my_option=5)
    assert (array == 7).all()
    assert plugin[0]["my_option"] == 5
    dataset.pixel_array_options(decoding_plugin="sevens")
    assert (dataset.pixel_array == 7).all()
    with pytest.raises(BadValueError, match="'Decoder' already has a plugin named 'sevens'"):
        get_decoder(RLE_LOSSLESS).add_plugin("sevens", ("sevens", "decode"))


def test_unknown_plugins_are_refused_with_the_known_ones(two: Dataset, ramp: Stored) -> None:
    decoder = decoder_of(two)
    if decoder.is_native:  # native pixel data needs none, as in pydicom
        assert np.array_equal(decoder.as_array(two, decoding_plugin="foo")[0], ramp)
        return
    message = "No plugin named 'foo' has been added to 'RLELosslessDecoder', available plugins are: .*pydicom"
    for method in (decoder.as_array, decoder.as_buffer):
        with pytest.raises(BadValueError, match=message):
            method(two, decoding_plugin="foo")
    with pytest.raises(BadValueError, match=message):
        next(decoder.iter_array(two, decoding_plugin="foo"))


def test_views_are_logged_once_a_call(make: Make, ramp: Stored, caplog: pytest.LogCaptureFixture) -> None:
    decoder, dataset = get_decoder(EXPLICIT_LITTLE), make(ramp, frames=2, BitsStored=12, HighBit=11)
    with caplog.at_level(logging.WARNING, "pydicom"):
        list(decoder.iter_array(dataset, view_only=True))
    assert len(caplog.records) == 1
    mutable = bytearray(dataset.PixelData)
    array, _ = decoder.as_array(mutable, view_only=True, **described(dataset), correct_unused_bits=False)
    array[0, 0, 0] = 77
    assert mutable[0] == 77
    frozen = bytes(mutable)
    decoder.as_array(mutable, view_only=True, **described(dataset))  # correcting must not change what was given
    assert mutable == frozen
