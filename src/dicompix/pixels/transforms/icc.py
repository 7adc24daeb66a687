"""Device colours -> a standard colour space by an ICC profile (PS3.3 C.11.15), with Pillow's LittleCMS."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms.base import Array, Transform

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

# Rendering intents of ISO 15076-1, section 7.2.15.
INTENTS = {0: "perceptual", 1: "media-relative colorimetric", 2: "saturation", 3: "ICC-absolute colorimetric"}


@dataclass(frozen=True, slots=True, repr=False)
class IccTransform(Transform):
    """RGB by the image's own profile -> RGB of the `output` space: "sRGB", or another profile's bytes.

    `intent` is a key of `INTENTS`, 0 included; None leaves the choice to the profile.
    """

    profile: bytes
    intent: int | None = None
    output: str | bytes = "sRGB"

    def __post_init__(self) -> None:
        """Read the profiles now, so that a broken one is refused here."""
        if self.intent is not None and self.intent not in INTENTS:
            raise TransformError(f"Invalid 'intent' value '{self.intent}', must be 0, 1, 2 or 3")
        _build(self.profile, self.intent, self.output)

    @property
    def elementwise(self) -> bool:
        """Say no: a colour has three samples."""
        return False

    def __call__(self, values: Array) -> Array:
        """Return (..., 3) uint8 in the output space."""
        from PIL import Image  # noqa: PLC0415 - a picture library is loaded by those who need it

        if values.dtype != np.uint8 or values.ndim < 2 or values.shape[-1] != 3:
            raise TransformError(
                f"an ICC profile is applied to uint8 of shape (..., 3), found {values.dtype} of shape {values.shape}"
            )
        if values.size == 0:
            return values.copy()
        pixels = Image.fromarray(np.ascontiguousarray(values).reshape(-1, values.shape[-2], 3))
        converted = _build(self.profile, self.intent, self.output).apply(pixels)
        return np.array(converted).reshape(values.shape)

    def __repr__(self) -> str:
        """Say the profile's size, not its bytes."""
        space = self.output if isinstance(self.output, str) else f"a profile of {len(self.output)} bytes"
        intent = "the profile's intent" if self.intent is None else INTENTS[self.intent]
        return f"IccTransform({len(self.profile)} bytes to {space}, {intent})"


@lru_cache(maxsize=16)
def _build(profile: bytes, intent: int | None, output: str | bytes) -> "ImageCmsTransform":
    from PIL import ImageCms  # noqa: PLC0415 - a picture library is loaded by those who need it

    if isinstance(output, str) and output.upper() != "SRGB":
        raise TransformError(f"the output colour space is '{output}', needed sRGB or the bytes of an ICC profile")
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.ImageCmsProfile(
            ImageCms.createProfile("sRGB") if isinstance(output, str) else BytesIO(output)
        )
        used = ImageCms.getDefaultIntent(source) if intent is None else intent
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB", ImageCms.Intent(used))
    except (OSError, ImageCms.PyCMSError) as error:
        raise TransformError(f"the ICC Profile (0028,2000) of {len(profile)} bytes cannot be used: {error}") from error
    if not isinstance(transform, ImageCms.ImageCmsTransform):
        raise TransformError(f"Pillow made a {type(transform).__name__} of the ICC profile")
    return transform
