"""Body-weight SUV of a PET slice in becquerel per millilitre, decay-corrected to the start of the series."""

import numpy as np
from pydicom import examples
from pydicom.dataset import Dataset
from pydicom.valuerep import TM

import dicompix


def suv_factor(ds: Dataset) -> float:
    """Return what to multiply becquerel per millilitre by, in gram per millilitre."""
    if ds.Units != "BQML" or ds.DecayCorrection != "START":
        raise ValueError(f"units {ds.Units}, decay correction {ds.DecayCorrection}: needed BQML and START")
    tracer = ds.RadiopharmaceuticalInformationSequence[0]
    start, injected = (
        moment.hour * 3600 + moment.minute * 60 + moment.second
        for moment in (TM(ds.SeriesTime), TM(tracer.RadiopharmaceuticalStartTime))
    )
    decayed = 0.5 ** ((start - injected) / float(tracer.RadionuclideHalfLife))
    return float(ds.PatientWeight) * 1000 / (float(tracer.RadionuclideTotalDose) * decayed)


ds = dicompix.dcmread(examples.get_path("mr"))  # stands in for a PET slice of yours
ds.Modality, ds.Units, ds.DecayCorrection, ds.SeriesTime, ds.PatientWeight = "PT", "BQML", "START", "120000", 70
ds.RescaleSlope, ds.RescaleIntercept, tracer = 12.5, 0, Dataset()
tracer.RadiopharmaceuticalStartTime, tracer.RadionuclideHalfLife, tracer.RadionuclideTotalDose = "110000", 6586.2, 3.7e8
ds.RadiopharmaceuticalInformationSequence = [tracer]

suv = ds.pixels.modality(0) * suv_factor(ds)
np.save("suv.npy", suv)
print(f"SUV up to {suv.max():.2f}")
