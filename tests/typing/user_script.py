"""A user's script over the whole public API: `mypy --strict` has nothing to say of it, and it runs."""

import warnings
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
from pydicom.data import get_testdata_file
from pydicom.uid import RLELossless

import dicompix
from dicompix import pixels

Array = npt.NDArray[Any]

CT = str(get_testdata_file("CT_small.dcm", download=False))
CINE = str(get_testdata_file("examples_ybr_color.dcm", download=False))
PALETTE = str(get_testdata_file("examples_palette.dcm", download=False))
JPEG_2000 = str(get_testdata_file("MR_small_jp2klossless.dcm", download=False))
SERIES = Path(str(get_testdata_file("dicomdirtests/98892001/CT5N/2062", download=False))).parent


def work_with_a_data_set() -> None:
    ds: dicompix.FileDataset = dicompix.dcmread(CT)
    array: Array = ds.pixel_array
    same: dicompix.Dataset | dicompix.PixelMixin = ds
    image: dicompix.Image = ds.pixels
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.decompress()
    assert isinstance(same, dicompix.PixelMixin)
    assert isinstance(ds, dicompix.Dataset)
    assert np.array_equal(image[0], array)
    dicompix.install()
    dicompix.uninstall()


def work_frame_by_frame(folder: Path) -> None:
    with dicompix.open_image(CINE) as image:
        size: int = len(image)
        shape: tuple[int, ...] = image.shape
        kind: np.dtype[Any] = image.dtype
        frames: list[Array] = list(image[:2])
        whole: Array = image.stored(workers=2)
        encoded = bytes(image.encoded(0))
        small: Array = image.thumbnail(0, size=64)
        part: Array = image.frame(3, level=1, region=None).array
        findings: tuple[dicompix.Finding, ...] = image.findings
        image.montage(range(4), columns=2).save(folder / "montage.png")
        image.save(folder / "frame.png", frame=17)
    assert (size, len(frames), whole.shape) == (30, 2, shape)
    assert kind == np.dtype(np.uint8)
    assert len(encoded) > small.ndim
    assert part.shape[:2] == (120, 160)
    assert not findings


def work_with_values() -> None:
    image = dicompix.open_image(BytesIO(Path(CT).read_bytes()), codec="dicompix", errors="strict")
    hounsfield: Array = image.modality(0, dtype="int16")
    picture: Array = image.display(0, voi=(40, 400))
    text: str = str(image.explain(0, voi="full"))
    names: list[str] = [finding.code for finding in image.audit().findings]
    assert_type(image.codec_name(), str)
    assert hounsfield.shape == picture.shape
    assert text
    assert isinstance(names, list)


def work_with_a_volume() -> None:
    volume: dicompix.Volume = dicompix.read_volume(SERIES, values="modality", dtype=np.float32)
    place: Array = volume.affine @ (0, 0, 0, 1)
    dx, dy, dz = volume.spacing
    assert np.allclose(place[:3], volume.origin)
    assert min(dx, dy, dz) > 0
    try:
        dicompix.read_volume([CT, JPEG_2000])
    except dicompix.VolumeError as problem:
        print(problem)


def work_with_limits(folder: Path) -> None:
    dicompix.set_limits(frame_bytes=1 << 30)
    try:
        with dicompix.limits(frame_bytes=16):
            dicompix.open_image(CT)[0]
    except dicompix.LimitError as problem:
        print(problem)
    with dicompix.isolated(timeout=60.0, workers=1):
        print(dicompix.open_image(JPEG_2000)[0].mean())
    print(dicompix.transcode(CT, folder / "ct.dcm", RLELossless))


def explain(problem: dicompix.PixelError) -> str:
    """Say who has to act, by the class of an error."""
    kinds: dict[type[dicompix.PixelError], str] = {
        dicompix.MissingElementError: "the header lacks something",
        dicompix.BadValueError: "the header is wrong",
        dicompix.NoDicomError: "this is no DICOM file",
        dicompix.UnsupportedError: "nobody can read this",
        dicompix.FormatError: "the header is bad",
        dicompix.FrameIndexError: "there is no such frame",
        dicompix.FrameError: "the pixel data is bad",
        dicompix.MissingCodecError: "install a codec",
        dicompix.CodecError: "this frame is broken",
        dicompix.TransformError: "the LUT or window is bad",
    }
    return next((text for kind, text in kinds.items() if isinstance(problem, kind)), "something else")


