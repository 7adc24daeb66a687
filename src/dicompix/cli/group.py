"""The house style of all commands: whatever goes wrong is one line on standard error, and an exit status."""

import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from dicompix.cli import INSTALL, SHELLS, SHOW

# What every command ends with; the last two are the shell's own numbers for Ctrl-C and for a pipe that nobody reads.
DONE, FOUND, MISUSED, FAILED, INTERRUPTED, NO_READER = 0, 1, 2, 3, 130, 141
STATUS = {
    DONE: "all done",
    FOUND: "all done, and something found: deviations, differences, a decoder that is wrong",
    MISUSED: "wrong usage, nothing done",
    FAILED: "a file could not be read, decoded or written, or a library is missing; the other files are done",
    INTERRUPTED: "interrupted by Ctrl-C",
    NO_READER: "nobody reads the output any more",
}
TRACEBACK = "DICOMPIX_TRACEBACK"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What the library advises in words of Python -> the same on the command line.
_ADVICE = {
    'errors="salvage" gives': "--errors salvage, of show, export and transcode, gives",
    "as errors is 'strict'": "as --errors is strict",
    "and overwrite is not asked for": "and --overwrite is not given",
    "or overwrite": "or --overwrite",
}
_ARGUMENTS = f"{__name__}.arguments"
_Refused: Any = typer.BadParameter.mro()[2]  # click's ClickException, which typer has under several names


class Commands(TyperGroup):
    """The commands, run so that no traceback reaches a user; warnings are the commands' own to print."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what stands before the command; `--help` and `--version` answer here."""
        ctx.meta[_ARGUMENTS] = list(args)
        with _in_one_line(ctx):
            if args[:1] in ([SHOW], [INSTALL]) and args[1:]:
                shells = f"{SHOW} takes {', '.join(SHELLS)}"
                raise typer.BadParameter(f"{' '.join(args)}: {INSTALL} is for the shell that you are in, {shells}")
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; an exception becomes a line and a status."""
        with _in_one_line(ctx):
            return super().invoke(ctx)


@contextmanager
def _in_one_line(ctx: Any) -> Iterator[None]:
    try:
        with warnings.catch_warnings(), _any_name_printable():
            warnings.simplefilter("ignore")
            yield
            _flush()
    except (typer.Exit, typer.Abort):
        raise
    except (BrokenPipeError, SystemExit):  # rich, which prints the help, ends the process for a pipe
        _write_nowhere()
        raise typer.Exit(NO_READER) from None
    except KeyboardInterrupt:
        _say(ctx, "interrupted", INTERRUPTED)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as problem:
        if os.environ.get(TRACEBACK):
            raise
        status = MISUSED if isinstance(problem, _Refused) else FAILED
        _say(ctx, reason(problem), status)
        raise typer.Exit(status) from problem


def _say(ctx: Any, text: str, status: int) -> None:
    """Say in a line why nothing came of it; whoever has asked for JSON gets that as JSON too."""
    command = ctx.invoked_subcommand or ""
    complain(command, text, program=ctx.info_name)
    try:
        if "--json" in ctx.meta[_ARGUMENTS] and command != "run":  # a program's options are its own
            print(json_text({"error": text, "status": status}))
        _flush()
    except OSError:
        _write_nowhere()


def complain(command: str, text: str, *, program: str = "dicompix") -> None:
    """Say on standard error what went wrong, or what was found, as one line."""
    typer.echo(f"{program} {command}".rstrip() + f": {printable(text)}", err=True)


def printable(text: str) -> str:
    r"""Return a text with its control characters as Python writes them: one line, and no order to the terminal.

    >>> printable("a\tb\n")
    'a\\tb\\n'
    """
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def json_text(value: object, indent: int | None = None) -> str:
    """Return plain values as JSON; characters that standard output cannot take are escaped, as JSON may have any."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


@contextmanager
def _any_name_printable() -> Iterator[None]:
    """Let standard output take any file name: bytes that are no text as they are, other characters escaped."""
    out = sys.stdout
    if not isinstance(out, TextIOWrapper) or out.errors != "strict":
        yield
        return
    out.reconfigure(errors="surrogateescape" if out.encoding.casefold() in {"utf-8", "utf8"} else "backslashreplace")
    try:
        yield
    finally:
        out.reconfigure(errors="strict")


def _flush() -> None:
    if sys.stdout is not None:  # as it is where the shell has closed it
        sys.stdout.flush()


def _write_nowhere() -> None:
    """Let the interpreter end in peace: it writes once more what nobody takes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "frame"), counted(12345, "value")
    ('1 frame', '12,345 values')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@contextmanager
def misuse() -> Iterator[None]:
    """Make what is wrong with an option, whatever the files, wrong usage."""
    from dicompix.pixels.errors import FormatError, TransformError

    try:
        yield
    except (FormatError, TransformError) as problem:
        raise typer.BadParameter(" ".join(str(problem).split())) from problem


@contextmanager
def about(path: object) -> Iterator[None]:
    """Say of whatever goes wrong which file it is about, if that is known."""
    try:
        yield
    except Exception as problem:
        raise OSError(reason(problem, path)) from problem


def reason(problem: BaseException, path: object = None) -> str:
    """Return what went wrong as one line, after the name of the file that it is about, as far as known.

    >>> reason(FileNotFoundError(2, "No such file or directory", "a.dcm"))
    'a.dcm: No such file or directory'
    >>> from dicompix.pixels.errors import PixelError
    >>> reason(PixelError("the frame is cut"), "a.dcm"), reason(KeyError("Rows"))
    ('a.dcm: the frame is cut', "KeyError: 'Rows'")
    """
    where = "" if path in (None, "") else f"{path}: "
    if isinstance(problem, _Refused):
        text: str = problem.format_message()
        return " ".join(text.split())
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else where + problem.strerror
    return where + _plain_reason(problem)


def as_typed(text: str) -> str:
    """Return a text of the library with its advice as one types it.

    >>> as_typed('errors="salvage" gives what is there')
    '--errors salvage, of show, export and transcode, gives what is there'
    """
    for python, option in _ADVICE.items():
        text = text.replace(python, option)
    return text


def _plain_reason(problem: BaseException) -> str:
    from pydicom.errors import InvalidDicomError

    from dicompix.pixels.errors import PixelError

    if isinstance(problem, InvalidDicomError):
        return "this is no DICOM file"
    line = as_typed(" ".join(str(problem).split()))
    return line if line and isinstance(problem, PixelError | OSError) else f"{type(problem).__name__}: {line}"
