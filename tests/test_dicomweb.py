"""Images of a DICOMweb server, whole or frame by frame (PS3.18 10.4), by dicomweb-client against a small server."""

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import BadValueError, CodecError, FrameIndexError, PixelWarning
from dicompix.pixels.image.web import open_dicomweb
from dicompix.pixels.policy import DeviationError
from dicompix.pixels.read.blocks import MissingSourceError, SourceError
from dicompix.pixels.syntaxes import (
    EXPLICIT_LITTLE,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    RLE_LOSSLESS,
)
from support.servers import running

clients = pytest.importorskip("dicomweb_client")

Make = Callable[..., Dataset]
AsFile = Callable[[Dataset], BytesIO]
UIDS = ("1.2.3", "1.2.3.4", "1.2.3.4.5")
BASE = "/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5"
PROFILE = b"not really an ICC profile"


@dataclass
class Archive:
    """What the server holds, and what it was asked for."""

    metadata: dict[str, Any] = field(default_factory=dict)
    frames: list[bytes] = field(default_factory=list)
    file: bytes = b""
    asked: list[str] = field(default_factory=list)
    url: str = ""
    status: int = 200

    @property
    def client(self) -> Any:
        return clients.DICOMwebClient(self.url)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: Archive

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.archive.asked.append(self.path)
        if self.path == f"{BASE}/metadata":
            self._send("application/dicom+json", json.dumps([self.archive.metadata]).encode())
        elif self.path == BASE:
            self._parts("application/dicom", [self.archive.file])
        elif self.path == f"{BASE}/bulk/icc":
            self._parts("application/octet-stream", [PROFILE])
        elif self.path.startswith(f"{BASE}/frames/"):
            numbers = [int(number) - 1 for number in self.path.rpartition("/")[2].split(",")]
            if max(numbers) < len(self.archive.frames):
                self._parts("application/octet-stream", [self.archive.frames[number] for number in numbers])
            else:
                self._send("text/plain", b"nothing", 404)
        else:
            self._send("text/plain", b"nothing", 404)

    def _parts(self, kind: str, parts: list[bytes]) -> None:
        head = f"\r\n--edge\r\nContent-Type: {kind}\r\n\r\n".encode()
        body = b"".join(head + part for part in parts) + b"\r\n--edge--"
        self._send(f'multipart/related; type="{kind}"; boundary=edge', body)

    def _send(self, kind: str, body: bytes, status: int = 0) -> None:
        self.send_response(status or self.archive.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def archive() -> Iterator[Archive]:
    archive = Archive()
    with running(type("Handler", (_Handler,), {"archive": archive})) as archive.url:
        yield archive


def fill(archive: Archive, dataset: Dataset, frames: list[bytes]) -> None:
    """Let the server hold a data set, its pixel data by frames, as PS3.18 10.4.1.1.2 has it."""
    archive.metadata = {
        key: value for key, value in dataset.to_json_dict().items() if key not in {"7FE00010", "7FE00008"}
    }
    tag = "7FE00008" if "FloatPixelData" in dataset else "7FE00010"
    archive.metadata[tag] = {"vr": "OW", "BulkDataURI": f"{archive.url}{BASE}/bulk/pixels"}
    archive.metadata["00282000"] = {"vr": "OB", "BulkDataURI": f"{archive.url}{BASE}/bulk/icc"}
    archive.frames = frames


@pytest.fixture
def frames() -> Stored:
    return np.random.default_rng(9).integers(0, 1 << 12, (5, 16, 20), np.uint16)


LIBRARY: Any = imagecodecs
CODED: dict[str, Callable[[Stored], Any]] = {
    EXPLICIT_LITTLE: np.ndarray.tobytes,
    JPEG_LS: LIBRARY.jpegls_encode,
    JPEG_2000_LOSSLESS: lambda frame: LIBRARY.jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k"),
    HTJ2K_LOSSLESS: LIBRARY.htj2k_encode,
}


@pytest.mark.parametrize("syntax", [RLE_LOSSLESS, *CODED])
@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_frames_are_retrieved_when_they_are_asked_for(
    syntax: str,
    named: bool,  # noqa: FBT001
    archive: Archive,
    make: Make,
    frames: Stored,
) -> None:
    dataset = make(frames, frames=5, RescaleSlope="2", RescaleIntercept="-10")
    if syntax == RLE_LOSSLESS:
        dataset.compress(UID(RLE_LOSSLESS))
        coded = list(generate_frames(dataset.PixelData, number_of_frames=5))
    else:
        coded = [bytes(CODED[syntax](frame)) for frame in frames]
    fill(archive, dataset, coded)
    if named:
        archive.metadata["00083002"] = {"vr": "UI", "Value": [syntax]}
    with open_dicomweb(archive.client, *UIDS) as image:
        assert archive.asked == [f"{BASE}/metadata", f"{BASE}/bulk/icc", f"{BASE}/frames/1"]
        assert len(image) == 5
        assert image.shape == (5, 16, 20)
        archive.asked.clear()
        assert np.array_equal(image[3], frames[3])
        assert archive.asked == [f"{BASE}/frames/4"]
        assert np.array_equal(image[3], frames[3])
        assert len(archive.asked) == 1
        assert bytes(image.encoded(3)) == coded[3]
        assert np.array_equal(image.stored(), frames)
        assert np.array_equal(image.modality(2), 2.0 * frames[2] - 10)
        assert image.dataset.PatientName == "Test^Pixels"
        assert image.dataset.ICCProfile == PROFILE
        assert "PixelData" not in image.dataset
        if named:
            assert image.format.transfer_syntax == syntax
        with pytest.raises(FrameIndexError):
            image[5]
        with pytest.raises(FrameIndexError, match="no frame 5"):
            image._index[5]


def test_what_the_frames_are_goes_before_what_the_server_says(archive: Archive, make: Make, frames: Stored) -> None:
    fill(archive, make(frames, frames=5), [frame.tobytes() for frame in frames])
    archive.metadata["00083002"] = {"vr": "UI", "Value": [JPEG_2000]}  # stored so, but sent as native samples
    image = open_dicomweb(archive.client, *UIDS)
    assert image.format.transfer_syntax == EXPLICIT_LITTLE
    assert np.array_equal(image[4], frames[4])


def test_a_single_frame_of_color(archive: Archive, make: Make) -> None:
    color = np.random.default_rng(2).integers(0, 255, (9, 7, 3), np.uint8)
    fill(archive, make(color), [color.tobytes() + b"\0"])
    image = open_dicomweb(archive.client, *UIDS)
    assert np.array_equal(image[0], color)
    assert image._index.spans(0) == ((0, 190),)


def test_floating_point_frames(archive: Archive, make: Make) -> None:
    values = np.array([[0.5, -2, 3e8], [1, 2, 3]], np.float32)
    without: dict[str, Any] = dict.fromkeys(("PixelData", "BitsStored", "HighBit", "PixelRepresentation"))
    fill(archive, make(values, **without, FloatPixelData=values.tobytes()), [values.tobytes()])
    assert np.array_equal(open_dicomweb(archive.client, *UIDS)[0], values)


def test_frames_that_break_a_rule(archive: Archive, make: Make, frames: Stored) -> None:
    whole = [bytes(LIBRARY.jpegls_encode(frame)) for frame in frames]
    fill(archive, make(frames, frames=5), [*whole[:4], whole[4][: len(whole[4]) // 2]])
    with pytest.raises(CodecError):
        open_dicomweb(archive.client, *UIDS)[4]
    image = open_dicomweb(archive.client, *UIDS, errors="salvage")
    with pytest.warns(PixelWarning, match="salvaged|codestream-end"):
        salvaged = image[4]
    missing = image.missing(4)
    assert missing is not None
    assert 0 < missing.mean() < 1
    assert np.array_equal(salvaged[~missing], frames[4][~missing])
    archive.metadata["00280008"] = {"vr": "IS", "Value": [0]}
    with pytest.raises(DeviationError, match="Number of Frames"):
        open_dicomweb(archive.client, *UIDS, errors="strict")


def test_an_image_goes_to_other_processes_with_its_address(archive: Archive, make: Make, frames: Stored) -> None:
    fill(archive, make(frames, frames=5), [frame.tobytes() for frame in frames])
    image = open_dicomweb(archive.client, *UIDS, errors="salvage")
    again = pickle.loads(pickle.dumps(image))
    archive.asked.clear()
    assert np.array_equal(again[3], frames[3])
    assert archive.asked == [f"{BASE}/frames/4"]
    assert again.errors == "salvage"


def test_a_whole_instance(archive: Archive, make: Make, as_file: AsFile, frames: Stored) -> None:
    archive.file = as_file(make(frames, frames=5)).getvalue()
    with dicompix.open_image(archive.client.retrieve_instance(*UIDS)) as image:
        assert np.array_equal(image.stored(), frames)


def test_what_the_server_does_not_give(archive: Archive, make: Make, frames: Stored) -> None:
    with pytest.raises(MissingSourceError, match=r"/instances/9: .*check the address"):
        open_dicomweb(archive.client, *UIDS[:2], "9")
    fill(archive, make(frames, frames=5), [frame.tobytes() for frame in frames])
    image = open_dicomweb(archive.client, *UIDS)
    archive.status = 406
    with pytest.raises(SourceError, match="name other media_types"):
        image[2]
    archive.status = 200
    assert np.array_equal(image[2], frames[2])
    url = archive.url.replace("//", "//me:secret@")
    client = clients.DICOMwebClient(url)
    archive.frames.clear()
    with pytest.raises(SourceError) as failed:
        open_dicomweb(client, *UIDS)
    assert "secret" not in str(failed.value)
    assert failed.value.__suppress_context__


def test_what_is_no_client_is_named() -> None:
    with pytest.raises(BadValueError, match="client is of type str, needed a dicomweb_client"):
        dicompix.open_dicomweb("https://example.org/dicomweb", "1.2", "1.2.3", "1.2.3.4")
