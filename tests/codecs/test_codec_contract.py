"""Every codec that is installed, for every syntax of the table, against the same cases."""

import sys
from collections.abc import Callable
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Stored, ended, failures, require_end, scratch, shaped
from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import CodecError
from dicompix.pixels.registry import WRONG_FOR, missing_reason, registry
from dicompix.pixels.syntaxes import (
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_PROGRESSIVE,
    RLE_LOSSLESS,
    syntax_for,
)
from dicompix.pixels.testing import CodecCase, check_codec, make_format
from support.arrays import gray
from support.cases import CASES
from support.golden import GOLDEN

PAIRS = [(uid, entry) for uid, entries in BUILT_IN.items() for entry in entries]
IDS = [f"{uid.removeprefix('1.2.840.10008.')}-{entry.name}" for uid, entry in PAIRS]


def _pillow_cannot(case: CodecCase) -> bool:
    fmt = case.fmt
    if syntax_for(fmt.transfer_syntax).family == "jpeg":
        return fmt.bits_stored > 8
    return fmt.bits_stored > (16 if fmt.samples == 1 else 8)


def _gdcm_cannot(case: CodecCase) -> bool:
    fmt = case.fmt
    return fmt.bits_allocated == 8 and fmt.bits_stored < 8 and syntax_for(fmt.transfer_syntax).family in {"jpeg", "rle"}


# Cases that a library cannot decode at all; it must say so with a CodecError, and the next codec is asked.
CANNOT: dict[str, Callable[[CodecCase], bool]] = {
    "pillow": _pillow_cannot,
    "pylibjpeg-rle": lambda case: case.fmt.bits_allocated == 1,
    "pylibjpeg-libjpeg": lambda case: case.name == "extended-12-se0",
    "gdcm": _gdcm_cannot,
}


def _passed_over(entry: CodecEntry, case: CodecCase) -> bool:
    stream = peek(case.data, syntax_for(case.fmt.transfer_syntax).family)
    return bool(entry.wrong_for) and WRONG_FOR[entry.wrong_for](case.fmt, stream)


def _refuses(entry: CodecEntry, case: CodecCase) -> bool:
    return entry.name in CANNOT and CANNOT[entry.name](case)


@pytest.mark.parametrize(("uid", "entry"), PAIRS, ids=IDS)
def test_contract(uid: str, entry: CodecEntry) -> None:
    if any(missing_reason(need) for need in entry.needs):
        pytest.skip(registry.reason(entry))
    codec = registry.load(entry)
    cases = [case for case in CASES[uid] if not _passed_over(entry, case)]
    check_codec(codec, [case for case in cases if not _refuses(entry, case)], honours=entry.honours)
    for case in cases:
        if _refuses(entry, case):
            with pytest.raises(CodecError):
                codec(case.data, case.fmt, DecodeRequest(raw=True))


def test_the_table_has_cases_for_every_syntax() -> None:
    assert set(CASES) == set(BUILT_IN)
    for uid, entries in BUILT_IN.items():
        first = next(entry for entry in entries if not registry.reason(entry))
        usable = [case for case in CASES[uid] if not _passed_over(first, case)]
        assert usable or first.wrong_for, uid


@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
@pytest.mark.parametrize("uid", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS])
def test_the_cases_cover_each_precision(uid: str, bits: int) -> None:
    assert any(case.fmt.bits_stored == bits for case in CASES[uid])


def test_the_golden_streams_cover_every_predictor() -> None:
    streams = [golden.stream for golden in GOLDEN.values() if golden.fmt.transfer_syntax == JPEG_LOSSLESS]
    found = [peek(stream, "jpeg") for stream in streams]
    assert {stream.predictor for stream in found if stream is not None} == {1, 2, 3, 4, 5, 6, 7}


def test_a_scan_that_ends_at_coefficient_0_decodes() -> None:
    # What the PVRG encoder writes, Se = 0 where 63 is due (T.81 B.2.3), and what the WG04 images have.
    odd, right = GOLDEN["extended-12-se0"], GOLDEN["extended-12"]
    assert odd.stream != right.stream
    entry = registry.find(odd.fmt.transfer_syntax)[0]
    case = next(case for case in CASES[odd.fmt.transfer_syntax] if case.name == "extended-12-se0")
    frame = registry.load(entry)(odd.stream, case.fmt, DecodeRequest())
    assert right.pixels is not None
    assert np.abs(frame.array.astype(int) - right.pixels).max() <= 1


def _cut_case(uid: str, name: str) -> CodecCase:
    return next(case for case in CASES[uid] if case.name == name)


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        (JPEG_BASELINE, "baseline-8"),
        (JPEG_PROGRESSIVE, "progressive-12"),
        (JPEG_LOSSLESS, "lossless-p6-16"),
        (JPEG_LS, "jls-12"),
        (JPEG_2000_LOSSLESS, "j2k 16 uint16"),
        (HTJ2K_LOSSLESS, "ht 16"),
        (RLE_LOSSLESS, "rle uint16 x 1 planar 0"),
    ],
)
def test_no_codec_returns_part_of_a_picture(uid: str, name: str) -> None:
    case = _cut_case(uid, name)
    for entry in registry.entries(uid):
        if registry.reason(entry) or _passed_over(entry, case) or _refuses(entry, case):
            continue
        codec = registry.load(entry)
        for cut in range(64, len(case.data) - 3, 17):
            with pytest.raises(CodecError):
                codec(case.data[:cut], case.fmt, DecodeRequest())


