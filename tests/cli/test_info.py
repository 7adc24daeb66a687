"""`dicompix info`: format, offset table, codec, steps, geometry, findings; as text and as JSON."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.pixels import syntaxes as s

RUNNER = CliRunner()
Example = Callable[[str], Path]
Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]
FRAMES = np.arange(2 * 4 * 6, dtype=np.uint8).reshape(2, 4, 6)
PLAIN_FRAMES = [frame.tobytes() for frame in FRAMES]


def facts(*arguments: str, status: int = 0) -> list[dict[str, Any]]:
    """Return what `info --json` prints."""
    result = RUNNER.invoke(app, ["info", "--json", *arguments])
    assert result.exit_code == status, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["files"]
    return found


def test_a_ct_image(example: Example) -> None:
    (found,) = facts(str(example("CT_small.dcm")))
    assert found["modality"] == "CT"
    assert found["sop_class"] == {"uid": "1.2.840.10008.5.1.4.1.1.2", "name": "CT Image Storage"}
    assert found["transfer_syntax"]["uid"] == "1.2.840.10008.1.2.1"
    fmt = found["format"]
    assert (fmt["rows"], fmt["columns"], fmt["frames"], fmt["bits_stored"], fmt["signed"]) == (128, 128, 1, 16, True)
    assert (fmt["dtype"], fmt["photometric"], fmt["shape"]) == ("int16", "MONOCHROME2", [1, 128, 128])
    stored = {"bytes": 128 * 128 * 2, "encapsulated": False, "fragments": 0, "offset_table": "none"}
    assert found["pixel_data"] == {**stored, "decoded_bytes": 128 * 128 * 2}
    assert found["codec"]["chosen"] == "dicompix"
    assert found["decoded"] | {"min": 128, "max": 2191, "dtype": "int16"} == found["decoded"]
    assert found["transforms"][0]["transform"] == "Rescale(slope=1.0, intercept=-1024.0)"
    assert found["transforms"][0]["attributes"] == "Rescale Slope, Rescale Intercept"
    assert found["geometry"]["pixel_spacing"] == [0.661468, 0.661468]
    assert found["geometry"]["position"] == [-158.135803, -179.035797, -75.699997]
    assert found["unit"] == "HU"
    assert found["findings"] == []


def test_the_text_says_the_same(example: Example) -> None:
    result = RUNNER.invoke(app, ["info", str(example("examples_ybr_color.dcm")), str(example("rtdose.dcm"))])
    assert result.exit_code == 0
    for phrase in (
        "Ultrasound Multi-frame Image Storage, modality US",
        "JPEG Baseline (Process 1) (1.2.840.10008.1.2.4.50)",
        "30 frames of 240 x 320 x 3 (rows x columns), YBR_FULL_422, 8 of 8 bits, unsigned, uint8",
        "in 30 fragments, offset table: basic",
        "codec       imagecodecs",
        "jpeg-baseline, 240 x 320 x 3, 8 bits, lossy",
        "frame 0: RGB, uint8",
        "Rescale(slope=1e-06, intercept=0.0)  from Dose Grid Scaling (root)",
        "pixels of 10 x 10 mm, slices 5 mm apart",
        "findings    none",
    ):
        assert phrase in result.stdout


@pytest.mark.parametrize("table", ["none", "empty", "basic", "extended", "basic, not true"])
def test_which_offset_table_there_is(table: str, make: Make, as_file: AsFile, tmp_path: Path) -> None:
    elements: dict[str, Any] = {}
    if table == "extended":
        pixels, offsets, lengths = encapsulate_extended(PLAIN_FRAMES)
        elements = {"PixelData": pixels, "ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    elif table != "none":
        pixels = encapsulate(PLAIN_FRAMES, has_bot=table != "empty")
        if "not true" in table:
            pixels = pixels[:12] + (7).to_bytes(4, "little") + pixels[16:]  # the second offset
        elements = {"PixelData": pixels}
    syntax = s.EXPLICIT_LITTLE if table == "none" else s.ENCAPSULATED_UNCOMPRESSED
    dataset = make(FRAMES, frames=2, syntax=syntax, **elements)
    if table != "none":
        dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    (tmp_path / "a.dcm").write_bytes(as_file(dataset).getvalue())
    (found,) = facts(str(tmp_path / "a.dcm"))
    assert found["pixel_data"]["offset_table"] == table
    assert found["pixel_data"]["fragments"] == (0 if table == "none" else 2)
    codes = [finding["code"] for finding in found["findings"]]
    assert ("basic-offset-table" in codes) == ("not true" in table)


def test_views_are_listed_for_voi(make: Make, as_file: AsFile, tmp_path: Path) -> None:
    windows = {"WindowCenter": [40, -600], "WindowWidth": [400, 1500], "WindowCenterWidthExplanation": ["SOFT", "LUNG"]}
    (tmp_path / "a.dcm").write_bytes(as_file(make(FRAMES[0], **windows)).getvalue())
    (found,) = facts(str(tmp_path / "a.dcm"))
    assert [view["explanation"] for view in found["views"]] == ["SOFT", "LUNG"]
    assert "center=-600, width=1500" in found["views"][1]["transform"]
    result = RUNNER.invoke(app, ["info", str(tmp_path / "a.dcm")])
    assert "1: Window(center=-600, width=1500, LINEAR) LUNG" in result.stdout


def test_another_frame(example: Example) -> None:
    path = str(example("rtdose.dcm"))
    (found,) = facts("--frame", "3", path)
    import pydicom

    expected = pydicom.dcmread(path).pixel_array[3]
    assert found["decoded"]["frame"] == 3
    assert (found["decoded"]["min"], found["decoded"]["max"]) == (expected.min(), expected.max())


def test_findings_are_values_in_json(example: Example, tmp_path: Path) -> None:
    import pydicom

    dataset = pydicom.dcmread(example("MR_small_RLE.dcm"))
    dataset.HighBit = 3
    dataset.PixelData += b"\0\0\0\0"
    dataset.save_as(tmp_path / "odd.dcm")
    (listed,) = facts(str(tmp_path / "odd.dcm"))
    high_bit = next(finding for finding in listed["findings"] if finding["code"] == "high-bit")
    assert (high_bit["found"], high_bit["severity"]) == (3, "warning")
    assert "finding     high-bit: " in RUNNER.invoke(app, ["info", str(tmp_path / "odd.dcm")]).stdout


def test_a_folder_with_a_broken_file_and_files_that_are_no_images(example: Example, tmp_path: Path) -> None:
    (tmp_path / "good.dcm").write_bytes(example("CT_small.dcm").read_bytes())
    (tmp_path / "cut.dcm").write_bytes(example("CT_small.dcm").read_bytes()[:20000])
    (tmp_path / "plan.dcm").write_bytes(example("rtplan.dcm").read_bytes())
    (tmp_path / "notes.txt").write_text("no DICOM")
    found = facts(str(tmp_path), status=3)
    assert [Path(one["file"]).name for one in found] == ["cut.dcm", "good.dcm"]
    assert "frame 0" in found[0]["error"]
    assert found[0]["format"]["rows"] == 128
    result = RUNNER.invoke(app, ["info", str(tmp_path)])
    assert result.exit_code == 3
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == ["dicompix info"]
    assert "cut.dcm: frame 0" in result.stderr


@pytest.mark.parametrize(("name", "phrase"), [("rtplan.dcm", "no 'Pixel Data'"), ("notes", "no DICOM file")])
def test_a_file_that_is_no_image_is_an_error_where_it_is_named(
    name: str, phrase: str, example: Example, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(example(name).read_bytes() if "." in name else b"notes")
    result = RUNNER.invoke(app, ["info", str(path)])
    assert result.exit_code == 3
    assert phrase in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    result = RUNNER.invoke(app, ["info", str(tmp_path)])
    assert (result.exit_code, result.stderr) == (3, f"root info: there are no images in {tmp_path}\n")


def test_a_syntax_that_nothing_decodes(make: Make, as_file: AsFile, tmp_path: Path) -> None:
    dataset = make(FRAMES[0], syntax="1.2.840.10008.1.2.4.100", encoded=[b"\0\0\1\xb3"])
    (tmp_path / "film.dcm").write_bytes(as_file(dataset).getvalue())
    (found,) = facts(str(tmp_path / "film.dcm"), status=3)
    assert "codec" not in found
    assert "video decoder" in found["error"]
    assert found["transfer_syntax"]["name"] == "MPEG2 Main Profile / Main Level"


def test_imager_spacing_where_there_is_no_place(make: Make, as_file: AsFile, tmp_path: Path) -> None:
    (tmp_path / "dx.dcm").write_bytes(as_file(make(FRAMES[0], ImagerPixelSpacing=[0.1, 0.2])).getvalue())
    (found,) = facts(str(tmp_path / "dx.dcm"))
    assert found["geometry"] == {"pixel_spacing": [0.1, 0.2]}
