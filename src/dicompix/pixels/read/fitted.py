"""A description that the pixel data's length or codestream contradicts -> what they allow (PS3.5 8.1, 8.2)."""

from collections.abc import Iterator
from dataclasses import replace

from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import BadValueError, CodecError, Finding
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import FrameIndex, native_frame_bits
from dicompix.pixels.read.mended import ONE_SAMPLE
from dicompix.pixels.syntaxes import syntax_for

Fitted = tuple[PixelFormat, tuple[Finding, ...]]
_SIZES = (8, 16, 32, 64)


def holds(fmt: PixelFormat, total: int) -> bool:
    """Tell whether native frames take that many bytes, a pad byte included."""
    expected = -(-native_frame_bits(fmt, total) * fmt.frames // 8)
    return total in {expected, expected + expected % 2}


def _finding(code: str, attribute: str, found: object, used: object, severity: str = "warning") -> Finding:
    message = f"the pixel data contradicts {attribute}"
    keyword = attribute.replace(" ", "")
    return Finding(
        code=code, message=message, attribute=keyword, found=found, used=used, clause="PS3.5 8.1.1", severity=severity
    )


def fitted_to_length(fmt: PixelFormat, findings: tuple[Finding, ...], total: int) -> Fitted:
    """Return the format of native pixel data and its findings; BadValueError where a doubtful value does not fit."""
    if fmt.floating:
        return fmt, findings
    if not holds(fmt, total):
        for other, found in _alternatives(fmt, findings):
            if holds(other, total):
                kept = tuple(each for each in findings if each.code != found.code and not _settled(each, other))
                return fitted_to_samples(other, (*kept, found))
        doubted = [each for each in findings if each.code in {"bits-allocated", "samples-per-pixel"}]
        doubted += [each for each in findings if each.code == "bits-stored" and each.found is not None]
        if doubted:
            raise _doubtful(fmt, doubted[0], total)
    return fitted_to_samples(fmt, findings)


def _settled(finding: Finding, fmt: PixelFormat) -> bool:
    """Tell whether what was found can be, now that Bits Allocated is another."""
    return finding.code == "bits-stored" and finding.found == fmt.bits_stored


def _doubtful(fmt: PixelFormat, finding: Finding, total: int) -> BadValueError:
    invalid = f"A (0028,0100) 'Bits Allocated' or (0028,0101) 'Bits Stored' value of '{finding.found}' is invalid"
    return BadValueError(
        f"{invalid if finding.found is not None else finding.message}, and the pixel data's {total} bytes do not tell "
        f"what {finding.attribute} is: with {finding.used} they would be {fmt.frame_bytes * fmt.frames}"
    )


def _alternatives(fmt: PixelFormat, findings: tuple[Finding, ...]) -> Iterator[tuple[PixelFormat, Finding]]:
    """Yield the formats that contradict one value of the description, each with its finding."""
    if fmt.samples == 3 and fmt.photometric in SUBSAMPLED:
        used = Photometric.YBR_FULL
        yield (
            replace(fmt, photometric=used),
            _finding("chroma-subsampling", "Photometric Interpretation", str(fmt.photometric), str(used)),
        )
    if fmt.samples == 3 and fmt.photometric in ONE_SAMPLE:
        yield replace(fmt, samples=1, planar=0), _finding("samples-per-pixel", "Samples per Pixel", 3, 1)
    if fmt.samples == 1 and (fmt.photometric == Photometric.RGB or fmt.photometric.is_ybr):
        yield replace(fmt, samples=3), _finding("samples-per-pixel", "Samples per Pixel", 1, 3)
    yield from _other_sizes(fmt, {each.code: each for each in findings})


def _other_sizes(fmt: PixelFormat, findings: dict[str, Finding]) -> Iterator[tuple[PixelFormat, Finding]]:
    """Yield samples of other sizes where Bits Allocated is doubtful: mended, or 12, which few know to be packed."""
    allocated, stored = findings.get("bits-allocated"), findings.get("bits-stored")
    impossible = stored is not None and stored.found is not None
    if allocated is None and not impossible and fmt.bits_allocated != 12:
        return
    found = allocated.found if allocated else fmt.bits_allocated
    bits = int(str(stored.found)) if stored and impossible else fmt.bits_stored
    unknown = stored is not None and not impossible and fmt.high_bit is None
    for size in _SIZES:
        used = size if unknown else bits
        if used <= size:
            other = replace(fmt, bits_allocated=size, bits_stored=used, high_bit=None if impossible else fmt.high_bit)
            yield other, _finding("bits-allocated", "Bits Allocated", found, size)


def fitted_to_samples(fmt: PixelFormat, findings: tuple[Finding, ...]) -> Fitted:
    """Return the format with a Photometric Interpretation that its samples can have (PS3.3 C.7.6.3.1.2)."""
    one = fmt.photometric in ONE_SAMPLE
    if one == (fmt.samples == 1):
        return fmt, findings
    used = Photometric.RGB if one else Photometric.MONOCHROME2
    if fmt.samples not in {1, 3}:
        return fmt, findings
    severity = "error" if one else "warning"  # three samples can be YBR_FULL too
    found = _finding(
        "photometric-interpretation", "Photometric Interpretation", str(fmt.photometric), str(used), severity
    )
    return replace(fmt, photometric=used), (*findings, found)


def fitted_to_codestream(fmt: PixelFormat, findings: tuple[Finding, ...], index: FrameIndex) -> Fitted:
    """Return the format with the codestream's own sign or precision where the description has none (PS3.5 8.2)."""
    missing = {each.code for each in findings if each.found is None}
    if not len(index) or not missing & {"pixel-representation", "bits-stored"}:
        return fmt, findings
    try:
        stream = peek(index[0], syntax_for(fmt.transfer_syntax).family)
    except CodecError:
        return fmt, findings
    if stream is None:
        return fmt, findings
    changed = fmt
    if "pixel-representation" in missing and stream.kind in {"jpeg-2000", "htj2k"}:
        changed = replace(changed, signed=stream.signed)
        findings = _using(findings, "pixel-representation", int(stream.signed))
    if "bits-stored" in missing and 0 < stream.precision <= changed.bits_allocated:
        changed = replace(changed, bits_stored=stream.precision, high_bit=None)
        findings = _using(findings, "bits-stored", stream.precision)
    return changed, findings


def _using(findings: tuple[Finding, ...], code: str, used: object) -> tuple[Finding, ...]:
    return tuple(replace(each, used=used, severity="warning") if each.code == code else each for each in findings)
