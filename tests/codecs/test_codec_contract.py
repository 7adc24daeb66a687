"""Every codec that is installed, for every syntax of the table, against the same cases."""

import sys
from collections.abc import Callable
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest

from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Stored
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
    whole = fmt.bits_stored == fmt.bits_allocated and not fmt.signed
    return not whole or (fmt.samples == 3 and fmt.bits_stored == 16)


# Cases that a library cannot decode at all; it must say so with a CodecError, and the next codec is asked.
CANNOT: dict[str, Callable[[CodecCase], bool]] = {
    "pillow": _pillow_cannot,
    "pylibjpeg-rle": lambda case: case.fmt.bits_allocated == 1,
    "pylibjpeg-libjpeg": lambda case: case.name == "extended-12-se0",
    "gdcm": lambda case: case.fmt.bits_allocated == 8 and case.fmt.bits_stored < 8,
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


def test_all_codecs_of_the_table_are_installed_here() -> None:
    missing = {entry.name for _, entry in PAIRS if registry.reason(entry)}
    if missing:
        pytest.skip(f"not installed: {', '.join(sorted(missing))}")


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
