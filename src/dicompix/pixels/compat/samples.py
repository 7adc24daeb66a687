"""What is to be coded: a native data set, or an array for one -> Samples (PS3.3 C.7.6.3, PS3.5 8.2)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.batch import decode_all, promised_format
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.bookkeeping import check_integer_pixels, declared_syntax, is_native
from dicompix.pixels.compat.encodable import check_array, described, encodable
from dicompix.pixels.compat.options import IMAGE_PIXEL, as_pixel_options
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import BadValueError, Finding, MissingElementError, UnsupportedError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.read import content_of
from dicompix.pixels.read import describe as tags
from dicompix.pixels.syntaxes import syntax_for

_NOTHING: Mapping[str, Any] = MappingProxyType({})
# These say how RGB is coded: before coding, and after decoding, the samples are RGB (PS3.5 8.2.4).
_COMPONENT_TRANSFORMS = {Photometric.YBR_RCT, Photometric.YBR_ICT}


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Frames to code, (frames, rows, columns[, samples]), and their format under the target's transfer syntax."""

    array: Stored
    fmt: PixelFormat
    findings: tuple[Finding, ...] = ()


def samples_of(ds: Dataset, uid: str) -> Samples:
    """Return the frames of a native data set, to be coded in transfer syntax `uid`; YBR stays what it is."""
    declared = declared_syntax(ds)
    if declared is None:
        raise MissingElementError(
            "Unable to determine the initial compression state of the dataset as there's no (0002,0010) "
            "'Transfer Syntax UID' element in the dataset's 'file_meta' attribute"
        )
    if not is_native(declared):
        raise BadValueError("Only uncompressed datasets may be compressed")
    _check_codable(ds)
    content = content_of(ds, strict=True)  # what is written says of itself what the data set said
    decoder = Decoder(fmt=content.fmt, raw=True)
    decoded = decode_all(content.index, decoder, content.fmt.frames)
    fmt = replace(promised_format(content.index, decoder), photometric=decoded.photometric)
    return _for_target(decoded.array, fmt, uid, tuple(_mattering((*content.findings, *decoded.findings))))


def _mattering(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings that what is coded depends on: frames in excess are left out, padding is no loss."""
    for finding in findings:
        if finding.code != "excess-padding":
            yield replace(finding, used=finding.found) if finding.code == "excess-frames" else finding


def samples_given(
    ds: Dataset,
    uid: str,
    array: Stored | Buffer,
    options: Mapping[str, Any] = _NOTHING,
    *,
    near: int = 0,
    big_endian: bool = False,
) -> Samples:
    """Return an array as the frames of a data set that describes it, to be coded in `uid` with errors up to `near`.

    Instead of an array there may be the bytes of native samples, little endian unless `big_endian`. Image Pixel values
    among pydicom's `options` stand for the data set's own.
    """
    _check_codable(ds)
    own = {name: value for name, value in options.items() if name in IMAGE_PIXEL and value is not None}
    if isinstance(array, Buffer):
        given = encodable(array, {**as_pixel_options(ds), **own, "byteorder": "<>"[big_endian]}, uid)
        frames = np.stack([given.frame(number) for number in range(given.fmt.frames)])
        return _for_target(frames, given.fmt, uid, ())
    described(array, own)  # TypeError for what is no pixels
    fmt, findings = tags.describe(_described(ds, own), tags.PIXELS, uid)
    check_array(array, fmt, near)
    return _for_target(array.reshape(fmt.shape), fmt, uid, findings)


def _described(ds: Dataset, own: Mapping[str, Any]) -> Dataset:
    """Return a data set with the Image Pixel values of `ds` and with `own` ones in their place."""
    if not own:
        return ds
    view = Dataset()
    for name, value in {**as_pixel_options(ds), **own}.items():
        if name in IMAGE_PIXEL:
            tag, vr = IMAGE_PIXEL[name]
            view.add_new(tag, vr, value)
    return view


def _for_target(array: Stored, fmt: PixelFormat, uid: str, findings: tuple[Finding, ...]) -> Samples:
    """Return samples in the format in which the target codes them."""
    fmt = replace(
        fmt,
        transfer_syntax=uid,
        photometric=_of_samples(fmt, uid),
        planar=0,
        bits_allocated=16 if fmt.bits_allocated == 12 else fmt.bits_allocated,
        high_bit=None,
        big_endian=False,
    )
    fmt = _at_fixed_precision(fmt)
    return Samples(array.astype(fmt.dtype, copy=False), fmt, findings)


def _of_samples(fmt: PixelFormat, uid: str) -> Photometric:
    """Return what the samples to code are: RGB before a component transform, whole chrominance before it is shared."""
    syntax = syntax_for(uid)
    if fmt.photometric in _COMPONENT_TRANSFORMS:
        return Photometric.RGB
    if fmt.photometric == Photometric.YBR_FULL_422 and syntax.family == "jpeg" and syntax.lossy:
        return Photometric.YBR_FULL
    if fmt.photometric in SUBSAMPLED and fmt.samples > 1 and syntax.family == "rle":
        raise BadValueError(f"{syntax.name} cannot hold {fmt.photometric}, needed whole chrominance: YBR_FULL")
    return fmt.photometric


def _at_fixed_precision(fmt: PixelFormat) -> PixelFormat:
    """Return a format of 8 or of 12 bits for lossy JPEG, which has no other, where the samples fit (PS3.5 8.2.1)."""
    syntax = syntax_for(fmt.transfer_syntax)
    if syntax.family != "jpeg" or not syntax.lossy or fmt.signed or fmt.bits_stored > 12 or fmt.bits_allocated == 1:
        return fmt
    bits, allocated = (8, 8) if fmt.bits_stored <= 8 else (12, 16)
    return replace(fmt, bits_allocated=allocated, bits_stored=bits)


def _check_codable(ds: Dataset) -> None:
    """Raise for pixel data that would lose something by being coded: floating point, overlays in its unused bits."""
    check_integer_pixels(ds)
    for group in _embedded_overlays(ds):
        raise UnsupportedError(
            f"the overlay ({group:04X},0102) lies in unused bits of the pixel cells, which compression loses (retired, "
            f"PS3.5 8.1.2): move it to Overlay Data ({group:04X},3000) first, `overlay_array` reads it"
        )


def _embedded_overlays(ds: Dataset) -> Iterator[int]:
    for tag in sorted(ds.keys()):
        if 0x6000 <= tag.group <= 0x60FF and tag.element == 0x0102 and ds[tag].value and (tag.group, 0x3000) not in ds:
            yield tag.group
