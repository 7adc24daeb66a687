"""Dataset -> PixelFormat: the Image Pixel module read once (PS3.3 C.7.6.3)."""

from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from dicompix.pixels.errors import BadValueError, Finding, FormatError, MissingElementError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.read.elements import Key, element_of, label, required, value_of
from dicompix.pixels.read.mended import Values, odd_high_bit
from dicompix.pixels.registry import registry
from dicompix.pixels.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Syntax, syntax_for

SAMPLES, PHOTOMETRIC, PLANAR, FRAMES = map(Key, (0x00280002, 0x00280004, 0x00280006, 0x00280008))
ROWS, COLUMNS, ALLOCATED, STORED = map(Key, (0x00280010, 0x00280011, 0x00280100, 0x00280101))
HIGH_BIT, SIGN = Key(0x00280102), Key(0x00280103)
EXTENDED_OFFSETS, EXTENDED_LENGTHS = Key(0x7FE00001), Key(0x7FE00002)
FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS = map(Key, (0x7FE00008, 0x7FE00009, 0x7FE00010))
TRANSFER_SYNTAX = Key(0x00020010)

PIXEL_ELEMENTS: dict[int, int] = {FLOAT_PIXELS: 32, DOUBLE_PIXELS: 64, PIXELS: 0}  # bits of a floating point sample
_IMAGE_PIXEL = (SAMPLES, PHOTOMETRIC, PLANAR, FRAMES, ROWS, COLUMNS, ALLOCATED, STORED, HIGH_BIT, SIGN)
DESCRIBING = (
    *_IMAGE_PIXEL,
    *(EXTENDED_OFFSETS, EXTENDED_LENGTHS, FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS),
)
Described = tuple[PixelFormat, tuple[Finding, ...]]
_KEPT: dict[object, Described] = {}  # the slices of a series are described alike
_MOST_KEPT = 256
_TERMS = {term.value: term for term in Photometric}
_ENCODINGS = {(True, True): IMPLICIT_LITTLE, (False, True): EXPLICIT_LITTLE, (False, False): EXPLICIT_BIG}


def pixel_tag(dataset: Dataset) -> int:
    """Return the tag of the one pixel data element; MissingElementError where there is none or more."""
    elements = dataset._dict  # noqa: SLF001
    present = [tag for tag in PIXEL_ELEMENTS if tag in elements]
    if not present:
        raise MissingElementError(
            "The dataset has no 'Pixel Data', 'Float Pixel Data' or 'Double Float Pixel Data' element, "
            "no pixel data to decode"
        )
    if len(present) > 1:
        raise MissingElementError(
            "One and only one of 'Pixel Data', 'Float Pixel Data' or 'Double Float Pixel Data' may be present "
            f"in the dataset, found {', '.join(label(tag) for tag in present)}"
        )
    return present[0]


def check_decodable(dataset: Dataset, uid: str) -> None:
    """Raise UnsupportedError for a syntax that no codec decodes: video, JPIP (with its URL), an unknown UID."""
    if not registry.entries(uid):
        url = dataset.get("PixelDataProviderURL")
        raise UnsupportedError(registry.unsupported(uid) + (f"; the URL is {url}" if url else ""))


def transfer_syntax(dataset: Dataset) -> tuple[str, tuple[Finding, ...]]:
    """Return the transfer syntax UID; where it is absent, that of the encoding in which pydicom read the data set."""
    meta = getattr(dataset, "file_meta", None)
    declared = None if meta is None else element_of(meta, TRANSFER_SYNTAX)
    if declared is not None and declared.value:
        value = declared.value
        return (value.decode("latin-1").strip(" \0") if isinstance(value, bytes) else str(value)), ()
    uid = _ENCODINGS.get(dataset.original_encoding)  # type: ignore[arg-type]
    if uid is None:
        raise MissingElementError(
            "Unable to decode the pixel data as the dataset's 'file_meta' has no (0002,0010) 'Transfer Syntax UID' "
            "element, and it was not read from a file whose encoding would tell; set "
            "ds.file_meta.TransferSyntaxUID"
        )
    if in_sequence(dataset):
        return uid, ()
    found = Finding(
        code="transfer-syntax",
        message="there is no (0002,0010) 'Transfer Syntax UID': taken from the encoding that the file was read in",
        attribute="TransferSyntaxUID",
        used=syntax_for(uid).name,
    )
    return uid, (found,)


def in_sequence(dataset: Dataset) -> bool:
    """Tell whether a data set was read as an item of a sequence, an icon for one, which has no file meta of its own."""
    return "seq_item_tell" in dataset.__dict__ and "file_meta" not in dataset.__dict__


def describe(dataset: Dataset, tag: int, uid: str, *, strict: bool = False) -> Described:
    """Return the pixel format that a data set claims for its pixel element `tag` under transfer syntax `uid`.

    With `strict`, nothing stands in for an element that is missing or cannot be.
    """
    if strict:
        return _as_declared(dataset, tag, uid)
    undecoded = _undecoded(dataset)
    if undecoded is None:
        return _described(dataset, tag, uid)
    key = (tag, uid, undecoded)
    found = _KEPT.get(key)
    if found is not None:
        return found
    found = _described(dataset, tag, uid)
    if not found[1]:  # what was mended follows from other elements too
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = found
    return found


