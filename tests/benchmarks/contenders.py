"""One contender in a process of its own, told by lines of JSON what to do: `python -m benchmarks.contenders NAME`.

A reader that ends the process, as python-gdcm does on some files, ends only itself.
"""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels

import dicompix
from benchmarks.bare import DECODE, ENCODE
from benchmarks.memory import RESET, peak_of
from dicompix.pixels.codecs.base import Stored

Job = dict[str, Any]
Timed = Callable[[], Any]
Prepare = Callable[[Job], Timed]


def library(name: str) -> Any:
    """Return a module of a reader that may not be installed."""
    return import_module(name)


@cache
def streams(path: str, numbers: tuple[int, ...] | None = None) -> tuple[list[bytes], Any]:
    """Return the coded frames of a file, in memory, and their format."""
    with dicompix.open_image(path) as image:
        wanted = range(len(image)) if numbers is None else numbers
        return [bytes(image.encoded(i)) for i in wanted], image.decoded_format()


def bare(job: Job) -> Timed:
    """Decode frames that are in memory, on one thread, each into its place of one new array."""
    coded, fmt = streams(job["path"], tuple(job["numbers"]) if "numbers" in job else None)
    decode = DECODE[job["uid"]]

    def work() -> Stored:
        out = np.empty((len(coded), *fmt.frame_shape), fmt.dtype)
        for data, frame in zip(coded, out, strict=True):
            decode(data, frame)
        return out

    return work


def bare_encode(job: Job) -> Timed:
    """Encode frames that are in memory, on one thread."""
    frames = pydicom.dcmread(job["path"]).pixel_array
    encode = ENCODE[job["uid"]]
    return lambda: [encode(frame) for frame in frames]


def ours(job: Job) -> Timed:
    def work() -> Stored:
        with dicompix.open_image(job["path"]) as image:
            return image.stored()

    return work


def our_tiles(job: Job) -> Timed:
    def work() -> Stored:
        with dicompix.open_image(job["path"]) as image:
            return image[job["numbers"]]

    return work


def our_display(job: Job) -> Timed:
    def work() -> Stored:
        with dicompix.open_image(job["path"]) as image:
            return image.display(0)

    return work


def our_series(job: Job) -> Timed:
    return lambda: dicompix.read_volume(job["path"], values="stored").array


def opened(job: Job) -> Timed:
    """Open a file and decode its first frame."""

    def work() -> Stored:
        with dicompix.open_image(job["path"]) as image:
            return image[0]

    return work


def iterated(job: Job) -> Timed:
    def work() -> int:
        with dicompix.open_image(job["path"]) as image:
            return sum(1 for _ in image)

    return work


def by_number(job: Job) -> Timed:
    image = dicompix.open_image(job["path"])
    assert image[0].size
    return lambda: [image[i] for i in job["numbers"]]


def compressed(read: Callable[[str], Any]) -> Prepare:
    """Return a contender that compresses a data set that has been read."""

    def prepare(job: Job) -> Timed:
        dataset = read(job["path"])
        assert dataset.PixelData
        return lambda: dataset.compress(job["uid"], generate_instance_uid=False)

    return prepare


def arrays(read: Callable[[str], Any]) -> Prepare:
    """Return a contender that reads one file as an array."""
    return lambda job: lambda: read(job["path"])


def stacked(read: Callable[[str], Stored]) -> Prepare:
    """Return a contender that reads a folder's files by name, one after the other, into one array."""

    def prepare(job: Job) -> Timed:
        def work() -> Stored:
            paths = sorted(map(str, Path(job["path"]).iterdir()))
            first = read(paths[0])
            out = np.empty((len(paths), *first.shape), first.dtype)
            for path, target in zip(paths, out, strict=True):
                target[...] = read(path)
            return out

        return work

    return prepare


def their_tiles(job: Job) -> Timed:
    return lambda: np.stack(list(pydicom.pixels.iter_pixels(job["path"], indices=job["numbers"])))


def their_display(job: Job) -> Timed:
    """Do what scripts do: modality, VOI, then scale to 8 bits."""

    def work() -> Stored:
        dataset = pydicom.dcmread(job["path"])
        modality = pydicom.pixels.apply_modality_lut(dataset.pixel_array, dataset)
        values = pydicom.pixels.apply_voi_lut(modality, dataset)
        low, high = values.min(), values.max()
        picture: Stored = ((values - low) / (high - low) * 255).astype(np.uint8)
        return picture

    return work


def their_frames(job: Job) -> Timed:
    """Read frames by their numbers, each by a call, as `image[i]` does."""
    return lambda: [pydicom.pixels.pixel_array(job["path"], index=i) for i in job["numbers"]]


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


CONTENDERS: dict[str, dict[str, Prepare]] = {
    "dicompix": {
        "stored": ours,
        "tiles": our_tiles,
        "series": our_series,
        "display": our_display,
        "encode": compressed(dicompix.dcmread),
        "open": opened,
        "iterate": iterated,
        "index": by_number,
    },
    "pixel_array": {"stored": arrays(lambda path: dicompix.dcmread(path).pixel_array)},
    "pydicom": {
        "stored": arrays(lambda path: pydicom.dcmread(path).pixel_array),
        "tiles": their_tiles,
        "series": stacked(lambda path: pydicom.dcmread(path).pixel_array),
        "display": their_display,
        "encode": compressed(pydicom.dcmread),
        "iterate": lambda job: lambda: sum(1 for _ in pydicom.pixels.iter_pixels(job["path"])),
        "index": their_frames,
    },
    "SimpleITK": {
        "stored": arrays(itk_read),
        "tiles": itk_tiles,
        "series": itk_series,
        "display": itk_display,
    },
    "gdcm": {
        "stored": arrays(gdcm_read),
        "tiles": lambda job: lambda: gdcm_read(job["path"])[job["numbers"]],
        "series": stacked(gdcm_read),
    },
    "dicomsdl": {
        "stored": arrays(sdl_array),
        "tiles": lambda job: lambda: sdl_array(job["path"], job["numbers"]),
        "series": stacked(sdl_frame),
        "display": lambda job: lambda: np.asarray(library("dicomsdl").open(job["path"]).to_pil_image()),
    },
    "bare": {"stored": bare, "tiles": bare, "encode": bare_encode},
}


def measured(work: Timed, job: Job) -> dict[str, Any]:
    """Return the seconds that one piece of work takes, its peak of memory, or nothing but keep its result."""
    gc.collect()
    if job["measure"] == "peak":
        return {"peak": peak_of(work) if RESET.exists() else None}
    start = perf_counter()
    result = work()
    seconds = perf_counter() - start
    if job["measure"] == "result":
        np.save(job["to"], result)
    return {"seconds": seconds}


def serve(name: str) -> None:
    """Answer each job of standard input by one line; what libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    gc.disable()
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = measured(CONTENDERS[name][job["do"]](job), job)
        except Exception as problem:  # noqa: BLE001  # whatever a reader raises is its answer
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
