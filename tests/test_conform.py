"""From a codec's samples to those promised: unused bits, sign, overshoot, colour (PS3.5 8.1.1, 8.2)."""

from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.codestream import Codestream
from dicompix.pixels.conform import composite_bits, conform, unused_bits
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import Finding
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.settle import Settled, settle
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, JPEG_2000, JPEG_BASELINE, JPEG_LOSSLESS_SV1, JPEG_LS
from dicompix.pixels.testing import make_format

ROW = PixelFormat(rows=1, columns=4, bits_allocated=16, bits_stored=12)


def row(*values: int, dtype: str = "u2") -> Stored:
    return np.array([values], dtype)


def frame_of(array: Stored, photometric: Photometric = Photometric.MONOCHROME2) -> Frame:
    return Frame(array, photometric)


@pytest.mark.parametrize(
    ("bits", "values", "expected"),
    [
        (12, row(0x1234, 0xF000, 0x0FFF), [0x234, 0, 0xFFF]),
        (16, row(0x1234, 0xF000), [0x1234, 0xF000]),
        (12, row(0x17FF, 0x0800, 0x0FFF, dtype="i2"), [2047, -2048, -1]),
        (13, row(6192, 0x0FFF, 0x1000, dtype="i2"), [-2000, 4095, -4096]),
        (1, row(1, 2, 3, dtype="i2"), [-1, 0, -1]),
        (20, row(0x7F_FFFF, 0x08_0000, dtype="i4"), [-1, -(2**19)]),
        (40, row(2**40 + 5, dtype="u8"), [5]),
    ],
)
def test_unused_bits(bits: int, values: Stored, expected: list[int]) -> None:
    given_values = values.copy()
    given_values.flags.writeable = False
    assert unused_bits(given_values, bits).tolist() == [expected]
    target = np.zeros_like(values)
    assert unused_bits(given_values, bits, target).tolist() == [expected]
    assert given_values.tolist() == values.tolist()


@given(
    bits=st.integers(1, 16),
    signed=st.booleans(),
    dirt=st.integers(0, 0xFFFF),
    values=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=9),
)
def test_unused_bits_do_not_matter(bits: int, signed: bool, dirt: int, values: list[int]) -> None:  # noqa: FBT001
    mask = (1 << bits) - 1
    cells = np.array([(value & mask) | (dirt & ~mask) for value in values], np.uint16)
    found = unused_bits(cells.view(np.int16) if signed else cells, bits)
    clean = [value & mask for value in values]
    sign = 1 << (bits - 1)
    assert found.tolist() == ([(value ^ sign) - sign for value in clean] if signed else clean)


@pytest.mark.parametrize(
    ("high_bit", "signed", "cells", "expected"),
    [
        (15, False, row(0xABCD, 0xFFF0), [0xABC, 0xFFF]),
        (13, False, row(0xABCD), [(0xABCD >> 2) & 0xFFF]),
        (15, True, row(0x8000, 0x7FF0, 0xFFFF).view("i2"), [-2048, 2047, -1]),
        (13, True, row(0xE001, 0x1003).view("i2"), [-2048, 1024]),
    ],
)
def test_high_bit_shifts_and_is_reported(
    high_bit: int,
    signed: bool,  # noqa: FBT001
    cells: Stored,
    expected: list[int],
) -> None:
    fmt = replace(ROW, high_bit=high_bit, signed=signed)
    array, findings = composite_bits(cells, fmt)
    assert array.tolist() == [expected]
    (finding,) = findings
    assert (finding.code, finding.found, finding.used) == ("high-bit", high_bit, 11)


def settled(coded: PixelFormat, promised: PixelFormat, *, lossy: bool = False) -> Settled:
    return Settled(coded, promised, lossy)


