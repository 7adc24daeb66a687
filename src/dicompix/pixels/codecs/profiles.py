"""What a transfer syntax holds and which parameters it takes: format, request -> nothing, or an error (PS3.5 8.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.codestream.rle import MOST_RLE_SEGMENTS
from dicompix.pixels.errors import BadValueError
from dicompix.pixels.format import Photometric, PixelFormat

QUALITY = 90.0  # libjpeg's scale; used where neither it nor a rival is given
NEAR = 1
RATIO = 10.0
DISTANCE = 1.0  # "visually lossless", says libjxl
SUBSAMPLING = "422"  # the one that YBR_FULL_422 is named after (PS3.3 C.7.6.3.1.2)

_GRAY = (Photometric.MONOCHROME1, Photometric.MONOCHROME2)
_PALETTE = (Photometric.PALETTE_COLOR,)
_COLOR = (Photometric.RGB, Photometric.YBR_FULL)


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of a table in PS3.5 8.2: photometric interpretations with the sample formats that go with them."""

    photometrics: tuple[Photometric, ...]
    bits_stored: range
    signed: bool = False
    allocated: tuple[int, ...] = (8, 16)

    def allows(self, fmt: PixelFormat) -> bool:
        """Tell whether samples of this format may be coded so."""
        return (
            fmt.photometric in self.photometrics
            and fmt.bits_stored in self.bits_stored
            and fmt.bits_allocated in self.allocated
            and (self.signed or not fmt.signed)
        )

    def __str__(self) -> str:
        """Return the row as an error message lists it."""
        low, high = self.bits_stored.start, self.bits_stored.stop - 1
        bits = f"Bits Stored {low}" if low == high else f"Bits Stored {low} to {high}"
        allocated = " or ".join(map(str, self.allocated))
        sign = "" if self.signed else ", unsigned"
        return f"{' or '.join(self.photometrics)} with {bits} in {allocated}{sign}"


_EIGHT, _TWELVE = range(8, 9), range(12, 13)
_WIDE = (8, 16, 32)
_LOSSLESS_JPEG = (
    Profile(_GRAY, range(2, 17), signed=True),
    Profile(_PALETTE, range(2, 17)),
    Profile(_COLOR, range(2, 17)),
)
_NEAR_LOSSLESS = (
    Profile(_GRAY, range(2, 17), signed=True),
    Profile((Photometric.RGB,), range(2, 17)),
    Profile((Photometric.YBR_FULL,), range(2, 9)),
)
_JPEG_2000 = (Profile(_GRAY, range(1, 33), signed=True, allocated=_WIDE), Profile(_COLOR, range(1, 33), False, _WIDE))
_JPEG_XL = (Profile(_GRAY, range(1, 17)), Profile((Photometric.RGB,), range(1, 17)))
_PALETTE_16 = Profile(_PALETTE, range(1, 17))

# A syntax that is not here codes pixel cells as they are, of any kind (PS3.5 8.2.2, A.4.11, A.4.13).
PROFILES: dict[str, tuple[Profile, ...]] = {
    s.JPEG_BASELINE: (Profile(_GRAY, _EIGHT, allocated=(8,)), Profile(_COLOR, _EIGHT, allocated=(8,))),  # 8.2.1
    s.JPEG_EXTENDED: (Profile(_GRAY, _EIGHT, allocated=(8,)), Profile(_GRAY, _TWELVE, allocated=(16,))),
    s.JPEG_LOSSLESS: _LOSSLESS_JPEG,
    s.JPEG_LOSSLESS_SV1: _LOSSLESS_JPEG,
    s.JPEG_LS: (*_NEAR_LOSSLESS, Profile(_PALETTE, range(2, 17))),  # 8.2.3
    s.JPEG_LS_NEAR: _NEAR_LOSSLESS,
    s.JPEG_2000_LOSSLESS: (*_JPEG_2000, _PALETTE_16),  # 8.2.4
    s.JPEG_2000: _JPEG_2000,
    s.HTJ2K_LOSSLESS: (*_JPEG_2000, _PALETTE_16),  # 8.2.14
    s.HTJ2K_LOSSLESS_RPCL: (*_JPEG_2000, _PALETTE_16),
    s.HTJ2K: _JPEG_2000,
    s.JPEG_XL_LOSSLESS: (Profile(_GRAY, range(1, 17), signed=True), *_JPEG_XL[1:], _PALETTE_16),  # 8.2.15
    s.JPEG_XL: _JPEG_XL,
}

