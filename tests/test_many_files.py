"""More images kept open than a process may have files: only the first ones stay mapped."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

import dicompix
from dicompix.pixels.image import Image
from dicompix.pixels.image.portable import MOST_MAPS, FilePart
from dicompix.pixels.read.refused import refused

resource = pytest.importorskip("resource")  # not on Windows, which has no such limit
Example = Callable[[str], Path]
NAMES = ("CT_small.dcm", "JPEG2000.dcm", "rtdose.dcm")

PROGRAM = """
import resource, sys, dicompix, pickle
resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))
paths = sys.argv[1:] * 100
images = [dicompix.open_image(path) for path in paths]
first = [image[0].sum() for image in images[:len(sys.argv) - 1]]
assert [image[0].sum() for image in images] == first * 100
arrays = [dicompix.open_image(path)[0] for path in paths]
assert [array.sum() for array in arrays] == first * 100
assert len([pickle.loads(pickle.dumps(image)) for image in images]) == len(paths)
print(len(images), "open")
"""


def test_hundreds_of_images_and_their_arrays_are_kept(example: Example) -> None:
    program = PROGRAM.replace("MOST", "128")
    command = [sys.executable, "-c", program, *map(str, map(example, NAMES))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "300 open\n", done.stderr


@pytest.fixture
def late(example: Example, tmp_path: Path) -> Callable[[str], Image]:
    """Give `late(name)`: an image of a copy of the file, opened when as many are mapped as may be."""
    kept = [dicompix.open_image(example("CT_small.dcm")) for _ in range(MOST_MAPS)]

    def opened(name: str) -> Image:
        assert len(kept) == MOST_MAPS
        return dicompix.open_image(copy(example(name), tmp_path / name))

    return opened


@pytest.mark.parametrize("name", NAMES)
def test_a_late_image_is_the_same(name: str, example: Example, late: Callable[[str], Image]) -> None:
    image, early = late(name), dicompix.open_image(example(name))
    assert isinstance(image._index.source, FilePart)
    assert np.array_equal(image.stored(), early.stored())
    assert bytes(image.encoded(0)) == bytes(early.encoded(0))
    assert np.array_equal(image.frame(0, region=(slice(2, 4), slice(1, 5))).array, early[0][2:4, 1:5])
    assert np.array_equal(np.asarray(image), np.asarray(early))


def test_a_late_file_that_became_another_one_is_refused(late: Callable[[str], Image], tmp_path: Path) -> None:
    image = late("CT_small.dcm")
    (tmp_path / "CT_small.dcm").write_bytes(b"another")
    with pytest.raises(dicompix.FrameError, match="has 7 bytes, needed 39206: it is another file by now"):
        image[0]


def test_running_out_of_files_says_what_helps() -> None:
    problem = refused(OSError(errno.EMFILE, os.strerror(errno.EMFILE), "a.dcm"), "a.dcm")
    assert "close images" in problem.__notes__[0]
    assert not hasattr(refused(OSError(errno.ENOENT, "gone", "a.dcm"), "a.dcm"), "__notes__")
