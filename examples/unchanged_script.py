"""Run pydicom code as it is: after install() every pydicom Dataset decodes with dicompix."""

import pydicom
from pydicom.data import get_testdata_file

import dicompix

dicompix.install()

ds = pydicom.dcmread(get_testdata_file("MR_small_RLE.dcm", download=False))
arr = ds.pixel_array
arr[arr < 300] = 0
ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
ds.PixelData = arr.tobytes()
ds["PixelData"].VR = "OW"
ds.save_as("edited.dcm")
print(pydicom.dcmread("edited.dcm").pixel_array.max())

dicompix.uninstall()
