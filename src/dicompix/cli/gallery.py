"""Files -> a table of what they are and how long they took, and a PNG of each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pydicom
from pydicom.data import get_testdata_file
from pydicom.pixels.utils import pixel_array as pydicom_pixels

from dicompix.cli.group import DONE, IN_PART
from dicompix.cli.output import console, progress, table
from dicompix.dataset import dcmread
from dicompix.pixels.image import open_image
from dicompix.pixels.syntaxes import syntax_for

EXAMPLES = (  # of pydicom's wheel: each another modality, syntax or colour
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "examples_jpeg2k.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "JPEG-lossy.dcm",
    "image_dfl.dcm",
    "liver_1frame.dcm",
    "rtdose.dcm",
)
ROUNDS = 3
COLUMNS = ("file", "syntax", "shape", "dtype", "photometric", "codec", ">ms", ">pydicom ms")


@dataclass(frozen=True, slots=True)
class Row:
    """One file's line in the table."""

    cells: tuple[str, ...]
    failed: bool = False


def example_files() -> list[Path]:
    """Return the example files that pydicom's wheel holds; nothing is downloaded."""
    found = [get_testdata_file(name, download=False) for name in EXAMPLES]
    return [Path(str(path)) for path in found if path is not None]


def gallery(files: list[Path], output: Path) -> int:
    """Decode each file, write its picture into `output`, print the table; return 1 where a file failed, else 0."""
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    with progress("Decoding", len(files)) as told:
        for file, name in zip(files, unique_names(files), strict=True):
            rows.append(one_file(file, output / name))
            told(1)
    styled = [(row.cells, "red" if row.failed else "") for row in rows]
    console().print(table(f"{len(rows)} files, pictures in {output}", COLUMNS, styled))
    return IN_PART if any(row.failed for row in rows) else DONE


def unique_names(files: list[Path]) -> list[str]:
    """Return a PNG name for each file; files of the same name in different folders get a number."""
    seen: dict[str, int] = {}
    names = []
    for file in files:
        count = seen[file.name] = seen.get(file.name, 0) + 1
        names.append(f"{file.name}.png" if count == 1 else f"{file.name}-{count}.png")
    return names


def one_file(file: Path, picture: Path) -> Row:
    """Decode one file and save its middle frame; a failure becomes the row's text."""
    try:
        milliseconds = best_time(file, dcmread, lambda dataset: dataset.pixel_array)
        image = open_image(file)
        image.save(picture, frame=len(image) // 2)
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file; the others go on
        text = f"{type(problem).__name__}: {(str(problem).splitlines() or [''])[0]}"
        return Row((file.name, text, *[""] * (len(COLUMNS) - 2)), failed=True)
    fmt = image.format
    shape = " x ".join(map(str, image.shape if len(image) > 1 else image.shape[1:]))
    name = syntax_for(fmt.transfer_syntax).name.partition(" (")[0]
    theirs = pydicom_time(file)
    color = str(fmt.photometric)
    return Row((file.name, name, shape, str(image.dtype), color, image.codec_name(), f"{milliseconds:.2f}", theirs))


def best_time(file: Path, read: Callable[[Path], Any], decode: Callable[[Any], Any]) -> float:
    """Return the least milliseconds that decoding took; reading the file is not counted, nor the first run."""
    decode(read(file))
    times = []
    for _ in range(ROUNDS):
        dataset = read(file)
        start = perf_counter()
        decode(dataset)
        times.append((perf_counter() - start) * 1000)
    return min(times)


def pydicom_time(file: Path) -> str:
    """Return the milliseconds that pydicom's own decoding takes, or why it cannot."""
    try:
        return f"{best_time(file, pydicom.dcmread, pydicom_pixels):.2f}"
    except Exception as problem:  # noqa: BLE001  # whatever stops pydicom is its own column
        return f"fails: {type(problem).__name__}"
