"""What pydicom's guide and tutorials teach to do with pixel data, as scripts; `plt` is a stand-in that keeps images."""

WORKING_WITH_PIXEL_DATA = {
    "read": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("mr"))
head = ds.PixelData[:16]
arr = ds.pixel_array
shape, corner = arr.shape, int(arr[0, 0])
assert (shape, corner) == ((64, 64), 905)
""",
    "zero and save": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("mr"))
arr = ds.pixel_array
arr[arr < 300] = 0
ds.PixelData = arr.tobytes()
ds.save_as("temp.dcm")
assert dcmread("temp.dcm").pixel_array.min() == 0
""",
    "zero and save, the old way": """
import pydicom
from pydicom.data import get_testdata_file

filename = get_testdata_file("MR_small.dcm")
ds = pydicom.dcmread(filename)
for n, val in enumerate(ds.pixel_array.flat):
    if val < 300:
        ds.pixel_array.flat[n] = 0
ds.PixelData = ds.pixel_array.tobytes()
ds.save_as("newfilename.dcm")
again = pydicom.dcmread("newfilename.dcm").pixel_array
assert again.min() == 0
""",
    "a palette of its own": """
from pydicom import examples
from pydicom.pixels import apply_color_lut

ds = examples.palette_color
arr = ds.pixel_array
rgb = apply_color_lut(arr, ds)
assert rgb.shape == (*arr.shape, 3)
""",
    "a well-known palette": """
from pydicom import examples
from pydicom.pixels import apply_color_lut

ds = examples.palette_color
arr = ds.pixel_array
rgb = apply_color_lut(arr, palette="PET")
by_uid = apply_color_lut(arr, palette="1.2.840.10008.1.5.2")
assert (rgb == by_uid).all()
""",
    "modality": """
from pydicom import examples
from pydicom.pixels import apply_modality_lut

ds = examples.ct
arr = ds.pixel_array
hu = apply_modality_lut(arr, ds)
assert hu.min() == arr.min() - 1024
""",
    "window": """
from pydicom import examples
from pydicom.pixels import apply_voi_lut

ds = examples.overlay
arr = ds.pixel_array
out = apply_voi_lut(arr, ds, index=0)
assert out.shape == arr.shape
""",
    "modality, then window": """
from pydicom import dcmread, examples
from pydicom.pixels import apply_modality_lut, apply_voi_lut

ds = dcmread(examples.get_path("ct"))
hu = apply_modality_lut(ds.pixel_array, ds)
ds.WindowCenter, ds.WindowWidth = [40, 300], [400, 1500]
out = apply_voi_lut(hu, ds, index=1)
""",
    "color space": """
from pydicom import examples
from pydicom.pixels import convert_color_space, pixel_array

ds = examples.ybr_color
ybr = pixel_array(ds, index=0, raw=True)
rgb = convert_color_space(ybr, ds.PhotometricInterpretation, "RGB")
back = convert_color_space(rgb, "RGB", "YBR_FULL")
assert ybr.shape == rgb.shape
""",
    "color space, frame by frame": """
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels import convert_color_space

ds = dcmread(get_testdata_file("SC_rgb_rle_2frame.dcm"))
arr = convert_color_space(ds.pixel_array, "RGB", "YBR_FULL", per_frame=True)
ds.PhotometricInterpretation = "YBR_FULL"
""",
    "the deprecated handlers": """
from pydicom import dcmread, examples
from pydicom.pixel_data_handlers import apply_color_lut
from pydicom.pixel_data_handlers.util import apply_modality_lut, apply_voi_lut, convert_color_space

ds = dcmread(examples.get_path("palette_color"))
rgb = apply_color_lut(ds.pixel_array, ds)
ybr = convert_color_space((rgb >> 8).astype("u1"), "RGB", "YBR_FULL")
ct = dcmread(examples.get_path("ct"))
out = apply_voi_lut(apply_modality_lut(ct.pixel_array, ct), ct)
""",
    "overlay": """
from pydicom import dcmread, examples
from pydicom.pixels import pack_bits

ds = dcmread(examples.get_path("overlay"))
arr = ds.overlay_array(0x6000)
arr[10, :] = 1
packed = pack_bits(arr)
ds[0x6000, 0x3000].value = packed
ds.save_as("temp.dcm")
assert dcmread("temp.dcm").overlay_array(0x6000)[10].all()
""",
}

