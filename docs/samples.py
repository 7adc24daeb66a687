"""The files that the pages' examples name, made from pydicom's own: python samples.py FOLDER."""

import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread, examples
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

import dicompix

COPIES = {
    "ct.dcm": "CT_small.dcm",
    "mr.dcm": "MR_small.dcm",
    "multiframe.dcm": "examples_ybr_color.dcm",
    "slide.dcm": "examples_ybr_color.dcm",
    "scan.dcm": "JPEG2000.dcm",
    "dose.dcm": "rtdose.dcm",
    "ultrasound.dcm": "examples_palette.dcm",
    "xray.dcm": "examples_overlay.dcm",
}


def item(**values: Any) -> Dataset:
    """Return a data set with these elements."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def enhanced_mr() -> Dataset:
    """Return four frames, each with a slope, a window and a place of its own."""
    ds = deepcopy(examples.mr)
    ds.NumberOfFrames, ds.PixelData = 4, ds.PixelData * 4
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    for keyword in ("WindowCenter", "WindowWidth", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(ds, keyword)
    measures = item(PixelSpacing=[1, 1], SliceThickness=2)
    orientation = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    ds.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[orientation])]
    unit = item(CodeValue="um2/s", CodingSchemeDesignator="UCUM", CodeMeaning="square micrometre per second")
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            PixelValueTransformationSequence=[item(RescaleSlope=1 + i, RescaleIntercept=0, RescaleType="US")],
            FrameVOILUTSequence=[item(WindowCenter=600 * (1 + i), WindowWidth=1600)],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 2 * i])],
            RealWorldValueMappingSequence=[
                item(
                    RealWorldValueFirstValueMapped=0,
                    RealWorldValueLastValueMapped=32767,
                    RealWorldValueSlope=2.0,
                    RealWorldValueIntercept=0.0,
                    MeasurementUnitsCodeSequence=[unit],
                    LUTLabel="ADC",
                )
            ],
        )
        for i in range(4)
    ]
    return ds


def segmentation() -> Dataset:
    """Return three frames of one bit a pixel, two of segment 1 and one of segment 2."""
    ds = dcmread(get_testdata_file("liver_1frame.dcm"))
    group = ds.PerFrameFunctionalGroupsSequence[0]
    groups = [deepcopy(group) for _ in range(3)]
    for number, (one, segment) in enumerate(zip(groups, (1, 1, 2), strict=True)):
        one.SegmentIdentificationSequence[0].ReferencedSegmentNumber = segment
        one.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 2 * number]
    ds.PerFrameFunctionalGroupsSequence = groups
    ds.NumberOfFrames, ds.PixelData = 3, ds.PixelData * 3
    return ds


def pet() -> Dataset:
    """Return a slice in becquerel per millilitre with what SUV needs."""
    ds = deepcopy(examples.mr)
    ds.Modality, ds.Units, ds.DecayCorrection, ds.SeriesTime, ds.PatientWeight = "PT", "BQML", "START", "120000", 70
    ds.RescaleSlope, ds.RescaleIntercept = 12.5, 0
    tracer = item(RadiopharmaceuticalStartTime="110000", RadionuclideHalfLife=6586.2, RadionuclideTotalDose=3.7e8)
    ds.RadiopharmaceuticalInformationSequence = [tracer]
    return ds


def study(folder: Path) -> None:
    """Write a series of five slices, 5 mm apart."""
    folder.mkdir()
    for number in range(5):
        ds = deepcopy(examples.ct)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["slice", str(number)])
        ds.ImagePositionPatient, ds.InstanceNumber = [-158, -179, -75 + 5 * number], number + 1
        ds.PixelData = np.roll(ds.pixel_array, number, axis=0).tobytes()
        ds.save_as(folder / f"{number}.dcm")


def make(folder: Path) -> None:
    """Write every file."""
    for name, source in COPIES.items():
        (folder / name).write_bytes(Path(str(get_testdata_file(source))).read_bytes())
    for name, ds in {"enhanced-mr.dcm": enhanced_mr(), "segmentation.dcm": segmentation(), "pet.dcm": pet()}.items():
        ds.save_as(folder / name)
    study(folder / "study")
    cut = dicompix.dcmread(folder / "ct.dcm")
    cut.compress("1.2.840.10008.1.2.4.80")
    cut.PixelData = cut.PixelData[: len(cut.PixelData) // 2]
    cut.save_as(folder / "cut.dcm")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
