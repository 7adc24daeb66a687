"""Compressed data set -> the same data set with native pixel data: decompress (PS3.5 A.4, 8.1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicompix.pixels.batch import promised_format
from dicompix.pixels.compat.bookkeeping import (
    LONGEST_VALUE,
    declared_syntax,
    describe_coded,
    is_native,
    new_instance,
    put_value,
    replace_pixels,
)
from dicompix.pixels.compat.decoder import results_for
from dicompix.pixels.compat.described import content_under
from dicompix.pixels.compat.labels import name_of
from dicompix.pixels.compat.options import NO_OPTIONS, Description, Options, options_of
from dicompix.pixels.compat.pixel_value import native_value
from dicompix.pixels.compat.results import Results
from dicompix.pixels.errors import (
    BadValueError,
    Finding,
    FrameError,
    MissingCodecError,
    MissingElementError,
    PixelError,
    report,
)
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read import content_of
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE

# Native pixel data knows these with shared chrominance only, so whole chrominance has to become RGB.
_ONLY_SHARED = {Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420}
_BY_HANDLERS = {
    Photometric.YBR_FULL_422: Photometric.YBR_FULL,
    Photometric.YBR_RCT: Photometric.RGB,
    Photometric.YBR_ICT: Photometric.RGB,
}
_convert_pixel_data: Callable[..., None] = Dataset.convert_pixel_data


def decompress(
    ds: Dataset,
    *,
    as_rgb: bool = True,
    generate_instance_uid: bool = True,
    decoding_plugin: str = "",
    **kwargs: Any,
) -> Dataset:
    """Decode a data set's pixel data in place, all frames; its syntax becomes Explicit VR Little Endian (PS3.5 A.2).

    `as_rgb` False keeps YBR samples; `decoding_plugin` names a codec, by pydicom's labels too; more keywords are
    pydicom's decoding options. The description follows what was decoded. A failure leaves the data set as it was:
    BadValueError (a ValueError) where it is not compressed, else as in `pixel_array`.

    >>> from pydicom import dcmread
    >>> from pydicom.data import get_testdata_file
    >>> ds = decompress(dcmread(get_testdata_file("JPEG2000.dcm", download=False)))
    >>> ds.file_meta.TransferSyntaxUID.name, ds["PixelData"].VR
    ('Explicit VR Little Endian', 'OW')
    """
    uid = _compressed_syntax(ds)
    handlers = bool(kwargs.get("use_pdh"))
    if handlers and ds.__dict__.get("_pixel_array_opts", {}).get("use_pdh"):
        value, fmt = _by_handlers(ds, decoding_plugin)
    else:
        given = {"as_rgb": as_rgb and not handlers, **kwargs, "decoding_plugin": decoding_plugin}
        value, fmt = _by_codecs(ds, uid, options_of(given))
    icons = _decoded_icons(ds, uid)
    replace_pixels(ds, fmt, value)
    for icon, icon_value, icon_format in icons:
        describe_coded(icon, icon_format)
        put_value(icon, icon_format, icon_value)
    if generate_instance_uid:
        new_instance(ds)
    return ds


def _compressed_syntax(ds: Dataset) -> str:
    """Return the transfer syntax of compressed pixel data; raises where a data set has none."""
    if "PixelData" not in ds:
        raise MissingElementError("Unable to decompress as the dataset has no (7FE0,0010) 'Pixel Data' element")
    uid = declared_syntax(ds)
    if uid is None:
        raise MissingElementError(
            "Unable to determine the initial compression state as there's no (0002,0010) 'Transfer Syntax UID' "
            "element in the dataset's 'file_meta' attribute"
        )
    if is_native(uid):
        raise BadValueError("The dataset is already uncompressed")
    return uid


def _by_codecs(ds: Dataset, uid: str, options: Options) -> tuple[bytes, PixelFormat]:
    """Return the native value and its format under pydicom's options."""
    content = content_under(ds, options.description)
    if content.fmt.photometric in _ONLY_SHARED and options.color == "as-coded":
        options = replace(options, color="rgb")
    try:
        return _decoded(results_for(content, options))
    except MissingCodecError as problem:
        why = f"the plugins for the '{name_of(uid)}' decoder are all missing dependencies"
        raise MissingCodecError(f"Unable to decompress as {why}:\n{problem}") from problem


def _by_handlers(ds: Dataset, name: str) -> tuple[bytes, PixelFormat]:
    """Return what pydicom 2's handlers decode: they leave the colour of samples alone, and give whole chrominance."""
    _convert_pixel_data(ds, name)
    array = np.asarray(ds._pixel_array)  # noqa: SLF001  # where the handlers put it
    declared = content_of(ds).fmt
    fmt = replace(
        declared,
        photometric=_BY_HANDLERS.get(declared.photometric, declared.photometric),
        planar=0,
        transfer_syntax=EXPLICIT_LITTLE,
        high_bit=None,
    )
    return native_value(array, fmt), fmt


def _decoded(results: Results) -> tuple[bytes, PixelFormat]:
    """Return all frames as the value of native Pixel Data, and what they are; findings are reported."""
    promised = promised_format(results.content.index, results.decoder)
    length = promised.array_bytes * results.count // (8 if promised.bits_allocated == 1 else 1)
    if length > LONGEST_VALUE:
        raise FrameError(
            "Unable to decompress as the length of the uncompressed pixel data will be greater than the maximum "
            f"allowed by the DICOM Standard: {length} bytes, 2**32 - 2 at most"
        )
    decoded = results.array()
    results.report((*results.findings(), *decoded.findings), stacklevel=5)
    fmt = replace(
        promised,
        photometric=decoded.photometric,
        planar=0,
        frames=results.count,
        transfer_syntax=EXPLICIT_LITTLE,
        bits_allocated=16 if promised.bits_allocated == 12 else promised.bits_allocated,
        high_bit=None,
    )
    return native_value(decoded.array, fmt), fmt


def _decoded_icons(ds: Dataset, uid: str) -> list[tuple[Dataset, bytes, PixelFormat]]:
    """Return the icons that are compressed too, decoded: a native transfer syntax knows no encapsulated ones (A.4).

    One that nothing decodes is reported, and stays as it is.
    """
    icons = []
    description = Description(transfer_syntax=uid)
    for icon in ds.get("IconImageSequence") or ():
        if "PixelData" not in icon or not icon["PixelData"].is_undefined_length:
            continue
        try:
            icons.append((icon, *_decoded(results_for(content_under(icon, description), NO_OPTIONS))))
        except PixelError as problem:
            message = f"an icon stays compressed, as nothing decodes it: {problem}"
            report([Finding(code="icon", message=message, attribute="IconImageSequence")], set(), stacklevel=4)
    return icons
