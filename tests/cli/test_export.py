"""`dicompix export`: every format, whole folders, what is there already, what fails."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as pillow  # noqa: N813
from pydicom import dcmread
from pydicom.dataset import Dataset
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.cli.exporting.write import WRITERS
from dicompix.cli.options import frames_of
from dicompix.pixels.codecs.base import Stored
from support.command_line import interruptible

RUNNER = CliRunner()
FRAMES = np.stack([np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6) + number for number in range(3)])
COLOR = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
WHOLE = {"WindowCenter": 128, "WindowWidth": 256}  # of 8 bits: display values are the stored ones
Write = Callable[..., Path]


@pytest.fixture
def write(make: Callable[..., Dataset], as_file: Callable[[Dataset], BytesIO], tmp_path: Path) -> Write:
    """Give `write("in/a.dcm", array, frames=2)`, the path of a file with these pixels."""

    def written(name: str, array: Stored, frames: int = 1, **elements: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_file(make(array, frames=frames, **elements)).getvalue())
        return path

    return written


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def export(*arguments: str | Path, status: int = 0) -> str:
    """Export and return what is printed."""
    result = RUNNER.invoke(app, ["export", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.output


def names(folder: Path) -> list[str]:
    """Return the files below a folder, its record aside."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".dicompix-export.jsonl"
    )


def picture(path: Path) -> Stored:
    with pillow.open(path) as opened:
        return np.asarray(opened)


def test_pictures_of_a_folder(write: Write, out: Path, tmp_path: Path) -> None:
    write("in/one.dcm", FRAMES[0], **WHOLE)
    write("in/deep/three.dcm", FRAMES, 3, **WHOLE)
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    text = export(tmp_path / "in", "-o", out)
    three = [f"deep/three.dcm.000{number}.png" for number in range(3)]
    assert names(out) == [*three, "one.dcm.png"]
    assert f"{out}: 2 written, 0 complete, 1 skipped, 0 failed; 4 files in " in text
    assert np.array_equal(picture(out / "one.dcm.png"), FRAMES[0])
    assert np.array_equal(np.stack([picture(out / name) for name in three]), FRAMES)


@pytest.mark.parametrize(
    ("kind", "suffix", "most"), [("png", ".png", 0), ("tiff", ".tif", 0), ("jpeg", ".jpg", 40), ("gif", ".gif", 0)]
)
def test_formats_of_pictures(kind: str, suffix: str, most: int, write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES[0], **WHOLE)
    export(path, "-o", out, "--format", kind)
    with pillow.open(out / f"a.dcm{suffix}") as written:
        found = np.asarray(written.convert("L"))
    assert np.abs(found.astype(int) - FRAMES[0]).max() <= most


def test_some_frames(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES, 3, **WHOLE)
    export(path, "-o", out, "--frames", "0,2")
    assert names(out) == ["a.dcm.0000.png", "a.dcm.0002.png"]
    result = RUNNER.invoke(app, ["export", str(path), "-o", str(out / "b"), "--frames", "1-3"])
    assert result.exit_code == 3
    assert "a.dcm: there is no frame 3: the image has 3 frames" in result.stderr


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [("all", 2, [0, 1]), ("1", 4, [1]), ("3,0-1", 4, [3, 0, 1]), ("2-", 5, [2, 3, 4]), ("1,0-2", 3, [1, 0, 2])],
)
def test_what_frames_mean(text: str, count: int, expected: list[int]) -> None:
    assert frames_of(text, count) == expected


@pytest.mark.parametrize("text", ["", "x", "1-x", "-", "3-1", "1,,2", "1.5", "-2"])
def test_what_means_no_frames(text: str, write: Write, out: Path) -> None:
    result = RUNNER.invoke(app, ["export", str(write("a.dcm", FRAMES[0])), "-o", str(out), "--frames", text])
    assert result.exit_code == 2
    assert not out.exists()


def test_window(write: Write, out: Path) -> None:
    export(write("a.dcm", FRAMES[0]), "-o", out, "--voi", "100.5,1")
    assert np.array_equal(picture(out / "a.dcm.png"), np.where(FRAMES[0] > 100, 255, 0))


