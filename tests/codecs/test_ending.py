"""A JPEG stream that was cut and ended again is found out, and a whole one is decoded once (T.81 F.1.2, H.1.2)."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import pytest

from dicompix.pixels.codecs import imagecodecs_jpeg
from dicompix.pixels.codecs.base import DecodeRequest, Stored
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric
from dicompix.pixels.syntaxes import JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1
from dicompix.pixels.testing import make_format

END = b"\xff\xd9"


def waves(rows: int = 48, columns: int = 64, noise: float = 6) -> Stored:
    """Return a picture with detail everywhere."""
    y, x = np.mgrid[:rows, :columns]
    smooth = 127 + 60 * np.sin(y / 7) + 50 * np.cos(x / 5) + np.random.default_rng(3).normal(0, noise, y.shape)
    picture: Stored = np.clip(smooth, 0, 255).astype(np.uint8)
    return picture


def cornered(frame: Stored, rows: int) -> Stored:
    """Return the picture with some rows of zeros at the bottom."""
    return np.pad(frame[:-rows], ((0, rows), *((0, 0),) * (frame.ndim - 1)))


GRAY = waves()
GRAY_12 = (GRAY.astype(np.uint16) << 4) + waves(noise=30) % 16
GRAY_16 = (GRAY.astype(np.uint16) << 8) + waves(noise=30)
RGB = np.dstack([GRAY, GRAY[::-1], 255 - GRAY])
STEEP = (np.add.outer(np.arange(48), np.arange(64)) % 2 * 255).astype(np.uint8)  # differences wrap


def turbo(frame: Stored, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(frame, lossless=True, **options))


def padded_with_zeros(frame: Stored, bits: int) -> bytes:
    """Return a stream by an encoder that fills its last byte with zeros, where the standard has ones."""
    return bytes(imagecodecs.ljpeg_encode(frame, bitspersample=bits))


LOSSLESS: dict[str, tuple[Stored, bytes]] = {
    **{f"predictor {number}": (GRAY, turbo(GRAY, predictor=number)) for number in range(1, 8)},
    **{f"steep {number}": (STEEP, turbo(STEEP, predictor=number)) for number in (1, 4, 7)},
    "12 bits": (GRAY_12, turbo(GRAY_12, bitspersample=12)),
    "16 bits": (GRAY_16, turbo(GRAY_16)),
    "colour": (RGB, turbo(RGB, colorspace="RGB", outcolorspace="RGB")),
    "zeros at the end": (GRAY_12, padded_with_zeros(GRAY_12, 12)),
    **{f"{rows} black rows": (black := cornered(GRAY, rows), turbo(black)) for rows in range(1, 9)},
    **{f"{rows} black rows, colour": (dark := cornered(RGB, rows), turbo(dark, colorspace="RGB")) for rows in (1, 3)},
    "black rows, zeros": (dim := cornered(GRAY_12, 5), padded_with_zeros(dim, 12)),
    "one row": (GRAY[:1], turbo(GRAY[:1])),
    "two columns": (narrow := np.ascontiguousarray(GRAY[:, :2]), turbo(narrow)),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each decoding by libjpeg adds."""
    made: list[int] = []
    real = imagecodecs_jpeg._turbo

    def counted(*arguments: Any) -> Stored:
        made.append(len(made))
        return real(*arguments)

    monkeypatch.setattr(imagecodecs_jpeg, "_turbo", counted)
    return made


def last_row(stream: bytes, frame: Stored) -> Iterator[bytes]:
    """Yield the stream cut at each byte of its last rows, and ended again."""
    end = stream.rindex(END)
    for stop in range(max(end - 3 * frame[0].size, stream.index(b"\xff\xda") + 14), end):
        yield stream[:stop] + END


