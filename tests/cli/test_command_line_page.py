"""The reference page of the command line: it names every command, option and example that there is."""

from pathlib import Path

import pytest
from typer.main import get_command

from dicompix.cli.commands import COMMANDS, app

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
NAMES = [function.__name__ for function in COMMANDS]
COMMON = {"--help"}


def section(name: str) -> str:
    """Return what the page says of one command."""
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_each_option_and_example(name: str) -> None:
    text = section(name)
    command = get_command(app).commands[name]  # type: ignore[attr-defined]  # a group
    options = {
        next(opt for opt in one.opts if len(opt) > 2 or name == "run")
        for one in command.params
        if one.opts[0][0] == "-"
    }
    assert {option for option in options - COMMON if option not in text} == set()
    examples = next(examples for function, examples in COMMANDS.items() if function.__name__ == name)
    block = text.partition("```sh\n")[2].partition("\n```")[0]
    assert tuple(block.splitlines()) == examples


def test_the_page_has_no_command_that_there_is_not() -> None:
    assert [line[3:] for line in PAGE.splitlines() if line.startswith("## ")][1:] == NAMES
