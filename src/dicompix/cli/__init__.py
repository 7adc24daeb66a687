"""The command line: ``dicompix``, ``python -m dicompix``, ``pydicom dicompix``; one module a command."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicompix.cli.run import Program

COMMAND = "dicompix"  # what shells complete, however the command line was reached
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
SHOW, INSTALL = "--show-completion", "--install-completion"


def main(arguments: Sequence[str] | None = None, *, name: str = COMMAND) -> None:
    """Run the command line on this process's arguments; a program starts once the command line is done with them."""
    programs: list[Program] = []
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] in ([SHOW], [INSTALL]):
        name = COMMAND
    if given[:1] == [SHOW] and given[1:] in [[shell] for shell in SHELLS]:
        os.environ[f"_{COMMAND.upper()}_COMPLETE"] = f"source_{given[1]}"
    try:
        from dicompix.cli.commands import app

        app(given, prog_name=name, obj=programs)
    except SystemExit as done:
        status = done.code
    except KeyboardInterrupt:  # before a command had begun
        status = 130
    for program in programs:
        program.run()
        return
    sys.exit(status)
