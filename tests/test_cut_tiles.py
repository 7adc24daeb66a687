"""A tiled JPEG 2000 stream cut anywhere: its own pixels where only the end marker is lost, or an error (T.800 A.4)."""

from io import BytesIO

import imagecodecs
import numpy as np
import PIL.Image
import pytest

from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import HTJ2K_LOSSLESS, JPEG_2000_LOSSLESS

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


@pytest.mark.parametrize("coding", ["jpeg-2000", "htj2k"])
def test_a_zero_in_place_of_the_last_byte_is_not_taken_for_it(coding: str) -> None:
    """As in a frame that was cut at an odd byte and padded: its tile-part seems to end where it should (PS3.5 A.4)."""
    frame = np.random.default_rng(5).integers(0, 256, (24, 24)).astype(np.uint8)
    options = {"codecformat": "j2k", "level": 0} if coding == "jpeg-2000" else {}
    encode = getattr(imagecodecs, f"{coding.replace('jpeg-2000', 'jpeg2k')}_encode")
    fmt = PixelFormat(
        rows=24, columns=24, transfer_syntax=JPEG_2000_LOSSLESS if coding == "jpeg-2000" else HTJ2K_LOSSLESS
    )
    stream = bytes(encode(frame, **options)).removesuffix(b"\xff\xd9")
    np.testing.assert_array_equal(decode_frame(stream, fmt).array, frame)
    np.testing.assert_array_equal(decode_frame(stream + b"\0", fmt).array, frame)
    with pytest.raises(CodecError, match="truncated"):
        decode_frame(stream[:-1] + b"\0", fmt)
