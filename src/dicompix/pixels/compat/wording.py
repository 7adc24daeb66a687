"""Findings in the words that users of pydicom match in its warnings, raised and logged as there."""

import logging
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace

from dicompix.pixels.errors import Finding, PixelWarning
from dicompix.pixels.syntaxes import JPEG_BASELINE

LOGGER = logging.getLogger("pydicom")
_EVIDENCE = {"component ids": "uses component IDs that indicate", "JFIF": "contains a JFIF APP marker which indicates"}


def _excess(finding: Finding, uid: str) -> str:  # noqa: ARG001  # one signature
    return (
        f"{finding.message}. The returned data will include these extra frames and if it's correct then you should "
        "update 'Number of Frames' accordingly, otherwise pass 'allow_excess_frames=False' to return only the first "
        f"{finding.found} frames."
    )


def _color(finding: Finding, uid: str) -> str:
    used, _, source = str(finding.used).partition(" by ")
    if source not in _EVIDENCE:
        return finding.message
    # pydicom calls any YCbCr of a baseline stream subsampled.
    used = "YBR_FULL_422" if used.startswith("YBR_FULL") and uid == JPEG_BASELINE else used
    return (
        f"The (0028,0004) 'Photometric Interpretation' value is '{finding.found}' however the encoded image's "
        f"codestream {_EVIDENCE[source]} it should be '{used}'"
    )


_WORDS: dict[str, Callable[[Finding, str], str]] = {"excess-frames": _excess, "codestream-color": _color}


def worded(finding: Finding, uid: str) -> Finding:
    """Return a finding of pixel data in transfer syntax `uid` with pydicom's text, where it has one.

    >>> worded(Finding(code="excess-padding", message="the pixel data is 9 bytes long"), "1.2").message
    'The pixel data is 9 bytes long'
    """
    message = _WORDS[finding.code](finding, uid) if finding.code in _WORDS else finding.message
    return replace(finding, message=message[:1].upper() + message[1:])


def report(findings: Iterable[Finding], seen: set[str], *, uid: str = "", stacklevel: int = 3) -> None:
    """Warn of each finding whose code is not yet in `seen`, in pydicom's words and in its log, and add it there."""
    for finding in findings:
        if finding.code not in seen and finding.severity != "info":
            text = str(worded(finding, uid))
            LOGGER.warning(text)
            warnings.warn(text, PixelWarning, stacklevel=stacklevel)
            seen.add(finding.code)  # not before: as an error the warning refuses the next time too
