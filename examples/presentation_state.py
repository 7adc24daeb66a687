"""Show an image as a grayscale softcopy presentation state says: its window, its inversion, its display shutter."""

import numpy as np
from PIL import Image
from pydicom import examples
from pydicom.dataset import Dataset

import dicompix

ds = dicompix.dcmread(examples.get_path("mr"))

state = Dataset()  # read yours with pydicom.dcmread
state.WindowCenter, state.WindowWidth, state.PresentationLUTShape = 500, 900, "INVERSE"
state.ShutterShape, state.CenterOfCircularShutter, state.RadiusOfCircularShutter = "CIRCULAR", [32, 32], 28
state.ShutterPresentationValue = 0

for keyword in ("WindowCenter", "WindowWidth", "PresentationLUTShape", "ShutterShape", "CenterOfCircularShutter"):
    setattr(ds, keyword, state.get(keyword))
ds.RadiusOfCircularShutter = state.RadiusOfCircularShutter

image = ds.pixels
picture = np.where(image.shutter(), image.display(0), 0).astype(np.uint8)
Image.fromarray(picture).save("presented.png")
print(image.explain(0))
