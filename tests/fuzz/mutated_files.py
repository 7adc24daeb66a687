"""Real files gone wrong, 20,000 by default: ``python -m fuzz.mutated_files OUTPUT [--cases N] [--files FOLDER]``.

The files are those that pydicom ships, those of FOLDER, and the built ones, none over 64 KB. Each in turn gets one
bit flipped or several, is cut at some length, or has two elements swapped. One that is cut gives the pixels of the
whole file, or says that it does not. OUTPUT is a folder: counts.json by outcome and by change, and each file that ended
badly. With --every-length small built files are cut at each of their lengths.
"""

import argparse
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import numpy as np
import pydicom
from pydicom.data import get_testdata_files
from pydicom.dataelem import RawDataElement

import dicompix
from dicompix.pixels.syntaxes import DEFLATED_LITTLE
from fuzz.files import picture, pixels
from fuzz.judge import Outcome, Verdict, judged
from fuzz.mutate import PIXEL_DATA, flip_bits, pixels_begin
from fuzz.sandbox import AT_ONCE, Sandbox
from fuzz.targets import TARGETS

LARGEST = 1 << 16  # bytes of a file to begin with
CASES = 20_000
BUILT = 4  # files of each transfer syntax
UNDEFINED = 0xFFFFFFFF
EVERY_LENGTH = "cut at every length"


@dataclass(frozen=True, slots=True)
class Case:
    """One file gone wrong: which file, by its path or the name of a target and a number; what happens to it, and how.

    The case's number settles everything that is left to chance.
    """

    source: str
    change: str
    number: int

    def data(self) -> bytes:
        """Return the file gone wrong."""
        return CHANGES[self.change](original(self.source), self.number)


@cache
def original(source: str) -> bytes:
    """Return a whole file."""
    if source.startswith("/"):
        return Path(source).read_bytes()
    name, _, number = source.partition("#")
    return TARGETS[name].seeds[int(number)]


def flipped(data: bytes, number: int) -> bytes:
    """Return a file with a bit flipped, or a few; every second time in its pixel data."""
    begin = pixels_begin(data) if number % 2 else 0
    result = bytearray(data[begin:] or data)
    flip_bits(result, Random(number))
    return data[: len(data) - len(result)] + result


def truncated(data: bytes, number: int) -> bytes:
    """Return a file cut at some length: by the golden ratio, so that any run of numbers spreads over all of them."""
    return data[: int(number * 0.6180339887498949 % 1.0 * len(data))]


def shortened(data: bytes, number: int) -> bytes:
    """Return a file without so many bytes at its end."""
    return data[: len(data) - number]


def swapped(data: bytes, number: int) -> bytes:
    """Return a file in which two elements have changed places, tags aside: value, length and VR go along."""
    random, spans = Random(number), elements(data)
    if len(spans) < 2:
        return flipped(data, number)
    (a, b), (c, d) = sorted(random.sample(spans, 2))
    whole = random.randrange(2)  # the tags change places as well: elements out of order
    a, c = (a, c) if whole else (a + 4, c + 4)
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


@cache
def elements(data: bytes) -> list[tuple[int, int]]:
    """Return where each element of the data set begins and ends, those of undefined length aside."""
    try:
        read = pydicom.dcmread(BytesIO(data))
    except Exception:  # noqa: BLE001  # no file to take apart
        return []
    held: Iterable[Any] = read._dict.values()
    found = [e for e in held if isinstance(e, RawDataElement) and e.length != UNDEFINED]
    spans = [(begin, e.value_tell + e.length) for e in found if (begin := _begin(data, e)) >= 0]
    return sorted(spans)


def _begin(data: bytes, element: RawDataElement) -> int:
    """Return where an element's tag lies, before a header of 8 or 12 bytes; -1 where it is at neither."""
    tag = struct.pack("<HH" if element.is_little_endian else ">HH", element.tag.group, element.tag.element)
    places = (element.value_tell - size for size in (8, 12))
    return next((at for at in places if at >= 0 and data[at : at + 4] == tag), -1)


CHANGES: dict[str, Callable[[bytes, int], bytes]] = {
    "bits flipped": flipped,
    "truncated": truncated,
    "elements swapped": swapped,
    EVERY_LENGTH: shortened,
}
CUT = {"truncated", EVERY_LENGTH}
BY_CHANCE = tuple(change for change in CHANGES if change != EVERY_LENGTH)


