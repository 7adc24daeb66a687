"""Every input that once ended badly: ``regressions/TARGET/WHAT.bin``, each run again as its target runs it."""

from pathlib import Path

import pytest

from fuzz.judge import GOOD
from fuzz.sandbox import Sandbox, judge_target

FOLDER = Path(__file__).with_name("regressions")
FOUND = sorted(FOLDER.glob("*/*.bin"))


def test_inputs_that_once_ended_badly_do_so_no_more() -> None:
    assert FOUND
    given = [(path.parent.name, path.read_bytes()) for path in FOUND]
    with Sandbox() as sandbox:
        verdicts = list(sandbox.verdicts(judge_target, given))
    bad = {path.name: verdict for path, verdict in zip(FOUND, verdicts, strict=True) if verdict.outcome not in GOOD}
    assert not bad


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_regression_files_are_small(path: Path) -> None:
    assert path.stat().st_size <= 4096