def test_overshoot_of_a_lossy_coding_is_clamped() -> None:
    promised = replace(ROW, bits_stored=10, transfer_syntax=JPEG_2000)
    coded = replace(promised, bits_stored=12)
    found = conform(frame_of(row(1024, 1023, 0, 4095)), settled(coded, promised, lossy=True), DecodeRequest())
    assert found.array.tolist() == [[1023, 1023, 0, 1023]]


def test_signed_overshoot_is_clamped() -> None:
    promised = replace(ROW, bits_stored=10, signed=True, transfer_syntax=JPEG_2000)
    coded = replace(promised, bits_stored=12)
    given_row = row(-513, -512, 511, 512, dtype="i2")
    found = conform(frame_of(given_row), settled(coded, promised, lossy=True), DecodeRequest())
    assert found.array.tolist() == [[-512, -512, 511, 511]]


def test_unused_bits_of_a_lossless_coding_are_masked() -> None:
    promised = replace(ROW, bits_stored=10, transfer_syntax=JPEG_LS)
    found = conform(
        frame_of(row(1024, 1023, 0, 4095)), settled(replace(promised, bits_stored=12), promised), DecodeRequest()
    )
    assert found.array.tolist() == [[0, 1023, 0, 1023]]


@pytest.mark.parametrize(
    ("coded_type", "signed", "values", "expected"),
    [
        ("u2", True, [0x7FF, 0x800, 0xFFF, 0], [2047, -2048, -1, 0]),
        ("i2", False, [-1, -2048, 2047, 0], [4095, 2048, 2047, 0]),
    ],
)
def test_samples_are_read_in_the_sign_promised(
    coded_type: str,
    signed: bool,  # noqa: FBT001
    values: list[int],
    expected: list[int],
) -> None:
    promised = replace(ROW, signed=signed, transfer_syntax=JPEG_LS)
    coded = replace(promised, signed=coded_type == "i2")
    found = conform(frame_of(row(*values, dtype=coded_type)), settled(coded, promised), DecodeRequest()).array
    assert found.tolist() == [expected]
    assert found.dtype == promised.dtype


def test_narrow_samples_fill_the_container() -> None:
    promised = replace(ROW, bits_allocated=16, bits_stored=8, transfer_syntax=JPEG_BASELINE)
    coded = replace(promised, bits_allocated=8)
    found = conform(frame_of(row(255, 1, 2, 3, dtype="u1")), settled(coded, promised, lossy=True), DecodeRequest())
    assert found.array.dtype == np.uint16
    assert found.array.tolist() == [[255, 1, 2, 3]]


YBR = make_format((1, 2, 3), photometric=Photometric.YBR_FULL, transfer_syntax=EXPLICIT_LITTLE)
# Red and gray by JFIF's equations: Y = 76, CB = 85, CR = 255 is (254, 0, 0).
PAIR = np.array([[[76, 85, 255], [90, 128, 128]]], np.uint8)


@pytest.mark.parametrize(
    "space", [Photometric.YBR_FULL, Photometric.YBR_FULL_422], ids=["as coded", "chroma already shared out"]
)
def test_ybr_becomes_rgb(space: Photometric) -> None:
    found = conform(frame_of(PAIR, space), settled(YBR, YBR), DecodeRequest())
    assert found.photometric is Photometric.RGB
    assert found.array.tolist() == [[[254, 0, 0], [90, 90, 90]]]
    assert PAIR[0, 0].tolist() == [76, 85, 255]


def test_raw_keeps_ybr() -> None:
    found = conform(frame_of(PAIR, Photometric.YBR_FULL), settled(YBR, YBR), DecodeRequest(raw=True))
    assert found.photometric is Photometric.YBR_FULL
    assert found.array.tolist() == PAIR.tolist()


@pytest.mark.parametrize("space", [Photometric.RGB, Photometric.CMYK, Photometric.HSV])
def test_other_colours_stay(space: Photometric) -> None:
    found = conform(frame_of(PAIR, space), settled(YBR, YBR), DecodeRequest())
    assert (found.photometric, found.array.tolist()) == (space, PAIR.tolist())


