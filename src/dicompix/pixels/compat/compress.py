"""Native data set -> the same data set with compressed pixel data: compress (PS3.5 A.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest, Stored
from dicompix.pixels.compat.bookkeeping import declared_syntax, loss_of, lost, new_instance, replace_pixels
from dicompix.pixels.compat.encoder import get_encoder, layers_of
from dicompix.pixels.compat.labels import labelled, name_of
from dicompix.pixels.compat.options import IMAGE_PIXEL
from dicompix.pixels.compat.pixel_value import Encapsulated
from dicompix.pixels.compat.recode.names import uid_or_name
from dicompix.pixels.compat.refusals import check_loss, check_samples
from dicompix.pixels.compat.samples import Samples, samples_given, samples_of
from dicompix.pixels.encode import encode_all
from dicompix.pixels.errors import CodecError, UnsupportedError, report
from dicompix.pixels.frames import Buffer
from dicompix.pixels.registry import Choice, Registry, registry

_OURS = ("quality", "near", "ratio", "psnr", "distance", "subsampling")  # parameters of EncodeRequest by their names
_LOOP = ("verify", "workers")
# pydicom's plugin options; those that choose no result here: how pyjpegls interleaves, a fix of gdcm's byte order.
_PLUGIN_OPTIONS = {
    *("byteorder", "use_mct", "compression_ratios", "signal_noise_ratios", "lossy_error"),
    *("interleave_mode", "rle_fix_gdcm_big_endian", "validate"),
}
_LITTLE_ENDIAN_ONLY = {"pydicom", "gdcm"}
_KNOWN = {*_OURS, *_LOOP, *_PLUGIN_OPTIONS, *IMAGE_PIXEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How to compress: what is wanted of the codec, which one, in how many threads, and with which offset table."""

    want: EncodeRequest = field(default_factory=EncodeRequest)
    codec: Choice = None
    codecs: Registry = registry
    verify: bool = False
    workers: int | None = None
    extended: bool = False


def compress(  # noqa: PLR0913  # pydicom's signature
    ds: Dataset,
    transfer_syntax_uid: str,
    arr: Stored | Buffer | None = None,
    *,
    encoding_plugin: str = "",
    encapsulate_ext: bool = False,
    generate_instance_uid: bool = True,
    jls_error: int | None = None,
    j2k_cr: list[float] | None = None,
    j2k_psnr: list[float] | None = None,
    **kwargs: Any,
) -> Dataset:
    """Compress a data set's native pixel data in place, or `arr`, which it must describe (PS3.5 8.2, A.4).

    The syntax is a UID, or a name of it as `transcode` takes: "JPEGLSLossless", or short "jpeg-ls".
    Besides pydicom's keywords there are those of the field: quality, near, ratio, psnr, distance, subsampling; `verify`
    decodes each frame and compares; `workers` is the number of threads. What the data set says of its pixel data
    follows: colour as coded (RGB stays RGB in JPEG 2000 unless `use_mct` is true, or the data set says YBR_RCT or
    YBR_ICT), bits, offset tables, and for lossy compression its history, ratio and method, with DERIVED
    in Image Type. A failure leaves the data set as it was: BadValueError (a ValueError) for samples that the syntax may
    not hold, UnsupportedError (a NotImplementedError) for a syntax without encoders, MissingCodecError where none is
    installed, CodecError where all fail (both a RuntimeError).

    >>> from pydicom import dcmread
    >>> from pydicom.data import get_testdata_file
    >>> ds = compress(dcmread(get_testdata_file("CT_small.dcm", download=False)), "rle")
    >>> ds.file_meta.TransferSyntaxUID.name, ds["PixelData"].VR
    ('RLE Lossless', 'OB')
    """
    uid = str(UID(uid_or_name(transfer_syntax_uid)))  # TypeError for what is no text
    if not s.syntax_for(uid).encapsulated:
        raise UnsupportedError(f"No pixel data encoders have been implemented for '{name_of(uid)}': it is a native one")
    limits = {"jls_error": jls_error, "j2k_cr": j2k_cr, "j2k_psnr": j2k_psnr}
    codec, codecs = get_encoder(uid).plugin_choice(encoding_plugin, {**kwargs, **limits})
    coding = Coding(
        want=_request(uid, limits, {"use_mct": _asks_for_transform(ds, uid), **kwargs}),
        codec=codec,
        codecs=codecs,
        verify=bool(kwargs.get("verify")),
        workers=kwargs.get("workers"),
        extended=encapsulate_ext,
    )
    reverse = _reversed(ds, arr, encoding_plugin, kwargs.get("byteorder", "<"))
    if arr is None:
        samples = samples_of(ds, uid)
    else:
        samples = samples_given(ds, uid, arr, kwargs, near=coding.want.near or 0, big_endian=reverse)
    return compress_by(ds, samples, coding, generate_instance_uid=generate_instance_uid)


