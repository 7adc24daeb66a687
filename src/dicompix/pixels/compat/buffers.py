"""Results -> decoded pixel data as bytes, before any correction: what `Decoder.as_buffer` gives."""

from collections.abc import Sequence

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.compat.labels import labelled
from dicompix.pixels.compat.results import Properties, Results, properties_of
from dicompix.pixels.errors import Finding
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer, BufferSource, SwappedSource, short_native_error
from dicompix.pixels.parallel import in_parallel, usable_cores
from dicompix.pixels.syntaxes import syntax_for

Decoded = tuple[Buffer, Properties, tuple[Finding, ...]]


def buffer_of(results: Results, index: int | None, *, copied: bool = False) -> Decoded:
    """Return all frames or one as bytes, what pydicom tells of them, and the findings.

    Native pixel data is cut out of its buffer as it lies there, as bytes where it has to be `copied`; frames that
    begin or end inside a byte or a word share that with their neighbours. Encapsulated frames are as a codec gives
    them, in containers of the codestream's precision, RLE colour-by-plane.
    """
    numbers = range(results.count) if index is None else [results.position(index)]
    if results.encapsulated:
        return _decoded(results, numbers)
    fmt = results.fmt
    if numbers[-1] >= len(results.content.index):
        raise short_native_error(fmt, len(results.content.index.source))
    return _cut(results, numbers, copied=copied), properties_of(fmt, len(numbers), planar=fmt.planar), ()


def _cut(results: Results, numbers: Sequence[int], *, copied: bool) -> Buffer:
    """Return the bytes of neighbouring native frames; of 8-bit samples in words, whole words (PS3.5 8.1.2)."""
    frames = results.content.index
    start, stop = frames.spans(numbers[0])[0][0], frames.spans(numbers[-1])[-1][1]
    source = frames.source
    if isinstance(source, SwappedSource):
        start, stop, source = start - start % 2, stop + stop % 2, source.source
    if isinstance(source, BufferSource) and not results.options.view_only:
        part = source.buffer[start:stop]  # of the type that it was given in
    else:
        part = source.read(start, stop)
    return bytes(part) if copied else part


def _decoded(results: Results, numbers: Sequence[int]) -> Decoded:
    decoder, index = results.decoder, results.content.index
    workers = usable_cores() if len(numbers) > 1 else 1
    with labelled():
        pairs = in_parallel(lambda i: decoder.coded_frame(index[numbers[i]]), len(numbers), workers)
    widest = max((coded for _, coded in pairs), key=lambda coded: coded.bits_allocated)
    planar = int(syntax_for(results.fmt.transfer_syntax).family == "rle" and widest.samples > 1)
    data = b"".join([_bytes(frame.array, widest, planar=planar) for frame, _ in pairs])
    findings = tuple([found for number, (frame, _) in zip(numbers, pairs, strict=True) for found in _at(frame, number)])
    return data, _properties(results, pairs[0][0], widest, len(numbers), planar), findings


def _at(frame: Frame, number: int) -> tuple[Finding, ...]:
    return frame.at(number).findings


def _bytes(array: Stored, widest: PixelFormat, *, planar: int) -> bytes:
    """Return a frame's samples as little-endian bytes in containers of the widest frame."""
    if widest.bits_allocated == 1:
        return np.packbits(array, axis=None, bitorder="little").tobytes()
    size = widest.dtype.itemsize
    array = array.astype(f"<{array.dtype.kind}{size}", copy=False)
    return (array.transpose(2, 0, 1) if planar else array).tobytes()


def _properties(results: Results, frame: Frame, widest: PixelFormat, frames: int, planar: int) -> Properties:
    """Return what the bytes are: containers and size by the codestream, stored bits and sign by the description."""
    fmt = results.fmt
    found = properties_of(widest, frames, planar=planar)
    found["photometric_interpretation"] = str(results.named(frame.photometric))
    found["bits_stored"] = min(fmt.bits_stored, widest.bits_allocated)
    found["pixel_representation"] = int(fmt.signed)
    return found
