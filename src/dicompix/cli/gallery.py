"""Files -> a table of what they are and how long they took, and a PNG of each."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import pydicom
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError
from rich.console import Console
from rich.progress import track
from rich.table import Table

from dicompix.pixels.errors import PixelError, PixelWarning
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.syntaxes import syntax_for

EXAMPLES = (  # of pydicom's wheel: what the file shows
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
    "693_J2KI.dcm",
)
COLUMNS = ("file", "syntax", "shape", "dtype", "photometric", "codec", "ms", "pydicom ms")


@dataclass(frozen=True, slots=True)
class Row:
    """One file's line in the table."""

    cells: tuple[str, ...]
    failed: bool = False


def example_files() -> list[Path]:
    """Return the example files that pydicom's wheel holds; nothing is downloaded."""
    found = [get_testdata_file(name, download=False) for name in EXAMPLES]
    return [Path(str(path)) for path in found if path is not None]


def under(paths: Iterable[Path]) -> list[Path]:
    """Return the files given, and those in the folders given."""
    return [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()]


def gallery(files: list[Path], output: Path, *, beside_pydicom: bool) -> int:
    """Decode each file, write its picture into `output`, print the table; return 1 where a file failed, else 0."""
    console = Console()
    output.mkdir(parents=True, exist_ok=True)
    if files:
        _warm_up(files[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = unique_names(files)
        rows = [
            one_file(file, output / name, beside_pydicom=beside_pydicom)
            for file, name in track(list(zip(files, names, strict=True)), "Decoding", console=console, transient=True)
        ]
    table = Table(title=f"{len(rows)} files, pictures in {output}")
    for column in COLUMNS:
        table.add_column(column, overflow="fold", justify="right" if column.endswith("ms") else "left")
    for row in rows:
        table.add_row(*row.cells, style="red" if row.failed else None)
    console.print(table)
    return int(any(row.failed for row in rows))


def unique_names(files: list[Path]) -> list[str]:
    """Return a PNG name for each file; files of the same name in different folders get a number."""
    seen: dict[str, int] = {}
    names = []
    for file in files:
        count = seen[file.name] = seen.get(file.name, 0) + 1
        names.append(f"{file.name}.png" if count == 1 else f"{file.name}-{count}.png")
    return names


def one_file(file: Path, picture: Path, *, beside_pydicom: bool) -> Row:
    """Decode one file and save its middle frame; a failure becomes the row's text."""
    try:
        image, milliseconds = timed(lambda: decoded(file))
        image.save(picture, frame=len(image) // 2)
    except (PixelError, InvalidDicomError, OSError, EOFError) as problem:
        return Row(
            (file.name, "", "", "", "", "", "", f"{type(problem).__name__}: {str(problem).splitlines()[0]}"),
            failed=True,
        )
    fmt = image.format
    shape = " x ".join(map(str, image.shape if len(image) > 1 else image.shape[1:]))
    theirs = pydicom_time(file) if beside_pydicom else ""
    name = syntax_for(fmt.transfer_syntax).name
    return Row(
        (
            file.name,
            name,
            shape,
            str(image.dtype),
            str(fmt.photometric),
            image.codec_name(),
            f"{milliseconds:.1f}",
            theirs,
        )
    )


def decoded(file: Path) -> Image:
    """Open a file and decode all its frames."""
    image = open_image(file)
    image.stored()
    return image


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of some work and the milliseconds it took."""
    start = perf_counter()
    result = work()
    return result, (perf_counter() - start) * 1000


def pydicom_time(file: Path) -> str:
    """Return the milliseconds of pydicom's own reading and decoding, or why it cannot."""
    original = _originals()
    try:
        return f"{timed(lambda: original(pydicom.dcmread(file)))[1]:.1f}"
    except Exception as problem:  # noqa: BLE001  # whatever stops pydicom is its own column
        return f"fails ({type(problem).__name__})"


def _originals() -> Callable[[Any], Any]:
    from pydicom.pixels import pixel_array  # noqa: PLC0415

    return pixel_array


def _warm_up(file: Path) -> None:
    """Load libraries on both sides before anything is timed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PixelWarning)
        try:
            decoded(file)
        except (PixelError, InvalidDicomError, OSError):
            return
        pydicom_time(file)
