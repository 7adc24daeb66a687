"""What keeps images from being one volume, and how messages name them."""

from collections.abc import Sequence

from dicompix.pixels.errors import FormatError


class VolumeError(FormatError, ValueError):
    """The images are not the evenly spaced slices of one series: choose among them."""


class OverlapError(VolumeError):
    """Several slices lie in one plane; `names` are those of one such plane."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        super().__init__(text)
        self.names = tuple(names)

    def __reduce__(self) -> tuple[type["OverlapError"], tuple[str, tuple[str, ...]]]:
        return type(self), (str(self), self.names)


def listed(names: Sequence[object], most: int = 5) -> str:
    """Return the first names, and how many more there are.

    >>> listed(["a.dcm", "b.dcm", "c.dcm"], most=2)
    'a.dcm, b.dcm and 1 more'
    """
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
