"""What is measured: files of 24 frames of 512 x 512, made from the images that pydicom's own wheel ships."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
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
from dicompix.pixels.frames import Buffer

LIBRARY: Any = imagecodecs
SIZE, FRAMES, MANY, NOISE, SLICES = 512, 24, 4000, 8, 200


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """How to make a file and to call its codec bare, and how many times as fast as pydicom decoding should be."""

    pixels: Callable[[], Stored]
    syntax: str
    bits: int
    goal: float
    encode: Callable[[Stored], bytes]
    bare: Callable[[Buffer, Stored], object]  # one frame's bytes, and the array to decode it into


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
    frames: Stored = np.clip(np.stack(moved), 0, 255).astype(np.uint8)
    return frames


def file_of(
    pixels: Stored, syntax: str, encoded: Sequence[bytes] = (), *, bits: int, photometric: str = "MONOCHROME2"
) -> bytes:
    """Return a file of these frames, CT_small's other elements in it, without an offset table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = example("CT_small.dcm")
    samples = 1 if pixels.ndim == 3 else pixels.shape[3]
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape[:3]
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = photometric
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
    return bytes(
        rle.encode_pixel_data(frame.tobytes(), photometric_interpretation="MONOCHROME2", byteorder="<", **described)
    )


def _bare_jpeg(data: Buffer, out: Stored) -> object:
    return LIBRARY.jpeg8_decode(data, out=out)


def native() -> bytes:
    """Return the file of one native frame, 512 x 512 of 16 bits."""
    return file_of(gray()[:1], s.EXPLICIT_LITTLE, bits=16)


def many_small() -> bytes:
    """Return a file of 4,000 RLE frames of 32 x 32, each in its own fragment, with an empty offset table."""
    tile = gray()[0, :32, :32]
    pixels = np.stack([np.roll(tile, i, axis=1) for i in range(MANY)])
    return file_of(pixels, s.RLE_LOSSLESS, [_encode_rle(frame) for frame in pixels], bits=16)


def write_series(folder: Path) -> Path:
    """Write 200 slices of 512 x 512 into a folder, CT_small's other 250 elements in each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = example("CT_small.dcm")
    frames = gray()
    dataset.Rows, dataset.Columns = frames.shape[1:]
    for number in range(SLICES):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{number}")
        dataset.ImagePositionPatient = [-158.1, -179.0, -75.7 + 1.25 * number]
        dataset.PixelData = np.roll(frames[number % len(frames)], number).tobytes()
        dataset.save_as(folder / f"{number:03}.dcm")
    return folder


RECIPES = {
    "RLE": Recipe(
        gray,
        s.RLE_LOSSLESS,
        16,
        1.5,
        _encode_rle,
        lambda data, out: LIBRARY.dicomrle_decode(data, "<u2", out=out.view("u1").reshape(-1)),
    ),
    "JPEG-LS": Recipe(
        gray,
        s.JPEG_LS,
        16,
        2.5,
        lambda frame: LIBRARY.jpegls_encode(frame.view("u2")),
        lambda data, out: LIBRARY.jpegls_decode(data, out=out.view("u2")),
    ),
    "HTJ2K": Recipe(
        gray, s.HTJ2K_LOSSLESS, 16, 3.5, LIBRARY.htj2k_encode, lambda data, out: LIBRARY.htj2k_decode(data, out=out)
    ),
    "JPEG lossless": Recipe(
        gray_12,
        s.JPEG_LOSSLESS_SV1,
        12,
        3,
        lambda frame: LIBRARY.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=12),
        _bare_jpeg,
    ),
    "JPEG 12 bit": Recipe(
        gray_12,
        s.JPEG_EXTENDED,
        12,
        7,
        lambda frame: LIBRARY.jpeg8_encode(frame, level=98, bitspersample=12),
        _bare_jpeg,
    ),
    "JPEG 4:2:2 colour": Recipe(
        color,
        s.JPEG_BASELINE,
        8,
        12,
        lambda frame: LIBRARY.jpeg8_encode(frame, level=90, subsampling="422"),
        lambda data, out: LIBRARY.jpeg8_decode(data, colorspace="YCBCR", outcolorspace="RGB", out=out),
    ),
    "JPEG 2000": Recipe(
        gray_12,
        s.JPEG_2000_LOSSLESS,
        12,
        0,
        lambda frame: LIBRARY.jpeg2k_encode(frame, level=0, reversible=True, bitspersample=12, codecformat="j2k"),
        lambda data, out: LIBRARY.jpeg2k_decode(data, out=out),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """A file made by a recipe, and its encoded frames."""

    recipe: Recipe
    file: bytes
    encoded: tuple[bytes, ...]


@cache
def workload(name: str, frames: int = FRAMES) -> Workload:
    """Return the first frames of a recipe, encoded, and the file that holds them."""
    recipe = RECIPES[name]
    pixels = recipe.pixels()[:frames]
    encoded = tuple(bytes(recipe.encode(frame)) for frame in pixels)
    photometric = "YBR_FULL_422" if pixels.ndim == 4 else "MONOCHROME2"
    return Workload(recipe, file_of(pixels, recipe.syntax, encoded, bits=recipe.bits, photometric=photometric), encoded)
