"""What a codestream really holds: PixelFormat + Codestream -> Settled, each disagreement a Finding (PS3.5 8.2)."""

from dataclasses import dataclass, replace
from functools import lru_cache

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import CodecError, Finding
from dicompix.pixels.format import FOUR_SAMPLES, Photometric, PixelFormat
from dicompix.pixels.syntaxes import JPEG_LOSSLESS_SV1, JPEG_XL_RECOMPRESSION, SYNTAX_OF_KIND, syntax_for

_MOST_PIXELS = 65535  # Rows and Columns have 16 bits (PS3.3 C.7.6.3.1)
_YCC_COLOR = {"YCC", "YCCK"}
_ONE_SAMPLE = {Photometric.MONOCHROME1, Photometric.MONOCHROME2, Photometric.PALETTE_COLOR}
_YCC = {Photometric.YBR_FULL, Photometric.YBR_FULL_422}
_COMPONENT_TRANSFORMS = {Photometric.YBR_ICT, Photometric.YBR_RCT}


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Two formats of one frame: `coded` is what the codec will meet, `promised` what the caller will get.

    `overflowing` is the predictor of lossless JPEG where an encoder of 16-bit arithmetic may have gone wrong, or 0.
    """

    coded: PixelFormat
    promised: PixelFormat
    lossy: bool = False
    findings: tuple[Finding, ...] = ()
    overflowing: int = 0


@lru_cache(maxsize=64)  # the frames of an image are alike
def settle(fmt: PixelFormat, stream: Codestream | None) -> Settled:
    """Return what the codec will meet and what comes out; the codestream decides first, the data set second."""
    if stream is None or stream.kind == "rle":
        return Settled(fmt, fmt, findings=() if stream is None else _odd_segments(stream))
    findings = _odd_wrapping(fmt, stream)
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
    overflowing = stream.predictor in _OVERFLOWING and stream.precision == 16
    return Settled(coded, promised, stream.lossless is not True, tuple(findings), overflowing * stream.predictor)


_OVERFLOWING = {5, 6}  # predictors with a difference halved, which has 17 bits (T.81 table H.1)


def _odd_segments(stream: Codestream) -> tuple[Finding, ...]:
    """Return the finding for RLE segments that are not in order, or of odd length (PS3.5 G.3.1)."""
    segments = stream.segments
    if list(segments) != sorted(segments):
        message, severity = (
            "the RLE segments lie in another order than their offsets: the offsets are followed",
            "warning",
        )
    elif any(offset % 2 for offset in segments):
        message, severity = "an RLE segment has an odd number of bytes", "info"
    else:
        return ()
    return (Finding(code="rle-segments", message=message, found=segments, severity=severity, clause="PS3.5 G.3.1"),)


def _odd_wrapping(fmt: PixelFormat, stream: Codestream) -> list[Finding]:
    """Return what is odd about how the codestream lies in its fragment: none of it touches the samples (PS3.5 A.4)."""
    odd = (
        (stream.start > 0 and not stream.jp2, "codestream-start", "bytes precede the codestream", "info"),
        (not stream.complete, "codestream-end", "the codestream has no end marker, or rubbish follows it", "warning"),
        (stream.padded, "codestream-padding", "more than a pad byte follows the codestream", "info"),
        (stream.jp2, "jp2-boxes", "the codestream lies in JP2 boxes, which DICOM does not allow", "info"),
        (
            fmt.planar == 1 and stream.kind != "jpeg-ls",
            "planar-configuration",
            "Planar Configuration is 1, but the codestream decides",
            "info",
        ),
    )
    return [
        Finding(code=code, message=message, severity=severity, clause="PS3.5 A.4")
        for found, code, message, severity in odd
        if found
    ]


def _note(
    findings: list[Finding], code: str, attribute: str, found: object, used: object, severity: str = "warning"
) -> None:
    message = f"the data set's {attribute} contradicts the codestream"
    findings.append(
        Finding(
            code=code,
            message=message,
            attribute=attribute,
            found=found,
            used=used,
            clause="PS3.5 8.2",
            severity=severity,
        )
    )


def _settle_syntax(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> str:
    """Return the syntax whose codecs fit the codestream; the declared one where it allows such a stream."""
    declared = syntax_for(fmt.transfer_syntax)
    if stream.kind in declared.kinds or declared.family == "other":
        _settle_loss(fmt, stream, findings)
        return fmt.transfer_syntax
    actual = SYNTAX_OF_KIND.get(stream.kind)
    if actual is None:
        raise CodecError(
            f"the frame is a {stream.kind} codestream, which no codec here decodes; needed {declared.name}"
        )
    _note(findings, "codestream-kind", "Transfer Syntax UID", declared.name, stream.kind)
    return actual


def _settle_loss(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> None:
    """Note a lossy codestream under a lossless syntax, and another predictor than first-order prediction has."""
    declared = syntax_for(fmt.transfer_syntax)
    if stream.lossless is False and not declared.lossy and declared.family != "other":
        _note(findings, "codestream-lossy", "Transfer Syntax UID", declared.name, "lossy")
    if fmt.transfer_syntax == JPEG_LOSSLESS_SV1 and stream.predictor > 1:
        _note(findings, "codestream-kind", "Transfer Syntax UID", declared.name, f"predictor {stream.predictor}")


def _settle_size(fmt: PixelFormat, stream: Codestream, findings: list[Finding]) -> PixelFormat:
    """Return the format with the codestream's rows, columns and samples."""
    rows, columns = stream.rows or fmt.rows, stream.columns or fmt.columns
    samples = stream.samples or fmt.samples
    if max(rows, columns) > _MOST_PIXELS:
        raise CodecError(f"the codestream has {rows} rows and {columns} columns, needed {_MOST_PIXELS} or fewer")
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
        used = _bits_used(fmt, stream, precision)
        _note(findings, "codestream-precision", "Bits Stored", fmt.bits_stored, used)
        if used == precision > fmt.bits_stored:
            fmt = replace(fmt, bits_stored=precision, high_bit=None)
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


