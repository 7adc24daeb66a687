"""PixelFormat and bytes -> data sets and whole files, made without the code under test."""

import struct
from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import PixelFormat
from support import packing

# Syntaxes whose data set is encoded otherwise than explicit VR little endian; pydicom need not know them.
IMPLICIT = {s.IMPLICIT_LITTLE, s.GE_PRIVATE_BIG, s.PAPYRUS_3}
FLOAT_KEYWORDS = {32: "FloatPixelData", 64: "DoubleFloatPixelData"}


def data_set(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False, vr: str = "") -> Dataset:
    """Return a data set that describes `fmt` and holds `pixels` as they are, even length added."""
    result = Dataset()
    result.file_meta = FileMetaDataset()
    result.file_meta.TransferSyntaxUID = UID(fmt.transfer_syntax)
    result.SOPClassUID = result.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    result.SOPInstanceUID = result.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    result.SamplesPerPixel = fmt.samples
    result.PhotometricInterpretation = fmt.photometric.value
    if fmt.samples > 1:
        result.PlanarConfiguration = fmt.planar
    if fmt.frames > 1:
        result.NumberOfFrames = fmt.frames
    result.Rows, result.Columns = fmt.rows, fmt.columns
    result.BitsAllocated = fmt.bits_allocated
    pixels += b"\0" * (len(pixels) % 2)
    if fmt.floating:
        setattr(result, FLOAT_KEYWORDS[fmt.bits_allocated], pixels)
        return result
    result.BitsStored = fmt.bits_stored
    result.HighBit = fmt.bits_stored - 1 if fmt.high_bit is None else fmt.high_bit
    result.PixelRepresentation = int(fmt.signed)
    result.PixelData = pixels
    result["PixelData"].VR = vr or ("OB" if encapsulated or fmt.bits_allocated <= 8 else "OW")
    result["PixelData"].is_undefined_length = encapsulated
    return result


def file_of(content: Dataset, *, delimited: bool = True) -> BytesIO:
    """Return a DICOM file (PS3.10 7) of any transfer syntax, known to pydicom's writers or not.

    Without `delimited`, encapsulated pixel data ends with the file.
    """
    uid = str(content.file_meta.TransferSyntaxUID)
    syntax = s.syntax_for(uid)
    buffer = DicomBytesIO()
    buffer.is_little_endian = not syntax.big_endian_data_set
    buffer.is_implicit_VR = uid in IMPLICIT
    write_dataset(buffer, content)
    body = buffer.getvalue()
    if "PixelData" in content and content["PixelData"].is_undefined_length and not delimited:
        body = body.removesuffix(packing.DELIMITER)
    if syntax.deflated_data_set:
        body = packing.deflate(body)
    return BytesIO(bytes(128) + b"DICM" + _meta(uid) + body)


def _meta(uid: str) -> bytes:
    elements = b"".join(
        _element(number, b"UI", text.encode() + b"\0" * (len(text) % 2))
        for number, text in ((2, "1.2.840.10008.5.1.4.1.1.7"), (3, "1.2.3.4"), (16, uid), (18, "1.2.3"))
    )
    version = struct.pack("<HH2sHI", 2, 1, b"OB", 0, 2) + b"\0\1"
    return _element(0, b"UL", struct.pack("<I", len(version + elements))) + version + elements


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value


def stack(frame: Stored, count: int) -> Stored:
    """Return `count` frames that differ: the first rolled on by one column each."""
    return np.stack([np.roll(frame, number, axis=1) for number in range(count)])
