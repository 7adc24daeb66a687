"""Seconds of what soak.load does for minutes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soak import load

FRAMES = 4000


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_threads_decode_as_one_alone_and_leave_nothing_behind() -> None:
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "soak.load", "--frames", str(FRAMES)]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout.splitlines()[-1])
    assert report["frames"] >= FRAMES
    assert not report["wrong"]
    assert not report["left_open"]


@pytest.mark.filterwarnings("ignore")  # of the samples, which are odd on purpose
def test_a_wrong_array_is_noticed(tmp_path: Path) -> None:
    sample = load.samples(tmp_path)[0]
    sample.expected.setflags(write=True)
    sample.expected[:] += 1
    work = load.Load([sample], 1)
    work.work()
    assert work.wrong
