"""From what a codec gave to what was promised: unused bits, sign, overshoot, colour (PS3.5 8.1.1, 8.2)."""

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.errors import Finding
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.settle import Settled
from dicompix.pixels.syntaxes import syntax_for
from dicompix.pixels.transforms.ycbcr import YbrToRgb

_CONVERTED = {
    Photometric.YBR_FULL,
    Photometric.YBR_FULL_422,
    Photometric.YBR_PARTIAL_422,
    Photometric.YBR_PARTIAL_420,
}
_COMPOSITE = {"native", "deflated", "rle"}  # families that code the whole pixel cell, unused bits included


def conform(frame: Frame, settled: Settled, want: DecodeRequest) -> Frame:
    """Return the frame with samples as promised: type, sign, range, and RGB unless raw."""
    promised = settled.promised
    array = frame.array
    findings: tuple[Finding, ...] = ()
    if not promised.floating:
        array, findings = _conform_bits(array, settled, want.out)
    photometric = frame.photometric
    if photometric in _CONVERTED and promised.samples == 3 and not want.raw and not promised.floating:
        array = YbrToRgb(photometric, promised.bits_stored)(array)
        photometric = Photometric.RGB
    if want.out is not None and not _same_memory(array, want.out):
        np.copyto(want.out, array, casting="unsafe")
        array = want.out
    return Frame(array, photometric, (*frame.findings, *findings))


def _same_memory(array: Stored, out: Stored) -> bool:
    return array.strides == out.strides and np.may_share_memory(array, out)


def _conform_bits(array: Stored, settled: Settled, out: Stored | None) -> tuple[Stored, tuple[Finding, ...]]:
    promised, coded = settled.promised, settled.coded
    if syntax_for(coded.transfer_syntax).family in _COMPOSITE:
        return composite_bits(array, promised, out)
    array = _signed_as_promised(array, coded, promised)
    if promised.bits_stored < coded.bits_stored:
        if settled.lossy:
            low, high = promised.value_range
            return np.clip(array, low, high, out=array if array.flags.writeable else None), ()
        return unused_bits(array, promised.bits_stored), ()
    return array, ()


def _signed_as_promised(array: Stored, coded: PixelFormat, promised: PixelFormat) -> Stored:
    """Return samples in the promised type; a stream that cannot say or misstates its sign is read bit by bit."""
    if coded.signed == promised.signed:
        return array.astype(promised.dtype, copy=False)
    same_width = np.dtype(coded.dtype.str.replace("u" if promised.signed else "i", "i" if promised.signed else "u"))
    return unused_bits(array.view(same_width), coded.bits_stored).astype(promised.dtype, copy=False)


def composite_bits(array: Stored, fmt: PixelFormat, out: Stored | None = None) -> tuple[Stored, tuple[Finding, ...]]:
    """Return pixel cells as values: shifted down where High Bit says so, unused bits masked or filled with the sign."""
    if fmt.bits_allocated == 1:
        return array, ()
    if not fmt.shift:
        return unused_bits(array, fmt.bits_stored, out), ()
    # Unused bits above the value go first, then those below it.
    kept = unused_bits(array, fmt.bits_stored + fmt.shift, out)
    shifted = np.right_shift(kept, fmt.shift, out=kept if kept.flags.writeable else None)
    found = Finding(
        code="high-bit",
        message="High Bit is not Bits Stored - 1: the samples were shifted down",
        attribute="HighBit",
        found=fmt.high_bit,
        used=fmt.bits_stored - 1,
        clause="PS3.5 8.1.1",
    )
    return shifted, (found,)


def unused_bits(array: Stored, bits: int, out: Stored | None = None) -> Stored:
    """Return samples of `bits` bits: higher bits cleared, or copies of the sign bit where the type is signed.

    >>> unused_bits(np.array([6192], np.int16), 13)
    array([-2000], dtype=int16)
    """
    spare = array.dtype.itemsize * 8 - bits
    if spare <= 0:
        return array
    if out is None or out.shape != array.shape or out.dtype != array.dtype:
        out = array if array.flags.writeable else np.empty_like(array)
    if array.dtype.kind == "u":
        np.bitwise_and(array, array.dtype.type((1 << bits) - 1), out=out)
        return out
    np.left_shift(array, spare, out=out)
    np.right_shift(out, spare, out=out)
    return out
