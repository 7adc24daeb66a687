"""One frame -> the array that is exported: display values of 8 or 16 bits, modality values, stored values."""

import numpy as np

from dicompix.cli.exporting.order import Order
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import TransformError
from dicompix.pixels.image import Image
from dicompix.pixels.image.choice import Voi
from dicompix.pixels.transforms.padding import PaintPadding
from dicompix.pixels.transforms.pipeline import Pipeline
from dicompix.pixels.transforms.presentation import ToDisplay

DEEP = 65535  # the greatest value of a picture of 16 bits


def frame_of(image: Image, number: int, order: Order) -> Stored:
    """Return a frame as the order wants its values: physical ones are 32-bit floats."""
    if order.values == "stored":
        return image[number]
    if order.values == "modality":
        return image.modality(number, dtype=np.float32)
    return deep_display(image, number, order.voi) if order.bits == 16 else image.display(number, voi=order.voi)


def deep_display(image: Image, number: int, voi: Voi) -> Stored:
    """Return the picture of a gray frame in 16 bits, floor(65535 p + 0.5) of the P-values p (PS3.3 C.11.6)."""
    stored = image.frame(number).array
    steps = [step.transform for step in image.explain(number, voi=voi).steps if step.applied]
    last = next((place for place, step in enumerate(steps) if isinstance(step, ToDisplay)), None)
    extra = [] if last is None else [step for step in steps[last + 1 :] if not isinstance(step, PaintPadding)]
    if stored.ndim != 2 or last is None or extra:
        raise TransformError("a picture of 16 bits is of gray values: this one is in colour")
    p = Pipeline(tuple(steps[:last]))(stored)
    p = np.fmin(np.fmax(p, 0, dtype=np.float64), 1)
    picture: Stored = np.floor(p * DEEP + 0.5).astype(np.uint16)
    for paint in steps[last + 1 :]:
        if isinstance(paint, PaintPadding):
            picture[paint.padding.mask(stored)] = 0
    return picture
