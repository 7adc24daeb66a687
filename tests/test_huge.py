"""Files over 4 GiB, sparse on the disk: offsets need 64 bits, and no more of a file is read than asked for."""

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.syntaxes import ENCAPSULATED_UNCOMPRESSED, EXPLICIT_LITTLE, RLE_LOSSLESS
from support.packing import DELIMITER, ITEM

Make = Callable[..., Dataset]
GIB = 1 << 30
UNDEFINED = 0xFFFFFFFF
STEP = GIB + 1000  # from one item to the next: five of them lie across 4 GiB


def header(dataset: Dataset, length: int, *, syntax: str = EXPLICIT_LITTLE) -> bytes:
    """Return a file up to its pixel data's value, whose length is said to be `length`."""
    del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    file = BytesIO()
    dcmwrite(file, dataset, implicit_vr=False, little_endian=True, force_encoding=True)
    vr = b"OB" if length == UNDEFINED else b"OW"
    return file.getvalue() + struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length)


def sparse(path: Path, pieces: dict[int, bytes]) -> Path:
    """Write pieces at their positions, with nothing between them."""
    with path.open("wb") as file:
        for position, piece in pieces.items():
            file.seek(position)
            file.write(piece)
    if path.stat().st_blocks * 512 > GIB:
        pytest.skip("this file system has no sparse files")
    return path


def rle(value: int) -> bytes:
    """Return an RLE frame (PS3.5 G) of 4 x 6 samples of 16 bits."""
    high, low = (bytes([257 - 24, byte]) for byte in divmod(value, 256))
    return np.array([2, 64, 66, *[0] * 13], "<u4").tobytes() + high + low


def items(start: int, table: bytes) -> tuple[dict[int, bytes], list[int]]:
    """Return an offset table, six items `STEP` bytes apart, and the delimiter, by position; and the items' offsets."""
    first = start + 8 + len(table)
    offsets = [number * STEP for number in range(6)]
    pieces = {start: ITEM + struct.pack("<I", len(table)) + table}
    for number, offset in enumerate(offsets):
        pieces[first + offset] = ITEM + struct.pack("<I", STEP - 8) + rle(number)
    pieces[first + 6 * STEP] = DELIMITER
    return pieces, offsets


def encapsulated(make: Make, path: Path, table: str) -> Path:
    offsets = np.arange(6, dtype=np.uint64) * STEP
    more = {}
    if table == "extended":
        more = {
            "ExtendedOffsetTable": offsets.astype("<u8").tobytes(),
            "ExtendedOffsetTableLengths": np.full(6, STEP - 8, "<u8").tobytes(),
        }
    dataset = make(np.zeros((4, 6), np.uint16), NumberOfFrames=6, **more)
    head = header(dataset, UNDEFINED, syntax=RLE_LOSSLESS)
    # 32 bits start again from 0 behind 4 GiB.
    basic = (offsets % (1 << 32)).astype("<u4").tobytes() if table == "basic" else b""
    return sparse(path, {0: head, **items(len(head), basic)[0]})


@pytest.mark.parametrize("table", ["extended", "basic", "none"])
def test_encapsulated_frames_behind_4_gib(table: str, make: Make, tmp_path: Path) -> None:
    path = encapsulated(make, tmp_path / "huge.dcm", table)
    assert path.stat().st_size > 6 * GIB
    for target in (path, path.as_uri()):
        with dicompix.open_image(target) as image:
            assert len(image) == 6
            for number in (5, 0, 4):
                data = image.encoded(number)
                assert len(data) == STEP - 8
                assert bytes(data[:68]) == rle(number)
            assert image.findings == ()
    with path.open("rb") as file, dicompix.open_image(file) as image:
        assert bytes(image.encoded(5)[:68]) == rle(5)


def test_blocks_behind_4_gib(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encapsulated(make, tmp_path / "huge.dcm", "none")
    monkeypatch.setattr("dicompix.pixels.read.files.mapped", lambda _: None)
    with dicompix.open_image(path) as image:
        source = image._index.source
        (start, stop) = image._index.spans(5)[0]
        assert start > 5 * GIB
        assert bytes(source.read(start, start + 68)) == rle(5)
        assert stop - start == STEP - 8


def native_pieces(rows: int, columns: int, start: int, frames: int) -> tuple[dict[int, bytes], Stored]:
    """Return the first row of the first frame and the last row of the last one, by position."""
    row = np.arange(columns, dtype="<u2")
    size = rows * columns * 2
    return {start: row.tobytes(), start + frames * size - 2 * columns: row[::-1].tobytes()}, row


def test_native_frames_behind_4_gib(make: Make, tmp_path: Path) -> None:
    # The length is of 32 bits: what goes beyond 4 GiB is the position of the last frame.
    rows, columns, frames = 16_383, 16_384, 8
    size = rows * columns * 2
    assert frames * size < UNDEFINED
    dataset = make(np.zeros((4, 6), np.uint16), Rows=rows, Columns=columns, NumberOfFrames=frames)
    dataset.EncapsulatedDocument = bytes(1 << 20)
    head = header(dataset, frames * size)
    pieces, row = native_pieces(rows, columns, len(head), frames)
    path = sparse(tmp_path / "huge.dcm", {0: head, **pieces})
    assert path.stat().st_size > 4 * GIB
    with dicompix.open_image(path) as image:
        last = image[7]
        assert np.array_equal(last[-1], row[::-1])
        assert np.array_equal(image[0][0], row)
        assert not last[0].any()
        assert image.findings == ()


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, ENCAPSULATED_UNCOMPRESSED])
def test_more_than_4_gib_of_native_frames(syntax: str, make: Make, tmp_path: Path) -> None:
    # One fragment a frame (PS3.5 A.4.11); or undefined length without items, which no standard allows, but is clear.
    rows, columns, frames = 16_384, 16_384, 10
    size = rows * columns * 2
    dataset = make(np.zeros((4, 6), np.uint16), Rows=rows, Columns=columns, NumberOfFrames=frames)
    head = header(dataset, UNDEFINED, syntax=syntax)
    start, pieces = len(head), {0: head}
    if syntax == ENCAPSULATED_UNCOMPRESSED:
        pieces[start] = ITEM + bytes(4)
        start += 8
        for number in range(frames):
            pieces[start + number * (size + 8)] = ITEM + struct.pack("<I", size)
        more, row = native_pieces(rows, columns, start + 8 + 9 * (size + 8), 1)
        first = start + 8
        more[first] = row.tobytes()
        pieces |= {**more, start + frames * (size + 8): DELIMITER}
    else:
        more, row = native_pieces(rows, columns, start, frames)
        pieces |= {**more, start + frames * size: DELIMITER}
    path = sparse(tmp_path / "huge.dcm", dict(sorted(pieces.items())))
    assert path.stat().st_size > 5 * GIB
    with dicompix.open_image(path) as image:
        assert len(image) == 10
        assert np.array_equal(image.encoded(9)[-2 * columns :], np.frombuffer(row[::-1].tobytes(), np.uint8))
        assert np.array_equal(np.frombuffer(image.encoded(0)[: 2 * columns], np.uint16), row)
