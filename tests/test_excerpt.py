"""A plain file opened by a few of its elements is the same image as by all of them; every other is read as a whole."""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_files
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import ENCODED_VR
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from dicompix import open_image
from dicompix.pixels import syntaxes as s
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.image import Image
from dicompix.pixels.read import Content, Later, describe, excerpt, open_content, scan
from fuzz.mutate import CHANGES
from malformations.table import TABLE
from support.builders import data_set, file_of

Open = Callable[[Path], tuple[Dataset | Later, Content]]
POLICIES = ("warn", "strict", "salvage")
GRAY = PixelFormat(rows=4, columns=6, bits_allocated=16, bits_stored=12)
SAMPLES = bytes(range(48))


def whole(path: Path) -> tuple[Dataset | Later, Content]:
    """Open a file by its whole data set, whatever it is."""
    with path.open("rb") as file:
        return excerpt.whole(file)


def elements(dataset: Dataset) -> list[object]:
    """Return all that a data set holds, without converting any of it."""
    return [each if isinstance(each, RawDataElement) else converted(each) for each in dataset._dict.values()]


def converted(element: Any) -> tuple[object, ...]:
    items = [elements(item) for item in element.value] if isinstance(element.value, Items) else element.value
    return element.tag, element.VR, items, element.is_undefined_length, element.file_tell


def about(dataset: Any) -> tuple[object, ...]:
    """Return where a data set comes from, and everything in it."""
    members = ("filename", "buffer", "fileobj_type", "timestamp", "preamble", "original_encoding", "_character_set")
    held = [getattr(dataset, name, None) for name in members if name != "buffer"]
    return type(dataset), held, type(dataset.buffer), elements(dataset), elements(dataset.file_meta)


def outcome(path: Path, opened: Open, policy: str = "warn") -> tuple[object, ...]:
    """Return what an image is, or why there is none, and every warning on the way."""
    answer: list[object] = []
    describe._KEPT.clear()  # what pydicom says of odd values is said when they are looked at first
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image = Image(*opened(path), errors=policy)
            answer += [image.format, image._content.header if image._content else None, len(image._index)]
            answer += [about(image.dataset)]
            array = image[0]
            answer += [sha256(array.tobytes()).digest(), array.dtype, array.shape, image.findings]
        except Exception as problem:  # noqa: BLE001  # whatever it is, it has to be the same
            answer += [type(problem), str(problem)]
    return answer, sorted((each.category.__name__, str(each.message)) for each in caught)


def is_brief(path: Path) -> bool:
    """Tell whether a file is opened by some of its elements."""
    with path.open("rb") as file:
        return excerpt.briefly(file) is not None


def check(path: Path, policy: str = "warn") -> bool:
    brief = is_brief(path)
    if brief:
        assert outcome(path, open_content, policy) == outcome(path, whole, policy)
    return brief


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_files_of_pydicom() -> None:
    paths = [Path(name) for name in get_testdata_files() if name.endswith(".dcm")]
    assert sum(map(check, paths)) > 60


def test_real_files(shared_data: Path) -> None:
    paths = [path for path in sorted(shared_data.rglob("*")) if path.is_file() and path.stat().st_size < 1 << 20]
    assert sum(map(check, paths)) > len(paths) // 3


@pytest.mark.parametrize("policy", POLICIES)
def test_malformed_files(policy: str, tmp_path: Path) -> None:
    paths = [written(tmp_path / str(i), case.make().to_bytes()) for i, case in enumerate(TABLE.values())]
    assert sum(check(path, policy) for path in paths) > 50


@cache
def seeds() -> list[bytes]:
    """Return headers worth breaking, the pixel data behind them short: explicit, implicit, nested."""
    names = ("CT_small.dcm", "MR_small_implicit.dcm", "nested_priv_SQ.dcm", "JPEG-lossy.dcm", "liver_1frame.dcm")
    texts = [Path(pydicom.data.get_testdata_file(name, download=False)).read_bytes() for name in names]  # type: ignore[arg-type]
    return [*[text for text in texts if len(text) < 60_000], nested(implicit=False), nested(implicit=True)]


def nested(*, implicit: bool) -> bytes:
    """Return a file with sequences and items of either kind of length before its pixel data."""
    uid = s.IMPLICIT_LITTLE if implicit else s.EXPLICIT_LITTLE
    content = data_set(PixelFormat(rows=4, columns=6, bits_allocated=16, bits_stored=12, transfer_syntax=uid), SAMPLES)
    content.SpecificCharacterSet = "ISO_IR 100"
    content.ReferencedImageSequence = Items([item(undefined=True), item(undefined=False)])
    content["ReferencedImageSequence"].is_undefined_length = True
    content.ReferencedStudySequence = Items([item(undefined=False)])
    content.NumberOfFrames = 1
    return file_of(content).getvalue()


def item(*, undefined: bool) -> Dataset:
    """Return an item with a sequence of undefined length in it."""
    inner, result = Dataset(), Dataset()
    inner.CodeValue = "T-1"
    result.ReferencedSOPInstanceUID = UID("1.2.3")
    result.PurposeOfReferenceCodeSequence = Items([inner])
    result["PurposeOfReferenceCodeSequence"].is_undefined_length = True
    result.is_undefined_length_sequence_item = undefined
    return result


