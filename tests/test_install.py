"""install() and uninstall(): every pydicom Dataset gets our members, and loses them again without a trace."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError
from dicompix.pixels.syntaxes import RLE_LOSSLESS

Make = Callable[..., Dataset]
OURS = vars(dicompix.PixelMixin)["pixel_array"]


def is_ours() -> bool:
    return vars(Dataset)["pixel_array"] is OURS


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    copy.copy(Dataset())  # Python notes __slotnames__ on a class when it is first copied
    before = dict(vars(Dataset))
    yield
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before


def test_install_and_uninstall_restore_exactly() -> None:
    classes = [Dataset, pydicom.FileDataset, FileMetaDataset]
    before = [dict(vars(cls)) for cls in classes]
    dicompix.install()
    assert is_ours()
    changed = {name for name in vars(Dataset) if vars(Dataset)[name] is not before[0].get(name)}
    assert changed == {"pixel_array", "pixels", "save_as", "__getstate__"}
    dicompix.uninstall()
    assert [dict(vars(cls)) for cls in classes] == before
    assert not hasattr(Dataset, "pixels")


def test_both_may_be_called_again_and_in_any_order() -> None:
    before = dict(vars(Dataset))
    dicompix.uninstall()
    for _ in range(3):
        dicompix.install()
    assert is_ours()
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before
    dicompix.install()
    assert is_ours()


def test_many_threads_may_call_them() -> None:
    before = dict(vars(Dataset))
    start = Event()

    def toggle(number: int) -> None:
        start.wait()
        for _ in range(200):
            (dicompix.install if number % 2 else dicompix.uninstall)()

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(toggle, number) for number in range(8)]
        start.set()
        for job in jobs:
            job.result()
    dicompix.install()
    assert is_ours()
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before


def test_datasets_made_before_install_get_it_and_lose_it_again(example: Callable[[str], Path]) -> None:
    dataset = pydicom.dcmread(example("CT_small.dcm"))
    theirs = dataset.pixel_array.copy()
    dicompix.install()
    assert repr(dataset.pixels).startswith("<Image (1, 128, 128) int16")
    array = dataset.pixel_array
    assert np.array_equal(array, theirs)
    array[:] = 0
    assert dataset.pixel_array is array
    dicompix.uninstall()
    assert not hasattr(dataset, "pixels")
    assert np.array_equal(dataset.pixel_array, theirs)
    assert np.array_equal(copy.deepcopy(dataset).pixel_array, theirs)
    assert np.array_equal(pickle.loads(pickle.dumps(dataset)).pixel_array, theirs)
    dicompix.install()
    assert np.array_equal(dataset.pixel_array, theirs)


def test_a_failing_decode_shows_our_errors(make: Make, ramp: Stored, installed: None) -> None:
    dataset = make(ramp[0], PixelData=bytes(4))
    with pytest.raises(FrameError, match="less than expected"):
        dataset.pixel_array  # noqa: B018
    del dataset.Rows
    assert not hasattr(dataset, "pixel_array")


def test_unpickled_datasets_have_it(make: Make, ramp: Stored) -> None:
    sent = pickle.dumps(make(ramp, frames=2))
    dicompix.install()
    received: Dataset = pickle.loads(sent)
    assert np.array_equal(received.pixel_array, ramp)
    assert len(received.pixels) == 2


def test_subclasses_of_others_have_it(make: Make, ramp: Stored, installed: None) -> None:
    class Theirs(Dataset):
        pass

    dataset = make(ramp, frames=2, kind=Theirs)
    assert np.array_equal(dataset.pixel_array, ramp)
    assert len(dataset.pixels) == 2


SCRIPT = """
import sys, dicompix
dicompix.install()
import pydicom
ds = pydicom.dcmread(sys.argv[1])
ds.pixel_array[ds.pixel_array < 100] = 0
ds.PixelData = ds.pixel_array.tobytes()
ds.save_as(sys.argv[2])
"""


def test_an_unchanged_script_runs_on_us(example: Callable[[str], Path], tmp_path: Path) -> None:
    source, target = example("CT_small.dcm"), tmp_path / "out.dcm"
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, source, target], check=True)
    original = pydicom.dcmread(source).pixel_array
    assert np.array_equal(pydicom.dcmread(target).pixel_array, np.where(original < 100, 0, original))


def source_image(array: Stored) -> Dataset:
    """Return an image with the patient and study that a derived object needs."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        setattr(dataset, name, generate_uid())
    for name in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"):
        setattr(dataset, name, "")
    dataset.StudyDate, dataset.StudyTime, dataset.ReferringPhysicianName = "20240101", "101010", ""
    dataset.Rows, dataset.Columns = array.shape
    return dataset


def test_highdicoms_datasets_decode(ramp: Stored, installed: None) -> None:
    highdicom: Any = pytest.importorskip("highdicom")
    source = source_image(ramp[0])
    image = highdicom.sc.SCImage(
        pixel_array=ramp[0],
        photometric_interpretation="MONOCHROME2",
        bits_allocated=16,
        coordinate_system="PATIENT",
        study_instance_uid=source.StudyInstanceUID,
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="none",
        patient_orientation=("L", "P"),
        transfer_syntax_uid=RLE_LOSSLESS,
    )
    assert isinstance(image, highdicom.base.SOPClass)
    assert np.array_equal(image.pixel_array, ramp[0])
    assert repr(image.pixels).startswith("<Image (1, 4, 6) uint16")
    image.pixel_array[:] = 0
    assert np.array_equal(copy.deepcopy(image).pixel_array, ramp[0])
    file = BytesIO()
    image.save_as(file)
    file.seek(0)
    assert np.array_equal(pydicom.dcmread(file).pixel_array, ramp[0])


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, UID(RLE_LOSSLESS)], ids=lambda uid: str(uid.name))
def test_what_pynetdicom_receives_decodes(
    syntax: UID, example: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, installed: None
) -> None:
    pynetdicom: Any = pytest.importorskip("pynetdicom")
    sent = pydicom.dcmread(example("CT_small.dcm"))
    expected = sent.pixel_array.copy()
    if syntax.is_compressed:
        sent.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)
    received: list[Stored] = []

    def store(event: Any) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        received.append(dataset.pixel_array)
        return 0

    server_entity = pynetdicom.AE()
    server_entity.add_supported_context(sent.SOPClassUID, syntax)
    handlers = [(pynetdicom.evt.EVT_C_STORE, store)]
    server = server_entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        client = pynetdicom.AE()
        client.add_requested_context(sent.SOPClassUID, syntax)
        association = client.associate(*server.socket.getsockname()[:2])
        assert association.is_established
        status = association.send_c_store(sent)
        association.release()
    finally:
        server.shutdown()
    assert status.Status == 0
    assert np.array_equal(received[0], expected)
