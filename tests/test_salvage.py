"""What can be had of a broken frame: pixels marked as there are right, the others are marked."""

import io
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image as Picture

from dicompix.dataset import Dataset
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import CodecError, FrameError, LimitError, PixelWarning
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.image import Image, open_image
from support.builders import data_set, file_of
from support.packing import deflate, encapsulate, rle

ROWS, COLUMNS, FILL = 64, 80, 7
GRAY = np.add.outer(np.arange(ROWS), np.arange(COLUMNS)) + np.random.default_rng(0).integers(0, 9, (ROWS, COLUMNS))
GRAY_8, GRAY_16 = GRAY.astype(np.uint8), (GRAY * 20).astype(np.uint16)
RGB = np.dstack([GRAY_8, np.roll(GRAY_8, 5, 0), 255 - GRAY_8])
WIDE = {"bits_allocated": 16, "bits_stored": 16}
IN_RGB = {"samples": 3, "photometric": Photometric.RGB}


def decoder(uid: str, **values: object) -> Decoder:
    fmt = PixelFormat(rows=ROWS, columns=COLUMNS, transfer_syntax=uid)
    return Decoder(fmt=replace(fmt, **values), fill=FILL)  # type: ignore[arg-type]


def jpeg(array: Stored, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(array, **options))


def restarted(array: Stored) -> bytes:
    """Return baseline JPEG with a restart marker after each row of blocks (T.81 B.2.4.4)."""
    file = io.BytesIO()
    Picture.fromarray(array).save(file, "JPEG", quality=90, restart_marker_rows=1, subsampling=0)
    return file.getvalue()


def progressive(array: Stored) -> bytes:
    file = io.BytesIO()
    Picture.fromarray(array).save(file, "JPEG", quality=90, progressive=True)
    return file.getvalue()


def separate(array: Stored) -> bytes:
    """Return baseline JPEG whose components have a scan each (T.81 A.2), put together from three of one component."""
    luminance = imagecodecs.jpeg8_encode(array, level=90, subsampling="444")
    planes = imagecodecs.jpeg8_decode(luminance, colorspace="YCBCR", outcolorspace="YCBCR")
    single = [bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(planes[..., i]), level=90)) for i in range(3)]
    scans = []
    for number, one in enumerate(single, 1):
        scan = one.index(b"\xff\xda")
        scans.append(one[scan : scan + 5] + bytes([number, 0]) + one[scan + 7 : -2])
    head = single[0][: single[0].index(b"\xff\xda")]
    frame = head.index(b"\xff\xc0")
    sizes = head[frame + 4 : frame + 9]
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    three = b"\xff\xc0" + (17).to_bytes(2, "big") + sizes + b"\x03" + components
    return head[:frame] + three + head[frame + 13 :] + b"".join(scans) + b"\xff\xd9"


# Name: how it is coded, the stream, what the samples are, how much of them half of the stream holds at least.
LOSSLESS: dict[str, tuple[Decoder, bytes, Stored, float]] = {
    "native": (decoder(s.EXPLICIT_LITTLE, bits_allocated=16, bits_stored=12), GRAY_16.tobytes(), GRAY_16, 0.49),
    "native-float": (
        decoder(s.EXPLICIT_LITTLE, bits_allocated=32, bits_stored=32, floating=True),
        GRAY.astype("<f4").tobytes(),
        GRAY.astype(np.float32),
        0.49,
    ),
    "native-planar": (
        decoder(s.EXPLICIT_LITTLE, planar=1, **IN_RGB),
        RGB.transpose(2, 0, 1).tobytes(),
        RGB,
        0.0,  # no pixel has its blue
    ),
    "deflated": (decoder(s.DEFLATED_IMAGE_FRAME, **WIDE), deflate(GRAY_16.tobytes()), GRAY_16, 0.4),
    "rle": (decoder(s.RLE_LOSSLESS), rle(GRAY_8), GRAY_8, 0.4),
    "rle-16": (decoder(s.RLE_LOSSLESS, **WIDE), rle(GRAY_16), GRAY_16, 0.05),
    "rle-rgb": (decoder(s.RLE_LOSSLESS, **IN_RGB), rle(RGB), RGB, 0.0),
    "jpeg-lossless": (decoder(s.JPEG_LOSSLESS_SV1), jpeg(GRAY_8, lossless=True), GRAY_8, 0.4),
    "jpeg-lossless-16": (
        decoder(s.JPEG_LOSSLESS_SV1, **WIDE),
        bytes(imagecodecs.ljpeg_encode(GRAY_16, bitspersample=16)),
        GRAY_16,
        0.4,
    ),
    "jpeg-ls": (decoder(s.JPEG_LS, **WIDE), bytes(imagecodecs.jpegls_encode(GRAY_16)), GRAY_16, 0.4),
    "jpeg-ls-rgb": (decoder(s.JPEG_LS, **IN_RGB), bytes(imagecodecs.jpegls_encode(RGB)), RGB, 0.4),
    "jpeg-2000": (decoder(s.JPEG_2000), bytes(imagecodecs.jpeg2k_encode(GRAY_8, codecformat="j2k")), GRAY_8, 0.0),
    "htj2k": (decoder(s.HTJ2K_LOSSLESS), bytes(imagecodecs.htj2k_encode(GRAY_8)), GRAY_8, 0.0),
}
YBR = {"samples": 3, "photometric": Photometric.YBR_FULL_422}


