"""A JPEG 2000 main header that lacks step sizes is not handed to OpenJPH, which would read beyond (T.800 A.6.4)."""

import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codecs import imagecodecs as codec
from dicompix.pixels.codecs.base import DecodeRequest
from dicompix.pixels.codestream import peek
from dicompix.pixels.codestream.steps import check_planes, check_steps
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import HTJ2K, HTJ2K_LOSSLESS

FRAME = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40)
SIZ, COD, COC, QCD, QCC = 0x51, 0x52, 0x53, 0x5C, 0x5D
REVERSIBLE, IRREVERSIBLE = 1, 0


def segment(marker: int, parameters: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(parameters)) + parameters


def coding(levels: int, wavelet: int) -> bytes:
    """Return SPcod: levels, code-blocks of 64 x 64, no style, the wavelet (T.800 A.6.1)."""
    return bytes([levels, 4, 4, 0, wavelet])


def header(*segments: bytes, samples: int = 1) -> bytes:
    siz = struct.pack(">H8IH", 0, 40, 48, 0, 0, 40, 48, 0, 0, samples) + b"\x07\x01\x01" * samples
    return b"\xff\x4f" + segment(SIZ, siz) + b"".join(segments) + b"\xff\x90\x00\x0a" + bytes(8)


LEVELS_2 = segment(COD, bytes(5) + coding(2, REVERSIBLE))
LOSSY_2 = segment(COD, bytes(5) + coding(2, IRREVERSIBLE))
GUARD_1 = 1 << 5
SEVEN = bytes([8 << 3] * 7)  # 3 x 2 + 1 subbands, exponent 8


def words(*exponents: int) -> bytes:
    return b"".join(struct.pack(">H", exponent << 11) for exponent in exponents)


@pytest.mark.parametrize(
    "data",
    [
        header(LEVELS_2, segment(QCD, bytes([GUARD_1]) + SEVEN)),
        header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 2]) + words(*[12] * 7))),
        header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 1]) + words(12))),  # one, the others follow from it
        header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 2]) + words(*[30] * 7))),
        header(LEVELS_2, segment(QCD, bytes([7 << 5]) + bytes([31 << 3] * 7))),  # 37 bits
        header(  # a component with more levels, and step sizes for them
            LEVELS_2,
            segment(QCD, bytes([GUARD_1]) + SEVEN),
            segment(COC, b"\x01\x00" + coding(3, REVERSIBLE)),
            segment(QCC, b"\x01" + bytes([GUARD_1]) + bytes([8 << 3] * 10)),
            samples=2,
        ),
    ],
)
def test_headers_with_a_step_size_for_each_subband_pass(data: bytes) -> None:
    check_steps(data)
    check_planes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header(LEVELS_2), "lacks COD or QCD"),
        (header(segment(QCD, bytes([GUARD_1]) + SEVEN)), "lacks COD or QCD"),
        (header(LEVELS_2, segment(QCD, bytes([GUARD_1]))), "ends inside of COD or QCD"),
        (header(LEVELS_2, segment(QCD, bytes([GUARD_1]) + SEVEN[1:])), "has 6 step sizes, needed 7 for 2 levels"),
        (header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 2]) + words(*[12] * 6))), "has 6 step sizes, needed 7"),
        (header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 2]) + words(*[31] * 7))), "31 bits, needed 30 or fewer"),
        (header(LOSSY_2, segment(QCD, bytes([4 << 5]) + bytes([31 << 3] * 7))), "34 bits, needed 30 or fewer"),
        (
            header(
                LEVELS_2,
                segment(QCD, bytes([GUARD_1]) + SEVEN),
                segment(COC, b"\x01\x00" + coding(3, REVERSIBLE)),
                samples=2,
            ),
            "has 7 step sizes, needed 10 for 3 levels",
        ),
    ],
)
def test_headers_without_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        check_planes(data)


def test_steps_that_are_lacking_are_refused_whatever_decodes_them() -> None:
    """OpenJPEG takes them for 0, and says nothing of the wrong pixels that come of it."""
    with pytest.raises(CodecError, match="has 6 step sizes, needed 7 for 2 levels"):
        peek(header(LEVELS_2, segment(QCD, bytes([GUARD_1]) + SEVEN[1:])), "jpeg-2000")
    found = peek(header(LOSSY_2, segment(QCD, bytes([GUARD_1 | 2]) + words(*[31] * 7))), "jpeg-2000")
    assert found is not None  # OpenJPEG has room for them


def test_a_header_is_found_however_long_it_is() -> None:
    comment = segment(0x64, bytes(60_000))
    with pytest.raises(CodecError, match="has 6 step sizes"):
        check_steps(header(comment, comment, LEVELS_2, segment(QCD, bytes([GUARD_1]) + SEVEN[1:])))


class Untouched:
    """A library that must not be asked."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize("options", [{}, {"reversible": False, "level": 0.01}])
def test_openjph_does_not_see_a_header_that_lacks_step_sizes(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = bytes(imagecodecs.htj2k_encode(FRAME, **options))
    at = stream.index(b"\xff\x5c")
    length = int.from_bytes(stream[at + 2 : at + 4], "big")
    short = stream[: at + 2] + struct.pack(">H", 5) + stream[at + 4 : at + 7] + stream[at + 2 + length :]
    fmt = PixelFormat(rows=48, columns=40, bits_allocated=16, bits_stored=16, transfer_syntax=HTJ2K_LOSSLESS)
    monkeypatch.setattr(codec, "library", Untouched)
    with pytest.raises(CodecError, match="step sizes"):
        codec.decode_htj2k(short, fmt, DecodeRequest())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.uint32, np.int32])
def test_whole_frames_pass_whatever_their_width(kind: type) -> None:
    top = np.iinfo(kind).max
    frame = np.random.default_rng(0).integers(0, top, (48, 40), kind, endpoint=True)
    bits = frame.dtype.itemsize * 8
    fmt = PixelFormat(
        rows=48,
        columns=40,
        bits_allocated=bits,
        bits_stored=bits,
        signed=np.dtype(kind).kind == "i",
        transfer_syntax=HTJ2K,
    )
    decoded = decode_frame(bytes(imagecodecs.htj2k_encode(frame)), fmt)
    np.testing.assert_array_equal(decoded.array, frame)
    assert not decoded.findings
