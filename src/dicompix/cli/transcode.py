"""The command `transcode`: files into another transfer syntax, a bar while it runs, a table of what became of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicompix.cli.group import DONE, FAILED, about, as_typed, complain, misuse, reason
from dicompix.cli.options import AsJson, Errors, Quiet, Workers, known_syntaxes

if TYPE_CHECKING:
    from dicompix.cli.output import Told
    from dicompix.transcode import Summary, Transcoded

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help="A DICOM file, or a folder of them.", readable=False)]
Target = Annotated[
    Path, typer.Argument(metavar="TARGET", help="The file or folder to write; a folder is mirrored.", readable=False)
]
Name = Annotated[
    str,
    typer.Argument(
        metavar="SYNTAX",
        help="Transfer syntax: UID, name, or short: native, rle, jpeg-ls, j2k-lossless.",
        autocompletion=known_syntaxes,
    ),
]
Quality = Annotated[float | None, typer.Option(help="1 to 100: lossy JPEG, HTJ2K, JPEG XL.")]
Near = Annotated[int | None, typer.Option(help="Greatest error of a sample: JPEG-LS near-lossless.")]
Ratio = Annotated[float | None, typer.Option(help="Native bytes to coded ones: lossy JPEG 2000, HTJ2K.")]
Psnr = Annotated[float | None, typer.Option(help="Peak signal to noise, dB: lossy JPEG 2000.")]
Distance = Annotated[float | None, typer.Option(help="Just noticeable differences: lossy JPEG XL.")]
Codec = Annotated[str | None, typer.Option(help="Encoder to use, by its name in `dicompix codecs`.")]
Verify = Annotated[bool, typer.Option("--verify", help="Decode each frame that was written, and compare.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write again what is there already; never an input.")]
Extended = Annotated[
    bool | None, typer.Option("--extended-offsets", help="Write an Extended Offset Table in any case.")
]


def transcode(  # noqa: PLR0913  # one for each option
    src: Source,
    dst: Target,
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
    extended_offsets: Extended = None,
    errors: Errors = "warn",
    quiet: Quiet = False,
    json: AsJson = False,
) -> None:
    """Write files in another transfer syntax; what an earlier run over a folder has written is left.

    Each file is there whole or not at all.
    """
    order = dict(locals())  # the others are called as in dicompix.transcode, where each of them goes
    del order["quiet"], order["json"]
    from dicompix.cli.output import print_table, progress
    from dicompix.cli.sources import no_images
    from dicompix.pixels.compat.recode.summary import COLUMNS
    from dicompix.transcode import transcode as run

    _check(order)
    with about(src if src.is_file() else None), progress("Transcoding", 1, quiet=quiet or json) as told:
        summary = run(**order, progress=_steps(told), resume=True)
    if all(one.status == "skipped" for one in summary):
        raise no_images([src])
    failures = [_error_of(one) for one in summary]
    for failure in filter(None, failures):
        complain("transcode", failure)
    if json:
        _print_json(summary, dst, failures)
    elif not quiet:
        rows = [([as_typed(cell) for cell in cells], style) for cells, style in summary.rows()]
        print_table(summary.total, COLUMNS, rows)
    raise typer.Exit(FAILED if summary.failed else DONE)


def _check(order: Mapping[str, Any]) -> None:
    """Raise for what no file can be written with: a syntax, or a parameter of it."""
    from dataclasses import fields

    from dicompix.pixels.codecs.base import EncodeRequest
    from dicompix.pixels.compat.recode.order import Order
    from dicompix.transcode import syntax_uid

    wanted = {field.name: order[field.name] for field in fields(EncodeRequest) if field.name in order}
    with misuse():
        Order(uid=syntax_uid(order["syntax"]), want=EncodeRequest(**wanted), codec=order["codec"]).check()


def _steps(told: "Told") -> Callable[[int, int], None]:
    """Return what is to be called with (bytes done, bytes in all)."""
    before = 0

    def come_to(done: int, total: int) -> None:
        nonlocal before
        told((done - before) / max(total, 1))
        before = done

    return come_to


def _error_of(one: "Transcoded") -> str:
    """Return why a file failed; "" where it did not."""
    return "" if one.error is None or one.status != "failed" else reason(one.error, one.source)


def _print_json(summary: "Summary", target: Path, errors: Sequence[str]) -> None:
    from dicompix.cli.output import as_dict, print_json

    files = []
    for one, error in zip(summary, errors, strict=True):
        found = {**as_dict(one), "file": one.source, "ratio": round(one.ratio, 3), "error": error}
        files.append({name: value for name, value in found.items() if name != "source" and (error or name != "error")})
    print_json({"target": target, "syntax": summary.syntax, "seconds": round(summary.seconds, 3), "files": files})