def lossy(uid: str, stream: bytes, least: float, **values: object) -> tuple[Decoder, bytes, Stored, float]:
    color: dict[str, Any] = {"colorspace": "YCBCR", "outcolorspace": "RGB"} if values else {}
    return decoder(uid, **values), stream, imagecodecs.jpeg8_decode(stream, **color), least


LOSSY = {
    "baseline": lossy(s.JPEG_BASELINE, jpeg(GRAY_8, level=90), 0.2),
    "baseline-444": lossy(s.JPEG_BASELINE, jpeg(RGB, level=100, subsampling="444"), 0.3, **YBR),
    "baseline-422": lossy(s.JPEG_BASELINE, jpeg(RGB, level=90, subsampling="422"), 0.0, **YBR),
    "baseline-420": lossy(s.JPEG_BASELINE, jpeg(RGB, level=90, subsampling="420"), 0.0, **YBR),
    "restarts": lossy(s.JPEG_BASELINE, restarted(GRAY_8), 0.2),
    "baseline-rough": lossy(s.JPEG_BASELINE, jpeg(GRAY_8, level=20), 0.0),
    "progressive": lossy(s.JPEG_PROGRESSIVE, progressive(GRAY_8), 0.0),
    "jpeg-ls-near": (
        decoder(s.JPEG_LS_NEAR),
        stream := bytes(imagecodecs.jpegls_encode(GRAY_8, level=3)),
        imagecodecs.jpegls_decode(stream),
        0.3,
    ),
}
TALL = np.vstack([GRAY_8] * 9)[:, np.r_[:COLUMNS, :COLUMNS, :COLUMNS, :COLUMNS]]
TALL = (TALL + np.random.default_rng(1).integers(0, 60, TALL.shape)).astype(np.uint8)
LARGE = {"rows": TALL.shape[0], "columns": TALL.shape[1]}
XL_LOSSLESS, XL_LOSSY = (bytes(imagecodecs.jpegxl_encode(TALL, **how)) for how in ({"lossless": True}, {"distance": 1}))
GROUPS = {  # a group has 256 x 256 pixels (ISO/IEC 18181-1 annex C)
    "jpeg-xl": (decoder(s.JPEG_XL_LOSSLESS, **LARGE), XL_LOSSLESS, TALL, 0.3),
    "jpeg-xl-lossy": (decoder(s.JPEG_XL, **LARGE), XL_LOSSY, imagecodecs.jpegxl_decode(XL_LOSSY), 0.1),
}


def tiled(array: Stored, **options: Any) -> bytes:
    """Return JPEG 2000 of 32 x 32 tiles, by Pillow's OpenJPEG."""
    file = io.BytesIO()
    Picture.fromarray(array).save(file, "JPEG2000", no_jp2=True, tile_size=(32, 32), irreversible=False, **options)
    return file.getvalue()


def j2k(array: Stored) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(array, codecformat="j2k", level=0))


