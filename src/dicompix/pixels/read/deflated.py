"""Deflated file -> its data set up to the pixel data, and the inflated bytes (PS3.5 A.5)."""

from typing import BinaryIO, NamedTuple

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag

from dicompix.pixels.frames import BufferSource, Source
from dicompix.pixels.read.blocks import reader_of
from dicompix.pixels.read.describe import PIXEL_ELEMENTS
from dicompix.pixels.read.unpack import inflated
from dicompix.pixels.syntaxes import SYNTAXES, syntax_for

_UIDS = tuple(syntax.uid.encode() for syntax in SYNTAXES.values() if syntax.deflated_data_set)
_IMPLICIT, _LITTLE = False, True


class Inflated(NamedTuple):
    """A data set up to its pixel data, the inflated bytes that it was read from, and where in them it stopped."""

    dataset: FileDataset
    body: BufferSource
    position: int


def inflated_file(head: bytes, file: BinaryIO, source: Source) -> Inflated | None:
    """Inflate a file whose File Meta Information says that its data set is deflated; None for any other.

    All of it must be inflated to get at any frame: once, in memory or in a temporary file, of bounded size.
    """
    if head[128:132] != b"DICM" or not any(uid in head for uid in _UIDS):
        return None
    preamble = read_preamble(file, force=False)
    meta = FileMetaDataset(read_dataset(file, _IMPLICIT, _LITTLE, stop_when=_past_meta))
    if not syntax_for(str(meta.get("TransferSyntaxUID", ""))).deflated_data_set:
        file.seek(0)
        return None
    body = inflated(source, file.tell())
    inner = reader_of(body)
    elements = read_dataset(inner, _IMPLICIT, _LITTLE, stop_when=_at_pixels)
    dataset = FileDataset(inner, elements, preamble, meta, _IMPLICIT, _LITTLE)
    dataset.set_original_encoding(_IMPLICIT, _LITTLE, elements.original_character_set)
    return Inflated(dataset, body, inner.tell())


def _past_meta(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001  # pydicom calls it with all three
    return tag >> 16 != 2


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001
    return tag in PIXEL_ELEMENTS
