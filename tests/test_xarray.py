"""Images as labelled arrays: coordinates in mm where they are known, units, samples, lazy or not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import dicompix
from dicompix.pixels.codecs.base import Stored
from dicompix.pixels.errors import TransformError

pytest.importorskip("xarray")

Make = Callable[..., Dataset]


@pytest.fixture
def frames() -> Stored:
    return np.arange(3 * 4 * 6, dtype=np.int16).reshape(3, 4, 6)


def test_axes_have_names_and_millimetres(make: Make, frames: Stored) -> None:
    array = dicompix.Image(make(frames, frames=3, PixelSpacing=[0.5, 0.25])).to_xarray()
    assert (array.name, array.dims, array.shape) == ("stored", ("frame", "row", "column"), (3, 4, 6))
    np.testing.assert_array_equal(array.values, frames)
    assert array.frame.values.tolist() == [0, 1, 2]
    assert array.row.values.tolist() == [0, 0.5, 1, 1.5]
    assert array.column.values.tolist() == [0, 0.25, 0.5, 0.75, 1, 1.25]
    assert array.row.attrs == array.column.attrs == {"units": "mm"}
    assert float(array.sel(frame=2, row=1.0, column=0.25)) == frames[2, 2, 1]


def test_without_spacing_rows_and_columns_are_numbered(make: Make, frames: Stored) -> None:
    for spacing in (None, [0, 0], [0.5]):
        array = dicompix.Image(make(frames, frames=3, PixelSpacing=spacing)).to_xarray()
        assert array.row.values.tolist() == [0, 1, 2, 3]
        assert array.column.attrs == {}


def item(**elements: Any) -> Dataset:
    found = Dataset()
    for name, value in elements.items():
        setattr(found, name, Sequence(value) if isinstance(value, list) and isinstance(value[0], Dataset) else value)
    return found


def measures(*spacing: float) -> Dataset:
    return item(PixelMeasuresSequence=[item(PixelSpacing=list(spacing))])


def test_functional_groups_come_before_the_root(make: Make, frames: Stored) -> None:
    dataset = make(frames, frames=3, PixelSpacing=[9, 9])
    dataset.SharedFunctionalGroupsSequence = Sequence([measures(2, 3)])
    assert dicompix.Image(dataset).to_xarray().row.values.tolist() == [0, 2, 4, 6]
    dataset.PerFrameFunctionalGroupsSequence = Sequence([measures(4, 5)] * 3)
    assert dicompix.Image(dataset).to_xarray().column.values.tolist() == [0, 5, 10, 15, 20, 25]
    dataset.PerFrameFunctionalGroupsSequence = Sequence([measures(4, 5), measures(4, 6), measures(4, 5)])
    assert dicompix.Image(dataset).to_xarray().row.attrs == {}  # frames differ: no one coordinate is true


UNITS: dict[str, tuple[dict[str, Any], str | None]] = {
    "rescale type": ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "OD"}, "OD"),
    "unspecified": ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US", "Modality": "CT"}, None),
    "ct": ({"RescaleSlope": 1, "RescaleIntercept": 0, "Modality": "CT"}, "HU"),
    "dose": ({"DoseGridScaling": 0.1, "DoseUnits": "GY"}, "GY"),
    "none": ({}, None),
    "group": (
        {
            "SharedFunctionalGroupsSequence": Sequence(
                [
                    item(
                        PixelValueTransformationSequence=[
                            item(RescaleSlope=1, RescaleIntercept=0, RescaleType="HU_MOD")
                        ]
                    )
                ]
            )
        },
        "HU_MOD",
    ),
}


@pytest.mark.parametrize("unit", UNITS)
def test_modality_values_have_their_unit(unit: str, make: Make, frames: Stored) -> None:
    elements, expected = UNITS[unit]
    image = dicompix.Image(make(frames, frames=3, **elements))
    array = image.to_xarray(values="modality")
    assert array.attrs.get("units") == expected
    np.testing.assert_array_equal(array.values, np.stack([image.modality(i) for i in range(3)]))
    assert "units" not in image.to_xarray().attrs  # stored values have none


def test_attributes_say_what_the_values_are(make: Make, frames: Stored) -> None:
    image = dicompix.Image(make(frames, frames=3, WindowCenter=[40, 80], WindowWidth=[400, 90]))
    assert image.to_xarray(values="display").attrs == {
        "values": "display",
        "window_center": [40.0, 80.0],
        "window_width": [400.0, 90.0],
        "photometric_interpretation": "MONOCHROME2",
        "bits_stored": 16,
        "transfer_syntax": "1.2.840.10008.1.2.1",
    }


@pytest.mark.parametrize("raw", [False, True])
def test_samples_have_names(raw: bool, make: Make) -> None:  # noqa: FBT001
    color = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    image = dicompix.Image(make(color, frames=2, PhotometricInterpretation="YBR_FULL"), raw=raw)
    array = image.to_xarray()
    assert array.dims == ("frame", "row", "column", "sample")
    assert array.sample.values.tolist() == (["Y", "CB", "CR"] if raw else ["R", "G", "B"])
    np.testing.assert_array_equal(array.values, image.stored())
    assert image.to_xarray(values="display").sample.values.tolist() == ["R", "G", "B"]


def test_pictures_of_palettes_have_samples(make: Make) -> None:
    frame = np.arange(24, dtype=np.uint8).reshape(4, 6)
    palette: dict[str, Any] = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, 16] for c in ("Red", "Green", "Blue")}
    for color in ("Red", "Green", "Blue"):
        palette[f"{color}PaletteColorLookupTableData"] = np.arange(256, dtype="<u2").tobytes()
    image = dicompix.Image(make(frame, PhotometricInterpretation="PALETTE COLOR", **palette))
    assert image.to_xarray(values="display").sample.values.tolist() == ["R", "G", "B"]
    assert image.to_xarray().dims == ("frame", "row", "column")


@pytest.mark.parametrize("values", ["stored", "modality", "display"])
def test_lazy_data_are_those_of_dask(values: str, make: Make, frames: Stored) -> None:
    dask_array = pytest.importorskip("dask.array")
    image = dicompix.Image(make(frames, frames=3, PixelSpacing=[1, 1]))
    lazy = image.to_xarray(chunks=2, values=values)
    assert isinstance(lazy.data, dask_array.Array)
    assert lazy.chunks is not None
    assert lazy.chunks[0] == (2, 1)
    now = image.to_xarray(values=values)
    assert isinstance(now.data, np.ndarray)
    np.testing.assert_array_equal(lazy.compute().values, now.values)
    assert lazy.mean("frame").compute().equals(now.mean("frame"))


def test_what_is_no_value_space(make: Make, frames: Stored) -> None:
    with pytest.raises(TransformError, match="values is 'hu'"):
        dicompix.Image(make(frames, frames=3)).to_xarray(values="hu")
    with pytest.raises(TransformError, match="chunks is 0"):
        dicompix.Image(make(frames, frames=3)).to_xarray(chunks=0)