# Each pixel that is not certain has a value all the same, wherever a tile has begun.
ROUGH: dict[str, tuple[Decoder, bytes, Stored, float]] = {
    "jpeg-2000": LOSSLESS["jpeg-2000"],
    "jpeg-2000-16": (decoder(s.JPEG_2000_LOSSLESS, **WIDE), j2k(GRAY_16), GRAY_16, 0.0),
    "jpeg-2000-rgb": (decoder(s.JPEG_2000_LOSSLESS, **IN_RGB), j2k(RGB), RGB, 0.0),
    "jpeg-2000-jp2": (decoder(s.JPEG_2000), bytes(imagecodecs.jpeg2k_encode(GRAY_8, codecformat="jp2")), GRAY_8, 0.0),
    "jpeg-2000-tiled": (decoder(s.JPEG_2000_LOSSLESS), tiled(GRAY_8), GRAY_8, 0.3),
    "jpeg-2000-layers": (
        decoder(s.JPEG_2000_LOSSLESS, **IN_RGB),
        tiled(RGB, progression="RPCL", quality_layers=[20, 5, 1]),
        RGB,
        0.3,
    ),
    "htj2k": LOSSLESS["htj2k"],
    "htj2k-16": (decoder(s.HTJ2K_LOSSLESS, **WIDE), bytes(imagecodecs.htj2k_encode(GRAY_16)), GRAY_16, 0.0),
    "htj2k-tiled": (
        decoder(s.HTJ2K_LOSSLESS),
        bytes(imagecodecs.htj2k_encode(GRAY_8, tile=(32, 32))),
        GRAY_8,
        0.3,
    ),
    "htj2k-tile-parts": (
        decoder(s.HTJ2K_LOSSLESS, **IN_RGB),
        bytes(imagecodecs.htj2k_encode(RGB, tile=(32, 32), tilepart=1, tlm=True)),
        RGB,
        0.3,
    ),
    "progressive": LOSSY["progressive"],
    "scans": (  # each component in its own
        decoder(s.JPEG_BASELINE, **YBR),
        stream := separate(RGB),
        imagecodecs.jpeg8_decode(stream, colorspace="YCBCR", outcolorspace="RGB"),
        0.0,
    ),
}
CODED = LOSSLESS | LOSSY | GROUPS | ROUGH


