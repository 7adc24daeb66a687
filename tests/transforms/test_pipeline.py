from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dicompix.pixels.errors import TransformError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.transforms import (
    BlockwisePipeline,
    CompiledPipeline,
    Lut,
    PaintPadding,
    Palette,
    Pipeline,
    PixelPadding,
    PresentationLut,
    Rescale,
    ToDisplay,
    Transform,
    WholePipeline,
    Window,
    YbrToRgb,
)


def format_of(bits: int, *, signed: bool, allocated: int = 0, floating: bool = False) -> PixelFormat:
    allocated = allocated or (8 if bits <= 8 else 16)
    return PixelFormat(rows=1, columns=1, bits_allocated=allocated, bits_stored=bits, signed=signed, floating=floating)


def every_value(fmt: PixelFormat) -> NDArray[Any]:
    low, high = fmt.value_range
    return np.arange(low, high + 1).astype(fmt.dtype)


modality = st.builds(Rescale, st.floats(0.1, 4).map(lambda m: round(m, 3)), st.integers(-1024, 1024)) | st.builds(
    lambda entries, first: Lut(np.array(entries), first, 16),
    st.lists(st.integers(0, 65535), min_size=1, max_size=50),
    st.integers(-100, 100),
)
windows = st.builds(
    Window,
    st.integers(-500, 2000),
    st.integers(1, 4000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
shapes = st.builds(PresentationLut, st.sampled_from(["IDENTITY", "INVERSE"]))
chains = st.builds(lambda *steps: Pipeline(steps).to_display(), modality, windows, shapes)


@settings(max_examples=60)
@given(chain=chains, bits=st.integers(1, 16), signed=st.booleans(), padding=st.none() | st.integers(-5, 5))
def test_compiling_changes_nothing(*, chain: Pipeline, bits: int, signed: bool, padding: int | None) -> None:
    if padding is not None:
        chain = Pipeline((PaintPadding(PixelPadding(padding), chain, 7),))
    fmt = format_of(bits, signed=signed)
    stored = np.random.default_rng(bits).permutation(every_value(fmt))
    compiled = chain.compile(fmt)
    assert isinstance(compiled, CompiledPipeline)
    result = compiled(stored)
    assert result.dtype == np.uint8
    assert np.array_equal(result, chain(stored))


@given(chain=chains, bits=st.integers(1, 16), signed=st.booleans())
def test_values_outside_bits_stored_take_the_nearest_result(*, chain: Pipeline, bits: int, signed: bool) -> None:
    fmt = format_of(bits, signed=signed, allocated=16)
    container = np.arange(65536, dtype=np.uint16).view(fmt.dtype)
    assert np.array_equal(chain.compile(fmt)(container), chain(container.clip(*fmt.value_range)))


@pytest.mark.parametrize(("size", "signed"), [(0, False), (1, True), (65_536, True), (65_537, False), (200_001, True)])
def test_blocks_leave_no_seam(*, size: int, signed: bool) -> None:
    fmt = format_of(16, signed=signed)
    stored = np.random.default_rng(size).integers(*fmt.value_range, size, fmt.dtype, endpoint=True)
    chain = Pipeline((Rescale(0.5, 3),))
    assert np.array_equal(chain.compile(fmt)(stored), chain(stored))


def test_views_other_types_and_byte_orders() -> None:
    fmt = format_of(16, signed=True)
    stored = np.arange(-3000, 3000, dtype=np.int16).reshape(60, 100)
    chain = Pipeline((Rescale(2, 1),))
    compiled = chain.compile(fmt)
    for view in (stored[::-2, 3::7], stored.T, stored.astype(">i2"), stored.astype(np.int64), stored.astype(np.uint16)):
        before = view.copy()
        assert np.array_equal(compiled(view), chain(view))
        assert np.array_equal(view, before)


@pytest.mark.parametrize(
    "stored",
    [
        np.array([-(2**31), -1, 0, 5, 2**31 - 1], np.int32),
        np.random.default_rng(0).integers(0, 2**32, 70_000, np.uint32),
        np.linspace(-3, 3, 150_001, dtype=np.float32).reshape(-1, 1),
    ],
    ids=["int32", "uint32", "float32"],
)
def test_wide_samples_are_evaluated_in_blocks(stored: NDArray[Any]) -> None:
    fmt = format_of(32, signed=stored.dtype.kind == "i", allocated=32, floating=stored.dtype.kind == "f")
    chain = Pipeline((Rescale(0.5, 1), Window(0, 100))).to_display()
    compiled = chain.compile(fmt)
    assert isinstance(compiled, BlockwisePipeline)
    assert np.array_equal(compiled(stored), chain(stored))
    out = np.empty(stored.shape, np.uint8)
    assert compiled(stored, out=out) is out
    assert np.array_equal(out, chain(stored))


def test_a_palette_compiles_to_colours() -> None:
    ramps = [Lut(np.roll(np.arange(256), shift), shift, 8) for shift in (0, 10, -20)]
    chain = Pipeline((Palette(*ramps),))
    fmt = format_of(8, signed=False)
    stored = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert chain.compile(fmt)(stored).shape == (16, 16, 3)
    assert np.array_equal(chain.compile(fmt)(stored), chain(stored))
    wide = format_of(32, signed=False, allocated=32)
    assert np.array_equal(chain.compile(wide)(stored.astype(np.uint32)), chain(stored))


def test_colour_conversion_is_not_compiled() -> None:
    chain = Pipeline((YbrToRgb("YBR_FULL"),))
    compiled = chain.compile(format_of(8, signed=False))
    pixels = np.array([[76, 85, 255]], np.uint8)
    assert isinstance(compiled, WholePipeline)
    assert not chain.elementwise
    assert compiled(pixels).tolist() == [[254, 0, 0]]
    out = np.empty_like(pixels)
    assert compiled(pixels, out=out) is out
    assert out.tolist() == [[254, 0, 0]]


def test_dtype_is_the_one_asked_for() -> None:
    fmt = format_of(12, signed=False)
    stored = every_value(fmt)
    chain = Pipeline((Rescale(1, -1024),))
    assert chain.compile(fmt)(stored).dtype == np.float64
    for dtype in (np.float32, np.int16):
        result = chain.compile(fmt, dtype)(stored)
        assert result.dtype == dtype
        assert np.array_equal(result, stored.astype(int) - 1024)


@pytest.mark.parametrize(("slope", "dtype"), [(0.5, np.int16), (16, np.int16), (-1, np.uint16)])
def test_an_integer_type_has_to_be_exact(slope: float, dtype: type) -> None:
    chain = Pipeline((Rescale(slope, 0),))
    with pytest.raises(TransformError, match="do not all fit"):
        chain.compile(format_of(12, signed=False), dtype)
    wide = chain.compile(format_of(32, signed=False, allocated=32), dtype)
    with pytest.raises(TransformError, match="do not all fit"):
        wide(np.array([4095], np.uint32))


def test_out_is_filled_or_refused() -> None:
    compiled = Pipeline((Rescale(1, 0),)).to_display().compile(format_of(8, signed=False))
    stored, out = np.array([[0, 1, 2]], np.uint8), np.empty((1, 3), np.uint8)
    assert compiled(stored, out=out) is out
    assert out.tolist() == [[0, 255, 255]]
    with pytest.raises(TransformError, match="needed C-contiguous"):
        compiled(stored, out=np.empty((3, 1), np.uint8))


def test_no_steps_give_a_copy() -> None:
    stored = np.array([1, 2], np.int16)
    result = Pipeline()(stored)
    assert result is not stored
    assert result.tolist() == [1, 2]
    assert str(Pipeline()) == "no steps"


def test_one_line_per_step() -> None:
    chain = Pipeline((Lut(np.array([1, 2]), 0, 8),)).then(PresentationLut("INVERSE"))
    assert str(chain.to_display()).splitlines() == [
        "1. Lut(2 entries of 8 bits, first value mapped 0)",
        "2. PresentationLut(shape='INVERSE', lut=None, input_range=(0.0, 1.0))",
        "3. ToDisplay()",
    ]


def test_equal_chains_are_equal_keys() -> None:
    one, same = (Pipeline((Lut(np.array([1, 2]), 0, 8), Window(1, 2), ToDisplay())) for _ in range(2))
    assert {one: 1}[same] == 1
    assert one != Pipeline((Window(1, 2),))


def test_a_step_without_a_call_is_no_transform() -> None:
    class Nothing(Transform):
        pass

    with pytest.raises(TypeError):
        Nothing()  # type: ignore[abstract]


@pytest.mark.parametrize("size", [(1 << 16) - 1, 1 << 16, (1 << 16) + 1])
def test_colours_looked_up_by_twos_are_those_looked_up_one_by_one(size: int) -> None:
    rng = np.random.default_rng(4)
    red, green, blue = (Lut(rng.integers(0, 256, 256), 0, 8) for _ in range(3))
    stored = rng.integers(0, 256, size).astype(np.uint8)
    palette = Palette(red, green, blue)
    result = Pipeline((palette,)).compile(format_of(8, signed=False))(stored)
    assert np.array_equal(result, np.stack([lut.table[stored] for lut in palette.channels], axis=-1))


def test_what_cannot_be_tabulated_is_evaluated() -> None:
    chain, fmt = Pipeline((Rescale(1, -1024),)), format_of(16, signed=True)
    ready = chain.ready(fmt, np.int16)
    assert ready(np.array([1024], np.int16)).tolist() == [0]
    with pytest.raises(TransformError, match="do not all fit"):
        ready(np.array([-32768], np.int16))
    assert ready(np.empty((0, 3), np.int16)).dtype == np.int16


@pytest.mark.parametrize(("kind", "signalling"), [("f4", 0x7F800001), ("f8", 0x7FF0000000000001)])
@pytest.mark.parametrize(
    "step", [Rescale(2, 3), Window(10, 5), Window(10, 5, "SIGMOID"), Lut(np.arange(4, dtype=np.uint8), 0, 8)]
)
def test_signalling_nan_and_too_large_values_are_no_warning(kind: str, signalling: int, step: Transform) -> None:
    values = np.full(3, np.finfo(kind).max, kind)
    values.view(f"u{values.itemsize}")[0] = signalling
    quiet = values.copy()
    quiet[0] = np.nan
    for steps in (Pipeline((step,)), Pipeline((step,)).to_display()):
        np.testing.assert_array_equal(steps(values), steps(quiet))
        assert steps(values)[1] == steps(values)[2]
