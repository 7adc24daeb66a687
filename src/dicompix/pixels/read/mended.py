"""Image Pixel elements that are missing, empty or cannot be -> the values that they stand for (PS3.3 C.7.6.3)."""

from dataclasses import dataclass, field

from pydicom.datadict import dictionary_keyword
from pydicom.dataset import Dataset

from dicompix.pixels.errors import BadValueError, Finding, MissingElementError
from dicompix.pixels.format import Photometric
from dicompix.pixels.read.elements import element_of, label, value_of
from dicompix.pixels.syntaxes import Syntax

SAMPLES, PHOTOMETRIC, PLANAR = 0x00280002, 0x00280004, 0x00280006
ALLOCATED, STORED, HIGH_BIT, SIGN = 0x00280100, 0x00280101, 0x00280102, 0x00280103
# Elements whose VR follows the sign of the pixels, which an explicit VR tells: the least, the greatest, the padding.
_SIGN_TELLERS = (0x00280106, 0x00280107, 0x00280120, 0x00280121)
_TERMS = {term.value.replace(" ", "_"): term for term in Photometric}
ONE_SAMPLE = {Photometric.MONOCHROME1, Photometric.MONOCHROME2, Photometric.PALETTE_COLOR}
_FOUR_SAMPLES = {Photometric.ARGB, Photometric.CMYK}
# What a coding holds where no Photometric Interpretation says so; its codestream has the last word.
_USUAL_COLOR = {"jpeg": Photometric.YBR_FULL, "jpeg-2000": Photometric.RGB, "jpeg-xl": Photometric.RGB}


@dataclass(frozen=True, slots=True)
class Values:
    """The description's values as they are used, and a finding for each that was not there or could not be."""

    dataset: Dataset
    syntax: Syntax
    findings: list[Finding] = field(default_factory=list)

    def note(self, code: str, tag: int, found: object, used: object, severity: str = "warning") -> None:
        """Add a finding about one element."""
        name = label(tag)
        what = "is missing or empty" if found is None else "cannot be"
        self.findings.append(
            Finding(
                code=code,
                message=f"{name} {what}",
                attribute=dictionary_keyword(tag),
                found=found,
                used=used,
                clause="PS3.3 C.7.6.3",
                severity=severity,
            )
        )

    def photometric(self) -> Photometric:
        """Return Photometric Interpretation: spelt otherwise; or, of one sample, MONOCHROME2; or the coding's own."""
        text = value_of(self.dataset, PHOTOMETRIC, "CS")
        if text:
            term = _TERMS.get(text.upper().replace(" ", "_"))
            if term is None:
                raise BadValueError(f"Unknown {label(PHOTOMETRIC)} value '{text}'")
            if term.value != text:
                self.note("photometric-interpretation", PHOTOMETRIC, text, term.value)
            return term
        samples = value_of(self.dataset, SAMPLES, "US")
        term = Photometric.MONOCHROME2 if samples == 1 else _USUAL_COLOR.get(self.syntax.family)
        if term is None or samples is None or (samples != 1 and self.syntax.family == "jpeg" and not self.syntax.lossy):
            raise MissingElementError(f"Missing required element: {label(PHOTOMETRIC)}")
        self.note("photometric-interpretation", PHOTOMETRIC, None, term.value)
        return term

    def samples(self, photometric: Photometric) -> int:
        """Return Samples per Pixel, where it is missing those that the Photometric Interpretation has."""
        samples = value_of(self.dataset, SAMPLES, "US")
        if samples is not None:
            return int(samples)
        used = 1 if photometric in ONE_SAMPLE else 4 if photometric in _FOUR_SAMPLES else 3
        self.note("samples-per-pixel", SAMPLES, None, used)
        return used

    def bits(self) -> tuple[int, int, int | None]:
        """Return Bits Allocated, Bits Stored and High Bit; of native data the length has to confirm the first."""
        allocated, stored, high = (value_of(self.dataset, tag, "US") for tag in (ALLOCATED, STORED, HIGH_BIT))
        used = stored
        if stored is None:
            known = high is not None and 0 < high < (allocated or 64)
            used = high + 1 if known else allocated or 16
            self.note("bits-stored", STORED, None, used)
        if allocated is None or (allocated % 8 and allocated not in {1, 12}) or not 1 <= allocated <= 64:
            self.note("bits-allocated", ALLOCATED, allocated, container(used))
            return container(used), used, high
        if used > allocated:
            known = high is not None and 0 < high < allocated
            used = high + 1 if known else allocated
            self.note("bits-stored", STORED, stored, used)
            return allocated, used, used - 1
        return allocated, used, high

    def signed(self) -> bool:
        """Return Pixel Representation, where it is missing what the VR of the elements that depend on it says."""
        sign = value_of(self.dataset, SIGN, "US")
        if sign is not None:
            if sign not in {0, 1}:
                raise BadValueError(f"A {label(SIGN)} value of '{sign}' is invalid, it must be 0 or 1")
            return bool(sign)
        tellers = [element_of(self.dataset, tag) for tag in _SIGN_TELLERS]
        told = [element.VR for element in tellers if element is not None and element.VR in {"SS", "US"}]
        signed = "SS" in told
        self.note("pixel-representation", SIGN, None, int(signed), severity="warning" if told else "error")
        return signed

    def planar(self, samples: int) -> int:
        """Return Planar Configuration, 0 where it is missing: RLE and codestreams do not depend on it."""
        planar = value_of(self.dataset, PLANAR, "US")
        if planar is not None or samples == 1:
            return int(planar or 0)
        matters = self.syntax.family in {"native", "deflated", "other"}
        self.note("planar-configuration", PLANAR, None, 0, severity="error" if matters else "info")
        return 0


def container(bits: int) -> int:
    """Return the Bits Allocated that samples of so many bits usually have.

    >>> [container(bits) for bits in (1, 8, 12, 17)]
    [1, 8, 16, 32]
    """
    return next((size for size in (1, 8, 16, 32) if bits <= size), 64)


def odd_high_bit(stored: int, allocated: int, high: int | None) -> Finding | None:
    """Return the finding for a High Bit that is missing, or lies where no sample can end (PS3.5 8.1.1)."""
    if high is not None and stored - 1 <= high < allocated:
        return None
    message = f"{label(HIGH_BIT)} is missing" if high is None else f"{label(HIGH_BIT)} lies where no sample can end"
    return Finding(
        code="high-bit",
        message=message,
        attribute="HighBit",
        found=high,
        used=stored - 1,
        clause="PS3.5 8.1.1",
        severity="info" if high is None else "warning",
    )
