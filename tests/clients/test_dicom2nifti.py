"""dicom2nifti, whose own suite needs files that it does not ship: series made here, as NIfTI without and with us."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless, generate_uid

import dicompix

SLICES = 5
SYNTAXES = {"native": None, "RLE": RLELossless, "JPEG-LS": JPEGLSLossless, "JPEG 2000": JPEG2000Lossless}


def write_series(source: Path, folder: Path, syntax: str | None, **elements: Any) -> None:
    """Write slices one above the other, each brighter than the one before."""
    folder.mkdir()
    series = generate_uid()
    for number in range(SLICES):
        dataset: FileDataset = pydicom.dcmread(source)
        dataset.SeriesInstanceUID = series
        dataset.InstanceNumber = number + 1
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [0, 0, 3 * number]
        dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 3
        for name, value in elements.items():
            setattr(dataset, name, value)
        array = dataset.pixel_array + number
        dataset.PixelData = array.astype(array.dtype.newbyteorder("<")).tobytes()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        if syntax is not None:
            dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(folder / f"{number}.dcm")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_a_series_converts_to_the_same_volume(
    name: str, syntax: str | None, example: Callable[[str], Path], tmp_path: Path
) -> None:
    converter: Any = pytest.importorskip("dicom2nifti")
    nibabel: Any = pytest.importorskip("nibabel")
    write_series(example(name), tmp_path / "series", syntax)

    def volume(target: Path) -> Any:
        converter.dicom_series_to_nifti(str(tmp_path / "series"), str(target), reorient_nifti=False)
        image = nibabel.load(str(target))
        return np.asarray(image.dataobj), image.affine

    plain, affine = volume(tmp_path / "plain.nii")
    dicompix.install()
    try:
        ours, our_affine = volume(tmp_path / "ours.nii")
    finally:
        dicompix.uninstall()
    assert ours.shape[2] == SLICES
    assert ours.dtype == plain.dtype
    assert np.array_equal(ours, plain)
    assert np.array_equal(our_affine, affine)
    assert np.array_equal(ours[..., 1] - ours[..., 0], np.ones_like(ours[..., 0]))
