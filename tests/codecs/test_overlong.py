"""Lossless JPEG of 16 bits whose encoder wrote differences of 32768 as no standard says, and of all others."""

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codecs import overlong
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.syntaxes import JPEG_LOSSLESS, JPEG_LOSSLESS_SV1
from malformations.streams import SKEWED, Bits, Predict, exact, first_order, lossless, predicted

PREDICTORS: dict[int, Predict] = {  # T.81 table H.1
    1: first_order,
    2: lambda left, above, corner: above,
    3: lambda left, above, corner: corner,
    4: lambda left, above, corner: left + above - corner,
    5: lambda left, above, corner: left + (above - corner >> 1),
    6: exact,
    7: lambda left, above, corner: left + above >> 1,
}


def format_of(frame: Stored, uid: str = JPEG_LOSSLESS_SV1) -> PixelFormat:
    rows, columns = frame.shape[:2]
    fmt = PixelFormat(rows=rows, columns=columns, bits_allocated=16, bits_stored=16, transfer_syntax=uid)
    if frame.ndim == 2:
        return fmt
    return PixelFormat(
        rows=rows,
        columns=columns,
        samples=3,
        photometric=Photometric.RGB,
        bits_allocated=16,
        bits_stored=16,
        transfer_syntax=uid,
    )


def random_frame(seed: int) -> tuple[Stored, bool]:
    """Return a frame, noisy or not, and whether differences of 32768 are in it."""
    random = np.random.default_rng(seed)
    rows, columns = random.integers(1, 24, 2)
    base, noise = ((1000, 4), (1000, 300), (0, 65536), (0, 2))[seed % 4]
    frame = (base + random.integers(0, noise, (rows, columns))).astype(np.uint16)
    for _ in range(random.integers(0, 4)):
        y, x = random.integers(0, rows), random.integers(0, columns)
        frame[y, x] = (int(frame[y, x - 1] if x else frame[y - 1, x] if y else 0x8000) + 0x8000) & 0xFFFF
    samples = frame.astype(int)
    guess = np.full_like(samples, 0x8000)
    guess[:, 1:], guess[1:, 0] = samples[:, :-1], samples[:-1, 0]
    return frame, bool(((samples - guess & 0xFFFF) == 0x8000).any())


@pytest.mark.parametrize("seed", range(40))
def test_each_way_to_write_such_differences_is_read(seed: int) -> None:
    frame, leaps = random_frame(seed)
    for bits, odd in ((Bits(), 0), (Bits(spare=True), 1), (Bits(SKEWED), 1), (Bits(SKEWED, spare=True), 1)):
        decoded = decode_frame(predicted(frame, first_order, 1, bits), format_of(frame))
        np.testing.assert_array_equal(decoded.array, frame)
        assert [finding.code for finding in decoded.findings] == ["huffman-overflow"] * (odd and leaps)


@pytest.mark.parametrize("selection", PREDICTORS)
def test_with_every_predictor(selection: int) -> None:
    frame, leaps = random_frame(5)
    assert leaps
    bits = Bits(SKEWED)
    stream = predicted(frame, PREDICTORS[selection], selection, bits)
    decoded = decode_frame(stream, format_of(frame, JPEG_LOSSLESS))
    np.testing.assert_array_equal(decoded.array, frame)
    overflowed = SKEWED[16] in bits.text
    assert ("huffman-overflow" in {finding.code for finding in decoded.findings}) is overflowed


def test_usual_streams_are_not_read_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlong, "_reread", lambda *_: pytest.fail("read by hand"))
    random = np.random.default_rng(1)
    gray = random.integers(0, 65536, (40, 50), np.uint16)
    gray[0, 0], gray[20, 20] = 0, (int(gray[20, 19]) + 0x8000) & 0xFFFF
    color = random.integers(0, 65536, (20, 30, 3), np.uint16)
    color[0, 0] = 0
    for frame in (gray, color, gray + np.uint16(1)):
        np.testing.assert_array_equal(decode_frame(lossless(frame), format_of(frame)).array, frame)
    twelve = gray & 0xFFF
    fmt = PixelFormat(rows=40, columns=50, bits_allocated=16, bits_stored=12, transfer_syntax=JPEG_LOSSLESS_SV1)
    stream = bytes(imagecodecs.jpeg8_encode(twelve, lossless=True, predictor=1, bitspersample=12))
    np.testing.assert_array_equal(decode_frame(stream, fmt).array, twelve)


def test_a_stream_that_is_broken_besides_is_an_error() -> None:
    frame, _ = random_frame(5)
    stream = predicted(frame, first_order, 1, Bits(SKEWED))
    with pytest.raises(CodecError, match="and so were others"):
        decode_frame(stream[:-12] + stream[-2:], format_of(frame))
