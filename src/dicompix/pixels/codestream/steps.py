"""Whether a JPEG 2000 main header says how each subband is quantized, as decoders trust it to (T.800 A.6.4)."""

from functools import lru_cache

from dicompix.pixels.codestream.base import Data, marker_segments
from dicompix.pixels.errors import CodecError

_TILE_PART, _EOC = b"\xff\x90", b"\xff\xd9"
_SIZ, _COD, _COC, _QCD, _QCC = 0x51, 0x52, 0x53, 0x5C, 0x5D
_MANY_COMPONENTS = 257  # from here on a component's number takes two bytes (T.800 A.6.2)
_ALL = -1  # instead of a component's number: all that have no parameters of their own
_STYLE, _EXPONENTS, _EXPOUNDED = 31, 0, 2  # one byte, or two, for each subband (T.800 table A.28)
_REVERSIBLE = 1  # the 5-3 wavelet (T.800 table A.20)
_MOST_PLANES, _MOST_WHOLE = 30, 37  # of a subband (T.800 E-2), that OpenJPH has bits for: floats, whole numbers

_HEADERS = (1 << 10, 1 << 16, 1 << 24)  # bytes in which the first tile-part is looked for

_Parameters = dict[int, bytes]


def check_steps(data: Data) -> None:
    """Raise CodecError where the main header has fewer step sizes than subbands: OpenJPEG would take those for 0.

    A header without any is for decoders to refuse.
    """
    _raise(_problems(_main_header(data))[0])


def check_planes(data: Data) -> None:
    """Raise CodecError where OpenJPH, which trusts the main header, may crash: subbands without steps, or of many bits.

    >>> check_planes(bytes.fromhex("FF4F FF51 0004 0000 FF90"))
    Traceback (most recent call last):
    dicompix.pixels.errors.CodecError: the JPEG 2000 main header lacks COD or QCD
    """
    _raise(_problems(_main_header(data))[1])


def _raise(problem: str) -> None:
    if problem:
        raise CodecError(f"the JPEG 2000 main header {problem}")


def _main_header(data: Data) -> bytes:
    for length in _HEADERS:
        head = bytes(data[:length])
        stop = head.find(_TILE_PART)
        if stop >= 0:
            return head[:stop]
    return head


@lru_cache(maxsize=64)  # the frames of an image have the same headers
def _problems(header: bytes) -> tuple[str, str]:
    """Return which step sizes a main header lacks, and what else is wrong with them; nothing where nothing is."""
    coding, steps = _parameters(header)
    if _ALL not in coding or _ALL not in steps:
        return "", "lacks COD or QCD"
    pairs = [(coding.get(number, coding[_ALL]), steps.get(number, steps[_ALL])) for number in {*coding, *steps}]
    lacking = next(filter(None, (_lacking(*pair) for pair in pairs)), "")
    return lacking, lacking or next(filter(None, (_excessive(*pair) for pair in pairs)), "")


def _parameters(header: bytes) -> tuple[_Parameters, _Parameters]:
    """Return the coding parameters (SPcod) and the step sizes of each component that has its own, and of all."""
    coding: _Parameters = {}
    steps: _Parameters = {}
    wide = 1
    for marker, first, stop in marker_segments(header + _EOC, 2):
        segment = header[first:stop]
        if marker == _SIZ:
            wide = 2 if int.from_bytes(segment[34:36]) >= _MANY_COMPONENTS else 1
        elif marker == _COD:
            coding[_ALL] = segment[5:]
        elif marker == _QCD:
            steps[_ALL] = segment
        elif marker == _COC:
            coding[int.from_bytes(segment[:wide])] = segment[wide + 1 :]
        elif marker == _QCC:
            steps[int.from_bytes(segment[:wide])] = segment[wide:]
    return coding, steps


def _lacking(coding: bytes, steps: bytes) -> str:
    """Return what a component's step sizes lack, which are one for each subband of its levels, or one for all."""
    if len(coding) < 5 or len(steps) < 2:
        return "ends inside of COD or QCD"
    needed, found = 3 * coding[0] + 1, len(_exponents(steps))
    if found >= needed or steps[0] & _STYLE not in {_EXPONENTS, _EXPOUNDED}:
        return ""
    return f"has {found} step sizes, needed {needed} for {coding[0]} levels"


def _excessive(coding: bytes, steps: bytes) -> str:
    """Return which subband has too many bits (T.800 E-2)."""
    planes = max(_exponents(steps)[: 3 * coding[0] + 1]) + (steps[0] >> 5) - 1
    most = _MOST_WHOLE if coding[4] == _REVERSIBLE else _MOST_PLANES
    return f"has a subband of {planes} bits, needed {most} or fewer" if planes > most else ""


def _exponents(steps: bytes) -> list[int]:
    return [byte >> 3 for byte in steps[1 :: 1 if steps[0] & _STYLE == _EXPONENTS else 2]]
