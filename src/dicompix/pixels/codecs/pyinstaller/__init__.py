"""Where PyInstaller finds the hook that freezes programs with all codecs: entry point `pyinstaller40`."""


def hook_dirs() -> list[str]:
    """Return the folder of `hook-dicompix.py`.

    >>> from pathlib import Path
    >>> [path.name for folder in hook_dirs() for path in Path(folder).glob("hook-*.py")]
    ['hook-dicompix.py']
    """
    return list(__path__)
