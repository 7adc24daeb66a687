"""What the codecs of a registry do: decode or encode, in the words of its messages."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    """What the codecs of a registry do, in the words of its messages, and what is said where there is none."""

    verb: str
    group: str
    impossible: Mapping[str, str]


_UNDECODABLE = {
    "video": (
        "frames of a video are not coded one by one: take the encoded stream out with "
        "`pydicom.encaps.generate_fragments(ds.PixelData)`, join the fragments into one file, "
        "and open it with a video decoder such as FFmpeg"
    ),
    "jpip": "the file holds no pixels, only a JPIP URL in (0028,7FE0) 'Pixel Data Provider URL': ask that server",
    "other": "no codec is known for it; a package may add one through the entry-point group 'dicompix.codecs'",
    "jpeg": "no library at hand decodes this retired JPEG process (arithmetic or hierarchical coding)",
}

_UNENCODABLE = {
    "video": "a video encoder has to see all frames: encode the video first, then put its stream into fragments",
    "jpip": "such a file holds no pixels, only the URL of a JPIP server",
    "other": "no codec is known for it; a package may add one through the entry-point group 'dicompix.encoders'",
    "jpeg": "no library at hand encodes this retired JPEG process",
    "jpeg-2000": "no library at hand encodes the multi-component transforms of JPEG 2000 part 2",
    "jpeg-xl": "its frames are JPEG frames that were recompressed: see `dicompix.pixels.encode.recompress`",
}

DECODING = Task("decode", "dicompix.codecs", _UNDECODABLE)
ENCODING = Task("encode", "dicompix.encoders", _UNENCODABLE)
