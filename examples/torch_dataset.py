"""Frames of DICOM files straight into a PyTorch DataLoader; without PyTorch the batches are stacked by hand."""

import numpy as np
from pydicom.data import get_testdata_file

import dicompix


class FrameDataset:
    """All frames of several files, as float32 in 0..1; only paths are held, so that workers can be sent it."""

    def __init__(self, paths):
        self.images = [dicompix.open_image(path) for path in paths]
        self.where = [(image, i) for image in self.images for i in range(len(image))]

    def __len__(self):
        return len(self.where)

    def __getitem__(self, number):
        image, frame = self.where[number]
        return image.display(frame).astype(np.float32) / 255


if __name__ == "__main__":
    dataset = FrameDataset([get_testdata_file("examples_ybr_color.dcm", download=False)])
    try:
        from torch.utils.data import DataLoader
    except ImportError:
        batches = (np.stack([dataset[i] for i in range(k, k + 10)]) for k in range(0, len(dataset), 10))
    else:
        batches = DataLoader(dataset, batch_size=10, shuffle=True, num_workers=2)
    for batch in batches:
        print(tuple(batch.shape), str(batch.dtype).removeprefix("torch."))
