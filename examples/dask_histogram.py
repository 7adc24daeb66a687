"""A histogram of all Hounsfield units in a folder of files, counted by a cluster of processes.

Point `Client` at your own cluster for more machines: tasks hold paths, not pixels.
"""

import sys
from pathlib import Path

import dicompix

try:
    import dask.array
    from dask.distributed import Client, LocalCluster
except ImportError:
    print('pip install "dicompix[dask]" to run this example')
    raise SystemExit from None


def histogram(folder):
    """Return counts and edges, still to be computed: of each file only the header is read here."""
    images = [dicompix.open_image(path) for path in sorted(Path(folder).glob("*.dcm"))]
    hounsfield = dask.array.concatenate([image.to_dask(values="modality") for image in images])
    print(len(images), "files,", hounsfield.size, "values in", hounsfield.npartitions, "tasks")
    return dask.array.histogram(hounsfield, bins=10, range=(-1100, 900))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder = sys.argv[1]
    else:
        from samples import ct_series

        folder = ct_series()
    counts, edges = histogram(folder)
    with LocalCluster(n_workers=2, processes=True, dashboard_address=":0") as cluster, Client(cluster):
        counts = counts.compute()
    for low, count in zip(edges, counts, strict=False):
        print(f"{low:6.0f} HU {count:7} {'#' * round(60 * count / max(counts))}".rstrip())
