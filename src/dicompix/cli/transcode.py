"""The command `transcode`: files into another transfer syntax, a bar while it runs, a table of what became of them."""

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dicompix.transcode import Summary

Source = Annotated[Path, typer.Argument(help="A DICOM file, or a folder of them.", exists=True)]
Target = Annotated[Path, typer.Argument(help="The file or folder to write; a folder is mirrored.")]
Name = Annotated[str, typer.Argument(help="Transfer syntax: UID, name, or short: native, rle, jpeg-ls, j2k-lossless.")]
Quality = Annotated[float | None, typer.Option(help="1 to 100: lossy JPEG, HTJ2K, JPEG XL.")]
Near = Annotated[int | None, typer.Option(help="Greatest error of a sample: JPEG-LS near-lossless.")]
Ratio = Annotated[float | None, typer.Option(help="Native bytes to coded ones: lossy JPEG 2000, HTJ2K.")]
Psnr = Annotated[float | None, typer.Option(help="Peak signal to noise, dB: lossy JPEG 2000.")]
Distance = Annotated[float | None, typer.Option(help="Just noticeable differences: lossy JPEG XL.")]
Codec = Annotated[str | None, typer.Option(help="Encoder to use, by its name in `dicompix codecs`.")]
Workers = Annotated[int | None, typer.Option(help="Threads; as many as cores where absent.")]
Verify = Annotated[bool, typer.Option("--verify", help="Decode each frame that was written, and compare.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace targets that exist; never an input.")]
Extended = Annotated[bool, typer.Option("--extended-offsets", help="Write an Extended Offset Table in any case.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")]


def transcode(  # noqa: PLR0913  # one for each option
    source: Source,
    target: Target,
    syntax: Name,
    *,
    quality: Quality = None,
    near: Near = None,
    ratio: Ratio = None,
    psnr: Psnr = None,
    distance: Distance = None,
    codec: Codec = None,
    workers: Workers = None,
    verify: Verify = False,
    overwrite: Overwrite = False,
    extended_offsets: Extended = False,
    quiet: Quiet = False,
) -> None:
    """Write files in another transfer syntax; the exit status is 1 where one of them fails."""
    from dicompix.transcode import transcode as run  # noqa: PLC0415  # commands load when they are called

    work = partial(
        run,
        source,
        target,
        syntax,
        quality=quality,
        near=near,
        ratio=ratio,
        psnr=psnr,
        distance=distance,
        codec=codec,
        workers=workers,
        verify=verify,
        overwrite=overwrite,
        progress=not quiet,
        extended_offsets=extended_offsets or None,
    )
    raise typer.Exit(_status(source, work, quiet=quiet))


def _status(source: Path, work: Callable[[], "Summary"], *, quiet: bool) -> int:
    """Run, print what became of the files, and return the exit status."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # findings stand in the table
            summary = work()
    except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
        typer.echo(f"{source}: {type(problem).__name__}: {problem}", err=True)
        return 1
    if not quiet:
        _print(summary)
    elif summary.failed:
        typer.echo(summary, err=True)
    return int(bool(summary.failed))


def _print(summary: "Summary") -> None:
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    (console if console.is_terminal else Console(width=170)).print(summary)
