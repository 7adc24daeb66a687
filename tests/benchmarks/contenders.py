"""One contender in a process of its own, told by lines of JSON what to do: `python -m benchmarks.contenders NAME`.

A reader that ends the process, as python-gdcm does on some files, ends only itself.
"""

import gc
import json
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels

import dicompix
from benchmarks import others
from benchmarks.bare import DECODE, ENCODE
from benchmarks.memory import RESET, peak_of
from benchmarks.others import Job, Timed
from dicompix.pixels.codecs.base import Stored

Prepare = Callable[[Job], Timed]


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
        "stored": arrays(others.itk_read),
        "tiles": others.itk_tiles,
        "series": others.itk_series,
        "display": others.itk_display,
    },
    "gdcm": {
        "stored": arrays(others.gdcm_read),
        "tiles": lambda job: lambda: others.gdcm_read(job["path"])[job["numbers"]],
        "series": stacked(others.gdcm_read),
    },
    "dicomsdl": {
        "stored": arrays(others.sdl_array),
        "tiles": lambda job: lambda: others.sdl_array(job["path"], job["numbers"]),
        "series": stacked(others.sdl_frame),
        "display": others.sdl_display,
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
