"""encode_frame and encode_all: what they refuse and why, what they check, fallback, order, threads, recompression."""

import threading
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry, encode_rle
from dicompix.pixels.codecs.base import DecodeRequest, Encoded, Encoder, EncodeRequest, Stored
from dicompix.pixels.codecs.encoders import ENCODERS
from dicompix.pixels.codecs.tasks import ENCODING
from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.encode import can_encode, encode_all, encode_frame, encode_native, recompress, verify_frame
from dicompix.pixels.errors import BadValueError, CodecError, MissingCodecError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.registry import Registry, registry
from dicompix.pixels.testing import EncoderCase, check_encoder, make_format
from support import packing
from support.arrays import color, gray, smooth, smooth_color

PALETTE, RGB, YBR, YBR_422 = (
    Photometric.PALETTE_COLOR,
    Photometric.RGB,
    Photometric.YBR_FULL,
    Photometric.YBR_FULL_422,
)


def fmt_for(frame: Stored, uid: str, bits: int = 0, photometric: Photometric | None = None) -> PixelFormat:
    signed = frame.dtype.kind == "i"
    bits = bits or frame.dtype.itemsize * 8
    return make_format(frame.shape, bits, signed=signed, photometric=photometric, transfer_syntax=uid)


# What is refused


@pytest.mark.parametrize(
    ("uid", "frame", "bits", "photometric", "needed"),
    [
        (s.JPEG_BASELINE, gray(12), 12, None, "Bits Stored 8 in 8, unsigned"),
        (s.JPEG_BASELINE, gray(8, signed=True), 8, None, "signed"),
        (s.JPEG_BASELINE, gray(8), 8, PALETTE, "PALETTE COLOR"),
        (s.JPEG_EXTENDED, gray(12, signed=True), 12, None, "unsigned"),
        (s.JPEG_EXTENDED, gray(10), 10, None, "Bits Stored 12 in 16"),
        (s.JPEG_EXTENDED, color(8), 8, None, "MONOCHROME1 or MONOCHROME2"),
        (s.JPEG_LS_NEAR, gray(8), 8, PALETTE, "PALETTE COLOR"),
        (s.JPEG_LS, gray(32), 32, None, "Bits Stored 2 to 16"),
        (s.JPEG_2000, gray(8), 8, PALETTE, "PALETTE COLOR"),
        (s.HTJ2K, gray(8), 8, PALETTE, "PALETTE COLOR"),
        (s.JPEG_XL, gray(8), 8, PALETTE, "PALETTE COLOR"),
        (s.JPEG_XL, gray(12, signed=True), 12, None, "unsigned"),
        (s.JPEG_XL_LOSSLESS, color(8), 8, YBR, "RGB"),
        (s.JPEG_2000_LOSSLESS, color(8, samples=4), 8, None, "RGB or YBR_FULL"),
        (s.RLE_LOSSLESS, color(64), 64, None, "15 or fewer"),
    ],
)
def test_what_the_standard_forbids_is_refused_with_what_is_needed(
    uid: str, frame: Stored, bits: int, photometric: Photometric | None, needed: str
) -> None:
    fmt = fmt_for(frame, uid, bits, photometric)
    assert not can_encode(fmt)
    with pytest.raises(BadValueError, match=needed):
        encode_frame(frame, fmt)


def test_floats_are_for_native_syntaxes() -> None:
    frame = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    frame[0, 0] = np.nan
    fmt = PixelFormat(rows=2, columns=3, bits_allocated=32, bits_stored=32, floating=True)
    assert encode_frame(frame, fmt, verify=True).data == frame.astype("<f4").tobytes()
    with pytest.raises(BadValueError, match="Float Pixel Data"):
        encode_frame(frame, replace(fmt, transfer_syntax=s.RLE_LOSSLESS))