@pytest.mark.parametrize("raw", [False, True])
def test_the_result_is_in_out(raw: bool) -> None:  # noqa: FBT001
    out = np.zeros((1, 2, 3), np.uint8)
    found = conform(frame_of(PAIR, Photometric.YBR_FULL), settled(YBR, YBR), DecodeRequest(raw=raw, out=out))
    assert np.shares_memory(found.array, out)
    assert out.tolist() == (PAIR.tolist() if raw else [[[254, 0, 0], [90, 90, 90]]])


def test_masking_goes_straight_into_out() -> None:
    cells = row(0x1234, 0xF000, 1, 2)
    cells.flags.writeable = False
    out = np.zeros((1, 4), np.uint16)
    plain = replace(ROW, transfer_syntax=EXPLICIT_LITTLE)
    found = conform(frame_of(cells), settled(plain, plain), DecodeRequest(out=out))
    assert out.tolist() == found.array.tolist() == [[0x234, 0, 1, 2]]


def test_floats_pass_as_they_are() -> None:
    fmt = PixelFormat(rows=1, columns=2, bits_allocated=32, bits_stored=32, floating=True)
    values = np.array([[np.nan, -1e30]], np.float32)
    found = conform(frame_of(values), settled(fmt, fmt), DecodeRequest())
    np.testing.assert_array_equal(found.array, values)


def test_findings_of_the_codec_stay() -> None:
    note = Finding(code="x", message="y")
    fmt = replace(ROW, high_bit=15)
    found = conform(Frame(row(0, 16, 32, 48), Photometric.MONOCHROME2, (note,)), settled(fmt, fmt), DecodeRequest())
    assert [finding.code for finding in found.findings] == ["x", "high-bit"]
    assert found.array.tolist() == [[0, 1, 2, 3]]


# What a finding says of precision is what is done: (stored, precision, lossless) -> used, and samples of 4095 and 300.
@pytest.mark.parametrize(
    ("kind", "stored", "lossless", "used", "samples"),
    [
        ("jpeg-2000", 8, True, 12, [4095, 300]),
        ("jpeg-2000", 8, False, 12, [4095, 300]),
        ("jpeg-lossless", 10, True, "the lower 10 of 12 bits", [1023, 300]),
        ("jpeg-ls", 10, False, 12, [4095, 300]),
        ("jpeg-2000", 16, True, 12, [4095, 300]),
    ],
)
def test_a_finding_says_which_bits_are_used(
    kind: str,
    stored: int,
    lossless: bool,  # noqa: FBT001
    used: object,
    samples: list[int],
) -> None:
    uid = {"jpeg-2000": JPEG_2000, "jpeg-ls": JPEG_LS, "jpeg-lossless": JPEG_LOSSLESS_SV1}[kind]
    fmt = PixelFormat(rows=1, columns=2, bits_allocated=16, bits_stored=stored, transfer_syntax=uid)
    stream = Codestream(kind=kind, rows=1, columns=2, samples=1, precision=12, lossless=lossless)
    settled = settle(fmt, stream)
    (found,) = [finding for finding in settled.findings if finding.code == "codestream-precision"]
    assert (found.found, found.used) == (stored, used)
    assert conform(frame_of(row(4095, 300)), settled, DecodeRequest()).array.tolist() == [samples]


def test_an_override_of_bits_stored_cuts_nothing_off() -> None:
    picture = np.array([[0, 200, 300, 40_000]], np.uint16)
    stream = bytes(imagecodecs.jpeg2k_encode(picture, level=0, reversible=True, codecformat="j2k"))
    fmt = PixelFormat(rows=1, columns=4, bits_allocated=16, bits_stored=8, transfer_syntax=JPEG_2000)
    frame = decode_frame(stream, fmt)
    assert frame.array.tolist() == [[0, 200, 300, 40_000]]
    assert [str(finding.used) for finding in frame.findings] == ["16"]
