"""The command `demo`: files decoded, timed beside pydicom, and one PNG of each; pydicom's own examples by default."""

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE", help="DICOM files, or folders of them; pydicom's example files where absent.", exists=True
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the PNG files.")]


def demo(files: Files = None, *, output: Output = Path("dicompix-demo")) -> None:
    """Decode pydicom's own example files, or yours, time them beside pydicom, write one PNG a file."""
    from dicompix.cli.gallery import example_files, gallery  # noqa: PLC0415  # commands load when they are called
    from dicompix.cli.sources import under  # noqa: PLC0415

    raise typer.Exit(gallery(under(files) if files else example_files(), output))
