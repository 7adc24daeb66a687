"""install() and uninstall(): pydicom's Dataset and every module get what is ours, and lose it again without a trace."""

import copy
import linecache
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from importlib import import_module
from io import BytesIO
from pathlib import Path
from threading import Event
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pydicom
import pydicom.pixels.decoders
import pydicom.pixels.encoders
import pydicom.pixels.utils
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.common import CoderBase
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

import dicompix
import dicompix.pixels
from dicompix.install import installed_changes
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import FrameError
from dicompix.pixels.syntaxes import RLE_LOSSLESS

Make = Callable[..., Dataset]
OURS = vars(dicompix.PixelMixin)["pixel_array"]
FUNCTIONS = sorted(name for name in dicompix.pixels.__all__ if isinstance(getattr(dicompix.pixels, name), FunctionType))
OF_PYDICOM = [name for name in FUNCTIONS if hasattr(pydicom.pixels, name)]
OF_UTILS = [name for name in FUNCTIONS if hasattr(pydicom.pixels.utils, name)]
OLD_HOMES = ("pydicom.pixel_data_handlers", "pydicom.pixel_data_handlers.util")
THEIRS = pydicom.pixels.apply_voi_lut

Snapshot = dict[str, dict[str, int]]


def is_ours() -> bool:
    return vars(Dataset)["pixel_array"] is OURS


def is_pydicoms(module: str) -> bool:
    return module.partition(".")[0] in {"pydicom", "highdicom", "pynetdicom"}


def snapshot() -> Snapshot:
    """Return the identity of everything that pydicom's and its clients' modules hold, tables included."""
    found: Snapshot = {}
    for name, module in list(sys.modules.items()):
        if is_pydicoms(name) and isinstance(module, ModuleType):
            found[name] = {key: id(value) for key, value in vars(module).items()}
            tables = [(key, value) for key, value in vars(module).items() if type(value) is dict]
            found |= {f"{name}.{key}": {str(k): id(v) for k, v in value.items()} for key, value in tables}
    return found


def differences(before: Snapshot, after: Snapshot) -> set[tuple[str, str]]:
    """Return each name that holds another object now, of the modules that were loaded before."""
    return {
        (where, name)
        for where, names in before.items()
        for name in names.keys() | after[where].keys()
        if names.get(name) != after[where].get(name) and "__warningregistry__" not in f"{where}.{name}"
    }


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    copy.copy(Dataset())  # Python notes __slotnames__ on a class when it is first copied
    import_module("pydicom.encoders")
    for name in OLD_HOMES:
        import_module(name)
    members, names = dict(vars(Dataset)), snapshot()
    yield
    dicompix.uninstall()
    assert dict(vars(Dataset)) == members
    # a test's own imports may add submodules and UIDs
    assert not {(where, name) for where, name in differences(names, snapshot()) if name in names[where]}


@pytest.fixture
def module() -> Iterator[Callable[..., ModuleType]]:
    """Give `module(source)`, a loaded module of that source, which its import system can show again."""
    made: list[str] = []

    def make(source: str, kind: type[ModuleType] = ModuleType) -> ModuleType:
        name = f"client_{len(made)}"
        new = kind(name)
        file = f"<{name}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        vars(new)["__file__"] = file
        sys.modules[name] = new
        made.append(name)
        exec(compile(source, file, "exec"), vars(new))
        return new

    yield make
    for name in made:
        del sys.modules[name]
        linecache.cache.pop(f"<{name}>", None)


def test_install_and_uninstall_restore_exactly() -> None:
    classes = [Dataset, pydicom.FileDataset, FileMetaDataset]
    before, names = [dict(vars(cls)) for cls in classes], snapshot()
    dicompix.install()
    assert is_ours()
    changed = {name for name in vars(Dataset) if vars(Dataset)[name] is not before[0].get(name)}
    public = {name for name in vars(dicompix.PixelMixin) if not name.startswith("_")}
    assert {"pixel_array", "pixels", "save_as"} <= public
    assert {name for name in changed if not name.startswith("_")} == public
    assert "__getstate__" in changed
    assert {"__module__", "__dict__", "__doc__", "__weakref__"}.isdisjoint(changed)
    assert differences(names, snapshot())
    dicompix.uninstall()
    assert [dict(vars(cls)) for cls in classes] == before
    assert not hasattr(Dataset, "pixels")
    assert not differences(names, snapshot())


def test_every_change_is_recorded() -> None:
    before = snapshot()
    dicompix.install()
    recorded = {(change.where, change.name) for change in installed_changes() if is_pydicoms(change.where)}
    assert recorded == differences(before, snapshot())
    assert ("pydicom.pixels", "apply_voi_lut") in recorded
    assert ("pydicom.dataset", "convert_color_space") in recorded
    assert all(change.names[change.name] is change.ours is not change.original for change in installed_changes())
    dicompix.uninstall()
    assert installed_changes() == ()


