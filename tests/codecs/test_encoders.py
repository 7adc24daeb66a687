"""Every encoder that is installed, for every syntax of its table, against one contract; and what they really write."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import openjpeg
import pytest

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import EncodeRequest, Stored
from dicompix.pixels.codecs.encode_jpeg_ls import encode as encode_jpeg_ls
from dicompix.pixels.codecs.encode_rle import pack_line
from dicompix.pixels.codecs.encoders import ENCODERS
from dicompix.pixels.codecs.profiles import PARAMETERS, PROFILES
from dicompix.pixels.codecs.rle import unpack_segment
from dicompix.pixels.codestream import peek
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.encode import encode_all, encode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.registry import registry
from dicompix.pixels.testing import EncoderCase, check_encoder, make_format
from support import packing
from support.arrays import color, gray, smooth, smooth_color

RGB, YBR, YBR_422 = Photometric.RGB, Photometric.YBR_FULL, Photometric.YBR_FULL_422
ROWS, COLUMNS = 80, 97  # pylibjpeg-openjpeg always takes six resolutions
PAIRS = [(uid, entry) for uid, entries in ENCODERS.items() for entry in entries]
IDS = [f"{uid.removeprefix('1.2.840.10008.')}-{entry.name}" for uid, entry in PAIRS]
HIGHER = {s.JPEG_2000_LOSSLESS: (20, 23), s.HTJ2K_LOSSLESS: (17, 25, 32), s.HTJ2K_LOSSLESS_RPCL: (20,)}


def case(uid: str, frame: Stored, bits: int = 0, **options: Any) -> EncoderCase:
    photometric, want = options.pop("photometric", None), options.pop("want", EncodeRequest())
    fmt = make_format(
        frame.shape,
        bits or frame.dtype.itemsize * 8,
        signed=frame.dtype.kind == "i",
        photometric=photometric,
        transfer_syntax=uid,
    )
    name = f"{frame.dtype} of {fmt.bits_stored} bits x {fmt.samples} {fmt.photometric}"
    return EncoderCase(name=name, fmt=fmt, array=frame, want=want, **options)


def lossless_cases(uid: str) -> Iterator[EncoderCase]:
    for bits in (8, 10, 12, 15, 16, *HIGHER.get(uid, ())):
        for signed in (False, True):
            yield case(uid, gray(bits, signed=signed, rows=ROWS, columns=COLUMNS), bits)
    for bits in (8, 12, 16):
        yield case(uid, color(bits, rows=ROWS, columns=COLUMNS), bits)
    if uid != s.JPEG_XL_LOSSLESS:
        yield case(uid, color(8, rows=ROWS, columns=COLUMNS), photometric=YBR)
    yield case(uid, gray(8, rows=ROWS, columns=COLUMNS), photometric=Photometric.PALETTE_COLOR)


def cell_cases(uid: str) -> Iterator[EncoderCase]:
    yield from lossless_cases(uid)
    for bits in (32, 64):
        yield case(uid, gray(bits))
        yield case(uid, gray(bits, signed=True))
    bit = (gray(8) > 99).astype(np.uint8)
    packed = PixelFormat(rows=19, columns=23, bits_allocated=1, bits_stored=1, transfer_syntax=uid)
    yield EncoderCase(name="bits", fmt=packed, array=bit)


def lossy_cases(uid: str) -> Iterator[EncoderCase]:
    bits = {s.JPEG_BASELINE: (8,), s.JPEG_EXTENDED: (8, 12)}.get(uid, (8, 12, 16))
    for depth in bits:
        yield case(uid, smooth(depth, rows=ROWS, columns=COLUMNS), depth, tolerance=(1 << depth) // 12)
    if uid not in {s.JPEG_BASELINE, s.JPEG_EXTENDED, s.JPEG_XL}:
        yield case(uid, smooth(12, rows=ROWS, columns=COLUMNS).astype(np.int16) - 2048, 12, tolerance=(1 << 12) // 12)
    if uid != s.JPEG_EXTENDED:
        for transform in (True, False):
            want = EncodeRequest(component_transform=transform)
            yield case(
                uid, smooth_color(rows=ROWS, columns=COLUMNS), want=want, tolerance=64 if uid == s.JPEG_XL else 24
            )
    if uid not in {s.JPEG_EXTENDED, s.JPEG_XL}:
        yield case(uid, smooth_color(rows=ROWS, columns=COLUMNS), photometric=YBR, tolerance=64)


def near_cases(uid: str) -> Iterator[EncoderCase]:
    for near in (0, 1, 7):
        for bits in (8, 12, 16):
            yield case(uid, gray(bits, rows=ROWS, columns=COLUMNS), bits, want=EncodeRequest(near=near), tolerance=near)
        yield case(uid, color(8), want=EncodeRequest(near=near), tolerance=near)


CELLS = {"native", "deflated", "rle"}


def cases_for(uid: str) -> list[EncoderCase]:
    syntax = s.syntax_for(uid)
    if syntax.big_endian_pixels:
        return [replace(one, fmt=replace(one.fmt, big_endian=True)) for one in cell_cases(uid)]
    if uid == s.JPEG_LS_NEAR:
        return list(near_cases(uid))
    kind: Callable[[str], Iterator[EncoderCase]] = lossy_cases if syntax.lossy else lossless_cases
    return list((cell_cases if syntax.family in CELLS else kind)(uid))


def _not_whole(one: EncoderCase) -> bool:
    return one.fmt.bits_stored != one.fmt.bits_allocated


# What a library cannot encode; it must say so with a CodecError, and the next one is asked.
CANNOT: dict[str, Callable[[EncoderCase], bool]] = {
    "pylibjpeg-rle": lambda one: one.fmt.bits_allocated == 1,
    "pillow": lambda one: one.fmt.bits_stored > 8,
}


def refuses(uid: str, entry: CodecEntry, one: EncoderCase) -> bool:
    if entry.name == "imagecodecs" and s.syntax_for(uid).family == "jpeg-ls":
        return _not_whole(one)
    if entry.name == "imagecodecs" and uid == s.JPEG_2000:
        return one.want.psnr is None
    return entry.name in CANNOT and CANNOT[entry.name](one)


@pytest.mark.parametrize(("uid", "entry"), PAIRS, ids=IDS)
def test_contract(uid: str, entry: CodecEntry) -> None:
    if reason := registry.encoding.reason(entry):
        pytest.skip(reason)
    encoder, cases = registry.load_encoder(entry), cases_for(uid)
    if uid == s.JPEG_2000 and entry.name == "imagecodecs":
        cases = [replace(one, want=replace(one.want, psnr=45.0)) for one in cases]
    able = [one for one in cases if not refuses(uid, entry, one)]
    assert able
    check_encoder(encoder, able)
    for one in cases:
        if refuses(uid, entry, one):
            with pytest.raises(CodecError):
                encoder(one.array, one.fmt, one.want)


def test_what_is_encoded_can_be_decoded() -> None:
    assert set(ENCODERS) <= set(BUILT_IN)
    assert set(PARAMETERS) == {uid for uid in ENCODERS if s.syntax_for(uid).lossy}
    assert set(PROFILES) == {uid for uid in ENCODERS if s.syntax_for(uid).family not in CELLS}


# What the standards say the bytes are


def test_native_bytes_are_those_of_the_standard() -> None:
    frame = gray(16, signed=True)
    for uid, big in ((s.EXPLICIT_LITTLE, False), (s.EXPLICIT_BIG, True), (s.GE_PRIVATE_BIG, True)):
        fmt = make_format(frame.shape, 16, signed=True, transfer_syntax=uid)
        assert encode_frame(frame, fmt).data == packing.words(frame, big_endian=big)
    rgb = color(16)
    fmt = replace(make_format(rgb.shape, 16), planar=1)
    assert encode_frame(rgb, fmt).data == packing.words(rgb, planar=True)
    assert encode_frame(rgb, fmt).planar == 1


def test_packed_bytes_are_those_of_the_standard() -> None:
    bit = (gray(8) > 99).astype(np.uint8)
    fmt = PixelFormat(rows=19, columns=23, bits_allocated=1, bits_stored=1)
    assert encode_frame(bit, fmt).data == packing.bits(bit)
    assert encode_frame(bit.astype(bool), fmt).data == packing.bits(bit)
    for frame in (gray(12), gray(12)[:1, :1]):
        fmt = replace(make_format(frame.shape, 12), bits_allocated=12)
        assert encode_frame(frame, fmt).data == packing.twelve(frame)


def test_shared_chroma_is_written_by_pairs() -> None:
    frame = color(8, columns=22)
    fmt = make_format(frame.shape, photometric=YBR_422)
    packed, _ = packing.shared_422(frame)
    encoded = encode_frame(frame, fmt)
    assert (encoded.data, encoded.photometric, encoded.planar) == (packed, YBR_422, 0)


def test_high_bit_moves_the_samples_up() -> None:
    frame = gray(12)
    fmt = replace(make_format(frame.shape, 12), high_bit=15)
    assert encode_frame(frame, fmt, verify=True).data == packing.words(frame << 4)
    rle = replace(fmt, transfer_syntax=s.RLE_LOSSLESS)
    assert encode_frame(frame, rle, verify=True).data == packing.rle(frame << 4)


@pytest.mark.parametrize("name", ["imagecodecs", "dicompix", "pylibjpeg-rle"])
def test_rle_has_even_segments_most_significant_byte_first(name: str) -> None:
    frame = np.array([[[0x0102, 0x0304, 0x0506]]], np.uint16)
    fmt = make_format(frame.shape, 16, transfer_syntax=s.RLE_LOSSLESS)
    encoded = encode_frame(frame, fmt, codec=name)
    header = struct.unpack("<16I", encoded.data[:64])
    assert header == (6, 64, 66, 68, 70, 72, 74, *[0] * 9)
    assert encoded.data[64:] == bytes([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6])
    assert encoded.planar == 1


@pytest.mark.parametrize("line", [b"\7" * 400, bytes(range(200)) * 2, b"\1\1\2\2\3\3\3", b"", b"\0" * 129 + b"\1"])
def test_pack_bits_of_a_line(line: bytes) -> None:
    assert bytes(unpack_segment(pack_line(line), len(line))) == line
    assert 128 not in [pack_line(line)[at] for at in _control_bytes(pack_line(line))]


def _control_bytes(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        yield at
        at += 2 if packed[at] > 128 else packed[at] + 2


def test_no_rle_run_crosses_a_row() -> None:
    frame = np.zeros((4, 200), np.uint8)
    fmt = make_format(frame.shape, transfer_syntax=s.RLE_LOSSLESS)
    for name in ("imagecodecs", "dicompix"):
        data = encode_frame(frame, fmt, codec=name).data
        # 128 and 72 equal bytes a row (PS3.5 G.3.1)
        assert data[64:] == bytes([129, 0, 185, 0]) * 4


def segment(data: bytes, wanted: int) -> bytes:
    return next(data[first:stop] for marker, first, stop in marker_segments(data, 2) if marker == wanted)


def test_jpeg_colour_is_marked_for_every_reader() -> None:
    frame = smooth_color()
    fmt = make_format(frame.shape, transfer_syntax=s.JPEG_BASELINE)
    for name in ("imagecodecs", "pillow"):
        coded = encode_frame(frame, fmt, codec=name)
        stream = peek(coded.data, "jpeg")
        assert stream is not None
        assert (coded.photometric, stream.sampling) == (YBR_422, ((2, 1), (1, 1), (1, 1)))
        assert segment(coded.data, 0xE0)[:5] == b"JFIF\0"
        whole = encode_frame(frame, fmt, codec=name, want=EncodeRequest(subsampling="444"))
        stream = peek(whole.data, "jpeg")
        assert stream is not None
        assert (whole.photometric, stream.subsampled, stream.color) == (YBR, False, "YCC")
        plain = encode_frame(frame, fmt, codec=name, want=EncodeRequest(component_transform=False))
        stream = peek(plain.data, "jpeg")
        assert stream is not None
        assert (plain.photometric, stream.color, stream.sampling[0]) == (RGB, "RGB", (1, 1))


def test_predictors_are_those_of_the_syntaxes() -> None:
    frame = gray(16)
    for uid, predictors in ((s.JPEG_LOSSLESS_SV1, {1}), (s.JPEG_LOSSLESS, set(range(1, 8)))):
        stream = peek(encode_frame(frame, make_format(frame.shape, 16, transfer_syntax=uid)).data, "jpeg")
        assert stream is not None
        assert stream.predictor in predictors
        assert (stream.kind, stream.precision) == ("jpeg-lossless", 16)


def test_jpeg_ls_begins_with_its_frame_header() -> None:
    frame = color(8)
    fmt = make_format(frame.shape, transfer_syntax=s.JPEG_LS)
    for entry in registry.encoders(s.JPEG_LS):
        data = encode_frame(frame, fmt, codec=entry.name).data
        assert data[:4] == b"\xff\xd8\xff\xf7", entry.name


def test_the_rpcl_syntax_is_what_its_name_says() -> None:
    frame = gray(12, rows=30, columns=4200)
    fmt = make_format(frame.shape, 12, transfer_syntax=s.HTJ2K_LOSSLESS_RPCL)
    data = encode_frame(frame, fmt, verify=True).data
    _, order, _, _, levels = struct.unpack(">BBHBB", segment(data, 0x52)[:6])
    assert order == 2
    assert 4200 / 2**levels <= 64 or 30 / 2**levels <= 64
    assert segment(data, 0x55)  # TLM


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [2, 3, 5, 7, 9, 10, 11, 12, 13, 14, 15])
def test_htj2k_states_the_precision_of_the_samples(bits: int, signed: bool) -> None:  # noqa: FBT001
    frame = gray(bits, signed=signed, rows=70, columns=65)
    fmt = make_format(frame.shape, bits, signed=signed, transfer_syntax=s.HTJ2K_LOSSLESS)
    data = encode_frame(frame, fmt).data
    assert segment(data, 0x51)[36] == (bits - 1) | (0x80 if signed else 0)
    for decode in (imagecodecs.htj2k_decode, imagecodecs.jpeg2k_decode, openjpeg.decode):
        assert np.array_equal(np.asarray(decode(data)), frame)


@pytest.mark.parametrize("bits", [7, 8, 9, 10, 12, 15, 16])
def test_htj2k_quality_means_the_same_at_every_precision(bits: int) -> None:
    frame = smooth(bits, rows=128, columns=128)
    fmt = make_format(frame.shape, bits, transfer_syntax=s.HTJ2K)
    data = encode_frame(frame, fmt, want=EncodeRequest(quality=90)).data
    for decode in (imagecodecs.jpeg2k_decode, openjpeg.decode):
        error = np.subtract(decode(data), frame, dtype=np.float64) / (1 << bits)
        assert np.sqrt((error**2).mean()) < 0.008
    finer = encode_frame(frame, fmt, want=EncodeRequest(quality=98)).data
    assert len(finer) > len(data)


@pytest.mark.parametrize(("uid", "bits"), [(s.JPEG_2000, 8), (s.JPEG_2000, 12), (s.HTJ2K, 12), (s.HTJ2K, 16)])
@pytest.mark.parametrize("ratio", [4.0, 20.0])
def test_a_ratio_is_kept(uid: str, bits: int, ratio: float) -> None:
    frame = gray(bits, rows=256, columns=256)
    fmt = make_format(frame.shape, bits, transfer_syntax=uid)
    size = len(encode_frame(frame, fmt, want=EncodeRequest(ratio=ratio)).data)
    assert 0.97 <= 256 * 256 * bits / 8 / ratio / size <= 1.25


@pytest.mark.parametrize("psnr", [35.0, 50.0])
@pytest.mark.parametrize("name", ["imagecodecs", "pylibjpeg-openjpeg"])
def test_a_psnr_is_reached(psnr: float, name: str) -> None:
    frame = gray(12, rows=256, columns=256)
    fmt = make_format(frame.shape, 12, transfer_syntax=s.JPEG_2000)
    data = encode_frame(frame, fmt, want=EncodeRequest(psnr=psnr), codec=name).data
    error = np.subtract(imagecodecs.jpeg2k_decode(data), frame, dtype=np.float64)
    assert 10 * np.log10(4095**2 / (error**2).mean()) > psnr - 2.5


def test_jpeg_2000_has_as_many_layers_as_ratios() -> None:
    frame = gray(12, rows=128, columns=128)
    fmt = make_format(frame.shape, 12, transfer_syntax=s.JPEG_2000)
    data = encode_frame(frame, fmt, want=EncodeRequest(ratio=(20.0, 10.0, 5.0))).data
    assert struct.unpack(">BBH", segment(data, 0x52)[:4])[2] == 3


@pytest.mark.parametrize("near", [0, 1, 3, 9])
@pytest.mark.parametrize("bits", [2, 5, 7, 8, 12, 16])
def test_our_jpeg_ls_writes_what_charls_writes(bits: int, near: int) -> None:
    near = min(near, ((1 << bits) - 1) // 2)
    uid = s.JPEG_LS_NEAR
    runs = np.repeat(gray(bits)[:, :1], 23, axis=1)
    runs[5:7, 3] = (1 << bits) - 1
    for frame in (gray(bits), runs, gray(bits, rows=1, columns=150), gray(bits, rows=150, columns=1)):
        fmt = make_format(frame.shape, bits, transfer_syntax=uid)
        ours = encode_jpeg_ls(frame, fmt, EncodeRequest(near=near)).data
        theirs = bytes(jpeg_ls.encode_buffer(frame.tobytes(), *frame.shape, 1, bits, near))
        assert ours[ours.index(b"\xff\xda") :] == theirs[theirs.index(b"\xff\xda") :]


def test_lossy_jpeg_xl_of_colour_is_xyb() -> None:
    frame = smooth_color()
    fmt = make_format(frame.shape, transfer_syntax=s.JPEG_XL)
    assert encode_frame(frame, fmt, verify=True).photometric == Photometric.XYB
    sizes = [
        len(encode_frame(frame, fmt, want=want).data)
        for want in (EncodeRequest(distance=4.0), EncodeRequest(distance=0.5), EncodeRequest(quality=99))
    ]
    assert sizes == sorted(sizes)


def test_openjpeg_encodes_for_one_thread_at_a_time() -> None:
    frames = np.stack([gray(12, rows=ROWS, columns=COLUMNS)] * 200)
    fmt = make_format(frames[0].shape, 12, transfer_syntax=s.JPEG_2000)
    coded = encode_all(frames, fmt, codec="pylibjpeg-openjpeg", workers=2)
    assert len(set(coded)) == 1
