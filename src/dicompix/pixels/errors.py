"""What can be wrong with pixel data: the error tree, the warning, and the structured Finding.

::

    PixelError
    ├── FormatError                      fix the header
    │   ├── MissingElementError          (AttributeError)
    │   ├── BadValueError                (ValueError)
    │   ├── UnsupportedError             (NotImplementedError)
    │   └── VolumeError                  (ValueError) in volume.errors
    ├── FrameError (ValueError)          fix the pixel data
    │   ├── FrameIndexError              (IndexError: no such frame)
    │   └── LimitError                   the header asks for more than the data or the limit can justify
    ├── CodecError (RuntimeError)        this frame is broken for this codec
    ├── MissingCodecError (RuntimeError) install something
    ├── TransformError (ValueError)      fix the LUT or window
    ├── DeviationError                   a FormatError and FrameError, in policy: errors="strict"
    ├── SourceError (OSError)            in read.blocks: the bytes cannot be fetched
    ├── NoDicomError                     in read.refused: another kind of file
    └── MissingLibraryError (ImportError) in image.library: install an extra

    PixelWarning (UserWarning)           one Finding, settled and reported
"""

import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any


class PixelError(Exception):
    """Anything that keeps pixel data from becoming an array or a picture."""


class FormatError(PixelError):
    """The data set does not describe its pixel data: fix the header."""


class MissingElementError(FormatError, AttributeError):
    """A required element is absent."""


class BadValueError(FormatError, ValueError):
    """An element has a value that cannot be."""


class UnsupportedError(FormatError, NotImplementedError):
    """The description is valid, but nothing decodes it."""


class FrameError(PixelError, ValueError):
    """The pixel data does not hold what its description says: fix the pixel data."""


class FrameIndexError(FrameError, IndexError):
    """There is no such frame."""


class LimitError(FrameError):
    """Decoding would need more memory than the data or the limit can justify."""


class CodecError(PixelError, RuntimeError):
    """One codec cannot decode or encode this frame; another one may."""


class MissingCodecError(PixelError, RuntimeError):
    """No installed codec handles this transfer syntax: install one."""


class TransformError(PixelError, ValueError):
    """A look-up table, window or colour description cannot be applied."""


class PixelWarning(UserWarning):
    """A deviation that was settled; its text starts with the finding's stable code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One deviation between pixel data and its description, and how it was settled.

    `severity` is "info" where neither a sample nor a choice depends on it, "warning" where a choice was made that has
    one right answer, "error" where others could have been made.

    >>> print(Finding(code="photometric", message="the codestream holds RGB", found="YBR_FULL", used="RGB"))
    photometric: the codestream holds RGB (found YBR_FULL, used RGB)
    """

    code: str
    message: str
    attribute: str = ""
    found: object = None
    used: object = None
    frame: int | None = None
    clause: str = ""
    severity: str = "warning"

    def __str__(self) -> str:
        """Return one line: code, message, what was found and used, which frame, the clause."""
        values = [
            f"{name} {value}" for name, value in (("found", self.found), ("used", self.used)) if value is not None
        ]
        details = [", ".join(values), self.attribute, self.clause]
        tail = "; ".join(detail for detail in details if detail)
        where = "" if self.frame is None else f" in frame {self.frame}"
        return f"{self.code}: {self.message}{where}" + (f" ({tail})" if tail else "")

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001  # IPython's
        printer.text(str(self))

    def at(self, frame: int) -> "Finding":
        """Return this finding with the frame it was met in."""
        return replace(self, frame=frame)


def report(findings: Iterable[Finding], seen: set[str], *, stacklevel: int = 3) -> None:
    """Warn of each finding whose code is not yet in `seen`, then add it there; none of severity "info"."""
    for finding in findings:
        if finding.code not in seen and finding.severity != "info":
            warnings.warn(str(finding), PixelWarning, stacklevel=stacklevel)
            seen.add(finding.code)  # not before: as an error the warning refuses the next time too


def users_level() -> int:
    """Return the `stacklevel` by which the caller's warning is about the first line outside of this package."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001  # as the library's own `warnings` does
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "dicompix":
        frame, level = frame.f_back, level + 1
    return level
