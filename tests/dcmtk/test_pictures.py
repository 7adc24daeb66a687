"""Our pictures beside those of DCMTK's dcmj2pnm, an independent judge; run by `nox -s dcmtk`."""

import csv
import shutil
import subprocess
import tomllib
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from pydicom.dataset import Dataset

import dicompix
from dicompix import Image

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
EXPLAINED: dict[str, str] = tomllib.loads((HERE / "explained.toml").read_text())["explained"]
LEVELS, SHARE, FILES_SHARE = 2, 0.99, 0.95

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="DCMTK's dcmj2pnm is not installed")


def files() -> list[Path]:
    """Return every file of the shared data and of pydicom-data, each content once."""
    data = pytest.importorskip("data_store", reason="pydicom-data is not installed")
    shared = []
    if (SHARED / "index.csv").is_file():
        with (SHARED / "index.csv").open() as index:
            shared = [SHARED / row["file"] for row in csv.DictReader(index) if "malformed" not in row["file"]]
    others = sorted((Path(data.__file__).parent / "data").rglob("*"))
    found = {path.read_bytes(): path for path in reversed([*shared, *others]) if path.is_file()}
    return sorted(found.values())


def window_for(dataset: Dataset, image: Image) -> tuple[list[str], object]:
    """Return dcmj2pnm's options and our `voi`: the first window of the root, else one window given to both."""
    if dataset.get("WindowCenter") is not None and dataset.get("WindowWidth"):
        return ["+Wi", "1"], 0
    if dataset.get("VOILUTSequence") and dataset.VOILUTSequence[0].get("LUTData"):
        return ["+Wl", "1"], 0
    if "DoseGridScaling" in dataset:
        return ["+Wm"], "full"  # DCMTK leaves dose unscaled, so that no window means the same to both
    if image.format.samples > 1 or image.format.photometric == "PALETTE COLOR":
        return [], 0
    values = image.modality(0)
    low, high = float(values.min()), float(values.max())
    center, width = (low + high + 1) / 2, high - low + 1
    return ["+Ww", str(center), str(width)], (center, width)


def theirs(path: Path, options: list[str], folder: Path) -> np.ndarray | None:
    """Return DCMTK's picture of the first frame, None where it makes none."""
    target = folder / "picture.png"
    target.unlink(missing_ok=True)
    subprocess.run(["dcmj2pnm", "+on", *options, str(path), str(target)], capture_output=True, check=False, timeout=120)
    if not target.is_file():
        return None
    with PIL.Image.open(target) as picture:
        return np.asarray(picture.convert("L" if picture.mode == "L" else "RGB")).astype(int)


def agreement(ours: np.ndarray, other: np.ndarray) -> float:
    """Return the share of samples that differ by two levels or fewer; gray is compared with colour as gray."""
    if ours.ndim < other.ndim:
        ours = np.repeat(ours[..., None], 3, axis=-1)
    if other.ndim < ours.ndim:
        other = np.repeat(other[..., None], 3, axis=-1)
    if ours.shape != other.shape:
        return 0.0
    return float((np.abs(ours.astype(int) - other) <= LEVELS).mean())


@needs_dcmtk
def test_pictures_agree_with_dcmtk(tmp_path: Path) -> None:
    warnings.simplefilter("ignore")
    judged, unlike = 0, {}
    for path in files():
        try:
            image = dicompix.open_image(path)
            options, voi = window_for(image.dataset, image)
        except Exception:  # noqa: BLE001  # no image at all: DCMTK is asked without a window
            image, options, voi = None, [], 0
        other = theirs(path, options, tmp_path)
        if other is None:
            continue
        judged += 1
        share = 0.0 if image is None else agreement(image.display(0, voi=voi), other)  # type: ignore[arg-type]
        if share < SHARE:
            unlike[path.name] = round(share, 3)
    print(f"{judged - len(unlike)} of {judged} pictures agree; the others: {unlike}")  # noqa: T201  # the figure
    assert judged > 0
    assert len(unlike) <= (1 - FILES_SHARE) * judged, unlike
    assert set(unlike) <= set(EXPLAINED), {name: unlike[name] for name in set(unlike) - set(EXPLAINED)}
