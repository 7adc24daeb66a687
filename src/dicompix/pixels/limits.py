"""How much memory a header may ask for: a lying one gets an error before anything is allocated."""

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import LimitError
from dicompix.pixels.format import PixelFormat

MAX_FRAME_BYTES = 1 << 32

# The most bytes that one byte of a stream can decode to, where the coding bounds it.
_MOST_BYTES_PER_BYTE = {
    "native": 1.0,
    "rle": 64.0,  # two bytes repeat one up to 128 times (PS3.5 G.3.2)
    "jpeg-baseline": 1024.0,  # a block of 64 samples takes two bits and more (T.81 F.1.2)
    "jpeg-extended": 1024.0,
    "jpeg-lossless": 16.0,  # a sample takes one bit and more (T.81 H.1.2)
}
_ALWAYS_ALLOWED = 1 << 20


def check_frame(fmt: PixelFormat, encoded_bytes: int, stream: Codestream | None) -> None:
    """Raise LimitError where a frame would take more memory than its bytes can justify."""
    needed = fmt.array_bytes
    if needed <= _ALWAYS_ALLOWED:
        return
    ratio = _MOST_BYTES_PER_BYTE.get(stream.kind) if stream is not None else None
    if ratio is not None and needed > encoded_bytes * ratio:
        raise LimitError(
            f"{fmt.rows} x {fmt.columns} x {fmt.samples} samples would take {needed} bytes, "
            f"but {encoded_bytes} bytes of {stream.kind if stream else 'data'} cannot hold them"
        )
    if needed > MAX_FRAME_BYTES:
        raise LimitError(f"one frame would take {needed} bytes, the limit is {MAX_FRAME_BYTES} bytes")
