"""One file by each codec and by pydicom, each in a process of its own -> how long it took, and whether it is right."""

import os
from collections.abc import Iterator
from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import pydicom
from pebble import ProcessExpired, ProcessPool
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import pixel_array as pydicom_pixels
from pydicom.uid import UID

from dicompix.cli.difference import distances
from dicompix.cli.group import reason
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.codestream import peek
from dicompix.pixels.image import Image, open_image
from dicompix.pixels.registry import registry
from dicompix.pixels.syntaxes import syntax_for

PYDICOM = "pydicom"
MOST_MEAN = 1.0  # mean difference of lossy data that rounding and chroma upsampling account for


@dataclass(frozen=True, slots=True)
class Contender:
    """Who decodes: dicompix or pydicom, by which codec or plugin; "" is pydicom's own choice."""

    library: str
    codec: str

    def __str__(self) -> str:
        """Return both names."""
        return f"{self.library} {self.codec}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How one contender did: its best time, and its differences to the first one's values; or `problem`."""

    contender: Contender
    milliseconds: float = 0.0
    megabytes: float = 0.0
    most: float = 0.0
    mean: float = 0.0
    problem: str = ""
    wrong: bool = False


def contenders_for(path: Path) -> tuple[list[Contender], bool]:
    """Return who can decode a file, our own choice first, and whether its coding is lossless."""
    with open_image(path) as image:
        uid, chosen = image.format.transfer_syntax, image.codec_name()
        stream = peek(image.encoded(0), syntax_for(uid).family)
    names = [entry.name for entry in registry.entries(uid) if entry.name != chosen and not registry.reason(entry)]
    try:
        plugins = get_decoder(UID(uid)).available_plugins
    except NotImplementedError:
        plugins = ()
    exact = not syntax_for(uid).lossy if stream is None or stream.lossless is None else stream.lossless
    ours = [Contender("dicompix", name) for name in (chosen, *names)]
    return [*ours, *(Contender(PYDICOM, plugin) for plugin in ("", *plugins))], exact


def race(path: Path, rounds: int, timeout: float) -> Iterator[Timed]:
    """Yield how each contender did; one that crashes or hangs harms none of the others."""
    contenders, exact = contenders_for(path)
    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    context: Any = get_context(method)
    with TemporaryDirectory() as folder, ProcessPool(1, initializer=_say_nothing, context=context) as pool:
        reference = Path(folder) / "reference.npy"
        for contender in contenders:
            task = pool.schedule(measure, [path, contender, rounds, reference], {}, timeout)
            yield _judged(_result(contender, task), exact=exact)


def _say_nothing() -> None:
    """Keep what C libraries print of broken streams from the table's reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _result(contender: Contender, task: Any) -> Timed:
    try:
        timed: Timed = task.result()
    except OutOfTime:
        return Timed(contender=contender, problem="did not end in time")
    except ProcessExpired as problem:
        return Timed(contender=contender, problem=f"its process died (exit status {problem.exitcode})")
    except Exception as problem:  # noqa: BLE001  # codecs and pydicom raise anything
        return Timed(contender=contender, problem=reason(problem))
    return timed


def _judged(timed: Timed, *, exact: bool) -> Timed:
    wrong = timed.most > 0 if exact else timed.mean > MOST_MEAN
    return replace(timed, wrong=wrong and not timed.problem)


def measure(path: Path, contender: Contender, rounds: int, reference: Path) -> Timed:
    """Decode a file several times, in a process of its own; the first contender's values are kept for the others."""
    times = []
    for _ in range(rounds + 1):  # the first one loads the library
        dataset = pydicom.dcmread(path)
        start = perf_counter()
        array = _decoded(dataset, contender)
        times.append((perf_counter() - start) * 1000)
    timed = Timed(contender=contender, milliseconds=min(times[1:]), megabytes=array.nbytes / 1e6)
    if not reference.exists():
        np.save(reference, array)
        return timed
    return _against(timed, array, np.load(reference, mmap_mode="r"))


def _decoded(dataset: pydicom.FileDataset, contender: Contender) -> Stored:
    if contender.library == PYDICOM:
        array: Stored = pydicom_pixels(dataset, decoding_plugin=contender.codec)
        return array
    return Image(dataset, codec=contender.codec).stored()


def _against(timed: Timed, array: Stored, reference: Stored) -> Timed:
    """Return the differences to the reference, frame by frame; frames that only one has are left out."""
    size = reference[0].size
    if array.size < size or array.size % size:
        return replace(timed, problem=f"other sizes: {array.shape}, not {reference.shape}")
    most, total, count = 0.0, 0.0, 0
    for mine, other in zip(array.reshape(-1, size), reference.reshape(-1, size), strict=False):
        found = distances(mine, other)
        most, total, count = max(most, float(found.max())), total + float(found.sum()), count + size
    return replace(timed, most=most, mean=total / count)
