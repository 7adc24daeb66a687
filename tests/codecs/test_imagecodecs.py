"""What imagecodecs is kept from: an array of all the pictures of an animation, which a few bytes can make huge."""

import tracemalloc

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codecs.base import DecodeRequest
from dicompix.pixels.codecs.imagecodecs import decode_jpeg_xl
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import JPEG_XL_LOSSLESS

SIDE, PICTURES = 256, 64


def test_an_animation_is_refused_before_memory_is_taken_for_it() -> None:
    stream = bytes(imagecodecs.jpegxl_encode(np.zeros((PICTURES, SIDE, SIDE), np.uint8), lossless=True))
    assert len(stream) < PICTURES * SIDE * SIDE // 100
    fmt = PixelFormat(rows=SIDE, columns=SIDE, transfer_syntax=JPEG_XL_LOSSLESS)
    decode_jpeg_xl(bytes(imagecodecs.jpegxl_encode(np.zeros((SIDE, SIDE), np.uint8))), fmt, DecodeRequest())
    tracemalloc.start()
    try:
        with pytest.raises(CodecError, match="shape"):
            decode_frame(stream, fmt)
        assert tracemalloc.get_traced_memory()[1] < 8 * SIDE * SIDE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_frames_without_a_target_come_out_in_their_own_array(kind: type, shape: tuple[int, ...]) -> None:
    frame = np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, kind)
    bits = frame.dtype.itemsize * 8
    fmt = PixelFormat(
        rows=20,
        columns=30,
        samples=1 if len(shape) == 2 else 3,
        bits_allocated=bits,
        bits_stored=bits,
        transfer_syntax=JPEG_XL_LOSSLESS,
    )
    array = decode_jpeg_xl(bytes(imagecodecs.jpegxl_encode(frame, lossless=True)), fmt, DecodeRequest()).array
    np.testing.assert_array_equal(array, frame)
    assert array.flags.writeable
