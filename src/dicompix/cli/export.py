"""The command `export`: frames of files, or whole folders, as pictures, arrays, volumes or films."""

from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dicompix.cli.group import DONE, FAILED, complain, counted, misuse
from dicompix.cli.options import AsJson, Errors, Files, FramesText, Quiet, VoiText, Workers, check_frames, voi_of

if TYPE_CHECKING:
    from dicompix.cli.exporting.result import Exported

Kind = Literal["png", "jpeg", "tiff", "npy", "nifti", "mp4", "gif"]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder to write into; folders are mirrored below it.", readable=False)
]
FormatName = Annotated[Kind, typer.Option("--format", "-f", help="Pictures, an array a file, a volume a series, film.")]
Values = Annotated[
    Literal["display", "modality", "stored"] | None,
    typer.Option(help="What a viewer shows, physical units, or values as stored; npy and nifti: modality by default."),
]
Bits = Annotated[int | None, typer.Option(help="8 or 16 bits a sample, in PNG, TIFF and NPY.")]
Rate = Annotated[float, typer.Option("--fps", help="Frames a second of a film; as the file says by default.", min=0)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write again what is there already.")]


def export(  # noqa: PLR0913  # one for each option
    sources: Files,
    output: Output,
    *,
    kind: FormatName = "png",
    frames: FramesText = "all",
    voi: VoiText = "0",
    values: Values = None,
    bits: Bits = None,
    fps: Rate = 0.0,
    workers: Workers = None,
    errors: Errors = "warn",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Write the frames of DICOM files as pictures, arrays, volumes or films; what is there already is left.

    A file of one frame becomes NAME.png, the frames of others NAME.0007.png. Each is there whole or not at all.
    """
    from dicompix.cli.exporting.order import Order, settled
    from dicompix.cli.exporting.run import export_all
    from dicompix.cli.output import progress
    from dicompix.cli.sources import no_images, sources_of

    plain = Order(
        format=kind,
        frames=check_frames(frames),
        voi=voi_of(voi),
        fps=fps,
        overwrite=overwrite,
        errors=errors,
        workers=workers,
    )
    with misuse():
        order = settled(plain, values, bits)
    found = sources_of(sources, without=output)
    start = perf_counter()
    with progress("Exporting", len(found), quiet=quiet or json) as told:
        done = export_all(found, output, order, told)
    if all(one.status == "skipped" for one in done):
        raise no_images(sources)
    _print(done, output, perf_counter() - start, quiet=quiet, as_json=json)
    raise typer.Exit(FAILED if any(one.status == "failed" for one in done) else DONE)


def _print(done: "list[Exported]", output: Path, seconds: float, *, quiet: bool, as_json: bool) -> None:
    """Print what became of the files: failures one by one, the others by number."""
    from dicompix.cli.output import as_dict, print_json

    if as_json:
        print_json({"output": output, "seconds": round(seconds, 3), "files": [as_dict(one) for one in done]})
    for one in done:
        if one.error:
            complain("export", one.error)
    if quiet or as_json:
        return
    counts = Counter(one.status for one in done)
    listed = ", ".join(f"{counts[status]} {status}" for status in ("written", "complete", "skipped", "failed"))
    print(f"{output}: {listed}; {counted(sum(one.count for one in done), 'file')} in {seconds:.1f} s")
    found = Counter(finding.code for one in done for finding in one.findings)
    for code, number in found.most_common():
        print(f"  finding {code}: {counted(number, 'time')}")
    if found:
        print("  `dicompix check` says more of the findings")