@pytest.mark.parametrize("name", LOSSLESS)
def test_no_sample_of_a_lossless_stream_is_made_up(name: str, calls: list[int]) -> None:
    frame, stream = LOSSLESS[name]
    color = Photometric.RGB if frame.ndim == 3 else Photometric.MONOCHROME2
    bits = 12 if frame.max() < 4096 and frame.itemsize == 2 else frame.itemsize * 8
    fmt = make_format(frame.shape, bits, photometric=color, transfer_syntax=JPEG_LOSSLESS)
    np.testing.assert_array_equal(imagecodecs_jpeg.decode_lossless(stream, fmt, DecodeRequest()).array, frame)
    if name not in {"one row", "two columns"}:  # too little to tell by
        assert len(calls) == 1
    refused = 0
    for cut in last_row(stream, frame):
        try:
            array = imagecodecs_jpeg.decode_lossless(cut, fmt, DecodeRequest()).array
        except CodecError:
            refused += 1
        else:
            np.testing.assert_array_equal(array, frame, f"{len(stream) - len(cut)} bytes less")
    assert refused > 3


def baseline(frame: Stored, **options: Any) -> bytes:
    file = BytesIO()
    PIL.Image.fromarray(frame).save(file, "JPEG", **options)
    return file.getvalue()


LOSSY = {
    "gray": baseline(GRAY, quality=85),
    "tables of its own": baseline(GRAY, quality=85, optimize=True),
    "coarse": baseline(GRAY, quality=40),
    "black corner": baseline(np.pad(GRAY[:-8, :-8], (0, 8)), quality=85),
    "restarts": baseline(GRAY, quality=85, restart_marker_blocks=3),
}


@pytest.mark.parametrize("name", LOSSY)
def test_the_last_block_of_a_gray_picture_is_not_made_up(name: str, calls: list[int]) -> None:
    stream = LOSSY[name]
    fmt = make_format(GRAY.shape, photometric=Photometric.MONOCHROME2, transfer_syntax=JPEG_BASELINE)
    whole = imagecodecs_jpeg.decode(stream, fmt, DecodeRequest()).array
    assert len(calls) == 1
    end = stream.rindex(END)
    for stop in range(end - 60, end):
        try:
            array = imagecodecs_jpeg.decode(stream[:stop] + END, fmt, DecodeRequest()).array
        except CodecError:
            continue
        np.testing.assert_array_equal(array, whole, f"cut at {stop} of {end}")


@pytest.mark.parametrize("tail", [b"", b"\0", bytes(300), b"\xff"])
def test_what_follows_the_end_marker_does_not_matter(tail: bytes, calls: list[int]) -> None:
    stream = turbo(GRAY)
    fmt = make_format(GRAY.shape, transfer_syntax=JPEG_LOSSLESS)
    array = imagecodecs_jpeg.decode_lossless(stream + tail, fmt, DecodeRequest()).array
    np.testing.assert_array_equal(array, GRAY)
    assert len(calls) == 1
    with pytest.raises(CodecError, match="an early end marker"):
        imagecodecs_jpeg.decode_lossless(stream[:-5] + END + tail, fmt, DecodeRequest())


def test_fill_bytes_before_the_end_marker_are_none_of_the_samples(calls: list[int]) -> None:
    stream = turbo(GRAY)
    fmt = make_format(GRAY.shape, transfer_syntax=JPEG_LOSSLESS)
    filled = stream[:-2] + b"\xff\xff" + END  # (T.81 B.1.1.2)
    np.testing.assert_array_equal(imagecodecs_jpeg.decode_lossless(filled, fmt, DecodeRequest()).array, GRAY)
    assert len(calls) == 1


@pytest.mark.parametrize("codec", [None, "imagecodecs"])
def test_the_way_of_all_frames_refuses_it_too(codec: str | None) -> None:
    stream = turbo(GRAY_16)
    fmt = make_format(GRAY.shape, 16, transfer_syntax=JPEG_LOSSLESS_SV1)
    np.testing.assert_array_equal(decode_frame(stream, fmt, codec=codec).array, GRAY_16)
    with pytest.raises(CodecError, match="truncated"):
        decode_frame(stream[:-22] + END, fmt, codec=codec)
