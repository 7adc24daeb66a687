"""The table of everything under fuzz: name -> the function of one row of bytes, and the rows to begin with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from dicompix.pixels import syntaxes as s
from fuzz import files, functions
from support.cases import CASES


@dataclass(frozen=True, slots=True)
class Target:
    """What to run, and what to begin with; a `fragile` one calls codecs in C, which may take the process with them."""

    name: str
    run: Callable[[bytes], None]
    make_seeds: Callable[[], list[bytes]]
    fragile: bool = False

    @property
    def seeds(self) -> tuple[bytes, ...]:
        """Return the rows of bytes to begin with."""
        return _kept(self.make_seeds)


@cache
def _kept(make: Callable[[], list[bytes]]) -> tuple[bytes, ...]:
    return tuple(make())


def _peeks() -> list[Target]:
    return [
        Target(f"peek-{name}", functions.peeking(uid), partial(functions.coded_seeds, *uids))
        for name, (uid, uids) in functions.PEEKED.items()
    ]


def _files() -> list[Target]:
    return [
        Target(f"file-{uid.removeprefix('1.2.840.10008.')}", files.pixels, partial(files.file_seeds, uid), fragile=True)
        for uid in CASES
    ]


_ALL = [
    Target("index-native", functions.native_index, functions.native_index_seeds),
    Target("index-encapsulated", functions.encapsulated_index, functions.encapsulated_index_seeds),
    *_peeks(),
    Target("rle", functions.decoding(s.RLE_LOSSLESS, "dicompix"), partial(functions.coded_seeds, s.RLE_LOSSLESS)),
    Target("native", functions.decoding(s.EXPLICIT_LITTLE, None), partial(functions.coded_seeds, s.EXPLICIT_LITTLE)),
    Target("overlong", functions.decoding(s.JPEG_LOSSLESS_SV1, "imagecodecs"), functions.overlong_seeds, fragile=True),
    Target("palette", functions.palette, functions.palette_seeds),
    Target("segmented", functions.segments, functions.segments_seeds),
    Target("lut", functions.lut, functions.lut_seeds),
    Target("picture", files.picture, files.picture_seeds),
    Target("opened", files.opened, files.opened_seeds),
    *_files(),
]

TARGETS = {target.name: target for target in _ALL}
