"""The documentation's pictures, made by its build: python pictures.py FOLDER."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import examples

import dicompix
from dicompix.pixels import apply_color_lut

WINDOWS = {"full": 0, "bone": (300, 1500), "soft": (40, 400)}
SIDE = (256, 256)


def main(folder: Path) -> None:
    """Write every picture that a page shows."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, voi in WINDOWS.items():
        dicompix.open_image(examples.get_path("ct")).to_pil(voi=voi).resize(SIDE).save(folder / f"ct-{name}.png")
    for name, example in {"palette": "palette_color", "rgb": "rgb_color", "ybr": "ybr_color"}.items():
        dicompix.open_image(examples.get_path(example)).to_pil().save(folder / f"{name}.png")
    with dicompix.open_image(examples.get_path("ybr_color")) as cine:
        cine.montage(range(0, 30, 5), columns=6).save(folder / "cine.png")
    mistakes(folder)
    colours(folder)


def mistakes(folder: Path) -> None:
    """Write what goes wrong: YBR taken for RGB, and stored values scaled by their own extremes."""
    with dicompix.open_image(examples.get_path("ybr_color"), raw=True) as raw:
        Image.fromarray(raw[0]).save(folder / "ybr-as-rgb.png")
    stored = dicompix.open_image(examples.get_path("ct"))[0].astype(float)
    stored[0, 0] = 12000  # one bright pixel
    scaled = (stored - stored.min()) / (stored.max() - stored.min()) * 255
    Image.fromarray(scaled.astype(np.uint8)).resize(SIDE).save(folder / "dark.png")


def colours(folder: Path) -> None:
    """Write a gray image with and without a palette, and an overlay."""
    gray = dicompix.open_image(examples.get_path("mr")).display(0)
    for name, picture in {"mr": gray, "mr-hot": apply_color_lut(gray, palette="HOT_IRON")}.items():
        Image.fromarray(picture).resize(SIDE).save(folder / f"{name}.png")
    overlay = dicompix.open_image(examples.get_path("overlay"))
    Image.fromarray(overlay.display(0, overlays=True)).save(folder / "overlay.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