@pytest.mark.parametrize("name", OF_PYDICOM)
def test_pydicoms_functions_are_ours(name: str, installed: None) -> None:
    assert getattr(pydicom.pixels, name) is getattr(dicompix.pixels, name)


@pytest.mark.parametrize("name", OF_UTILS)
def test_its_utilities_are_ours(name: str, installed: None) -> None:
    assert getattr(pydicom.pixels.utils, name) is getattr(dicompix.pixels, name)


@pytest.mark.parametrize("home", OLD_HOMES)
@pytest.mark.parametrize("name", ["apply_color_lut", "apply_modality_lut", "apply_voi_lut", "convert_color_space"])
def test_deprecated_homes_give_ours_with_their_warning(home: str, name: str, installed: None) -> None:
    with pytest.warns(DeprecationWarning, match="will be removed"):
        assert getattr(import_module(home), name) is getattr(dicompix.pixels, name)
    dicompix.uninstall()
    with pytest.warns(DeprecationWarning, match="will be removed"):
        assert getattr(import_module(home), name) is getattr(pydicom.pixels, name)


CODERS = sorted(
    (kind, name)
    for kind in ("decoders", "encoders")
    for name, value in vars(getattr(pydicom.pixels, kind)).items()
    if isinstance(value, CoderBase)
)


@pytest.mark.parametrize(("kind", "name"), CODERS)
def test_decoders_and_encoders_are_ours_by_their_syntax(kind: str, name: str) -> None:
    package = getattr(pydicom.pixels, kind)
    theirs = getattr(package, name)
    class_name = type(theirs).__name__
    dicompix.install()
    ours = getattr(package, name)
    assert ours is getattr(dicompix.pixels, f"get_{class_name.lower()}")(theirs.UID)
    assert ours is getattr(pydicom.pixels, f"get_{class_name.lower()}")(theirs.UID)
    assert ours.UID == theirs.UID
    assert isinstance(ours, getattr(package.base, class_name))
    dicompix.uninstall()
    assert getattr(package, name) is theirs
    assert isinstance(theirs, getattr(package.base, class_name))


def test_a_module_that_has_pydicoms_function_gets_ours_under_any_name(module: Callable[..., ModuleType]) -> None:
    client = module("from pydicom.pixels import apply_voi_lut as window\nfrom pydicom import pixels")
    dicompix.install()
    assert client.window is dicompix.pixels.apply_voi_lut
    assert client.pixels is pydicom.pixels
    dicompix.uninstall()
    assert client.window is THEIRS


def test_a_function_of_the_same_name_is_left_alone(module: Callable[..., ModuleType]) -> None:
    client = module("def apply_voi_lut(arr, ds): ...")
    own = client.apply_voi_lut
    dicompix.install()
    assert client.apply_voi_lut is own


def test_a_module_loaded_later_gets_ours_and_gives_it_back(module: Callable[..., ModuleType]) -> None:
    dicompix.install()
    client = module("from pydicom.pixels import apply_voi_lut")
    assert client.apply_voi_lut is dicompix.pixels.apply_voi_lut
    dicompix.uninstall()
    assert client.apply_voi_lut is THEIRS


@pytest.mark.parametrize("source", ["from dicompix.pixels import apply_voi_lut", "from dicompix.pixels import *"])
@pytest.mark.parametrize("before", [True, False])
def test_who_imports_ours_by_our_name_keeps_it(source: str, before: bool, module: Callable[..., ModuleType]) -> None:  # noqa: FBT001
    clients = [module(source)] if before else []
    dicompix.install()
    clients.append(module(source))
    dicompix.uninstall()
    assert all(client.apply_voi_lut is dicompix.pixels.apply_voi_lut for client in clients)


def test_what_others_patch_later_stays(module: Callable[..., ModuleType]) -> None:
    client = module("from pydicom.pixels import apply_voi_lut, apply_modality_lut")
    original = client.apply_modality_lut

    def patch() -> None: ...

    member = vars(Dataset)["pixel_array"]
    dicompix.install()
    vars(client)["apply_voi_lut"] = patch
    for name in ("pixel_array", "pixels"):
        setattr(Dataset, name, patch)
    try:
        dicompix.uninstall()
        assert client.apply_voi_lut is patch
        assert client.apply_modality_lut is original
        assert vars(Dataset)["pixel_array"] is patch
        assert vars(Dataset)["pixels"] is patch
    finally:
        Dataset.pixel_array = member  # type: ignore[method-assign]
        delattr(Dataset, "pixels")


def test_a_wrapper_that_others_put_in_pydicom_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    @wraps(THEIRS)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return THEIRS(*args, **kwargs)

    monkeypatch.setattr(pydicom.pixels, "apply_voi_lut", wrapper)
    dicompix.install()
    assert pydicom.pixels.apply_voi_lut is wrapper
    assert pydicom.pixels.processing.apply_voi_lut is dicompix.pixels.apply_voi_lut
    dicompix.uninstall()
    assert pydicom.pixels.apply_voi_lut is wrapper
    assert pydicom.pixels.processing.apply_voi_lut is THEIRS


