"""The command line: ``python -m dicompix`` or ``dicompix``, one module a command."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicompix.cli.transcode import transcode

if TYPE_CHECKING:
    from dicompix.cli.run import Program

app = typer.Typer(
    help="Right and fast DICOM pixel data: look at files, see which codecs there are.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the PNG files.")]


@app.command()
def demo(output: Output = Path("dicompix-demo")) -> None:
    """Decode pydicom's own example files, time them beside pydicom, write one PNG a file."""
    from dicompix.cli.gallery import example_files, gallery  # noqa: PLC0415  # commands load when they are called

    raise typer.Exit(gallery(example_files(), output, beside_pydicom=True))


@app.command()
def show(
    files: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them.", exists=True)],
    output: Output = Path("dicompix-show"),
) -> None:
    """Decode your files and write one PNG a file."""
    from dicompix.cli.gallery import gallery, under  # noqa: PLC0415

    raise typer.Exit(gallery(under(files), output, beside_pydicom=True))


@app.command()
def codecs(uid: Annotated[str, typer.Argument(help="Transfer syntax UID; all of them where absent.")] = "") -> None:
    """List the codecs of each transfer syntax: chosen, available, or missing and how to get it."""
    from dicompix.pixels.codecs import BUILT_IN  # noqa: PLC0415
    from dicompix.pixels.registry import registry  # noqa: PLC0415
    from dicompix.pixels.syntaxes import SYNTAXES  # noqa: PLC0415

    if uid and uid not in SYNTAXES and not registry.entries(uid):
        typer.echo(f"{uid} is no transfer syntax that dicompix knows; without a UID all are listed", err=True)
        raise typer.Exit(1)
    for one in [uid] if uid else BUILT_IN:
        typer.echo(registry.explain(one))


# Options after the program are the program's, whatever they are called.
@app.command(context_settings={"allow_interspersed_args": False})
def run(
    context: typer.Context,
    program: Annotated[str, typer.Argument(help="A Python script, or a module's dotted name after -m.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="The program's own arguments.")] = None,
    module: Annotated[bool, typer.Option("-m", help="Run a module, as `python -m` does.")] = False,  # noqa: FBT002
) -> None:
    """Run an unchanged Python program with dicompix installed in pydicom's place."""
    from dicompix.cli.run import Program  # noqa: PLC0415

    wanted = Program(program, tuple(arguments or ()), module=module)
    programs: list[Program] = context.ensure_object(list)
    programs.append(wanted)


app.command()(transcode)


def main() -> None:
    """Run the command line on this process's arguments; a program starts once the command line is done with them."""
    programs: list[Program] = []
    try:
        app(prog_name="dicompix", obj=programs)
    except SystemExit as done:
        status = done.code
    for program in programs:
        program.run()
        return
    sys.exit(status)
