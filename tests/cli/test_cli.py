"""The house style of all commands: help, one line for an error, exit statuses, pipes, Ctrl-C, completion, pydicom's."""

import argparse
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.errors import InvalidDicomError
from typer.main import get_command
from typer.testing import CliRunner

import dicompix
from dicompix.cli import main
from dicompix.cli.commands import COMMANDS, app
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
    assert "Exit status: 0 all done; 1 all done, and something found" in done.stdout


def test_version() -> None:
    result = RUNNER.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"dicompix {dicompix.__version__} (pydicom ")


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["shwo"], "dicompix: No such command 'shwo'. Did you mean 'show'?"),
        (["info"], "dicompix info: Missing argument 'FILE'"),
        (["--bogus"], "dicompix: No such option: --bogus"),
        (["info", CT, "--frame", "x"], "dicompix info: Invalid value for '--frame'"),
        (["show", CT, "--bogus"], "dicompix show: No such option: --bogus"),
        (["show", CT, "--voi", "1e999,1"], "dicompix show: Invalid value: voi is (inf, 1.0)"),
        (["show", CT, "--as", "kitty"], "dicompix show: Invalid value: --as kitty draws in a terminal"),
        (["show", CT, CT, "-o", "a.png"], "--output names one picture"),
        (["codecs", "JPEG2000000"], "dicompix codecs: Invalid value: 'JPEG2000000' is no transfer syntax"),
        (["compare", CT], "dicompix compare: Invalid value: needed a second file, or --codec twice"),
        (["export", CT, "-o", "x", "--frames", "5-2"], "means no frames"),
        (["export", CT, "-o", "x", "--format", "gif", "--values", "stored"], "gif holds display values"),
    ],
    ids=lambda value: " ".join(map(str, value))[-40:] if isinstance(value, list) else None,
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], phrase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, arguments, prog_name="dicompix")
    assert result.exit_code == 2
    assert phrase in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert list(tmp_path.rglob("*.png")) == []


PLAN = str(get_testdata_file("rtplan.dcm", download=False))
ON_FILES = {  # of each command: how it is called on a file
    "info": ["info", "{}"],
    "show": ["show", "{}"],
    "export": ["export", "{}", "-o", "out"],
    "transcode": ["transcode", "{}", "out.dcm", "rle"],
    "check": ["check", "{}"],
    "compare": ["compare", CT, "{}"],
    "bench": ["bench", "{}", "--rounds", "1"],
    "demo": ["demo", "{}", "-o", "out"],
}
BAD_FILES = {  # and what is said of it
    "nowhere": "nowhere",
    "folder": "folder",
    "notes": "this is no DICOM file",
    "plan": "ixel data",
}


def test_every_command_that_reads_files_is_in_the_table() -> None:
    assert set(ON_FILES) == set(NAMES) - {"codecs", "run"}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("bad", BAD_FILES)