class Lazy(ModuleType):
    """A module that must not be asked for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


def test_lazy_modules_stay_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stranger:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"asked for {name}")

    def asked(name: str) -> Any:
        raise AssertionError(f"asked for {name}")

    odd = ModuleType("client_odd")
    odd.__getattr__ = asked  # type: ignore[method-assign]
    for name, value in {"lazy": Lazy("client_lazy"), "stranger": Stranger(), "odd": odd, "none": None}.items():
        monkeypatch.setitem(sys.modules, f"client_{name}", value)
    dicompix.install()
    assert is_ours()
    dicompix.uninstall()


def test_install_loads_no_module_of_pydicom_or_its_clients() -> None:
    script = (
        "import dicompix, pydicom, sys\n"
        "before = set(sys.modules); dicompix.install(); dicompix.uninstall()\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert not [name for name in done.stdout.split() if is_pydicoms(name)]


def test_our_own_modules_keep_what_they_hold_of_pydicom() -> None:
    def held() -> Snapshot:
        ours = [item for item in sys.modules.items() if item[0].partition(".")[0] == "dicompix"]
        return {name: {key: id(value) for key, value in vars(module).items()} for name, module in ours}

    before = held()
    dicompix.install()
    after = held()
    assert {(n, k) for n, names in before.items() for k in names if names[k] != after[n][k]} == {
        ("dicompix.install", "_installation")
    }


def test_both_may_be_called_again_and_in_any_order() -> None:
    before, names = dict(vars(Dataset)), snapshot()
    dicompix.uninstall()
    for _ in range(3):
        dicompix.install()
    assert is_ours()
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before
    assert not differences(names, snapshot())
    dicompix.install()
    assert is_ours()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_everything_may_be_used_without_running_in_circles(example: Callable[[str], Path]) -> None:
    expected = pydicom.dcmread(example("CT_small.dcm")).pixel_array
    members, names = dict(vars(Dataset)), snapshot()
    dicompix.install()
    dataset = pydicom.dcmread(example("CT_small.dcm"))
    pixels = pydicom.pixels
    results = [dataset.pixel_array, pixels.pixel_array(dataset), next(pixels.iter_pixels(dataset))]
    dataset.pixel_array_options(raw=True)
    results.append(dataset.pixel_array)
    dataset.pixel_array_options(use_v2_backend=True)
    results.append(dataset.pixel_array)
    dataset.pixel_array_options()
    dataset.convert_pixel_data()
    results.append(dataset.pixel_array)
    for uid in (RLELossless, JPEG2000Lossless, JPEGLSLossless):
        dataset.compress(uid)
        results.append(pixels.get_decoder(uid).as_array(dataset)[0])
        dataset.decompress()
        results.append(dataset.pixel_array)
    dataset.set_pixel_data(expected, "MONOCHROME2", 16)
    pixels.compress(dataset, RLELossless, encoding_plugin="pydicom")
    dataset.decompress("pylibjpeg")
    results.append(dataset.pixel_array)
    dataset.save_as(BytesIO())
    assert all(np.array_equal(result, expected) for result in results)
    overlay = pydicom.dcmread(example("examples_overlay.dcm"))
    assert np.array_equal(
        pixels.unpack_bits(pixels.pack_bits(overlay.overlay_array(0x6000))), overlay.overlay_array(0x6000).ravel()
    )
    dicompix.uninstall()
    assert dict(vars(Dataset)) == members
    assert not {(where, name) for where, name in differences(names, snapshot()) if name in names[where]}


def test_many_threads_may_call_them_while_modules_come_and_go() -> None:
    before, names = dict(vars(Dataset)), snapshot()
    start, stop = Event(), Event()

    def toggle(number: int) -> None:
        start.wait()
        for _ in range(10):
            (dicompix.install if number % 2 else dicompix.uninstall)()

    def churn() -> None:
        start.wait()
        while not stop.is_set():
            for number in range(50):
                sys.modules[f"client_{number}"] = ModuleType("client")
                vars(pydicom.uid)[f"_client_{number}"] = number
            for number in range(50):
                del sys.modules[f"client_{number}"], vars(pydicom.uid)[f"_client_{number}"]

    with ThreadPoolExecutor(9) as pool:
        jobs = [pool.submit(toggle, number) for number in range(8)]
        busy = pool.submit(churn)
        start.set()
        try:
            for job in jobs:
                job.result()
        finally:
            stop.set()
        busy.result()
    dicompix.install()
    assert is_ours()
    dicompix.uninstall()
    assert dict(vars(Dataset)) == before
    assert not differences(names, snapshot())


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
