"""`python -m dicompix run`: what Python itself would do with the program, with dicompix installed before it starts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.cli.run import Program

OUTPUT = "json.dumps([sys.argv, sys.path[0], __name__, __file__, __spec__ is None, sys.modules['__main__'].__file__])"
SCRIPT = f"""
import atexit, json, sys
from pydicom.pixels import apply_voi_lut
from helper import WORD
print({OUTPUT}, WORD)
print(apply_voi_lut.__module__.split(".")[0], file=sys.stderr)
atexit.register(lambda: print("ended", sys.modules["__main__"] is not None))

def fail(kind):
    raise kind("on purpose")

what = sys.argv[1] if len(sys.argv) > 1 else ""
if what == "status":
    sys.exit(7)
if what == "text":
    sys.exit("a last word")
if what == "interrupt":
    fail(KeyboardInterrupt)
if what == "error":
    try:
        fail(ValueError)
    except ValueError:
        {{}}["nothing"]
if what == "hook":
    sys.excepthook = lambda kind, value, trace: print("hook", kind.__name__, trace.tb_frame.f_code.co_name)
    fail(ValueError)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "broken.py").write_text("x = (\n")
    (tmp_path / "helper.py").write_text("WORD = 'helped'\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("import sys\nprint(sys.argv[1:], __package__)\n")
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def both(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    """Return how Python and how `dicompix run` end for the same arguments."""
    plain, ours = (
        subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        for command in ([], ["-m", "dicompix", "run"])
    )
    return plain, ours


@pytest.mark.parametrize(
    "arguments",
    [
        ["script.py"],
        ["script.py", "--help"],
        ["script.py", "-m", "pydicom", "--", "-x"],
        ["elsewhere/../script.py", "a b"],
        ["-m", "script"],
        ["-m", "script", "--help", "-m"],
        ["-m", "package", "--version"],
        ["package", "a", "-b"],
        ["script.py", "status"],
        ["script.py", "text"],
        ["script.py", "error"],
        ["script.py", "hook"],
        ["script.py", "interrupt"],
        ["broken.py"],
        ["-m", "nowhere"],
        ["-m", "json"],
    ],
    ids=" ".join,
)
def test_a_program_runs_as_under_python(arguments: list[str], folder: Path) -> None:
    plain, ours = both(folder, *arguments)
    assert ours.returncode == plain.returncode
    assert ours.stdout == plain.stdout
    assert ours.stderr.replace("dicompix\n", "pydicom\n", 1) == plain.stderr
    if "script" in "".join(arguments):
        assert ours.stderr.startswith("dicompix\n")


def test_an_interrupt_ends_it_as_python_does(folder: Path) -> None:
    plain, ours = both(folder, "script.py", "interrupt")
    assert ours.returncode == plain.returncode == -signal.SIGINT
    assert "KeyboardInterrupt: on purpose" in ours.stderr


def test_an_exceptions_trace_begins_in_the_program(folder: Path) -> None:
    _, ours = both(folder, "script.py", "error")
    assert ours.returncode == 1
    assert "During handling of the above exception" in ours.stderr
    assert str(folder / "script.py") in ours.stderr
    assert "runpy" not in ours.stderr
    assert "dicompix/" not in ours.stderr


def test_a_module_that_fails_shows_its_own_frames_only(folder: Path) -> None:
    _, ours = both(folder, "-m", "script", "error")
    assert (ours.returncode, ours.stderr.count('File "')) == (1, 3)
    assert "KeyError: 'nothing'" in ours.stderr


def test_a_script_that_cannot_be_read_is_said_to_be_so(folder: Path) -> None:
    plain, ours = both(folder, "nowhere.py")
    assert ours.returncode == plain.returncode == 2
    assert ours.stderr.partition(": ")[2] == plain.stderr.partition(": ")[2]
    assert "can't open file" in ours.stderr


def test_a_folder_without_a_program_is_said_to_be_so(folder: Path) -> None:
    plain, ours = both(folder, "elsewhere")
    assert ours.returncode == plain.returncode == 1
    assert "can't find '__main__' module" in ours.stderr
    assert len(ours.stderr.splitlines()) == 1


def test_safe_path_adds_no_folder(folder: Path) -> None:
    command = [sys.executable, "-P", "-m", "dicompix", "run", "script.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "No module named 'helper'" in done.stderr


def test_dicompix_is_there_before_the_program_imports_anything(folder: Path) -> None:
    (folder / "first.py").write_text(
        "import sys\nprint([name for name in ('highdicom', 'pynetdicom', 'helper') if name in sys.modules])\n"
        "import pydicom\nprint(type(pydicom.dcmread(sys.argv[1]).pixels).__name__, 'dicompix' in sys.modules)\n"
    )
    from pydicom.data import get_testdata_file

    command = [sys.executable, "-m", "dicompix", "run", "first.py", str(get_testdata_file("CT_small.dcm"))]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "Image True"]


def test_the_installed_command_runs_programs_too(folder: Path) -> None:
    command = Path(sys.executable).with_name("dicompix")
    if not command.exists():
        pytest.skip("the package is not installed with its command")
    done = subprocess.run([command, "run", "script.py"], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == both(folder, "script.py")[0].stdout


@pytest.mark.parametrize("arguments", [["script.py", "-x", "--help"], ["-m", "script", "-m", "--help"]])
def test_the_programs_options_are_its_own(arguments: list[str]) -> None:
    programs: list[Program] = []
    assert CliRunner().invoke(app, ["run", *arguments], obj=programs).exit_code == 0
    module = arguments[0] == "-m"
    target, *rest = arguments[1:] if module else arguments
    assert programs == [Program(target, tuple(rest), module=module)]


def test_help_is_ours_before_the_program() -> None:
    result = CliRunner().invoke(app, ["run", "--help"])
    assert result.exit_code == 0
    assert "unchanged Python program" in result.stdout
    assert CliRunner().invoke(app, ["run"]).exit_code == 2
