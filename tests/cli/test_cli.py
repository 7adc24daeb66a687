"""The house style of all commands: help, one line for an error, exit statuses, pipes, Ctrl-C, completion, pydicom's."""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import dicompix
from dicompix.cli import COMMANDS, app, main
from dicompix.cli.subcommand import add_subparser
from support.command_line import CT, PLAIN, dicompix_command, interruptible

RUNNER = CliRunner()
NAMES = [function.__name__ for function in COMMANDS]


def test_every_command_that_the_readme_and_the_issue_name_is_there() -> None:
    named = {"info", "show", "export", "codecs", "transcode", "check", "compare", "bench", "run", "demo"}
    assert set(NAMES) == named


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples_and_they_can_be_parsed(name: str) -> None:
    result = RUNNER.invoke(app, [name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    command = get_command(app).commands[name]  # type: ignore[attr-defined]  # a group
    examples = {function.__name__: examples for function, examples in COMMANDS.items()}[name]
    assert examples
    for example in examples:
        assert example in result.stdout
        program, called, *arguments = shlex.split(example)
        assert (program, called) == ("dicompix", name)
        context = command.make_context(name, arguments, resilient_parsing=True)
        assert not [key for key in context.params if key not in {one.name for one in command.params}]
        options = [one for one in arguments if one.startswith("-") and not one[1:2].isdigit()]
        known = {option for parameter in command.params for option in parameter.opts}
        assert name == "run" or set(options) <= known


def test_without_a_command_there_is_help() -> None:
    done = dicompix_command()
    assert done.returncode == 0
    assert "Usage: dicompix [OPTIONS] COMMAND" in done.stdout
    assert all(f"│ {name} " in done.stdout for name in NAMES)
    assert "Exit status: 0 done" in done.stdout


def test_version() -> None:
    result = RUNNER.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"dicompix {dicompix.__version__} (pydicom ")


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["shwo"], "dicompix: No such command 'shwo'. Did you mean 'show'?"),
        (["info"], "dicompix info: Missing argument 'FILE'"),
        (["info", "nowhere.dcm"], "dicompix info: Invalid value for 'FILE'"),
        (["show", CT, "--bogus"], "dicompix show: No such option: --bogus"),
        (["show", CT, "--frame", "7"], "dicompix show: there is no frame 7: the image has 1 frames"),
        (["show", CT, "--voi", "lung"], "dicompix show: no view is explained as 'lung'"),
        (["show", __file__], "dicompix show: this is no DICOM file"),
        (["codecs", "JPEG2000000"], "dicompix codecs: 'JPEG2000000' is no transfer syntax"),
        (["compare", CT], "dicompix compare: Invalid value: needed a second file, or --codec twice"),
        (["bench", __file__], "dicompix bench: this is no DICOM file"),
        (["export", CT, "-o", CT], "dicompix export: "),
        (["export", CT, "-o", "x", "--frames", "5-2"], "means no frames"),
        (["export", CT, "-o", "x", "--format", "gif", "--values", "stored"], "gif holds display values"),
    ],
    ids=lambda value: " ".join(map(str, value))[-40:] if isinstance(value, list) else None,
)
def test_an_error_is_one_line_and_status_2(
    arguments: list[str], phrase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, arguments, prog_name="dicompix")
    assert result.exit_code == 2
    assert phrase in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert list(tmp_path.rglob("*.png")) == []


def test_who_asks_for_it_gets_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    monkeypatch.setenv("DICOMPIX_TRACEBACK", "1")
    result = RUNNER.invoke(app, ["show", str(tmp_path / "a.dcm")])
    assert type(result.exception).__name__ == "InvalidDicomError"


def test_a_reader_that_goes_away_ends_it_in_silence(tmp_path: Path) -> None:
    for number in range(40):  # more text than a pipe holds
        (tmp_path / f"{number}.dcm").write_bytes(Path(CT).read_bytes())
    command = f"{shlex.quote(sys.executable)} -m dicompix info {tmp_path} --json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=PLAIN)
    assert done.stdout.split() == ["[", "141"]
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal that a test can send")
def test_ctrl_c_ends_it_with_a_word(tmp_path: Path) -> None:
    pipe = tmp_path / "never.dcm"
    os.mkfifo(pipe)  # reading it waits for ever
    command = [sys.executable, "-m", "dicompix", "info", str(pipe)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=PLAIN, preexec_fn=interruptible
    )
    writer = None
    while writer is None and process.poll() is None:
        with contextlib.suppress(OSError):  # until somebody reads it
            writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert (process.returncode, out, errors) == (130, "", "dicompix info: interrupted\n")


def completions(line: str) -> list[str]:
    """Return what bash would offer after a line."""
    words = {"_DICOMPIX_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = dicompix_command(env=words)
    return done.stdout.split()


def test_the_shell_completes_commands_options_and_syntaxes() -> None:
    assert completions("dicompix co") == ["compare", "codecs"]
    assert "--frames" in completions("dicompix export --fr")
    assert "j2k-lossless" in completions("dicompix codecs j2k")


def test_starting_it_loads_no_library_for_pictures_or_codecs() -> None:
    show = "import sys, {}; print(*{{name.split('.')[0] for name in sys.modules}})"
    plain, ours = (
        set(subprocess.run([sys.executable, "-c", show.format(name)], capture_output=True, text=True).stdout.split())  # noqa: PLW1510
        for name in ("pydicom.pixels", "dicompix.cli")
    )
    assert "typer" in ours
    assert not (ours - plain) & {"PIL", "imagecodecs", "av", "nibabel", "SimpleITK", "highdicom", "matplotlib", "dask"}


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return what a parser like pydicom's gives our sub-command."""
    parser = argparse.ArgumentParser(prog="pydicom")
    add_subparser(parser.add_subparsers())
    return parser.parse_args(arguments)


@pytest.mark.parametrize(
    "arguments",
    [["info", "a.dcm"], ["--help"], ["--version"], ["show", "-o", "x.png", "a.dcm"], ["run", "-m", "a", "--b"], []],
)
def test_as_pydicoms_sub_command_all_arguments_are_ours(arguments: list[str]) -> None:
    assert parsed(["dicompix", *arguments]).arguments == arguments


def test_as_pydicoms_sub_command_it_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = parsed(["dicompix", "codecs", "rle", "--json"])
    with pytest.raises(SystemExit) as done:
        found.func(found)
    assert done.value.code == 0
    assert '"name": "RLE Lossless"' in capsys.readouterr().out
    found = parsed(["dicompix", "codecs", "nonsense"])
    with pytest.raises(SystemExit) as done:
        found.func(found)
    assert done.value.code == 2
    assert capsys.readouterr().err.startswith("pydicom dicompix codecs: 'nonsense'")


def test_pydicoms_own_command_line_takes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pydicom.cli import main as theirs

    monkeypatch.setattr(theirs, "get_subcommand_entry_points", lambda: {"dicompix": add_subparser})
    with pytest.raises(SystemExit) as done:
        theirs.main(["dicompix", "info", CT])
    assert done.value.code == 0
    assert "1 frame of 128 x 128" in capsys.readouterr().out


def test_main_ends_with_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["info", "nowhere"])
    assert done.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
