"""Deflated file -> its data set up to the pixel data, and the inflated bytes (PS3.5 A.5)."""

from os import SEEK_END
from typing import BinaryIO, NamedTuple
from zlib import MAX_WBITS, decompressobj

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag

from dicompix.pixels.frames import BufferSource, Source
from dicompix.pixels.limits import check_inflated
from dicompix.pixels.read.blocks import reader_of
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
from dicompix.pixels.read.unpack import inflated
from dicompix.pixels.syntaxes import SYNTAXES, syntax_for

_UIDS = tuple(syntax.uid.encode() for syntax in SYNTAXES.values() if syntax.deflated_data_set)
_IMPLICIT, _LITTLE = False, True
_LARGE = 1 << 24  # bytes of an element that is left where it is until it is asked for
_BLOCK = 1 << 20
HEAD = 1024  # bytes that surely hold the transfer syntax of a file with a preamble (PS3.10 7.1)


class Inflated(NamedTuple):
    """A data set up to its pixel data, the inflated bytes that it was read from, and where in them it stopped."""

    dataset: FileDataset
    body: BufferSource
    position: int


def inflated_file(head: bytes, file: BinaryIO, source: Source) -> Inflated | None:
    """Inflate a file whose File Meta Information says that its data set is deflated; None for any other.

    All of it must be inflated to get at any frame: once, in memory or in a temporary file, of bounded size.
    """
    begun = _begun(head, file)
    if begun is None:
        return None
    preamble, meta = begun
    body = inflated(source, file.tell())
    inner = reader_of(body)
    elements = read_dataset(inner, _IMPLICIT, _LITTLE, stop_when=_at_pixels, defer_size=_LARGE)
    check_inflated(inner.tell(), len(source))
    dataset = FileDataset(inner, elements, preamble, meta, _IMPLICIT, _LITTLE)
    dataset.set_original_encoding(_IMPLICIT, _LITTLE, elements.original_character_set)
    return Inflated(dataset, body, inner.tell())


def _begun(head: bytes, file: BinaryIO) -> tuple[bytes | None, FileMetaDataset] | None:
    """Read a file up to its deflated data set; None, and nothing read, where it has none."""
    if head[128:132] != b"DICM" or not any(uid in head for uid in _UIDS):
        return None
    preamble = read_preamble(file, force=False)
    meta = FileMetaDataset(read_dataset(file, _IMPLICIT, _LITTLE, stop_when=_past_meta))
    if syntax_for(str(meta.get("TransferSyntaxUID", ""))).deflated_data_set:
        return preamble, meta
    file.seek(0)
    return None


def check_deflated(file: BinaryIO) -> None:
    """Raise LimitError for a file, at its beginning, that fills the memory when pydicom inflates it."""
    head = file.read(HEAD)
    packed = file.seek(0, SEEK_END)
    file.seek(0)
    if _begun(head, file) is None:
        return
    stream, total = decompressobj(-MAX_WBITS), 0
    while not stream.eof and (block := stream.unconsumed_tail or file.read(_BLOCK)):
        total += len(stream.decompress(block, _BLOCK))
        check_inflated(total, packed)


def _past_meta(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001  # pydicom calls it with all three
    return tag >> 16 != 2


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001
    return tag in PIXEL_ELEMENTS
