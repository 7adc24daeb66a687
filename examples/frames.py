"""Work through a multi-frame file: one frame, a slice, a stream, a montage."""

from pydicom.data import get_testdata_file

import dicompix

path = get_testdata_file("examples_ybr_color.dcm", download=False)
with dicompix.open_image(path) as image:
    print(len(image), "frames of", image.shape[1:], image.format.photometric)
    print("frame 17:", image[17].mean().round(1))
    print("frames 10 to 19:", image[10:20].shape)
    print("brightest:", max(range(len(image)), key=lambda i: image[i].sum()))
    print("all at once:", image.stored(workers=2).shape)
    print("encoded bytes of frame 0:", len(image.encoded(0)))
    image.montage(range(0, len(image), 5), columns=3).save("montage.png")
