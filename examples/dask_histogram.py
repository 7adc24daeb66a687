"""Count the values of a folder of files on a cluster of processes; point `Client` at your own for more machines."""

from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

import dicompix

try:
    import dask
    import dask.array
    from dask.distributed import Client, LocalCluster
except ImportError:
    print("pip install dicompix[dask] to run this example")
    raise SystemExit from None


def series(folder):
    """Write a small series to a folder and return its files."""
    ds = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    pixels = ds.pixel_array
    for number in range(8):
        ds.PixelData = (pixels + number).tobytes()
        ds.save_as(folder / f"{number}.dcm")
    return sorted(folder.glob("*.dcm"))


if __name__ == "__main__":
    images = [dicompix.open_image(path) for path in series(Path.cwd())]  # headers only
    hounsfield = dask.array.concatenate([image.to_dask(values="modality") for image in images])
    counts, edges = dask.array.histogram(hounsfield, bins=8, range=(-1024, 3072))
    with LocalCluster(n_workers=2, processes=True, dashboard_address=None) as cluster, Client(cluster):
        print(hounsfield)
        for low, count in zip(edges, counts.compute(), strict=False):
            print(f"{low:6.0f} HU and above: {count}")
