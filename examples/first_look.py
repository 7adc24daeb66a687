"""Decode a file, look at its values in all three value spaces, and save its picture."""

from pydicom.data import get_testdata_file

import dicompix

path = get_testdata_file("CT_small.dcm", download=False)
with dicompix.open_image(path) as image:
    print(image)
    print("stored ", image[0].dtype, image[0].min(), image[0].max())
    hounsfield = image.modality(0)
    print("modality", hounsfield.dtype, hounsfield.min(), hounsfield.max())
    picture = image.display(0, voi=(40, 400))
    print("display", picture.dtype, picture.shape)
    print(image.explain(0, voi=(40, 400)))
    image.save("ct.png", voi=(40, 400))
