"""Frames of one image -> files: pictures one a frame, an array of all, a film; WRITERS by format."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as pillow  # noqa: N813

from dicompix.cli.exporting.frame import frame_of
from dicompix.cli.exporting.order import Order
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import TransformError
from dicompix.pixels.image import Image
from dicompix.pixels.image.library import library
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.read.groups import numbers_of
from dicompix.pixels.transforms.pipeline import exact

Writer = Callable[[Image, Sequence[int], Path, Order], None]
_SETTINGS: dict[str, dict[str, Any]] = {"jpeg": {"quality": 95, "subsampling": 0}}
USUAL_RATE = 10.0  # frames a second where the file says nothing


def write_picture(image: Image, frames: Sequence[int], target: Path, order: Order) -> None:
    """Write one frame as a picture; exact values as they are, in 16 bits, or in 8 where they fit."""
    (number,) = frames
    if order.values == "display":
        pillow.fromarray(frame_of(image, number, order)).save(target, **_SETTINGS.get(order.format, {}))
        return
    try:
        if order.bits == 16:
            image.save(target, frame=number, values=order.values)
        else:
            pillow.fromarray(exact(frame_of(image, number, order), np.dtype(np.uint8))).save(target)
    except TransformError as problem:
        raise TransformError(f"{problem}; --format npy holds any, and tiff with --bits 16") from problem


def write_array(image: Image, frames: Sequence[int], target: Path, order: Order) -> None:
    """Write frames as one NumPy array (frames, rows, columns[, samples]), straight into the file."""
    first = frame_of(image, frames[0], order)
    array = np.lib.format.open_memmap(target, "w+", first.dtype, (len(frames), *first.shape))
    array[0] = first

    def job(place: int) -> None:
        array[place + 1] = frame_of(image, frames[place + 1], order)

    in_parallel(job, len(frames) - 1, order.workers or usable_cores())
    array.flush()


def rate_of(image: Image, order: Order) -> float:
    """Return frames a second: the order's, or what the file says (PS3.3 C.7.6.5, C.8.24.3.2.1)."""
    if order.fps:
        return order.fps
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        if (found := numbers_of(image.dataset, keyword)) and found[0] > 0:
            return found[0]
    milliseconds = numbers_of(image.dataset, "FrameTime")
    return 1000 / milliseconds[0] if milliseconds and milliseconds[0] > 0 else USUAL_RATE


def write_gif(image: Image, frames: Sequence[int], target: Path, order: Order) -> None:
    """Write frames as an animated GIF that repeats; colours are reduced to 256."""
    pictures = (image.to_pil(number, voi=order.voi) for number in frames)
    # A GIF counts hundredths of a second: each frame ends at the one nearest to its time.
    ends = [round(number * 100 / rate_of(image, order)) for number in range(len(frames) + 1)]
    durations = [10 * max(1, end - start) for start, end in pairwise(ends)]
    next(pictures).save(target, save_all=True, append_images=pictures, duration=durations, loop=0)


def write_mp4(image: Image, frames: Sequence[int], target: Path, order: Order) -> None:
    """Write frames as an H.264 film for browsers: lossy, half the chrominance, sides of even length."""
    video = library(*_LIBRARIES["mp4"])
    films = (_even(image.display(number, voi=order.voi)) for number in frames)
    first = next(films)
    with video.open(str(target), "w", format="mp4") as file:
        rate = Fraction(rate_of(image, order)).limit_denominator(1000)
        stream = file.add_stream("libx264", rate=rate, options={"crf": "18"})
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"
        pictures = (video.VideoFrame.from_ndarray(one, format="rgb24") for one in chain([first], films))
        for picture in chain(pictures, [None]):  # None asks for what is left
            file.mux(stream.encode(picture))


def _even(picture: Stored) -> Stored:
    """Return an RGB picture of even sides, its last row or column repeated where they are odd."""
    rows, columns = picture.shape[:2]
    color = np.repeat(picture[..., np.newaxis], 3, axis=2) if picture.ndim == 2 else picture
    return np.ascontiguousarray(np.pad(color, ((0, rows % 2), (0, columns % 2), (0, 0)), "edge"))


_LIBRARIES = {"mp4": ("av", "video"), "nifti": ("nibabel", "volumes")}  # and the extra of dicompix that brings each
WRITERS: dict[str, Writer] = {
    "png": write_picture,
    "jpeg": write_picture,
    "tiff": write_picture,
    "npy": write_array,
    "gif": write_gif,
    "mp4": write_mp4,
}
ONE_A_FRAME = {name for name, writer in WRITERS.items() if writer is write_picture}


def check_library(format_name: str) -> None:
    """Raise now for a format whose library is not there."""
    if format_name in _LIBRARIES:
        library(*_LIBRARIES[format_name])


def pieces_of(stem: Path, image: Image, frames: Sequence[int], order: Order) -> Iterator[tuple[Path, list[int]]]:
    """Yield each file to write with its frames: pictures of a multi-frame image are numbered by frame."""
    suffix, digits = order.kind.suffix, max(4, len(str(len(image) - 1)))
    if order.format not in ONE_A_FRAME:
        yield stem.with_name(stem.name + suffix), list(frames)
    elif len(image) == 1:
        yield stem.with_name(stem.name + suffix), [0]
    else:
        yield from ((stem.with_name(f"{stem.name}.{number:0{digits}d}{suffix}"), [number]) for number in frames)
