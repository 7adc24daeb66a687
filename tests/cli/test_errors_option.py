"""`--errors` of `export`, `transcode` and `show`: what is refused, what is kept of broken frames."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from typer.testing import CliRunner, Result

import dicompix
from dicompix.cli.commands import app
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import BadValueError, LimitError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.policy import DeviationError
from support import packing
from support.builders import data_set, file_of

RUNNER = CliRunner(env={"COLUMNS": "200"})
FMT = PixelFormat(rows=4, columns=5, frames=3)
WHOLE = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
PADDING = 7


def run(*arguments: str | Path, status: int = 0) -> Result:
    result = RUNNER.invoke(app, [*map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def put(path: Path, dataset: Dataset) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(file_of(dataset).getvalue())
    return path


def coded(frames: list[bytes], fmt: PixelFormat = FMT) -> Dataset:
    """Return a data set of RLE frames."""
    fmt = replace(fmt, transfer_syntax=s.RLE_LOSSLESS)
    return data_set(fmt, items(frames), encapsulated=True)


def items(frames: list[bytes]) -> bytes:
    """Return encapsulated frames without the delimiter, which is written with the element."""
    return packing.encapsulate([[frame] for frame in frames]).removesuffix(packing.DELIMITER)


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """Return a native file whose last frame has 12 of 20 bytes."""
    dataset = data_set(FMT, WHOLE.tobytes())
    dataset.PixelPaddingValue = PADDING
    path = put(tmp_path / "in" / "cut.dcm", dataset)
    path.write_bytes(path.read_bytes()[:-8])
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return an RLE file whose frame in the middle has no sense."""
    return put(tmp_path / "in" / "broken.dcm", coded([packing.rle(WHOLE[0]), bytes(70), packing.rle(WHOLE[2])]))


@pytest.fixture
def excess(tmp_path: Path) -> Path:
    """Return a file that holds a frame more than it declares."""
    return put(tmp_path / "in" / "excess.dcm", data_set(replace(FMT, frames=2), WHOLE.tobytes()))


def salvaged(fill: int) -> Stored:
    """Return what is left of the cut file."""
    flat = WHOLE.reshape(-1).copy()
    flat[-8:] = fill
    return flat.reshape(WHOLE.shape)


