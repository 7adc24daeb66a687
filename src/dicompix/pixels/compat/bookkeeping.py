"""What a data set says of its pixel data, brought in step with new pixel data (PS3.3 C.7.6.3, C.7.6.1.1.5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, generate_uid

from dicompix.pixels.codestream import peek
from dicompix.pixels.compat.byte_order import to_little_endian
from dicompix.pixels.errors import FormatError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.read.elements import label
from dicompix.pixels.syntaxes import syntax_for

LONGEST_VALUE = 0xFFFFFFFE  # the longest even value that a 32-bit length can tell (PS3.5 7.1)

# Lossy Image Compression Method (0028,2114) by the codestream's kind (PS3.3 C.7.6.1.1.5.1).
LOSSY_METHODS = {
    "jpeg-baseline": "ISO_10918_1",
    "jpeg-extended": "ISO_10918_1",
    "jpeg-ls": "ISO_14495_1",
    "jpeg-2000": "ISO_15444_1",
    "htj2k": "ISO_15444_15",
    "jpeg-xl": "ISO_18181_1",
}
_FLOAT_ELEMENTS = (0x7FE00008, 0x7FE00009)
_OFFSET_TABLES = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


class UnsuitableError(FormatError, AttributeError):
    """The data set holds another kind of pixel data than the function is for."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One lossy compression: the defined term of its method, and how many times fewer bytes it needs."""

    method: str
    ratio: float


def check_integer_pixels(ds: Dataset) -> None:
    """Raise UnsuitableError where a data set has floating point pixel data, which is neither coded nor replaced."""
    for tag in _FLOAT_ELEMENTS:
        if tag in ds:
            name = label(tag)
            short = name[name.index("'") :]
            raise UnsuitableError(
                f"The dataset has an existing {name} element which indicates the (0008,0016) 'SOP Class UID' value is "
                f"not suitable for a dataset with 'Pixel Data'. The {short} element should be deleted and the "
                "'SOP Class UID' changed."
            )


def declared_syntax(ds: Dataset) -> str | None:
    """Return the transfer syntax UID that the file meta states, None where it states none."""
    meta = getattr(ds, "file_meta", None)
    uid = None if meta is None else meta.get("TransferSyntaxUID")
    return str(uid) if uid else None


def is_native(uid: str) -> bool:
    """Tell whether a transfer syntax has its pixel data uncompressed, and not in fragments (PS3.5 A.1 to A.3, A.5).

    >>> is_native("1.2.840.10008.1.2.1"), is_native("1.2.840.10008.1.2.1.98"), is_native("1.2.840.10008.1.2.4.94")
    (True, False, False)
    """
    syntax = syntax_for(uid)
    return syntax.family == "native" and not syntax.encapsulated


def lost(data: Buffer, uid: str) -> bool:
    """Tell whether a coded frame lost anything: its syntax is lossy, and its codestream does not say otherwise."""
    syntax = syntax_for(uid)
    if not syntax.lossy:
        return False
    stream = peek(data, syntax.family)
    return stream is None or stream.lossless is not True


def loss_of(fmt: PixelFormat, coded_bytes: int) -> Loss:
    """Return the loss of frames coded by a lossy transfer syntax, the ratio to their native size computed.

    >>> loss_of(PixelFormat(rows=100, columns=100, transfer_syntax="1.2.840.10008.1.2.4.81"), 2500)
    Loss(method='ISO_14495_1', ratio=4.0)
    """
    native = fmt.rows * fmt.columns * fmt.samples * fmt.bits_allocated * fmt.frames / 8
    return Loss(LOSSY_METHODS[syntax_for(fmt.transfer_syntax).kinds[0]], native / coded_bytes)


def describe_coded(ds: Dataset, fmt: PixelFormat, loss: Loss | None = None) -> None:
    """Make the elements that describe pixel data say what `fmt` says; the pixel data itself is not touched.

    `fmt` is what the data set shall claim: bits, colour and planes as coded, and the number of frames. A `loss` is
    added to the history of losses, and makes an original image a derived one.
    """
    for keyword, value in _description(fmt, counted="NumberOfFrames" in ds):
        if ds.get(keyword) != value:
            setattr(ds, keyword, value)
    if loss is not None:
        _add_loss(ds, loss)
        _derive(ds)


