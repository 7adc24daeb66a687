"""A JPEG stream that was cut and ended again, asked about for libraries that would fill it (T.81 B.2.1, T.87 C.1)."""

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import pytest

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.codecs.whole import require_whole
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.testing import make_format

END = b"\xff\xd9"
GRAY = np.random.default_rng(4).integers(0, 256, (32, 48)).astype(np.uint8)
SMOOTH = (np.add.outer(np.arange(32), np.arange(48)) * 3 % 251).astype(np.uint8)
RGB = np.dstack([SMOOTH, np.roll(SMOOTH, 5, 1), 255 - SMOOTH])


def jpeg(frame: Stored, **options: Any) -> bytes:
    file = BytesIO()
    PIL.Image.fromarray(frame).save(file, "JPEG", **options)
    return file.getvalue()


def described(uid: str, frame: Stored, photometric: Photometric = Photometric.MONOCHROME2) -> PixelFormat:
    return make_format(frame.shape, photometric=photometric, transfer_syntax=uid)


STREAMS: dict[str, tuple[PixelFormat, bytes]] = {
    "baseline": (described(s.JPEG_BASELINE, SMOOTH), jpeg(SMOOTH, quality=90)),
    "colour": (described(s.JPEG_BASELINE, RGB, Photometric.YBR_FULL_422), jpeg(RGB, quality=90)),
    "progressive": (described(s.JPEG_PROGRESSIVE, SMOOTH), jpeg(SMOOTH, quality=90, progressive=True)),
    "lossless": (described(s.JPEG_LOSSLESS_SV1, GRAY), bytes(imagecodecs.jpeg8_encode(GRAY, lossless=True))),
    "jpeg-ls": (described(s.JPEG_LS, GRAY), bytes(imagecodecs.jpegls_encode(GRAY))),
}


@pytest.mark.parametrize("name", STREAMS)
def test_whole_streams_pass_and_cut_ones_do_not(name: str) -> None:
    fmt, stream = STREAMS[name]
    require_whole(stream, fmt)
    require_whole(stream + b"\0", fmt)
    least = 2 if name != "jpeg-ls" else 3  # whose last byte may hold bits of nothing
    for count in (least + 2, least + 3, 9, 13):
        for end in (b"", END):
            with pytest.raises(CodecError):
                require_whole(stream[:-count] + end, fmt)


def test_what_these_libraries_cannot_decode_is_the_other_librarys_to_refuse() -> None:
    fmt, stream = STREAMS["baseline"]
    at = stream.index(b"\xff\xc0")
    require_whole(stream[: at + 1] + b"\xc9" + stream[at + 2 :], fmt)  # arithmetic coding, it says
