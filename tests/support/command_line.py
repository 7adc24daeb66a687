"""Run the command line as a person would."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

from pydicom.data import get_testdata_file

CT = str(get_testdata_file("CT_small.dcm", download=False))
PLAIN = {**os.environ, "TERM": "dumb", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}


def dicompix_command(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Return how ``python -m dicompix`` ends."""
    command = [sys.executable, "-m", "dicompix", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**PLAIN, **(env or {})})


def interruptible() -> None:
    """Let a new process take Ctrl-C, though this one may run in a background that ignores it; for `preexec_fn`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
