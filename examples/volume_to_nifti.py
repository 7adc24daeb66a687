"""Read a CT series as one volume in Hounsfield units, look at its geometry, and hand it to NIfTI or ITK tools."""

from pathlib import Path

from pydicom.data import get_testdata_file

from dicompix.volume import MissingLibraryError, read_volume

folder = Path(get_testdata_file("dicomdirtests/98892001/CT5N/2062", download=False)).parent
volume = read_volume(folder)
print(volume)
print("HU from", volume.array.min(), "to", volume.array.max())
print("spacing of columns, rows, slices:", volume.spacing)
print("first voxel at", volume.origin)

slice_, row, column = 2, 8, 4
print("array[2, 8, 4] lies at", (volume.affine @ (column, row, slice_, 1))[:3], "mm, LPS")
print("and belongs to", volume.paths[slice_].name, "of", volume.datasets[slice_].StudyDate)

try:
    volume.to_nibabel().to_filename("ct.nii.gz")
    print("sizes in ITK:", volume.to_sitk().GetSize())
except MissingLibraryError as problem:
    print(problem)
