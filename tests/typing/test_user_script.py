"""A user's script that takes every public name: it runs, and mypy --strict has nothing to say of it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dicompix
from dicompix import pixels

SCRIPT = Path(__file__).parent / "user_script.py"


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)


def test_it_takes_every_public_name() -> None:
    found = [node for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8"))) if isinstance(node, ast.Attribute)]
    taken = {(node.value.id, node.attr) for node in found if isinstance(node.value, ast.Name)}
    assert {("dicompix", name) for name in dicompix.__all__} <= taken
    assert {("pixels", name) for name in pixels.__all__} <= taken


def test_it_runs(tmp_path: Path) -> None:
    done = run(tmp_path, "-W", "error", str(SCRIPT))
    assert done.returncode == 0, done.stderr


def test_mypy_is_silent(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    done = run(tmp_path, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path), str(SCRIPT))
    assert done.returncode == 0, done.stdout