@pytest.mark.parametrize(
    ("uid", "want", "said"),
    [
        (s.JPEG_LS, EncodeRequest(near=1), "takes no parameter, but near is given"),
        (s.EXPLICIT_LITTLE, EncodeRequest(quality=90), "takes no parameter"),
        (s.JPEG_BASELINE, EncodeRequest(ratio=10), "takes quality"),
        (s.JPEG_BASELINE, EncodeRequest(subsampling="444"), "takes quality, but subsampling"),
        (s.JPEG_2000, EncodeRequest(quality=90), "takes ratio or psnr"),
        (s.JPEG_2000, EncodeRequest(ratio=10, psnr=40), "ratio and psnr are given, needed one"),
        (s.JPEG_XL, EncodeRequest(quality=10, distance=1), "needed one of them"),
        (s.JPEG_BASELINE, EncodeRequest(quality=0), "needed 1 to 100"),
        (s.JPEG_LS_NEAR, EncodeRequest(near=-1), "needed an integer"),
        (s.JPEG_LS_NEAR, EncodeRequest(near=128), "at most half of 255"),
        (s.JPEG_2000, EncodeRequest(ratio=0.5), "needed 1 or more"),
        (s.JPEG_2000, EncodeRequest(ratio=()), "needed 1 or more"),
        (s.JPEG_XL, EncodeRequest(distance=26), "needed 0.01 to 25"),
    ],
)
def test_a_parameter_without_use_or_sense_is_refused(uid: str, want: EncodeRequest, said: str) -> None:
    with pytest.raises(BadValueError, match=said):
        encode_frame(gray(8), fmt_for(gray(8), uid), want=want)


@pytest.mark.parametrize("value", [-2049, 4096])
def test_values_outside_bits_stored_are_refused_by_value_and_frame(value: int) -> None:
    frames = np.zeros((3, 4, 5), np.int16)
    fmt = replace(fmt_for(frames[0], s.RLE_LOSSLESS, 12), signed=value < 0)
    frames = frames.astype(fmt.dtype)
    frames[2, 1, 1] = value
    wrong = f"frame 2: the frame has the value {frames[2, 1, 1]}, needed"
    with pytest.raises(BadValueError, match=wrong):
        encode_all(frames, fmt)


@pytest.mark.parametrize("value", [2047, 2045, -2048, -2046])
def test_near_lossless_never_turns_a_sign(value: int) -> None:
    frame = np.zeros((4, 5), np.int16)
    frame[1, 1] = value
    fmt = fmt_for(frame, s.JPEG_LS_NEAR, 12)
    with pytest.raises(BadValueError, match=f"value {value}, needed -2045 to 2044"):
        encode_frame(frame, fmt, want=EncodeRequest(near=3))
    encode_frame(frame.clip(-2045, 2044), fmt, want=EncodeRequest(near=3), verify=True)
    encode_frame(frame, fmt, want=EncodeRequest(near=0), verify=True)


def test_arrays_of_another_shape_or_type_are_refused() -> None:
    fmt = fmt_for(gray(8), s.RLE_LOSSLESS)
    for wrong in (gray(8)[1:], gray(16), gray(8).astype(np.float64), color(8)):
        with pytest.raises(BadValueError, match="needed uint8 of shape"):
            encode_frame(wrong, fmt)


@pytest.mark.parametrize(
    ("uid", "why"),
    [
        (s.JPEG_XL_RECOMPRESSION, "recompress"),
        (s.JPEG_PROGRESSIVE, "retired"),
        (s.JPEG_2000_MC, "part 2"),
        ("1.2.840.10008.1.2.4.102", "video"),
        ("1.2.3.4", "dicompix.encoders"),
    ],
)
def test_a_syntax_without_an_encoder_says_why(uid: str, why: str) -> None:
    fmt = fmt_for(gray(8), uid)
    assert not can_encode(fmt)
    with pytest.raises(UnsupportedError, match=why):
        encode_frame(gray(8), fmt)


# What is normalised


