"""Who is right where codestream and data set disagree: the codestream (PS3.5 8.2), and what is reported."""

from dataclasses import replace

import pytest

from dicompix.pixels.codestream import Codestream
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.settle import settle
from dicompix.pixels.syntaxes import (
    HTJ2K,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    JPEG_XL_RECOMPRESSION,
    RLE_LOSSLESS,
)

GRAY = PixelFormat(rows=4, columns=6, transfer_syntax=JPEG_BASELINE)
COLOR = replace(GRAY, samples=3, photometric=Photometric.RGB)
JPEG = Codestream(kind="jpeg-baseline", rows=4, columns=6, samples=1, precision=8, lossless=False)
JPEG_3 = replace(JPEG, samples=3)
J2K = replace(JPEG, kind="jpeg-2000", lossless=True)
J2K_3 = replace(J2K, samples=3)
LS = replace(JPEG, kind="jpeg-ls", lossless=True)


def codes(fmt: PixelFormat, stream: Codestream | None) -> list[str]:
    return [finding.code for finding in settle(fmt, stream).findings]


def test_agreement_says_nothing() -> None:
    for fmt, stream in ((GRAY, JPEG), (COLOR, JPEG_3), (replace(GRAY, transfer_syntax=JPEG_LS), LS)):
        settled = settle(fmt, stream)
        assert settled.findings == ()
        assert settled.promised == fmt


def test_what_has_no_header_is_as_the_data_set_says() -> None:
    rle = Codestream(kind="rle", rows=0, columns=0, samples=0, precision=0, lossless=True)
    for fmt, stream in ((GRAY, None), (replace(GRAY, transfer_syntax=RLE_LOSSLESS), rle)):
        settled = settle(fmt, stream)
        assert settled.coded == settled.promised == fmt
        assert settled.findings == ()


RGB, YBR, YBR_422 = Photometric.RGB, Photometric.YBR_FULL, Photometric.YBR_FULL_422
RCT, ICT = Photometric.YBR_RCT, Photometric.YBR_ICT
ADOBE_RGB = {"color": "RGB", "color_source": "Adobe APP14"}
ADOBE_YCC = {"color": "YCC", "color_source": "Adobe APP14"}
SUBSAMPLED = {"color": "YCC", "color_source": "subsampling", "subsampled": True}
CHROMA = ["chroma-subsampling"]
MCT = {"color": "RGB", "color_source": "MCT", "multiple_components": True}


@pytest.mark.parametrize(
    ("declared", "stream", "evidence", "coded", "reported"),
    [
        (RGB, JPEG_3, {}, RGB, False),
        (YBR, JPEG_3, {}, YBR, False),
        (YBR_422, JPEG_3, {}, YBR, False),
        (RGB, JPEG_3, ADOBE_RGB, RGB, False),
        (YBR, JPEG_3, ADOBE_RGB, RGB, True),
        (YBR_422, JPEG_3, ADOBE_RGB, RGB, True),
        (YBR, JPEG_3, ADOBE_YCC, YBR, False),
        (RGB, JPEG_3, ADOBE_YCC, YBR, True),
        (RGB, JPEG_3, SUBSAMPLED, YBR_422, True),
        (YBR_422, JPEG_3, SUBSAMPLED, YBR_422, False),
        (Photometric.YBR_PARTIAL_422, JPEG_3, {}, Photometric.YBR_PARTIAL_422, False),
        (RGB, replace(LS, samples=3), {}, RGB, False),
        (YBR, replace(LS, samples=3), {}, YBR, False),
        (RGB, J2K_3, {}, RGB, False),
        (YBR, J2K_3, {}, YBR, False),
        (RCT, J2K_3, MCT, RCT, False),
        (RGB, J2K_3, MCT, RCT, False),
        (ICT, replace(J2K_3, lossless=False), MCT, ICT, False),
        (YBR, J2K_3, MCT, RCT, True),
        (RCT, J2K_3, {}, RGB, True),
        (ICT, J2K_3, {}, RGB, True),
        (RGB, replace(J2K_3, kind="htj2k"), MCT, RCT, False),
        (RGB, replace(J2K_3, kind="jpeg-xl"), {}, RGB, False),
        (Photometric.XYB, replace(J2K_3, kind="jpeg-xl"), {}, RGB, False),
        (YBR, replace(J2K_3, kind="jpeg-xl"), {}, RGB, True),
    ],
)
def test_color(
    declared: Photometric,
    stream: Codestream,
    evidence: dict[str, object],
    coded: Photometric,
    reported: bool,  # noqa: FBT001
) -> None:
    uid = {"jpeg-ls": JPEG_LS, "jpeg-2000": JPEG_2000, "htj2k": HTJ2K, "jpeg-xl": JPEG_XL}
    fmt = replace(COLOR, photometric=declared, transfer_syntax=uid.get(stream.kind, JPEG_BASELINE))
    settled = settle(fmt, replace(stream, **evidence))  # type: ignore[arg-type]  # fields by name
    assert settled.coded.photometric == coded
    chroma = {declared, coded} == {YBR, YBR_422}
    assert [finding.code for finding in settled.findings] == ["codestream-color"] * reported + CHROMA * chroma
    if reported:
        assert settled.findings[0].found == declared.value
        assert str(settled.findings[0].used).startswith(coded.value)