def test_values_as_stored_or_physical(write: Write, out: Path) -> None:
    stored = np.array([[0, 1000], [4095, 5]], np.uint16)
    path = write("a.dcm", stored, RescaleSlope=2, RescaleIntercept=10)
    export(path, "-o", out / "s", "--values", "stored")
    assert np.array_equal(picture(out / "s" / "a.dcm.png"), stored)
    export(path, "-o", out / "m", "--values", "modality", "--format", "tiff")
    assert np.array_equal(picture(out / "m" / "a.dcm.tif"), stored * 2 + 10)
    small = write("b.dcm", FRAMES[0])
    export(small, "-o", out / "8", "--values", "stored", "--bits", "8")
    assert picture(out / "8" / "b.dcm.png").dtype == np.uint8
    export(path, "-o", out / "8b", "--values", "stored", "--bits", "8", status=3)


def test_sixteen_bits_of_a_picture(write: Write, out: Path) -> None:
    stored = np.array([[0, 1], [2, 4]], np.uint16)
    export(write("a.dcm", stored, WindowCenter=2.5, WindowWidth=5), "-o", out, "--bits", "16")
    # LINEAR: (x - 2) / 4 + 0.5 = x / 4; floor(65535 x / 4 + 0.5)
    assert picture(out / "a.dcm.png").tolist() == [[0, 16384], [32768, 65535]]
    inverse = write("b.dcm", stored, WindowCenter=2.5, WindowWidth=5, PhotometricInterpretation="MONOCHROME1")
    export(inverse, "-o", out, "--bits", "16")
    assert picture(out / "b.dcm.png").tolist() == [[65535, 49151], [32768, 0]]
    padded = write("c.dcm", stored, WindowCenter=2.5, WindowWidth=5, PixelPaddingValue=4)
    export(padded, "-o", out, "--bits", "16")
    assert picture(out / "c.dcm.png").tolist() == [[0, 16384], [32768, 0]]
    assert "this one is in colour" in export(write("d.dcm", COLOR), "-o", out, "--bits", "16", status=3)


def test_arrays(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES, 3, RescaleSlope=0.5, RescaleIntercept=-8)
    export(path, "-o", out, "--format", "npy")
    found = np.load(out / "a.dcm.npy")
    assert (found.dtype, found.shape) == (np.float32, (3, 4, 6))
    assert np.array_equal(found, FRAMES * 0.5 - 8)
    export(path, "-o", out / "s", "--format", "npy", "--values", "stored", "--frames", "2,0")
    assert np.array_equal(np.load(out / "s" / "a.dcm.npy"), FRAMES[[2, 0]])
    export(write("c.dcm", COLOR), "-o", out / "c", "--format", "npy", "--values", "display")
    assert np.array_equal(np.load(out / "c" / "c.dcm.npy"), COLOR[np.newaxis])


@pytest.mark.parametrize(
    ("elements", "options", "milliseconds"),
    [
        ({}, [], 100),
        ({"FrameTime": 40}, [], 40),
        ({"CineRate": 50, "FrameTime": 33}, [], 20),
        ({"RecommendedDisplayFrameRate": 5, "CineRate": 50}, [], 200),
        ({"FrameTime": 40}, ["--fps", "2"], 500),
        ({"FrameTime": 33.333}, [], 30),  # hundredths of a second: 3, 4, 3 are 10 in all
    ],
)
def test_a_gif_runs_as_fast_as_the_file_says(
    elements: dict[str, Any], options: list[str], milliseconds: int, write: Write, out: Path
) -> None:
    export(write("a.dcm", FRAMES, 3, **WHOLE, **elements), "-o", out, "--format", "gif", *options)
    rate = 33.333 if milliseconds == 30 else milliseconds
    with pillow.open(out / "a.dcm.gif") as film:
        assert (film.n_frames, film.info["duration"]) == (3, milliseconds)  # type: ignore[attr-defined]
        ends = [0.0]
        for number in range(3):
            film.seek(number)
            ends.append(ends[-1] + film.info["duration"])
        assert max(abs(end - number * rate) for number, end in enumerate(ends)) <= 5
        assert np.array_equal(np.asarray(film.convert("L")), FRAMES[2])


