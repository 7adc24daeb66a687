"""Whole files under fuzz: the built ones to begin with, one row of bytes to pixels and to a picture."""

import traceback
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile

import numpy as np
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import PixelError
from dicompix.pixels.read import Content, excerpt
from dicompix.pixels.testing import CodecCase
from fuzz.judge import Unreadable
from support.arrays import color, gray
from support.builders import data_set, file_of
from support.cases import CASES
from support.packing import encapsulate, offsets_of

_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a file that no disk has to keep
SMALL = 1 << 14  # bytes of a built file that begins a search


def pixels(data: bytes) -> None:
    """Read a file as pydicom does, and decode its pixel data."""
    try:
        dataset = dicompix.dcmread(BytesIO(data))
    except MemoryError:
        raise
    except Exception as problem:
        raise Unreadable from problem
    array = dataset.pixel_array
    assert array.size > 0


def opened(data: bytes) -> None:
    """Open a file by few of its elements, and by all: both have to find the same, and read the same data set."""
    with NamedTemporaryFile(dir=_MEMORY) as file:
        file.write(data)
        file.flush()
        with Path(file.name).open("rb") as again:
            brief = excerpt.briefly(again)
        if brief is None:  # as it is for pydicom alone to read, so no difference is possible
            return
        later, content = brief
        dataset, expected = excerpt.whole(file.name)
        assert (content.fmt, content.header, len(content.index)) == (expected.fmt, expected.header, len(expected.index))
        assert _bytes_of(content) == _bytes_of(expected)
        assert [*map(_unread, later.now()._dict.values())] == [*map(_unread, dataset._dict.values())]


def _unread(element: DataElement | RawDataElement) -> tuple[object, ...]:
    """Return what is in an element, without converting its value: pydicom may refuse that."""
    return element.tag, element.VR, element.value if isinstance(element, RawDataElement) else None


def _bytes_of(content: Content) -> bytes:
    source = content.index.source
    return bytes(source.read(0, len(source)))


def picture(data: bytes) -> None:
    """Open a file, and show its first and last frame; its modality values too."""
    with _opened(data) as image:
        for frame in sorted({0, len(image) - 1}):
            shown = image.display(frame)
            assert shown.dtype == np.uint8
            assert shown.ndim in {2, 3}
            image.modality(frame)


def _opened(data: bytes) -> dicompix.Image:
    try:
        return dicompix.open_image(BytesIO(data))
    except (PixelError, MemoryError):
        raise
    except Exception as problem:
        if _of_reading(problem):
            raise Unreadable from problem
        raise


def _of_reading(problem: BaseException) -> bool:
    """Tell whether pydicom's own reader raised an error."""
    frames = traceback.extract_tb(problem.__traceback__)
    return any(PurePath(frame.filename).parts[-2:] == ("pydicom", "filereader.py") for frame in frames)


def file_seeds(uid: str) -> list[bytes]:
    """Return a file of one frame, and one of two, for each case of a syntax; the smaller ones."""
    files = [file_of(content).getvalue() for case in CASES[uid] for content in _contents(case)]
    return [file for file in files if len(file) <= SMALL]


def _contents(case: CodecCase) -> Iterator[Dataset]:
    for count in (1, 2):
        fmt = replace(case.fmt, frames=count)
        if s.syntax_for(fmt.transfer_syntax).encapsulated:
            frames = [[case.data]] * count
            yield data_set(fmt, encapsulate(frames, offsets_of(frames) if count > 1 else ()), encapsulated=True)
        elif count == 1 or fmt.frame_bits % 8 == 0:
            yield data_set(fmt, case.data * count)


def opened_seeds() -> list[bytes]:
    """Return files of every layout and syntax, one of each, with nested items of every length before the pixels."""
    return [file_seeds(uid)[0] for uid in CASES if file_seeds(uid)] + [
        file_of(dataset).getvalue() for dataset in _nested()
    ]


