"""An ultrasound cine as an animated GIF at its own pace, and as MP4 where PyAV is installed."""

from fractions import Fraction
from importlib.util import find_spec
from itertools import pairwise

from pydicom import examples

import dicompix


def rate_of(ds):
    """Return frames a second, as the file recommends or as they were taken (PS3.3 C.7.6.5)."""
    return float(ds.get("RecommendedDisplayFrameRate") or ds.get("CineRate") or 1000 / ds.FrameTime)


def write_mp4(pictures, rate):
    """Write H.264 that browsers play: pip install "dicompix[video]"."""
    import av  # noqa: PLC0415

    with av.open("cine.mp4", "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = *pictures[0].size, "yuv420p"
        for picture in pictures:
            film.mux(stream.encode(av.VideoFrame.from_image(picture)))
        film.mux(stream.encode())


with dicompix.open_image(examples.get_path("ybr_color")) as image:
    rate = rate_of(image.dataset)
    pictures = [image.to_pil(number) for number in range(len(image))]
small = [picture.resize((160, 120)) for picture in pictures]  # GIF packs poorly
ends = [round(100 * number / rate) for number in range(len(image) + 1)]  # and counts hundredths of a second
steps = [10 * (end - start) for start, end in pairwise(ends)]
small[0].save("cine.gif", save_all=True, append_images=small[1:], duration=steps, loop=0)
if find_spec("av"):
    write_mp4(pictures, rate)
print(f"{len(pictures)} frames, {rate:.0f} a second, {sum(steps) / 1000} s")
