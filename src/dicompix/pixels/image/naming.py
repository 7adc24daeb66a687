"""An error about a frame -> the same error with the name of the file."""

from types import TracebackType

from dicompix.pixels.errors import PixelError
from dicompix.pixels.read import Dataset, Later
from dicompix.pixels.read.refused import add_name, name_of


class Naming:
    """A block whose errors about pixel data get the name of the data set's file as a note, once."""

    __slots__ = ("_dataset",)

    def __init__(self, dataset: Dataset | Later) -> None:
        self._dataset = dataset

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Add the name to an error that leaves the block."""
        if isinstance(problem, PixelError):
            add_name(problem, name_of(self._dataset))
