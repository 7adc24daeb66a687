"""Whether a JPEG or JPEG-LS stream is whole, for libraries that fill what is missing and say nothing."""

from dicompix.pixels.codecs import imagecodecs_jpeg, overlong
from dicompix.pixels.codecs.base import DecodeRequest, require_end
from dicompix.pixels.errors import CodecError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.syntaxes import JPEG_LOSSLESS, JPEG_LOSSLESS_SV1, syntax_for

_RAW = DecodeRequest(raw=True)
_CUT = ("general structural problem", "too small")  # CharLS's words


def require_whole(data: Buffer, fmt: PixelFormat) -> None:
    """Raise CodecError for a stream that ends early, which libjpeg-turbo and CharLS are asked to find out.

    What those cannot decode for another reason passes: the library that is asked for may know better.
    """
    require_end(data)
    if syntax_for(fmt.transfer_syntax).family == "jpeg-ls":
        _require_whole_jpeg_ls(data)
        return
    try:
        if fmt.transfer_syntax in {JPEG_LOSSLESS, JPEG_LOSSLESS_SV1}:
            overlong.decode(data, fmt, _RAW)
        else:
            imagecodecs_jpeg.require_pixels(data, fmt)
    except imagecodecs_jpeg.TruncatedError:
        raise
    except CodecError:
        pass


def _require_whole_jpeg_ls(data: Buffer) -> None:
    try:
        imagecodecs_jpeg.library().jpegls_decode(data)
    except (RuntimeError, ValueError) as problem:
        if any(words in str(problem) for words in _CUT):
            raise CodecError(f"the JPEG-LS stream is truncated or broken: {problem}") from problem