# A JPEG has 8 or 12 bits at most times, or 16 that hold an overlay; the others say how many bits their samples have.
_EXACT = {"jpeg-ls", "jpeg-2000", "htj2k", "jpeg-xl"}


def _bits_used(fmt: PixelFormat, stream: Codestream, precision: int) -> int | str:
    """Return what becomes of a codestream's bits, of which Bits Stored may hold fewer, as `conform` does it."""
    if precision < fmt.bits_stored or (stream.kind in _EXACT and stream.signed == fmt.signed):
        return precision
    if stream.lossless is True:
        return f"the lower {fmt.bits_stored} of {precision} bits"
    return f"{precision} bits, values cut off at what {fmt.bits_stored} hold"


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
    undone = (coded in _COMPONENT_TRANSFORMS) != (declared in _COMPONENT_TRANSFORMS)
    if {declared, coded} == {Photometric.YBR_FULL, Photometric.YBR_FULL_422}:
        _note(findings, "chroma-subsampling", "Photometric Interpretation", str(declared), str(coded), "info")
    elif (undone or coded.is_ybr != declared.is_ybr or declared in _ONE_SAMPLE) and not _usual(fmt, coded):
        used = f"{coded} by {stream.color_source or 'its coding'}"
        _note(findings, "codestream-color", "Photometric Interpretation", str(declared), used)
    return coded


def _usual(fmt: PixelFormat, coded: Photometric) -> bool:
    """Tell whether what is declared is undone by every decoder: RGB for a transform, as many writers do; YBR in .111.

    A JPEG that was coded again as JPEG XL holds the JPEG's own YCbCr, which PS3.5 8.2.15 has the data set describe.
    """
    if fmt.transfer_syntax == JPEG_XL_RECOMPRESSION and fmt.photometric in _YCC:
        return True
    return fmt.photometric == Photometric.RGB and coded in _COMPONENT_TRANSFORMS


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