@pytest.mark.parametrize("name", ON_FILES)
def test_a_file_that_cannot_be_used_is_a_line_with_its_name_and_status_3(
    name: str,
    bad: str,
    as_json: bool,  # noqa: FBT001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("notes").write_bytes(b"no DICOM")
    shutil.copy(PLAN, "plan")
    arguments = [argument.format(bad) for argument in ON_FILES[name]]
    result = RUNNER.invoke(app, [*arguments, *["--json"] * as_json], prog_name="dicompix")
    counts = " checked: 0 with errors" in result.stderr  # which `check` says in the end
    assert counts is (name == "check" and not as_json and bad != "folder")
    lines = result.stderr.splitlines()[: -1 if counts else None]
    if (name, bad) in {("check", "plan"), ("transcode", "plan")}:  # nothing is wrong with it; it is copied
        assert (result.exit_code, lines) == (0, [])
        return
    assert result.exit_code == 3, result.output
    (line,) = lines
    assert line.startswith(f"dicompix {name}: ")
    assert bad in line
    assert BAD_FILES[bad].casefold() in line.casefold()
    if as_json:
        found = json.loads(result.stdout)
        said = found["error"] if "error" in found else found["files"][0]["error"]
        assert line == f"dicompix {name}: {said}"


@pytest.mark.parametrize("name", ON_FILES)
def test_what_may_not_be_read_is_for_who_opens_it_to_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As wrong usage, which typer would make of it, it could not be told from a misspelt option."""
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    result = RUNNER.invoke(app, [argument.format(CT) for argument in ON_FILES[name]])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["show", CT, "--frame", "7"], "there is no frame 7"),
        (["show", CT, "--voi", "lung"], "no view is explained as 'lung'"),
        (["info", CT, "--frame", "99"], "there is no frame 99"),
        (["export", CT, "-o", "out", "--frames", "99"], "there is no frame 99"),
        (["export", CT, "-o", CT], "is a file, needed a folder"),
        (["transcode", CT, "/dev/null/x", "rle"], "/dev/null"),
        (["compare", CT, CT, "--codec", "nobody"], "No plugin named 'nobody'"),
    ],
    ids=lambda value: " ".join(map(str, value))[-40:] if isinstance(value, list) else None,
)
def test_what_a_file_cannot_give_is_a_line_and_status_3(
    arguments: list[str], phrase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, arguments, prog_name="dicompix")
    assert result.exit_code == 3
    assert phrase in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["--bogus", "--json"], ["info", "--json"], ["check", CT, "--json", "--severity", "bad"]]
)
def test_wrong_usage_is_json_too(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, arguments, prog_name="dicompix")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["status"]) == (2, 2)
    assert result.stderr.endswith(f": {found['error']}\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("arguments", [["info", CT], ["info", CT, "--json"], ["codecs"]], ids=" ".join)
def test_a_full_disk_is_a_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "dicompix", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=PLAIN)
    assert (done.returncode, done.stderr) == (3, f"dicompix {arguments[0]}: No space left on device\n")


def test_who_asks_for_it_gets_the_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    monkeypatch.setenv("DICOMPIX_TRACEBACK", "1")
    result = RUNNER.invoke(app, ["bench", str(tmp_path / "a.dcm")])
    assert result.exception is not None
    assert isinstance(result.exception.__cause__, InvalidDicomError)


def test_a_reader_that_goes_away_ends_it_in_silence(tmp_path: Path) -> None:
    for number in range(40):  # more text than a pipe holds
        (tmp_path / f"{number}.dcm").write_bytes(Path(CT).read_bytes())
    command = f"{shlex.quote(sys.executable)} -m dicompix info {tmp_path} --json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=PLAIN)
    assert done.stdout.split() == ["{", "141"]
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


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash")
def test_bash_itself_completes(tmp_path: Path) -> None:
    command = tmp_path / "dicompix"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dicompix "$@"\n')
    command.chmod(0o755)
    script = """
        source <(_DICOMPIX_COMPLETE=source_bash dicompix)
        complete -p dicompix
        for words in "dicompix co" "dicompix export --fo" "dicompix transcode a b jls-"; do
            read -ra COMP_WORDS <<< "$words"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _dicompix_completion dicompix
            echo "${COMPREPLY[@]}"
        done
    """
    env = {**PLAIN, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.splitlines() == [
        "complete -o default -F _dicompix_completion dicompix",
        "compare codecs",
        "--format",
        "jls-near",
    ]


def test_starting_it_loads_no_library_for_pictures_or_codecs() -> None:
    show = "import sys, {}; print(*{{name.split('.')[0] for name in sys.modules}})"
    plain, ours = (
        set(subprocess.run([sys.executable, "-c", show.format(name)], capture_output=True, text=True).stdout.split())  # noqa: PLW1510
        for name in ("pydicom.pixels", "dicompix.cli.commands")
    )
    assert "typer" in ours
    assert not (ours - plain) & {"PIL", "imagecodecs", "av", "nibabel", "SimpleITK", "highdicom", "matplotlib", "dask"}
    assert not ours & {"numpy", "pydicom"}


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
    assert capsys.readouterr().err.startswith("pydicom dicompix codecs: Invalid value: 'nonsense'")


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
    assert done.value.code == 3
    assert "Traceback" not in capsys.readouterr().err


ODD_NAMES = ["Füße & so/a b/日本.dcm", "two\nlines\t.dcm", "-dash.dcm", "\x1b[31mred.dcm"]


def printed(*arguments: str, encoding: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Return how the command ends where standard output takes no other characters."""
    return subprocess.run(
        [sys.executable, "-m", "dicompix", *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        cwd=cwd,
        env={**PLAIN, "PYTHONIOENCODING": encoding},
    )


@pytest.fixture
def oddly_named(tmp_path: Path) -> list[str]:
    """Return files with names that are hard to print, the last one no text at all."""
    made = [str(tmp_path / name) for name in (*ODD_NAMES, os.fsdecode(b"no-text-\xff.dcm"))]
    try:
        for path in made:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CT, path)
    except OSError:
        pytest.skip("a file system of text")
    return made


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
@pytest.mark.parametrize("name", ON_FILES)
def test_any_file_name_can_be_printed(name: str, encoding: str, oddly_named: list[str], tmp_path: Path) -> None:
    one = name in {"transcode", "compare", "bench"}
    given = oddly_named[-1:] if one else oddly_named
    arguments = [found for argument in ON_FILES[name] for found in (given if argument == "{}" else [argument])]
    done = printed(*arguments, encoding=encoding, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (0, name == "check"), done.stderr
    assert name == "show" or "\x1b[31m" not in done.stdout  # which prints the pictures' names for programs


def test_bytes_that_are_no_text_are_printed_as_they_are(oddly_named: list[str], tmp_path: Path) -> None:
    done = printed("show", oddly_named[-1], encoding="utf-8:strict", cwd=tmp_path)
    assert (tmp_path / done.stdout.removesuffix("\n")).exists()


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_a_file_name_comes_back_from_json(encoding: str, oddly_named: list[str], tmp_path: Path) -> None:
    done = printed("info", "--json", *oddly_named, encoding=encoding, cwd=tmp_path)
    assert [one["file"] for one in json.loads(done.stdout)["files"]] == oddly_named
    done = printed("info", "--json", f"{oddly_named[-1]}x", encoding=encoding, cwd=tmp_path)
    assert json.loads(done.stdout)["files"][0]["error"].endswith("\udcff.dcmx: No such file or directory")


def test_an_error_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["info", str(tmp_path / "two\nlines")])
    assert result.stderr == f"dicompix info: {tmp_path}/two\\nlines: No such file or directory\n"


def test_a_program_keeps_its_own_streams(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import sys; print(sys.stdout.errors)")
    done = dicompix_command("run", str(tmp_path / "a.py"), env={"PYTHONIOENCODING": "utf-8:strict"})
    assert done.stdout == "strict\n"


@pytest.mark.parametrize("name", ON_FILES)
def test_one_thing_is_not_called_many(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, [argument.format(CT) for argument in ON_FILES[name]])
    assert result.exit_code == 0
    assert re.findall(r"(?<![\d.,])1 [a-z]+s\b(?<!is)", result.output) == []


@pytest.mark.parametrize("name", ["bench", "demo"])
def test_tables_are_lines_where_no_terminal_takes_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(app, [argument.format(CT) for argument in ON_FILES[name]])
    _, columns, *lines = result.stdout.splitlines()
    assert lines
    assert {line.count("\t") for line in lines} == {columns.count("\t")}


def test_rle_tells_no_size(tmp_path: Path) -> None:
    path = str(get_testdata_file("MR_small_RLE.dcm", download=False))
    (line,) = (
        line for line in RUNNER.invoke(app, ["info", path]).stdout.splitlines() if line.startswith("  codestream")
    )
    assert line.split(None, 1)[1] == "rle, lossless"
    other = RUNNER.invoke(app, ["info", str(get_testdata_file("JPEG2000.dcm", download=False))]).stdout
    assert "codestream  jpeg-2000, 1024 x 256 x 1, 16 bits, " in other


@pytest.mark.parametrize(
    ("shell", "phrase"),
    [
        ("bash", "complete -o default -F _dicompix_completion dicompix"),
        ("zsh", "#compdef dicompix"),
        ("fish", "complete --command dicompix"),
        ("powershell", "Register-ArgumentCompleter"),
    ],
)
def test_the_completion_of_a_shell_by_its_name(shell: str, phrase: str) -> None:
    done = dicompix_command("--show-completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert phrase in done.stdout


@pytest.mark.parametrize("arguments", [["--show-completion", "tcsh"], ["--install-completion", "zsh"]])
def test_a_shell_that_cannot_be_meant_is_wrong_usage(arguments: list[str]) -> None:
    done = dicompix_command(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dicompix: Invalid value: {' '.join(arguments)}: ")
    assert "--show-completion takes bash, zsh, fish, powershell, pwsh" in done.stderr


def test_pydicoms_sub_command_shows_the_completion_of_our_command() -> None:
    code = "from dicompix.cli import main; main(['--show-completion', 'zsh'], name='pydicom dicompix')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=PLAIN)
    assert "#compdef dicompix" in done.stdout
    assert "pydicom" not in done.stdout


@pytest.mark.parametrize(
    ("shell", "args"),
    [
        ("zsh", {"_TYPER_COMPLETE_ARGS": "dicompix transcode a b jls-"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "dicompix transcode a b jls-", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_other_shells_are_offered_the_same(shell: str, args: dict[str, str]) -> None:
    done = dicompix_command(env={"_DICOMPIX_COMPLETE": f"complete_{shell}", **args})
    assert "jls-near" in done.stdout
    assert "JPEG-LS Near-Lossless" in done.stdout


def test_the_values_of_an_option_are_offered() -> None:
    assert completions("dicompix transcode --errors s") == ["strict", "salvage"]


@pytest.mark.parametrize("name", [name for name in ON_FILES if name not in {"compare", "bench", "show"}])
@pytest.mark.parametrize("kind", ["empty", "notes"])
def test_a_folder_without_images_is_a_line_with_its_name(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(kind).mkdir()
    if kind == "notes":
        Path(kind, "notes.txt").write_text("no DICOM")
    arguments = [argument.format(kind) for argument in ON_FILES[name]]
    result = RUNNER.invoke(app, arguments, prog_name="dicompix")
    assert result.exit_code == 3
    assert re.fullmatch(rf"dicompix {name}: there are no (files|images) in {kind}\n", result.stderr)
