"""The only way to encode: samples of a frame -> Encoded (check, codec, look at what it wrote), and the loop over it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from dicompix.pixels.batch import SMALL_WORK
from dicompix.pixels.codecs import CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Encoded, EncodeRequest, Stored
from dicompix.pixels.codecs.encode_imagecodecs import jpeg_to_jpeg_xl, jpeg_xl_to_jpeg, near_of
from dicompix.pixels.codecs.encode_native import in_file_order, packed
from dicompix.pixels.codecs.profiles import check_encoding
from dicompix.pixels.codestream import Codestream, peek
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import BadValueError, CodecError, FormatError, MissingCodecError, PixelError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.registry import Choice, Registry, registry
from dicompix.pixels.settle import settle
from dicompix.pixels.syntaxes import JPEG_BASELINE, JPEG_XL_RECOMPRESSION, syntax_for

_PLAIN = EncodeRequest()
_SHARED_CHROMA = {"native", "deflated"}  # families whose frames may have it
_PIXEL_CELLS = {"native", "deflated", "rle", "other"}  # families that code pixel cells as they are
_RGB_AGAIN = {Photometric.YBR_RCT, Photometric.YBR_ICT, Photometric.XYB}


def encode_frame(
    array: Stored,
    fmt: PixelFormat,
    *,
    want: EncodeRequest = _PLAIN,
    codec: Choice = None,
    codecs: Registry = registry,
    verify: bool = False,
) -> Encoded:
    r"""Encode one frame into `fmt.transfer_syntax`; `fmt.photometric` says what the given samples are.

    `verify` decodes what was written and compares.

    >>> fmt = PixelFormat(rows=1, columns=2, bits_allocated=16, bits_stored=12)
    >>> encode_frame(np.array([[513, 1332]], np.uint16), fmt).data
    b'\x01\x024\x05'
    """
    return _encode(_samples(array, fmt), _prepared(fmt, want, codec, codecs), want, codecs, verify=verify)


@lru_cache(maxsize=64)
def _given(fmt: PixelFormat) -> PixelFormat:
    """Return the format of the samples in memory: chroma whole, transforms inside codestreams undone."""
    photometric = fmt.photometric
    if photometric in _RGB_AGAIN:
        photometric = Photometric.RGB
    elif photometric == Photometric.YBR_FULL_422 and syntax_for(fmt.transfer_syntax).family not in _SHARED_CHROMA:
        photometric = Photometric.YBR_FULL
    big_endian = syntax_for(fmt.transfer_syntax).big_endian_pixels
    return replace(fmt, photometric=photometric, big_endian=big_endian)


Plan = tuple[PixelFormat, tuple[CodecEntry, ...]]


def _prepared(fmt: PixelFormat, want: EncodeRequest, codec: Choice, codecs: Registry) -> Plan:
    """Return the format of the samples and the encoders to try; errors for what cannot be, before anything is done."""
    entries = codecs.find_encoder(fmt.transfer_syntax, codec)
    given = _given(fmt)
    check_encoding(given, want)
    return given, entries


def can_encode(
    fmt: PixelFormat, *, want: EncodeRequest = _PLAIN, codec: Choice = None, codecs: Registry = registry
) -> bool:
    """Tell whether samples of this format may go into `fmt.transfer_syntax`, and an installed codec may do it.

    >>> can_encode(PixelFormat(rows=1, columns=1, signed=True, transfer_syntax=JPEG_BASELINE))
    False
    """
    try:
        _prepared(fmt, want, codec, codecs)
    except (FormatError, MissingCodecError):
        return False
    return True


def _samples(array: Stored, fmt: PixelFormat) -> Stored:
    """Return the samples contiguous, in native byte order and within Bits Stored, or BadValueError."""
    dtype, shape = fmt.dtype, fmt.frame_shape
    same_type = array.dtype.newbyteorder("=") == dtype or (array.dtype == np.bool_ and fmt.bits_stored == 1)
    if array.shape not in {shape, (fmt.rows, fmt.columns, fmt.samples)} or not same_type:
        raise BadValueError(f"the frame is {array.dtype} of shape {array.shape}, needed {dtype} of shape {shape}")
    samples = np.ascontiguousarray(array, dtype).reshape(shape)
    if not fmt.floating and fmt.bits_stored < dtype.itemsize * 8:
        low, high = fmt.value_range
        least, greatest = int(samples.min()), int(samples.max())
        if least < low or greatest > high:
            raise BadValueError(
                f"the frame has the value {least if least < low else greatest}, needed {low} to {high}: "
                f"Bits Stored (0028,0101) is {fmt.bits_stored}"
            )
    return samples


def _encode(samples: Stored, plan: Plan, want: EncodeRequest, codecs: Registry, *, verify: bool) -> Encoded:
    """Return what the first encoder that can do it writes; a CodecError lets the next one try."""
    fmt, entries = plan
    _check_near(samples, fmt, near_of(fmt, want))
    problems: list[tuple[CodecEntry, CodecError]] = []
    for entry in entries:
        try:
            encoded = _attempt(entry, samples, fmt, want, codecs)
            if verify:
                verify_frame(encoded, samples, fmt, want)
        except CodecError as problem:
            problems.append((entry, problem))
        else:
            return encoded
    raise _all_failed(problems, fmt.transfer_syntax, codecs)


def _check_near(samples: Stored, fmt: PixelFormat, near: int) -> None:
    """Raise BadValueError for signed samples that near-lossless coding, which knows no sign, may give the other one."""
    if not near or not fmt.signed:
        return
    low, high = fmt.value_range
    least, greatest = int(samples.min()), int(samples.max())
    if least < low + near or greatest > high - near:
        raise BadValueError(
            f"the frame has the value {least if least < low + near else greatest}, needed {low + near} to "
            f"{high - near}: signed samples are coded as unsigned bits, where an error of {near} could reach the other "
            "end; take a lossless syntax, or JPEG 2000"
        )


def _narrowed(samples: Stored, fmt: PixelFormat) -> tuple[Stored, PixelFormat]:
    """Return samples in the smallest container for Bits Stored, as codestreams have it, and their format."""
    bits = next(bits for bits in (8, 16, 32, 64) if fmt.bits_stored <= bits)
    narrow = replace(fmt, bits_allocated=bits, high_bit=None)
    return samples.astype(narrow.dtype, copy=False), narrow


def _attempt(entry: CodecEntry, samples: Stored, fmt: PixelFormat, want: EncodeRequest, codecs: Registry) -> Encoded:
    """Return what one codec writes, looked at; whatever goes wrong inside it is a CodecError."""
    family = syntax_for(fmt.transfer_syntax).family
    given, coded = (samples, fmt) if family in _PIXEL_CELLS else _narrowed(samples, fmt)
    try:
        encoded: object = codecs.load_encoder(entry)(given, coded, want)
    except MissingCodecError as problem:
        raise CodecError(str(problem)) from problem
    except (PixelError, MemoryError):
        raise
    except Exception as problem:
        raise CodecError(f"{type(problem).__name__}: {problem}") from problem
    if not isinstance(encoded, Encoded) or not encoded.data:
        raise CodecError(f"the codec returned {type(encoded).__name__}, needed an Encoded with some bytes")
    stream = peek(encoded.data, family)
    if stream is not None and stream.kind != "rle":
        _check_stream(stream, _as_written(encoded, fmt))
    return encoded


def _as_written(encoded: Encoded, fmt: PixelFormat) -> PixelFormat:
    return replace(fmt, photometric=encoded.photometric, planar=encoded.planar)


def _check_stream(stream: Codestream, label: PixelFormat) -> None:
    """Raise CodecError where a codestream is not what the data set will say of it (PS3.5 8.2)."""
    found = [str(finding) for finding in settle(label, stream).findings]
    if stream.lossless is False and not syntax_for(label.transfer_syntax).lossy:
        found.append("it is lossy")
    if found:
        raise CodecError(f"the codec wrote something else than it should: {'; '.join(found)}")


def _all_failed(problems: Sequence[tuple[CodecEntry, CodecError]], uid: str, codecs: Registry) -> CodecError:
    """Return the error for a frame that nothing encodes, with everybody's reason, and who is missing."""
    listed = [f"{entry.name}: {problem}" for entry, problem in problems]
    listed += [f"{entry.name}: {why}" for entry in codecs.encoders(uid) if (why := codecs.encoding.reason(entry))]
    error = CodecError("Unable to encode as exceptions were raised by all available plugins:\n  " + "\n  ".join(listed))
    error.__cause__ = problems[0][1]
    return error


