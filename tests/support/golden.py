"""Streams made once by an independent encoder, with the pixels of an independent decoder.

Encoder and decoder are DCMTK 3.6.7 (``dcmcjpeg``/``dcmdjpeg +cn``, ``dcmcjpls``/``dcmdjpls``); each entry of
golden.json says with which options. `sha256` is that of the decoded samples, little endian, colour-by-pixel. Lossy
streams have the samples themselves too, because correct decoders may differ there. Never regenerate these by our
own code.
"""

import json
import zlib
from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import Photometric, PixelFormat


@dataclass(frozen=True, eq=False)
class Golden:
    """One coded frame; `fmt` is what its data set says; `pixels` only where the coding is lossy."""

    name: str
    fmt: PixelFormat
    stream: bytes
    sha256: str
    pixels: Stored | None


def _load(row: dict[str, object]) -> Golden:
    shape, bits = row["shape"], row["bits"]
    assert isinstance(shape, list)
    assert isinstance(bits, int)
    fmt = PixelFormat(
        rows=shape[0],
        columns=shape[1],
        samples=shape[2] if len(shape) > 2 else 1,
        photometric=Photometric(str(row["photometric"])),
        bits_allocated=8 if bits <= 8 else 16,
        bits_stored=bits,
        signed=bool(row["signed"]),
        transfer_syntax=str(row["syntax"]),
    )
    pixels = None
    if "pixels" in row:
        samples = zlib.decompress(b64decode(str(row["pixels"])))
        assert sha256(samples).hexdigest() == row["sha256"]
        pixels = np.frombuffer(samples, fmt.dtype.newbyteorder("<")).reshape(fmt.frame_shape)
    return Golden(str(row["name"]), fmt, b64decode(str(row["stream"])), str(row["sha256"]), pixels)


GOLDEN = {row["name"]: _load(row) for row in json.loads(Path(__file__).with_name("golden.json").read_text())}
