"""Samples -> HTJ2K by OpenJPH, through imagecodecs, at the precision of the data set (ISO/IEC 15444-15).

imagecodecs writes streams of 8, 16 or 32 bits only. Samples of fewer bits are coded with their DC level shift already
done, as signed integers of that width, and the header is then made to state the real precision and sign: the
coefficients are the same (ITU-T T.800 G.1). Step sizes are relative to the precision, so those of a lossy stream are
restated, and guard bits make up for what their exponents lose (T.800 E.1).
"""

import math
from dataclasses import dataclass

import numpy as np

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Encoded, EncodeRequest, Stored
from dicompix.pixels.codecs.encode_imagecodecs import call, finest, most_bytes, one_layer, transformed
from dicompix.pixels.codecs.imagecodecs_jpeg import library
from dicompix.pixels.codecs.profiles import RATIO
from dicompix.pixels.codestream.base import marker_segments
from dicompix.pixels.codestream.jpeg2000 import COD, SIZ, SOT
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat

_QCD = 0x5C
_FIRST_COMPONENT = 36  # Ssiz of the first component, from the start of SIZ's parameters (T.800 A.5.1)
_RPCL = 2  # progression order (T.800 table A.16)
_EXPOUNDED = 2  # each subband's step size is stated (T.800 table A.28)
_MOST_GUARD_BITS = 7
_USUAL_LEVELS = 5
_THUMBNAIL = 64  # the lowest resolution of the RPCL syntax is at most so wide or so high (PS3.5 10.18)
_BY_RESOLUTION = 1
_FINEST_LEVEL = 1.1e-5  # imagecodecs takes a smaller one for none


@dataclass(frozen=True, slots=True)
class _Widened:
    """Samples as imagecodecs will code them, `shift` bits up, and how the header must describe them."""

    array: Stored
    bits: int
    signed: bool
    shift: int = 0

    @property
    def spare(self) -> int:
        return self.array.dtype.itemsize * 8 - self.bits


def encode(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
    """Encode one frame: lossless, of a stated quality, or of a stated ratio, which takes several turns."""
    lossy = s.syntax_for(fmt.transfer_syntax).lossy
    widened, photometric = _widen(array, fmt, lossy=lossy), transformed(fmt, want)
    options = _options(fmt, photometric)
    if not lossy:
        data = _coded(widened, {**options, "reversible": True})
    elif want.quality is not None:
        data = _lossy(widened, options, step_of(want.quality, fmt))
    else:
        ratio = RATIO if want.ratio is None else one_layer(want.ratio)
        if ratio is None:
            raise CodecError("htj2k_encode: it writes one quality layer, needed one ratio")
        bounds, most = (1.0, fmt.bits_stored + 3.0), most_bytes(fmt, ratio)
        data = finest(lambda fineness: _lossy(widened, options, 2.0**-fineness), bounds, most)
    _check(data, fmt)
    return Encoded(data, photometric)


def _options(fmt: PixelFormat, photometric: Photometric) -> dict[str, object]:
    longest = max(fmt.rows, fmt.columns)
    levels = max(_USUAL_LEVELS, math.ceil(math.log2(longest / _THUMBNAIL)))
    options: dict[str, object] = {"rgb": photometric in {Photometric.YBR_RCT, Photometric.YBR_ICT}, "planar": False}
    options["resolutions"] = levels
    if fmt.transfer_syntax == s.HTJ2K_LOSSLESS_RPCL:
        options |= {"tlm": True, "tilepart": _BY_RESOLUTION}
    return options


def _widen(array: Stored, fmt: PixelFormat, *, lossy: bool) -> _Widened:
    """Return samples less their level shift, in signed integers of the same width."""
    width = array.dtype.itemsize * 8
    if lossy and width > 16:
        raise CodecError(f"htj2k_encode: its steps are too coarse for more than 16 bits, needed {fmt.bits_stored}")
    if fmt.bits_stored == width:
        return _Widened(array, width, fmt.signed)
    signed = array.view(array.dtype.str.replace("u", "i"))
    if not fmt.signed:
        signed = signed - signed.dtype.type(1 << (fmt.bits_stored - 1))
    # Guard bits can make up for a part of the spare bits only: the values take up the rest.
    shift = max(0, width - fmt.bits_stored - _MOST_GUARD_BITS + 1) if lossy else 0
    return _Widened(np.left_shift(signed, shift), fmt.bits_stored, fmt.signed, shift)


def _coded(widened: _Widened, options: dict[str, object]) -> bytes:
    data = bytearray(call(library().htj2k_encode, widened.array, options=options))
    if widened.spare:
        _restate(data, widened)
    return bytes(data)


def _restate(data: bytearray, widened: _Widened) -> None:
    """Write precision and sign into SIZ, and into QCD the step sizes that they lead to."""
    for marker, first, stop in marker_segments(data, 2):
        if marker == SIZ:
            for component in range(first + _FIRST_COMPONENT, stop, 3):
                data[component] = (widened.bits - 1) | (0x80 if widened.signed else 0)
        elif marker == _QCD and data[first] & 31 == _EXPOUNDED:
            lost = widened.spare - widened.shift
            data[first] += lost << 5
            for place in range(first + 1, stop, 2):
                if data[place] >> 3 < lost:
                    raise CodecError(f"htj2k_encode: steps are too coarse for {widened.bits} bits")
                data[place] -= lost << 3
        elif marker == SOT:
            return


def step_of(quality: float, fmt: PixelFormat) -> float:
    """Return the quantization step, relative to all values of Bits Stored, for a quality on libjpeg's scale.

    >>> round(step_of(50, PixelFormat(rows=1, columns=1)), 4), round(step_of(100, PixelFormat(rows=1, columns=1)), 4)
    (0.042, 0.002)
    """
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    return min(0.04 * scale + 0.5 / (1 << fmt.bits_stored), 0.5)


def _lossy(widened: _Widened, options: dict[str, object], step: float) -> bytes:
    """Return the stream of a quantization step; OpenJPH takes it relative to the width that it is told."""
    level = max(step / (1 << (widened.spare - widened.shift)), _FINEST_LEVEL)
    return _coded(widened, {**options, "reversible": False, "level": level})


def _check(data: bytes, fmt: PixelFormat) -> None:
    """Raise CodecError unless the progression order is what the RPCL syntax is named for (PS3.5 10.18)."""
    if fmt.transfer_syntax != s.HTJ2K_LOSSLESS_RPCL:
        return
    order = next((data[first + 1] for marker, first, _ in marker_segments(data, 2) if marker == COD), None)
    if order != _RPCL:
        raise CodecError(f"htj2k_encode: the progression order is {order}, needed {_RPCL}, RPCL")
