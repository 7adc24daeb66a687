"""Each code of the page of findings comes out of something, and nothing else comes out of the source."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset as Plain
from pydicom.uid import UID

import dicompix
from dicompix.cli.checking import checked
from dicompix.cli.sources import Source
from dicompix.dataset import Dataset
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.errors import Finding
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image import Image
from dicompix.pixels.limits import limits
from dicompix.pixels.registry import Registry
from dicompix.transcode import transcode
from dicompix.volume import read_volume
from malformations.document import DOCUMENT
from malformations.table import TABLE
from support.builders import data_set, file_of
from support.packing import encapsulate, rle

SOURCE = Path(dicompix.__file__).parent
SMALL = np.arange(64, dtype=np.uint8).reshape(8, 8)
FMT = PixelFormat(rows=8, columns=8)
RLE = replace(FMT, transfer_syntax=s.RLE_LOSSLESS)
Found = Iterable[Finding]
pytestmark = pytest.mark.filterwarnings("ignore")


def page() -> set[str]:
    """Return the codes that the page explains."""
    lines = DOCUMENT.with_name("findings.md").read_text(encoding="utf-8").splitlines()
    return {
        code for line in lines if line.startswith("| `") for code in re.findall(r"`([a-z0-9-]+)`", line.split(" | ")[0])
    }


def image(fmt: PixelFormat = FMT, **elements: Any) -> Image:
    dataset = data_set(fmt, SMALL.tobytes() * fmt.samples)
    for name, value in elements.items():
        setattr(dataset, name, value)
    return Image(dataset)


def shown(one: Image, **options: bool) -> Found:
    one.display(0, **options)
    return one.findings


def short_table() -> list[Plain]:
    """Return a sequence of one look-up table, whose descriptor says more than it holds."""
    item = Plain()
    item.add_new(0x00283002, "US", [256, 0, 16])
    item.add_new(0x00283006, "OW", b"\1\0\2\0")
    return [item]


def overlaid(data: bytes) -> Image:
    one = image()
    for number, vr, value in (
        (0x10, "US", 8),
        (0x11, "US", 1),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
    ):
        one.dataset.add_new(0x60000000 + number, vr, value)
    one.dataset.add_new(0x60003000, "OW", data)
    return one


def warned(job: Callable[[], object]) -> Found:
    """Return what is only warned of, as findings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        job()
    texts = [str(each.message).partition(": ") for each in caught]
    return [Finding(code=code, message=text) for code, _, text in texts]


def odd_overlay() -> Found:
    dataset = overlaid(b"\1").dataset
    dataset.__class__ = Dataset
    assert isinstance(dataset, Dataset)
    return warned(lambda: dataset.overlay_array(0x6000))


def coded(*frames: bytes, declared: int = 0, errors: str = "warn") -> Image:
    fmt = replace(RLE, frames=declared or len(frames))
    return Image(
        data_set(fmt, encapsulate([[frame] for frame in frames], delimited=False), encapsulated=True), errors=errors
    )


def without_codec() -> Found:
    one = coded(rle(SMALL))
    nobody = CodecEntry("nobody", "no.such:decode", needs=("no-such-package>=1.0",))
    one._decoder = replace(one._decoder, codecs=Registry({s.RLE_LOSSLESS: (nobody,)}))
    return one.audit()


def read(one: Image) -> Found:
    one.stored()
    return one.findings


def limited(job: Callable[[Image], object], **given: int) -> Found:
    one = image()
    with limits(**given):
        job(one)
    return one.findings


def check(folder: Path, content: bytes) -> Found:
    """Return what `dicompix check` finds in a file."""
    path = folder / "file.dcm"
    path.write_bytes(content)
    return [finding for each in checked(Source(path, Path(path.name))) for finding in each.audit]


def file(**elements: Any) -> bytes:
    dataset = image().dataset
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return file_of(dataset).getvalue()


def case(name: str) -> bytes:
    return TABLE[name].make().to_bytes()


def transcoded(folder: Path, content: bytes) -> Found:
    (folder / "a.dcm").write_bytes(content)
    return [each for done in transcode(folder / "a.dcm", folder / "b.dcm", "jpeg-ls") for each in done.findings]


def with_broken_icon() -> bytes:
    dataset, icon = image().dataset, coded(bytes(70)).dataset
    for name in ("SOPClassUID", "SOPInstanceUID", "file_meta"):
        delattr(icon, name)
    dataset.file_meta.TransferSyntaxUID = UID(s.RLE_LOSSLESS)
    dataset.PixelData, dataset["PixelData"].is_undefined_length = encapsulate([[rle(SMALL)]], delimited=False), True
    dataset["PixelData"].VR = "OB"
    dataset.IconImageSequence = [icon]
    return file_of(dataset).getvalue()


