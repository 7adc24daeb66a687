"""A tiled JPEG 2000 stream cut anywhere: its own pixels where only the end marker is lost, or an error (T.800 A.4)."""

from io import BytesIO

import numpy as np
import PIL.Image
import pytest

from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import JPEG_2000_LOSSLESS

FRAME = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)


@pytest.fixture(scope="module")
def tiled() -> bytes:
    """Return a stream of four tiles, made by Pillow's OpenJPEG."""
    file = BytesIO()
    PIL.Image.fromarray(FRAME).save(file, "JPEG2000", no_jp2=True, tile_size=(32, 32), irreversible=False)
    assert file.getvalue().count(b"\xff\x90\x00\x0a") == 4
    return file.getvalue()


@pytest.mark.parametrize("codec", [None, "imagecodecs", "pylibjpeg-openjpeg", "pillow"])
def test_no_cut_gives_other_pixels(tiled: bytes, codec: str | None) -> None:
    fmt = PixelFormat(rows=64, columns=64, transfer_syntax=JPEG_2000_LOSSLESS)
    decoded = []
    for size in range(100, len(tiled) + 1):
        try:
            frame = decode_frame(tiled[:size], fmt, codec=codec)
        except CodecError:
            continue
        decoded.append(size)
        np.testing.assert_array_equal(frame.array, FRAME)
    assert len(tiled) in decoded
    assert min(decoded) >= len(tiled) - 2
