"""The files of the measured comparison: every transfer syntax that we decode, and the rows that are no syntax's."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from benchmarks.workloads import LIBRARY, RECIPES, color, example, gray_12
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from support import packing
from support.builders import file_of

Encode = Callable[[Stored], bytes]
FRAMES, TILES, TILE, SIDE = 8, 4000, 128, 2048
EXACT, CLOSE, PICTURE = (0.0, 0.0), (2.0, 0.5), (48.0, 1.0)  # by how much a sample, and all in the mean, may differ


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One transfer syntax: what to call it, what is coded, how, and how near to ours a reader's result must be."""

    label: str
    pixels: Callable[[], Stored]
    encode: Encode | None = None  # None: native samples
    near: tuple[float, float] = EXACT
    bits: int = 12
    photometric: str = "MONOCHROME2"


@cache
def gray_8() -> Stored:
    """Return the 12-bit frames as 8-bit ones."""
    return (gray_12() >> 4).astype(np.uint8)


def _jpeg_2000(frame: Stored) -> bytes:
    return RECIPES["JPEG 2000"].encode(frame)


def _jpeg_2000_lossy(frame: Stored) -> bytes:
    return bytes(LIBRARY.jpeg2k_encode(frame, level=60, reversible=False, bitspersample=12, codecformat="j2k"))


def _htj2k(frame: Stored) -> bytes:
    return bytes(LIBRARY.htj2k_encode(frame, reversible=True))


def _htj2k_with_lengths(frame: Stored) -> bytes:
    return bytes(LIBRARY.htj2k_encode(frame, reversible=True, tlm=True))


def _htj2k_lossy(frame: Stored) -> bytes:
    return bytes(LIBRARY.htj2k_encode(frame, 0.02, reversible=False))


def _progressive(frame: Stored) -> bytes:
    stream = BytesIO()
    PIL.Image.fromarray(frame).save(stream, "JPEG", quality=90, progressive=True)
    return stream.getvalue()


def _jpeg_ls(level: int) -> Encode:
    return lambda frame: packing.jpeg_ls_frame(frame, 12) if not level else bytes(LIBRARY.jpegls_encode(frame, level))


def _jpeg_xl(frame: Stored) -> bytes:
    return bytes(LIBRARY.jpegxl_encode(frame, lossless=True, bitspersample=12, effort=3, usecontainer=False))


def _jpeg_xl_lossy(frame: Stored) -> bytes:
    return bytes(LIBRARY.jpegxl_encode(frame, distance=1.0, effort=3))


def _jpeg_xl_of_jpeg(frame: Stored) -> bytes:
    return bytes(LIBRARY.jpegxl_encode_jpeg(_turbo("JPEG 4:2:2 colour")(frame)))


def _turbo(recipe: str) -> Encode:
    return lambda frame: bytes(RECIPES[recipe].encode(frame))


def _coded(label: str, encode: Encode, near: tuple[float, float] = EXACT) -> Kind:
    return Kind(label, gray_12, encode, near)


def _picture(label: str, encode: Encode, photometric: str = "YBR_FULL_422") -> Kind:
    return Kind(label, color, encode, PICTURE, 8, photometric)


KINDS = {
    s.IMPLICIT_LITTLE: Kind("Implicit little endian", gray_12),
    s.EXPLICIT_LITTLE: Kind("Explicit little endian", gray_12),
    s.EXPLICIT_BIG: Kind("Explicit big endian", gray_12),
    s.DEFLATED_LITTLE: Kind("Deflated data set", gray_12),
    s.ENCAPSULATED_UNCOMPRESSED: _coded("Encapsulated uncompressed", packing.words),
    s.PAPYRUS_3: Kind("Papyrus 3 (private)", gray_12),
    s.GE_PRIVATE_BIG: Kind("GE big endian (private)", gray_12),
    s.DEFLATED_IMAGE_FRAME: _coded("Deflated frames", lambda frame: packing.deflate(packing.words(frame))),
    s.RLE_LOSSLESS: _coded("RLE", packing.rle),
    s.JPEG_BASELINE: _picture("JPEG baseline, 4:2:2 colour", _turbo("JPEG 4:2:2 colour")),
    s.JPEG_EXTENDED: _coded("JPEG extended, 12 bit", _turbo("JPEG 12 bit"), (16.0, 1.0)),
    s.JPEG_SPECTRAL: Kind("JPEG spectral selection", gray_8, _progressive, CLOSE, 8),
    s.JPEG_PROGRESSIVE: Kind("JPEG full progression", gray_8, _progressive, CLOSE, 8),
    s.JPEG_LOSSLESS: _coded("JPEG lossless, process 14", _turbo("JPEG lossless")),
    s.JPEG_LOSSLESS_SV1: _coded("JPEG lossless, SV1", _turbo("JPEG lossless")),
    s.JPEG_LS: _coded("JPEG-LS lossless", _jpeg_ls(0)),
    s.JPEG_LS_NEAR: Kind("JPEG-LS near-lossless", gray_8, _jpeg_ls(2), EXACT, 8),
    s.JPEG_2000_LOSSLESS: _coded("JPEG 2000 lossless", _jpeg_2000),
    s.JPEG_2000: _coded("JPEG 2000", _jpeg_2000_lossy, CLOSE),
    s.JPEG_2000_MC_LOSSLESS: _coded("JPEG 2000 part 2 lossless", _jpeg_2000),
    s.JPEG_2000_MC: _coded("JPEG 2000 part 2", _jpeg_2000_lossy, CLOSE),
    s.JPEG_XL_LOSSLESS: _coded("JPEG XL lossless", _jpeg_xl),
    s.JPEG_XL_RECOMPRESSION: _picture("JPEG XL of a JPEG", _jpeg_xl_of_jpeg, "RGB"),
    s.JPEG_XL: _picture("JPEG XL", _jpeg_xl_lossy, "XYB"),
    s.HTJ2K_LOSSLESS: Kind("HTJ2K lossless", gray_12, _htj2k, EXACT, 16),
    s.HTJ2K_LOSSLESS_RPCL: Kind("HTJ2K lossless RPCL", gray_12, _htj2k_with_lengths, EXACT, 16),
    s.HTJ2K: Kind("HTJ2K", gray_8, _htj2k_lossy, CLOSE, 8),
}


