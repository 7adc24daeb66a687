import ast
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageCms

from dicompix.pixels.errors import TransformError
from dicompix.pixels.transforms import IccTransform, icc


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def linear() -> bytes:
    """A matrix profile with sRGB's primaries and a tone curve of gamma 1, by editing sRGB's curves (ICC.1 10.18)."""
    profile = bytearray(srgb())
    tags = int.from_bytes(profile[128:132], "big")
    for i in range(tags):
        entry = profile[132 + 12 * i : 144 + 12 * i]
        if bytes(entry[:4]) in {b"rTRC", b"gTRC", b"bTRC"}:
            offset = int.from_bytes(entry[4:8], "big")
            # parametric curve of type 0: Y = X ** g, with g = 1.0 as s15Fixed16
            profile[offset : offset + 16] = b"para" + bytes(8) + bytes([0, 1, 0, 0])
    return bytes(profile)


def test_srgb_to_srgb_changes_next_to_nothing() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8)
    before = colours.copy()
    result = IccTransform(srgb())(colours)
    assert result.shape == colours.shape
    assert result.dtype == np.uint8
    assert np.abs(result.astype(int) - colours).max() <= 1
    assert np.array_equal(colours, before)
    assert not np.shares_memory(result, colours)


def test_linear_light_is_encoded_by_the_srgb_curve() -> None:
    # IEC 61966-2-1: 1.055 * x ** (1 / 2.4) - 0.055
    levels = np.array([10, 64, 128, 255], np.uint8)
    encoded = 255 * (1.055 * (levels / 255) ** (1 / 2.4) - 0.055)
    result = IccTransform(linear(), intent=1)(np.stack([levels] * 3, axis=-1)[np.newaxis])
    assert np.abs(result[0] - encoded[:, np.newaxis]).max() <= 1.5


def test_views_and_rows_of_any_shape() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    transform = IccTransform(linear())
    whole = transform(colours)
    assert np.array_equal(transform(colours[::2, ::-1]), whole[::2, ::-1])
    assert np.array_equal(transform(colours[0]), whole[0])
    assert transform(colours[:0]).shape == (0, 8, 3)


def test_another_profile_as_output() -> None:
    colours = np.full((1, 1, 3), 200, np.uint8)
    there = IccTransform(srgb(), output=linear())(colours)
    back = IccTransform(linear())(there)
    assert there[0, 0, 0] < 180
    assert np.abs(back.astype(int) - colours).max() <= 1


@pytest.mark.parametrize(
    ("profile", "intent", "output"),
    [(b"", None, "sRGB"), (b"nonsense", None, "sRGB"), (srgb(), 4, "sRGB"), (srgb(), 0, "ADOBERGB"), (srgb(), 0, b"")],
)
def test_what_cannot_be_used(profile: bytes, intent: int | None, output: str | bytes) -> None:
    with pytest.raises(TransformError):
        IccTransform(profile, intent, output)


@pytest.mark.parametrize("colours", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint16), np.zeros(3, np.uint8)])
def test_colours_that_are_none(colours: np.ndarray) -> None:
    with pytest.raises(TransformError, match="found"):
        IccTransform(srgb())(colours)


def test_not_elementwise_and_says_what_it_is() -> None:
    transform = IccTransform(srgb(), intent=0)
    assert not transform.elementwise
    assert repr(transform) == f"IccTransform({len(srgb())} bytes to sRGB, perceptual)"


def test_no_module_needs_pillow_before_its_first_use() -> None:
    # pydicom loads Pillow itself: only the sources can tell
    for source in Path(icc.__file__).parent.glob("*.py"):
        at_import = [
            node for node in ast.parse(source.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not [node for node in at_import if "PIL" in ast.unparse(node)]
