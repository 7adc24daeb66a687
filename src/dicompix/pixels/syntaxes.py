"""Which transfer syntaxes there are: UID -> name, family, what follows from it (PS3.5 section 10, annex A)."""

from dataclasses import dataclass

_DICOM = "1.2.840.10008."


@dataclass(frozen=True, slots=True)
class Syntax:
    """One transfer syntax: its name, how pixel data is coded, and how the data set is.

    `family` is native, deflated, rle, jpeg, jpeg-ls, jpeg-2000, jpeg-xl, video, jpip or other; `kinds` are the
    codestreams that the syntax may hold, as `Codestream.kind` names them, the usual one first.
    """

    uid: str
    name: str
    family: str
    kinds: tuple[str, ...] = ()
    encapsulated: bool = True
    lossy: bool = False
    implicit_vr: bool = False
    big_endian_pixels: bool = False
    big_endian_data_set: bool = False
    deflated_data_set: bool = False


def _jpeg(number: str, name: str, *kinds: str, lossy: bool = True) -> Syntax:
    return Syntax(f"{_DICOM}1.2.4.{number}", name, "jpeg", kinds, lossy=lossy)


def _jpeg_2000(number: str, name: str, *, lossy: bool) -> Syntax:
    return Syntax(f"{_DICOM}1.2.4.{number}", name, "jpeg-2000", ("jpeg-2000",), lossy=lossy)


def _htj2k(number: str, name: str, *, lossy: bool) -> Syntax:
    return Syntax(f"{_DICOM}1.2.4.{number}", name, "jpeg-2000", ("htj2k",), lossy=lossy)


def _jpip(number: str, name: str, *, deflated: bool) -> Syntax:
    return Syntax(f"{_DICOM}1.2.4.{number}", name, "jpip", encapsulated=False, deflated_data_set=deflated)


def _video(number: str, name: str) -> Syntax:
    return Syntax(f"{_DICOM}1.2.4.{number}", name, "video", lossy=True)


def _hierarchical(number: int, process: str) -> Syntax:
    return _jpeg(str(number), f"JPEG {process} (retired)")


IMPLICIT_LITTLE = f"{_DICOM}1.2"
EXPLICIT_LITTLE = f"{_DICOM}1.2.1"
ENCAPSULATED_UNCOMPRESSED = f"{_DICOM}1.2.1.98"
DEFLATED_LITTLE = f"{_DICOM}1.2.1.99"
EXPLICIT_BIG = f"{_DICOM}1.2.2"
DEFLATED_IMAGE_FRAME = f"{_DICOM}1.2.8.1"
RLE_LOSSLESS = f"{_DICOM}1.2.5"
JPEG_BASELINE = f"{_DICOM}1.2.4.50"
JPEG_EXTENDED = f"{_DICOM}1.2.4.51"
JPEG_SPECTRAL = f"{_DICOM}1.2.4.53"
JPEG_PROGRESSIVE = f"{_DICOM}1.2.4.55"
JPEG_LOSSLESS = f"{_DICOM}1.2.4.57"
JPEG_LOSSLESS_SV1 = f"{_DICOM}1.2.4.70"
JPEG_LS = f"{_DICOM}1.2.4.80"
JPEG_LS_NEAR = f"{_DICOM}1.2.4.81"
JPEG_2000_LOSSLESS = f"{_DICOM}1.2.4.90"
JPEG_2000 = f"{_DICOM}1.2.4.91"
JPEG_2000_MC_LOSSLESS = f"{_DICOM}1.2.4.92"
JPEG_2000_MC = f"{_DICOM}1.2.4.93"
JPEG_XL_LOSSLESS = f"{_DICOM}1.2.4.110"
JPEG_XL_RECOMPRESSION = f"{_DICOM}1.2.4.111"
JPEG_XL = f"{_DICOM}1.2.4.112"
HTJ2K_LOSSLESS = f"{_DICOM}1.2.4.201"
HTJ2K_LOSSLESS_RPCL = f"{_DICOM}1.2.4.202"
HTJ2K = f"{_DICOM}1.2.4.203"
PAPYRUS_3 = f"{_DICOM}1.20"
GE_PRIVATE_BIG = "1.2.840.113619.5.2"