def header() -> Dataset:
    """Return CT_small's elements, read: they can be written in any encoding."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = example("CT_small.dcm")
        for _ in content.iterall():
            pass
    return content


def content_of(uid: str, pixels: Stored, encoded: Sequence[bytes] = (), *, table: bool = True) -> Dataset:
    """Return the data set of frames, CT_small's other elements in it; of native ones too, or they are `encoded`."""
    kind, content = KINDS[uid], header()
    content.file_meta.TransferSyntaxUID = UID(uid)
    content.NumberOfFrames, content.Rows, content.Columns = pixels.shape[:3]
    content.SamplesPerPixel = 1 if pixels.ndim == 3 else pixels.shape[3]
    content.PhotometricInterpretation = kind.photometric
    content.PixelRepresentation = int(pixels.dtype.kind == "i")
    content.BitsAllocated = pixels.dtype.itemsize * 8
    content.BitsStored, content.HighBit = kind.bits, kind.bits - 1
    del content.DataSetTrailingPadding
    if pixels.ndim == 4:
        content.PlanarConfiguration = 0
        content.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7.4")
        del content.RescaleIntercept, content.RescaleSlope, content.PixelPaddingValue
    big = s.syntax_for(uid).big_endian_pixels
    data = encapsulate(list(encoded), has_bot=table) if encoded else packing.words(pixels, big_endian=big)
    content.PixelData = data
    content["PixelData"].VR = "OB" if encoded else "OW"
    content["PixelData"].is_undefined_length = bool(encoded)
    return content


@cache
def encoded_frames(uid: str, frames: int) -> tuple[bytes, ...]:
    """Return the first frames of a syntax's workload, coded."""
    kind = KINDS[uid]
    return () if kind.encode is None else tuple(bytes(kind.encode(frame)) for frame in kind.pixels()[:frames])


def repeated(uid: str, frames: int) -> tuple[Stored, tuple[bytes, ...]]:
    """Return so many frames of a syntax's workload, from the start again after FRAMES, and their codes."""
    numbers = np.arange(frames) % FRAMES
    coded = encoded_frames(uid, min(frames, FRAMES))
    return KINDS[uid].pixels()[numbers], tuple(coded[i] for i in numbers) if coded else ()


def write(path: Path, content: Dataset) -> Path:
    """Write a data set as a file and return its path."""
    path.write_bytes(file_of(content).getvalue())
    return path


def many_frames(folder: Path, uid: str, frames: int) -> Path:
    """Write a file of so many frames of 512 x 512."""
    return write(folder / f"{uid}-{frames}.dcm", content_of(uid, *repeated(uid, frames)))


def large(folder: Path, uid: str, side: int = SIDE) -> Path:
    """Write a file of one frame of `side` x `side`."""
    kind, across = KINDS[uid], side // 512
    frames = kind.pixels()[np.arange(across * across) % FRAMES]
    frame = np.ascontiguousarray(np.block([list(frames[i * across : (i + 1) * across]) for i in range(across)]))
    coded = () if kind.encode is None else (kind.encode(frame),)
    return write(folder / f"{uid}-{side}.dcm", content_of(uid, frame[None], coded))


def tiled(folder: Path) -> Path:
    """Write a file of 4,000 tiles of 128 x 128 colour pixels, JPEG baseline."""
    frames, kind = color(), KINDS[s.JPEG_BASELINE]
    assert kind.encode is not None
    rng = np.random.default_rng(3)
    corners = rng.integers(0, 512 - TILE, (200, 2)).tolist()
    cut = (frames[i % len(frames), y : y + TILE, x : x + TILE] for i, (y, x) in enumerate(corners))
    coded = [kind.encode(np.ascontiguousarray(tile)) for tile in cut]
    shape: Any = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (TILES, TILE, TILE, 3), (0, 0, 0, 0))
    content = content_of(s.JPEG_BASELINE, shape[:1], coded[:1])
    content.NumberOfFrames = TILES
    content.PixelData = encapsulate([coded[i % len(coded)] for i in range(TILES)])
    return write(folder / "tiles.dcm", content)


def small_frames(folder: Path, frames: int) -> Path:
    """Write a file of so many RLE frames of 64 x 64, with an empty offset table."""
    tile = gray_12()[0, :64, :64]
    rolled = np.stack([np.roll(tile, i, axis=1) for i in range(min(frames, 64))])
    coded = [packing.rle(frame) for frame in rolled]
    numbers = np.arange(frames) % len(coded)
    content = content_of(s.RLE_LOSSLESS, rolled[numbers], [coded[i] for i in numbers], table=False)
    return write(folder / f"small-{frames}.dcm", content)
