"""Content under pydicom's options -> its arrays and buffers, with what pydicom tells of them."""

from collections.abc import Iterator, Sequence
from operator import index as whole_number

from dicompix.pixels.batch import decode_all, decode_frames, promised_format
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat.labels import labelled
from dicompix.pixels.compat.options import Options
from dicompix.pixels.compat.wording import LOGGER, report
from dicompix.pixels.decode import Decoder
from dicompix.pixels.errors import BadValueError, Finding, FrameIndexError
from dicompix.pixels.format import SUBSAMPLED, Photometric, PixelFormat
from dicompix.pixels.frames import SwappedSource
from dicompix.pixels.plain import Decoded, native_view
from dicompix.pixels.policy import refuse
from dicompix.pixels.read import Content
from dicompix.pixels.registry import Choice, Registry, registry
from dicompix.pixels.syntaxes import JPEG_BASELINE, syntax_for
from dicompix.pixels.transforms.ycbcr import RgbToYbr, YbrToRgb

Properties = dict[str, str | int]
_FORCED = {"force-rgb": (YbrToRgb, Photometric.RGB), "force-ybr": (RgbToYbr, Photometric.YBR_FULL)}
_NO_VIEW = "Unable to return an ndarray that's a view on the original buffer "


class Results:
    """Frames of one pixel data as pydicom gives them: with its axes, byte order, excess frames and warnings.

    `seen` holds the codes of findings that were reported. What is forced on the colour comes after the decoder.
    """

    __slots__ = ("content", "decoder", "encapsulated", "fmt", "options", "seen")

    def __init__(
        self,
        content: Content,
        options: Options,
        codec: Choice = None,
        codecs: Registry = registry,
        seen: set[str] | None = None,
    ) -> None:
        self.content, self.options = content, options
        self.seen = set() if seen is None else seen
        self.fmt = fmt = content.fmt
        syntax = syntax_for(fmt.transfer_syntax)
        self.encapsulated = syntax.encapsulated
        raw, corrected = options.color != "rgb", options.corrects(syntax.family)
        fill = 0 if options.errors == "salvage" else None
        self.decoder = Decoder(fmt=fmt, codec=codec, codecs=codecs, raw=raw, corrected=corrected, fill=fill)

    @property
    def count(self) -> int:
        """Return how many frames there are: those in excess are among them unless they are not allowed."""
        held, declared = len(self.content.index), self.fmt.frames
        if held <= declared or not self.options.excess:
            return declared
        return held if self.options.validate or self.encapsulated else declared

    def findings(self, index: int | None = None) -> tuple[Finding, ...]:
        """Return what is odd about the description and the layout, as far as it matters to the frames asked for."""
        if not self.content.findings or not self.options.validate:
            return ()
        return tuple([found for each in self.content.findings for found in self._mattering(each, index)])

    def _mattering(self, finding: Finding, index: int | None) -> tuple[Finding, ...]:
        if finding.code != "excess-frames":
            return (finding,)
        if self.encapsulated:
            return (finding,) if self.count > self.fmt.frames and index is None else ()
        return (finding,) if self.count > self.fmt.frames else (self._padding(),)

    def _padding(self) -> Finding:
        """Return the finding for spare native bytes that are not to be taken for frames."""
        total, expected = len(self.content.index.source), -(-self.fmt.frame_bits * self.fmt.frames // 8)
        message = (
            f"the pixel data is {total} bytes long, which indicates it contains {total - expected} bytes "
            "of excess padding to be removed"
        )
        return Finding(code="excess-padding", message=message, found=total, used=expected, clause="PS3.5 8.1.1")

    def report(self, findings: Sequence[Finding], *, stacklevel: int = 3) -> None:
        """Warn of findings that were not seen yet; DeviationError for them where `errors` is "strict"."""
        if findings and self.options.errors == "strict":
            refuse((*self.findings(), *findings))
        if findings:
            report(findings, self.seen, uid=self.fmt.transfer_syntax, stacklevel=stacklevel + 1)

    # Arrays

    def array(self, index: int | None = None) -> Decoded:
        """Return all frames or one, without the frames axis where there is one alone."""
        if index is not None and index < 0:
            raise BadValueError(f"'index' must be greater than or equal to 0, found {index}")
        count, viewed = self.count, None
        if self.options.view_only:
            self.log_obstacles()
            viewed = self._viewed(range(count)) if index is None else None
        if index is not None:
            return self.frame(index)
        with labelled():
            return self._finished(viewed or decode_all(self.content.index, self.decoder, count))

    def frame(self, index: int) -> Decoded:
        """Return one frame; negative numbers count from the end."""
        position = self.position(index)
        viewed = self._viewed(range(position, position + 1))
        with labelled():
            return self._finished(viewed or decode_frames(self.content.index, self.decoder, [position]))

    def position(self, index: int) -> int:
        """Return the number of a frame that is there, or FrameIndexError."""
        number, held = whole_number(index), len(self.content.index)
        if self.decoder.fill is not None:
            held = max(held, self.fmt.frames)
        position = number + self.count if number < 0 else number
        if not 0 <= position < held:
            raise FrameIndexError(
                f"There is insufficient pixel data to contain {number + 1} frames: it holds {held} frames, Number of "
                f"Frames is {self.fmt.frames}; there aren't enough offsets or fragments for {number + 1} frames"
            )
        return position

    def _viewed(self, frames: range) -> Decoded | None:
        """Return a view of the source where one is asked for and shows what is wanted."""
        if not self.options.view_only or self.encapsulated or frames.stop > len(self.content.index):
            return None
        fmt = self.fmt
        if next(self.obstacles(), None) is not None:
            return None
        view = native_view(self.content.index, fmt, frames)
        if fmt.samples > 1 and fmt.planar:
            view = view.reshape(len(frames), fmt.samples, fmt.rows, fmt.columns).transpose(0, 2, 3, 1)
        return Decoded(view, fmt.photometric)

    def obstacles(self) -> Iterator[str]:
        """Yield why native pixel data cannot be seen as it lies in its buffer."""
        fmt = self.fmt
        if fmt.bits_allocated in {1, 12}:
            yield "for bit-packed pixel data"
        if isinstance(self.content.index.source, SwappedSource):
            yield "for 8-bit pixel data encoded as OW with 'Explicit VR Big Endian'"
        if fmt.samples > 1 and fmt.photometric in SUBSAMPLED:
            yield f"for uncompressed pixel data with a photometric interpretation of '{fmt.photometric}'"
        if fmt.bits_stored < fmt.bits_allocated and self.options.corrects("native"):
            yield (
                "when (0028,0101) 'Bits Stored' doesn't equal (0028,0100) 'Bits Allocated' and "
                "'correct_unused_bits=True'. In most cases you can pass 'correct_unused_bits=False' instead to get "
                "a view if the uncorrected array is equivalent to the corrected one."
            )
        converted = self.options.color == "rgb" and fmt.samples > 1 and fmt.photometric.is_ybr
        if converted or self.options.color in _FORCED:
            yield "if applying a color space conversion"

    def log_obstacles(self) -> None:
        """Log why there is no view where one was asked for, as pydicom does."""
        if self.options.view_only and not self.encapsulated:
            for obstacle in self.obstacles():
                LOGGER.warning("%s%s", _NO_VIEW, obstacle)

    def _finished(self, decoded: Decoded) -> Decoded:
        """Return frames as pydicom has them: colour forced, no axis for a frame alone, the file's byte order."""
        array, photometric, fmt = decoded.array, decoded.photometric, self.fmt
        if self.options.color in _FORCED:
            array, photometric = self._forced(array)
        if len(array) == 1:
            array = array[0]
        if fmt.big_endian and array.dtype.itemsize > 1 and array.dtype.isnative and _keeps_order(fmt):
            array = array.astype(array.dtype.newbyteorder(">"))
        return decoded if array is decoded.array else Decoded(array, photometric, decoded.findings)

    def _forced(self, array: Stored) -> tuple[Stored, Photometric]:
        """Return frames converted between RGB and YCbCr, whichever they are said to be."""
        if array.ndim != 4 or self.fmt.floating:
            raise BadValueError(f"'{self.options.color.replace('-', '_')}' needs 3 integer samples per pixel")
        kind, photometric = _FORCED[self.options.color]
        return kind(Photometric.YBR_FULL, self.fmt.bits_stored)(array), photometric

    # What pydicom tells of them

    def properties(self, photometric: Photometric, frames: int = 1, number: int = 0) -> Properties:
        """Return the Image Pixel values that describe an array."""
        found = properties_of(promised_format(self.content.index, self.decoder, number), frames, planar=0)
        return {**found, "photometric_interpretation": str(self.named(photometric))}

    def named(self, photometric: Photometric) -> Photometric:
        """Return the YCbCr of lossy JPEG as it is named while encoded, which is what pydicom goes on calling it."""
        if photometric != Photometric.YBR_FULL or syntax_for(self.fmt.transfer_syntax).family != "jpeg":
            return photometric
        if self.fmt.photometric.is_ybr:
            return self.fmt.photometric
        return Photometric.YBR_FULL_422 if self.fmt.transfer_syntax == JPEG_BASELINE else photometric


def _keeps_order(fmt: PixelFormat) -> bool:
    """Tell whether arrays keep the pixel data's big-endian order, so that they can be written back (PS3.5 A.3)."""
    return syntax_for(fmt.transfer_syntax).big_endian_data_set


def properties_of(fmt: PixelFormat, frames: int, *, planar: int) -> Properties:
    """Return a format under the names of pydicom's pixel properties.

    >>> properties_of(PixelFormat(rows=2, columns=3), 4, planar=0)["number_of_frames"]
    4
    """
    found: Properties = {
        "bits_allocated": fmt.bits_allocated,
        "columns": fmt.columns,
        "number_of_frames": frames,
        "photometric_interpretation": str(fmt.photometric),
        "rows": fmt.rows,
        "samples_per_pixel": fmt.samples,
    }
    if fmt.samples > 1:
        found["planar_configuration"] = planar
    if not fmt.floating:
        found["bits_stored"] = fmt.bits_stored
        found["pixel_representation"] = int(fmt.signed)
    return found