@pytest.mark.parametrize("name", CODED)
def test_a_pixel_is_right_or_marked_wherever_the_stream_is_cut(name: str) -> None:
    decoding, stream, right, least = CODED[name]
    assert decoding.frame(stream).missing is None
    held = {}
    for length in [*range(0, len(stream), max(1, len(stream) // (19 if name in GROUPS else 97))), len(stream) // 2]:
        frame = decoding.frame(stream[:length])
        missing = np.zeros(right.shape[:2], bool) if frame.missing is None else frame.missing
        assert missing.dtype == bool
        np.testing.assert_array_equal(frame.array[~missing], right[~missing], err_msg=f"{length} bytes")
        assert name in ROUGH or (frame.array[missing] == FILL).all()
        held[length] = 1 - missing.mean()
    assert held[len(stream) // 2] >= least
    assert held[0] == 0


@pytest.mark.parametrize("name", CODED)
def test_what_is_missing_is_a_finding(name: str) -> None:
    decoding, stream, right, _ = CODED[name]
    frame = decoding.frame(stream[: len(stream) // 2])
    found = next(each for each in frame.findings if each.code == "salvaged")
    assert frame.missing is not None
    assert found.severity == "error"
    assert (found.found, found.used) == ((~frame.missing).sum(), right[..., 0].size if right.ndim == 3 else right.size)


def test_without_a_value_for_missing_samples_a_broken_frame_is_an_error() -> None:
    for decoding, stream, _, _ in CODED.values():
        with pytest.raises((CodecError, LimitError)):
            replace(decoding, fill=None).frame(stream[: len(stream) // 2])


def approximated(frame: Any) -> str:
    """Return what the finding says of pixels that are not certain, or nothing."""
    return next((each.message for each in frame.findings if "approximated" in each.message), "")


@pytest.mark.parametrize("name", ROUGH)
def test_a_picture_comes_out_of_what_is_there(name: str) -> None:
    decoding, stream, right, _ = ROUGH[name]
    errors = []
    for length in (len(stream) * 7 // 10, len(stream) * 8 // 10, len(stream) * 9 // 10):
        frame = decoding.frame(stream[:length])
        assert frame.missing is not None
        assert f"approximated from {length}" in approximated(frame) or name == "jpeg-2000-jp2"
        errors.append(np.abs(frame.array.astype(int) - right).mean() / right.mean())
    assert errors[0] > errors[-1]
    assert errors[-1] < 0.15


def test_the_bytes_of_a_stream_of_one_tile_are_counted() -> None:
    decoding, stream, _, _ = ROUGH["jpeg-2000"]
    message = approximated(decoding.frame(stream[:1000]))
    assert f"5120 of 5120 pixels are missing, 5120 of them approximated from 1000 of {len(stream)} bytes" in message


@pytest.mark.parametrize("name", ["jpeg-2000-tiled", "htj2k-tiled"])
def test_tiles_are_right_rough_or_missing(name: str) -> None:
    decoding, stream, right, _ = ROUGH[name]
    starts = [at for at in range(len(stream)) if stream[at : at + 4] == b"\xff\x90\x00\x0a"]
    assert len(starts) == 6  # of 2 x 3 tiles
    frame = decoding.frame(stream[: (starts[3] + starts[4]) // 2])
    assert frame.missing is not None
    np.testing.assert_array_equal(frame.missing, np.add.outer(np.arange(ROWS) >= 32, np.zeros(COLUMNS)) > 0)
    np.testing.assert_array_equal(frame.array[:32], right[:32])
    assert 0 < np.abs(frame.array[32:, :32].astype(int) - right[32:, :32]).mean() < 30
    assert (frame.array[32:, 32:] == FILL).all()


@pytest.mark.parametrize("name", [name for name in ROUGH if name.startswith(("jpeg-2000", "htj2k"))])
def test_lengths_of_tile_parts_tell_that_a_stream_is_cut_though_it_is_ended(name: str) -> None:
    decoding, stream, right, _ = ROUGH[name]
    half = len(stream) // 2
    frame, ended = decoding.frame(stream[:half]), decoding.frame(stream[:half] + b"\xff\xd9")
    assert ended.missing is not None
    np.testing.assert_array_equal(ended.missing, frame.missing)
    np.testing.assert_array_equal(ended.array[~ended.missing], right[~ended.missing])


def test_a_tile_that_lacks_bytes_inside_is_missing_and_all_behind_it() -> None:
    decoding, stream, right, _ = ROUGH["jpeg-2000-tiled"]
    starts = [at for at in range(len(stream)) if stream[at : at + 4] == b"\xff\x90\x00\x0a"]
    inside = starts[2] + 40
    frame = decoding.frame(stream[:inside] + stream[inside + 10 :])
    assert frame.missing is not None
    assert not frame.missing[:32, :64].any()
    assert frame.missing.sum() == ROWS * COLUMNS - 32 * 64
    np.testing.assert_array_equal(frame.array[:32, :64], right[:32, :64])


def test_a_rough_picture_overshoots_into_no_other_value() -> None:
    """Where its details are missing it goes beyond black and white, which eight bits would let wrap."""
    checks = (np.indices((ROWS, COLUMNS)) // 4).sum(0).astype(np.uint8) % 2 * 255
    for step in (None, 0.01):
        stream = bytes(imagecodecs.htj2k_encode(checks, reversible=step is None, level=step))
        frame = decoder(s.HTJ2K).frame(stream[: len(stream) * 3 // 4])
        assert frame.missing is not None
        assert (np.abs(frame.array.astype(int) - checks) < 200).all()


def test_of_an_image_of_one_group_nothing_is_there() -> None:
    stream = bytes(imagecodecs.jpegxl_encode(GRAY_8, lossless=True))
    missing = decoder(s.JPEG_XL_LOSSLESS).frame(stream[: len(stream) // 2]).missing
    assert missing is not None
    assert missing.all()


def test_native_pixels_are_missing_from_the_byte_that_is() -> None:
    decoding = decoder(s.EXPLICIT_LITTLE, **WIDE)
    frame = decoding.frame(GRAY_16.tobytes()[: 2 * 100 + 1])  # a hundred samples and half of one
    assert frame.missing is not None
    assert np.flatnonzero(~frame.missing).tolist() == list(range(100))
    assert frame.array.reshape(-1)[:101].tolist() == [*GRAY_16.reshape(-1)[:100].tolist(), FILL]


def test_a_colour_pixel_is_there_when_its_last_sample_is() -> None:
    frame = decoder(s.EXPLICIT_LITTLE, **IN_RGB).frame(RGB.tobytes()[:301])  # a hundred pixels and one red
    assert frame.missing is not None
    assert (~frame.missing).sum() == 100


def test_rle_pixels_need_each_of_their_bytes() -> None:
    literal = bytes([127, *range(128)])  # 128 literal bytes (PS3.5 G.3.2)
    fmt = PixelFormat(rows=1, columns=128, transfer_syntax=s.RLE_LOSSLESS, bits_allocated=16, bits_stored=16)
    whole = struct.pack("<16I", 2, 64, 64 + 129, *[0] * 13) + literal + literal
    frame = Decoder(fmt=fmt, fill=FILL).frame(whole[: 64 + 129 + 1 + 28])  # 28 of the least significant bytes
    assert frame.missing is not None
    assert np.flatnonzero(~frame.missing[0]).tolist() == list(range(28))
    assert frame.array[0, :29].tolist() == [*(value * 257 for value in range(28)), FILL]


@pytest.mark.parametrize("name", ["jpeg-lossless", "jpeg-ls", "baseline"])
def test_of_a_stream_that_is_whole_but_broken_inside_nothing_is_taken_for_right(name: str) -> None:
    decoding, stream, _, _ = CODED[name]
    half = len(stream) // 2
    frame = decoding.frame(stream[:half] + b"\xff\xd9")
    assert frame.missing is None or frame.missing.all()


def test_a_broken_deflate_stream_holds_nothing() -> None:
    decoding, stream, _, _ = CODED["deflated"]
    broken = stream[:50] + b"\xff" * 40 + stream[90:]
    missing = decoding.frame(broken).missing
    assert missing is not None
    assert missing.all()


# Images


def image_of(fmt: PixelFormat, pixels: bytes, *, encapsulated: bool = False) -> Image:
    return Image(data_set(fmt, pixels, encapsulated=encapsulated), errors="salvage")


SHORT = PixelFormat(rows=2, columns=3, frames=3)
NINE = bytes(range(1, 11))  # one frame of six samples, four samples of the next


def test_an_image_of_native_frames_that_end_early() -> None:
    image = image_of(SHORT, NINE)
    with pytest.warns(PixelWarning, match="salvaged: 2 of 6 pixels are missing"):
        stored = image.stored()
    assert stored.tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 0, 0]], [[0, 0, 0], [0, 0, 0]]]
    missing = image.missing()
    assert missing is not None
    assert missing.tolist() == [[[False] * 3] * 2, [[False] * 3, [False, True, True]], [[True] * 3] * 2]
    assert image.missing(0) is None
    assert [finding.frame for finding in image.findings if finding.code == "salvaged"] == [1, 2]


def test_frames_one_by_one_are_those_of_the_whole() -> None:
    image = image_of(SHORT, NINE)
    with pytest.warns(PixelWarning, match="salvaged"):
        one_by_one = np.stack([image.frame(i).array for i in range(3)])
    assert image.frame(0).missing is None
    np.testing.assert_array_equal(image.frame(1).missing, image.missing(1))
    np.testing.assert_array_equal(one_by_one, image.stored())
    np.testing.assert_array_equal(image[1:], one_by_one[1:])
    part = image.frame(1, region=(slice(1, 2), slice(None)))
    assert part.array.tolist() == [[10, 0, 0]]
    assert part.missing is not None
    assert part.missing.tolist() == [[False, True, True]]


def test_missing_looks_at_frames_that_nobody_has_decoded() -> None:
    image = image_of(SHORT, NINE)
    with pytest.warns(PixelWarning, match="salvaged"):
        missing = image.missing()
    assert missing is not None
    assert missing.sum() == 8
    assert image_of(replace(SHORT, frames=1), NINE[:6]).missing() is None


def test_missing_pixels_have_the_pixel_padding_value() -> None:
    dataset = data_set(replace(SHORT, frames=1, bits_allocated=16, bits_stored=16, signed=True), b"\1\0" * 4)
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    image = Image(dataset, errors="salvage")
    with pytest.warns(PixelWarning, match="salvaged"):
        assert image[0].tolist() == [[1, 1, 1], [1, -2000, -2000]]


def test_an_image_with_a_broken_fragment_and_one_that_is_absent() -> None:
    decoding, stream, right, _ = CODED["jpeg-lossless"]
    fmt = replace(decoding.fmt, frames=3)
    image = image_of(fmt, encapsulate([[stream], [stream[: len(stream) // 2]]]), encapsulated=True)
    with pytest.warns(PixelWarning, match="salvaged|codestream-end"):
        stored = image.stored(workers=2)
    missing = image.missing()
    assert missing is not None
    assert [one.mean() for one in missing][::2] == [0, 1]
    assert 0.4 < missing[1].mean() < 0.6
    np.testing.assert_array_equal(stored[~missing], np.stack([right] * 3)[~missing])


def test_the_shape_is_that_of_the_first_frame_that_tells_it() -> None:
    decoding, stream, _, _ = CODED["jpeg-lossless"]
    fmt = replace(decoding.fmt, rows=10, frames=2)
    image = image_of(fmt, encapsulate([[b"nothing!"], [stream]]), encapsulated=True)
    with pytest.warns(PixelWarning, match="salvaged|codestream-size"):
        stored = image.stored()
    assert stored.shape == (2, ROWS, COLUMNS)
    missing = image.missing()
    assert missing is not None
    assert [bool(one.all()) for one in missing] == [True, False]


def test_a_file_that_ends_early() -> None:
    fmt = PixelFormat(rows=ROWS, columns=COLUMNS, frames=2, **WIDE)  # type: ignore[arg-type]
    file = file_of(data_set(fmt, GRAY_16.tobytes() * 2))
    cut = io.BytesIO(file.getvalue()[: -GRAY_16.nbytes // 2])
    with open_image(cut, errors="salvage") as image, pytest.warns(PixelWarning, match="salvaged"):
        stored = image.stored()
    missing = image.missing()
    assert missing is not None
    assert missing.mean() == 0.25
    np.testing.assert_array_equal(stored[~missing], np.stack([GRAY_16] * 2)[~missing])


def test_frames_that_a_header_only_claims_are_not_allocated() -> None:
    image = image_of(replace(SHORT, rows=2000, columns=2000, frames=100_000), bytes(12_000_000))
    with pytest.raises(LimitError, match="too few to salvage"):
        image.stored()
    wide = image_of(replace(SHORT, rows=65535, columns=65535, frames=1), bytes(1000))
    with pytest.raises(LimitError, match="too few to salvage"):
        wide.stored()


def test_other_policies_raise() -> None:
    dataset = data_set(SHORT, NINE)
    for errors in ("warn", "strict"):
        image = Image(dataset, errors=errors)
        for job in (image.stored, lambda one=image: one.frame(2), lambda one=image: one.missing(2)):
            work: Callable[[], object] = job
            with pytest.raises(FrameError):
                work()


def test_a_data_set_has_both_ways_to_its_frames() -> None:
    dataset = data_set(SHORT, NINE)
    dataset.__class__ = Dataset
    image = Image(dataset, errors="salvage")
    with pytest.warns(PixelWarning, match="salvaged"):
        assert image.stored().shape == (3, 2, 3)


def test_salvage_goes_on_in_worker_processes() -> None:
    from dicompix.isolate import isolated

    decoding, stream, right, _ = CODED["jpeg-ls"]
    parts = [stream, stream[: len(stream) // 2], b"rubbish"]
    with isolated(workers=1):
        frames = [decoding.frame(part) for part in parts]
        image = image_of(replace(decoding.fmt, frames=3), encapsulate([[part] for part in parts]), encapsulated=True)
        with pytest.warns(PixelWarning, match="salvaged|codestream-end"):
            stored = image.stored()
    assert frames[0].missing is None
    here = decoding.frame(parts[1])
    np.testing.assert_array_equal(frames[1].missing, here.missing)
    np.testing.assert_array_equal(frames[1].array, here.array)
    np.testing.assert_array_equal(stored[0], right)
    missing = image.missing()
    assert missing is not None
    np.testing.assert_array_equal(missing[1], here.missing)
    assert missing[2].all()
