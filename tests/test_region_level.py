"""Frames in part: regions of every syntax, lower resolutions by a wavelet and block means of our own, thumbnails."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

import dicompix
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import reduced
from dicompix.pixels.codecs.base import DecodeRequest, Frame, Stored
from dicompix.pixels.errors import CodecError, FrameError, TransformError, UnsupportedError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer, BufferSource
from dicompix.pixels.image.part import REDUCING, as_slice, extent
from dicompix.pixels.testing import CodecCase, make_format
from support.arrays import gray, smooth
from support.builders import data_set, file_of
from support.cases import CASES
from support.packing import encapsulate

Make = Callable[..., Dataset]

pytestmark = pytest.mark.filterwarnings("ignore:Expected explicit VR")  # pydicom, of Papyrus 3


def native_bytes(case: CodecCase, count: int) -> bytes:
    size = case.fmt.frame_bits if case.fmt.bits_allocated in {1, 12} else 8 * len(case.data)
    bits = np.unpackbits(np.frombuffer(case.data, np.uint8), bitorder="little")[:size]
    return np.packbits(np.tile(bits, count), bitorder="little").tobytes()


def image_of(case: CodecCase, count: int = 2) -> dicompix.Image:
    fmt = replace(case.fmt, frames=count)
    coded = s.syntax_for(fmt.transfer_syntax).encapsulated
    pixels = encapsulate([[case.data]] * count) if coded else native_bytes(case, count)
    return dicompix.open_image(file_of(data_set(fmt, pixels, encapsulated=coded)), raw=True)


# Regions

REGIONS: dict[str, tuple[slice, slice]] = {
    "inside": (slice(2, 5), slice(1, 4)),
    "rows": (slice(1, 3), slice(None)),
    "columns": (slice(None), slice(2, None)),
    "one pixel": (slice(0, 1), slice(-1, None)),
    "all": (slice(None), slice(None)),
    "steps": (slice(None, None, 2), slice(1, None, 3)),
    "backwards": (slice(None, None, -1), slice(None, None, -2)),
    "from the end": (slice(-3, -1), slice(-4, None)),
    "beyond": (slice(1, 999), slice(0, 999)),
}


@pytest.mark.parametrize("uid", CASES, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
@pytest.mark.filterwarnings("ignore:lossless-prediction")  # noise takes 17 bits to predict
def test_a_region_is_that_part_of_the_frame(uid: str) -> None:
    for case in CASES[uid]:
        image = image_of(case)
        whole = image.frame(1)
        for name, region in REGIONS.items():
            expected = whole.array[region]
            if not expected.size:
                continue
            part = image.frame(1, region=region)
            assert part.array.dtype == whole.array.dtype
            assert part.photometric == whole.photometric
            np.testing.assert_array_equal(part.array, expected, f"{case.name} {name}")


class Counted(BufferSource):
    """A source that says which bytes were read."""

    __slots__ = ("spans",)

    def __init__(self, buffer: Buffer) -> None:
        super().__init__(buffer)
        self.spans: list[tuple[int, int]] = []

    def read(self, start: int, stop: int) -> Buffer:
        self.spans.append((start, stop))
        return super().read(start, stop)


LAYOUTS = {  # rows 10 to 13 of frame 2 -> the bytes that hold them
    "gray": ({}, (100, 60), [(2 * 6000 + 600, 2 * 6000 + 780)]),
    "12 bit": ({"bits_allocated": 16, "bits_stored": 12}, (100, 60), [(24000 + 1200, 24000 + 1560)]),
    "packed 12 bit": ({"bits_allocated": 12, "bits_stored": 12}, (100, 60), [(18000 + 900, 18000 + 1170)]),
    "packed bits": ({"bits_allocated": 1, "bits_stored": 1}, (100, 64), [(1600 + 80, 1600 + 104)]),
    "rgb": ({"samples": 3, "photometric": Photometric.RGB}, (100, 60), [(36000 + 1800, 36000 + 2340)]),
    "planes": (
        {"samples": 3, "photometric": Photometric.RGB, "planar": 1},
        (100, 60),
        [(36000 + plane + 600, 36000 + plane + 780) for plane in (0, 6000, 12000)],
    ),
    "4:2:2": ({"samples": 3, "photometric": Photometric.YBR_FULL_422}, (100, 60), [(24000 + 1200, 24000 + 1560)]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_the_rows_needed_of_a_native_frame_are_read(layout: str) -> None:
    described, (rows, columns), expected = LAYOUTS[layout]
    fmt = PixelFormat(rows=rows, columns=columns, frames=3, **described)  # type: ignore[arg-type]
    pixels = np.random.default_rng(5).bytes(-(-fmt.frame_bits * 3 // 8))
    image = dicompix.Image(data_set(fmt, pixels))
    whole = image[2]
    source = Counted(pixels)
    image._index.source = source
    part = image.frame(2, region=(slice(10, 13), slice(5, 9))).array
    assert source.spans == expected
    np.testing.assert_array_equal(part, whole[10:13, 5:9])


ODD: dict[str, dict[str, Any]] = {
    "bits that share bytes": {"bits_allocated": 1, "bits_stored": 1, "columns": 13},
    "odd 4:2:2": {"samples": 3, "photometric": Photometric.YBR_FULL_422, "columns": 13},
    "4:2:0": {"samples": 3, "photometric": Photometric.YBR_PARTIAL_420},
    "odd packed 12 bit": {"bits_allocated": 12, "bits_stored": 12, "columns": 13},
}


@pytest.mark.parametrize("odd", ODD)
def test_rows_that_are_no_whole_bytes_are_decoded_with_their_frame(odd: str) -> None:
    fmt = PixelFormat(**{"rows": 10, "columns": 12, "frames": 3, **ODD[odd]})
    image = dicompix.Image(data_set(fmt, np.random.default_rng(5).bytes(-(-fmt.frame_bits * 3 // 8))))
    for number in range(3):
        part = image.frame(number, region=(slice(3, 7), slice(2, 5))).array
        np.testing.assert_array_equal(part, image[number][3:7, 2:5])


def test_a_region_lets_go_of_the_rest() -> None:
    frame = gray(8, rows=64, columns=64)
    coded = [bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0))]
    fmt = make_format(frame.shape, 8, transfer_syntax=s.JPEG_2000_LOSSLESS)
    image = dicompix.Image(data_set(fmt, encapsulate([coded]), encapsulated=True))
    part = image.frame(0, region=(slice(4, 8), slice(None))).array
    assert part.base is None
    np.testing.assert_array_equal(part, frame[4:8])


WRONG: dict[str, Any] = {
    "number": 3,
    "one slice": (slice(0, 1),),
    "numbers": (1, 2),
    "list": [slice(0, 1), slice(0, 1)],
    "floats": (slice(0.5, 2), slice(0, 1)),
    "no step": (slice(0, 2, 0), slice(0, 1)),
    "no rows": (slice(4, 4), slice(None)),
    "outside": (slice(None), slice(99, 120)),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("uid", [s.EXPLICIT_LITTLE, s.RLE_LOSSLESS])
def test_what_is_no_region_gets_our_error(wrong: str, uid: str) -> None:
    image = image_of(next(case for case in CASES[uid] if case.fmt.bits_allocated == 8))
    with pytest.raises(FrameError, match="region"):
        image.frame(0, region=WRONG[wrong])


slices = st.builds(
    slice, st.none() | st.integers(-12, 12), st.none() | st.integers(-12, 12), st.sampled_from([None, 1, 2, -1, -3])
)


@given(slices, slices, st.integers(1, 9), st.integers(1, 9))
def test_the_extent_of_a_region_is_what_numpy_takes(down: slice, across: slice, rows: int, columns: int) -> None:
    frame = np.arange(rows * columns).reshape(rows, columns)
    expected = frame[down, across]
    if not expected.size:
        with pytest.raises(FrameError, match="no pixel"):
            extent((down, across), rows, columns)
        return
    wanted_rows, wanted_columns = extent((down, across), rows, columns)
    first = min(wanted_rows)
    part = frame[first : max(wanted_rows) + 1]
    np.testing.assert_array_equal(part[as_slice(wanted_rows, first), as_slice(wanted_columns)], expected)


# Levels: the 5-3 wavelet's low band, by the lifting steps of T.800 F.4.8.1


def low_band(values: Stored, axis: int) -> Stored:
    x = np.moveaxis(values, axis, 0)
    size = len(x)
    if size == 1:
        return values

    def at(index: Stored) -> Stored:  # symmetric extension
        index = np.abs(index) % (2 * (size - 1))
        result: Stored = x[np.where(index >= size, 2 * (size - 1) - index, index)]
        return result

    half = -(-size // 2)
    odd = np.arange(-1, half)
    high = at(2 * odd + 1) - (at(2 * odd) + at(2 * odd + 2)) // 2
    low = at(2 * np.arange(half)) + (high[:-1] + high[1:] + 2) // 4
    return np.moveaxis(low, 0, axis)


def expected_at(frame: Stored, fmt: PixelFormat, level: int) -> Stored:
    middle = 0 if fmt.signed else 1 << (fmt.bits_stored - 1)  # DC level shift (T.800 G.1)
    values = frame.astype(np.int64) - middle
    for _ in range(level):
        values = low_band(low_band(values, 0), 1)
    return np.clip(values + middle, *fmt.value_range).astype(fmt.dtype)


def edged(bits: int, *, signed: bool, rows: int, columns: int) -> Stored:
    """Return noise with black and white squares in it, which make the low bands swing beyond the range."""
    frame = gray(bits, rows=rows, columns=columns).astype(np.int64)
    squares = np.kron(np.random.default_rng(bits).integers(0, 2, (4, 5)), np.ones((4, 4), int))
    frame[:16, :20] = squares * ((1 << bits) - 1)
    frame -= (1 << (bits - 1)) if signed else 0
    return frame.astype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")


def high_throughput(frame: Stored, bits: int) -> bytes:
    """Return HTJ2K of `bits`: the encoder knows 8 and 16 only, so the precision in SIZ is put right afterwards."""
    width, signed = frame.dtype.itemsize * 8, frame.dtype.kind == "i"
    moved = 0 if signed else (1 << (width - 1)) - (1 << (bits - 1))  # the DC level shifts of both precisions
    stream = bytearray(imagecodecs.htj2k_encode((frame.astype(np.int64) + moved).astype(frame.dtype), reversible=True))
    assert stream[42] & 0x7F == width - 1  # Ssiz (T.800 A.5.1)
    stream[42] = (bits - 1) | (0x80 if signed else 0)
    return bytes(stream)


def jpeg_2000(frame: Stored, bits: int) -> bytes:
    options: dict[str, Any] = {"codecformat": "j2k", "bitspersample": bits, "reversible": True, "resolutions": 5}
    return bytes(imagecodecs.jpeg2k_encode(frame, level=0, **options))


CODINGS = {s.JPEG_2000_LOSSLESS: jpeg_2000, s.HTJ2K_LOSSLESS: high_throughput}


def wavelet_image(uid: str, frame: Stored, bits: int) -> dicompix.Image:
    fmt = make_format(frame.shape, bits, signed=frame.dtype.kind == "i", transfer_syntax=uid)
    return dicompix.Image(data_set(fmt, encapsulate([[CODINGS[uid](frame, bits)]]), encapsulated=True))


@pytest.mark.parametrize("uid", CODINGS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [5, 8, 10, 12, 15, 16])
@pytest.mark.parametrize("shape", [(64, 96), (37, 51)])
def test_lower_resolutions_of_wavelets(uid: str, shape: tuple[int, int], bits: int, signed: bool) -> None:  # noqa: FBT001
    frame = edged(bits, signed=signed, rows=shape[0], columns=shape[1])
    image = wavelet_image(uid, frame, bits)
    fmt = image.format
    assert image.levels() >= 2
    for level in range(min(image.levels(), 4) + 1):
        found = image.frame(0, level=level)
        assert found.array.dtype == fmt.dtype
        assert found.array.shape == (-(-shape[0] // 2**level), -(-shape[1] // 2**level))
        np.testing.assert_array_equal(found.array, expected_at(frame, fmt, level), f"level {level}")


@pytest.mark.parametrize("uid", CODINGS)
def test_low_bands_do_swing_beyond_the_range(uid: str) -> None:
    frame = edged(8, signed=False, rows=64, columns=96)
    low = low_band(low_band(frame.astype(np.int64) - 128, 0), 1) + 128
    assert low.min() < 0
    assert low.max() > 255
    image = wavelet_image(uid, frame, 8)
    level = image.frame(0, level=1).array
    assert (level.min(), level.max()) == (0, 255)


def test_a_region_of_a_level() -> None:
    image = wavelet_image(s.JPEG_2000_LOSSLESS, edged(12, signed=False, rows=64, columns=96), 12)
    level = image.frame(0, level=2).array
    np.testing.assert_array_equal(image.frame(0, level=2, region=(slice(3, 9), slice(-4, None))).array, level[3:9, -4:])


@pytest.mark.parametrize("uid", CODINGS)
def test_lower_resolutions_of_colour(uid: str) -> None:
    planes = [smooth(8, rows=64, columns=96), smooth(8, rows=64, columns=96)[::-1], gray(8, rows=64, columns=96)]
    frame = np.ascontiguousarray(np.stack(planes, axis=-1))
    encode: Any = imagecodecs.htj2k_encode if uid == s.HTJ2K_LOSSLESS else imagecodecs.jpeg2k_encode
    options = {"rgb": True} if uid == s.HTJ2K_LOSSLESS else {"codecformat": "j2k", "level": 0, "mct": True}
    coded = bytes(encode(frame, reversible=True, **options))
    fmt = make_format(frame.shape, 8, photometric=Photometric.YBR_RCT, transfer_syntax=uid)
    found = dicompix.Image(data_set(fmt, encapsulate([[coded]]), encapsulated=True)).frame(0, level=1)
    assert found.photometric == Photometric.RGB
    # the components are transformed before the wavelet (T.800 G.2): do the same by hand
    red, green, blue = (frame[..., i].astype(np.int64) - 128 for i in range(3))
    y, cb, cr = (low_band(low_band(p, 0), 1) for p in ((red + 2 * green + blue) // 4, blue - green, red - green))
    green = y - (cb + cr) // 4
    expected = np.clip(np.stack([cr + green, green, cb + green], axis=-1) + 128, 0, 255)
    np.testing.assert_array_equal(found.array, expected)


def jpeg_image(
    frame: Stored,
    *,
    raw: bool = False,
    uid: str = s.JPEG_BASELINE,
    photometric: Photometric | None = None,
    **options: Any,
) -> dicompix.Image:
    file = BytesIO()
    PIL.Image.fromarray(frame).save(file, "JPEG", quality=98, **options)
    if frame.ndim == 3 and photometric is None:
        photometric = Photometric.YBR_FULL
    fmt = make_format(frame.shape, 8, photometric=photometric, transfer_syntax=uid)
    return dicompix.Image(data_set(fmt, encapsulate([[file.getvalue()]]), encapsulated=True), raw=raw)


def wave(*, rows: int, columns: int) -> Stored:
    """Return a picture whose blocks of 8 x 8 are nearly flat."""
    y, x = np.mgrid[:rows, :columns]
    picture: Stored = (127 + 90 * np.sin(x / 30) * np.cos(y / 35)).astype(np.uint8)
    return picture


def block_means(frame: Stored, level: int) -> Stored:
    size = 1 << level
    rows, columns = (side // size * size for side in frame.shape[:2])
    blocks = frame[:rows, :columns].reshape(rows // size, size, columns // size, size, *frame.shape[2:])
    means: Stored = blocks.mean(axis=(1, 3))
    return means


@pytest.mark.parametrize("shape", [(64, 96), (61, 91)])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_lower_resolutions_of_jpeg_are_means_of_blocks(level: int, shape: tuple[int, int]) -> None:
    image = jpeg_image(smooth(8, rows=shape[0], columns=shape[1]))
    found = image.frame(0, level=level).array
    assert found.shape == (-(-shape[0] // 2**level), -(-shape[1] // 2**level))
    means = block_means(image[0].astype(float), level)
    inner = found[: means.shape[0], : means.shape[1]]
    assert np.abs(inner - means).max() <= (2 if level == 3 else 4)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("raw", [False, True])
def test_lower_resolutions_of_colour_jpeg(subsampling: int, raw: bool) -> None:  # noqa: FBT001
    plane = wave(rows=64, columns=96)
    image = jpeg_image(np.stack([plane, 255 - plane, plane // 2], axis=-1), raw=raw, subsampling=subsampling)
    found = image.frame(0, level=3)
    assert found.photometric == image.frame(0).photometric == (Photometric.YBR_FULL if raw else Photometric.RGB)
    # the chrominance of 4:2:2 has half of the luminance's columns at each level
    tolerance = 18 if subsampling == 1 else 4
    assert np.abs(found.array - block_means(image[0].astype(float), 3)).max() <= tolerance


def test_progressive_jpeg_and_rgb_jpeg() -> None:
    frame = np.stack([wave(rows=32, columns=48), 255 - wave(rows=32, columns=48), wave(rows=32, columns=48)], axis=-1)
    progressive = jpeg_image(frame, uid=s.JPEG_PROGRESSIVE, progressive=True)
    rgb = jpeg_image(frame, photometric=Photometric.RGB, keep_rgb=True, subsampling=0)
    for image in (progressive, rgb):
        found = image.frame(0, level=1)
        assert found.photometric == Photometric.RGB
        assert {finding.code for finding in found.findings} <= {"chroma-subsampling"}
        assert np.abs(found.array - block_means(frame.astype(float), 1)).max() <= 4


REDUCIBLE = {"jpeg-baseline", "jpeg-extended", "jpeg-progressive", "jpeg-2000", "htj2k"}


@pytest.mark.parametrize("uid", CASES, ids=lambda uid: uid.removeprefix("1.2.840.10008."))
def test_every_case_has_a_lower_resolution_or_a_clear_error(uid: str) -> None:
    for case in CASES[uid]:
        image = image_of(case)
        fmt = case.fmt
        reducible = bool(REDUCIBLE & set(s.syntax_for(uid).kinds)) and image.levels(1) > 0
        if uid in {s.JPEG_BASELINE, s.JPEG_EXTENDED, s.JPEG_PROGRESSIVE, s.JPEG_SPECTRAL}:
            reducible = fmt.bits_allocated == 8
        elif fmt.samples == 3 and s.syntax_for(uid).family == "jpeg-2000":
            reducible = reducible and fmt.bits_allocated == 8
        if reducible:
            found = image.frame(1, level=1)
            rows, columns, *samples = fmt.frame_shape
            assert found.array.shape == (-(-rows // 2), -(-columns // 2), *samples), case.name
            assert found.photometric == image.frame(1).photometric
            continue
        with pytest.raises(UnsupportedError, match=r"JPEG|needed"):
            image.frame(1, level=1)


@pytest.mark.parametrize("uid", [s.EXPLICIT_LITTLE, s.RLE_LOSSLESS, s.JPEG_LS, s.JPEG_LOSSLESS, s.JPEG_XL_LOSSLESS])
def test_the_error_names_what_can_be_reduced(uid: str) -> None:
    image = image_of(CASES[uid][0])
    assert image.levels() == 0
    with pytest.raises(UnsupportedError, match="JPEG 2000 and in HTJ2K") as met:
        image.frame(0, level=1)
    assert s.syntax_for(uid).name in str(met.value)
    assert isinstance(met.value, NotImplementedError)


@pytest.mark.parametrize("level", [-1, 4, 6, 99])
def test_a_level_that_is_not_there(level: int) -> None:
    image = jpeg_image(smooth(8, rows=32, columns=48))
    with pytest.raises(UnsupportedError, match="needed 0 to 3"):
        image.frame(0, level=level)


@pytest.mark.parametrize("uid", CODINGS)
def test_a_broken_stream_is_a_codec_error(uid: str) -> None:
    stream = CODINGS[uid](gray(12, rows=64, columns=64), 12)
    decode = reduced.decode_htj2k if uid == s.HTJ2K_LOSSLESS else reduced.decode_jpeg_2000
    fmt = make_format((64, 64), 12, transfer_syntax=uid)
    with pytest.raises(CodecError):
        decode(stream[: len(stream) // 8], fmt, DecodeRequest(level=1))
    with pytest.raises(CodecError):
        decode(stream, replace(fmt, rows=32), DecodeRequest(level=1))


# Thumbnails


def test_a_thumbnail_shows_what_display_shows(make: Make) -> None:
    frame = wave(rows=512, columns=768).astype(np.uint16) * 16
    coded = jpeg_2000(frame, 12)
    elements = {"syntax": s.JPEG_2000_LOSSLESS, "encoded": [coded], "BitsStored": 12, "HighBit": 11}
    image = dicompix.Image(make(frame, WindowCenter=2000, WindowWidth=3000, **elements))
    small = image.thumbnail(size=96)
    assert small.shape == (64, 96)
    assert small.dtype == np.uint8
    full = image.display(0)[::8, ::8].astype(int)  # low bands lie at the even samples
    assert np.abs(small - full).max() <= 6


@pytest.mark.parametrize("size", [1, 7, 48, 96, 200])
def test_thumbnails_of_colour_and_of_what_is_decoded_whole(size: int, make: Make) -> None:
    plane = smooth(8, rows=64, columns=96)
    color = jpeg_image(np.stack([plane, 255 - plane, plane], axis=-1))
    native = dicompix.Image(make(smooth(12, rows=64, columns=96)))
    for image, samples in ((color, (3,)), (native, ())):
        scale = min(1, size / 96)
        expected = (max(1, round(64 * scale)), round(96 * scale), *samples)
        assert image.thumbnail(size=size).shape == expected
    if size >= 96:
        np.testing.assert_array_equal(native.thumbnail(size=size), native.display(0))
    with pytest.raises(TransformError, match="size 0"):
        native.thumbnail(size=0)


def test_a_thumbnail_is_read_at_a_low_resolution_but_windowed_as_the_whole(make: Make, monkeypatch: Any) -> None:
    frame = np.zeros((256, 256), np.uint16)
    frame[100, 100] = 4000  # "full" ends here, and no low resolution shows it
    frame[128:] = 1000
    elements = {"syntax": s.JPEG_2000_LOSSLESS, "encoded": [jpeg_2000(frame, 12)], "BitsStored": 12, "HighBit": 11}
    image = dicompix.Image(make(frame, **elements))
    levels: list[int] = []
    real = reduced.decode_jpeg_2000

    def watched(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        levels.append(want.level)
        return real(data, fmt, want)

    monkeypatch.setitem(REDUCING, "jpeg-2000", watched)
    small = image.thumbnail(size=32)
    assert levels == [3]
    assert small[-1, 0] == image.display(0)[-1, 0] == 64  # 255 * 1000 / 4000 + 0.5


def test_an_index_of_colours_is_never_averaged(make: Make) -> None:
    frame = np.zeros((64, 64), np.uint8)
    frame[:, ::2] = 2
    palette = {f"{c}PaletteColorLookupTableDescriptor": [3, 0, 16] for c in ("Red", "Green", "Blue")}
    for color, values in (("Red", (0, 65535, 0)), ("Green", (0, 0, 0)), ("Blue", (0, 0, 65535))):
        palette[f"{color}PaletteColorLookupTableData"] = np.array(values, "<u2").tobytes()  # type: ignore[assignment]
    elements: dict[str, Any] = {"syntax": s.JPEG_2000_LOSSLESS, "encoded": [jpeg_2000(frame, 8)]}
    image = dicompix.Image(make(frame, PhotometricInterpretation="PALETTE COLOR", **elements, **palette))
    assert not image.thumbnail(size=16)[..., 0].any()  # index 1, red, is between 0 and 2


# One large frame: the codec's own threads


@pytest.mark.parametrize(("workers", "threads"), [(1, [1]), (2, [2])])
def test_a_large_frame_is_decoded_by_threads_inside_the_codec(
    workers: int, threads: list[int], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.zeros((4096, 4096), np.uint8)
    frame[:64, :64] = gray(8, rows=64, columns=64)
    coded = bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True, level=0))
    image = dicompix.Image(make(frame, syntax=s.JPEG_2000_LOSSLESS, encoded=[coded]))
    asked: list[int] = []
    real = imagecodecs.jpeg2k_decode

    def jpeg2k_decode(data: Any, **options: Any) -> Any:
        asked.append(options["numthreads"])
        return real(data, **options)

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", jpeg2k_decode)
    assert np.array_equal(image.stored(workers=workers)[0], frame)
    assert asked == threads


def test_small_frames_are_decoded_side_by_side(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.stack([gray(8, rows=32, columns=32)] * 8)
    coded = [jpeg_2000(frame, 8) for frame in frames]
    image = dicompix.Image(make(frames, frames=8, syntax=s.JPEG_2000_LOSSLESS, encoded=coded))
    asked: list[int] = []
    real = imagecodecs.jpeg2k_decode

    def jpeg2k_decode(data: Any, **options: Any) -> Any:
        asked.append(options["numthreads"])
        return real(data, **options)

    monkeypatch.setattr(imagecodecs, "jpeg2k_decode", jpeg2k_decode)
    assert np.array_equal(image.stored(workers=2), frames)
    assert asked == [1] * 8
