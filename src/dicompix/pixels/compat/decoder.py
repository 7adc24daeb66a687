"""One transfer syntax's decoder under pydicom's names: Decoder, get_decoder."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

from pydicom import config
from pydicom.dataset import Dataset

from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.compat import plugins
from dicompix.pixels.compat.bookkeeping import declared_syntax
from dicompix.pixels.compat.buffers import buffer_of
from dicompix.pixels.compat.coder import Coder, coder_for
from dicompix.pixels.compat.described import content_of_bytes, content_under
from dicompix.pixels.compat.labels import name_of
from dicompix.pixels.compat.options import Description, Options, options_of
from dicompix.pixels.compat.refusals import check_plugin
from dicompix.pixels.compat.results import Properties, Results, properties_of
from dicompix.pixels.errors import BadValueError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.read import Content
from dicompix.pixels.registry import Registry, registry
from dicompix.pixels.syntaxes import syntax_for

Source = Dataset | Buffer | BinaryIO


class Decoder(Coder):
    """What decodes one transfer syntax's pixel data, from a data set, a buffer, or a file at the element's value.

    Without a data set the options say what the pixel data is: `rows`, `columns`, `number_of_frames`,
    `samples_per_pixel`, `photometric_interpretation`, `bits_allocated`, `bits_stored`, `pixel_representation`,
    `planar_configuration`, and `pixel_keyword` for native data. With one they stand for the data set's own values.
    Its methods raise PixelError's subclasses, as `pixel_array` does.

    >>> array, properties = get_decoder("1.2.840.10008.1.2.1").as_array(
    ...     bytes([1, 2, 3, 4, 5, 6]), rows=2, columns=3, number_of_frames=1, samples_per_pixel=1, bits_allocated=8,
    ...     bits_stored=8, pixel_representation=0, photometric_interpretation="MONOCHROME2", pixel_keyword="PixelData")
    >>> array
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    """

    _decodes = True

    @staticmethod
    def _common() -> Registry:
        return registry

    @staticmethod
    def _adapt(function: Any, options: Mapping[str, Any]) -> Any:
        return plugins.decoding(function, options)

    def as_array(
        self,
        src: Source,
        *,
        index: int | None = None,
        validate: bool = True,
        raw: bool = False,
        decoding_plugin: str = "",
        **kwargs: Any,
    ) -> tuple[Stored, Properties]:
        """Return all frames or one as pydicom does, writable, and the Image Pixel values that describe the array.

        Axes of length 1 for frames and samples are left out, colour is by pixel, YBR comes out RGB unless `raw`.
        """
        if index is not None and index < 0:
            raise BadValueError(f"'index' must be greater than or equal to 0, found {index}")
        results = self._results(
            src, {**kwargs, "raw": raw, "validate": validate, "decoding_plugin": decoding_plugin}, index
        )
        decoded = results.array(index)
        results.report(decoded.findings)
        frames = results.count if index is None else 1
        return decoded.array, results.properties(decoded.photometric, frames, index or 0)

    def iter_array(
        self,
        src: Source,
        *,
        indices: Iterable[int] | None = None,
        raw: bool = False,
        validate: bool = True,
        decoding_plugin: str = "",
        **kwargs: Any,
    ) -> Iterator[tuple[Stored, Properties]]:
        """Yield frames one by one, all or those of the numbers, each with the values that describe it."""
        results = self._results(src, {**kwargs, "raw": raw, "validate": validate, "decoding_plugin": decoding_plugin})
        results.log_obstacles()
        for number in range(results.count) if indices is None else indices:
            decoded = results.frame(number)
            results.report(decoded.findings)
            yield decoded.array, results.properties(decoded.photometric, 1, results.position(number))

    def as_buffer(
        self,
        src: Source,
        *,
        index: int | None = None,
        validate: bool = True,
        decoding_plugin: str = "",
        **kwargs: Any,
    ) -> tuple[Buffer, Properties]:
        """Return all frames or one as uncorrected bytes, and the Image Pixel values that describe them.

        Native pixel data is cut out of what was given, as the same type, bytes from a file, a memoryview where
        `view_only`; encapsulated frames come as a codec leaves them, RLE colour-by-plane.
        """
        results = self._results(src, {**kwargs, "validate": validate, "decoding_plugin": decoding_plugin}, index)
        data, properties, findings = buffer_of(results, index, copied=hasattr(src, "read"))
        results.report(findings)
        return data, properties

    def iter_buffer(
        self,
        src: Source,
        *,
        indices: Iterable[int] | None = None,
        validate: bool = True,
        decoding_plugin: str = "",
        **kwargs: Any,
    ) -> Iterator[tuple[Buffer, Properties]]:
        """Yield frames one by one as uncorrected bytes, all or those of the numbers, each with its values."""
        results = self._results(src, {**kwargs, "validate": validate, "decoding_plugin": decoding_plugin})
        for number in range(results.count) if indices is None else indices:
            data, properties, findings = buffer_of(results, number, copied=hasattr(src, "read"))
            results.report(findings)
            yield data, properties

    def _results(self, src: Source, given: dict[str, Any], index: int | None = None) -> Results:
        """Return what a source gives under options; what is odd about it is reported to the caller's caller."""
        options = options_of(given)
        codec, codecs = self.plugin_choice(options.plugin, options.given)
        content = self._content(src, options.description)
        check_plugin(options.plugin, content.fmt)
        if config.debugging:
            self._log({"transfer_syntax_uid": self.UID, "as_rgb": True, **_described(content.fmt), **given})
        results = Results(content, options, codec, codecs)
        results.report(results.findings(index), stacklevel=4)
        return results

    def _content(self, src: Source, description: Description) -> Content:
        if not isinstance(src, Dataset):
            return content_of_bytes(src, description.transfer_syntax or str(self.UID), description)
        declared = declared_syntax(src)
        if declared not in {None, str(self.UID)}:
            name = name_of(str(declared))
            raise BadValueError(f"The dataset's transfer syntax '{name}' doesn't match the pixel data decoder")
        if declared is None and not description.transfer_syntax:
            description = replace(description, transfer_syntax=str(self.UID))
        return content_under(src, description)


def _described(fmt: PixelFormat) -> Properties:
    return properties_of(fmt, fmt.frames, planar=fmt.planar)


def get_decoder(uid: str) -> Decoder:
    """Return the one decoder of a transfer syntax; UnsupportedError where no codec is known for it.

    >>> get_decoder("1.2.840.10008.1.2.5") is get_decoder("1.2.840.10008.1.2.5")
    True
    """
    return coder_for(Decoder, uid)


def results_for(content: Content, options: Options, seen: set[str] | None = None) -> Results:
    """Return the results of pixel data by the plugin that the options ask for, or by our order.

    `seen` holds the codes of findings that were reported.
    """
    uid = content.fmt.transfer_syntax
    if not syntax_for(uid).encapsulated:
        return Results(content, options, seen=seen)
    check_plugin(options.plugin, content.fmt)
    return Results(content, options, *get_decoder(uid).plugin_choice(options.plugin, options.given), seen)
