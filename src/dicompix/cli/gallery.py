"""Files -> what they are and how long they took, and a PNG of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pydicom
from pydicom.data import get_testdata_file
from pydicom.pixels.utils import pixel_array as pydicom_pixels

from dicompix.cli.group import reason
from dicompix.cli.output import progress
from dicompix.cli.sources import Source, sources_of, unique_names, why_none
from dicompix.dataset import dcmread
from dicompix.pixels.compat.recode.files import Identity, check_target, identity_of, replacing_path
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one file: an error, or what it is, its picture, and milliseconds; pydicom's may be None."""

    file: str
    picture: Path | None = None
    syntax: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    photometric: str = ""
    codec: str = ""
    milliseconds: float = 0.0
    pydicom_milliseconds: float | None = None
    pydicom_error: str = ""
    error: str = ""


def example_sources() -> list[Source]:
    """Return the example files that pydicom's wheel holds; nothing is downloaded."""
    found = [get_testdata_file(name, download=False) for name in EXAMPLES]
    return sources_of(Path(str(path)) for path in found if path is not None)


def gallery(sources: Sequence[Source], output: Path, *, quiet: bool = False) -> list[Row]:
    """Decode each file, write its picture into `output`; files of folders that are no images are left out."""
    output.mkdir(parents=True, exist_ok=True)
    rows, read = [], frozenset(identity_of(source.path) for source in sources)
    with progress("Decoding", len(sources), quiet=quiet) as told:
        for source, name in zip(sources, unique_names([source.path for source in sources]), strict=True):
            row = one_file(source.path, output / name, read)
            if source.named or not row.error or not _is_none(source.path):
                rows.append(row)
            told(1)
    return rows


def _is_none(path: Path) -> bool:
    try:
        return bool(why_none(path))
    except Exception:  # noqa: BLE001  # then it is a broken image
        return False


def one_file(file: Path, picture: Path, read: frozenset[Identity | None] = frozenset()) -> Row:
    """Decode one file and save its middle frame; a failure becomes the row's error."""
    try:
        milliseconds = best_time(file, dcmread, lambda dataset: dataset.pixel_array)
        check_target(picture, read, overwrite=True)
        with open_image(file) as image:
            with replacing_path(picture) as unfinished:
                image.save(unfinished, frame=len(image) // 2)
            row = Row(
                file=str(file),
                picture=picture,
                syntax=syntax_for(image.format.transfer_syntax).name.partition(" (")[0],
                shape=image.shape if len(image) > 1 else image.shape[1:],
                dtype=str(image.dtype),
                photometric=str(image.format.photometric),
                codec=image.codec_name(),
                milliseconds=milliseconds,
            )
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file; the others go on
        return Row(file=str(file), error=reason(problem, file))
    try:
        return replace(row, pydicom_milliseconds=best_time(file, pydicom.dcmread, pydicom_pixels))
    except Exception as problem:  # noqa: BLE001  # whatever stops pydicom is its own column
        return replace(row, pydicom_error=type(problem).__name__)


def cells(row: Row) -> tuple[str, ...]:
    """Return what a table says of a file under COLUMNS."""
    name = Path(row.file).name
    if row.error:
        return (name, row.error.removeprefix(f"{row.file}: "), *[""] * (len(COLUMNS) - 2))
    theirs = f"fails: {row.pydicom_error}" if row.pydicom_error else f"{row.pydicom_milliseconds:.2f}"
    shape = " x ".join(map(str, row.shape))
    return (name, row.syntax, shape, row.dtype, row.photometric, row.codec, f"{row.milliseconds:.2f}", theirs)


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
