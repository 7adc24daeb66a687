"""The command `demo`: files decoded, timed beside pydicom, and one PNG of each; pydicom's own examples by default."""

from pathlib import Path
from typing import Annotated

import typer

from dicompix.cli.group import DONE, FAILED, complain, counted
from dicompix.cli.options import AsJson

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE", help="DICOM files, or folders of them; pydicom's example files where absent.", readable=False
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the PNG files.", readable=False)]


def demo(files: Files = None, *, output: Output = Path("dicompix-demo"), json: AsJson = False) -> None:
    """Decode pydicom's own example files, or yours, time them beside pydicom, write one PNG a file."""
    from dicompix.cli.gallery import COLUMNS, cells, example_sources, gallery
    from dicompix.cli.output import as_dict, print_json, print_table
    from dicompix.cli.sources import no_images, sources_of

    rows = gallery(sources_of(files) if files else example_sources(), output, quiet=json)
    if not rows:
        raise no_images(files or [])
    for row in rows:
        if row.error:
            complain("demo", row.error)
    if json:
        print_json({"output": output, "files": [as_dict(row) for row in rows]})
    else:
        styled = [(cells(row), "red" if row.error else "") for row in rows]
        print_table(f"{counted(len(rows), 'file')}, pictures in {output}", COLUMNS, styled)
    raise typer.Exit(FAILED if any(row.error for row in rows) else DONE)
