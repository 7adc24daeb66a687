"""The command line as a sub-command of pydicom's: ``pydicom dicompix info FILE``."""

import argparse
from typing import Any


def add_subparser(subparsers: Any) -> None:
    """Add ours to pydicom's sub-commands, as its entry point "pydicom_subcommands" asks for.

    >>> parser = argparse.ArgumentParser()
    >>> add_subparser(parser.add_subparsers())
    >>> parser.parse_args(["dicompix", "show", "-o", "a.png", "--", "a.dcm"]).arguments
    ['show', '-o', 'a.png', '--', 'a.dcm']
    """
    # With a prefix that nobody types every argument is a plain one: they are ours to understand.
    parser = subparsers.add_parser(
        "dicompix",
        help="pixel data: info, show, export, transcode, check, compare, bench, codecs (dicompix)",
        description="Everything that the command `dicompix` does; `pydicom dicompix --help` lists it.",
        prefix_chars="\0",
        add_help=False,
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    parser.set_defaults(func=_run)


def _run(found: argparse.Namespace) -> None:
    from dicompix.cli import main

    main(found.arguments, name="pydicom dicompix")
