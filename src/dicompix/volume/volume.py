"""Volume: the voxels of a series and where they lie, for NumPy, SimpleITK and nibabel (PS3.3 C.7.6.2.1.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import Finding
from dicompix.pixels.image.library import library
from dicompix.pixels.read import Dataset, open_pixels
from dicompix.volume.errors import VolumeError
from dicompix.volume.shown import to_html, to_png

Matrix = np.ndarray[Any, np.dtype[np.float64]]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


class Headers(Sequence[Dataset]):
    """The data sets of the slices in order; those of files are read up to the pixel data when they are asked for."""

    def __init__(self, origins: Sequence[tuple[Path | None, Dataset | None]]) -> None:
        self._origins = tuple(origins)
        self._known: dict[Path, Dataset] = {}

    def __len__(self) -> int:
        return len(self._origins)

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> list[Dataset]: ...
    def __getitem__(self, index: int | slice) -> Dataset | list[Dataset]:
        """Return the data set of a slice; the slices of one file share it."""
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        path, dataset = self._origins[index]
        if dataset is not None:
            return dataset
        path = Path() if path is None else path
        return self._known.get(path) or self._known.setdefault(path, open_pixels(path).dataset)

    def __iter__(self) -> Iterator[Dataset]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Volume:
    """The slices of one series: `array` (slices, rows, columns[, samples]) and where they lie in the patient.

    `affine` takes (column, row, slice, 1), counted from 0, to millimetres in DICOM's coordinates, LPS: x to the
    patient's left, y to the back, z to the head. `spacing`, `direction` and `origin` say the same in that order, x, y,
    z, as ITK has it: ``array[slice, row, column]`` is SimpleITK's order reversed, as its `GetArrayFromImage` gives it.
    NumPy takes a volume for its array, and it is indexed as one.
    `paths`, `frames` (numbers inside their file) and `datasets` are those of each slice.

    >>> where = np.diag([0.5, 0.5, 2, 1])
    >>> volume = Volume(array=np.zeros((2, 3, 4)), affine=where, paths=(), frames=(), datasets=Headers([]))
    >>> volume, volume.origin
    (<Volume (2, 3, 4) float64 of 0.5 x 0.5 x 2 mm>, (0.0, 0.0, 0.0))
    """

    array: Stored
    affine: Matrix
    paths: tuple[Path | None, ...]
    frames: tuple[int, ...]
    datasets: Headers
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        sizes = " x ".join(f"{size:g}" for size in self.spacing)
        return f"<Volume {self.array.shape} {self.array.dtype} of {sizes} mm>"

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of `array`: (slices, rows, columns[, samples])."""
        shape: tuple[int, ...] = self.array.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the NumPy type of the voxels."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return self.array.ndim

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[Stored]:
        return iter(self.array)

    def __getitem__(self, key: Any) -> Any:
        """Return what NumPy's indexing of `array` gives, a view for numbers and slices."""
        return self.array[key]

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Stored:  # noqa: FBT001  # NumPy's
        """Return the voxels for NumPy, the very array where nothing else is asked for."""
        found: Stored = np.array(self.array, dtype=dtype, copy=copy)
        return found

    def _repr_png_(self) -> bytes | None:
        return to_png(self)

    def _repr_html_(self) -> str:
        return to_html(self)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Return the distances in mm of the centres of neighbouring columns, rows and slices."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return x, y, z

    @property
    def origin(self) -> tuple[float, float, float]:
        """Return the centre of the first voxel, in mm, LPS."""
        x, y, z = self.affine[:3, 3].tolist()
        return x, y, z

    @property
    def direction(self) -> Matrix:
        """Return the unit vectors, LPS, along a row, down a column and from slice to slice, as columns of a matrix."""
        direction: Matrix = self.affine[:3, :3] / np.array(self.spacing)
        return direction

    @property
    def affine_ras(self) -> Matrix:
        """Return the affine to NIfTI's coordinates, RAS: x to the right, y to the front."""
        return LPS_TO_RAS @ self.affine

    def to_sitk(self) -> Any:
        """Return a SimpleITK image of a copy of the voxels; without SimpleITK, MissingLibraryError (an ImportError)."""
        image = library("SimpleITK", "volumes").GetImageFromArray(self.array, isVector=self.array.ndim == 4)
        image.SetOrigin(self.origin)
        image.SetSpacing(self.spacing)
        image.SetDirection(self.direction.ravel().tolist())
        return image

    def to_nibabel(self) -> Any:
        """Return a NIfTI-1 image over the same voxels, axes (column, row, slice), RAS.

        Raises VolumeError for colours of more than 8 bits, MissingLibraryError (an ImportError) without nibabel.
        """
        nifti = library("nibabel", "volumes").Nifti1Image
        image = nifti(self._nifti_voxels(), self.affine_ras, dtype=self._nifti_type())
        image.header.set_xyzt_units("mm")
        image.set_qform(self.affine_ras, 1)  # scanner coordinates
        image.set_sform(self.affine_ras, 1)
        return image

    def _nifti_voxels(self) -> Stored:
        if self.array.ndim == 3:
            return self.array.T
        if self.array.dtype != np.uint8 or self.array.shape[3] != 3:
            raise VolumeError(f"NIfTI holds RGB of 8 bits, found {self.array.dtype} of shape {self.array.shape}")
        return np.ascontiguousarray(self.array).view(_RGB)[..., 0].T

    def _nifti_type(self) -> np.dtype[Any] | None:
        """Return the type where nibabel wants to hear it: NIfTI of 64-bit integers is rare."""
        return self.array.dtype if self.array.dtype in (np.int64, np.uint64) else None