def _nested() -> Iterator[Dataset]:
    for undefined in (False, True):
        content = _plain(16)
        content.ReferencedImageSequence = [_item(ReferencedSOPClassUID="1.2.3"), _item()]
        content.PerFrameFunctionalGroupsSequence = [_item(PixelMeasuresSequence=[_item(SliceThickness="1")])]
        for element in content:
            element.is_undefined_length = undefined and element.VR == "SQ"
        yield content


def picture_seeds() -> list[bytes]:
    """Return native files with everything that a picture can depend on."""
    return [file_of(dataset).getvalue() for dataset in _pictures()]


def _plain(bits: int = 8) -> Dataset:
    case = next(c for c in CASES[s.EXPLICIT_LITTLE] if c.fmt.bits_allocated == bits and c.fmt.samples == 1)
    frame = gray(bits)[:5, :6]
    content = data_set(replace(case.fmt, rows=5, columns=6, signed=False), frame.tobytes())
    content.NumberOfFrames = 1
    return content


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _table(entries: int, bits: int) -> Dataset:
    item = _item(LUTDescriptor=[entries, 0, bits])
    item.add_new("LUTData", "US", [i * ((1 << bits) - 1) // (entries - 1) for i in range(entries)])
    return item


def _pictures() -> Iterator[Dataset]:
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        content = _plain(16)
        content.RescaleSlope, content.RescaleIntercept = "2", "-1024"
        content.WindowCenter, content.WindowWidth, content.VOILUTFunction = "400", "1500", function
        content.PixelPaddingValue, content.PixelPaddingRangeLimit = 0, 3
        yield content
    content = _plain(8)
    content.ModalityLUTSequence, content.VOILUTSequence = [_table(16, 16)], [_table(32, 8)]
    content.PresentationLUTSequence = [_table(8, 16)]
    yield content
    for segmented in (False, True):
        content = _plain(8)
        content.PhotometricInterpretation = "PALETTE COLOR"
        for name in ("Red", "Green", "Blue"):
            setattr(content, f"{name}PaletteColorLookupTableDescriptor", [5, 0, 8])
            entries = bytes([0, 1, 10, 1, 4, 30]) if segmented else bytes([10, 15, 20, 25, 30, 0])
            keyword = f"{'Segmented' if segmented else ''}{name}PaletteColorLookupTableData"
            content.add_new(keyword, "OW", entries)
        yield content
    yield from _graphics()


def _graphics() -> Iterator[Dataset]:
    content = _plain(8)
    content.add_new(0x60000010, "US", 5)
    content.add_new(0x60000011, "US", 6)
    content.add_new(0x60000040, "CS", "G")
    content.add_new(0x60000050, "SS", [1, 1])
    content.add_new(0x60000100, "US", 1)
    content.add_new(0x60000102, "US", 0)
    content.add_new(0x60003000, "OW", bytes(4))
    content.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    content.ShutterLeftVerticalEdge, content.ShutterRightVerticalEdge = 1, 5
    content.ShutterUpperHorizontalEdge, content.ShutterLowerHorizontalEdge = 1, 4
    content.CenterOfCircularShutter, content.RadiusOfCircularShutter = [2, 3], 2
    content.PresentationLUTShape = "INVERSE"
    yield content
    content = _plain(16)
    measures = _item(RescaleSlope="1", RescaleIntercept="0", RescaleType="US")
    voi = _item(WindowCenter="40", WindowWidth="400")
    groups = _item(PixelValueTransformationSequence=[measures], FrameVOILUTSequence=[voi])
    content.SharedFunctionalGroupsSequence, content.PerFrameFunctionalGroupsSequence = [groups], [groups]
    yield content
    frame = color(8)[:4, :5]
    case = next(c for c in CASES[s.EXPLICIT_LITTLE] if c.fmt.samples == 3 and c.fmt.bits_allocated == 8)
    yield data_set(replace(case.fmt, rows=4, columns=5, planar=0), np.ascontiguousarray(frame).tobytes())