VIEWING = {
    "view": """
import matplotlib.pyplot as plt
from pydicom import dcmread
from pydicom.data import get_testdata_file

path = get_testdata_file("CT_small.dcm")
ds = dcmread(path)
print(f"Image size.......: {ds.Rows} x {ds.Columns}")
plt.imshow(ds.pixel_array, cmap=plt.cm.gray)
plt.show()
""",
    "view an example": """
import matplotlib.pyplot as plt
from pydicom import examples

ds = examples.ct
plt.imshow(ds.pixel_array, cmap=plt.cm.gray)
""",
    "downsize": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("mr"))
arr = ds.pixel_array
arr_downsampled = arr[::8, ::8]
ds.PixelData = arr_downsampled.tobytes()
ds.Rows, ds.Columns = arr_downsampled.shape
ds.save_as("small.dcm")
assert ds.pixel_array.shape == (8, 8)
assert (ds.pixel_array == arr_downsampled).all()
""",
    "downsize, the old way": """
import pydicom
from pydicom.data import get_testdata_file

ds = pydicom.dcmread(get_testdata_file("MR_small.dcm"))
data = ds.pixel_array
data_downsampling = data[::8, ::8]
ds.PixelData = data_downsampling.tobytes()
ds.Rows, ds.Columns = data_downsampling.shape
print(ds)
small = ds.pixel_array
""",
    "reslice": """
import glob
import matplotlib.pyplot as plt
import numpy as np
import pydicom
from pydicom.data import get_testdata_file

for number in range(4):
    ds = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    ds.SliceLocation = 10 - number
    ds.PixelData = (ds.pixel_array + number).tobytes()
    ds.save_as(f"slice{number}.dcm")
files = [pydicom.dcmread(name) for name in glob.glob("slice*.dcm")]
slices = sorted((f for f in files if hasattr(f, "SliceLocation")), key=lambda s: s.SliceLocation)
del files, ds
img_shape = [*slices[0].pixel_array.shape, len(slices)]
img3d = np.zeros(img_shape)
for i, s in enumerate(slices):
    img3d[:, :, i] = s.pixel_array
