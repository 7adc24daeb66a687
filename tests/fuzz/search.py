"""One process that searches one target for some seconds: ``python -m fuzz.search TARGET ENGINE SECONDS FOLDER NAME``.

The process is the isolation: a codec in C that crashes or hangs ends it, and fuzz.campaign starts another one.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuzz.record import Record
    from fuzz.targets import Target

HANG = 60  # seconds on the clock; a processor shared with others is slow
MEMORY = 3 << 30  # bytes
LONGEST = 1 << 15  # bytes of an input
CHUNK = 100  # examples that hypothesis draws at a time


def limit(memory: int = MEMORY) -> None:
    """Let this process take no more memory than that, and leave no core file."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prepared(target: str, engine: str, folder: Path, name: str) -> tuple["Target", "Record"]:
    """Import everything, each codec included, by a run of the target's seeds."""
    from fuzz.record import Record
    from fuzz.targets import TARGETS

    found = TARGETS[target]
    record = Record(target, engine, folder, name)
    for seed in found.seeds:
        record.run(found.run, seed)
    return found, record


def guided(target: str, seconds: float, folder: Path, name: str) -> None:
    """Search by coverage of our Python code, with atheris; inputs that reach new lines are kept for the next run."""
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["dicompix"], enable_loader_override=False):
        found, record = _prepared(target, "atheris", folder, name)
    corpus = folder / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(found.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": int(seconds),
        "timeout": HANG,
        "rss_limit_mb": MEMORY >> 20,
        "max_len": LONGEST,
        "artifact_prefix": f"{folder}/died/{name}-",
        "verbosity": 0,
    }
    (folder / "died").mkdir(exist_ok=True)
    limit()
    arguments = ["fuzz", *[f"-{key}={value}" for key, value in options.items()], str(corpus)]

    def run(data: bytes) -> None:
        record.run(found.run, data)

    def mutate(data: bytes, longest: int) -> bytes:
        result: bytes = atheris.Mutate(data, longest)  # another function once Fuzz() is called
        return result

    arguments = ["fuzz", *[f"-{key}={value}" for key, value in options.items()], str(corpus)]
    atheris.Setup(arguments, run, **({"custom_mutator": _changing(found, mutate)} if found.fragile else {}))
    atheris.Fuzz()


def _changing(found: "Target", mutate: Callable[[bytes, int], bytes]) -> Callable[[bytes, int, int], bytes]:
    """Return how to change a file: mostly its pixel data, and as often a whole one as what coverage has led to.

    Coverage of our own code says nothing about the codecs, which only see what is nearly right.
    """
    from fuzz.mutate import mutated, pixels_begin

    def change(data: bytes, longest: int, number: int) -> bytes:
        random = Random(number)
        if random.randrange(2):
            return mutated(random.choice(found.seeds), random)[:longest]
        begin = min(pixels_begin(data), longest) if random.randrange(4) else 0
        return data[:begin] + mutate(data[begin:], longest - begin)

    return change


def drawn(target: str, seconds: float, folder: Path, name: str) -> None:
    """Search by hypothesis: seeds gone wrong, and bytes of its own."""
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from fuzz.mutate import rows

    found, record = _prepared(target, "hypothesis", folder, name)
    last = folder / "running" / name
    last.parent.mkdir(exist_ok=True)
    limit()
    checks = list(HealthCheck)
    options: Any = {"database": None, "deadline": None, "phases": [Phase.generate], "suppress_health_check": checks}
    end, number = monotonic() + seconds, abs(hash(name)) % 10**9
    while monotonic() < end:
        number += 1

        @seed(number)
        @settings(max_examples=CHUNK, **options)
        @given(data=rows(found.seeds, own=not found.fragile))
        def check(data: bytes) -> None:
            if found.fragile:
                last.write_bytes(data)
            record.run(found.run, data)

        check()
    record.write()


ENGINES: dict[str, Callable[[str, float, Path, str], None]] = {"atheris": guided, "hypothesis": drawn}

if __name__ == "__main__":
    ENGINES[sys.argv[2]](sys.argv[1], float(sys.argv[3]), Path(sys.argv[4]), sys.argv[5])