def _undecoded(dataset: Dataset) -> tuple[object, ...] | None:
    """Return the bytes of the Image Pixel module's elements; None where some are decoded, or in the file yet."""
    elements: Any = dataset._dict  # noqa: SLF001
    held: list[object] = []
    for element in map(elements.get, _IMAGE_PIXEL):
        if element is None:
            held.append(None)
        elif isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            held.append((element.VR, element.value, element.is_little_endian))
        else:
            return None
    return tuple(held)


def _described(dataset: Dataset, tag: int, uid: str) -> Described:
    """Return the format as declared, or with values in place of those that are missing or cannot be."""
    try:
        return _as_declared(dataset, tag, uid)
    except (MissingElementError, BadValueError) as problem:
        if PIXEL_ELEMENTS[tag]:
            raise
        try:
            return _mended(dataset, uid)
        except FormatError:
            raise problem from None


def _mended(dataset: Dataset, uid: str) -> Described:
    """Return the format of integer samples whose description lacks a value that the others tell."""
    syntax = syntax_for(uid)
    values = Values(dataset, syntax)
    photometric = values.photometric()
    samples = values.samples(photometric)
    allocated, stored, high_bit = values.bits()
    fmt = PixelFormat(
        rows=required(dataset, ROWS, "US"),
        columns=required(dataset, COLUMNS, "US"),
        samples=samples,
        photometric=photometric,
        planar=values.planar(samples),
        frames=_frames(dataset, values.findings),
        transfer_syntax=uid,
        big_endian=syntax.big_endian_pixels,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        signed=values.signed(),
    )
    values.findings.extend(_high_bit_findings(fmt))
    return fmt, tuple(values.findings)


def _high_bit_findings(fmt: PixelFormat) -> tuple[Finding, ...]:
    found = odd_high_bit(fmt.bits_stored, fmt.bits_allocated, fmt.high_bit)
    return () if found is None else (found,)


def _as_declared(dataset: Dataset, tag: int, uid: str) -> Described:
    floating = PIXEL_ELEMENTS[tag]
    syntax = syntax_for(uid)
    findings: list[Finding] = []
    # In the order in which pydicom misses them.
    allocated, stored, high_bit = _floating_bits(dataset, floating, findings) if floating else _integer_bits(dataset)
    columns = required(dataset, COLUMNS, "US")
    photometric = photometric_of(required(dataset, PHOTOMETRIC, "CS"))
    signed = not floating and _sign(dataset) == 1
    rows, samples = required(dataset, ROWS, "US"), required(dataset, SAMPLES, "US")
    fmt = PixelFormat(
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        planar=_planar(dataset, samples, syntax, findings),
        frames=_frames(dataset, findings),
        transfer_syntax=uid,
        floating=bool(floating),
        big_endian=syntax.big_endian_pixels,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit,
        signed=signed,
    )
    return fmt, tuple(findings) if floating else (*findings, *_high_bit_findings(fmt))


def _floating_bits(dataset: Dataset, floating: int, findings: list[Finding]) -> tuple[int, int, None]:
    """Return the bits of floating point samples; note Bits Allocated that say otherwise (PS3.3 C.7.6.24)."""
    try:
        declared = value_of(dataset, ALLOCATED, "US")
    except (BadValueError, ValueError):
        declared = None
    if declared is not None and declared != floating:
        findings.append(
            Finding(
                code="bits-allocated",
                message=f"the pixel data element is one of {floating} bits for each sample",
                attribute="BitsAllocated",
                found=declared,
                used=floating,
                clause="PS3.3 C.7.6.24",
            )
        )
    return floating, floating, None


def _integer_bits(dataset: Dataset) -> tuple[int, int, int | None]:
    """Return bits allocated, bits stored and high bit, which floating point pixel data does not have."""
    allocated, stored = required(dataset, ALLOCATED, "US"), required(dataset, STORED, "US")
    return allocated, stored, value_of(dataset, HIGH_BIT, "US")


def _sign(dataset: Dataset) -> int:
    """Return Pixel Representation, which floating point pixel data does not have."""
    sign = required(dataset, SIGN, "US")
    if sign not in {0, 1}:
        raise BadValueError(f"A {label(SIGN)} value of '{sign}' is invalid, it must be 0 or 1")
    return int(sign)


def photometric_of(value: str) -> Photometric:
    """Return a defined term of Photometric Interpretation, or BadValueError."""
    term = _TERMS.get(value)
    if term is None:
        raise BadValueError(f"Unknown {label(PHOTOMETRIC)} value '{value}', needed one of {', '.join(_TERMS)}")
    return term


def _planar(dataset: Dataset, samples: int, syntax: Syntax, findings: list[Finding]) -> int:
    """Return Planar Configuration; codestreams settle it themselves, so only other pixel data must say it."""
    if samples == 1:
        return 0
    if samples == 3 and syntax.family in {"native", "deflated", "rle", "other"}:
        return int(required(dataset, PLANAR, "US"))
    return Values(dataset, syntax, findings).planar(samples)


def _frames(dataset: Dataset, findings: list[Finding]) -> int:
    """Return Number of Frames, 1 where it is absent; 0 or empty is one frame too, and a finding."""
    try:
        frames = value_of(dataset, FRAMES, "IS")
    except (BadValueError, ValueError):
        frames = None
    if frames:
        return int(frames)
    if frames == 0 or element_of(dataset, FRAMES) is not None:
        message = f"A value of '{frames}' for (0028,0008) 'Number of Frames' is invalid, assuming 1 frame"
        findings.append(
            Finding(code="number-of-frames", message=message, attribute="NumberOfFrames", found=frames, used=1)
        )
    return 1
