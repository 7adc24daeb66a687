"""DICOMweb instance -> Dataset and the index of its frames, retrieved one by one (PS3.18 10.4, WADO-RS)."""

from threading import Lock
from typing import Any, NamedTuple

from pydicom.dataset import Dataset

from dicompix.pixels.codestream import peek
from dicompix.pixels.errors import CodecError
from dicompix.pixels.frames import Buffer, BufferSource, FrameIndex, Span
from dicompix.pixels.read.blocks import MissingSourceError, SourceError
from dicompix.pixels.read.content import Content
from dicompix.pixels.read.describe import PIXEL_ELEMENTS, PIXELS, check_decodable, describe
from dicompix.pixels.read.remote import explained_by, redacted
from dicompix.pixels.syntaxes import EXPLICIT_LITTLE, RLE_LOSSLESS, SYNTAX_OF_KIND, syntax_for

MediaTypes = tuple[str | tuple[str, str], ...]
AS_STORED: MediaTypes = (("application/octet-stream", "*"),)
_AVAILABLE = "00083002"  # Available Transfer Syntax UID
_KEPT = 4


class Instance(NamedTuple):
    """Where an instance is: a `dicomweb_client.DICOMwebClient` and the three UIDs."""

    client: Any
    study: str
    series: str
    instance: str

    @property
    def name(self) -> str:
        """Return the address as messages show it."""
        return redacted(f"{self.client.base_url}/studies/{self.study}/series/{self.series}/instances/{self.instance}")


class WebFrameIndex(FrameIndex):
    """The frames of an instance on a server; each is one request, the last few are kept."""

    __slots__ = ("_kept", "_lock", "_place", "_types")

    def __init__(self, place: Instance, types: MediaTypes, frames: int) -> None:
        super().__init__(BufferSource(b""), (), declared=frames)
        self._place, self._types = place, types
        self._kept: dict[int, bytes] = {}
        self._lock = Lock()  # a client's session is one thread's at a time

    def __len__(self) -> int:
        return self.declared

    def __reduce__(self) -> tuple[type[FrameIndex], tuple[Instance, MediaTypes, int]]:
        """Pickle the address and the client, without the frames that were retrieved."""
        return type(self), (self._place, self._types, self.declared)

    def spans(self, frame: int) -> tuple[Span, ...]:
        """Return one span of what is retrieved: a frame's own bytes."""
        return ((0, len(self[frame])),)

    def __getitem__(self, frame: int) -> Buffer:  # type: ignore[override]  # one frame at a time
        """Return the bytes of one frame."""
        if not 0 <= frame < self.declared:
            raise self.no_frame(frame)
        with self._lock:
            data = self._kept.get(frame)
            if data is None:
                data = self._kept[frame] = self._retrieved(frame)
                if len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
        return data

    def _retrieved(self, frame: int) -> bytes:
        client, *uids = self._place
        with explained_by(_error_for, self._place.name):
            found = client.retrieve_instance_frames(*uids, [frame + 1], media_types=self._types)
        if len(found) != 1:
            raise SourceError(f"{self._place.name}: the server gave {len(found)} parts for frame {frame + 1}, needed 1")
        return bytes(found[0])


def web_content(place: Instance, media_types: MediaTypes = AS_STORED) -> tuple[Dataset, Content]:
    """Retrieve an instance's metadata and its first frame, which tells the transfer syntax of the frames."""
    client, *uids = place
    with explained_by(_error_for, place.name):
        metadata = client.retrieve_instance_metadata(*uids)
    available = str(next(iter(metadata.get(_AVAILABLE, {}).get("Value", ())), ""))
    tag = next((tag for tag in PIXEL_ELEMENTS if f"{tag:08X}" in metadata), int(PIXELS))
    kept = {key: value for key, value in metadata.items() if int(key, 16) not in PIXEL_ELEMENTS}
    with explained_by(_error_for, place.name):
        dataset = Dataset.from_json(kept, lambda _tag, _vr, uri: b"".join(client.retrieve_bulkdata(uri)))
    fmt, _ = describe(dataset, tag, EXPLICIT_LITTLE)
    index = WebFrameIndex(place, media_types, fmt.frames)
    uid = _syntax_of(index[0], available, fmt.frame_bytes)
    check_decodable(dataset, uid)
    fmt, findings = describe(dataset, tag, uid)
    return dataset, Content(fmt, index, findings)


def _syntax_of(data: Buffer, available: str, native_bytes: int) -> str:
    """Return the transfer syntax of a frame by what it is: the one that the server names where that can be."""
    for family in ("jpeg", "rle"):
        if len(data) in {native_bytes, native_bytes + 1}:
            break
        try:
            stream = peek(data, family)
        except CodecError:
            continue
        kind = "" if stream is None else stream.kind
        if kind in syntax_for(available).kinds:
            return available
        return RLE_LOSSLESS if kind == "rle" else SYNTAX_OF_KIND.get(kind, available or EXPLICIT_LITTLE)
    return EXPLICIT_LITTLE


def _error_for(problem: Exception, name: str) -> SourceError:
    """Return what was wrong, by the server's status."""
    status = getattr(getattr(problem, "response", None), "status_code", None)
    kind = MissingSourceError if status in {404, 410} else SourceError
    advice = {401: "give the client's session credentials", 406: "name other media_types"}.get(status or 0)
    text = redacted(str(problem))
    return kind(f"{name}: {type(problem).__name__}: {text}: {advice or 'check the address and the server'}")