@pytest.mark.parametrize("declared", [YBR, YBR_422])
def test_a_jpeg_coded_again_as_jpeg_xl_is_described_as_the_jpeg(declared: Photometric) -> None:
    fmt = replace(COLOR, photometric=declared, transfer_syntax=JPEG_XL_RECOMPRESSION)
    settled = settle(fmt, replace(J2K_3, kind="jpeg-xl"))
    assert settled.coded.photometric == RGB
    assert not settled.findings


def test_size_is_the_codestream_s() -> None:
    settled = settle(replace(GRAY, rows=40), JPEG)
    assert settled.promised.frame_shape == settled.coded.frame_shape == (4, 6)
    (finding,) = settled.findings
    assert (finding.code, finding.found, finding.used) == ("codestream-size", (40, 6), (4, 6))
    assert "PS3.5 8.2" in str(finding)


@pytest.mark.parametrize(
    ("fmt", "samples", "photometric"),
    [
        (COLOR, 1, Photometric.MONOCHROME2),
        (GRAY, 3, Photometric.RGB),
        (replace(COLOR, samples=4, photometric=Photometric.CMYK), 3, Photometric.RGB),
        (GRAY, 4, Photometric.CMYK),
    ],
)
def test_samples_are_the_codestream_s(fmt: PixelFormat, samples: int, photometric: Photometric) -> None:
    settled = settle(fmt, replace(JPEG, samples=samples))
    assert settled.promised.samples == settled.coded.samples == samples
    assert settled.promised.photometric == photometric
    assert "codestream-samples" in codes(fmt, replace(JPEG, samples=samples))


@pytest.mark.parametrize("declared", [Photometric.RGB, Photometric.YBR_FULL, Photometric.YBR_FULL_422])
def test_one_component_is_gray(declared: Photometric) -> None:
    settled = settle(replace(GRAY, photometric=declared), JPEG)
    assert settled.coded.photometric == settled.promised.photometric == Photometric.MONOCHROME2
    assert [(finding.code, finding.found) for finding in settled.findings] == [("codestream-color", declared.value)]
    for gray in (Photometric.MONOCHROME1, Photometric.PALETTE_COLOR):
        assert settle(replace(GRAY, photometric=gray), JPEG).promised.photometric == gray


def test_two_components_are_no_picture() -> None:
    with pytest.raises(CodecError, match="2 components, needed 1, 3 or 4"):
        settle(COLOR, replace(JPEG, samples=2))