def broken(seed: bytes, random: Random) -> bytes:
    """Return a file with a change, or several, in its header."""
    begin = min(seed.rfind(b"\xe0\x7f\x10\x00") + 14, len(seed))
    data = bytearray(seed[:begin])
    for _ in range(random.choice((1, 1, 2))):
        if data:
            random.choice(CHANGES)(data, random)
    return bytes(data) + seed[begin:]


@pytest.mark.parametrize("number", range(4))
def test_broken_headers(number: int, tmp_path: Path) -> None:
    random, files = Random(number), seeds()
    checked = [check(written(tmp_path / "a", broken(random.choice(files), random))) for _ in range(100)]
    assert 5 < sum(checked) < 100


def plain(**elements: object) -> bytes:
    """Return a plain file with other values for some elements, None leaves one out."""
    content = data_set(GRAY, SAMPLES)
    for keyword, value in elements.items():
        if value is None:
            delattr(content, keyword)
        else:
            setattr(content, keyword, value)
    return file_of(content).getvalue()


def test_a_plain_file_is_read_by_pydicom_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "plain.dcm", plain())
    asked: list[object] = []

    def watched(*given: Any, **named: Any) -> Dataset:
        asked.append(given)
        return pydicom.dcmread(*given, **named)

    monkeypatch.setattr(excerpt, "dcmread", watched)
    with open_image(path) as image:
        assert image[0].tobytes() == bytes(b & (0x0F if i % 2 else 0xFF) for i, b in enumerate(SAMPLES))
        assert not asked
        with ThreadPoolExecutor(4) as pool:
            assert len({id(each) for each in pool.map(lambda _: image.dataset, range(8))}) == 1
        assert len(asked) == 1
    assert image.dataset.SOPInstanceUID == "1.2.3.4"
    assert image.dataset.PixelData == SAMPLES
    assert (image.dataset.filename, image.dataset.timestamp) == (str(path), path.stat().st_mtime)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b""), lambda path: os.truncate(path, 9)])
def test_the_data_set_is_that_of_the_file_that_was_opened(change: Callable[[Path], object], tmp_path: Path) -> None:
    path = written(tmp_path / "plain.dcm", plain())
    image = open_image(path)
    change(path)
    assert image.dataset.SOPInstanceUID == "1.2.3.4"


USUAL: dict[str, bytes] = {
    "as it is": plain(),
    "one frame": plain(NumberOfFrames=1),
    "Latin": plain(SpecificCharacterSet="ISO_IR 100"),
    "no character set": plain(SpecificCharacterSet=""),
    "Japanese": plain(SpecificCharacterSet=["", "ISO 2022 IR 87"]),
    "sequences": nested(implicit=False),
    "implicit VR": nested(implicit=True),
}
UNUSUAL: dict[str, bytes] = {
    "a character set that nobody knows": plain(SpecificCharacterSet="ISO_IR 100").replace(b"IR 100", b"IR 999"),
    "character sets that exclude each other": plain(SpecificCharacterSet=["ISO 2022 IR 6", "ISO 2022 58"]).replace(
        b"ISO 2022 58", b"ISO_IR 192 "
    ),
    "no High Bit": plain(HighBit=None),
    "no Rows": plain(Rows=None),
    "frames that are no number": plain().replace(b"\x28\0\x02\0US\2\0\1\0", b"\x28\0\x08\0IS\2\0x "),
    "another VR": plain().replace(b"\x28\0\x10\0US", b"\x28\0\x10\0SS"),
    "an unknown VR": plain().replace(b"\x08\0\x18\0UI", b"\x08\0\x18\0ZZ"),
    "an element twice": plain().replace(b"\x28\0\x11\0US", b"\x28\0\x10\0US"),
    "no preamble": plain()[132:],
    "a group length that lies": plain().replace(b"\2\0\0\0UL\4\0", b"\2\0\0\0UL\4\0\1", 1)[:-1],
    "an unknown transfer syntax": plain().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0"),
    "implicit VR in explicit": nested(implicit=True).replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0"),
    "no pixel data": plain()[: -len(SAMPLES) - 12],
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_files_are_opened_briefly(name: str, tmp_path: Path) -> None:
    assert check(written(tmp_path / "a", USUAL[name]))


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_files_are_left_to_pydicom(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a", UNUSUAL[name])
    assert not is_brief(path)
    assert outcome(path, open_content) == outcome(path, whole)


def test_the_kinds_of_vr_are_those_of_pydicom() -> None:
    long = set(map(str, EXPLICIT_VR_LENGTH_32))
    assert set(scan.LONG.values()) == long
    assert set(scan.SHORT.values()) == {vr.decode() for vr in ENCODED_VR if len(vr) == 2} - long


def test_deep_sequences_are_left_to_pydicom() -> None:
    whole, begin = plain(), plain().index(b"\x28\0\x02\0US")
    down, up = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff", 4
    ends = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    wanted = scan.wanted((), (0x7FE00010,))
    found = [scan.scan(whole[:begin] + down * depth + ends * depth + whole[begin:], wanted) for depth in (up, 5000)]
    assert found[0] is not None
    assert found[0].tag == 0x7FE00010
    assert found[1] is None
