"""A multi-frame file as an animated GIF, and as MP4 where imageio-ffmpeg is installed."""

from importlib.util import find_spec

from pydicom import examples

import dicompix

with dicompix.open_image(examples.get_path("ybr_color")) as image:
    milliseconds = float(image.dataset.get("FrameTime", 40))
    pictures = [image.to_pil(i) for i in range(len(image))]
    pictures[0].save("cine.gif", save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)
    if find_spec("imageio_ffmpeg"):
        from imageio_ffmpeg import write_frames

        writer = write_frames("cine.mp4", pictures[0].size, fps=1000 / milliseconds)
        writer.send(None)
        for picture in pictures:
            writer.send(picture.tobytes())
        writer.close()
print(f"{len(pictures)} frames, {1000 / milliseconds:.0f} a second")