@pytest.mark.parametrize("uid", [s.EXPLICIT_LITTLE, s.EXPLICIT_BIG, s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS])
def test_order_of_bytes_and_strides_do_not_matter(uid: str) -> None:
    frame = color(16)
    fmt = fmt_for(frame, uid)
    plain = encode_frame(frame, fmt)
    backwards = np.ascontiguousarray(frame[::-1, ::-1, ::-1])[::-1, ::-1, ::-1]
    for other in (frame.astype(">u2"), np.asfortranarray(frame), backwards):
        given = other.copy()
        given.flags.writeable = False
        assert encode_frame(given, fmt) == plain
        assert np.array_equal(given, frame)


def test_one_sample_may_have_an_axis() -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.RLE_LOSSLESS)
    assert encode_frame(frame[:, :, np.newaxis], fmt) == encode_frame(frame, fmt)


@pytest.mark.parametrize(
    ("uid", "given", "written"),
    [
        (s.JPEG_2000_LOSSLESS, RGB, "YBR_RCT"),
        (s.JPEG_2000_LOSSLESS, Photometric.YBR_RCT, "YBR_RCT"),
        (s.JPEG_2000_LOSSLESS, YBR, "YBR_FULL"),
        (s.JPEG_2000_LOSSLESS, YBR_422, "YBR_FULL"),
        (s.JPEG_2000, RGB, "YBR_ICT"),
        (s.JPEG_2000, Photometric.YBR_RCT, "YBR_ICT"),
        (s.HTJ2K_LOSSLESS, RGB, "YBR_RCT"),
        (s.HTJ2K, RGB, "YBR_ICT"),
        (s.JPEG_BASELINE, RGB, "YBR_FULL_422"),
        (s.JPEG_BASELINE, YBR, "YBR_FULL_422"),
        (s.JPEG_LOSSLESS_SV1, RGB, "RGB"),
        (s.JPEG_LOSSLESS_SV1, YBR, "YBR_FULL"),
        (s.JPEG_LS, RGB, "RGB"),
        (s.RLE_LOSSLESS, YBR_422, "YBR_FULL"),
        (s.JPEG_XL_LOSSLESS, RGB, "RGB"),
        (s.JPEG_XL, RGB, "XYB"),
        (s.EXPLICIT_LITTLE, RGB, "RGB"),
    ],
)
def test_the_label_is_that_of_the_coded_frame(uid: str, given: Photometric, written: str) -> None:
    frame = smooth_color(columns=24)
    encoded = encode_frame(frame, fmt_for(frame, uid, photometric=given), verify=True)
    assert encoded.photometric.value == written
    plain = encode_frame(frame, fmt_for(frame, uid, photometric=given), want=EncodeRequest(component_transform=False))
    expected = RGB if given in {RGB, Photometric.YBR_RCT} and written.startswith("YBR") else encoded.photometric
    assert plain.photometric == expected


def test_a_label_agrees_with_its_codestream_without_a_finding() -> None:
    for uid in ENCODERS:
        for frame in (smooth(8), smooth_color()):
            fmt = fmt_for(frame, uid)
            if can_encode(fmt):
                encoded = encode_frame(frame, fmt)
                label = replace(fmt, photometric=encoded.photometric, planar=encoded.planar)
                found = decode_frame(encoded.data, label)
                assert (found.findings, found.array.shape) == ((), frame.shape)


def test_jpeg_families_code_signed_bits_as_unsigned() -> None:
    frame = np.array([[-1, -2048, 2047, 0]], np.int16)
    for uid, decode in ((s.JPEG_LS, imagecodecs.jpegls_decode), (s.JPEG_LOSSLESS_SV1, imagecodecs.jpeg8_decode)):
        data = encode_frame(frame, fmt_for(frame, uid, 12), verify=True).data
        assert np.asarray(decode(data)).tolist() == [[4095, 2048, 2047, 0]]
    stream = peek(encode_frame(frame, fmt_for(frame, s.JPEG_2000_LOSSLESS, 12)).data, "jpeg-2000")
    assert stream is not None
    assert (stream.signed, stream.precision) == (True, 12)