def both(data: bytes) -> None:
    """Decode a file's pixel data, and show its first and last frame."""
    pixels(data)
    picture(data)


def judge(case: Case) -> Verdict:
    """Return what became of a case; a file cut short that gives other pixels than the whole one has to say so."""
    data = case.data()
    verdict = judged(both, data)
    if verdict.outcome is Outcome.PIXELS and case.change in CUT:
        whole, part = (dicompix.dcmread(BytesIO(file)).pixel_array for file in (original(case.source), data))
        if not np.array_equal(whole, part):
            return Verdict(Outcome.WRONG, f"{len(data)} bytes of {case.source}", verdict.seconds)
    return verdict


def sources(folder: Path | None) -> list[str]:
    """Return the files to begin with."""
    shipped = [Path(path) for path in get_testdata_files("**/*")]
    real = list(folder.rglob("*")) if folder is not None else []
    small = sorted(str(path) for path in {*shipped, *real} if path.is_file() and path.stat().st_size <= LARGEST)
    different = {sha256(data).digest(): path for path in small if _has_pixels(data := Path(path).read_bytes())}
    fragile = {name: target.seeds for name, target in TARGETS.items() if target.fragile}
    built = [f"{name}#{i}" for name, seeds in fragile.items() for i in range(len(seeds))[:: -(-len(seeds) // BUILT)]]
    return [*different.values(), *built]


def _has_pixels(data: bytes) -> bool:
    """Tell whether a file seems to hold pixel data."""
    return any(sign in data for sign in (*PIXEL_DATA, DEFLATED_LITTLE.encode()))


def cases(count: int, folder: Path | None) -> list[Case]:
    """Return so many cases, an equal number from each file as far as that goes."""
    found = sources(folder)
    turns = len(BY_CHANCE)
    return [Case(found[n // turns % len(found)], BY_CHANCE[n % turns], n // turns // len(found)) for n in range(count)]


def every_length() -> list[Case]:
    """Return the smallest file of each transfer syntax, cut at each of its lengths."""
    found = []
    for name, target in TARGETS.items():
        if target.fragile:
            sizes = [len(seed) for seed in target.seeds]
            least = min(sizes)
            found += [Case(f"{name}#{sizes.index(least)}", EVERY_LENGTH, number) for number in range(1, least)]
    return found


def run(found: list[Case], output: Path, workers: int) -> Counter[str]:
    """Judge cases, keep those that ended badly, and return the counts."""
    counts: Counter[str] = Counter()
    slowest, start = 0.0, monotonic()
    with Sandbox(workers) as sandbox:
        for number, (case, verdict) in enumerate(zip(found, sandbox.verdicts(judge, found), strict=True)):
            counts[verdict.outcome.value] += 1
            counts[f"{case.change}: {verdict.outcome.value}"] += 1
            slowest = max(slowest, verdict.seconds)
            if not verdict.good:
                keep(output, case, verdict)
            if number % (50 * AT_ONCE) == 0 or number == len(found) - 1:
                wall = round(monotonic() - start, 1)
                summary = {"cases": number + 1, "slowest": slowest, "seconds": wall, **dict(sorted(counts.items()))}
                (output / "counts.json").write_text(json.dumps(summary, indent=1) + "\n")
    return counts


def keep(output: Path, case: Case, verdict: Verdict) -> None:
    """Write a file that ended badly, and a line about it."""
    data = case.data()
    name = sha256(data).hexdigest()[:12]
    (output / f"{name}.dcm").write_bytes(data)
    line = [name, verdict.outcome.value, verdict.where, round(verdict.seconds, 2), case.change, case.source]
    with (output / "findings.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def main(given: list[str] | None = None) -> int:
    """Run, and return how many cases ended badly."""
    parser = argparse.ArgumentParser(prog="fuzz.mutated_files", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--files", type=Path)
    parser.add_argument("--every-length", action="store_true", help="the smallest built files, cut at every length")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(given)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "findings.jsonl").unlink(missing_ok=True)
    found = every_length() if options.every_length else cases(options.cases, options.files)
    run(found, options.output, options.workers)
    sys.stdout.write((options.output / "counts.json").read_text())
    return int((options.output / "findings.jsonl").exists())


if __name__ == "__main__":
    sys.exit(main())