@pytest.mark.parametrize(
    ("uid", "kind", "lossless", "allocated", "stored", "precision", "promised", "reported"),
    [
        (JPEG_EXTENDED, "jpeg-extended", False, 16, 12, 12, (16, 12), False),
        (JPEG_EXTENDED, "jpeg-extended", False, 16, 10, 12, (16, 10), False),
        (JPEG_EXTENDED, "jpeg-extended", False, 16, 12, 8, (16, 12), True),
        (JPEG_BASELINE, "jpeg-baseline", False, 8, 7, 8, (8, 7), False),
        (JPEG_EXTENDED, "jpeg-extended", False, 8, 8, 12, (16, 12), True),
        (JPEG_LOSSLESS_SV1, "jpeg-lossless", True, 16, 12, 16, (16, 12), True),
        (JPEG_LOSSLESS_SV1, "jpeg-lossless", True, 16, 16, 12, (16, 16), True),
        (JPEG_LS, "jpeg-ls", True, 16, 10, 12, (16, 12), True),
        (JPEG_LS, "jpeg-ls", False, 16, 10, 12, (16, 12), True),
        (JPEG_2000, "jpeg-2000", False, 16, 10, 12, (16, 12), True),
        (JPEG_2000, "jpeg-2000", True, 8, 8, 20, (32, 20), True),
    ],
)
def test_precision(  # noqa: PLR0913, PLR0917 - one row of the table
    uid: str,
    kind: str,
    lossless: bool,  # noqa: FBT001
    allocated: int,
    stored: int,
    precision: int,
    promised: tuple[int, int],
    reported: bool,  # noqa: FBT001
) -> None:
    fmt = replace(GRAY, transfer_syntax=uid, bits_allocated=allocated, bits_stored=stored)
    settled = settle(fmt, replace(JPEG, kind=kind, lossless=lossless, precision=precision))
    assert (settled.promised.bits_allocated, settled.promised.bits_stored) == promised
    assert settled.coded.bits_stored == precision
    assert settled.lossy is not lossless
    lossy = ["codestream-lossy"] * (uid == JPEG_LS and not lossless)
    assert [finding.code for finding in settled.findings] == ["codestream-precision"] * reported + lossy


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("coded", [False, True])
def test_sign(declared: bool, coded: bool) -> None:  # noqa: FBT001
    fmt = replace(GRAY, signed=declared, transfer_syntax=JPEG_2000_LOSSLESS)
    settled = settle(fmt, replace(J2K, signed=coded))
    assert (settled.coded.signed, settled.promised.signed) == (coded, declared)
    assert [finding.code for finding in settled.findings] == ["codestream-sign"] * (declared != coded)


@pytest.mark.parametrize(("uid", "kind"), [(JPEG_LS, "jpeg-ls"), (JPEG_LOSSLESS_SV1, "jpeg-lossless")])
def test_codings_that_cannot_say_their_sign_contradict_nothing(uid: str, kind: str) -> None:
    assert codes(replace(GRAY, signed=True, transfer_syntax=uid), replace(LS, kind=kind)) == []


@pytest.mark.parametrize(
    ("declared", "kind", "actual"),
    [
        (JPEG_BASELINE, "jpeg-ls", JPEG_LS),
        (JPEG_BASELINE, "jpeg-2000", JPEG_2000),
        (JPEG_2000, "htj2k", HTJ2K),
        (JPEG_LS, "jpeg-baseline", JPEG_BASELINE),
        (JPEG_BASELINE, "jpeg-extended", JPEG_EXTENDED),
    ],
)
def test_another_codestream_goes_to_the_codecs_that_read_it(declared: str, kind: str, actual: str) -> None:
    settled = settle(replace(GRAY, transfer_syntax=declared), replace(JPEG, kind=kind))
    assert settled.coded.transfer_syntax == actual
    assert settled.promised.transfer_syntax == declared
    assert [finding.code for finding in settled.findings] == ["codestream-kind"]


def test_a_kind_that_the_syntax_allows_is_no_deviation() -> None:
    assert codes(replace(GRAY, transfer_syntax=JPEG_EXTENDED), JPEG) == []
    assert codes(replace(GRAY, transfer_syntax="1.2.3.4"), JPEG) == []


def test_a_kind_that_nothing_decodes() -> None:
    with pytest.raises(CodecError, match="jpeg-arithmetic codestream, which no codec here decodes"):
        settle(GRAY, replace(JPEG, kind="jpeg-arithmetic"))


def test_planes_of_jpeg_ls_are_known_to_the_codec() -> None:
    fmt = replace(COLOR, transfer_syntax=JPEG_LS)
    for interleave, planar in ((0, 1), (1, 0), (2, 0)):
        stream = replace(LS, samples=3, interleave=interleave)
        assert settle(fmt, stream).coded.planar == planar


def test_high_bit_means_nothing_to_a_codestream() -> None:
    fmt = replace(GRAY, bits_allocated=16, bits_stored=12, high_bit=15, transfer_syntax=JPEG_EXTENDED)
    settled = settle(fmt, replace(JPEG, kind="jpeg-extended", precision=12))
    assert settled.coded.shift == 0


def test_what_the_header_does_not_state_is_the_data_set_s() -> None:
    stream = Codestream(kind="jpeg-xl", rows=4, columns=6, samples=0, precision=0, lossless=None)
    fmt = replace(GRAY, bits_allocated=16, bits_stored=12, transfer_syntax=JPEG_XL_LOSSLESS)
    settled = settle(fmt, stream)
    assert (settled.coded.bits_stored, settled.coded.samples, settled.findings) == (12, 1, ())
    assert settled.lossy