@pytest.mark.parametrize("name", ["baseline-8", "lossless-p1-16", "sv1-16", "extended-12"])
def test_a_jpeg_that_lacks_only_its_end_marker_decodes(name: str) -> None:
    golden = GOLDEN[name]
    uid = golden.fmt.transfer_syntax
    case = _cut_case(uid, name)
    whole = golden.stream.rstrip(b"\0")
    assert whole.endswith(b"\xff\xd9")
    codec = registry.load(registry.find(uid)[0])
    assert not replace(case, data=whole[:-2]).fault(codec(whole[:-2], case.fmt, DecodeRequest()))


def test_jpeg_ls_without_an_end_is_refused_at_once() -> None:
    # CharLS counts bits until an integer overflows, 3 seconds long, where a stream of zeros ends in nothing.
    frame = gray(8)
    stream = bytes(imagecodecs.jpegls_encode(frame))[:200] + b"\0\0"
    for entry in registry.entries(JPEG_LS):
        if not registry.reason(entry):
            with pytest.raises(CodecError, match="end marker"):
                registry.load(entry)(stream, make_format(frame.shape, transfer_syntax=JPEG_LS), DecodeRequest())


def test_a_deflated_frame_is_inflated_within_its_bound() -> None:
    uid = "1.2.840.10008.1.2.8.1"
    bomb = imagecodecs.deflate_encode(bytes(50_000_000), raw=True)
    fmt = make_format((2, 2), transfer_syntax=uid)
    codec = registry.load(registry.find(uid)[0])
    array: Stored = codec(bomb, fmt, DecodeRequest()).array
    assert array.nbytes == 4
    assert sys.getsizeof(array.base) < 1000


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"", "needed the 64 of an RLE header"),
        (b"\0" * 64, "counts 0 segments"),
        (b"\x10" + b"\0" * 80, "counts 16 segments"),
        (b"\x01\0\0\0\x3f\0\0\0" + b"\0" * 80, "begins at byte 63"),
        (b"\x01\0\0\0\xff\xff\xff\x7f" + b"\0" * 80, "begins at byte"),
        (b"\x02\0\0\0\x40\0\0\0\x40\0\0\0" + b"\0" * 80, "begins at byte 64"),
        (b"\x02\0\0\0\x40\0\0\0\x44\0\0\0" + b"\0" * 80, "lists 2 segments, needed 1"),
    ],
)
def test_rle_headers_are_checked_before_any_library_sees_them(header: bytes, why: str) -> None:
    fmt = make_format((2, 2), transfer_syntax=RLE_LOSSLESS)
    for entry in registry.entries(RLE_LOSSLESS):
        if not registry.reason(entry):
            with pytest.raises(CodecError, match=why):
                registry.load(entry)(header, fmt, DecodeRequest())


def test_a_library_that_raises_or_panics_is_a_codec_error() -> None:
    class PanicError(BaseException):
        """As a panic in Rust arrives: not as an Exception."""

    for problem in (ValueError("bad"), PanicError("worse")):
        with pytest.raises(CodecError, match=r"lib: (bad|worse)") as found, failures("lib"):
            raise problem
        assert found.value.__cause__ is problem
    for serious in (MemoryError, KeyboardInterrupt, SystemExit):
        with pytest.raises(serious), failures("lib"):
            raise serious


@pytest.mark.parametrize(
    ("tail", "whole"),
    [
        (b"\xff\xd9", True),
        (b"\xff\xd9\0", True),
        (b"\xff\xd9\0\0\0\0", True),
        (b"\xff\xd9\x20", True),
        (b"\xff\xd9" + bytes(5000), True),
        (b"\xff\xd9rubbish", True),
        (b"\xff\xd9" + b"x" * 16, False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_what_counts_as_an_end(tail: bytes, whole: bool) -> None:  # noqa: FBT001
    stream = b"\xff\xd8" + b"abc" * 20 + tail
    assert ended(stream) is whole
    if whole:
        require_end(stream)
    else:
        with pytest.raises(CodecError, match=f"no end marker .FF D9. after {len(stream)} bytes"):
            require_end(stream)


def test_a_target_is_used_where_the_library_can() -> None:
    out = np.zeros((2, 3), np.int16)
    found = scratch(DecodeRequest(out=out), (2, 3), "u2")
    assert found is not None
    assert np.shares_memory(found, out)
    for other in (out.T, out.astype(">i2"), np.zeros((2, 3), np.int32), None):
        assert scratch(DecodeRequest(out=other), (2, 3), "u2") is None


def test_what_a_library_returns_must_be_the_frame() -> None:
    fmt = make_format((2, 3))
    assert shaped(np.zeros(6, np.uint8), fmt).shape == (2, 3)
    with pytest.raises(CodecError, match=r"shape \(7,\), needed \(2, 3\)"):
        shaped(np.zeros(7, np.uint8), fmt)


@pytest.mark.parametrize("uid", [JPEG_LS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, RLE_LOSSLESS, JPEG_LOSSLESS])
def test_a_stream_that_does_not_fit_the_format_is_refused(uid: str) -> None:
    case = next(case for case in CASES[uid] if case.fmt.samples == 1 and case.fmt.bits_stored == 16)
    for entry in registry.entries(uid):
        # GDCM ends the process over this; streams are measured before it sees them.
        if registry.reason(entry) or _passed_over(entry, case) or entry.name == "gdcm":
            continue
        for wrong in (replace(case.fmt, rows=case.fmt.rows + 3), replace(case.fmt, columns=case.fmt.columns * 2)):
            with pytest.raises(CodecError):
                registry.load(entry)(case.data, wrong, DecodeRequest())