def verify_frame(encoded: Encoded, samples: Stored, fmt: PixelFormat, want: EncodeRequest = _PLAIN) -> None:
    """Decode a frame and raise CodecError where it is not what was encoded: exactly, or as near as was promised."""
    lossy = syntax_for(fmt.transfer_syntax).lossy
    fmt = _given(fmt)
    # YBR samples stay as they are; RGB that was coded as YBR comes back as RGB.
    raw = DecodeRequest(raw=not lossy or fmt.photometric.is_ybr)
    frame = decode_frame(encoded.data, _as_written(encoded, fmt), want=raw)
    if frame.array.shape != samples.shape or frame.array.dtype != samples.dtype:
        raise CodecError(
            f"what was written decodes to {frame.array.dtype} of shape {frame.array.shape}, "
            f"needed {samples.dtype} of shape {samples.shape}"
        )
    near = near_of(fmt, want)
    if not lossy and not np.array_equal(frame.array, samples, equal_nan=fmt.floating):
        raise CodecError("what was written decodes to other samples than were given")
    if near or syntax_for(fmt.transfer_syntax).family == "jpeg-ls":
        worst = int(np.abs(np.subtract(frame.array, samples, dtype=np.int64)).max())
        if worst > near:
            raise CodecError(f"what was written decodes to samples that differ by {worst}, needed at most {near}")


