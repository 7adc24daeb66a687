"""check_codec must find each way to break the contract, and let a right codec pass."""

import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from dicompix.pixels.codecs.base import Codec, DecodeRequest, Frame, Stored
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import DEFLATED_IMAGE_FRAME, EXPLICIT_LITTLE
from dicompix.pixels.testing import CodecCase, check_codec, make_format

MAGIC = b"TOY!"
PICTURE = np.arange(12, dtype=np.uint16).reshape(3, 4) * 100
FMT = make_format(PICTURE.shape, 16, transfer_syntax=DEFLATED_IMAGE_FRAME)
CASE = CodecCase(name="toy", fmt=FMT, data=MAGIC + PICTURE.astype("<u2").tobytes(), expected=PICTURE)


def samples(data: Buffer, fmt: PixelFormat) -> Stored:
    raw = bytes(data)
    if raw[:4] != MAGIC or len(raw) < 4 + fmt.frame_bytes:
        raise CodecError("no toy stream")
    return np.frombuffer(raw, "<u2", offset=4).astype(fmt.dtype).reshape(fmt.frame_shape)


def toy(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    array = samples(data, fmt)
    if want.out is not None:
        want.out[...] = array
        array = want.out
    return Frame(array, fmt.photometric)


def changed(change: Callable[[Stored], object]) -> Codec:
    def codec(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        array: Stored = np.asarray(change(samples(data, fmt)))
        return Frame(array, fmt.photometric)

    return codec


def test_a_right_codec_passes() -> None:
    check_codec(toy, [CASE, replace(CASE, expected=PICTURE + 3, tolerance=3)], honours=("out",))
    digest = sha256(PICTURE.astype("<u2").tobytes()).hexdigest()
    check_codec(changed(lambda array: array), [replace(CASE, expected=digest)])


def only_bytes(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    struct.unpack("4s", data[:4])
    if not isinstance(data, bytes):
        raise TypeError("bytes only")
    return toy(data, fmt, want)


def writes_to_its_input(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    frame = toy(data, fmt, want)
    if isinstance(data, memoryview) and not data.readonly:
        data[5] ^= 1
    return frame


def wrong_color(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    return Frame(toy(data, fmt, want).array, Photometric.MONOCHROME1)


def no_frame(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Stored:
    return samples(data, fmt)


def pads_what_is_missing(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    whole = bytes(data).ljust(4 + fmt.frame_bytes, b"\0") if bytes(data[:4]) == MAGIC else data
    return toy(whole, fmt, want)


def decodes_anything(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    if len(data) < 4 + fmt.frame_bytes:
        raise CodecError("short")
    return toy(MAGIC + bytes(data[4:]), fmt, want)


def says_nothing(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    try:
        return toy(data, fmt, want)
    except CodecError:
        raise CodecError from None


def raises_another_error(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    if len(data) < 8:
        raise IndexError("oops")
    return toy(data, fmt, want)


def writes_beside_its_target(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    frame = toy(data, fmt, want)
    if want.out is not None and isinstance(want.out.base, np.ndarray):
        want.out.base[70 + fmt.frame_bytes] = 0
    return frame


def not_thread_safe() -> Codec:
    shared: Stored = np.zeros(PICTURE.shape, np.uint16)
    main = threading.get_ident()

    def codec(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        shared[...] = toy(data, fmt, want).array
        if threading.get_ident() != main:
            shared[0, 0] += 1
        return Frame(shared.copy(), fmt.photometric)

    return codec


@pytest.mark.parametrize(
    ("codec", "why"),
    [
        (changed(lambda array: array.T), r"shape \(4, 3\), needed \(3, 4\)"),
        (changed(lambda array: array.astype(np.int16)), "dtype"),
        (changed(lambda array: array.astype(">u2")), "native byte order"),
        (
            changed(lambda array: array + 1),
            r"12 of 12 samples are wrong by more than 0, first at \(0, 0\): 1, needed 0",
        ),
        (wrong_color, "said to be MONOCHROME1, needed MONOCHROME2"),
        (no_frame, "returned ndarray, needed a Frame"),
        (only_bytes, "TypeError: bytes only"),
        (writes_to_its_input, "they were written to"),
        (pads_what_is_missing, "stream cut short"),
        (decodes_anything, "bytes that are no such stream"),
        (says_nothing, "says nothing"),
        (raises_another_error, "IndexError: oops"),
        (writes_beside_its_target, "before or after it have changed"),
        (not_thread_safe(), "two threads at once"),
    ],
)
def test_a_wrong_codec_is_found(codec: Codec, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_codec(codec, [CASE])


def test_a_row_that_promises_out_is_held_to_it() -> None:
    codec = changed(lambda array: array)
    check_codec(codec, [CASE])
    with pytest.raises(AssertionError, match="honours out"):
        check_codec(codec, [CASE], honours=("out",))


def test_a_wrong_digest_is_found() -> None:
    with pytest.raises(AssertionError, match="sha256"):
        check_codec(toy, [replace(CASE, expected="0" * 64)])


def test_tolerance_is_a_limit() -> None:
    with pytest.raises(AssertionError, match="wrong by more than 2"):
        check_codec(toy, [replace(CASE, expected=PICTURE + 3, tolerance=2)])


def test_streams_may_be_declared_to_decode_in_part() -> None:
    check_codec(pads_what_is_missing, [replace(CASE, truncation="any")])


def test_any_bytes_are_native_samples() -> None:
    fmt = replace(FMT, transfer_syntax=EXPLICIT_LITTLE)
    check_codec(decodes_anything, [replace(CASE, fmt=fmt)])


@pytest.mark.parametrize(
    ("shape", "bits", "signed", "expected"),
    [
        ((2, 3), 1, False, (1, 1, 1, "MONOCHROME2", np.uint8)),
        ((2, 3), 7, False, (8, 7, 1, "MONOCHROME2", np.uint8)),
        ((2, 3), 12, True, (16, 12, 1, "MONOCHROME2", np.int16)),
        ((2, 3, 3), 9, False, (16, 9, 3, "RGB", np.uint16)),
        ((2, 3, 4), 33, False, (64, 33, 4, "ARGB", np.uint64)),
    ],
)
def test_make_format(shape: tuple[int, ...], bits: int, signed: bool, expected: tuple[object, ...]) -> None:  # noqa: FBT001
    fmt = make_format(shape, bits, signed=signed)
    assert (fmt.bits_allocated, fmt.bits_stored, fmt.samples, fmt.photometric, fmt.dtype) == expected
    assert fmt.frame_shape == shape
