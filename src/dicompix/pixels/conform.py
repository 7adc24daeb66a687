"""From what a codec gave to what was promised: unused bits, sign, overshoot, colour (PS3.5 8.1.1, 8.2)."""

import numpy as np

from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored, fill
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


def conform(frame: Frame, settled: Settled, want: DecodeRequest, *, corrected: bool = True) -> Frame:
    """Return the frame with samples as promised: type, sign, range, and RGB unless raw.

    Bits that are not `corrected` stay as they were coded: unused ones, and the sign that a stream cannot say.
    """
    promised = settled.promised
    array = frame.array
    findings: tuple[Finding, ...] = ()
    if not promised.floating:
        array, findings = _conform_bits(array, settled, want.out) if corrected else (_seen_as(promised, array), ())
    if settled.overflowing and _overflows(frame.array, settled.overflowing):
        findings = (*findings, _OVERFLOW)
    photometric = frame.photometric
    if photometric in _CONVERTED and promised.samples == 3 and not want.raw and not promised.floating:
        array = YbrToRgb(photometric, promised.bits_stored)(array)
        photometric = Photometric.RGB
    if want.out is not None and not _same_memory(array, want.out):
        fill(want.out, array)
        array = want.out
    return Frame(array, photometric, (*frame.findings, *findings))


_OVERFLOW = Finding(
    code="lossless-prediction",
    message="differences of neighbours take 17 bits: an encoder of 16-bit arithmetic went wrong here, "
    "and nothing in the codestream tells whether this one did",
    used="ITU-T T.81 H.1.2.1",
    clause="ITU-T T.81 H.1.2.1",
    severity="error",
)


def _overflows(array: Stored, predictor: int) -> bool:
    """Tell whether the difference that a predictor halves exceeds 16 bits: of Rb and Rc, or of Ra and Rc."""
    samples = array.astype(np.int32)
    corner = samples[:-1, :-1]
    other = samples[:-1, 1:] if predictor == 5 else samples[1:, :-1]
    return bool((np.abs(other - corner) > 0x7FFF).any())


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
    return unused_bits(_seen_as(promised, array, widen=False), coded.bits_stored).astype(promised.dtype, copy=False)


def _seen_as(promised: PixelFormat, array: Stored, *, widen: bool = True) -> Stored:
    """Return the very bits of samples as signed or unsigned, as promised; in the promised width unless not to widen."""
    seen = array.view(f"{promised.dtype.kind}{array.dtype.itemsize}")
    return seen.astype(promised.dtype, copy=False) if widen else seen


def composite_bits(array: Stored, fmt: PixelFormat, out: Stored | None = None) -> tuple[Stored, tuple[Finding, ...]]:
    """Return pixel cells as values: shifted down where High Bit says so, unused bits masked or filled with the sign."""
    if fmt.bits_allocated == 1:
        return array, ()
    if not fmt.shift:
        dirty = _dirty(array, fmt)
        return unused_bits(array, fmt.bits_stored, out), (_DIRTY,) if dirty else ()
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


_DIRTY = Finding(
    code="unused-bits",
    message="bits above Bits Stored are neither clear nor copies of the sign: an overlay, or rubbish",
    attribute="BitsStored",
    clause="PS3.5 8.1.1",
    severity="info",
)


def _dirty(array: Stored, fmt: PixelFormat) -> bool:
    """Tell whether a sample is more than Bits Stored bits can say; unsigned cells of signed samples are often bare."""
    if fmt.bits_allocated in {fmt.bits_stored, 12} or not array.size:
        return False  # packed cells have been put into wider ones, their sign has not
    low, high = fmt.value_range
    if array.dtype.kind == "u":
        return int(array.max()) > high
    return int(array.min()) < low or int(array.max()) > 2 * high + 1


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
