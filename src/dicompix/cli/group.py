"""The house style of all commands: whatever goes wrong is one line on standard error, and an exit status."""

import os
import sys
import warnings
from typing import Any

import typer
from pydicom.errors import InvalidDicomError
from typer.core import TyperGroup

from dicompix.pixels.errors import PixelError

DONE, IN_PART, NOT_DONE, INTERRUPTED, NO_READER = 0, 1, 2, 130, 141  # the shell's own numbers for Ctrl-C and a pipe
TRACEBACK = "DICOMPIX_TRACEBACK"
_Refused: Any = typer.BadParameter.mro()[2]  # click's ClickException, which typer has under several names


class Commands(TyperGroup):
    """The commands, run so that no traceback reaches a user; warnings are the commands' own to print."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; an exception becomes a line and a status."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    return super().invoke(ctx)
                finally:
                    sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            _write_nowhere()
            raise typer.Exit(NO_READER) from None
        except KeyboardInterrupt:
            _say(ctx, "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as problem:
            if os.environ.get(TRACEBACK):
                raise
            _say(ctx, reason(problem))
            raise typer.Exit(NOT_DONE) from problem


def _say(ctx: Any, text: str) -> None:
    typer.echo(f"{ctx.info_name} {ctx.invoked_subcommand or ''}".rstrip() + f": {text}", err=True)


def _write_nowhere() -> None:
    """Let the interpreter end in peace: it writes once more what nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def reason(problem: BaseException) -> str:
    """Return what went wrong as one line; the class is named where its text may not say enough.

    >>> reason(FileNotFoundError(2, "No such file or directory", "a.dcm"))
    'a.dcm: No such file or directory'
    >>> reason(PixelError("the frame is cut")), reason(KeyError("Rows"))
    ('the frame is cut', "KeyError: 'Rows'")
    """
    if isinstance(problem, InvalidDicomError):
        return "this is no DICOM file"
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    text = problem.format_message() if isinstance(problem, _Refused) else str(problem)
    line = " ".join(text.split())
    told = line and isinstance(problem, PixelError | OSError | _Refused)
    return line if told else f"{type(problem).__name__}: {line}"