SYNTAXES = ["native", "implicit", "deflated", "rle", "jpeg-ls", "j2k-lossless", "htj2k-lossless"]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_there_is_of_a_cut_file_is_transcoded(syntax: str, cut: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.dcm"
    for policy in ([], ["--errors", "warn"], ["--errors", "strict"]):
        assert "frame 2" in run("transcode", cut, out, syntax, *policy, status=3).stderr
        assert not out.exists()
    result = run("transcode", cut, out, syntax, "--errors", "salvage")
    assert "\tsalvaged" in result.stdout
    there = dcmread(out)
    assert there.NumberOfFrames == 3
    np.testing.assert_array_equal(there.pixel_array, salvaged(PADDING))
    assert run("check", out).stdout == ""


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_there_is_of_a_broken_file_is_transcoded(syntax: str, broken: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.dcm"
    run("transcode", broken, out, syntax, "--errors", "salvage")
    np.testing.assert_array_equal(dcmread(out).pixel_array, [WHOLE[0], np.zeros((4, 5)), WHOLE[2]])


@pytest.mark.parametrize("broken_frames", [{0}, {0, 1}, {2}, {0, 1, 2}])
def test_whichever_frames_are_broken(broken_frames: set[int], tmp_path: Path) -> None:
    frames = [bytes(70) if number in broken_frames else packing.rle(WHOLE[number]) for number in range(3)]
    path = put(tmp_path / "in" / "a.dcm", coded(frames))
    run("transcode", path, tmp_path / "out.dcm", "jpeg-ls", "--errors", "salvage")
    expected = [WHOLE[number] * (number not in broken_frames) for number in range(3)]
    np.testing.assert_array_equal(dcmread(tmp_path / "out.dcm").pixel_array, expected)


def test_absent_frames_are_made_up_for(tmp_path: Path) -> None:
    path = put(tmp_path / "in" / "a.dcm", coded([packing.rle(WHOLE[0])]))
    run("transcode", path, tmp_path / "out.dcm", "rle", "--errors", "salvage")
    np.testing.assert_array_equal(dcmread(tmp_path / "out.dcm").pixel_array, [WHOLE[0], *np.zeros((2, 4, 5))])


def test_no_more_of_them_than_the_bytes_can_justify(tmp_path: Path) -> None:
    dataset = data_set(replace(FMT, rows=4000, columns=4000), bytes(100))
    dataset.NumberOfFrames = 2**31 - 1
    path = put(tmp_path / "in" / "a.dcm", dataset)
    with pytest.raises(LimitError, match="too few to salvage"):
        dicompix.transcode(path, tmp_path / "out.dcm", "rle", errors="salvage")
    assert "too few to salvage" in run("export", path, "-o", tmp_path / "out", "--errors", "salvage", status=3).stderr


def test_whole_frames_of_the_same_syntax_stay_as_they_are(broken: Path, tmp_path: Path) -> None:
    odd = packing.rle(WHOLE[0]) + bytes(2)  # no encoder would write it so
    path = put(tmp_path / "in" / "whole.dcm", coded([odd, packing.rle(WHOLE[1]), packing.rle(WHOLE[2])]))
    run("transcode", path, tmp_path / "out.dcm", "rle", "--errors", "salvage")
    assert odd in dcmread(tmp_path / "out.dcm")["PixelData"].value
    run("transcode", broken, tmp_path / "warn.dcm", "rle")  # nothing is decoded, and nothing found
    assert bytes(70) in dcmread(tmp_path / "warn.dcm")["PixelData"].value
    run("transcode", broken, tmp_path / "mended.dcm", "rle", "--errors", "salvage")
    assert bytes(70) not in dcmread(tmp_path / "mended.dcm")["PixelData"].value


def test_what_is_missing_of_ybr_has_no_colour(tmp_path: Path) -> None:
    fmt = replace(FMT, samples=3, photometric=Photometric.YBR_FULL, frames=2)
    color = np.full((4, 5, 3), (50, 60, 70), np.uint8)
    path = put(tmp_path / "in" / "a.dcm", coded([packing.rle(color), bytes(70)], fmt))
    run("transcode", path, tmp_path / "out.dcm", "native", "--errors", "salvage")
    there = dcmread(tmp_path / "out.dcm")
    assert there.PhotometricInterpretation == "YBR_FULL"
    np.testing.assert_array_equal(
        np.frombuffer(there.PixelData, np.uint8).reshape(2, 4, 5, 3), [color, np.full((4, 5, 3), (0, 128, 128))]
    )


def test_strict_refuses_what_warn_settles(excess: Path, tmp_path: Path) -> None:
    for syntax in ("native", "rle"):
        out = tmp_path / f"{syntax}.dcm"
        result = run("transcode", excess, out, syntax, "--errors", "strict", status=3)
        assert "excess-frames" in result.stderr
        assert result.stderr.endswith("refused, as --errors is strict\n")
        assert not out.exists()
        run("transcode", excess, out, syntax)
    result = run("export", excess, "-o", tmp_path / "out", "--errors", "strict", status=3)
    assert "excess-frames" in result.stderr
    assert list((tmp_path / "out").glob("[!.]*")) == []
    run("export", excess, "-o", tmp_path / "out")
    with pytest.raises(DeviationError):
        dicompix.transcode(excess, tmp_path / "a.dcm", "rle", errors="strict")


@pytest.mark.parametrize("syntax", ["native", "jpeg-ls"])
def test_strict_refuses_what_is_found_in_a_frame(syntax: str, tmp_path: Path) -> None:
    """The codestream has 8 bits, the header says 7: a finding of each frame (PS3.5 8.2.3)."""
    stream = packing.jpeg_ls_frame(np.full((4, 5), 200, np.uint8), 8)
    fmt = PixelFormat(rows=4, columns=5, bits_stored=7, transfer_syntax=s.JPEG_LS)
    path = put(tmp_path / "in" / "a.dcm", data_set(fmt, items([stream]), encapsulated=True))
    verify = ["--verify"] if syntax == "jpeg-ls" else []  # else nothing is decoded
    result = run("transcode", path, tmp_path / "out.dcm", syntax, "--errors", "strict", *verify, status=3)
    assert "refused, as --errors is strict" in result.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["in"]
    run("transcode", path, tmp_path / "out.dcm", syntax, *verify)


def test_pictures_of_what_there_is(cut: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("export", cut, "-o", out, "--values", "stored", "--bits", "8", status=3)
    assert "--errors salvage, of show, export and transcode, gives what is there" in result.stderr
    text = run("export", cut, "-o", out, "--values", "stored", "--bits", "8", "--errors", "salvage").stdout
    assert "1 written, 0 complete, 0 skipped, 0 failed; 1 file in" in text  # the whole frames were there already
    found = []
    for number in range(3):
        with pillow.open(out / f"cut.dcm.000{number}.png") as picture:
            found.append(np.asarray(picture))
    np.testing.assert_array_equal(found, salvaged(PADDING))


def test_a_laxer_run_goes_on_and_a_stricter_one_begins_anew(cut: Path, excess: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def statuses(*policy: str) -> dict[str, str]:
        result = RUNNER.invoke(app, ["transcode", str(cut.parent), str(out), "rle", "--json", *policy])
        return {Path(one["file"]).stem: one["status"] for one in json.loads(result.stdout)["files"]}

    assert statuses("--errors", "strict") == {"cut": "failed", "excess": "failed"}
    assert statuses() == {"cut": "failed", "excess": "written"}
    assert statuses("--errors", "salvage") == {"cut": "written", "excess": "complete"}
    assert statuses("--errors", "salvage") == {"cut": "complete", "excess": "complete"}
    for _ in range(2):  # what was salvaged is not what this run would have written
        assert statuses() == {"cut": "failed", "excess": "complete"}
    assert statuses("--errors", "strict") == {"cut": "failed", "excess": "failed"}


def test_a_picture_is_shown_of_what_there_is(cut: Path, tmp_path: Path) -> None:
    run("show", cut, "--frame", "2", "-o", tmp_path / "a.png", status=3)
    run("show", cut, "--frame", "2", "-o", tmp_path / "a.png", "--errors", "salvage")
    assert (tmp_path / "a.png").exists()


def test_a_volume_is_made_of_whole_slices(cut: Path, tmp_path: Path) -> None:
    result = run("export", cut, "-o", tmp_path / "out", "-f", "nifti", "--errors", "salvage", status=2)
    assert "a volume is made of whole slices" in result.stderr


@pytest.mark.parametrize("command", ["export", "transcode", "show"])
def test_the_option_is_one(command: str, cut: Path, tmp_path: Path) -> None:
    more: dict[str, list[Any]] = {"export": ["-o", tmp_path], "transcode": [tmp_path / "a", "rle"]}
    result = run(command, cut, *more.get(command, []), "--errors", "ignore", status=2)
    assert "'strict', 'warn', 'salvage'" in result.stderr


def test_the_library_refuses_another_policy_before_it_reads(tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="errors is 'ignore'"):
        dicompix.transcode(tmp_path / "nowhere", tmp_path / "out", "rle", errors="ignore")  # type: ignore[arg-type]


def test_a_file_whose_loss_cannot_be_told_is_salvaged(tmp_path: Path) -> None:
    """Whether a frame was lossy stands in its codestream, which is cut before it says so."""
    dataset = coded([b"\xff\xd8\xff\xe0"])
    dataset.NumberOfFrames = 1
    dataset.file_meta.TransferSyntaxUID = UID(s.JPEG_BASELINE)
    path = put(tmp_path / "in" / "a.dcm", dataset)
    run("transcode", path, tmp_path / "out.dcm", "rle", status=3)
    run("transcode", path, tmp_path / "out.dcm", "rle", "--errors", "salvage")
    assert not dcmread(tmp_path / "out.dcm").pixel_array.any()