def _asks_for_transform(ds: Dataset, uid: str) -> bool:
    """Tell whether RGB is transformed: in JPEG 2000 as pydicom has it, where the data set says YBR_ICT or YBR_RCT."""
    return s.syntax_for(uid).family != "jpeg-2000" or ds.get("PhotometricInterpretation") != "RGB"


def _reversed(ds: Dataset, arr: Stored | Buffer | None, plugin: str, order: str) -> bool:
    """Tell whether bytes are big endian; other sources tell that themselves, and two plugins of pydicom refuse it."""
    if order != ">" or (isinstance(arr, Buffer) and plugin not in _LITTLE_ENDIAN_ONLY):
        return order == ">"
    if arr is None and s.syntax_for(declared_syntax(ds) or "").big_endian_pixels and plugin not in _LITTLE_ENDIAN_ONLY:
        return False
    raise CodecError(
        "Unable to encode as exceptions were raised by all available plugins:\n  Unsupported option "
        "\"byteorder = '>'\": the transfer syntax, or the array's type, tells the byte order"
    )


def compress_by(
    ds: Dataset,
    samples: Samples,
    coding: Coding,
    *,
    generate_instance_uid: bool | None = None,
) -> Dataset:
    """Compress samples into a data set's pixel data, in their transfer syntax; all is coded before anything is edited.

    `generate_instance_uid` None gives a new SOP Instance UID where something was lost, and only there.
    """
    uid = samples.fmt.transfer_syntax
    check_samples(samples.fmt)
    with labelled():
        coded = encode_all(
            samples.array,
            samples.fmt,
            want=coding.want,
            codec=coding.codec,
            codecs=coding.codecs,
            verify=coding.verify,
            workers=coding.workers,
        )
    frames = [frame.data for frame in coded]
    fmt = replace(samples.fmt, photometric=coded[0].photometric, planar=coded[0].planar)
    loss = loss_of(fmt, sum(map(len, frames))) if any(lost(frame, uid) for frame in frames) else None
    value = Encapsulated.of(frames, extended=coding.extended)
    report(samples.findings, set(), stacklevel=4)
    replace_pixels(ds, fmt, value.value, extended=value.extended, loss=loss)
    if generate_instance_uid or (generate_instance_uid is None and loss is not None):
        new_instance(ds)
    return ds


def _request(uid: str, limits: Mapping[str, Any], given: Mapping[str, Any]) -> EncodeRequest:
    """Return what is wanted of the codec, by pydicom's keywords and ours; raises for misspelt and missing ones."""
    unknown = set(given) - _KNOWN
    if unknown:
        raise TypeError(f"compress() got unexpected keyword arguments: {', '.join(sorted(unknown))}")
    wanted = {name: given[name] for name in _OURS if given.get(name) is not None}
    ratio, psnr = given.get("compression_ratios"), given.get("signal_noise_ratios")
    if uid == s.JPEG_2000:
        ratio, psnr = ratio or limits["j2k_cr"], psnr or limits["j2k_psnr"]
    wanted |= {name: layers_of(layers) for name, layers in (("ratio", ratio), ("psnr", psnr)) if layers}
    if uid == s.JPEG_LS_NEAR:
        wanted.setdefault("near", limits["jls_error"] or given.get("lossy_error") or 0)
    check_loss(uid, {**wanted, "near": None}, bits=0)
    return EncodeRequest(**wanted, component_transform=bool(given.get("use_mct", True)))
