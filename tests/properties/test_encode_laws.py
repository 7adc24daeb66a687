"""Laws of encoding: lossless samples come back bit by bit, from a second library too; other readers agree on files."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import DecodeRequest, Encoded, EncodeRequest, Stored
from dicompix.pixels.codecs.encoders import ENCODERS
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.encode import can_encode, encode_all, encode_frame
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.testing import make_format
from support import packing
from support.arrays import color, gray, smooth
from support.builders import data_set, file_of

LOSSLESS = [uid for uid in ENCODERS if not s.syntax_for(uid).lossy]
CODED = [uid for uid in LOSSLESS if s.syntax_for(uid).family not in {"native", "deflated"}]
COLORS = {1: ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"], 3: ["RGB", "YBR_FULL"], 4: ["ARGB", "CMYK"]}

# Decoders of another library than the one that encodes first, and the most bits that they read rightly.
SECOND = {
    s.RLE_LOSSLESS: ("pylibjpeg-rle", 64),
    s.JPEG_LOSSLESS: ("pylibjpeg-libjpeg", 15),
    s.JPEG_LOSSLESS_SV1: ("pylibjpeg-libjpeg", 15),
    s.JPEG_LS: ("pyjpegls", 16),
    s.JPEG_2000_LOSSLESS: ("pylibjpeg-openjpeg", 23),
    s.HTJ2K_LOSSLESS: ("pylibjpeg-openjpeg", 16),
    s.HTJ2K_LOSSLESS_RPCL: ("pylibjpeg-openjpeg", 16),
}


@st.composite
def formats(
    draw: st.DrawFn,
    syntaxes: list[str],
    containers: tuple[int, ...] = (1, 8, 8, 12, 16, 16, 32, 64),
    numbers: tuple[int, ...] = (1, 1, 3, 4),
) -> PixelFormat:
    """Draw a format that may go into one of the syntaxes: any container, bits, sign, colour and small size."""
    samples = draw(st.sampled_from(numbers))
    allocated = draw(st.sampled_from(containers))
    fmt = PixelFormat(
        rows=draw(st.integers(1, 17)),
        columns=draw(st.integers(1, 17)),
        samples=samples,
        photometric=Photometric(draw(st.sampled_from(COLORS[samples]))),
        bits_allocated=allocated,
        bits_stored=draw(st.integers(1, allocated)),
        signed=draw(st.booleans()) and allocated > 1,
        transfer_syntax=draw(st.sampled_from(syntaxes)),
    )
    assume(can_encode(fmt))
    return fmt


@st.composite
def frames(draw: st.DrawFn, fmt: PixelFormat) -> Stored:
    """Draw a frame: noise over the whole range, its ends only, or runs."""
    low, high = fmt.value_range
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = np.int64 if fmt.signed else np.uint64
    noise = rng.integers(low, high, fmt.frame_shape, kind, endpoint=True)
    ends = np.where(rng.random(fmt.frame_shape) < 0.5, np.array(low, kind), np.array(high, kind))
    runs = np.where(rng.random(fmt.frame_shape) < 0.9, noise.flat[0], noise)
    frame: Stored = draw(st.sampled_from([noise, ends, runs])).astype(fmt.dtype)
    return frame


def labelled(encoded: Encoded, fmt: PixelFormat) -> PixelFormat:
    big = s.syntax_for(fmt.transfer_syntax).big_endian_pixels
    return replace(fmt, photometric=encoded.photometric, planar=encoded.planar, big_endian=big)


@given(st.data(), formats(LOSSLESS))
def test_lossless_coding_changes_nothing(data: st.DataObject, fmt: PixelFormat) -> None:
    # OpenJPEG is not asked for more bits than it encodes rightly.
    most = {s.JPEG_2000_LOSSLESS: 24 - (fmt.samples > 1)}.get(fmt.transfer_syntax, 64)
    assume(fmt.bits_stored <= most)
    frame = data.draw(frames(fmt))
    encoded = encode_frame(frame, fmt)
    found = decode_frame(encoded.data, labelled(encoded, fmt), want=DecodeRequest(raw=True))
    assert np.array_equal(found.array, frame)
    assert found.array.dtype == frame.dtype
    assert found.photometric == fmt.photometric
    assert not found.findings


@given(st.data(), formats(list(SECOND), (8, 16, 16, 32), (1, 1, 3)))
def test_a_second_library_reads_the_same(data: st.DataObject, fmt: PixelFormat) -> None:
    name, most = SECOND[fmt.transfer_syntax]
    assume(fmt.bits_stored <= most)
    frame = data.draw(frames(fmt))
    encoded = encode_frame(frame, fmt)
    found = decode_frame(encoded.data, labelled(encoded, fmt), want=DecodeRequest(raw=True), codec=name)
    assert np.array_equal(found.array, frame)


@given(st.data(), formats([s.JPEG_LS_NEAR], (8, 16), (1, 1, 3)), st.integers(0, 40))
def test_near_lossless_errs_by_near_at_most(data: st.DataObject, fmt: PixelFormat, near: int) -> None:
    low, high = fmt.value_range
    near = min(near, ((1 << fmt.bits_stored) - 1) // 2)
    frame = data.draw(frames(fmt))
    if fmt.signed:
        assume(low + near <= high - near)
        frame = frame.clip(low + near, high - near).astype(fmt.dtype)
    encoded = encode_frame(frame, fmt, want=EncodeRequest(near=near))
    found = decode_frame(encoded.data, labelled(encoded, fmt), want=DecodeRequest(raw=True))
    assert np.abs(np.subtract(found.array, frame, dtype=np.int64)).max() <= near


# Whole files in other hands


def written(frame_stack: Stored, fmt: PixelFormat) -> bytes:
    """Return a file of these frames, encapsulated as PS3.5 A.4 says."""
    coded = encode_all(frame_stack, fmt)
    label = replace(labelled(coded[0], fmt), frames=len(coded))
    pixels = packing.encapsulate([[one.data] for one in coded], delimited=False)  # pydicom's writer ends it
    return file_of(data_set(label, pixels, encapsulated=True)).getvalue()


PICTURES = [
    ("gray 8", gray(8, rows=64, columns=70), 8),
    ("gray 12", gray(12, rows=64, columns=70), 12),
    ("gray 16 signed", gray(16, signed=True, rows=64, columns=70), 16),
    ("gray 12 signed", gray(12, signed=True, rows=64, columns=70), 12),
    ("colour", color(8, rows=64, columns=70), 8),
]
FOREIGN = [uid for uid in CODED if s.syntax_for(uid).family != "jpeg-xl"]


def stack_of(frame: Stored, uid: str, bits: int) -> tuple[Stored, PixelFormat]:
    stack = np.stack([frame, frame[::-1]])
    signed = frame.dtype.kind == "i"
    return stack, replace(make_format(frame.shape, bits, signed=signed, transfer_syntax=uid), frames=2)


@pytest.mark.parametrize(("name", "frame", "bits"), PICTURES, ids=[name for name, _, _ in PICTURES])
@pytest.mark.parametrize("uid", FOREIGN)
def test_pydicom_reads_the_same_with_each_of_its_plugins(uid: str, name: str, frame: Stored, bits: int) -> None:
    stack, fmt = stack_of(frame, uid, bits)
    file = written(stack, fmt)
    decoder = get_decoder(UID(uid))
    assert decoder.available_plugins
    for plugin in decoder.available_plugins:
        # pylibjpeg-libjpeg errs where the prediction wraps modulo 2^16; GDCM on the signed 12 bits of JPEG-LS.
        wraps = plugin == "pylibjpeg" and bits == 16 and "lossless" in s.syntax_for(uid).kinds[0]
        if not wraps and plugin != "gdcm":
            found, _ = decoder.as_array(pydicom.dcmread(BytesIO(file)), decoding_plugin=plugin)
            assert np.array_equal(found, stack), plugin


@pytest.mark.parametrize(("name", "frame", "bits"), PICTURES, ids=[name for name, _, _ in PICTURES])
@pytest.mark.parametrize("uid", [s.RLE_LOSSLESS, s.JPEG_LOSSLESS, s.JPEG_LOSSLESS_SV1, s.JPEG_LS, s.JPEG_2000_LOSSLESS])
def test_simpleitk_reads_the_same(uid: str, name: str, frame: Stored, bits: int, tmp_path: Path) -> None:
    sitk = pytest.importorskip("SimpleITK")
    stack, fmt = stack_of(frame, uid, bits)
    path = tmp_path / "file.dcm"
    path.write_bytes(written(stack, fmt))
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    found = sitk.GetArrayFromImage(reader.Execute())
    assert np.array_equal(found, stack)


def test_pydicom_takes_our_jpeg_for_ycbcr() -> None:
    plane = smooth(8, rows=64, columns=64)
    frame = np.stack([plane, plane[::-1], plane[:, ::-1]], axis=-1)
    fmt = make_format(frame.shape, transfer_syntax=s.JPEG_BASELINE)
    coded = encode_frame(frame, fmt)
    content = data_set(labelled(coded, fmt), packing.encapsulate([[coded.data]], delimited=False), encapsulated=True)
    assert content.PhotometricInterpretation == "YBR_FULL_422"
    decoder = get_decoder(UID(s.JPEG_BASELINE))
    for plugin in ("pylibjpeg", "pillow"):
        found, _ = decoder.as_array(content, decoding_plugin=plugin)
        assert np.abs(np.subtract(found, frame, dtype=np.int64)).max() <= 24, plugin
