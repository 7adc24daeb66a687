"""Plugins written for pydicom -> codecs of ours: Runner, the object that such a function is given beside the frame."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from pydicom import uid as pydicom_uid
from pydicom.pixels.common import PhotometricInterpretation

from dicompix.pixels.codecs.base import (
    Codec,
    DecodeRequest,
    Encoded,
    Encoder,
    EncodeRequest,
    Frame,
    Stored,
    color_after,
)
from dicompix.pixels.codecs.native import unpack_bits
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import Photometric, PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import syntax_for

Options = Mapping[str, Any]
DecodeFunction = Callable[[bytes, "Runner"], Buffer | Stored]
EncodeFunction = Callable[[bytes, "Runner"], bytes | bytearray]
_TERMS = {term.value: term for term in PhotometricInterpretation}


def _option(name: str) -> property:
    def read(self: "Runner") -> Any:
        return self.options[name]

    return property(read, doc=f"Return the option `{name}`.")


class Runner:
    """One frame's description under the names of pydicom's DecodeRunner and EncodeRunner, for plugins to read.

    What a plugin sets by `set_option` is recorded: it says what came out. Nothing else is changed by it.
    """

    def __init__(self, options: Options) -> None:
        self.options = dict(options)

    rows = _option("rows")
    columns = _option("columns")
    samples_per_pixel = _option("samples_per_pixel")
    bits_allocated = _option("bits_allocated")
    bits_stored = _option("bits_stored")
    photometric_interpretation = _option("photometric_interpretation")
    planar_configuration = _option("planar_configuration")
    pixel_representation = _option("pixel_representation")
    pixel_keyword = _option("pixel_keyword")
    number_of_frames = _option("number_of_frames")
    transfer_syntax = _option("transfer_syntax_uid")

    @property
    def index(self) -> int:
        """Return the number of the frame: a codec is given one at a time."""
        return 0

    @property
    def extended_offsets(self) -> None:
        """Return None: the frame is cut out already."""

    is_array = is_binary = is_dataset = False
    is_buffer = True

    def get_option(self, name: str, default: Any = None) -> Any:
        """Return an option's value, `default` where it is not set."""
        return self.options.get(name, default)

    def set_option(self, name: str, value: Any) -> None:
        """Record what a plugin says of its result."""
        self.options[name] = _TERMS.get(value, value) if name == "photometric_interpretation" else value

    def set_options(self, **options: Any) -> None:
        """Record several options."""
        for name, value in options.items():
            self.set_option(name, value)

    def del_option(self, name: str) -> None:
        """Forget an option; the description of the frame stays."""
        if name in {"transfer_syntax_uid", "pixel_keyword"}:
            raise ValueError(f"Deleting '{name}' is not allowed")
        self.options.pop(name, None)

    def get_frame_option(self, index: int, name: str, default: Any = None) -> Any:  # noqa: ARG002  # pydicom's
        """Return an option of the frame."""
        return self.get_option(name, default)

    def set_frame_option(self, index: int, name: str, value: Any) -> None:  # noqa: ARG002  # pydicom's signature
        """Record an option of the frame."""
        self.set_option(name, value)

    def frame_length(self, unit: str = "bytes", index: int | None = None) -> int:  # noqa: ARG002  # pydicom's
        """Return how many bytes, or samples where `unit` is "pixels", the frame has when it is not encoded."""
        samples: int = self.rows * self.columns * self.samples_per_pixel
        if unit == "pixels":
            return samples
        return -(-samples // 8) if self.bits_allocated == 1 else samples * (self.bits_allocated // 8)

    @property
    def pixel_dtype(self) -> np.dtype[Any]:
        """Return the type that holds one sample."""
        kind = "ui"[self.pixel_representation] if self.bits_allocated > 1 else "u"
        return np.dtype(f"{kind}{-(-self.bits_allocated // 8)}")

    def frame_dtype(self, index: int | None = None) -> np.dtype[Any]:  # noqa: ARG002  # pydicom's signature
        """Return the type that holds one sample of the frame."""
        return self.pixel_dtype


def describe(fmt: PixelFormat) -> dict[str, Any]:
    """Return a format as pydicom's options name it.

    >>> describe(PixelFormat(rows=2, columns=3))["photometric_interpretation"]
    <PhotometricInterpretation.MONOCHROME2: 'MONOCHROME2'>
    """
    photometric = str(fmt.photometric)
    return {
        "transfer_syntax_uid": pydicom_uid.UID(fmt.transfer_syntax),
        "pixel_keyword": "PixelData",
        "rows": fmt.rows,
        "columns": fmt.columns,
        "samples_per_pixel": fmt.samples,
        "photometric_interpretation": _TERMS.get(photometric, photometric),
        "planar_configuration": fmt.planar,
        "number_of_frames": 1,
        "bits_allocated": fmt.bits_allocated,
        "bits_stored": fmt.bits_stored,
        "pixel_representation": int(fmt.signed),
    }


def _of_codestream(fmt: PixelFormat) -> dict[str, Any]:
    """Return what pydicom's options say of a codestream: the format that a codec is given has been settled by it."""
    family = syntax_for(fmt.transfer_syntax).family
    if family == "jpeg-2000":
        return {"j2k_precision": fmt.bits_stored, "j2k_is_signed": fmt.signed, "apply_j2k_sign_correction": True}
    return {"jls_precision": fmt.bits_stored} if family == "jpeg-ls" else {}


@contextmanager
def _failures() -> Iterator[None]:
    """Turn whatever a plugin raises into CodecError of the same text, a panic of Rust included."""
    try:
        yield
    except (MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as problem:
        raise CodecError(str(problem)) from problem


def decoding(function: DecodeFunction, options: Options) -> Codec:
    """Return a pydicom-style decoding function as a codec of ours.

    >>> codec = decoding(lambda src, runner: bytes(runner.frame_length()), {})
    >>> codec(b"", PixelFormat(rows=1, columns=2), DecodeRequest()).array
    array([[0, 0]], dtype=uint8)
    """

    def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:  # noqa: ARG001  # a codec's signature
        runner = Runner({**options, **describe(fmt), **_of_codestream(fmt)})
        with _failures():
            result = function(bytes(data), runner)
        declared = describe(fmt)["photometric_interpretation"]
        said = runner.photometric_interpretation
        photometric = color_after(fmt) if said == declared else _photometric(said)
        return Frame(_frame(result, runner).astype(fmt.dtype, copy=False), photometric)

    return decode


def _photometric(value: object) -> Photometric:
    try:
        return Photometric(str(value))
    except ValueError as problem:
        raise CodecError(f"the plugin set photometric_interpretation to {value!r}, no defined term") from problem


def _frame(result: Buffer | Stored, runner: Runner) -> Stored:
    """Return what a plugin gave as (rows, columns[, samples]), by what it has said of it."""
    rows, columns, samples = runner.rows, runner.columns, runner.samples_per_pixel
    shape = (rows, columns) if samples == 1 else (rows, columns, samples)
    array = result if isinstance(result, np.ndarray) else _samples(result, runner)
    if array.shape == shape:
        return array
    size = rows * columns * samples
    if array.size < size:
        raise CodecError(f"the plugin returned {array.size} samples, needed {size}")
    array = array.reshape(-1)[:size]
    if samples > 1 and runner.planar_configuration == 1:
        return array.reshape(samples, rows, columns).transpose(1, 2, 0)
    return array.reshape(shape)


def _samples(result: Buffer, runner: Runner) -> Stored:
    packed = runner.bits_allocated == 1 and len(result) < runner.frame_length("pixels")
    dtype = runner.pixel_dtype
    array: Stored = np.frombuffer(result, dtype, count=len(result) // dtype.itemsize)
    return unpack_bits(array) if packed else array


def encoding(function: EncodeFunction, options: Options) -> Encoder:
    r"""Return a pydicom-style encoding function as an encoder of ours; it gets little endian, colour-by-pixel bytes.

    >>> encoder = encoding(lambda src, runner: src, {})
    >>> encoder(np.array([[1, 2]], np.uint8), PixelFormat(rows=1, columns=2), EncodeRequest()).data
    b'\x01\x02'
    """

    def encode(array: Stored, fmt: PixelFormat, want: EncodeRequest) -> Encoded:
        runner = Runner({"byteorder": "<", **options, **describe(fmt), "planar_configuration": 0})
        runner.set_option("photometric_interpretation", _intended(fmt, want))
        samples = array.astype(array.dtype.newbyteorder(runner.get_option("byteorder")), copy=False)
        with _failures():
            data = bytes(function(samples.tobytes(), runner))
        return Encoded(data, _photometric(runner.photometric_interpretation))

    return encode


def _intended(fmt: PixelFormat, want: EncodeRequest) -> str:
    """Return the photometric interpretation that coded samples are to have, which is what pydicom's plugins go by."""
    syntax = syntax_for(fmt.transfer_syntax)
    if syntax.family == "jpeg-2000" and fmt.photometric == Photometric.RGB and want.component_transform:
        return Photometric.YBR_ICT.value if syntax.lossy else Photometric.YBR_RCT.value
    if syntax.family == "jpeg" and syntax.lossy and fmt.samples == 3 and want.component_transform:
        return Photometric.YBR_FULL_422.value
    return fmt.photometric.value
