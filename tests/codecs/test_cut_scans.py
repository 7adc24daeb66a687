"""Progressive JPEG that was cut and ended again: refused at whatever byte, or every pixel is there all the same."""

from io import BytesIO

import numpy as np
import PIL.Image
import pytest

from dicompix.pixels.codecs import imagecodecs_jpeg
from dicompix.pixels.codecs.base import DecodeRequest, Stored
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric
from dicompix.pixels.syntaxes import JPEG_PROGRESSIVE
from dicompix.pixels.testing import make_format

END = b"\xff\xd9"


def waves(samples: int = 1) -> Stored:
    """Return a picture of 30 x 26 pixels with detail everywhere."""
    rows, columns, sample = np.mgrid[:30, :26, :samples]
    noise = np.random.default_rng(3).normal(0, 12, rows.shape)
    smooth = 127 + 60 * np.sin(rows / 7 + sample) + 50 * np.cos(columns / 5)
    picture: Stored = np.clip(smooth + noise, 0, 255).astype(np.uint8).squeeze()
    return picture


def flat() -> Stored:
    """Return a picture whose last rows and columns are all alike."""
    return np.pad(np.full((9, 9), 200, np.uint8), (5, 12))


ROWS: dict[str, tuple[Stored, dict[str, int]]] = {
    "gray": (waves(), {"quality": 90}),
    "coarse": (waves(), {"quality": 40}),
    "flat": (flat(), {"quality": 80}),
    "restarts": (waves(), {"quality": 85, "restart_marker_blocks": 3}),
    "colour": (waves(3), {"quality": 85, "subsampling": 2}),
    "colour, restarts": (waves(3), {"quality": 85, "subsampling": 2, "restart_marker_blocks": 4}),
}


@pytest.mark.parametrize("name", ROWS)
def test_no_pixel_of_a_cut_scan_is_made_up(name: str) -> None:
    pixels, options = ROWS[name]
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "JPEG", progressive=True, **options)
    stream = buffer.getvalue()
    photometric = Photometric.YBR_FULL_422 if pixels.ndim == 3 else Photometric.MONOCHROME2
    fmt = make_format(pixels.shape, photometric=photometric, transfer_syntax=JPEG_PROGRESSIVE)
    right, refused = imagecodecs_jpeg.decode(stream, fmt, DecodeRequest()).array, 0
    for stop in range(stream.find(b"\xff\xda"), len(stream) - 2):
        try:
            array = imagecodecs_jpeg.decode(stream[:stop] + END, fmt, DecodeRequest()).array
        except CodecError:
            refused += 1
        else:
            np.testing.assert_array_equal(array, right, f"cut at {stop} of {len(stream)}")
    assert refused > 100