def volume(*places: tuple[float, float, float], **elements: Any) -> Found:
    """Return the findings of slices at these places; an element's values are those of the slices in turn."""
    slices = []
    for number, place in enumerate(places):
        dataset = image().dataset
        dataset.SeriesInstanceUID, dataset.SOPInstanceUID = "1.2.3", f"1.2.3.{number}"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = list(place), [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = [1, 1]
        for name, values in elements.items():
            setattr(dataset, name, values[number])
        slices.append(dataset)
    return read_volume(slices, values="stored").findings


def volume_with(folder: Path, content: bytes) -> Found:
    """Return the findings of a slice and another file."""
    (folder / "other").write_bytes(content)
    dataset = image(
        ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1]
    ).dataset
    return read_volume([dataset, folder / "other"]).findings


RGB = replace(FMT, samples=3, photometric=Photometric.RGB)
PALETTE = replace(FMT, photometric=Photometric.PALETTE_COLOR)
HUGE = {"Rows": 60000, "Columns": 60000}

# What the table of malformations does not show.
OTHERS: dict[str, Callable[[Path], Found]] = {
    "modality-lut": lambda _: shown(image(ModalityLUTSequence=short_table())),
    "voi-lut": lambda _: shown(image(VOILUTSequence=short_table())),
    "window-pairs": lambda _: shown(image(WindowCenter=[1, 2], WindowWidth=[5])),
    "window-width": lambda _: shown(image(WindowCenter=[10], WindowWidth=[0])),
    "voi-lut-function": lambda _: shown(image(WindowCenter=[10], WindowWidth=[9], VOILUTFunction="CUBIC")),
    "presentation-lut": lambda _: shown(image(PresentationLUTShape="ROUND")),
    "palette": lambda _: shown(image(PALETTE)),
    "overlay": lambda _: shown(overlaid(b""), overlays=True),
    "overlay-length": lambda _: odd_overlay(),
    "icc-profile": lambda _: shown(image(RGB, ICCProfile=b"none"), icc=True),
    "large-frame": lambda _: limited(lambda one: one[0], frame_bytes=63),
    "large-array": lambda _: limited(Image.stored, array_bytes=63),
    "salvaged": lambda _: read(coded(rle(SMALL)[:-20], errors="salvage")),
    "too-few-frames": lambda _: coded(rle(SMALL), declared=9).audit(),
    "codec": lambda _: coded(bytes(70)).audit(),
    "missing-codec": lambda _: without_codec(),
    "limit": lambda folder: check(
        folder,
        file_of(
            data_set(replace(RLE, rows=60000, columns=60000), encapsulate([[rle(SMALL)]]), encapsulated=True)
        ).getvalue(),
    ),
    "frame": lambda folder: check(folder, case("container: deflated-short")),
    "format": lambda folder: check(folder, file(Rows=0)),
    "unsupported": lambda folder: check(folder, case("container: syntax-unknown")),
    "missing-element": lambda folder: check(folder, file(Rows=None)),
    "no-dicom": lambda folder: check(folder, b"no DICOM file"),
    "icon": lambda folder: transcoded(folder, with_broken_icon()),
    "trailing-bytes": lambda folder: transcoded(folder, file() + bytes(10)),
    "slice-spacing": lambda _: volume((0, 0, 0)),
    "uneven-spacing": lambda _: volume((0, 0, 0), (0, 0, 1), (0, 0, 2.04), (0, 0, 3)),
    "gantry-tilt": lambda _: volume((0, 0, 0), (0, 0.3, 1), (0, 0.6, 2)),
    "duplicate-instance": lambda _: volume((0, 0, 0), (0, 0, 1), (0, 0, 1), SOPInstanceUID=["1.2", "1.3", "1.3"]),
    "rescale-differs": lambda _: volume((0, 0, 0), (0, 0, 1), RescaleSlope=[1, 2], RescaleIntercept=[0, 0]),
    "no-pixels": lambda folder: volume_with(folder, file(PixelData=None)),
    "not-dicom": lambda folder: volume_with(folder, b"no DICOM file"),
}


@pytest.mark.parametrize("code", OTHERS)
def test_a_code_comes_out_of_its_case(code: str, tmp_path: Path) -> None:
    found = [finding for finding in OTHERS[code](tmp_path) if finding.code == code]
    assert found
    assert all(finding.message for finding in found)


def test_each_explained_code_comes_out_of_something() -> None:
    shown_by_the_table = {code for one in TABLE.values() for code in one.codes}
    assert page() == shown_by_the_table | set(OTHERS)
    assert not shown_by_the_table & set(OTHERS)


TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))]


def code_arguments() -> dict[str, int]:
    """Return where the functions of the source that make findings take the code, by their names."""
    found = {}
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in node.args.args if each.arg not in {"self", "cls"}]
                if "code" in names:
                    found[node.name] = names.index("code")
    return found


def named_codes() -> Iterator[str]:
    """Yield each code that the source names where it makes a finding."""
    places = code_arguments()
    for tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = [word.value for word in node.keywords if word.arg == "code"]
                given += node.args[places[name] : places[name] + 1] if name in places else []
                yield from (str(one.value) for one in given if isinstance(one, ast.Constant) and one.value)


def test_each_code_of_the_source_is_explained() -> None:
    named = set(named_codes())
    assert len(named) > 50
    assert named <= page()
    # The rest come out of tables, or are put together.
    texts = {node.value for tree in TREES for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert page() - named <= texts
