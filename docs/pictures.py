"""The documentation's pictures, made by its build: python pictures.py FOLDER."""

import sys
from pathlib import Path

from pydicom import examples

import dicompix

WINDOWS = {"full": 0, "bone": (300, 1500), "soft": (40, 400)}


def main(folder: Path) -> None:
    """Write every picture that a page shows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, voi in WINDOWS.items():
        dicompix.open_image(examples.get_path("ct")).to_pil(voi=voi).resize((256, 256)).save(folder / f"ct-{name}.png")
    for name, example in {"palette": "palette_color", "rgb": "rgb_color", "ybr": "ybr_color"}.items():
        dicompix.open_image(examples.get_path(example)).to_pil().save(folder / f"{name}.png")
    with dicompix.open_image(examples.get_path("ybr_color")) as cine:
        cine.montage(range(0, 30, 5), columns=6).save(folder / "cine.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
