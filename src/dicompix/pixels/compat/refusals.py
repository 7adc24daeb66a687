"""What a transfer syntax or one of pydicom's plugins cannot take, in the words that pydicom has for it (PS3.5 8.2)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.codecs.profiles import Profile, check_encoding
from dicompix.pixels.compat.labels import name_of
from dicompix.pixels.errors import BadValueError, CodecError
from dicompix.pixels.format import Photometric, PixelFormat

_MOST_OPENJPEG_BITS = 24
_THREE_SAMPLES = {Photometric.RGB, Photometric.XYB}


def check_samples(
    fmt: PixelFormat, *, intended: Photometric | None = None, allocated: int = 0, narrower: Sequence[Profile] = ()
) -> None:
    """Raise BadValueError for samples that the transfer syntax may not hold.

    `intended` is what the coded samples shall be, `allocated` the Bits Allocated that were given, where those are
    others than the format's; one of the `narrower` profiles has to allow the format too, where there are some.
    """
    intended = intended or fmt.photometric
    colors = 3 if intended.is_ybr or intended in _THREE_SAMPLES else 1
    reason = "" if fmt.samples in {colors, 4} else f"{intended} has {colors} samples per pixel"
    if narrower and not any(profile.allows(fmt) for profile in narrower):
        reason = reason or "pydicom allows no such samples here"
    try:
        check_encoding(fmt, EncodeRequest())
    except BadValueError as problem:
        reason = str(problem)
    if reason:
        raise not_allowed(fmt, intended, allocated or fmt.bits_allocated, reason)


def not_allowed(fmt: PixelFormat, intended: Photometric, allocated: int, reason: str) -> BadValueError:
    """Return the error for samples that a transfer syntax may not hold."""
    return BadValueError(
        f"One or more of the following values is not valid for pixel data encoded with '{name_of(fmt.transfer_syntax)}'"
        f":\n  (0028,0002) Samples per Pixel: {fmt.samples}\n"
        f"  (0028,0006) Photometric Interpretation: {intended}\n"  # the tag that pydicom's text has
        f"  (0028,0100) Bits Allocated: {allocated}\n"
        f"  (0028,0101) Bits Stored: {fmt.bits_stored}\n"
        f"  (0028,0103) Pixel Representation: {int(fmt.signed)}\n"
        f"See Part 5, Section 8.2 of the DICOM Standard for more information: {reason}"
    )


def check_loss(uid: str, wanted: Mapping[str, Any], *, bits: int, labels: Collection[str] = ()) -> None:
    """Raise CodecError where what is wanted of a codec, by EncodeRequest's names, cannot be: how much to lose, mostly.

    `labels` are the plugins that would be asked.
    """
    for reason in _refusals(uid, wanted, bits):
        listed = "\n  ".join([f"{label}: {reason}" for label in labels] or [reason])
        raise CodecError(f"Unable to encode as exceptions were raised by all available plugins:\n  {listed}")


def _refusals(uid: str, wanted: Mapping[str, Any], bits: int) -> Iterator[str]:
    layers = [name for name in ("ratio", "psnr") if wanted.get(name)]
    if uid == s.JPEG_LS and (near := wanted.get("near")):
        yield (
            f"A 'jls_error' value of '{near}' is being used with a transfer syntax of 'JPEG-LS Lossless' - did you "
            "mean to use 'JPEG-LS Near Lossless' instead?"
        )
    if uid == s.JPEG_2000_LOSSLESS and layers:
        yield (
            "A lossy configuration option is being used with a transfer syntax of 'JPEG 2000 Lossless' - did you mean "
            "to use 'JPEG 2000' instead?"
        )
    if uid == s.JPEG_2000 and not layers and wanted.get("quality") is None:
        yield (
            "The 'JPEG 2000' transfer syntax requires a lossy configuration option such as 'j2k_cr' or 'j2k_psnr', or "
            "'ratio' or 'psnr'"
        )
    if uid == s.JPEG_2000 and len(layers) > 1:
        yield (
            "Multiple lossy configuration options are being used with the 'JPEG 2000' transfer syntax, please specify "
            "only one"
        )
    if s.syntax_for(uid).family == "jpeg-2000" and bits > _MOST_OPENJPEG_BITS:
        yield f"Invalid 'bits_stored' value '{bits}', must be in the range [1, {_MOST_OPENJPEG_BITS}]"


def check_plugin(label: str, fmt: PixelFormat) -> None:
    """Raise CodecError for pixel data that pydicom's plugin of that label refuses by its description alone."""
    reason = ""
    if label == "gdcm" and fmt.transfer_syntax == s.JPEG_EXTENDED and fmt.bits_stored > 8:
        reason = "GDCM does not support 'JPEG Extended' for samples with 12-bit precision"
    if label == "gdcm" and fmt.transfer_syntax == s.JPEG_LS_NEAR and fmt.signed and fmt.bits_stored < 8:
        reason = "Unable to decode signed lossy JPEG-LS pixel data with a sample precision less than 8 bits"
    if label == "pillow" and s.syntax_for(fmt.transfer_syntax).family == "jpeg-2000" and fmt.samples > 1:
        many = fmt.bits_stored > 8
        reason = f"Pillow cannot decode {fmt.bits_stored}-bit multi-sample data correctly" if many else ""
    if reason:
        raise CodecError(f"Unable to decode as exceptions were raised by all available plugins:\n  {label}: {reason}")
