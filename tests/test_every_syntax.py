"""Every transfer syntax and every layout of its fragments, from a file to the array (PS3.5 section 10, A.4)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import BUILT_IN
from dicompix.pixels.codecs.base import Frame
from dicompix.pixels.errors import PixelWarning, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.testing import CodecCase
from support.builders import data_set, file_of
from support.cases import CASES
from support.packing import cut, encapsulate, offsets_of

# pydicom takes Papyrus 3 for explicit VR, finds that it is not, and says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Expected explicit VR"),
    pytest.mark.filterwarnings("ignore:lossless-prediction"),  # noise takes 17 bits to predict
]

ENCAPSULATED = [uid for uid in CASES if s.syntax_for(uid).encapsulated]


def native_bytes(case: CodecCase, count: int) -> bytes:
    """Return `count` native frames bit behind bit, as PS3.5 8.1.1 wants them."""
    size = case.fmt.frame_bits if case.fmt.bits_allocated in {1, 12} else 8 * len(case.data)
    bits = np.unpackbits(np.frombuffer(case.data, np.uint8), bitorder="little")[:size]
    return np.packbits(np.tile(bits, count), bitorder="little").tobytes()


def content_of(case: CodecCase, count: int) -> Dataset:
    fmt = replace(case.fmt, frames=count)
    if s.syntax_for(fmt.transfer_syntax).encapsulated:
        return data_set(fmt, encapsulate([[case.data]] * count), encapsulated=True)
    return data_set(fmt, native_bytes(case, count))


def written(content: Dataset, folder: Path) -> Path:
    target = folder / "image.dcm"
    target.write_bytes(file_of(content).getvalue())
    return target


def test_the_table_covers_every_syntax_that_holds_still_images() -> None:
    assert set(CASES) == set(BUILT_IN)
    assert all(CASES.values())


@pytest.mark.parametrize("uid", CASES, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.parametrize("count", [1, 3])
def test_frames_of_a_file(uid: str, count: int, tmp_path: Path) -> None:
    for case in CASES[uid]:
        path = written(content_of(case, count), tmp_path)
        with dicompix.open_image(path, raw=True) as image:
            assert image.shape == (count, *case.fmt.frame_shape)
            for number in range(count):
                fault = case.fault(image.frame(number))
                assert not fault, f"{case.name}, frame {number}: {fault}"
            stacked = np.stack(list(image))
            for workers in (1, 2):
                whole = image.stored(workers=workers)
                assert whole.dtype == stacked.dtype == case.fmt.dtype
                np.testing.assert_array_equal(whole, stacked)


@pytest.mark.parametrize("uid", CASES, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
def test_pixel_array_of_a_data_set(uid: str) -> None:
    for case in CASES[uid]:
        array = dicompix.dcmread(file_of(content_of(case, 2))).pixel_array
        assert array.shape == (2, *case.fmt.frame_shape)
        assert array.flags.writeable
        np.testing.assert_array_equal(array[0], array[1])
        if uid == s.EXPLICIT_BIG and array.dtype.itemsize > 1:
            assert array.dtype.byteorder == ">"
            array = array.astype(array.dtype.newbyteorder("="))
        after = case.fmt.photometric if case.photometric is None else case.photometric
        if not after.is_ybr:
            fault = case.fault(Frame(array[0], after))
            assert not fault, f"{case.name}: {fault}"


def first_case(uid: str) -> CodecCase:
    """Return a case whose frame can be split into three fragments."""
    return next(case for case in CASES[uid] if len(case.data) > 60 and case.fmt.bits_allocated != 1)


LAYOUTS: dict[str, Callable[[list[list[bytes]]], bytes]] = {
    "no table": encapsulate,
    "table": lambda frames: encapsulate(frames, offsets_of(frames)),
    "no delimiter": lambda frames: encapsulate(frames, delimited=False),
}
# Only frames whose end can be told may be split without a table; RLE and deflated ones are one fragment (PS3.5 A.4).
ONE_FRAGMENT = {s.RLE_LOSSLESS, s.DEFLATED_IMAGE_FRAME}


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("uid", ENCAPSULATED, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
def test_layouts_of_fragments(uid: str, layout: str, parts: int, tmp_path: Path) -> None:
    if parts > 1 and uid in ONE_FRAGMENT and layout != "table":
        pytest.skip("nothing tells where a frame ends")
    case = first_case(uid)
    frames = [cut(case.data, parts)] * 3
    pixels = LAYOUTS[layout](frames)
    content = data_set(replace(case.fmt, frames=3), pixels, encapsulated=True)
    delimited = layout != "no delimiter"
    path = tmp_path / "image.dcm"
    path.write_bytes(file_of(content, delimited=delimited).getvalue())
    with dicompix.open_image(path, raw=True) as image:
        assert [finding.code for finding in image.findings] == ([] if delimited else ["sequence-delimiter"])
        if not delimited:
            with pytest.warns(PixelWarning, match="sequence delimitation item is missing"):
                image[0]
        for number in range(3):
            assert not case.fault(image.frame(number))


@pytest.mark.parametrize("uid", ENCAPSULATED, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.parametrize("honest", [True, False])
def test_extended_offset_tables(uid: str, honest: bool, tmp_path: Path) -> None:  # noqa: FBT001
    case = first_case(uid)
    frames = [[case.data]] * 3
    offsets = offsets_of(frames)
    if not honest:
        offsets[2] += 2
    content = data_set(replace(case.fmt, frames=3), encapsulate(frames), encapsulated=True)
    content.ExtendedOffsetTable = np.array(offsets, "<u8").tobytes()
    content.ExtendedOffsetTableLengths = np.array([len(case.data)] * 3, "<u8").tobytes()
    with dicompix.open_image(written(content, tmp_path), raw=True) as image:
        if not honest:
            with pytest.warns(PixelWarning, match="extended-offset-table"):
                image[0]
        for number in range(3):
            assert not case.fault(image.frame(number))
        assert [finding.code for finding in image.findings] == ([] if honest else ["extended-offset-table"])


@pytest.mark.parametrize("uid", ENCAPSULATED, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.parametrize("table", [[1, 2, 3], [0, 2, 4], [0]], ids=["no item", "inside", "short"])
def test_basic_offset_tables_that_lie(uid: str, table: list[int]) -> None:
    case = first_case(uid)
    content = data_set(replace(case.fmt, frames=3), encapsulate([[case.data]] * 3, table), encapsulated=True)
    dataset = dicompix.dcmread(file_of(content))
    with pytest.warns(PixelWarning, match="basic-offset-table"):
        array = dataset.pixel_array
    assert len(array) == 3
    np.testing.assert_array_equal(array[0], array[2])


@pytest.mark.parametrize("uid", [uid for uid in s.SYNTAXES if uid not in BUILT_IN])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_cannot_be_decoded_says_so(uid: str) -> None:
    fmt = PixelFormat(rows=2, columns=2, transfer_syntax=uid)
    encapsulated = s.syntax_for(uid).encapsulated
    pixels = encapsulate([[b"\0\0\1\xba" * 4]]) if encapsulated else bytes(4)
    content = data_set(fmt, pixels, encapsulated=encapsulated)
    if s.syntax_for(uid).family == "jpip":
        del content.PixelData
        content.PixelDataProviderURL = "https://example.org/jpip?target=7"
    dataset = dicompix.dcmread(file_of(content))
    for ask in (lambda: dataset.pixel_array, lambda: dataset.pixels, lambda: dicompix.open_image(file_of(content))):
        with pytest.raises(UnsupportedError) as found:
            ask()
        assert s.SYNTAXES[uid].name in str(found.value)
        # pydicom inflates only 1.2.1.99: of a deflated JPIP data set it reads no URL.
        if s.syntax_for(uid).family == "jpip" and not s.syntax_for(uid).deflated_data_set:
            assert "https://example.org/jpip?target=7" in str(found.value)


@pytest.mark.parametrize("declared", [s.EXPLICIT_LITTLE, s.IMPLICIT_LITTLE])
def test_a_file_whose_vrs_are_not_as_declared(declared: str, tmp_path: Path) -> None:
    case = CASES[s.EXPLICIT_LITTLE][2]
    other = s.IMPLICIT_LITTLE if declared == s.EXPLICIT_LITTLE else s.EXPLICIT_LITTLE
    written_as = file_of(data_set(replace(case.fmt, transfer_syntax=other), case.data)).getvalue()
    uids = [f"{uid}\0".encode() if len(uid) % 2 else uid.encode() for uid in (other, declared)]
    lengths = [bytes([len(uid), 0]) for uid in uids]
    meta = [b"\x02\0\x10\0UI" + length + uid for length, uid in zip(lengths, uids, strict=True)]
    path = tmp_path / "image.dcm"
    path.write_bytes(written_as.replace(meta[0], meta[1]))
    with pytest.warns(UserWarning, match="using (implicit|explicit) VR"):
        image = dicompix.open_image(path)
    assert image.format.transfer_syntax == declared
    assert not case.fault(image.frame(0))
