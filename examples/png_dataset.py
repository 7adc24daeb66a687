"""DICOM files to PNG files for training: one window for all, a table of names beside them."""

import csv
from pathlib import Path

from pydicom import examples

import dicompix

SOURCES = [Path(examples.get_path(name)) for name in ("ct", "mr", "overlay")]

out = Path("png")
out.mkdir(exist_ok=True)
with Path("index.csv").open("w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["file", "modality", "frame", "rows", "columns"])
    for source in SOURCES:
        with dicompix.open_image(source) as image:
            for frame in range(len(image)):
                target = out / f"{source.stem}-{frame}.png"
                image.save(target, frame=frame, voi=(40, 400) if image.dataset.Modality == "CT" else 0)
                table.writerow([target, image.dataset.Modality, frame, *image.shape[1:3]])
print(len(list(out.iterdir())), "pictures, index.csv")
