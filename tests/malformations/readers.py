"""How other systems read one file: path -> frames without the frames axis where there is one alone."""

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.format import Photometric
from dicompix.pixels.transforms.ycbcr import YbrToRgb
from malformations.case import Case

Reader = Callable[[Path, bool], Stored]


def read_pydicom(path: Path, forced: bool) -> Stored:  # noqa: FBT001  # one signature
    """Read with pydicom and all of its plugins."""
    import pydicom

    return np.asarray(pydicom.dcmread(path, force=forced).pixel_array)


def read_gdcm(path: Path, forced: bool) -> Stored:  # noqa: FBT001
    """Read with GDCM; what it leaves as YBR becomes RGB, which is the caller's task there."""
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError("GDCM cannot read the file")
    image = reader.GetImage()
    data = image.GetBuffer().encode("utf-8", "surrogateescape")
    kind, samples = image.GetPixelFormat(), image.GetPixelFormat().GetSamplesPerPixel()
    letter = "i" if kind.GetPixelRepresentation() else "u"
    sizes = [image.GetDimension(axis) for axis in range(image.GetNumberOfDimensions())]
    shape = [*sizes[::-1], *([samples] if samples > 1 else [])]
    array: Stored = np.frombuffer(data, f"{letter}{kind.GetBitsAllocated() // 8}")
    array = array[: int(np.prod(shape))].reshape(shape)
    if samples == 3 and image.GetPlanarConfiguration():
        array = np.moveaxis(array.reshape(*shape[:-3], 3, *shape[-3:-1]), -3, -1)
    if str(image.GetPhotometricInterpretation()).startswith("YBR_FULL") and array.dtype == np.uint8:
        array = YbrToRgb(Photometric.YBR_FULL, 8)(array)
    return array


def read_simpleitk(path: Path, forced: bool) -> Stored:  # noqa: FBT001
    """Read with SimpleITK."""
    sitk: Any = import_module("SimpleITK")
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    return np.asarray(sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO")))


def read_ours(path: Path, forced: bool) -> Stored:  # noqa: FBT001
    """Read with dicompix."""
    import dicompix

    return np.asarray(dicompix.dcmread(path, force=forced).pixel_array)


READERS: dict[str, Reader] = {
    "pydicom": read_pydicom,
    "GDCM": read_gdcm,
    "SimpleITK": read_simpleitk,
    "dicompix": read_ours,
}


def outcome(reader: Reader, path: Path, case: Case) -> str:
    """Return what came of reading a file: "right", "refused", "wrong pixels", "wrong pixels, with a warning"."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            array = reader(path, case.forced)
        except Exception:  # noqa: BLE001  # of any kind: the file was refused
            return "refused"
    if is_right(array, case):
        return "right"
    return "wrong pixels, with a warning" if caught else "wrong pixels"


def is_right(array: Stored, case: Case) -> bool:
    """Tell whether an array holds the right values, whatever its type and axes of length 1."""
    wanted = [each for each in (case.right, case.every) if each is not None]
    return any(_same(array, each, case.tolerance) for each in wanted)


def _same(array: Stored, wanted: Stored, tolerance: int) -> bool:
    found, needed = np.squeeze(array), np.squeeze(wanted)
    if found.shape != needed.shape:
        return False
    return bool(np.abs(found.astype(np.int64) - needed.astype(np.int64)).max(initial=0) <= tolerance)
