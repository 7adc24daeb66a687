"""Pictures to encode: smooth, edged and noisy parts, every value of their range possible."""

import numpy as np

from dicompix.pixels.codecs.base import Stored

ROWS, COLUMNS = 19, 23


def gray(bits: int, *, signed: bool = False, rows: int = ROWS, columns: int = COLUMNS) -> Stored:
    """Return one gray frame that uses the whole range of `bits`, in the smallest container."""
    top = (1 << bits) - 1
    y, x = np.mgrid[:rows, :columns]
    wave = 0.5 + 0.35 * np.sin(x / 4.0) * np.cos(y / 5.0)
    frame = (wave * float(top)).astype(np.uint64)
    frame[rows // 4 : rows // 2, columns // 3 : columns // 2] = top
    noise = np.random.default_rng(bits).integers(0, top, (rows - rows // 2, columns - columns // 2), np.uint64, True)
    frame[rows // 2 :, columns // 2 :] = noise
    frame[-1, :3] = (0, top, 0)[:columns]
    size = next(size for size in (8, 16, 32, 64) if bits <= size)
    unsigned: Stored = frame.astype(f"u{size // 8}")
    if not signed:
        return unsigned
    centered: Stored = (unsigned - np.array(1 << (bits - 1), unsigned.dtype)).view(f"i{size // 8}")
    return centered


def smooth(bits: int, *, rows: int = ROWS, columns: int = COLUMNS) -> Stored:
    """Return one gray frame without edges, well inside its range: lossy codings keep it within a few values."""
    y, x = np.mgrid[:rows, :columns]
    wave = 0.5 + 0.35 * np.sin(x / 4.0) * np.cos(y / 5.0)
    frame: Stored = (wave * float((1 << bits) - 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    return frame


def color(bits: int = 8, *, samples: int = 3, rows: int = ROWS, columns: int = COLUMNS) -> Stored:
    """Return one colour-by-pixel frame whose planes differ."""
    plane = gray(bits, rows=rows, columns=columns)
    planes = (plane, plane[::-1], plane[:, ::-1], plane[::-1, ::-1])
    return np.ascontiguousarray(np.stack(planes[:samples], axis=-1))


def smooth_color(*, rows: int = ROWS, columns: int = COLUMNS) -> Stored:
    """Return one smooth RGB frame of 8 bits."""
    plane = smooth(8, rows=rows, columns=columns)
    return np.ascontiguousarray(np.stack([plane, plane[::-1], plane[:, ::-1]], axis=-1))
