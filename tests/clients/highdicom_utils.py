"""Stands in for highdicom's `tests/utils.py`, which its source distribution leaves out."""

from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

READABLE = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "JPEG2000.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_rle.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "examples_jpeg2k.dcm",
    "liver_1frame.dcm",
    "rtdose.dcm",
    "rtdose_rle.dcm",
)


def find_readable_images() -> list[tuple[str, str | None]]:
    """Return the paths of images in pydicom's wheel, each with the module that it needs, if any."""
    return [(str(get_testdata_file(name, download=False)), None) for name in READABLE]


def write_and_read_dataset(dataset: Dataset) -> Dataset:
    """Return a data set written to a file in memory and read again; without file meta as implicit little endian."""
    has_meta = hasattr(dataset, "file_meta")
    written = Dataset(dataset)
    if has_meta:
        written.file_meta = dataset.file_meta
    file = BytesIO()
    written.save_as(file, **({} if has_meta else {"implicit_vr": True, "little_endian": True}))
    file.seek(0)
    return dcmread(file, force=True)
