"""What is measured: files of 24 frames of 512 x 512, made from the images that pydicom's own wheel ships."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import rle
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored

SIZE, FRAMES, MANY, NOISE = 512, 24, 4000, 8
Bare = Callable[[Any, Stored], object]  # bytes of one frame, array to decode it into


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """One file, its encoded frames, how to call its codec bare, and how many times as fast as pydicom it should be."""

    file: bytes
    encoded: tuple[bytes, ...]
    pixels: Stored
    bare: Bare
    goal: float


def example(name: str) -> pydicom.FileDataset:
    """Return a data set that pydicom ships."""
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str), f"pydicom does not ship {name}"
    return pydicom.dcmread(path)


@cache
def gray() -> Stored:
    """Return signed 16-bit frames: CT_small tiled, moved on by 7 columns a frame, with noise of -8 to 8."""
    tile = example("CT_small.dcm").pixel_array
    image = np.tile(tile, (SIZE // tile.shape[0], SIZE // tile.shape[1]))
    noise = np.random.default_rng(0).integers(-NOISE, NOISE + 1, (FRAMES, SIZE, SIZE))
    return np.stack([np.roll(image, 7 * i, axis=1) + noise[i] for i in range(FRAMES)]).astype(np.int16)


@cache
def gray_12() -> Stored:
    """Return the same frames as unsigned 12-bit values: 1024 more, cut off at 0 and 4095."""
    return np.clip(gray().astype(np.int32) + 1024, 0, 4095).astype(np.uint16)


@cache
def color() -> Stored:
    """Return 8-bit RGB frames: examples_rgb_color tiled and cut, moved on and with noise as the gray ones."""
    tile = example("examples_rgb_color.dcm").pixel_array
    image = np.tile(tile, (3, 2, 1))[:SIZE, :SIZE].astype(np.int32)
    noise = np.random.default_rng(0).integers(-NOISE // 2, NOISE // 2 + 1, (FRAMES, SIZE, SIZE, 3))
    moved = [np.roll(image, 7 * i, axis=1) + noise[i] for i in range(FRAMES)]
    return np.clip(np.stack(moved), 0, 255).astype(np.uint8)


def file_of(pixels: Stored, syntax: str, encoded: Sequence[bytes] = (), *, bits: int, photometric: str = "") -> bytes:
    """Return a file of these frames, CT_small's other elements in it, without an offset table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = example("CT_small.dcm")
    samples = 1 if pixels.ndim == 3 else pixels.shape[3]
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape[:3]
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = photometric or "MONOCHROME2"
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = pixels.dtype.itemsize * 8, bits, bits - 1
    if samples > 1:
        dataset.PlanarConfiguration = 0
    dataset.PixelData = encapsulate(list(encoded), has_bot=False) if encoded else pixels.tobytes()
    dataset["PixelData"].VR = "OB" if encoded else "OW"
    dataset["PixelData"].is_undefined_length = bool(encoded)
    file = BytesIO()
    dcmwrite(file, dataset, implicit_vr=False, little_endian=True, force_encoding=True)
    return file.getvalue()


def _encode_rle(frame: Stored) -> bytes:
    rows, columns = frame.shape
    bits = frame.dtype.itemsize * 8
    described = {"rows": rows, "columns": columns, "samples_per_pixel": 1, "number_of_frames": 1}
    described |= {"bits_allocated": bits, "bits_stored": bits, "pixel_representation": 1}
    return bytes(rle.encode_pixel_data(frame.tobytes(), photometric_interpretation="MONOCHROME2", **described))


def native() -> bytes:
    """Return the file of one native frame, 512 x 512 of 16 bits."""
    return file_of(gray()[:1], s.EXPLICIT_LITTLE, bits=16)


def many_small() -> bytes:
    """Return a file of 4,000 RLE frames of 32 x 32, each in its own fragment, with an empty offset table."""
    tile = gray()[0, :32, :32]
    pixels = np.stack([np.roll(tile, i, axis=1) for i in range(MANY)])
    return file_of(pixels, s.RLE_LOSSLESS, [_encode_rle(frame) for frame in pixels], bits=16)