plt.imshow(img3d[:, :, img_shape[2] // 2])
plt.imshow(img3d[:, img_shape[1] // 2, :])
plt.imshow(img3d[img_shape[0] // 2, :, :].T)
plt.show()
""",
}

INTRODUCTION = {
    "an array": """
import matplotlib.pyplot as plt
from pydicom import examples
from pydicom.pixels import pixel_array

ds = examples.ct
arr = pixel_array(ds)
assert arr.shape == (128, 128)
assert str(arr.dtype) == "int16"
plt.imshow(arr, cmap="gray")
plt.show()
""",
    "one frame": """
from pydicom import examples
from pydicom.pixels import pixel_array

ds = examples.rt_dose
arr = pixel_array(ds)
first = pixel_array(ds, index=0)
assert arr.shape == (15, 10, 10)
assert (arr[0] == first).all()
""",
    "frame by frame": """
import numpy as np
from pydicom import examples
from pydicom.pixels import iter_pixels

arr = np.stack(list(iter_pixels(examples.rt_dose)))
some = np.stack(list(iter_pixels(examples.rt_dose, indices=[1, 3, 5])))
assert arr.shape == (15, 10, 10)
assert (some == arr[[1, 3, 5]]).all()
""",
    "raw": """
import matplotlib.pyplot as plt
from pydicom import examples
from pydicom.pixels import pixel_array

ds = examples.ybr_color
assert ds.PhotometricInterpretation == "YBR_FULL_422"
ybr = pixel_array(ds, index=0, raw=True)
rgb = pixel_array(ds, index=0)
fig, (im1, im2) = plt.subplots(1, 2)
im1.imshow(ybr)
im2.imshow(rgb)
""",
    "a plugin": """
from pydicom import examples
from pydicom.pixels import pixel_array

ds = examples.jpeg2k
arr = pixel_array(ds)
same = pixel_array(ds, decoding_plugin="pylibjpeg")
assert (arr == same).all()
""",
    "a path": """
import numpy as np
from pydicom import examples
from pydicom.pixels import iter_pixels, pixel_array

arr = pixel_array(examples.get_path("rt_dose"), index=0)
frames = np.stack(list(iter_pixels(str(examples.get_path("rt_dose")))))
""",
    "a path and its elements": """
from pydicom import Dataset, examples
from pydicom.pixels import apply_rescale, pixel_array

ds = Dataset()
arr = pixel_array(examples.get_path("ct"), ds_out=ds)
assert (ds.RescaleIntercept, ds.RescaleSlope) == (-1024, 1)
hu = apply_rescale(arr, ds)
""",
    "a decoder": """
from pydicom import examples
from pydicom.pixels import get_decoder

ds = examples.ybr_color
decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
ybr, meta = decoder.as_array(ds, raw=True, index=0)
assert (meta["rows"], meta["columns"], meta["samples_per_pixel"]) == ybr.shape
assert meta["photometric_interpretation"] == "YBR_FULL_422"
rgb, meta = decoder.as_array(ds, index=0)
assert meta["photometric_interpretation"] == "RGB"
""",
    "options on the dataset": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("ybr_color"))
ds.pixel_array_options(index=2, raw=True)
ybr = ds.pixel_array
ds.pixel_array_options()
arr = ds.pixel_array
assert arr.shape[1:] == ybr.shape
""",
}

CIRCLE = """
import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

def draw_circle(shape, dtype, value):
    (rows, columns), radius = shape, min(shape) // 2
    x = np.linspace(0, columns, columns)
    y = np.linspace(0, rows, rows)[:, None]
    return ((x - columns // 2) ** 2 + (y - rows // 2) ** 2 <= radius**2).astype(dtype) * value

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
"""

CREATION = {
    "8 bit": f"""{CIRCLE}
import matplotlib.pyplot as plt
ds.BitsAllocated = ds.BitsStored = 8
ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 7, 0, 1
ds.PhotometricInterpretation = "MONOCHROME2"
arr = draw_circle((320, 480), "uint8", 255)
ds.PixelData = arr.tobytes()
ds["PixelData"].VR = "OB"
ds.Rows, ds.Columns = arr.shape
plt.imshow(ds.pixel_array)
odd = draw_circle((63, 31), "uint8", 255)
ds.PixelData = odd.tobytes() + bytes(1)
ds["PixelData"].VR = "OB"
ds.Rows, ds.Columns = odd.shape
plt.imshow(ds.pixel_array)
assert (ds.pixel_array == odd).all()
""",
    "frames of RGB": f"""{CIRCLE}
import matplotlib.pyplot as plt
from pydicom.pixels import iter_pixels
ds.BitsAllocated = ds.BitsStored = 8
ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 7, 0, 3
ds.PhotometricInterpretation, ds.PlanarConfiguration, ds.NumberOfFrames = "RGB", 0, 2
arr = np.empty((2, 32, 48, 3), "uint8")
for frame, values in enumerate([(255, 127, 0), (0, 127, 255)]):
    for channel, value in enumerate(values):
        arr[frame, ..., channel] = draw_circle((32, 48), "uint8", value)
ds.PixelData = arr.tobytes()
ds["PixelData"].VR = "OB"
ds.Rows, ds.Columns = arr.shape[1:3]
im = plt.imshow(np.zeros((ds.Rows, ds.Columns, 3), dtype="uint8"))
for frame in iter_pixels(ds):
    im.set_data(frame)
    plt.pause(1)
""",
    "12 bit, signed": f"""{CIRCLE}
import matplotlib.pyplot as plt
ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
ds.PixelRepresentation, ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, 1, "MONOCHROME2"
arr = draw_circle((320, 480), "int16", -2048)
ds.PixelData = arr.tobytes()
ds["PixelData"].VR = "OW"
ds.Rows, ds.Columns = arr.shape
plt.imshow(ds.pixel_array)
assert (ds.pixel_array == arr).all()
""",
    "float": f"""{CIRCLE}
ds.BitsAllocated = ds.BitsStored = 32
ds.HighBit, ds.SamplesPerPixel, ds.PhotometricInterpretation = 31, 1, "MONOCHROME2"
arr = draw_circle((320, 480), "float32", 1024.58)
ds.FloatPixelData = arr.tobytes()
ds.Rows, ds.Columns = arr.shape
read = ds.pixel_array
assert (read == arr).all()
""",
    "set_pixel_data": f"""{CIRCLE}
arr = draw_circle((32, 48), "uint16", 4095)
ds.set_pixel_data(arr, "MONOCHROME2", 12, generate_instance_uid=False)
read = ds.pixel_array
assert (read == arr).all()
""",
}

COMPRESSING = {
    "RLE": """
from pydicom import dcmread, examples
from pydicom.uid import RLELossless

ds = dcmread(examples.get_path("ct"))
assert not ds.file_meta.TransferSyntaxUID.is_compressed
ds.compress(RLELossless)
ds.save_as("ct_rle_lossless.dcm")
arr = dcmread("ct_rle_lossless.dcm").pixel_array
""",
    "RLE by a plugin": """
from pydicom import dcmread, examples
from pydicom.uid import RLELossless

ds = dcmread(examples.get_path("ct"))
ds.compress(RLELossless, encoding_plugin="pylibjpeg")
ds.save_as("ct_rle_lossless.dcm")
""",
    "an array of one's own": """
import numpy as np
from pydicom import Dataset
from pydicom.uid import RLELossless

ds = Dataset()
ds.Rows, ds.Columns = 320, 480
ds.BitsAllocated = ds.BitsStored = 8
ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 7, 0, 1
ds.PhotometricInterpretation = "MONOCHROME2"
arr = np.ones((ds.Rows, ds.Columns), dtype="uint8")
ds.compress(RLELossless, arr)
assert ds.file_meta.TransferSyntaxUID == RLELossless
assert isinstance(ds.PixelData, bytes)
""",
    "an array that does not fit": """
import numpy as np
from pydicom import dcmread, examples
from pydicom.uid import RLELossless

ds = dcmread(examples.get_path("ct"))
wrong = np.zeros((ds.Rows, ds.Columns + 1), dtype="<i2")
try:
    ds.compress(RLELossless, wrong)
except ValueError as problem:
    refused = "(128, 128)" in str(problem) and "(128, 129)" in str(problem)
assert refused
""",
    "JPEG-LS": """
from pydicom import dcmread, examples
from pydicom.uid import JPEGLSLossless

ds = dcmread(examples.get_path("ct"))
ds.compress(JPEGLSLossless)
""",
    "JPEG 2000": """
from pydicom import dcmread, examples
from pydicom.uid import JPEG2000Lossless

ds = dcmread(examples.get_path("ct"))
ds.compress(JPEG2000Lossless)
""",
    "JPEG 2000 of color": """
from pydicom import dcmread, examples
from pydicom.uid import JPEG2000Lossless

ds = dcmread(examples.get_path("rgb_color"))
assert ds.PhotometricInterpretation == "RGB"
ds.compress(JPEG2000Lossless)
without = len(ds.PixelData)
ds = dcmread(examples.get_path("rgb_color"))
ds.PhotometricInterpretation = "YBR_RCT"
ds.compress(JPEG2000Lossless)
assert len(ds.PixelData) < without
del without
""",
    "to another compression": """
from pydicom import dcmread, examples
from pydicom.uid import RLELossless

ds = dcmread(examples.get_path("jpeg2k"))
ds.decompress()
ds.compress(RLELossless)
ds.save_as("US1_RLE.dcm")
""",
    "encapsulating by oneself": """
from pydicom import dcmread, examples
from pydicom.encaps import encapsulate, encapsulate_extended, get_frame
from pydicom.uid import JPEG2000Lossless

source = dcmread(examples.get_path("jpeg2k"))
frames = [get_frame(source.PixelData, 0, number_of_frames=1)]
ds = dcmread(examples.get_path("rgb_color"))
ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
ds.Rows, ds.Columns = source.Rows, source.Columns
ds.PhotometricInterpretation = source.PhotometricInterpretation
ds.PixelData = encapsulate(frames)
ds["PixelData"].VR = "OB"
ds.save_as("basic.dcm")
basic = ds.pixel_array
result = encapsulate_extended(frames)
ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = result
ds.save_as("extended.dcm")
extended = ds.pixel_array
""",
    "decompress": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("jpeg2k"))
ds.decompress()
assert not ds.file_meta.TransferSyntaxUID.is_compressed
""",
    "decompress by a plugin": """
from pydicom import dcmread, examples

ds = dcmread(examples.get_path("jpeg2k"))
ds.decompress(decoding_plugin="pylibjpeg")
""",
    "by functions": """
from pydicom import dcmread, examples
from pydicom.pixels import compress, decompress
from pydicom.uid import JPEGLSLossless

ds = dcmread(examples.get_path("ct"))
assert compress(ds, JPEGLSLossless) is ds
coded = dcmread(examples.get_path("jpeg2k"))
assert decompress(coded) is coded
""",
    "decompress to YBR or RGB": """
import numpy as np
from pydicom import dcmread, examples
from pydicom.pixels import convert_color_space, pixel_array
from pydicom.uid import JPEG2000Lossless

ds = dcmread(examples.get_path("rgb_color"))
ybr = convert_color_space(ds.pixel_array, "RGB", "YBR_FULL")
ds.PhotometricInterpretation = "YBR_FULL"
ds.compress(JPEG2000Lossless, ybr)
assert ds.PhotometricInterpretation == "YBR_FULL"
rgb = convert_color_space(ybr, "YBR_FULL", "RGB")
ds.decompress()
assert ds.PhotometricInterpretation == "RGB"
assert np.array_equal(rgb, pixel_array(ds, raw=True))
ds.PhotometricInterpretation = "YBR_FULL"
ds.compress(JPEG2000Lossless, ybr)
ds.decompress(as_rgb=False)
assert ds.PhotometricInterpretation == "YBR_FULL"
assert np.array_equal(ybr, pixel_array(ds, raw=True))
""",
}

# Their pixels depend on the encoder, so they keep what is within their bounds instead of the pixels.
LOSSY = {
    "near-lossless JPEG-LS of color": """
from pydicom import dcmread, examples
from pydicom.uid import JPEGLSNearLossless

ds = dcmread(examples.get_path("rgb_color"))
before = ds.pixel_array.astype(int)
ds.compress(JPEGLSNearLossless, jls_error=3)
worst = abs(ds.pixel_array - before).max()
assert 0 < worst <= 3
""",
    "near-lossless JPEG-LS": """
from pydicom import dcmread, examples
from pydicom.uid import JPEGLSNearLossless

ds = dcmread(examples.get_path("ct"))
before = ds.pixel_array.astype(int)
assert (before.min(), before.max()) == (128, 2191)
ds.compress(JPEGLSNearLossless, jls_error=3)
worst = abs(ds.pixel_array - before).max()
assert 0 < worst <= 3
""",
    "JPEG 2000 in layers": """
from pydicom import dcmread, examples
from pydicom.uid import JPEG2000

ds = dcmread(examples.get_path("ct"))
size = len(ds.PixelData)
before = ds.pixel_array.astype(float)
ds.compress(JPEG2000, j2k_cr=[5, 2])
assert len(ds.PixelData) < size
assert abs(ds.pixel_array - before).mean() < 5
""",
    "JPEG 2000 by its noise": """
from pydicom import dcmread, examples
from pydicom.uid import JPEG2000

ds = dcmread(examples.get_path("ct"))
before = ds.pixel_array.astype(float)
ds.compress(JPEG2000, j2k_psnr=[80])
assert ((ds.pixel_array - before) ** 2).mean() ** 0.5 < 8
""",
}

EXACT = {
    f"{chapter}: {name}": source
    for chapter, snippets in (
        ("guide", WORKING_WITH_PIXEL_DATA),
        ("viewing", VIEWING),
        ("introduction", INTRODUCTION),
        ("creation", CREATION),
        ("compressing", COMPRESSING),
    )
    for name, source in snippets.items()
}
