"""One transfer syntax's encoder under pydicom's names: Encoder, get_encoder."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydicom import config

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs.base import EncodeRequest
from dicompix.pixels.compat import plugins
from dicompix.pixels.compat.coder import Coder, coder_for
from dicompix.pixels.compat.encodable import Encodable, Source, described, encodable
from dicompix.pixels.compat.labels import labelled
from dicompix.pixels.compat.refusals import check_loss
from dicompix.pixels.encode import encode_all, encode_frame
from dicompix.pixels.errors import BadValueError
from dicompix.pixels.parallel import usable_cores
from dicompix.pixels.registry import Choice, Registry, registry

Given = Mapping[str, Any]


class Encoder(Coder):
    """What encodes pixel data in one transfer syntax, from a data set, an array or a buffer of native samples.

    Without a data set the options say what the pixel data is: `rows`, `columns`, `number_of_frames`,
    `samples_per_pixel`, `photometric_interpretation`, `bits_allocated`, `bits_stored`, `pixel_representation`, and
    `planar_configuration`. With one they stand for the data set's own values. Photometric Interpretation is what the
    coded samples shall be: YBR_RCT and YBR_ICT ask for RGB samples and a component transform.

    `jls_error`, `j2k_cr`, `j2k_psnr` and `use_mct` are pydicom's parameters; ours, `quality`, `near`, `ratio`, `psnr`,
    `distance` and `subsampling`, are those of EncodeRequest. `encode` and `iter_encode` raise BadValueError for samples
    that the syntax may not hold (PS3.5 8.2), MissingCodecError where no codec is installed, CodecError where all fail.

    >>> get_encoder("1.2.840.10008.1.2.4.80").is_available
    True
    """

    _decodes = False
    # Last in the order, for those who name them and count on the very bytes of pydicom's RLE.
    _borrowed: ClassVar[Mapping[str, Sequence[tuple[str, tuple[str, str]]]]] = {
        s.RLE_LOSSLESS: (
            ("pydicom", ("pydicom.pixels.encoders.native", "_encode_frame")),
            ("gdcm", ("pydicom.pixels.encoders.gdcm", "encode_pixel_data")),
        ),
    }

    @staticmethod
    def _common() -> Registry:
        return registry.encoding

    @staticmethod
    def _adapt(function: Any, options: plugins.Options) -> Any:
        return plugins.encoding(function, options)

    def encode(
        self,
        src: Source,
        *,
        index: int | None = None,
        validate: bool = True,
        encoding_plugin: str = "",
        **kwargs: Any,
    ) -> bytes:
        """Return one frame, coded; `index` tells which of several.

        >>> described = {"rows": 1, "columns": 4, "samples_per_pixel": 1, "number_of_frames": 1, "bits_allocated": 8,
        ...     "bits_stored": 8, "pixel_representation": 0, "photometric_interpretation": "MONOCHROME2"}
        >>> len(get_encoder("1.2.840.10008.1.2.5").encode(bytes(4), **described))
        66
        """
        if index is not None and index < 0:
            raise BadValueError(f"'index' must be greater than or equal to 0, found {index}")
        frames, want, codec, codecs = self._prepared(src, kwargs, encoding_plugin, validate=validate)
        if index is None and frames.fmt.frames > 1:
            raise BadValueError("The 'index' of the frame to be encoded is required for multi-frame pixel data")
        with labelled():
            return encode_frame(frames.frame(index or 0), frames.fmt, want=want, codec=codec, codecs=codecs).data

    def iter_encode(
        self,
        src: Source,
        *,
        validate: bool = True,
        encoding_plugin: str = "",
        **kwargs: Any,
    ) -> Iterator[bytes]:
        """Yield the frames, coded; a few at a time are coded in parallel."""
        frames, want, codec, codecs = self._prepared(src, kwargs, encoding_plugin, validate=validate)
        count, step = frames.fmt.frames, usable_cores()
        for first in range(0, count, step):
            samples = [frames.frame(i) for i in range(first, min(first + step, count))]
            with labelled():
                coded = encode_all(samples, frames.fmt, want=want, codec=codec, codecs=codecs)
            yield from (frame.data for frame in coded)

    def _prepared(
        self, src: Source, given: Given, plugin: str, *, validate: bool
    ) -> tuple[Encodable, EncodeRequest, Choice, Registry]:
        """Return the frames, how they shall be coded, and by what; everything that can be checked is checked."""
        options = described(src, given)
        codec, codecs = self.plugin_choice(plugin, options)
        if config.debugging:
            self._log({"transfer_syntax_uid": self.UID, "byteorder": "<", "pixel_keyword": "PixelData", **options})
        frames = encodable(src, options, str(self.UID), validate=validate)
        check_loss(
            str(self.UID),
            {"near": options.get("jls_error"), "quality": options.get("quality"), **_rates(options)},
            bits=options["bits_stored"],
            labels=[plugin] if plugin else self.available_plugins,
        )
        return frames, request_of(str(self.UID), options), codec, codecs


def request_of(uid: str, options: Given) -> EncodeRequest:
    """Return the parameters of a transfer syntax from pydicom's options, or from ours.

    >>> request_of(s.JPEG_2000, {"j2k_cr": [20, 5], "rows": 3}).ratio
    (20, 5)
    """
    rates = _rates(options)
    near = options.get("near", options.get("jls_error"))
    if uid == s.JPEG_LS_NEAR and near is None:
        near = 0
    return EncodeRequest(
        quality=options.get("quality"),
        near=near if uid == s.JPEG_LS_NEAR or near else None,
        ratio=layers_of(rates["ratio"]),
        psnr=layers_of(rates["psnr"]),
        distance=options.get("distance"),
        subsampling=options.get("subsampling"),
        component_transform=options.get("photometric_interpretation") != "RGB" and bool(options.get("use_mct", True)),
    )


def _rates(options: Given) -> dict[str, Any]:
    """Return the compression ratios and PSNRs that are asked for, under pydicom's names or ours."""
    ratio = options.get("compression_ratios", options.get("j2k_cr"))
    psnr = options.get("signal_noise_ratios", options.get("j2k_psnr"))
    return {"ratio": ratio or options.get("ratio"), "psnr": psnr or options.get("psnr")}


def layers_of(value: Any) -> Any:
    """Return pydicom's list of one number a layer as a tuple; one number alone stays."""
    return tuple(value) if isinstance(value, list) else value


def get_encoder(uid: str) -> Encoder:
    """Return the one encoder of a transfer syntax; UnsupportedError where nothing encodes it.

    >>> get_encoder("1.2.840.10008.1.2.5").UID.name
    'RLE Lossless'
    """
    return coder_for(Encoder, uid)