@pytest.mark.parametrize("uid", [uid for uid in ENCODERS if not s.syntax_for(uid).lossy])
@pytest.mark.parametrize(("bits", "allocated"), [(8, 16), (12, 32), (2, 16), (16, 32)])
def test_containers_may_be_wider_than_needed(uid: str, bits: int, allocated: int) -> None:
    frame = gray(bits).astype(f"u{allocated // 8}")
    fmt = replace(fmt_for(frame, uid, bits), bits_allocated=allocated)
    if can_encode(fmt):
        assert encode_frame(frame, fmt, verify=True).data
    else:
        assert allocated == 32


# Codecs one after the other


def entry(name: str) -> CodecEntry:
    return CodecEntry(name, f"{__name__}:{name}")


def table(*names: str, uid: str = s.JPEG_LS) -> Registry:
    codecs = Registry({uid: tuple(entry(name) for name in names)}, task=ENCODING)
    for name in names:
        codecs._loaded[entry(name).target] = globals()[name]
    return codecs


def fails(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    raise CodecError("not today")


def breaks(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    raise ZeroDivisionError("a bug")


def exhausts(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    raise MemoryError


def works(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return Encoded(bytes(imagecodecs.jpegls_encode(array)), fmt.photometric)


def alters(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return works(array ^ 1, fmt, want)


def loses(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return Encoded(bytes(imagecodecs.jpegls_encode(array, 3)), fmt.photometric)


def doubles(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return Encoded(bytes(imagecodecs.jpegls_encode(np.repeat(array, 2, axis=0))), fmt.photometric)


def mistakes(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return Encoded(bytes(imagecodecs.jpeg8_encode(array)), fmt.photometric)


def forgets(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    return Encoded(b"", fmt.photometric)


@pytest.mark.parametrize("first", ["fails", "breaks", "loses", "doubles", "mistakes", "forgets"])
def test_the_next_codec_is_tried(first: str) -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.JPEG_LS)
    expected = encode_frame(frame, fmt, codecs=table("works"))
    assert encode_frame(frame, fmt, codecs=table(first, "works")) == expected
    with pytest.raises(CodecError, match=f"all available plugins:\n  {first}: "):
        encode_frame(frame, fmt, codecs=table(first))


def test_a_memory_error_is_no_reason_to_try_another() -> None:
    frame = gray(8)
    with pytest.raises(MemoryError):
        encode_frame(frame, fmt_for(frame, s.JPEG_LS), codecs=table("exhausts", "works"))


def test_verify_finds_other_samples_and_lets_the_next_codec_try() -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.JPEG_LS)
    assert encode_frame(frame, fmt, codecs=table("alters")).data
    with pytest.raises(CodecError, match="alters: what was written decodes to other samples"):
        encode_frame(frame, fmt, codecs=table("alters"), verify=True)
    right = encode_frame(frame, fmt, codecs=table("works"))
    assert encode_frame(frame, fmt, codecs=table("alters", "works"), verify=True) == right


def test_verify_holds_near_lossless_to_its_promise() -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.JPEG_LS_NEAR)
    encoded = encode_frame(frame, fmt, want=EncodeRequest(near=3), verify=True)
    verify_frame(encoded, frame, fmt, EncodeRequest(near=3))
    with pytest.raises(CodecError, match="differ by 3, needed at most 2"):
        verify_frame(encoded, frame, fmt, EncodeRequest(near=2))


def test_verify_of_a_lossy_frame_looks_at_shape_and_type() -> None:
    frame = smooth(12)
    fmt = fmt_for(frame, s.JPEG_EXTENDED, 12)
    encoded = encode_frame(frame, fmt, verify=True)
    with pytest.raises(CodecError, match="needed"):
        verify_frame(encoded, frame[1:], fmt)


def test_a_codec_is_chosen_by_name() -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.JPEG_LS)
    assert encode_frame(frame, fmt, codec="dicompix", verify=True).data
    with pytest.raises(BadValueError, match="No plugin named 'gdcm'"):
        encode_frame(frame, fmt, codec="gdcm")


def test_a_missing_encoder_says_how_to_get_it() -> None:
    absent = CodecEntry("absent", "a:b", ("no-such-codec>=1.0",))
    codecs = Registry({s.JPEG_LS: (absent,)}, task=ENCODING)
    with pytest.raises(MissingCodecError, match=r'cannot encode JPEG-LS.*pip install "no-such-codec>=1.0"'):
        encode_frame(gray(8), fmt_for(gray(8), s.JPEG_LS), codecs=codecs)
    codecs = table("fails")
    codecs.add(s.JPEG_LS, absent)
    with pytest.raises(CodecError, match="fails: not today\n  absent: no-such-codec is not installed"):
        encode_frame(gray(8), fmt_for(gray(8), s.JPEG_LS), codecs=codecs)


def test_the_registry_has_encoders_beside_decoders() -> None:
    assert registry.encoders(s.RLE_LOSSLESS) == ENCODERS[s.RLE_LOSSLESS]
    assert registry.encoding.encoding is registry.encoding
    first = registry.find_encoder(s.RLE_LOSSLESS, "dicompix")[0]
    assert first.name == "dicompix"
    assert registry.load_encoder(first) is encode_rle.encode
    assert "dicompix: available" in registry.encoding.explain(s.RLE_LOSSLESS)
    assert "no pixel data encoders" in registry.encoding.explain(s.JPEG_PROGRESSIVE)


def test_check_encoder_notices() -> None:
    frame = gray(8)
    case = EncoderCase(name="gray", fmt=fmt_for(frame, s.JPEG_LS), array=frame)
    check_encoder(works, [case])
    counter = iter(range(100))

    def writes_to_its_input(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
        array[0, 0] = 1
        return works(array, fmt, want)

    def never_the_same(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
        encoded = works(array, fmt, want)
        return replace(encoded, data=encoded.data + bytes(next(counter)))

    faults: dict[str, Encoder] = {
        "samples differ by 1": alters,
        "needed an Encoded with some bytes": forgets,
        "codestream-size": doubles,
        "the same": never_the_same,
    }
    for said, encoder in faults.items():
        with pytest.raises(AssertionError, match=said):
            check_encoder(encoder, [case])
    with pytest.raises(ValueError, match="read-only"):
        check_encoder(writes_to_its_input, [case])


# Many frames


@pytest.mark.parametrize("uid", [s.EXPLICIT_LITTLE, s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_2000_LOSSLESS, s.HTJ2K_LOSSLESS])
@pytest.mark.parametrize("workers", [None, 1, 2])
def test_all_frames_are_those_one_by_one(uid: str, workers: int | None) -> None:
    frames = np.stack([np.roll(gray(16, rows=160, columns=170), i) for i in range(12)])
    fmt = replace(fmt_for(frames[0], uid), frames=12)
    expected = [encode_frame(frame, fmt) for frame in frames]
    assert encode_all(frames, fmt, workers=workers, verify=True) == expected
    assert encode_all(list(frames), fmt, workers=workers) == expected


def test_one_frame_needs_no_axis() -> None:
    frame = gray(8)
    fmt = fmt_for(frame, s.RLE_LOSSLESS)
    assert encode_all(frame, fmt) == [encode_frame(frame, fmt)]


def test_large_work_is_shared_and_small_work_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dicompix.pixels.encode.usable_cores", lambda: 2)
    monkeypatch.setattr("dicompix.pixels.parallel.available_cores", lambda: 2)
    seen: set[str] = set()

    def notes(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
        seen.add(threading.current_thread().name)
        return works(array, fmt, want)

    codecs = table("works")
    codecs._loaded[entry("works").target] = notes  # type: ignore[assignment]  # an encoder, in a table of encoders
    frames = np.zeros((8, 400, 400), np.uint8)
    encode_all(frames, fmt_for(frames[0], s.JPEG_LS), codecs=codecs)
    assert all(name.startswith("dicompix-worker") for name in seen)
    seen.clear()
    encode_all(frames[:2, :9, :9], fmt_for(frames[0, :9, :9], s.JPEG_LS), codecs=codecs)
    assert seen == {threading.current_thread().name}


def test_few_frames_get_the_threads_of_their_codec() -> None:
    frame = gray(16, rows=300, columns=300)
    fmt = fmt_for(frame, s.JPEG_2000_LOSSLESS)
    assert encode_all([frame], fmt, workers=2) == [encode_frame(frame, fmt)]


def test_the_first_broken_frame_is_named() -> None:
    frames = [gray(8), gray(8), gray(16), gray(8), gray(16)]
    with pytest.raises(BadValueError, match=r"^frame 2: the frame is uint16"):
        encode_all(frames, fmt_for(gray(8), s.RLE_LOSSLESS), workers=2)
    with pytest.raises(CodecError, match=r"^frame 0: .*\n  fails: not today"):
        encode_all(frames[:2], fmt_for(gray(8), s.JPEG_LS), codecs=table("fails"))


def test_native_bits_run_on_from_frame_to_frame() -> None:
    bits = (np.arange(3 * 5 * 7).reshape(3, 5, 7) % 3 == 0).astype(np.uint8)
    fmt = PixelFormat(rows=5, columns=7, bits_allocated=1, bits_stored=1, frames=3)
    assert encode_native(bits, fmt) == packing.bits(bits)
    twelve = gray(12, rows=15, columns=7).reshape(3, 5, 7)
    packed = PixelFormat(rows=5, columns=7, bits_allocated=12, bits_stored=12, frames=3)
    assert encode_native(twelve, packed) == packing.twelve(twelve)
    words = np.stack([gray(16), gray(16)[::-1]])
    assert encode_native(words, fmt_for(words[0], s.EXPLICIT_BIG)) == packing.words(words, big_endian=True)


# JPEG and JPEG XL


@pytest.mark.parametrize("frame", [smooth(8), smooth_color()], ids=["gray", "colour"])
@pytest.mark.parametrize("pad", [b"", b"\0"])
def test_jpeg_becomes_jpeg_xl_and_the_same_jpeg_again(frame: Stored, pad: bytes) -> None:
    fmt = fmt_for(frame, s.JPEG_BASELINE)
    encoded = encode_frame(frame, fmt)
    jpeg = encoded.data + pad
    written = recompress(jpeg, fmt, s.JPEG_XL_RECOMPRESSION)
    assert written is not None
    stream = peek(written, "jpeg-xl")
    assert stream is not None
    assert (stream.kind, stream.rows, stream.columns) == ("jpeg-xl", *frame.shape[:2])
    target = replace(fmt, transfer_syntax=s.JPEG_XL_RECOMPRESSION)
    assert recompress(memoryview(written), target, s.JPEG_BASELINE) == jpeg
    assert recompress(written + b"\0", target, s.JPEG_BASELINE) == jpeg
    label = replace(fmt, photometric=encoded.photometric)
    known = decode_frame(encoded.data, label, want=DecodeRequest()).array.astype(int)
    again = decode_frame(written, target).array
    assert np.abs(again - known).max() <= 12  # each decoder has its own way to make chroma whole


def test_what_is_no_baseline_jpeg_is_left_alone() -> None:
    frame = smooth(8)
    fmt = fmt_for(frame, s.JPEG_BASELINE)
    jpeg = encode_frame(frame, fmt).data
    assert recompress(b"no JPEG", fmt, s.JPEG_XL_RECOMPRESSION) is None
    short = recompress(jpeg[:-40], fmt, s.JPEG_XL_RECOMPRESSION)
    assert short is None or imagecodecs.jpegxl_decode_jpeg(short, numthreads=1) == jpeg[:-40]
    for uid in (s.JPEG_XL, s.JPEG_XL_LOSSLESS, s.JPEG_2000):
        assert recompress(jpeg, fmt, uid) is None
    assert recompress(jpeg, replace(fmt, transfer_syntax=s.JPEG_LS), s.JPEG_XL_RECOMPRESSION) is None
    plain = encode_frame(frame, fmt_for(frame, s.JPEG_XL_LOSSLESS)).data
    assert recompress(plain, replace(fmt, transfer_syntax=s.JPEG_XL_RECOMPRESSION), s.JPEG_BASELINE) is None
