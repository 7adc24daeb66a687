"""One picture for each window of a file, and for three of our own."""

from pathlib import Path

from pydicom import examples

import dicompix

PRESETS = {"lung": (-600, 1500), "soft tissue": (40, 400), "bone": (300, 1500)}

with dicompix.open_image(examples.get_path("ct")) as image:
    windows = image.dataset.get("WindowCenter")
    count = 0 if windows is None else getattr(windows, "VM", 1)
    for number in range(count):
        image.save(f"window-{number}.png", voi=number)
    for name, center_and_width in PRESETS.items():
        image.save(f"{name}.png", voi=center_and_width)
        print(f"{name}: mean gray level {image.display(voi=center_and_width).mean():.0f}")
print(len(list(Path().glob("*.png"))), "pictures")