def _made(
    pixels: Stored, syntax: str, encode: Callable[[Stored], bytes], bare: Bare, *, goal: float, bits: int = 16
) -> Workload:
    encoded = tuple(encode(frame) for frame in pixels)
    photometric = "YBR_FULL_422" if pixels.ndim == 4 else ""
    return Workload(file_of(pixels, syntax, encoded, bits=bits, photometric=photometric), encoded, pixels, bare, goal)


def _rle() -> Workload:
    def bare(data: Any, out: Stored) -> object:
        return imagecodecs.dicomrle_decode(data, "<u2", out=out.view(np.uint8).reshape(-1))

    return _made(gray(), s.RLE_LOSSLESS, _encode_rle, bare, goal=1.5)


def _jpeg_ls() -> Workload:
    def encode(frame: Stored) -> bytes:
        return imagecodecs.jpegls_encode(frame.view(np.uint16))  # type: ignore[no-any-return]

    def bare(data: Any, out: Stored) -> object:
        return imagecodecs.jpegls_decode(data, out=out.view(np.uint16))

    return _made(gray(), s.JPEG_LS, encode, bare, goal=2.5)


def _jpeg_2000(goal: float = 0.0) -> Workload:
    def encode(frame: Stored) -> bytes:
        return imagecodecs.jpeg2k_encode(  # type: ignore[no-any-return]
            frame, level=0, reversible=True, bitspersample=12, codecformat="j2k"
        )

    def bare(data: Any, out: Stored) -> object:
        return imagecodecs.jpeg2k_decode(data, out=out)

    return _made(gray_12(), s.JPEG_2000_LOSSLESS, encode, bare, goal=goal, bits=12)


def _htj2k() -> Workload:
    def bare(data: Any, out: Stored) -> object:
        return imagecodecs.htj2k_decode(data, out=out)

    return _made(gray(), s.HTJ2K_LOSSLESS, imagecodecs.htj2k_encode, bare, goal=3.5)


def _bare_jpeg(data: Any, out: Stored) -> object:
    return imagecodecs.jpeg8_decode(data, out=out)


def _jpeg_lossless() -> Workload:
    def encode(frame: Stored) -> bytes:
        return imagecodecs.jpeg8_encode(  # type: ignore[no-any-return]
            frame, lossless=True, predictor=1, bitspersample=12
        )

    return _made(gray_12(), s.JPEG_LOSSLESS_SV1, encode, _bare_jpeg, goal=3, bits=12)


def _jpeg_12() -> Workload:
    def encode(frame: Stored) -> bytes:
        return imagecodecs.jpeg8_encode(frame, level=98, bitspersample=12)  # type: ignore[no-any-return]

    return _made(gray_12(), s.JPEG_EXTENDED, encode, _bare_jpeg, goal=7, bits=12)


def _jpeg_422() -> Workload:
    def encode(frame: Stored) -> bytes:
        return imagecodecs.jpeg8_encode(frame, level=90, subsampling="422")  # type: ignore[no-any-return]

    def bare(data: Any, out: Stored) -> object:
        return imagecodecs.jpeg8_decode(data, colorspace="YCBCR", outcolorspace="RGB", out=out)

    return _made(color(), s.JPEG_BASELINE, encode, bare, goal=12, bits=8)


_MAKERS: dict[str, Callable[[], Workload]] = {
    "RLE": _rle,
    "JPEG-LS": _jpeg_ls,
    "HTJ2K": _htj2k,
    "JPEG lossless": _jpeg_lossless,
    "JPEG 12 bit": _jpeg_12,
    "JPEG 4:2:2 colour": _jpeg_422,
    "JPEG 2000": _jpeg_2000,
}
NAMES = tuple(_MAKERS)


@cache
def workload(name: str) -> Workload:
    """Return a workload by its name, made once."""
    return _MAKERS[name]()
