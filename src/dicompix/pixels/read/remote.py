"""URL -> Source: bytes of a server, an object store or an archive, by fsspec."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from dicompix.pixels.errors import PixelError
from dicompix.pixels.frames import BufferSource
from dicompix.pixels.read.blocks import (
    Again,
    BlockSource,
    Fetch,
    MissingSourceError,
    SourceError,
    fetch_by_number,
    fetch_from,
    is_numbered,
)
from dicompix.pixels.read.unpack import seeks_slowly, spooled

Options = Mapping[str, Any]
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(://|::)")
_USER = re.compile(r"(://)[^/\s@'\"]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\")]*")
# A server without range requests may send all of a file this large before it is found out: larger ones are asked first.
_SMALL = 1 << 22
_COPY_FIRST = "copy it to the disk first, for one by open_image('simplecache::' + url)"
_ADVICE = {
    401: "pass credentials by storage_options",
    403: "pass credentials by storage_options",
    404: "check the address",
    410: "check the address",
    416: _COPY_FIRST,
}


_EXTRAS = {name: f'pip install "dicompix[{extra}]"' for name, extra in (("s3fs", "s3"), ("aiohttp", "remote"))}


def is_url(target: object) -> bool:
    """Tell whether a target is a URL, chained ones like ``zip://a.dcm::s3://bucket/b.zip`` among them.

    >>> is_url("https://example.org/a.dcm"), is_url("C:/images/a.dcm")
    (True, False)
    """
    return isinstance(target, str) and _URL.match(target) is not None


def redacted(text: str) -> str:
    """Return a text with URLs, but without the user names, passwords and signed queries in them.

    >>> redacted("https://me:secret@example.org/a.dcm?signature=0123")
    'https://example.org/a.dcm?...'
    """
    return _QUERY.sub(r"\1?...", _USER.sub(r"\1", text))


def source_of(url: str, options: Options | None) -> BufferSource | BlockSource | Path:
    """Return the bytes at a URL, fetched as they are read; the path where they are on this machine's disk."""
    name = redacted(url)
    with explained_by(_error_for, name):
        system, path = _library(url).url_to_fs(url, **dict(options or {}))
    if "::" not in url and system.async_impl:
        return _by_ranges(system, path, name, (source_of, (url, options)))
    if "::" not in url and "file" in _protocols(system):
        return Path(path)
    with explained_by(_error_for, name):
        file = system.open(path, "rb")
    return _of_file(file, name, (source_of, (url, options)))


def _library(url: str) -> Any:
    try:
        return import_module("fsspec.core")
    except ImportError:
        extra = "s3" if "s3://" in url else "remote"
        raise SourceError(f'to open URLs, install fsspec: pip install "dicompix[{extra}]"') from None


def _protocols(system: Any) -> tuple[str, ...]:
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)


def _of_file(file: Any, name: str, again: Again) -> BufferSource | BlockSource:
    """Return the bytes of a file object that fsspec opened: read once where it cannot seek, or only slowly."""

    def guarded(size: int) -> bytes:
        with explained_by(_error_for, name):
            data: bytes = file.read(size)
        return data

    if isinstance(file, BytesIO):
        return BufferSource(file.getvalue())
    if seeks_slowly(file) or not file.seekable():
        with file:
            return spooled(guarded)
    with explained_by(_error_for, name):
        size = file.seek(0, 2)
    fetch = fetch_from(file)
    if is_numbered(file):
        with file:
            fetch = fetch_by_number(file.fileno())
    return BlockSource(_explaining(fetch, name), size, again)


def _by_ranges(system: Any, path: str, name: str, again: Again) -> BlockSource:
    """Return the bytes of an object or of a file on a web server, a request for each range."""
    with explained_by(_error_for, name):
        found = system.info(path)
    size, web = found.get("size"), "http" in _protocols(system)
    if size is None or found.get("type") == "directory":
        raise SourceError(f"{name}: it is a folder, or the server does not tell its size: {_COPY_FIRST}")
    if web and (found.get("partial") is False or (size > _SMALL and not _gives_ranges(system, path, name, size))):
        raise _no_ranges(name)
    # A range of a compressed answer would be one of other bytes.
    plain = {"headers": {**system.kwargs.get("headers", {}), "Accept-Encoding": "identity"}} if web else {}

    def fetch(start: int, stop: int) -> bytes:
        data: bytes = system.cat_file(path, start=start, end=stop, **plain)
        return data

    return BlockSource(_explaining(fetch, name), size, again)


def _gives_ranges(system: Any, path: str, name: str, size: int) -> bool:
    """Tell whether a web server gives bytes from the middle, by one small request."""
    with explained_by(_error_for, name), system.open(path, "rb", cache_type="none", size=size) as file:
        file.seek(1)
        try:
            return len(file.read(1)) == 1
        except ValueError:  # what fsspec says of an answer that is no range
            return False


def _no_ranges(name: str) -> SourceError:
    return SourceError(f"{name}: the server does not give ranges of a file, only all of it: {_COPY_FIRST}")


def _explaining(fetch: Fetch, name: str) -> Fetch:
    """Return a fetch that checks what it got; its errors name the address."""

    def explained(start: int, stop: int) -> bytes:
        with explained_by(_error_for, name):
            data = fetch(start, stop)
        if len(data) > stop - start:
            raise _no_ranges(name)
        if len(data) < stop - start:
            raise SourceError(
                f"{name}: the server gave {len(data)} bytes instead of {stop - start} from byte {start} on: "
                "the file has changed or the connection was cut; open it again"
            )
        return data

    return explained


@contextmanager
def explained_by(error_for: Callable[[Exception, str], SourceError], name: str) -> Iterator[None]:
    """Turn whatever a client and what it stands on raise into a SourceError without credentials."""
    try:
        yield
    except (PixelError, MemoryError):
        raise
    except Exception as problem:  # noqa: BLE001  # each file system has errors of its own
        error = error_for(problem, name)
    else:
        return
    raise error from None  # the cause's text may hold credentials


def _error_for(problem: BaseException, name: str) -> SourceError:
    """Return what was wrong, by the first cause and the server's status."""
    first, status = problem, getattr(problem, "status", None)
    while first.__cause__ is not None:
        first = first.__cause__
        status = status or getattr(first, "status", None)
    missing = isinstance(first, FileNotFoundError) or status in {404, 410}
    if isinstance(first, PermissionError):
        status = 403
    advice = _ADVICE.get(
        404 if missing else status or 0, "check the network, the server and the credentials; try again"
    )
    if isinstance(first, ImportError):
        advice = _EXTRAS.get(str(first.name), "install what this kind of URL needs")
    kind: Callable[[str], SourceError] = MissingSourceError if missing else SourceError
    reason = redacted(" ".join(str(first).split()))
    return kind(f"{name}: {type(first).__name__}: {reason}: {advice}")
