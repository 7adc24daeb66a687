"""DICOMweb instance -> Image, its frames retrieved as they are asked for (PS3.18 10.4)."""

from typing import Any

from dicompix.pixels.errors import BadValueError
from dicompix.pixels.image.image import Image
from dicompix.pixels.policy import Policy
from dicompix.pixels.read.web import AS_STORED, Instance, MediaTypes, web_content
from dicompix.pixels.registry import Choice


def open_dicomweb(  # noqa: PLR0913  # an address of four parts, and three options
    client: Any,
    study: str,
    series: str,
    instance: str,
    *,
    media_types: MediaTypes = AS_STORED,
    codec: Choice = None,
    errors: Policy = "warn",
) -> Image:
    """Open an instance of a DICOMweb server; each frame is one request, made when it is asked for.

    `client` is a ``dicomweb_client.DICOMwebClient``, the rest are the Study, Series and SOP Instance UID.
    `media_types` are what its ``retrieve_instance_frames`` takes: frames as stored by default (PS3.18 10.4).
    `errors` is what is done about what breaks a rule, as in ``open_image``. Raises SourceError (an OSError) for what
    the server does not give, FormatError for metadata that describes no pixel data, BadValueError for another client.
    """
    if not hasattr(client, "base_url"):
        raise BadValueError(f"client is of type {type(client).__name__}, needed a dicomweb_client.DICOMwebClient")
    dataset, content = web_content(Instance(client, study, series, instance), media_types)
    return Image(dataset, content, codec=codec, errors=errors)
