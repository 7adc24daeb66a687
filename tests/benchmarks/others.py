"""Other readers of DICOM files, as their users call them: path or job -> array."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import numpy as np

from dicompix.pixels.codecs.base import Stored

Job = dict[str, Any]
Timed = Callable[[], Any]


def library(name: str) -> Any:
    """Return a module of a reader that may not be installed."""
    return import_module(name)


def itk_read(path: str) -> Stored:
    """Read one file with SimpleITK, which applies the rescale."""
    itk = library("SimpleITK")
    array: Stored = itk.GetArrayFromImage(itk.ReadImage(path))
    return array


def itk_tiles(job: Job) -> Timed:
    """Read all and choose: GDCMImageIO decodes a compressed file whole."""
    return lambda: itk_read(job["path"])[job["numbers"]]


def itk_series(job: Job) -> Timed:
    itk = library("SimpleITK")

    def work() -> Stored:
        reader = itk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(job["path"]))
        array: Stored = itk.GetArrayFromImage(reader.Execute())
        return array

    return work


def itk_display(job: Job) -> Timed:
    itk = library("SimpleITK")

    def work() -> Stored:
        image = itk.ReadImage(job["path"])
        center, width = (float(image.GetMetaData(tag)) for tag in ("0028|1050", "0028|1051"))
        low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
        picture = itk.IntensityWindowing(itk.Cast(image, itk.sitkFloat32), low, high, 0, 255)
        array: Stored = itk.GetArrayFromImage(itk.Cast(picture, itk.sitkUInt8))
        return array

    return work


def gdcm_rgb(gdcm: Any, image: Any) -> Any:
    """Return a YBR image as RGB: its filter for that takes native samples only."""
    native = gdcm.ImageChangeTransferSyntax()
    native.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    native.SetInput(image)
    native.Change()
    rgb = gdcm.ImageChangePhotometricInterpretation()
    rgb.SetInput(native.GetOutput())
    rgb.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.RGB))
    rgb.Change()
    return rgb.GetOutput()


def gdcm_read(path: str) -> Stored:
    """Read one file with GDCM; its buffer comes to Python as text with escaped bytes."""
    gdcm = library("gdcm")
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    if not reader.Read():
        raise ValueError("GDCM cannot read the file")
    image = reader.GetImage()
    if image.GetPhotometricInterpretation().GetString().startswith("YBR_FULL"):
        image = gdcm_rgb(gdcm, image)
    pixels = image.GetPixelFormat()
    kind = {gdcm.PixelFormat.UINT8: "u1", gdcm.PixelFormat.INT8: "i1", gdcm.PixelFormat.INT16: "i2"}
    shape = [image.GetDimension(i) for i in reversed(range(image.GetNumberOfDimensions()))]
    samples = pixels.GetSamplesPerPixel()
    data = image.GetBuffer().encode("utf-8", "surrogateescape")
    array = np.frombuffer(data, kind.get(pixels.GetScalarType(), "u2"))
    result: Stored = array.reshape(*shape, samples) if samples > 1 else array.reshape(shape)
    return result


def sdl_array(path: str, numbers: Iterable[int] | None = None) -> Stored:
    """Read frames of one file with dicomsdl."""
    dataset = library("dicomsdl").open(path)
    info = dataset.getPixelDataInfo()
    wanted = range(info["NumberOfFrames"]) if numbers is None else list(numbers)
    shape = (info["Rows"], info["Cols"]) + ((3,) if info["SamplesPerPixel"] > 1 else ())
    out = np.empty((len(wanted), *shape), info["dtype"])
    for number, target in zip(wanted, out, strict=True):
        dataset.copyFrameData(number, target)
    return out


def sdl_frame(path: str) -> Stored:
    frame: Stored = sdl_array(path)[0]
    return frame


def sdl_display(job: Job) -> Timed:
    """Have dicomsdl make its picture."""
    return lambda: np.asarray(library("dicomsdl").open(job["path"]).to_pil_image())
