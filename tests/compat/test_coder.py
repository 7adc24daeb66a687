"""Coders: which plugins there are under pydicom's labels, how one is chosen, and plugins written for pydicom."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pydicom.pixels.common
import pydicom.pixels.decoders
import pydicom.pixels.encoders
import pytest
from pydicom.pixels.decoders import base as their_decoders
from pydicom.pixels.encoders import base as their_encoders

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest
from dicompix.pixels.compat import plugins
from dicompix.pixels.compat.coder import Coder, coder_for, coder_named, coder_names
from dicompix.pixels.compat.encoder import Encoder, get_encoder
from dicompix.pixels.compat.labels import keyword_of, label_of, name_of
from dicompix.pixels.compat.registry import CoderRegistry
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import BadValueError, CodecError, MissingCodecError, PixelError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.registry import Registry, registry

Function = Callable[[bytes, Any], Any]


class Decoder(Coder):
    """Decoding, as the public class has it, without the reading of sources."""

    _common = staticmethod(lambda: registry)
    _adapt = staticmethod(plugins.decoding)


@pytest.fixture
def module() -> Iterator[Callable[..., str]]:
    """Make modules written for pydicom: functions by name, and whether they say that they are available."""
    made: list[str] = []

    def make(*, available: bool = True, needs: tuple[str, ...] = (), **functions: Function) -> str:
        name = f"a_pydicom_plugin_{len(made)}"
        new: Any = ModuleType(name)
        new.is_available = lambda uid: available
        new.DECODER_DEPENDENCIES = new.ENCODER_DEPENDENCIES = {s.RLE_LOSSLESS: needs}
        vars(new).update(functions)
        sys.modules[name] = new
        made.append(name)
        return name

    yield make
    for name in made:
        del sys.modules[name]


def empty(uid: str = s.RLE_LOSSLESS) -> Decoder:
    return Decoder(uid)


def full(uid: str = s.RLE_LOSSLESS) -> Decoder:
    """Return a decoder of its own with all that the registry has."""
    decoder = Decoder(uid)
    decoder._codecs = registry
    return decoder


# What it says of itself


def test_a_new_coder_has_no_plugins() -> None:
    decoder = empty()
    assert decoder.UID == s.RLE_LOSSLESS
    assert decoder.UID.name == "RLE Lossless"
    assert (decoder.available_plugins, decoder.missing_dependencies, decoder.is_available) == ((), [], False)
    assert (decoder.is_encapsulated, decoder.is_native) == (True, False)


def test_native_decoding_needs_no_plugin() -> None:
    for decoder in (empty(s.EXPLICIT_LITTLE), full(s.EXPLICIT_LITTLE)):
        assert (decoder.is_encapsulated, decoder.is_native, decoder.is_available) == (False, True, True)
        assert decoder.available_plugins == ()
        assert decoder.plugin_choice()[0] is None
        assert decoder.plugin_choice("whatever")[0] is None


def test_syntaxes_that_pydicom_does_not_know_are_told_apart() -> None:
    assert full(s.JPEG_XL).is_encapsulated
    assert full(s.GE_PRIVATE_BIG).is_native
    assert full(s.ENCAPSULATED_UNCOMPRESSED).is_encapsulated


THEIRS = {  # pydicom 3.0's plugins; it has all that it knows as optional dependencies
    s.JPEG_BASELINE: {"gdcm", "pillow", "pylibjpeg"},
    s.JPEG_EXTENDED: {"gdcm", "pillow", "pylibjpeg"},
    s.JPEG_LOSSLESS: {"gdcm", "pylibjpeg"},
    s.JPEG_LOSSLESS_SV1: {"gdcm", "pylibjpeg"},
    s.JPEG_LS: {"gdcm", "pyjpegls", "pylibjpeg"},
    s.JPEG_LS_NEAR: {"gdcm", "pyjpegls", "pylibjpeg"},
    s.JPEG_2000_LOSSLESS: {"gdcm", "pillow", "pylibjpeg"},
    s.JPEG_2000: {"gdcm", "pillow", "pylibjpeg"},
    s.HTJ2K_LOSSLESS: {"pylibjpeg"},
    s.HTJ2K_LOSSLESS_RPCL: {"pylibjpeg"},
    s.HTJ2K: {"pylibjpeg"},
    s.RLE_LOSSLESS: {"pydicom", "pylibjpeg"},
}


def labels(coder: Coder) -> set[str]:
    return set(coder.available_plugins) | {line.split(" - ")[0] for line in coder.missing_dependencies}


@pytest.mark.parametrize("uid", THEIRS, ids=name_of)
def test_every_label_of_pydicoms_is_there(uid: str) -> None:
    assert labels(full(uid)) >= THEIRS[uid]
    assert "imagecodecs" in full(uid).available_plugins
    assert list(full(uid).available_plugins) == sorted(full(uid).available_plugins)


THEIR_ENCODERS = {
    s.RLE_LOSSLESS: {"gdcm", "pydicom", "pylibjpeg"},
    s.JPEG_LS: {"pyjpegls"},
    s.JPEG_LS_NEAR: {"pyjpegls"},
    s.JPEG_2000_LOSSLESS: {"pylibjpeg"},
    s.JPEG_2000: {"pylibjpeg"},
}


@pytest.mark.parametrize("uid", THEIR_ENCODERS, ids=name_of)
def test_every_label_of_pydicoms_encoders_is_there(uid: str) -> None:
    assert labels(get_encoder(uid)) >= THEIR_ENCODERS[uid]


@pytest.mark.parametrize(
    ("name", "uid", "label"),
    [
        ("pylibjpeg-libjpeg", s.JPEG_BASELINE, "pylibjpeg"),
        ("pylibjpeg-openjpeg", s.JPEG_2000, "pylibjpeg"),
        ("pylibjpeg-rle", s.RLE_LOSSLESS, "pylibjpeg"),
        ("dicompix", s.RLE_LOSSLESS, "pydicom"),
        ("dicompix", s.DEFLATED_IMAGE_FRAME, "pydicom"),
        ("dicompix", s.ENCAPSULATED_UNCOMPRESSED, "dicompix"),
        ("imagecodecs", s.JPEG_XL, "imagecodecs"),
    ],
)
def test_labels(name: str, uid: str, label: str) -> None:
    assert label_of(CodecEntry(name, "a:b"), uid) == label


def test_names_and_keywords_of_all_syntaxes() -> None:
    assert name_of(s.HTJ2K_LOSSLESS_RPCL).startswith("High-Throughput JPEG 2000 with RPCL")
    assert name_of(s.JPEG_XL_LOSSLESS) == "JPEG XL Lossless"
    assert name_of("1.2.3") == "1.2.3"
    assert keyword_of(s.HTJ2K_LOSSLESS_RPCL) == "HTJ2KLosslessRPCL"
    assert keyword_of(s.JPEG_XL_RECOMPRESSION) == "JPEGXLJPEGRecompression"
    assert keyword_of("1.2.3") == ""


@pytest.mark.parametrize(
    ("needs", "line"),
    [
        ((), "foo - plugin indicating it is unavailable"),
        (("no-such-lib>=1",), "foo - requires no-such-lib>=1"),
        (("numpy", "no-such-lib>=1"), "foo - requires numpy and no-such-lib>=1"),
        (("numpy", "no-such-lib", "b"), "foo - requires numpy, no-such-lib and b"),
    ],
)
def test_missing_dependencies_in_words(module: Callable[..., str], needs: tuple[str, ...], line: str) -> None:
    decoder = empty()
    decoder.add_plugin("foo", (module(available=False, needs=needs, decode=None), "decode"))
    assert decoder.missing_dependencies == [line]
    assert decoder.available_plugins == ()
    assert not decoder.is_available


def test_codecs_of_ours_say_what_they_miss() -> None:
    decoder = empty()
    missing = CodecEntry("pylibjpeg-rle", "no.such:thing", ("pylibjpeg>=2.0", "no-such-rle>=9"))
    decoder._codecs.add(s.RLE_LOSSLESS, missing)
    assert decoder.missing_dependencies == ["pylibjpeg - requires pylibjpeg>=2.0 and no-such-rle>=9"]


# Choosing


def test_no_label_is_our_order() -> None:
    choice, codecs = full().plugin_choice()
    assert choice is None
    assert codecs is registry


@pytest.mark.parametrize(
    ("label", "uid", "names"),
    [
        ("pydicom", s.RLE_LOSSLESS, ("dicompix",)),
        ("dicompix", s.RLE_LOSSLESS, ("dicompix",)),
        ("pylibjpeg", s.RLE_LOSSLESS, ("pylibjpeg-rle",)),
        ("pylibjpeg", s.JPEG_2000, ("pylibjpeg-openjpeg",)),
        ("pylibjpeg-openjpeg", s.JPEG_2000, ("pylibjpeg-openjpeg",)),
        ("imagecodecs", s.JPEG_LS, ("imagecodecs",)),
        ("pillow", s.JPEG_BASELINE, ("pillow",)),
    ],
)
def test_a_label_is_one_of_our_codecs(label: str, uid: str, names: tuple[str, ...]) -> None:
    assert full(uid).plugin_choice(label)[0] == names


def test_of_several_codecs_behind_a_label_those_that_are_installed() -> None:
    decoder = empty(s.JPEG_LS)
    decoder._codecs.add(s.JPEG_LS, CodecEntry("pylibjpeg-libjpeg", "no.such:thing", ("no-such-library>=1",)))
    decoder._codecs.add(s.JPEG_LS, CodecEntry("pylibjpeg-openjpeg", "no.such:thing"))
    assert decoder.available_plugins == ("pylibjpeg",)
    assert decoder.plugin_choice("pylibjpeg")[0] == ("pylibjpeg-openjpeg",)


def test_an_unknown_label_is_told_which_there_are() -> None:
    text = (
        r"No plugin named 'foo' has been added to 'RLELosslessDecoder', available plugins are: .*imagecodecs, pydicom"
    )
    with pytest.raises(ValueError, match=text) as caught:
        full().plugin_choice("foo")
    assert isinstance(caught.value, PixelError)
    with pytest.raises(ValueError, match=r"has been added to 'RLELosslessDecoder'$"):
        empty().plugin_choice("foo")


def test_a_label_without_its_library(module: Callable[..., str]) -> None:
    decoder = full()
    decoder.add_plugin("foo", (module(available=False, needs=("numpy", "no-such-lib"), decode=None), "decode"))
    text = (
        "Unable to decompress 'RLE Lossless' pixel data because the specified plugin is missing dependencies:"
        "\n\tfoo - requires numpy and no-such-lib"
    )
    with pytest.raises(RuntimeError, match=text) as caught:
        decoder.plugin_choice("foo")
    assert isinstance(caught.value, MissingCodecError)


def test_nothing_installed_at_all(module: Callable[..., str]) -> None:
    path = (module(available=False, needs=("a", "b"), code=None), "code")
    for coder, words in (
        (empty(), "Unable to decompress 'RLE Lossless' pixel data because all plugins are missing dependencies"),
        (
            Encoder(s.RLE_LOSSLESS),
            "Unable to compress the pixel data using 'RLE Lossless' because all plugins are miss",
        ),
    ):
        coder.add_plugin("foo", path)
        with pytest.raises(RuntimeError, match=words + r"(?s:.*)\n\tfoo - requires a and b"):
            coder.plugin_choice()


# Adding and removing


def zeros(src: bytes, runner: Any) -> bytes:
    return bytes(runner.frame_length())


def test_a_plugin_is_added_and_removed(module: Callable[..., str]) -> None:
    decoder = full()
    before = decoder.available_plugins
    decoder.add_plugin("foo", (module(decode=zeros), "decode"))
    assert set(decoder.available_plugins) == {*before, "foo"}
    choice, codecs = decoder.plugin_choice("foo")
    fmt = PixelFormat(rows=2, columns=3, transfer_syntax=s.RLE_LOSSLESS)
    assert decode_frame(_RLE, fmt, codec=choice, codecs=codecs).array.tolist() == [[0, 0, 0], [0, 0, 0]]
    decoder.remove_plugin("foo")
    assert decoder.available_plugins == before


def test_other_coders_do_not_see_it(module: Callable[..., str]) -> None:
    changed = full()
    changed.add_plugin("foo", (module(decode=zeros), "decode"))
    changed.remove_plugin("imagecodecs")
    assert "imagecodecs" in full().available_plugins
    assert "foo" not in full().available_plugins
    assert next(entry.name for entry in registry.entries(s.RLE_LOSSLESS)) == "imagecodecs"
    assert changed.plugin_choice()[1].entries(s.JPEG_LS) == registry.entries(s.JPEG_LS)


def test_several_are_added_at_once(module: Callable[..., str]) -> None:
    name = module(one=zeros, two=zeros)
    decoder = empty()
    decoder.add_plugins([("a", (name, "one")), ("b", (name, "two"))])
    assert decoder.available_plugins == ("a", "b")
    assert decoder.plugin_choice()[0] is None
    assert [entry.name for entry in decoder.plugin_choice()[1].entries(s.RLE_LOSSLESS)] == ["a", "b"]


def test_what_add_plugin_refuses(module: Callable[..., str]) -> None:
    decoder, name = full(), module(decode=zeros)
    decoder.add_plugin("foo", (name, "decode"))
    for label in ("foo", "pylibjpeg", "pydicom"):
        with pytest.raises(ValueError, match=f"'Decoder' already has a plugin named '{label}'"):
            decoder.add_plugin(label, (name, "decode"))
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module'"):
        decoder.add_plugin("bar", ("no_such_module", "decode"))
    with pytest.raises(AttributeError, match="has no attribute 'no_such_function'"):
        decoder.add_plugin("bar", (name, "no_such_function"))
    assert "bar" not in decoder.available_plugins
    with pytest.raises(ValueError, match="The 'bar' plugin doesn't support 'JPEG-LS Lossless Image Compression'"):
        full(s.JPEG_LS).add_plugin("bar", (module(available=False, decode=zeros), "decode"))


def test_what_remove_plugin_refuses() -> None:
    with pytest.raises(ValueError, match="Unable to remove 'foo', no such plugin"):
        full().remove_plugin("foo")


def test_removing_a_label_removes_all_that_is_behind_it() -> None:
    decoder = full(s.JPEG_2000)
    decoder.remove_plugin("pylibjpeg")
    assert "pylibjpeg" not in labels(decoder)
    assert "imagecodecs" in decoder.available_plugins


# Plugins at work

_RLE = np.array([1, 64], "<u4").tobytes() + bytes(56) + bytes([0xFB, 7])  # one segment: six times 7 (PS3.5 G)
GRAY = PixelFormat(rows=2, columns=3, transfer_syntax=s.RLE_LOSSLESS)
COLOR = PixelFormat(rows=1, columns=2, samples=3, photometric=Photometric.RGB, transfer_syntax=s.RLE_LOSSLESS)


def decoded(function: Function, fmt: PixelFormat, **options: Any) -> Any:
    return plugins.decoding(function, options)(b"coded", fmt, DecodeRequest())


def test_what_a_plugin_is_told() -> None:
    seen: dict[str, Any] = {}

    def look(src: bytes, runner: Any) -> bytes:
        names = (
            *("rows", "columns", "samples_per_pixel", "bits_allocated", "bits_stored", "photometric_interpretation"),
            *("planar_configuration", "pixel_representation", "number_of_frames", "transfer_syntax", "pixel_keyword"),
            *("index", "extended_offsets", "is_array", "is_binary", "is_buffer", "is_dataset", "pixel_dtype"),
        )
        seen.update({name: getattr(runner, name) for name in names})
        seen["src"], seen["option"] = src, runner.get_option("mine", 1)
        seen["lengths"] = runner.frame_length(), runner.frame_length("pixels")
        seen["absent"], seen["frame"] = runner.get_option("absent", 5), runner.get_frame_option(0, "rows")
        return bytes(12)

    fmt = PixelFormat(rows=2, columns=3, bits_allocated=16, bits_stored=12, signed=True, transfer_syntax=s.RLE_LOSSLESS)
    decoded(look, fmt, mine=9, rows=77)
    assert seen["src"] == b"coded"
    assert (seen["rows"], seen["columns"], seen["samples_per_pixel"]) == (2, 3, 1)  # the frame's, whatever was given
    assert (seen["bits_allocated"], seen["bits_stored"], seen["pixel_representation"]) == (16, 12, 1)
    assert seen["photometric_interpretation"] is pydicom.pixels.common.PhotometricInterpretation.MONOCHROME2
    assert (seen["number_of_frames"], seen["index"], seen["extended_offsets"]) == (1, 0, None)
    assert seen["transfer_syntax"].is_compressed
    assert seen["pixel_keyword"] == "PixelData"
    assert (seen["is_array"], seen["is_binary"], seen["is_buffer"], seen["is_dataset"]) == (False, False, True, False)
    assert seen["pixel_dtype"] == np.int16
    assert (seen["option"], seen["absent"], seen["frame"]) == (9, 5, 2)
    assert seen["lengths"] == (12, 6)


@pytest.mark.parametrize("kind", [bytes, bytearray, np.array, lambda data: np.array(data, "u1").reshape(2, 3)])
def test_what_a_plugin_may_return(kind: Callable[[Any], Any]) -> None:
    frame = decoded(lambda src, runner: kind([1, 2, 3, 4, 5, 6]), GRAY)
    assert frame.array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert frame.array.dtype == np.uint8
    assert frame.photometric == Photometric.MONOCHROME2


def test_a_plugin_says_that_it_returns_planes() -> None:
    def planes(src: bytes, runner: Any) -> bytes:
        runner.set_option("planar_configuration", 1)
        return bytes([1, 2, 3, 4, 5, 6])

    assert decoded(planes, COLOR).array.tolist() == [[[1, 3, 5], [2, 4, 6]]]
    assert decoded(lambda src, runner: bytes([1, 2, 3, 4, 5, 6]), COLOR).array.tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_a_plugin_says_that_it_returns_other_containers() -> None:
    def wide(src: bytes, runner: Any) -> bytes:
        runner.set_options(bits_allocated=16)
        return np.arange(6, dtype="<u2").tobytes()

    assert decoded(wide, GRAY).array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert decoded(wide, GRAY).array.dtype == np.uint8


@pytest.mark.parametrize("said", ["RGB", Photometric.RGB, pydicom.pixels.common.PhotometricInterpretation.RGB])
def test_a_plugin_says_what_colour_came_out(said: str) -> None:
    def convert(src: bytes, runner: Any) -> bytes:
        runner.set_frame_option(0, "photometric_interpretation", said)
        return bytes([10, 20, 30, 40, 50, 60])

    ybr = PixelFormat(rows=1, columns=2, samples=3, photometric=Photometric.YBR_FULL, transfer_syntax=s.RLE_LOSSLESS)
    assert decoded(convert, ybr).photometric == Photometric.RGB
    registry_of_one = CoderRegistry(None, plugins.decoding, registry._task)
    registry_of_one.add_function(s.RLE_LOSSLESS, CodecEntry("foo", "foo"), convert)
    assert decode_frame(_RLE, ybr, codecs=registry_of_one).array.tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_a_silent_plugin_leaves_colour_to_us() -> None:
    ybr = PixelFormat(rows=1, columns=2, samples=3, photometric=Photometric.YBR_FULL, transfer_syntax=s.RLE_LOSSLESS)
    assert decoded(lambda src, runner: bytes(6), ybr).photometric == Photometric.YBR_FULL


def test_a_plugins_failure_is_a_codec_error_with_its_words() -> None:
    def fail(src: bytes, runner: Any) -> bytes:
        raise OSError("a bad stream")

    with pytest.raises(CodecError, match=r"^a bad stream$"):
        decoded(fail, GRAY)
    with pytest.raises(CodecError, match="returned 5 samples, needed 6"):
        decoded(lambda src, runner: bytes(5), GRAY)


def test_a_plugin_that_names_no_colour() -> None:
    def nonsense(src: bytes, runner: Any) -> bytes:
        runner.set_option("photometric_interpretation", "MAUVE")
        return bytes(6)

    with pytest.raises(CodecError, match="'MAUVE', no defined term"):
        decoded(nonsense, COLOR)


def test_a_pad_byte_does_not_count() -> None:
    fmt = PixelFormat(rows=1, columns=3, transfer_syntax=s.RLE_LOSSLESS)
    assert decoded(lambda src, runner: b"\1\2\3\0", fmt).array.tolist() == [[1, 2, 3]]


def test_one_bit_may_come_packed() -> None:
    fmt = PixelFormat(rows=1, columns=5, bits_allocated=1, bits_stored=1, transfer_syntax=s.JPEG_2000_LOSSLESS)
    assert decoded(lambda src, runner: b"\x15", fmt).array.tolist() == [[1, 0, 1, 0, 1]]
    assert decoded(lambda src, runner: b"\1\0\1\0\1", fmt).array.tolist() == [[1, 0, 1, 0, 1]]


def test_a_runners_description_cannot_be_deleted() -> None:
    def tidy(src: bytes, runner: Any) -> bytes:
        runner.del_option("mine")
        runner.del_option("mine")
        assert runner.get_option("mine") is None
        with pytest.raises(ValueError, match="Deleting 'transfer_syntax_uid' is not allowed"):
            runner.del_option("transfer_syntax_uid")
        return bytes(6)

    assert decoded(tidy, GRAY, mine=3).array.shape == (2, 3)


@pytest.mark.parametrize(("uid", "option"), [(s.JPEG_2000, "j2k_precision"), (s.JPEG_LS, "jls_precision")])
def test_what_the_codestream_says_is_told(uid: str, option: str) -> None:
    fmt = PixelFormat(rows=1, columns=2, bits_allocated=16, bits_stored=12, transfer_syntax=uid)
    assert decoded(lambda src, runner: bytes([runner.get_option(option), 0, 0, 0]), fmt).array.tolist() == [[12, 0]]


REAL = [  # pydicom's own plugins, given to our coder
    ("pydicom.pixels.decoders.rle", s.RLE_LOSSLESS, "SC_rgb_rle_16bit.dcm"),
    ("pydicom.pixels.decoders.rle", s.RLE_LOSSLESS, "MR_small_RLE.dcm"),
    ("pydicom.pixels.decoders.pylibjpeg", s.JPEG_2000_LOSSLESS, "MR_small_jp2klossless.dcm"),
    ("pydicom.pixels.decoders.pillow", s.JPEG_BASELINE, "SC_rgb_jpeg_dcmtk.dcm"),
]


@pytest.mark.parametrize(("path", "uid", "name"), REAL)
def test_pydicoms_own_plugins_give_what_ours_give(path: str, uid: str, name: str) -> None:
    import dicompix
    from dicompix.pixels.read import content_of

    file = pydicom.data.get_testdata_file(name, download=False)
    content = content_of(dicompix.dcmread(file))
    decoder = empty(uid)
    decoder.add_plugin("theirs", (path, "_decode_frame"))
    choice, codecs = decoder.plugin_choice("theirs")
    theirs = decode_frame(content.index[0], content.fmt, codec=choice, codecs=codecs)
    ours = decode_frame(content.index[0], content.fmt)
    assert np.abs(theirs.array.astype(int) - ours.array).max() <= (1 if uid == s.JPEG_BASELINE else 0)
    assert theirs.photometric == ours.photometric


def test_options_reach_the_plugin(module: Callable[..., str]) -> None:
    seen: list[Any] = []

    def look(src: bytes, runner: Any) -> bytes:
        seen.append((runner.get_option("mine"), runner.options["mine"]))
        return bytes(6)

    decoder = empty()
    decoder.add_plugin("foo", (module(decode=look), "decode"))
    for choice, codecs in [decoder.plugin_choice("foo", {"mine": value}) for value in (1, 2)]:
        decode_frame(_RLE, GRAY, codec=choice, codecs=codecs)
    assert seen == [(1, 1), (2, 2)]


# The coders there are


def test_one_coder_for_each_syntax() -> None:
    assert coder_for(Decoder, s.RLE_LOSSLESS) is coder_for(Decoder, pydicom.uid.RLELossless)
    assert coder_for(Decoder, s.RLE_LOSSLESS) is not coder_for(Decoder, s.JPEG_LS)
    with pytest.raises(NotImplementedError, match=r"No pixel data decoders have been implemented for '1\.2\.3'"):
        coder_for(Decoder, "1.2.3")
    with pytest.raises(UnsupportedError, match="for 'MPEG2 Main Profile / Main Level'"):
        coder_for(Decoder, "1.2.840.10008.1.2.4.100")


def test_pydicoms_coders_are_among_ours_by_name() -> None:
    decoders = {f"{uid.keyword}Decoder": uid for uid in their_decoders._PIXEL_DATA_DECODERS}
    encoders = {f"{uid.keyword}Encoder": uid for uid in their_encoders._PIXEL_DATA_ENCODERS}
    assert coder_names(Decoder).items() >= decoders.items()
    assert coder_names(Encoder).items() >= encoders.items()
    assert all(hasattr(pydicom.pixels.decoders, name) for name in decoders)
    assert {"JPEGXLLosslessEncoder", "DeflatedImageFrameCompressionEncoder"} <= set(coder_names(Encoder))
    assert "ExplicitVRLittleEndianEncoder" not in coder_names(Encoder)
    assert coder_named(Decoder, "JPEG2000Decoder") is coder_for(Decoder, s.JPEG_2000)
    with pytest.raises(AttributeError, match="NoSuchDecoder"):
        coder_named(Decoder, "NoSuchDecoder")


def test_a_base_coder_codes_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Coder._common()
    assert isinstance(Coder(s.RLE_LOSSLESS)._codecs, Registry)
    with pytest.raises(BadValueError):
        Coder(s.RLE_LOSSLESS).plugin_choice("foo")


def test_a_coder_follows_the_common_registry_whatever_was_added_and_removed() -> None:
    """Codecs that are added for all later on count for a coder that has plugins of its own, or had."""
    common = Registry()

    class Own(Coder):
        _common = staticmethod(lambda: common)
        _adapt = staticmethod(plugins.decoding)

    coder = Own(s.RLE_LOSSLESS)
    coder._codecs = common
    coder._own().add_function(s.RLE_LOSSLESS, CodecEntry("foo", "foo:bar"), lambda _, runner: bytes(runner.rows))
    common.add(s.RLE_LOSSLESS, CodecEntry("later", "dicompix.pixels.codecs.rle:decode"))
    assert {"foo", "later"} <= set(coder.available_plugins)
    coder.remove_plugin("later")
    assert "later" not in coder.available_plugins
    assert any(entry.name == "later" for entry in common.entries(s.RLE_LOSSLESS))
    coder.remove_plugin("foo")
    assert "foo" not in coder.available_plugins
    assert coder._codecs is not common


def test_a_coder_without_changes_of_its_own_has_the_common_registry_again() -> None:
    common = Registry()

    class Own(Coder):
        _common = staticmethod(lambda: common)
        _adapt = staticmethod(plugins.decoding)

    coder = Own(s.RLE_LOSSLESS)
    coder._codecs = common
    coder._own().add_function(s.RLE_LOSSLESS, CodecEntry("foo", "foo:bar"), lambda _, runner: bytes(runner.rows))
    coder.remove_plugin("foo")
    assert coder._codecs is common
