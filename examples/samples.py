"""Small made-up files for the examples, of kinds that pydicom brings none of; take your own instead."""

from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

import dicompix

RANDOM = np.random.default_rng(17)


def write(path, pixels, photometric="MONOCHROME2", bits=16, **elements):
    """Write a file of these pixels and header elements and return its path."""
    ds = dicompix.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    ds.set_pixel_data(pixels, photometric, bits)
    if photometric == "RGB":
        ds.compress(uid.JPEGBaseline8Bit)
    ds.save_as(path, enforce_file_format=True)
    return Path(path)


def soft_noise(shape, cells):
    """Return smooth noise of 0 to 1 with so many hills across."""
    rows, columns = shape
    coarse = RANDOM.random((round(cells * rows / columns), cells)).astype("f4")
    return np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC))


def slide(path="slide.dcm", tile=128):
    """Write a slide like those of stained tissue: 7 rows of 9 JPEG tiles, the last of each cut by its edge."""
    rows, columns = 850, 1100
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    inside = np.clip(8 * (1.1 - np.hypot(x, y) - 0.8 * soft_noise((rows, columns), 7)), 0, 1)
    nuclei = np.clip(12 * (soft_noise((rows, columns), 160) - 0.72), 0, 1) * inside
    eosin = inside * (0.35 + 0.5 * soft_noise((rows, columns), 40))
    stain = eosin[..., None] * (0.06, 0.5, 0.26) + nuclei[..., None] * (0.5, 0.6, 0.22)
    picture = (245 * (1 - np.clip(stain, 0, 0.95))).astype(np.uint8)
    down, across = -(-rows // tile), -(-columns // tile)
    whole = np.full((down * tile, across * tile, 3), 245, np.uint8)
    whole[:rows, :columns] = picture
    tiles = whole.reshape(down, tile, across, tile, 3).swapaxes(1, 2).reshape(-1, tile, tile, 3)
    return write(
        path,
        tiles,
        "RGB",
        8,
        Modality="SM",
        SOPClassUID=uid.VLWholeSlideMicroscopyImageStorage,
        DimensionOrganizationType="TILED_FULL",
        TotalPixelMatrixRows=rows,
        TotalPixelMatrixColumns=columns,
        ImagedVolumeWidth=columns * 0.0005,  # mm, at 0.5 micrometres a pixel
        ImagedVolumeHeight=rows * 0.0005,
    )


def pet_slice(path="pet.dcm"):
    """Write a slice of a PET phantom of 75 kg: evenly spread F-18, and six spheres that hold four times as much."""
    dose, half_life, weight, waited = 370e6, 6586.2, 75.0, 3600  # becquerel, seconds, kilogram, seconds
    y, x = (np.mgrid[:128, :128] - 63.5) * 2.5  # mm
    body = np.hypot(x / 145, y / 110) < 1
    activity = body * 1.0
    for number, diameter in enumerate((10, 13, 17, 22, 28, 37)):
        angle = number * np.pi / 3
        activity[np.hypot(x - 57 * np.cos(angle), y - 57 * np.sin(angle)) < diameter / 2] = 4
    becquerel_per_ml = dose * 0.5 ** (waited / half_life) / (weight * 1000)  # of 1 gram per millilitre
    blur = np.exp(-0.5 * (np.arange(-4, 5) / 1.1) ** 2)  # 6.5 mm full width at half maximum
    for axis in (0, 1):
        activity = np.apply_along_axis(np.convolve, axis, activity, blur / blur.sum(), "same")
    activity *= becquerel_per_ml * RANDOM.normal(1, 0.04, activity.shape)
    slope = float(f"{activity.max() / 32767:.6g}")
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartDateTime = "20260301233000"  # half past eleven at night
    tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = dose, half_life
    return write(
        path,
        np.round(np.clip(activity, 0, None) / slope).astype(np.int16),
        Modality="PT",
        SOPClassUID=uid.PositronEmissionTomographyImageStorage,
        PatientWeight=weight,
        SeriesDate="20260302",
        SeriesTime="003000",
        AcquisitionDate="20260302",
        AcquisitionTime="003115",
        Units="BQML",
        DecayCorrection="START",
        CorrectedImage=["DECY", "ATTN", "SCAT", "RAN"],
        RescaleSlope=slope,
        RescaleIntercept=0,
        RescaleType="BQML",
        PixelSpacing=[2.5, 2.5],
        RadiopharmaceuticalInformationSequence=[tracer],
    )


def ct_series(folder="series", slices=40):
    """Write a CT series of a phantom's chest, 8 mm a slice, in files whose names are in no order; return the folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    z, y, x = np.mgrid[0:slices, :96, :96]
    z, y, x = (z + 0.5) * 8, (y - 47.5) * 4, (x - 47.5) * 4  # mm, from the lowest slice; to the back, to the left
    parts = {  # HU, centre and half axes in mm
        "body": (40, (0, 0, 160), (165, 110, 500)),
        "right lung": (-820, (-75, -5, 190), (52, 75, 130)),
        "left lung": (-820, (75, -5, 190), (52, 75, 130)),
        "heart": (50, (22, -30, 130), (50, 42, 55)),
        "spine": (450, (0, 72, 160), (18, 18, 500)),
    }
    hounsfield = np.full(z.shape, -1000)
    for value, centre, axes in parts.values():
        inside = sum(((at - c) / a) ** 2 for at, c, a in zip((x, y, z), centre, axes, strict=True)) < 1
        hounsfield[inside] = value
    hounsfield = hounsfield + RANDOM.normal(0, 12, z.shape)
    same = {name: uid.generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")}
    for number, name in enumerate(RANDOM.permutation(slices)):
        write(
            Path(folder) / f"{name:03}.dcm",
            np.clip(np.round(hounsfield[number] + 1024), 0, 4095).astype(np.uint16),
            bits=12,
            Modality="CT",
            PatientID="phantom",
            SOPClassUID=uid.CTImageStorage,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[-190, -190, 8 * number - 500],
            PixelSpacing=[4, 4],
            SliceThickness=8,
            RescaleSlope=1,
            RescaleIntercept=-1024,
            RescaleType="HU",
            **same,
        )
    return Path(folder)
