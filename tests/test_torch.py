"""The PyTorch example's Dataset: a length and items, by itself and, where PyTorch is installed, in its DataLoader."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.data import get_testdata_file

import dicompix

EXAMPLE = Path(__file__).parents[1] / "examples" / "torch_dataset.py"
FILES = [get_testdata_file(name, download=False) for name in ("CT_small.dcm", "MR_small.dcm")]


@pytest.fixture
def dataset() -> Any:
    return runpy.run_path(str(EXAMPLE))["FrameDataset"](FILES)


def pictures() -> list[Any]:
    return [dicompix.open_image(str(path)).display(0) / np.float32(255) for path in FILES]


def test_a_dataset_is_a_length_and_items(dataset: Any) -> None:
    assert len(dataset) == 2
    for found, expected in zip((dataset[0], dataset[1]), pictures(), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(IndexError):
        dataset[2]


def test_the_loader_of_pytorch_takes_it(dataset: Any) -> None:
    data = pytest.importorskip("torch.utils.data")
    batches = list(data.DataLoader(dataset, batch_size=1))
    assert len(batches) == 2
    for batch, expected in zip(batches, pictures(), strict=True):
        np.testing.assert_array_equal(batch[0].numpy(), expected)
