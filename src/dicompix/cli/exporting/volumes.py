"""Files of several series -> one NIfTI volume for each series."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dicompix.cli.exporting.order import Order
from dicompix.cli.exporting.result import Exported, failure
from dicompix.cli.group import counted
from dicompix.cli.output import Told
from dicompix.cli.sources import Source
from dicompix.pixels.compat.recode.files import is_complete, replacing_path
from dicompix.pixels.compat.recode.record import Made, Record
from dicompix.pixels.errors import MissingElementError
from dicompix.pixels.policy import refuse
from dicompix.pixels.read import Dataset, open_pixels
from dicompix.volume import read_volume
from dicompix.volume.volume import Volume


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its UID, a name for its file, and its files."""

    uid: str
    name: str
    paths: tuple[Path, ...]

    def made(self, output: Path, order: Order, record: Record) -> Made:
        """Return what is noted of its volume: the folder that it comes from, as more slices may come into it."""
        return record.made(output / (self.name + order.kind.suffix), min(self.paths).parent, len(self.paths))


def series_of(sources: Sequence[Source]) -> tuple[list[Series], list[Exported]]:
    """Return the series that files belong to, and the files that are no images."""
    names: dict[str, str] = {}
    paths: dict[str, list[Path]] = {}
    left_out = []
    for source in sources:
        try:
            opened = open_pixels(source.path)
            if opened.source is None:
                raise MissingElementError("no pixel data")  # noqa: TRY301  # one place says what becomes of it
        except Exception as problem:  # noqa: BLE001  # pydicom raises anything for a broken file
            left_out.append(failure(source, problem))
            continue
        uid = str(opened.dataset.get("SeriesInstanceUID") or "")
        names.setdefault(uid, file_name(opened.dataset, uid))
        paths.setdefault(uid, []).append(source.path)
    return [Series(uid, names[uid], tuple(found)) for uid, found in paths.items()], left_out


def file_name(dataset: Dataset, uid: str) -> str:
    """Return a name for a series: what people know it by, then its UID, which no other has."""
    known = (str(dataset.get(keyword) or "") for keyword in ("Modality", "SeriesNumber", "SeriesDescription"))
    words = re.sub(r"\W+", "-", " ".join(filter(None, known)))[:60].strip("-")
    # a UID has digits and dots (PS3.5 9.1): whatever else stands there must not lead out of the folder
    return ".".join(filter(None, [words, re.sub(r"[^\w.]|\.{2,}", "-", uid)])) or "series"


def export_series(series: Series, output: Path, order: Order, record: Record, told: Told) -> Exported:
    """Write one series as NIfTI; what keeps it from being a volume is its result."""
    target = output / (series.name + order.kind.suffix)
    source = f"series {series.uid or '(without a UID)'}, {counted(len(series.paths), 'file')}"
    try:
        wanted = series.made(output, order, record)
        if record.holds(wanted) and is_complete(target, series.paths):
            return Exported(source, "complete", targets=(target,))
        record.check_free(wanted, [target])
        volume = _volume(series, order)
        with record.making(wanted), replacing_path(target) as unfinished:
            volume.to_nibabel().to_filename(unfinished)
    except Exception as problem:  # noqa: BLE001  # the other series go on
        return failure(source, problem)
    finally:
        told(len(series.paths))
    return Exported(source, "written", 1, (target,), findings=volume.findings)


def _volume(series: Series, order: Order) -> Volume:
    values: Literal["modality", "stored"] = "stored" if order.values == "stored" else "modality"
    volume = read_volume(series.paths, values=values, workers=order.workers)
    if order.errors == "strict":
        refuse(volume.findings)
    return volume
