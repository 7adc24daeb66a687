"""The command line: ``dicompix``, ``python -m dicompix``, ``pydicom dicompix``; one module a command."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicompix.cli.run import Program


def main(arguments: Sequence[str] | None = None, *, name: str = "dicompix") -> None:
    """Run the command line on this process's arguments; a program starts once the command line is done with them."""
    programs: list[Program] = []
    try:
        from dicompix.cli.commands import app

        app(None if arguments is None else list(arguments), prog_name=name, obj=programs)
    except SystemExit as done:
        status = done.code
    except KeyboardInterrupt:  # before a command had begun
        status = 130
    for program in programs:
        program.run()
        return
    sys.exit(status)