def encode_all(  # noqa: PLR0913  # as encode_frame, and how many at once
    frames: Sequence[Stored] | Stored,
    fmt: PixelFormat,
    *,
    want: EncodeRequest = _PLAIN,
    codec: Choice = None,
    codecs: Registry = registry,
    verify: bool = False,
    workers: int | None = None,
) -> list[Encoded]:
    r"""Encode frames, in parallel where that pays; the result is in their order, an error says which frame.

    >>> fmt = PixelFormat(rows=1, columns=2)
    >>> [coded.data for coded in encode_all(np.array([[[1, 2]], [[3, 4]]], np.uint8), fmt)]
    [b'\x01\x02', b'\x03\x04']
    """
    if isinstance(frames, np.ndarray) and frames.shape == fmt.frame_shape:
        frames = frames[np.newaxis]
    plan = _prepared(fmt, want, codec, codecs)
    workers, threads = _shares(len(frames), fmt, plan[1], workers)
    want = replace(want, threads=threads) if threads > 1 else want

    def encode(number: int) -> Encoded:
        try:
            return _encode(_samples(frames[number], fmt), plan, want, codecs, verify=verify)
        except (BadValueError, CodecError) as problem:
            problem.args = (f"frame {number}: {problem}",)
            raise

    return in_parallel(encode, len(frames), workers)


def _shares(count: int, fmt: PixelFormat, entries: Sequence[CodecEntry], wanted: int | None) -> tuple[int, int]:
    """Return how many frames to encode at once, and with how many threads each: one by one where they are few."""
    workers = wanted
    if workers is None:
        workers = 1 if count * fmt.array_bytes < SMALL_WORK else usable_cores()
    if count < workers and "threads" in entries[0].honours:
        return 1, workers
    return workers, 1


def encode_native(frames: Sequence[Stored] | Stored, fmt: PixelFormat) -> bytes:
    """Return all frames as native pixel data, bits of one frame right after those of the last (PS3.5 8.1.1).

    >>> fmt = PixelFormat(rows=1, columns=3, bits_allocated=1, bits_stored=1)
    >>> encode_native(np.array([[[1, 0, 1]], [[1, 1, 1]]], np.uint8), fmt)
    b'='
    """
    if fmt.frame_bits % 8 == 0:
        return b"".join(encoded.data for encoded in encode_all(frames, fmt))
    given = _given(fmt)
    ordered = [in_file_order(_samples(frame, fmt), given).reshape(-1) for frame in frames]
    return packed(np.concatenate(ordered), given)


def recompress(data: Buffer, fmt: PixelFormat, target_uid: str) -> bytes | None:
    """Return JPEG as JPEG XL, or JPEG XL as the JPEG that it was made of, no pixel decoded; None where that cannot be.

    The way to JPEG XL is taken only where the way back gives every byte again.
    """
    change = _RECOMPRESSIONS.get((fmt.transfer_syntax, target_uid))
    try:
        return None if change is None else change(bytes(data))
    except CodecError:
        return None


def _to_jpeg_xl(data: bytes) -> bytes | None:
    written = jpeg_to_jpeg_xl(data)
    return written if jpeg_xl_to_jpeg(written) == data else None


def _to_jpeg(data: bytes) -> bytes | None:
    written = jpeg_xl_to_jpeg(data)
    stream = peek(written, "jpeg")
    return written if stream is not None and stream.kind in syntax_for(JPEG_BASELINE).kinds else None


_RECOMPRESSIONS: dict[tuple[str, str], Callable[[bytes], bytes | None]] = {
    (JPEG_BASELINE, JPEG_XL_RECOMPRESSION): _to_jpeg_xl,
    (JPEG_XL_RECOMPRESSION, JPEG_BASELINE): _to_jpeg,
}
