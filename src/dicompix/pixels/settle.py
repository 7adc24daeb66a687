"""What a codestream really holds: PixelFormat + Codestream -> Settled, each disagreement a Finding (PS3.5 8.2)."""

from dataclasses import dataclass, replace
from functools import lru_cache

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import FOUR_SAMPLES, Photometric, PixelFormat
from dicompix.pixels.syntaxes import SYNTAX_OF_KIND, syntax_for

_YCC_COLOR = {"YCC", "YCCK"}
_COMPONENT_TRANSFORMS = {Photometric.YBR_ICT, Photometric.YBR_RCT}


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Two formats of one frame: `coded` is what the codec will meet, `promised` what the caller will get."""

    coded: PixelFormat
    promised: PixelFormat
    lossy: bool = False
    findings: tuple[Finding, ...] = ()


@lru_cache(maxsize=64)  # the frames of an image are alike
def settle(fmt: PixelFormat, stream: Codestream | None) -> Settled:
    """Return what the codec will meet and what comes out; the codestream decides first, the data set second."""
    if stream is None or stream.kind == "rle":
        return Settled(fmt, fmt)
    findings: list[Finding] = []
    sized = _settle_size(fmt, stream, findings)
    promised = _settle_precision(sized, stream, findings)
    coded = replace(
        promised,
        transfer_syntax=_settle_syntax(fmt, stream, findings),
        photometric=_settle_color(sized, stream, findings),
        bits_allocated=_container(stream.precision or promised.bits_allocated),
        bits_stored=stream.precision or promised.bits_stored,
        high_bit=None,
        signed=stream.signed,
        planar=int(stream.kind == "jpeg-ls" and stream.interleave == 0 and sized.samples > 1),
    )
    if coded.samples == 1 and coded.photometric != promised.photometric:
        promised = replace(promised, photometric=coded.photometric)
    return Settled(coded, promised, stream.lossless is not True, tuple(findings))


def _note(findings: list[Finding], code: str, attribute: str, found: object, used: object) -> None:
    message = f"the data set's {attribute} contradicts the codestream"
    findings.append(
        Finding(code=code, message=message, attribute=attribute, found=found, used=used, clause="PS3.5 8.2")
    )


def _settle_syntax(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> str:
    """Return the syntax whose codecs fit the codestream; the declared one where it allows such a stream."""
    declared = syntax_for(fmt.transfer_syntax)
    if stream.kind in declared.kinds or declared.family == "other":
        return fmt.transfer_syntax
    actual = SYNTAX_OF_KIND.get(stream.kind)
    if actual is None:
        raise CodecError(
            f"the frame is a {stream.kind} codestream, which no codec here decodes; needed {declared.name}"
        )
    _note(findings, "codestream-kind", "Transfer Syntax UID", declared.name, stream.kind)
    return actual


def _settle_size(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> PixelFormat:
    """Return the format with the codestream's rows, columns and samples."""
    rows, columns = stream.rows or fmt.rows, stream.columns or fmt.columns
    samples = stream.samples or fmt.samples
    if (rows, columns) != (fmt.rows, fmt.columns):
        _note(findings, "codestream-size", "Rows, Columns", (fmt.rows, fmt.columns), (rows, columns))
    if samples == fmt.samples:
        return replace(fmt, rows=rows, columns=columns) if findings else fmt
    _note(findings, "codestream-samples", "Samples per Pixel", fmt.samples, samples)
    photometric = _for_samples(fmt.photometric, samples)
    return replace(fmt, rows=rows, columns=columns, samples=samples, photometric=photometric)


def _for_samples(declared: Photometric, samples: int) -> Photometric:
    """Return a photometric interpretation that fits the number of samples; the declared one where it does."""
    if samples not in {1, 3, 4}:
        raise CodecError(f"the codestream has {samples} components, needed 1, 3 or 4")
    if samples == 1:
        return Photometric.MONOCHROME2
    if samples == 4:
        return declared if declared in FOUR_SAMPLES else Photometric.CMYK
    return declared if declared in {Photometric.RGB, Photometric.XYB} or declared.is_ybr else Photometric.RGB


