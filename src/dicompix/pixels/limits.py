"""How much memory a header may ask for: a lying one gets an error before anything is allocated."""

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import LimitError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.syntaxes import syntax_for

MAX_FRAME_BYTES = 1 << 32

# The most bytes of native samples that one byte of a stream can decode to, where the coding bounds it.
_MOST_BYTES_PER_BYTE = {
    "native": 1.0,
    "deflated": 1032.0,  # two bits repeat up to 258 bytes (RFC 1951, 3.2.5)
    "rle": 64.0,  # two bytes repeat one up to 128 times (PS3.5 G.3.2)
    "jpeg-baseline": 1024.0,  # a block of 64 samples takes one bit and more (T.81 F.1.2)
    "jpeg-extended": 1024.0,
    "jpeg-progressive": 1024.0,
    "jpeg-lossless": 16.0,  # a sample takes one bit and more (T.81 H.1.2)
}
_ALWAYS_ALLOWED = 1 << 20
# Black frames of any size take a few hundred bytes in the other codings: allowed up to this size, or by this ratio.
_BLANK, _BLANK_RATIO = 1 << 28, 1000.0
_PACKED = {"native", "deflated", "rle"}  # codings of the native frame, where 1-bit and 12-bit samples are packed


def check_frame(fmt: PixelFormat, encoded_bytes: int, stream: Codestream | None) -> None:
    """Raise LimitError where a frame would take more memory than its bytes can justify."""
    needed = fmt.array_bytes
    if needed <= _ALWAYS_ALLOWED:
        return
    kind = syntax_for(fmt.transfer_syntax).family if stream is None else stream.kind
    ratio = _MOST_BYTES_PER_BYTE.get(kind)
    if kind == "jpeg-ls":  # a line takes one bit and more (T.87 A.7.1)
        ratio = 8.0 * fmt.array_bytes / fmt.rows
    most = max(_BLANK, encoded_bytes * _BLANK_RATIO) if ratio is None else encoded_bytes * ratio
    if (fmt.frame_bytes if kind in _PACKED else needed) > most:
        raise LimitError(
            f"{fmt.rows} x {fmt.columns} x {fmt.samples} samples would take {needed} bytes, "
            f"but {encoded_bytes} bytes of {kind} cannot hold them"
        )
    if needed > MAX_FRAME_BYTES:
        raise LimitError(f"one frame would take {needed} bytes, the limit is {MAX_FRAME_BYTES} bytes")