_ALL = (
    Syntax(IMPLICIT_LITTLE, "Implicit VR Little Endian", "native", encapsulated=False, implicit_vr=True),
    Syntax(EXPLICIT_LITTLE, "Explicit VR Little Endian", "native", encapsulated=False),
    Syntax(ENCAPSULATED_UNCOMPRESSED, "Encapsulated Uncompressed Explicit VR Little Endian", "native"),
    Syntax(
        DEFLATED_LITTLE,
        "Deflated Explicit VR Little Endian",
        "native",
        encapsulated=False,
        deflated_data_set=True,
    ),
    Syntax(
        EXPLICIT_BIG,
        "Explicit VR Big Endian (retired)",
        "native",
        encapsulated=False,
        big_endian_pixels=True,
        big_endian_data_set=True,
    ),
    Syntax(
        GE_PRIVATE_BIG,
        "GE Private Implicit VR, Big Endian Pixels",
        "native",
        encapsulated=False,
        implicit_vr=True,
        big_endian_pixels=True,
    ),
    Syntax(
        PAPYRUS_3,
        "Papyrus 3 Implicit VR Little Endian (retired)",
        "native",
        encapsulated=False,
        implicit_vr=True,
    ),
    Syntax(DEFLATED_IMAGE_FRAME, "Deflated Image Frame Compression", "deflated"),
    Syntax(RLE_LOSSLESS, "RLE Lossless", "rle", ("rle",)),
    _jpeg("50", "JPEG Baseline (Process 1)", "jpeg-baseline"),
    _jpeg("51", "JPEG Extended (Processes 2 and 4)", "jpeg-extended", "jpeg-baseline"),
    _jpeg("52", "JPEG Extended (Processes 3 and 5, retired)", "jpeg-arithmetic"),
    _jpeg("53", "JPEG Spectral Selection (Processes 6 and 8, retired)", "jpeg-progressive"),
    _jpeg("54", "JPEG Spectral Selection (Processes 7 and 9, retired)", "jpeg-arithmetic"),
    _jpeg("55", "JPEG Full Progression (Processes 10 and 12, retired)", "jpeg-progressive"),
    _jpeg("56", "JPEG Full Progression (Processes 11 and 13, retired)", "jpeg-arithmetic"),
    _jpeg("57", "JPEG Lossless (Process 14)", "jpeg-lossless", lossy=False),
    _jpeg("58", "JPEG Lossless (Process 15, retired)", "jpeg-arithmetic", lossy=False),
    _hierarchical(59, "Extended Hierarchical (Processes 16 and 18)"),
    _hierarchical(60, "Extended Hierarchical (Processes 17 and 19)"),
    _hierarchical(61, "Spectral Selection Hierarchical (Processes 20 and 22)"),
    _hierarchical(62, "Spectral Selection Hierarchical (Processes 21 and 23)"),
    _hierarchical(63, "Full Progression Hierarchical (Processes 24 and 26)"),
    _hierarchical(64, "Full Progression Hierarchical (Processes 25 and 27)"),
    _hierarchical(65, "Lossless Hierarchical (Process 28)"),
    _hierarchical(66, "Lossless Hierarchical (Process 29)"),
    _jpeg("70", "JPEG Lossless, First-Order Prediction (Process 14 SV1)", "jpeg-lossless", lossy=False),
    Syntax(JPEG_LS, "JPEG-LS Lossless", "jpeg-ls", ("jpeg-ls",)),
    Syntax(JPEG_LS_NEAR, "JPEG-LS Near-Lossless", "jpeg-ls", ("jpeg-ls",), lossy=True),
    _jpeg_2000("90", "JPEG 2000 Lossless", lossy=False),
    _jpeg_2000("91", "JPEG 2000", lossy=True),
    _jpeg_2000("92", "JPEG 2000 Part 2 Multi-component Lossless", lossy=False),
    _jpeg_2000("93", "JPEG 2000 Part 2 Multi-component", lossy=True),
    _jpip("94", "JPIP Referenced", deflated=False),
    _jpip("95", "JPIP Referenced Deflate", deflated=True),
    _video("100", "MPEG2 Main Profile / Main Level"),
    _video("100.1", "Fragmentable MPEG2 Main Profile / Main Level"),
    _video("101", "MPEG2 Main Profile / High Level"),
    _video("101.1", "Fragmentable MPEG2 Main Profile / High Level"),
    _video("102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    _video("102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1"),
    _video("103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    _video("103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1"),
    _video("104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video"),
    _video("104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video"),
    _video("105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video"),
    _video("105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video"),
    _video("106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    _video("106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2"),
    _video("107", "HEVC/H.265 Main Profile / Level 5.1"),
    _video("108", "HEVC/H.265 Main 10 Profile / Level 5.1"),
    Syntax(JPEG_XL_LOSSLESS, "JPEG XL Lossless", "jpeg-xl", ("jpeg-xl",)),
    Syntax(JPEG_XL_RECOMPRESSION, "JPEG XL JPEG Recompression", "jpeg-xl", ("jpeg-xl",), lossy=True),
    Syntax(JPEG_XL, "JPEG XL", "jpeg-xl", ("jpeg-xl",), lossy=True),
    _htj2k("201", "High-Throughput JPEG 2000 Lossless", lossy=False),
    _htj2k("202", "High-Throughput JPEG 2000 Lossless RPCL", lossy=False),
    _htj2k("203", "High-Throughput JPEG 2000", lossy=True),
    _jpip("204", "JPIP HTJ2K Referenced", deflated=False),
    _jpip("205", "JPIP HTJ2K Referenced Deflate", deflated=True),
    Syntax(f"{_DICOM}1.2.6.1", "RFC 2557 MIME Encapsulation (retired)", "other", encapsulated=False),
    Syntax(f"{_DICOM}1.2.6.2", "XML Encoding (retired)", "other", encapsulated=False),
    Syntax(
        f"{_DICOM}1.2.7.1",
        "SMPTE ST 2110-20 Uncompressed Progressive Active Video",
        "other",
        encapsulated=False,
    ),
    Syntax(
        f"{_DICOM}1.2.7.2",
        "SMPTE ST 2110-20 Uncompressed Interlaced Active Video",
        "other",
        encapsulated=False,
    ),
    Syntax(f"{_DICOM}1.2.7.3", "SMPTE ST 2110-30 PCM Digital Audio", "other", encapsulated=False),
    Syntax("1.3.46.670589.33.1.4.1", "Philips PMSCT RLE1 (private)", "other"),
)

SYNTAXES = {syntax.uid: syntax for syntax in _ALL}

# The syntax whose codecs read a codestream that the declared syntax does not allow.
SYNTAX_OF_KIND = {
    "jpeg-baseline": JPEG_BASELINE,
    "jpeg-extended": JPEG_EXTENDED,
    "jpeg-progressive": JPEG_PROGRESSIVE,
    "jpeg-lossless": JPEG_LOSSLESS,
    "jpeg-ls": JPEG_LS,
    "jpeg-2000": JPEG_2000,
    "htj2k": HTJ2K,
    "jpeg-xl": JPEG_XL,
}


def syntax_for(uid: str) -> Syntax:
    """Return what is known of a transfer syntax; an unknown UID counts as encapsulated, family other.

    >>> syntax_for("1.2.840.10008.1.2.5").name
    'RLE Lossless'
    """
    known = SYNTAXES.get(uid)
    return Syntax(uid, uid, "other") if known is None else known