def _description(fmt: PixelFormat, *, counted: bool) -> Iterator[tuple[str, Any]]:
    yield "SamplesPerPixel", fmt.samples
    yield "PhotometricInterpretation", fmt.photometric.value
    if fmt.samples > 1:
        yield "PlanarConfiguration", fmt.planar
    if counted or fmt.frames > 1:
        yield "NumberOfFrames", fmt.frames
    yield "Rows", fmt.rows
    yield "Columns", fmt.columns
    yield "BitsAllocated", fmt.bits_allocated
    yield "BitsStored", fmt.bits_stored
    yield "HighBit", fmt.bits_stored - 1
    yield "PixelRepresentation", int(fmt.signed)


def _add_loss(ds: Dataset, loss: Loss) -> None:
    """Append a loss; ratio and method correspond by their order, so a shorter history is filled up (C.7.6.1.1.5)."""
    ratios, methods = (_values(ds, f"LossyImageCompression{end}") for end in ("Ratio", "Method"))
    steps = max(len(ratios), len(methods))
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionRatio = [*_filled(ratios, steps), f"{loss.ratio:.6g}"]
    ds.LossyImageCompressionMethod = [*_filled(methods, steps), loss.method]


def _values(ds: Dataset, keyword: str) -> list[Any]:
    value = ds.get(keyword)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)


def _filled(values: Sequence[Any], count: int) -> list[Any]:
    return [*values, *[""] * (count - len(values))]


def _derive(ds: Dataset) -> None:
    """Call an image DERIVED whose pixel values are no longer those acquired, and its frames too (C.7.6.1.1.2)."""
    _derive_value(ds, "ImageType")
    for group in (group for sequence in _GROUPS for group in ds.get(sequence) or ()):
        for tag in list(group.keys()):
            if keyword_for_tag(tag).endswith("FrameTypeSequence"):
                for item in group[tag].value or ():
                    _derive_value(item, "FrameType")


def _derive_value(ds: Dataset, keyword: str) -> None:
    values = _values(ds, keyword)
    if values and values[0] in {"ORIGINAL", "MIXED"}:
        setattr(ds, keyword, ["DERIVED", *values[1:]])


def replace_pixels(
    ds: Dataset,
    fmt: PixelFormat,
    value: bytes,
    *,
    extended: tuple[bytes, bytes] | None = None,
    loss: Loss | None = None,
) -> None:
    """Put new pixel data into a data set, with its transfer syntax and all that describes it; drop the cached array.

    `fmt` says what the pixel data is; `extended` are the Extended Offset Table and its lengths. A big-endian data set
    becomes little endian.
    """
    to_little_endian(ds)
    describe_coded(ds, fmt, loss)
    put_value(ds, fmt, value, extended)
    if not hasattr(ds, "file_meta"):
        ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(fmt.transfer_syntax)


def put_value(ds: Dataset, fmt: PixelFormat, value: bytes, extended: tuple[bytes, bytes] | None = None) -> None:
    """Set Pixel Data with the VR and length that its format asks for, and the offset tables, or remove stale ones."""
    encapsulated = syntax_for(fmt.transfer_syntax).encapsulated
    ds.PixelData = value
    element = ds["PixelData"]
    element.VR = "OB" if encapsulated or fmt.bits_allocated <= 8 else "OW"  # PS3.5 A.2, A.4
    element.is_undefined_length = encapsulated
    for number, keyword in enumerate(_OFFSET_TABLES):
        if extended is not None:
            setattr(ds, keyword, extended[number])
        elif keyword in ds:
            del ds[keyword]
    ds._pixel_array = None  # noqa: SLF001  # pydicom's cache
    ds._pixel_id = {}  # noqa: SLF001


def new_instance(ds: Dataset) -> None:
    """Give a data set a new SOP Instance UID, in its file meta too."""
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
