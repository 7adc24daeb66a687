"""What lies around the pixel data of a file: elements after it, icons, and the history of what the pixels have lost."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from struct import unpack

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

from dicompix.pixels.compat.bookkeeping import Loss, loss_of, lost
from dicompix.pixels.compat.decompress import decompress
from dicompix.pixels.errors import CodecError, Finding, PixelError
from dicompix.pixels.fragments import scan
from dicompix.pixels.fragments.items import DELIMITER, HEADER
from dicompix.pixels.frames import Source
from dicompix.pixels.read import Content
from dicompix.pixels.read.elements import element_of
from dicompix.pixels.syntaxes import JPEG_EXTENDED, syntax_for

_TRAILING = Finding(
    code="trailing-bytes", message="the bytes after the pixel data are no elements: left out", clause="PS3.5 7.1"
)


def elements_after(header: Dataset, tag: int, source: Source, path: Path, found: list[Finding]) -> Dataset | None:
    """Return the elements after the pixel data, None where there are none; what is no element is a finding."""
    element, end = element_of(header, tag, deferred=True), _end_of(source)
    if not isinstance(element, RawDataElement) or end is None:
        return None
    buffer = getattr(header, "buffer", None)  # of a file that had to be unpacked
    with path.open("rb") if buffer is None else nullcontext(buffer) as file:
        start = file.seek(element.value_tell + end)
        head = file.read(8)
        if not head:
            return None
        if len(head) < 8 or _tag(head, little=element.is_little_endian) <= tag:
            found.append(_TRAILING)
            return None
        file.seek(start)
        return read_dataset(file, element.is_implicit_VR, element.is_little_endian)


def _tag(data: bytes, *, little: bool) -> int:
    group, number = unpack("<HH" if little else ">HH", data[:4])
    return int(group) << 16 | int(number)


def mend_encoding(header: Dataset) -> None:
    """Let a data set say in which encoding it was read, where its transfer syntax says another."""
    first = next(
        (element for tag in sorted(header.keys()) if (element := element_of(header, tag, deferred=True))), None
    )
    if isinstance(first, RawDataElement):
        found = first.is_implicit_VR, first.is_little_endian
        if header.original_encoding != found:
            header.set_original_encoding(*found, header.original_character_set)


def _end_of(source: Source) -> int | None:
    """Return the length of the pixel data with its delimiter; None where it has none, and so no end."""
    if not source.delimited:
        return len(source)
    spans = scan(source).spans
    if not spans:
        return None
    end = spans[-1][1]
    head = bytes(source.read(end, end + 8))
    return end + 8 if len(head) == 8 and HEADER.unpack(head)[0] == DELIMITER else None


def decode_icons(header: Dataset, uid: str, found: list[Finding]) -> None:
    """Decode encapsulated icons, which are in the old transfer syntax (PS3.5 A.4); one that nothing decodes stays."""
    for icon in header.get("IconImageSequence") or ():
        if "PixelData" in icon and icon["PixelData"].is_undefined_length:
            icon.file_meta = FileMetaDataset()  # tells `decompress` the syntax; items are written without it
            icon.file_meta.TransferSyntaxUID = UID(uid)
            try:
                decompress(icon, generate_instance_uid=False)
            except PixelError as problem:
                message = f"an icon stays compressed, as nothing decodes it: {problem}"
                found.append(Finding(code="icon", message=message, attribute="IconImageSequence"))
            finally:
                del icon.file_meta


def _lost(content: Content) -> bool:
    try:
        return lost(content.index[0], content.fmt.transfer_syntax)
    except CodecError:  # decoding it says so, or salvages it
        return True


def unrecorded_loss(header: Dataset, content: Content) -> Loss | None:
    """Return the loss of pixel data in a lossy syntax whose header does not tell of any (PS3.3 C.7.6.1.1.5)."""
    fmt = content.fmt
    held = range(min(fmt.frames, len(content.index)))
    lossy = syntax_for(fmt.transfer_syntax).lossy and len(held) > 0
    if not lossy or header.get("LossyImageCompression") == "01" or not _lost(content):
        return None
    coded_bytes = sum(stop - start for number in held for start, stop in content.index.spans(number))
    is_jpeg = syntax_for(fmt.transfer_syntax).family == "jpeg"  # all processes are of one standard
    return loss_of(replace(fmt, transfer_syntax=JPEG_EXTENDED) if is_jpeg else fmt, coded_bytes)
