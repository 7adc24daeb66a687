"""What PyInstaller cannot see: codecs are imported by name, and found by the metadata of their packages."""

import re
from importlib.metadata import packages_distributions

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

from dicompix.pixels.codecs import BUILT_IN
from dicompix.pixels.codecs.encoders import ENCODERS

_entries = {entry for table in (BUILT_IN, ENCODERS) for row in table.values() for entry in row}
_needed = {need.partition(">=")[0] for entry in _entries for need in entry.needs}
_installed = {
    package: name for package, names in packages_distributions().items() for name in names if name.lower() in _needed
}


def _extension(name: str) -> bool:
    return name == "imagecodecs" or re.fullmatch(r"imagecodecs\._(?!imagecodecs)[a-z0-9]\w*", name) is not None


hiddenimports = [
    *{entry.target.partition(":")[0] for entry in _entries},
    *_installed,
    *collect_submodules("imagecodecs", filter=_extension),  # these, too, are imported by name
]
datas = [*collect_data_files("dicompix"), *(row for name in {*_installed.values()} for row in copy_metadata(name))]
excludedimports = ["dask", "xarray"]  # named in annotations only: a program that uses them imports them
