"""audit(): every finding of an image, the frames that cannot be decoded among them."""

import json
import warnings
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from rich.console import Console

from conftest import example_path
from dicompix.dataset import dcmread
from dicompix.pixels import syntaxes as s
from dicompix.pixels.errors import (
    CodecError,
    Finding,
    FrameIndexError,
    LimitError,
    MissingElementError,
    UnsupportedError,
)
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.image import Image
from dicompix.pixels.image.audit import Audit, as_finding, ranges
from support.builders import data_set
from support.packing import encapsulate, rle

RLE = PixelFormat(rows=2, columns=3, frames=4, transfer_syntax=s.RLE_LOSSLESS)
GOOD = rle(np.arange(6, dtype=np.uint8).reshape(2, 3))
BAD = bytes(70)


def image_of(*frames: bytes, declared: int = 0) -> Image:
    fmt = replace(RLE, frames=declared or len(frames))
    return Image(data_set(fmt, encapsulate([[frame] for frame in frames]), encapsulated=True))


@pytest.fixture(autouse=True)
def _silent() -> None:
    warnings.simplefilter("error")  # an audit reports by what it returns


def test_nothing_is_wrong_with_a_good_image() -> None:
    audit = image_of(GOOD, GOOD).audit()
    assert not audit
    assert (audit.worst, audit.frames, audit.decoded, tuple(audit)) == ("", 2, 2, ())
    assert str(audit) == "nothing was found"


def test_decoding_goes_on_after_a_bad_frame() -> None:
    audit = image_of(GOOD, BAD, GOOD, BAD).audit()
    assert [(found.code, found.severity, found.frame) for found in audit] == [
        ("codec", "error", 1),
        ("codec", "error", 3),
    ]
    assert (audit.worst, audit.frames, audit.decoded) == ("error", 4, 2)
    assert "segments" in audit[0].message


def test_what_was_found_stays_with_the_image() -> None:
    image = image_of(GOOD, BAD)
    image.audit()
    assert [found.code for found in image.findings] == ["codec"]


def test_the_frames_to_look_at_can_be_chosen() -> None:
    image = image_of(GOOD, BAD, GOOD, BAD)
    assert [found.frame for found in image.audit([0, -1])] == [3]
    assert image.audit(range(1)).decoded == 1
    header = image.audit(None)
    assert (len(header), header.decoded) == (0, 0)
    with pytest.raises(FrameIndexError):
        image.audit([4])


def test_frames_that_are_not_there_are_one_finding() -> None:
    audit = image_of(GOOD, declared=1000).audit()
    found = audit[-1]
    assert (found.code, found.severity, found.found, found.used) == ("too-few-frames", "error", 1000, 1)
    assert audit.decoded == 1


def test_native_frames_that_end_early() -> None:
    audit = Image(data_set(PixelFormat(rows=2, columns=3, frames=3), bytes(10))).audit()
    assert [found.code for found in audit] == ["too-few-frames"]
    assert audit.decoded == 1


def test_the_header_is_looked_at() -> None:
    dataset = data_set(PixelFormat(rows=2, columns=3), bytes(6))
    dataset.NumberOfFrames = 0
    audit = Image(dataset).audit()
    assert [(found.code, found.severity) for found in audit] == [("number-of-frames", "warning")]
    assert audit.worst == "warning"


@pytest.mark.parametrize("errors", ["strict", "warn", "salvage"])
def test_an_audit_is_the_same_under_any_policy(errors: str) -> None:
    dataset = image_of(GOOD, BAD).dataset
    assert [found.code for found in Image(dataset, errors=errors).audit()] == ["codec"]


def test_a_data_set_audits_its_pixels() -> None:
    assert not dcmread(example_path("CT_small.dcm")).pixels.audit()


def test_errors_have_stable_codes() -> None:
    kinds = [LimitError, FrameIndexError, CodecError, UnsupportedError, MissingElementError, KeyError, MemoryError]
    codes = ["limit", "frame", "codec", "unsupported", "missing-element", "KeyError", "MemoryError"]
    assert [as_finding(kind("why")).code for kind in kinds] == codes
    assert as_finding(MemoryError()).message == "MemoryError"


NOTE = Finding(code="odd-length", message="odd", severity="info")
ERROR = Finding(code="codec", message="[red]broken[/red]", frame=2, found=(1, np.int16(2)), severity="error")


def test_an_audit_is_a_frozen_sequence() -> None:
    audit = Audit((NOTE, ERROR), 3, 2)
    assert (list(audit), audit[0], audit[:1], len(audit)) == ([NOTE, ERROR], NOTE, (NOTE,), 2)
    assert ERROR in audit
    assert bool(audit)
    with pytest.raises(FrozenInstanceError):
        audit.frames = 4  # type: ignore[misc]


def test_only_the_worse_findings_are_kept() -> None:
    audit = Audit((NOTE, ERROR), 3, 2)
    assert audit.least("info") == audit
    assert audit.least("warning") == audit.least("error") == Audit((ERROR,), 3, 2)
    assert audit.least("error").worst == "error"


def test_json_holds_what_an_audit_holds() -> None:
    values = json.loads(json.dumps(Audit((NOTE, ERROR), 3, 2).to_dict()))
    assert (values["worst"], values["frames"], values["decoded"]) == ("error", 3, 2)
    assert values["findings"][0] == {
        "code": "odd-length",
        "message": "odd",
        "attribute": "",
        "found": None,
        "used": None,
        "frame": None,
        "clause": "",
        "severity": "info",
    }
    assert values["findings"][1]["frame"] == 2
    assert isinstance(values["findings"][1]["found"], str)


def test_an_audit_prints_itself_as_a_table() -> None:
    console = Console(width=150, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(Audit((NOTE, ERROR, ERROR.at(3), ERROR.at(5)), 9, 6))
    text = captured.get()
    assert "4 findings; 6 of 9 frames decoded" in text
    assert "2-3, 5" in text
    assert "[red]broken[/red]" in text
    assert text.count("codec") == 1


def test_numbers_are_written_as_ranges() -> None:
    assert [ranges(numbers) for numbers in ([], [4], [1, 3], [0, 1, 2])] == ["", "4", "1, 3", "0-2"]