def meet_errors(client: object = None) -> None:
    warnings.filterwarnings("error", category=dicompix.PixelWarning)
    for target, number in ((CT, 5), (__file__, 0)):
        try:
            dicompix.open_image(target)[number]
        except dicompix.PixelError as problem:
            print(type(problem).__name__, explain(problem))
    try:
        if client is not None:
            dicompix.open_dicomweb(client, "1.2", "1.2.3", "1.2.3.4")
    except (dicompix.DeviationError, dicompix.MissingLibraryError, dicompix.SourceError) as problem:
        print(problem)


def work_as_with_pydicom() -> None:
    ds = dicompix.dcmread(CT)
    array = pixels.pixel_array(CT, index=0)
    assert [one.shape for one in pixels.iter_pixels(CINE, indices=[0, 3])] == [(240, 320, 3)] * 2
    grays = [
        pixels.apply_rescale(array, ds),
        pixels.apply_modality_lut(array, ds),
        pixels.apply_voi_lut(array, ds),
        pixels.apply_voi(array, ds),
        pixels.apply_windowing(array, ds),
        pixels.apply_presentation_lut(array, ds),
    ]
    assert_type(grays[0], npt.NDArray[Any])
    palette = dicompix.dcmread(PALETTE)
    rgb: Array = pixels.apply_color_lut(palette.pixel_array, palette)
    rgb8 = (rgb >> 8).astype(np.uint8) if rgb.itemsize > 1 else rgb
    ybr: Array = pixels.convert_color_space(rgb8, "RGB", "YBR_FULL")
    transform = pixels.create_icc_transform if "ICCProfile" in palette else None
    print(pixels.apply_icc_profile(ybr, palette) if transform else ybr.shape)


def write_as_with_pydicom(ds: dicompix.FileDataset) -> None:
    pixels.set_pixel_data(ds, np.zeros((4, 6), np.uint8), "MONOCHROME2", 8)
    pixels.compress(ds, RLELossless)
    pixels.decompress(ds)
    options: dict[str, Any] = pixels.as_pixel_options(ds)
    encoder: pixels.Encoder = pixels.get_encoder(RLELossless)
    decoder: pixels.Decoder = pixels.get_decoder(RLELossless)
    frame: bytes = encoder.encode(ds, index=0)
    print(len(options), len(frame), decoder.is_available)


def count_as_with_pydicom(ds: dicompix.FileDataset) -> None:
    bits: bytes = pixels.pack_bits(np.array([1, 0, 1, 1], np.uint8))
    unpacked = pixels.unpack_bits(bits)
    first: bytes = pixels.get_packed_frame(bits, 0, 4)
    both: bytes = pixels.concatenate_packed_frames([first, first], 4)
    kind: np.dtype[Any] = pixels.pixel_dtype(ds)
    flat = np.frombuffer(ds.PixelData, kind)
    shaped: Array = pixels.reshape_pixel_array(ds, flat)
    counts: tuple[int, int] = pixels.get_nr_frames(ds), pixels.get_expected_length(ds)
    ids: dict[str, int] = pixels.get_image_pixel_ids(ds)
    spread: bytes = pixels.expand_ybr422(bytes(4), 8)
    jpeg_2000: dict[str, Any] = pixels.get_j2k_parameters(bytes(dicompix.open_image(JPEG_2000).encoded(0)))
    print(len(unpacked), both, shaped.shape, counts, len(ids), len(spread), jpeg_2000)


if __name__ == "__main__":
    work_with_a_data_set()
    with TemporaryDirectory() as name:
        work_frame_by_frame(Path(name))
        work_with_limits(Path(name))
    work_with_values()
    work_with_a_volume()
    work_as_with_pydicom()
    write_as_with_pydicom(dicompix.dcmread(CT))
    count_as_with_pydicom(dicompix.dcmread(CT))
    meet_errors()
