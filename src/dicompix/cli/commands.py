"""All commands, each with its module and its examples -> the application that runs them."""

import platform
from collections.abc import Callable
from typing import Annotated, Any

import typer

from dicompix.cli.bench import bench
from dicompix.cli.check import check
from dicompix.cli.codecs import codecs
from dicompix.cli.compare import compare
from dicompix.cli.demo import demo
from dicompix.cli.export import export
from dicompix.cli.group import DONE, FAILED, FOUND, MISUSED, STATUS, Commands
from dicompix.cli.info import info
from dicompix.cli.run import run
from dicompix.cli.show import show
from dicompix.cli.transcode import transcode

# What each command is called by, and examples for its --help.
COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {
    info: (
        "dicompix info ct.dcm",
        "dicompix info --frame 17 multiframe.dcm",
        "dicompix info --json study/",
    ),
    show: (
        "dicompix show ct.dcm",
        "dicompix show --voi -600,1500 ct.dcm",
        "dicompix show --frame 12 --voi auto -o frame.png us.dcm",
        "dicompix show --montage cardiac.dcm",
    ),
    export: (
        "dicompix export study/ -o pictures",
        "dicompix export us.dcm -o film --format mp4 --fps 25",
        "dicompix export mg.dcm -o deep --bits 16 --voi none",
        "dicompix export study/ -o arrays --format npy --values modality",
        "dicompix export study/ -o volumes --format nifti",
        "dicompix export wsi.dcm -o tiles --format jpeg --frames 0,5-9",
    ),
    transcode: (
        "dicompix transcode ct.dcm ct-small.dcm htj2k-lossless --verify",
        "dicompix transcode study/ smaller/ jpeg-ls-near --near 2",
        "dicompix transcode cut.dcm mended.dcm rle --errors salvage",
    ),
    check: ("dicompix check study/", "dicompix check --severity warning --json study/", "dicompix check -q new.dcm"),
    compare: (
        "dicompix compare before.dcm after.dcm",
        "dicompix compare before.dcm after.dcm --tolerance 2 --json",
        "dicompix compare ct.dcm --codec imagecodecs --codec pylibjpeg",
    ),
    bench: ("dicompix bench ct.dcm", "dicompix bench --rounds 10 --json ct.dcm"),
    codecs: ("dicompix codecs", "dicompix codecs j2k-lossless", "dicompix codecs 1.2.840.10008.1.2.4.90 --json"),
    run: ("dicompix run script.py --an-option-of-its-own", "dicompix run -m package.module"),
    demo: ("dicompix demo", "dicompix demo study/ -o pictures"),
}

# What the exit status FOUND means, of commands that look for something.
FINDS: dict[Callable[..., None], str] = {
    check: "deviations: findings that are warnings or errors",
    compare: "differences",
    bench: "a decoder that is wrong or fails",
}

app = typer.Typer(
    cls=Commands,
    help="Right and fast DICOM pixel data: look at files, convert and compare them, see which codecs there are.",
    epilog=f"Exit status: {'; '.join(f'{number} {meaning}' for number, meaning in STATUS.items())}.",
    add_completion=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


def _versions(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if wanted:
        import numpy  # noqa: ICN001
        import pydicom

        from dicompix import __version__

        python = platform.python_version()
        print(f"dicompix {__version__} (pydicom {pydicom.__version__}, NumPy {numpy.__version__}, Python {python})")
        raise typer.Exit(DONE)


Version = Annotated[
    bool, typer.Option("--version", callback=_versions, is_eager=True, help="Print the versions, and that is all.")
]


@app.callback()
def command_line(context: typer.Context, *, version: Version = False) -> None:  # noqa: ARG001  # its callback acts
    """Print the help where no command is given."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def _status_of(function: Callable[..., None]) -> str:
    """Return what a command's help says of its exit status."""
    if function is run:
        return "Exit status: the program's own."
    own = {**STATUS, FOUND: f"found {FINDS[function]}"} if function in FINDS else STATUS
    numbers = [number for number in (DONE, FOUND, MISUSED, FAILED) if number != FOUND or function in FINDS]
    return f"Exit status: {'; '.join(f'{number} {own[number]}' for number in numbers)}."


def _register() -> None:
    # Options after the program that `run` is to run are the program's, whatever they are called.
    settings: dict[Any, dict[str, Any]] = {run: {"allow_interspersed_args": False}}
    for function, examples in COMMANDS.items():
        epilog = "\n\n".join(["Examples:", *examples, _status_of(function)])
        app.command(epilog=epilog, context_settings=settings.get(function))(function)


_register()
