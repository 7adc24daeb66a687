"""Run other systems on every malformation and store what came of it: ``python tests/malformations/measure.py``.

Each file is read in a process of its own, because a C library may end it or never return.
"""

import json
import logging
import multiprocessing
import os
import sys
import tempfile
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from malformations.case import Case
from malformations.readers import READERS, outcome
from malformations.table import TABLE

STORED = Path(__file__).with_name("measured.json")
PACKAGES = {"pydicom": "pydicom", "GDCM": "python-gdcm", "SimpleITK": "SimpleITK", "dicompix": "dicompix"}
SECONDS = 30


def _run(name: str, path: Path, case: Case, answer: Connection) -> None:
    logging.disable(logging.CRITICAL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # C libraries write there
    os.dup2(null, 2)
    answer.send(outcome(READERS[name], path, case))


def measure(name: str, case: Case, folder: Path) -> str:
    """Return what one reader makes of one malformation."""
    path = folder / "file.dcm"
    path.write_bytes(case.make().to_bytes())
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_run, args=(name, path, case, there))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        return "hangs"
    return str(here.recv()) if here.poll() else "crashes"


def main() -> None:
    """Measure all readers and store the results."""
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            key: {name: measure(name, case, Path(folder)) for name in READERS if name != "dicompix"}
            for key, case in TABLE.items()
        }
    versions = {name: version(PACKAGES[name]) for name in READERS if name != "dicompix"}
    STORED.write_text(json.dumps({"versions": versions, "outcomes": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
