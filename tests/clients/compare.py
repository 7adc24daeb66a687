"""Run clients' own test suites without and with dicompix installed, and show every test that ends differently.

`nox -s clients` fetches the suites from PyPI. A difference is our defect unless explained.toml says whose.
"""
# ruff: noqa: T201  # what it finds is printed

import os
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
EXPLAINED: dict[str, str] = tomllib.loads((HERE / "explained.toml").read_text())["explained"]


@dataclass(frozen=True, slots=True)
class Suite:
    """A client's tests: the distribution on PyPI that has them, and where in it they lie."""

    distribution: str
    paths: tuple[str, ...]
    options: tuple[str, ...] = ()

    def source(self, folder: Path) -> Path:
        """Return the unpacked source distribution, fetched first where `folder` has none; of the version installed."""
        source = folder / f"{self.distribution}-{version(self.distribution)}"
        if not source.is_dir():
            wanted = [f"{self.distribution}=={version(self.distribution)}", "--no-deps", "--no-binary", ":all:"]
            subprocess.run([sys.executable, "-m", "pip", "download", *wanted, "--dest", str(folder)], check=True)
            shutil.unpack_archive(f"{source}.tar.gz", folder)
        return source


def ignored(*paths: str) -> tuple[str, ...]:
    """Return pytest's options that leave out test modules."""
    return tuple(f"--ignore={path}" for path in paths)


SUITES = {
    "highdicom": Suite(
        "highdicom",
        ("tests",),
        ignored("tests/test_itk.py", "tests/test_nib.py", "tests/test_sitk.py"),  # their files are elsewhere
    ),
    # its apps' tests start processes of their own, which are not installed in; its state machine's depend on the clock
    "pynetdicom": Suite("pynetdicom", ("pynetdicom/tests",), ignored("pynetdicom/tests/test_fsm.py")),
    "dicom2nifti": Suite("dicom2nifti", ("tests",)),
    "pydicom": Suite("pydicom", ("tests",), ignored("tests/pixels", "tests/test_fileset.py", "tests/test_charset.py")),
}


def outcomes(suite: Suite, source: Path, report: Path, *, installed: bool) -> dict[str, str]:
    """Run a suite in a process of its own and return how each test ended, with the first line of what was raised."""
    plugin = ["-p", "clients.with_dicompix"] if installed else []
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", f"--junit-xml={report}", *suite.options]
    searched = [os.environ.get("PYTHONPATH", ""), *map(str, [HERE.parent, source, source / suite.distribution])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, searched))}
    command = [sys.executable, "-m", "pytest", *plugin, *options, *suite.paths]
    done = subprocess.run(command, cwd=source, env=environment, check=False, capture_output=True, text=True)
    print(f"  {'with' if installed else 'without'}: {(done.stdout.strip().splitlines() or [done.stderr])[-1]}")
    return {f"{case.get('classname')}::{case.get('name')}": ended(case) for case in ET.parse(report).iter("testcase")}


def ended(case: ET.Element) -> str:
    """Return one test's outcome: passed, skipped, or what was raised."""
    for child in case:
        if child.tag in {"failure", "error"}:
            return f"{child.tag}: {(child.get('message') or '').partition(chr(10))[0]}"
        if child.tag == "skipped":
            return "skipped"
    return "passed"


def prepare(name: str, source: Path) -> None:
    """Give a suite what its source distribution leaves out."""
    if name == "highdicom":
        shutil.copy(HERE / "highdicom_utils.py", source / "tests" / "utils.py")
        (source / "tests" / "__init__.py").touch()
        files = Path(os.environ.get("DICOMPIX_TEST_DATA", SHARED)) / "files" / "ImagingDataCommons+highdicom" / "data"
        if files.is_dir():
            shutil.copytree(files, source / "data", dirs_exist_ok=True)


def same(before: str, after: str) -> bool:
    """Tell whether a test ended the same way; a failure may word differently what it failed of."""
    return before.partition(":")[0] == after.partition(":")[0]


def compare(name: str, folder: Path) -> int:
    """Run one suite twice, print each difference, and return how many of them nothing explains."""
    suite = SUITES[name]
    source = suite.source(folder)
    prepare(name, source)
    print(f"{source.name}:")
    without, within = (
        outcomes(suite, source, folder / f"{name}-{installed}.xml", installed=installed) for installed in (False, True)
    )
    differing = sorted(test for test in without.keys() | within.keys() if not same(*_both(test, without, within)))
    for test in differing:
        before, after = _both(test, without, within)
        print(f"  {test}\n    without: {before}\n    with:    {after}\n    because: {EXPLAINED.get(test, '?')}")
    print(f"  {dict(Counter(text.partition(':')[0] for text in without.values()))}, {len(differing)} differ")
    return sum(test not in EXPLAINED for test in differing)


def _both(test: str, without: dict[str, str], within: dict[str, str]) -> tuple[str, str]:
    return without.get(test, "not run"), within.get(test, "not run")


def main(folder: Path, names: list[str]) -> int:
    """Compare the suites named, all of them where none is; return 1 where a difference has no explanation."""
    folder.mkdir(parents=True, exist_ok=True)
    return int(sum(compare(name, folder) for name in names or SUITES) > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