def _container(precision: int) -> int:
    return next((bits for bits in (8, 16, 32) if precision <= bits), 64)


def _settle_precision(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> PixelFormat:
    """Return the format that holds every bit of the codestream."""
    precision = stream.precision or fmt.bits_stored
    # Lossy JPEG knows 8 and 12 bits only: fewer Bits Stored are no contradiction (PS3.5 8.2.1).
    fixed = stream.lossless is False and stream.kind.startswith("jpeg-") and stream.kind not in {"jpeg-ls", "jpeg-2000"}
    if precision > fmt.bits_allocated:
        _note(findings, "codestream-precision", "Bits Allocated", fmt.bits_allocated, precision)
        return replace(fmt, bits_allocated=_container(precision), bits_stored=precision, high_bit=None)
    if precision != fmt.bits_stored and not (fixed and fmt.bits_stored < precision):
        _note(findings, "codestream-precision", "Bits Stored", fmt.bits_stored, precision)
    if stream.signed != fmt.signed and stream.kind in {"jpeg-2000", "htj2k"}:
        names = {False: "unsigned", True: "signed"}
        _note(
            findings,
            "codestream-sign",
            "Pixel Representation",
            names[fmt.signed],
            f"the bits as {names[fmt.signed]}",
        )
    return fmt


def _settle_color(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> Photometric:
    """Return what the coded samples are, in the terms of Photometric Interpretation."""
    declared = fmt.photometric
    if fmt.samples == 1 and (declared.is_ybr or declared == Photometric.RGB):
        used = f"{Photometric.MONOCHROME2}, there is one component"
        _note(findings, "codestream-color", "Photometric Interpretation", str(declared), used)
        return Photometric.MONOCHROME2
    if fmt.samples != 3:
        return declared
    coded = _COLOR_RULES.get(stream.kind, _jpeg_color)(declared, stream)
    undone = coded in _COMPONENT_TRANSFORMS and declared not in _COMPONENT_TRANSFORMS
    if (undone or coded.is_ybr != declared.is_ybr) and not _usual(declared, coded):
        used = f"{coded} by {stream.color_source or 'its coding'}"
        _note(findings, "codestream-color", "Photometric Interpretation", str(declared), used)
    elif declared in _COMPONENT_TRANSFORMS and coded == Photometric.RGB:
        _note(
            findings,
            "codestream-color",
            "Photometric Interpretation",
            str(declared),
            "RGB, no transform is on",
        )
    return coded


def _usual(declared: Photometric, coded: Photometric) -> bool:
    """Tell whether RGB is declared for a transform that every decoder undoes: many writers do."""
    return declared == Photometric.RGB and coded in _COMPONENT_TRANSFORMS


def _jpeg_color(declared: Photometric, stream: Codestream) -> Photometric:
    """JPEG and JPEG-LS: markers and subsampling first, then the data set; neither speaks: YCbCr (JFIF)."""
    ycc = Photometric.YBR_FULL_422 if stream.subsampled else Photometric.YBR_FULL
    if stream.color:
        return ycc if stream.color in _YCC_COLOR else Photometric.RGB
    if declared in {Photometric.YBR_PARTIAL_422, Photometric.YBR_PARTIAL_420}:
        return declared
    return ycc if declared.is_ybr and declared not in _COMPONENT_TRANSFORMS else Photometric.RGB


def _jpeg_2000_color(declared: Photometric, stream: Codestream) -> Photometric:
    """JPEG 2000: the multiple component transform is RGB by definition; without it the samples are as declared."""
    if stream.multiple_components:
        return Photometric.YBR_RCT if stream.lossless else Photometric.YBR_ICT
    return Photometric.RGB if declared in _COMPONENT_TRANSFORMS else declared


def _jpeg_xl_color(declared: Photometric, stream: Codestream) -> Photometric:  # noqa: ARG001  # one signature
    """JPEG XL: libjxl always returns RGB."""
    return Photometric.RGB


_COLOR_RULES = {"jpeg-2000": _jpeg_2000_color, "htj2k": _jpeg_2000_color, "jpeg-xl": _jpeg_xl_color}
