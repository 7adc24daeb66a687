"""A thumbnail of each tile of a multi-frame image, on one sheet: of a whole-slide image, the slide."""

from math import ceil

from PIL import Image
from pydicom import examples

import dicompix

SIZE = 64

with dicompix.open_image(examples.get_path("ybr_color")) as image:
    across = image.dataset.get("TotalPixelMatrixColumns")
    columns = ceil(across / image.dataset.Columns) if across else 6
    sheet = Image.new("RGB", (columns * SIZE, ceil(len(image) / columns) * SIZE))
    for number in range(len(image)):
        tile = Image.fromarray(image.thumbnail(number, size=SIZE))
        sheet.paste(tile, (number % columns * SIZE, number // columns * SIZE))
sheet.save("slide.png")
print("slide.png:", sheet.size)