def test_a_film(write: Write, out: Path) -> None:
    video = pytest.importorskip("av")
    bright = np.stack([np.full((5, 7), level, np.uint8) for level in (20, 120, 220)])
    export(write("a.dcm", bright, 3, **WHOLE, FrameTime=40), "-o", out, "--format", "mp4")
    with video.open(str(out / "a.dcm.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, float(stream.average_rate)) == ("h264", 25)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert [frame.shape for frame in frames] == [(6, 8, 3)] * 3  # H.264 wants even sides
    assert [round(float(frame.mean()), -1) for frame in frames] == [20, 120, 220]


@pytest.mark.parametrize(("kind", "library", "extra"), [("mp4", "av", "video"), ("nifti", "nibabel", "volumes")])
def test_a_format_without_its_library(
    kind: str, library: str, extra: str, write: Write, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    result = RUNNER.invoke(app, ["export", str(write("a.dcm", FRAMES, 3)), "-o", str(out), "--format", kind])
    assert result.exit_code == 3
    assert f'pip install "dicompix[{extra}]"' in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not out.exists()


def series(write: Write, number: int, slices: int, **elements: Any) -> list[Path]:
    """Write a series of parallel slices, 2 mm apart, in an order that is not their own."""
    place = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "PixelSpacing": [0.5, 0.75], "Modality": "CT"}
    return [
        write(
            f"in/{number}-{(i * 7) % 5}.dcm",
            FRAMES[0] + np.uint8(i),
            ImagePositionPatient=[1, 2, 2 * i],
            SeriesInstanceUID=f"1.2.{number}",
            SOPInstanceUID=f"1.2.{number}.{i}",
            SeriesNumber=number,
            SeriesDescription="thin/slices",
            **place,
            **elements,
        )
        for i in range(slices)
    ]


def test_a_volume_for_each_series(write: Write, out: Path, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    series(write, 3, 4, RescaleSlope=1, RescaleIntercept=-100)
    series(write, 4, 2)
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    text = export(tmp_path / "in", "-o", out, "--format", "nifti")
    assert names(out) == ["CT-3-thin-slices.1.2.3.nii.gz", "CT-4-thin-slices.1.2.4.nii.gz"]
    assert "2 written, 0 complete, 1 skipped, 0 failed" in text
    image = nibabel.load(out / names(out)[0])
    assert np.array_equal(np.asarray(image.dataobj)[:, :, 2], (FRAMES[0].astype(int) + 2 - 100).T)
    assert np.allclose(image.header.get_zooms(), [0.75, 0.5, 2])
    assert np.allclose(image.affine[:3, 3], [-1, -2, 0])
    assert "0 written, 2 complete" in export(tmp_path / "in", "-o", out, "--format", "nifti")
    export(tmp_path / "in", "-o", out / "s", "--format", "nifti", "--values", "stored")
    assert np.asarray(nibabel.load(out / "s" / names(out)[0]).dataobj).max() == FRAMES[0].max() + 3


def test_a_series_that_is_no_volume_stops_no_other(write: Write, out: Path, tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    series(write, 1, 3)
    write("in/flat.dcm", FRAMES[0], SeriesInstanceUID="1.2.9")
    result = RUNNER.invoke(app, ["export", str(tmp_path / "in"), "-o", str(out), "-f", "nifti"])
    assert result.exit_code == 3
    assert "series 1.2.9, 1 file: " in result.stderr
    assert "there is no usable Image Position" in result.stderr
    assert len(names(out)) == 1


def test_what_is_there_is_left_and_what_is_missing_is_written(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES, 3, **WHOLE)
    export(path, "-o", out)
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    (out / "a.dcm.0001.png").unlink()
    assert "1 written, 0 complete, 0 skipped, 0 failed; 1 file in" in export(path, "-o", out)
    after = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert {name for name in before if after[name] != before[name]} == {"a.dcm.0001.png"}
    assert "0 written, 1 complete" in export(path, "-o", out)
    assert "3 files in" in export(path, "-o", out, "--overwrite")


def test_two_sources_never_write_one_file(write: Write, out: Path, tmp_path: Path) -> None:
    write("in/a", FRAMES, 3, **WHOLE)
    write("in/a.0001", FRAMES[2], **WHOLE)  # as frame 1 of `a` is called
    result = RUNNER.invoke(app, ["export", str(tmp_path / "in"), "-o", str(out), "--workers", "1"])
    assert result.exit_code == 3
    assert result.stderr.startswith(f"dicompix export: {tmp_path}/in/a.0001: ")
    assert result.stderr.endswith(f"{out}/a.0001.png is written for {tmp_path}/in/a already\n")
    assert np.array_equal(picture(out / "a.0001.png"), FRAMES[1])


def test_a_series_uid_leads_to_no_other_folder(write: Write, out: Path, tmp_path: Path) -> None:
    pytest.importorskip("nibabel")
    for path in series(write, 1, 2):
        dataset = dcmread(path)
        dataset.SeriesDescription = ["a", "b"]
        with pytest.warns(UserWarning, match="Invalid value for VR UI"):
            dataset.SeriesInstanceUID = "../../x/y"
        dataset.save_as(path)
    export(tmp_path / "in", "-o", out, "--format", "nifti")
    assert [path.parent for path in tmp_path.rglob("*.nii.gz")] == [out]


def test_a_folder_without_images(out: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    result = RUNNER.invoke(app, ["export", str(tmp_path / "in"), "-o", str(out)])
    assert (result.exit_code, result.stderr) == (3, f"root export: there are no images in {tmp_path / 'in'}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal that a test can send")
def test_interrupted_and_resumed(write: Write, out: Path, tmp_path: Path) -> None:
    for number in range(60):
        write(f"in/{number:02}.dcm", np.tile(FRAMES, (1, 100, 100)), 3, **WHOLE)
    command = [sys.executable, "-m", "dicompix", "export", str(tmp_path / "in"), "-o", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible)
    while process.poll() is None and len(names(out) if out.exists() else ()) < 5:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "dicompix export: interrupted\n")
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert 5 <= len(before) < 180
    assert all(name.endswith(".png") and "part" not in name for name in before)
    assert f"; {180 - len(before)} files in" in export(tmp_path / "in", "-o", out)
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before
    assert len(names(out)) == 180
    assert all(np.array_equal(picture(out / name)[:4, :6], FRAMES[int(name[-5])]) for name in names(out))


def test_a_source_that_has_changed_is_written_again(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES[0], **WHOLE)
    export(path, "-o", out)
    write("a.dcm", FRAMES[1], **WHOLE)
    later = (out / "a.dcm.png").stat().st_mtime + 5
    os.utime(path, (later, later))
    export(path, "-o", out)
    assert np.array_equal(picture(out / "a.dcm.png"), FRAMES[1])


def test_other_options_are_not_mixed_into_one_folder(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES[0], **WHOLE)
    export(path, "-o", out)
    result = RUNNER.invoke(app, ["export", str(path), "-o", str(out), "--voi", "auto"])
    assert result.exit_code == 3
    assert "holds a.dcm.png, made with other options (voi 0): choose another folder, or --overwrite" in result.stderr
    export(path, "-o", out, "--format", "jpeg", "--voi", "auto")
    export(path, "-o", out, "--voi", "50.5,1", "--overwrite")
    assert np.array_equal(picture(out / "a.dcm.png"), np.where(FRAMES[0] > 50, 255, 0))


def test_a_file_is_there_whole_or_not_at_all(write: Write, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.dcm", FRAMES, 3, **WHOLE)

    def stops(image: Any, frames: list[int], target: Path, order: Any) -> None:
        target.write_bytes(b"half of a pic")
        if frames == [1]:
            raise OSError(28, "No space left on device")

    monkeypatch.setitem(WRITERS, "png", stops)
    result = RUNNER.invoke(app, ["export", str(path), "-o", str(out), "--workers", "1"])
    assert result.exit_code == 3
    assert "a.dcm: No space left on device" in result.stderr
    assert names(out) == ["a.dcm.0000.png"]


def test_a_broken_file_stops_no_other(write: Write, out: Path, tmp_path: Path) -> None:
    good, bad = write("in/a.dcm", FRAMES[0], **WHOLE), tmp_path / "in" / "b.dcm"
    bad.write_bytes(good.read_bytes()[:-5])
    result = RUNNER.invoke(app, ["export", str(tmp_path / "in"), "-o", str(out)])
    assert result.exit_code == 3
    assert result.stderr.startswith(f"dicompix export: {bad}: ")
    assert len(result.stderr.splitlines()) == 1
    assert names(out) == ["a.dcm.png"]
    result = RUNNER.invoke(app, ["export", str(bad), "-o", str(out), "-q"])
    assert (result.exit_code, result.stdout) == (3, "")


def test_two_folders_do_not_meet(write: Write, out: Path, tmp_path: Path) -> None:
    write("one/x.dcm", FRAMES[0], **WHOLE)
    write("two/x.dcm", FRAMES[1], **WHOLE)
    export(tmp_path / "one", tmp_path / "two", "-o", out)
    assert names(out) == ["one/x.dcm.png", "two/x.dcm.png"]
    result = RUNNER.invoke(app, ["export", f"{tmp_path}/one/x.dcm", f"{tmp_path}/two/x.dcm", "-o", str(out / "f")])
    assert result.exit_code == 3
    assert "would both be written as x.dcm" in result.stderr
    export(tmp_path / "one" / "x.dcm", tmp_path / "one" / "x.dcm", "-o", out / "same")


def test_into_the_folder_itself(write: Write, tmp_path: Path) -> None:
    folder = write("in/a.dcm", FRAMES[0], **WHOLE).parent
    export(folder, "-o", folder)
    assert names(folder) == ["a.dcm", "a.dcm.png"]
    export(folder, "-o", folder / "pictures")
    assert "1 complete, 1 skipped" in export(folder, "-o", folder / "pictures")
    assert "1 complete, 2 skipped" in export(folder, "-o", folder)  # with pictures/a.dcm.png


def test_an_input_is_never_overwritten(write: Write, tmp_path: Path) -> None:
    path = write("in/a.dcm", FRAMES[0], **WHOLE)
    taken = Path(shutil.copy(path, path.with_name("a.dcm.png")))
    before = taken.read_bytes()
    result = RUNNER.invoke(app, ["export", str(path.parent), "-o", str(path.parent), "--overwrite"])
    assert result.exit_code == 3
    assert "a.dcm.png is a file to be read" in result.stderr
    assert taken.read_bytes() == before


def test_json(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES, 3, VOILUTFunction="BENT", **WHOLE)
    found = json.loads(export(path, "-o", out, "--json"))
    (file,) = found["files"]
    assert (file["status"], file["count"], len(file["targets"])) == ("written", 3, 3)
    assert {finding["code"] for finding in file["findings"]} == {"voi-lut-function"}


def test_findings_are_counted(write: Write, out: Path) -> None:
    write("in/a.dcm", FRAMES[0], VOILUTFunction="BENT", **WHOLE)
    write("in/b.dcm", FRAMES[0], VOILUTFunction="BENT", NumberOfFrames=0, **WHOLE)
    assert export(out.parent / "in", "-o", out).splitlines()[1:] == [
        "  finding voi-lut-function: 2 times",
        "  finding number-of-frames: 1 time",
        "  `dicompix check` says more of the findings",
    ]


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        (["--format", "jpeg", "--bits", "16"], "jpeg of display values takes 8, found --bits 16"),
        (["--format", "mp4", "--values", "stored"], "mp4 holds display values"),
        (["--format", "nifti", "--frames", "0"], "a volume has all its frames"),
        (["--format", "nifti", "--bits", "16"], "takes no such option"),
        (["--format", "npy", "--bits", "16"], "npy of modality values takes no such option"),
        (["--bits", "12"], "png of display values takes 8 or 16, found --bits 12"),
        (["--format", "bmp"], "'bmp' is not one of"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], phrase: str, write: Write, out: Path) -> None:
    result = RUNNER.invoke(app, ["export", str(write("a.dcm", FRAMES[0])), "-o", str(out), *options])
    assert result.exit_code == 2
    assert phrase in result.stderr
    assert not out.exists()


def test_modality_values_are_no_pictures_where_they_do_not_fit(write: Write, out: Path) -> None:
    path = write("a.dcm", FRAMES[0], RescaleSlope=1, RescaleIntercept=-1000)
    result = RUNNER.invoke(app, ["export", str(path), "-o", str(out), "--values", "modality"])
    assert result.exit_code == 3
    assert "--format npy holds any" in result.stderr
    assert names(out) == []
    export(path, "-o", out, "--values", "modality", "--format", "tiff")
    assert np.array_equal(picture(out / "a.dcm.tif"), FRAMES[0].astype(int) - 1000)