# Which parameters a lossy syntax takes; of those in one group, one at a time.
PARAMETERS: dict[str, tuple[tuple[str, ...], ...]] = {
    s.JPEG_BASELINE: (("quality",), ("subsampling",)),
    s.JPEG_EXTENDED: (("quality",),),
    s.JPEG_LS_NEAR: (("near",),),
    s.JPEG_2000: (("ratio", "psnr"),),
    s.HTJ2K: (("quality", "ratio"),),
    s.JPEG_XL: (("quality", "distance"),),
}


def _all_of(values: object, low: float, high: float) -> bool:
    given = values if isinstance(values, tuple) else (values,)
    return bool(given) and all(isinstance(value, int | float) and low <= value <= high for value in given)


_MEANS: dict[str, tuple[Callable[[object], bool], str]] = {
    "quality": (lambda value: not isinstance(value, tuple) and _all_of(value, 1, 100), "1 to 100"),
    "near": (lambda value: isinstance(value, int) and 0 <= value <= 255, "an integer, 0 to 255 (ITU-T T.87 C.2.3)"),
    "ratio": (lambda value: _all_of(value, 1, 100_000), "1 or more"),
    "psnr": (lambda value: _all_of(value, 1, 200), "1 to 200 dB"),
    "distance": (lambda value: not isinstance(value, tuple) and _all_of(value, 0.01, 25), "0.01 to 25"),
    "subsampling": (lambda value: value in {"422", "444"}, "'422' or '444'"),
}


@lru_cache(maxsize=64)  # the frames of an image are alike
def check_encoding(fmt: PixelFormat, want: EncodeRequest) -> None:
    """Raise BadValueError for samples that the syntax may not hold, or a parameter that it does not take.

    >>> check_encoding(PixelFormat(rows=1, columns=1, transfer_syntax=s.JPEG_LS), EncodeRequest(near=2))
    Traceback (most recent call last):
    dicompix.pixels.errors.BadValueError: JPEG-LS Lossless takes no parameter, but near is given
    """
    _check_samples(fmt)
    _check_parameters(fmt, want)


def _check_samples(fmt: PixelFormat) -> None:
    name = s.syntax_for(fmt.transfer_syntax).name
    if fmt.floating and s.syntax_for(fmt.transfer_syntax).encapsulated:
        raise BadValueError(f"{name} holds integers, needed a native transfer syntax for Float Pixel Data (PS3.5 8.2)")
    if fmt.transfer_syntax == s.RLE_LOSSLESS:
        _check_segments(fmt)
    profiles = PROFILES.get(fmt.transfer_syntax)
    if profiles is None or any(profile.allows(fmt) for profile in profiles):
        return
    sign = "signed" if fmt.signed else "unsigned"
    raise BadValueError(
        f"{name} cannot hold {fmt.photometric} with Bits Stored {fmt.bits_stored} in {fmt.bits_allocated}, {sign} "
        f"(PS3.5 8.2): needed {'; or '.join(map(str, profiles))}"
    )


def _check_segments(fmt: PixelFormat) -> None:
    segments = fmt.samples * -(-fmt.bits_allocated // 8)
    if segments > MOST_RLE_SEGMENTS or (fmt.samples > 1 and fmt.bits_allocated == 1):
        raise BadValueError(
            f"{fmt.samples} samples of {fmt.bits_allocated} bits take {segments} RLE segments, needed "
            f"{MOST_RLE_SEGMENTS} or fewer, and whole bytes where there are several samples (PS3.5 G.2, G.5)"
        )


def _check_parameters(fmt: PixelFormat, want: EncodeRequest) -> None:
    name = s.syntax_for(fmt.transfer_syntax).name
    groups = PARAMETERS.get(fmt.transfer_syntax, ())
    if fmt.samples == 1 or not want.component_transform:
        groups = tuple(group for group in groups if group != ("subsampling",))
    known = [parameter for group in groups for parameter in group]
    for parameter in want.given:
        if parameter not in known:
            takes = f"takes {' or '.join(known)}" if known else "takes no parameter"
            raise BadValueError(f"{name} {takes}, but {parameter} is given")
        fits, needed = _MEANS[parameter]
        value = getattr(want, parameter)
        if not fits(value):
            raise BadValueError(f"{parameter} is {value!r}, needed {needed}")
    for group in groups:
        if len(rivals := [parameter for parameter in group if parameter in want.given]) > 1:
            raise BadValueError(f"{' and '.join(rivals)} are given, needed one of them")
    greatest = (1 << fmt.bits_stored) - 1
    if want.near is not None and want.near > greatest // 2:
        raise BadValueError(f"near is {want.near}, needed at most half of {greatest} (ITU-T T.87 C.2.3)")
