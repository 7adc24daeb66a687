"""Header, pixel data piece by piece, and what comes after it -> a file in any transfer syntax (PS3.10 7.1, PS3.5 A)."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from struct import pack
from typing import IO, Protocol

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, UID

from dicompix.pixels.errors import FormatError
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import Syntax, syntax_for

UNDEFINED = 0xFFFFFFFF


class Writable(Protocol):
    """What pieces are written to."""

    def write(self, data: Buffer, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelElement:
    """A pixel data element whose value comes in pieces: of `length` bytes, or UNDEFINED with its delimiter included."""

    tag: int
    vr: str
    length: int
    pieces: Iterable[Buffer]

    def head(self, *, implicit: bool) -> bytes:
        """Return tag, VR and length (PS3.5 7.1)."""
        tag = pack("<HH", self.tag >> 16, self.tag & 0xFFFF)
        return tag + (b"" if implicit else self.vr.encode() + b"\0\0") + pack("<I", self.length)


class Deflated:
    """Writes what it is given as raw deflate, `finish` ends it at an even length (RFC 1951, PS3.5 A.5)."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._written = 0

    def write(self, data: Buffer, /) -> None:
        """Deflate the next bytes."""
        self._put(self._stream.compress(data))

    def finish(self) -> None:
        """Write what is left, and a pad byte where that makes the length even."""
        self._put(self._stream.flush())
        self._put(bytes(self._written % 2))

    def _put(self, data: bytes) -> None:
        self._written += len(data)
        self._file.write(data)


def write_file(file: IO[bytes], header: Dataset, pixels: PixelElement | None, rest: Dataset | None) -> None:
    """Write a DICOM file in the syntax of the header's file meta: its elements, the pixel data, the rest.

    The preamble is empty: another format's header there would point at bytes that have moved (PS3.10 7.1).
    """
    syntax = syntax_for(str(header.file_meta.TransferSyntaxUID))
    file.write(bytes(128) + b"DICM" + _encoded(lambda: _file_meta(header.file_meta), syntax))
    deflated = Deflated(file) if syntax.deflated_data_set else None
    stream: Writable = file if deflated is None else deflated
    stream.write(_elements(header, syntax))
    if pixels is not None:
        stream.write(pixels.head(implicit=syntax.implicit_vr))
        for piece in pixels.pieces:
            stream.write(piece)
    if rest is not None:
        stream.write(_elements(rest, syntax))
    if deflated is not None:
        deflated.finish()


def complete_meta(header: Dataset, uid: str) -> None:
    """Make a header's file meta that of a new file in transfer syntax `uid`, as far as its identity is known."""
    held = getattr(header, "file_meta", None)
    meta = FileMetaDataset() if held is None else held
    meta.FileMetaInformationGroupLength = 0  # the writer puts the real length here
    meta.FileMetaInformationVersion = b"\0\1"
    for name in ("SOPClassUID", "SOPInstanceUID"):
        if header.get(name):
            setattr(meta, f"MediaStorage{name}", header.get(name))
    meta.TransferSyntaxUID = UID(uid)
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    meta.ImplementationVersionName = "DICOMPIX"
    header.file_meta = meta


def _file_meta(meta: FileMetaDataset) -> bytes:
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta, enforce_standard=False)
    return buffer.getvalue()


def _elements(elements: Dataset, syntax: Syntax) -> bytes:
    """Return elements as the data set has them, little endian."""

    def encode() -> bytes:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, syntax.implicit_vr
        write_dataset(buffer, elements)
        return buffer.getvalue()

    return _encoded(encode, syntax)


def _encoded(encode: Callable[[], bytes], syntax: Syntax) -> bytes:
    """Return what pydicom writes; FormatError for whatever it finds wrong with the elements."""
    try:
        return encode()
    except Exception as problem:
        raise FormatError(f"the header cannot be written in {syntax.name}: {problem}") from problem


def in_blocks(file: IO[bytes], size: int = 1 << 20) -> Iterator[bytes]:
    """Yield a file's bytes from where it is, block by block."""
    while block := file.read(size):
        yield block
