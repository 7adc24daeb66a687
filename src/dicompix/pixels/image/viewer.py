"""An image -> a viewer in a notebook: Python sends the current frame, the browser windows it (viewer.js)."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from dicompix.pixels.codecs.base import Frame, Stored
from dicompix.pixels.image.choice import Voi, settle_voi
from dicompix.pixels.image.labels import modality_unit, sample_names
from dicompix.pixels.image.library import library
from dicompix.pixels.image.notebook import listed_findings, viewer_png
from dicompix.pixels.image.shown import Shown, image_position, pixel_size, presets, show, usable_overlays
from dicompix.pixels.transforms.overlay import Overlay

if TYPE_CHECKING:
    from dicompix.pixels.image.image import Image

Content = dict[str, Any]

BINS = 256
COUNTED = 1 << 20  # pixels that a histogram looks at, evenly spread
# What JavaScript has arrays of; others are sent as float64.
_TYPED = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def open_viewer(image: "Image", frame: int = 0, voi: Voi = 0) -> Any:
    """Return a widget that shows an image: its traits are `frame`, `voi`, `invert` and `overlays`.

    Raises MissingLibraryError without anywidget.
    """
    base = library("anywidget", "notebook").AnyWidget
    viewer = type(base)("Viewer", (base,), _members(image))
    feed = Feed(image)
    # beside another viewer both become narrower; a larger `layout.width` makes a larger picture
    layout = {"width": "520px", "max_width": "100%", "min_width": "0"}
    widget = viewer(frame=frame, voi=voi, _content=feed.content(frame, voi), layout=layout)
    widget.observe(lambda change: setattr(widget, "_content", feed.content(change.new, widget.voi)), "frame")
    widget.observe(lambda change: setattr(widget, "_shades", feed.shades(widget.frame, change.new)), "voi")
    return widget


def _members(image: "Image") -> dict[str, Any]:
    """Return what a viewer's class has: the traits that Python and the browser share, and which values they take."""
    traits, here = library("traitlets", "notebook"), Path(__file__).parent
    shared = {
        "frame": traits.Int(help="which frame is shown"),
        "voi": traits.Any(0, help="what `display` takes: a number, an explanation, (center, width), 'auto', 'full'"),
        "invert": traits.Bool(help="whether black and white are exchanged"),
        "overlays": traits.Bool(help="whether overlay planes are drawn, white"),
        "_content": traits.Dict(help="the frame: samples, shades, histogram"),
        "_shades": traits.Dict(help="the shades of another view of the same frame"),
    }
    checked = {
        "frame": lambda _, proposal: image_position(image, proposal["value"]),
        "voi": lambda _, proposal: settle_voi(proposal["value"]),
    }
    return {
        "__doc__": "A viewer of one image: set `frame`, `voi`, `invert`, `overlays`; `observe` them.",
        "_esm": (here / "viewer.js").read_text("utf-8"),
        "_css": (here / "viewer.css").read_text("utf-8"),
        "__repr__": lambda viewer: f"<Viewer of frame {viewer.frame}, voi={viewer.voi!r}: {image!r}>",
        "_repr_mimebundle_": lambda viewer, include=None, exclude=None: _bundle(viewer, image),  # noqa: ARG005
        **{name: trait.tag(sync=True) for name, trait in shared.items()},
        **{f"_checked_{name}": traits.validate(name)(check) for name, check in checked.items()},
    }


def _bundle(viewer: Any, image: "Image") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what Jupyter shows: the widget, and where none can be, as in a page made of a notebook, the picture."""
    found = library("anywidget", "notebook").AnyWidget._repr_mimebundle_(viewer)
    data, metadata = found if isinstance(found, tuple) else (found or {}, {})
    picture = viewer_png(image, viewer.frame, viewer.voi)
    still = {"text/plain": repr(viewer)} | ({} if picture is None else {"image/png": b64encode(picture).decode()})
    return {**data, **still}, metadata


class Feed:
    """What a viewer asks for -> what it draws; the last frame stays decoded for the next view of it."""

    def __init__(self, image: "Image") -> None:
        self.image = image
        self._last: tuple[int, Frame] | None = None
        self._overlays: list[Overlay] | None = None

    def content(self, frame: int, voi: Voi) -> Content:
        """Return a frame, binary parts as little-endian bytes; what is wrong with it as "error", never raised."""
        number = image_position(self.image, frame)
        found = _told(lambda: self._frame(number, voi))
        count, lines = listed_findings(self.image)
        return {"frame": number, "frames": len(self.image), "voi": voi, "found": count, "findings": lines} | found

    def shades(self, frame: int, voi: Voi) -> Content:
        """Return the shades of a view of the frame shown; none for a window, which the browser computes."""
        return {} if isinstance(voi, tuple) else {"frame": frame, "voi": voi} | _told(lambda: self._view(frame, voi))

    def _view(self, frame: int, voi: Voi) -> Content:
        found = self._shown(frame, voi)
        return {"shades": _sent(found.shades), "window": found.window}

    def _shown(self, number: int, voi: Voi) -> Shown:
        return show(self.image, number, self._decoded(number), voi)

    def _decoded(self, number: int) -> Frame:
        if self._last is None or self._last[0] != number:
            self._last = number, self.image.frame(number)
        return self._last[1]

    def _frame(self, number: int, voi: Voi) -> Content:
        image, found, decoded = self.image, self._shown(number, voi), self._decoded(number)
        stored = found.stored if found.stored.dtype.name in _TYPED else found.stored.astype(np.float64)
        rows, columns, *samples = stored.shape
        names = sample_names(decoded.photometric, samples[0]) if samples else ()
        return {
            "size": (rows, columns),
            "height": pixel_size(image.dataset, number)[1],
            "samples": names,
            "unit": modality_unit(image.dataset),
            "type": stored.dtype.name,
            "stored": _sent(stored),
            "first": found.first,
            "shades": _sent(found.shades),
            "overlay": self._overlay(number, rows, columns),
            "missing": None if decoded.missing is None else _bits(decoded.missing),
            **self._values(found),
            **self._windowed(number, found),
        }

    def _values(self, found: Shown) -> Content:
        """Return what a window works on and what is read under the cursor: "stored", "values", or "physical"."""
        values, physical, measured = found.values, found.physical, "physical"
        if physical is None:
            measured = "stored"
        elif values is not None and np.array_equal(values, physical, equal_nan=True):
            measured, physical = "values", None  # once is enough
        return {"values": _sent(values), "physical": _sent(physical), "measured": measured}

    def _windowed(self, number: int, found: Shown) -> Content:
        """Return what the browser needs to compute a picture for any window: the steps of `display`, as numbers."""
        if found.gray is None or found.values is None:
            return {"presets": ()}
        levels = found.gray.presentation.lut
        return {
            "presets": presets(self.image.dataset, self.image.format, number),
            "window": found.window,
            "fixed": _sent(found.fixed),
            "inverse": found.gray.presentation.shape == "INVERSE",
            "levels": None if levels is None else _sent(levels.table / levels.top),
            "histogram": histogram(found, self._decoded(number).missing),
            "axis": _axis(found, modality_unit(self.image.dataset)),
        }

    def _overlay(self, number: int, rows: int, columns: int) -> bytes | None:
        """Return a bit for each pixel under an overlay plane, the lowest first; None without any."""
        if self._overlays is None:
            self._overlays = usable_overlays(self.image)
        if not self._overlays:
            return None
        masks = [plane.mask(rows, columns, number) for plane in self._overlays]
        return _bits(np.logical_or.reduce(masks))


def _told(make: Callable[[], Content]) -> Content:
    """Return what is made, or what is wrong with it as "error": of a message's answer nobody sees a traceback."""
    try:
        with catch_warnings():
            simplefilter("ignore")  # findings are listed below the picture
            return make()
    except Exception as problem:  # noqa: BLE001  # whatever the file holds
        return {"error": f"{type(problem).__name__}: {problem}"}


def _bits(mask: Stored) -> bytes:
    """Return a bit for each pixel, the lowest first."""
    return np.packbits(mask, bitorder="little").tobytes()


def _sent(array: Stored | None) -> bytes | None:
    return None if array is None else array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _axis(shown: Shown, unit: str) -> str:
    """Return what a window works on: the unit of modality values, or of what kind the values are."""
    values = shown.values
    if shown.physical is None or values is None or not np.array_equal(values, shown.physical, equal_nan=True):
        return unit if shown.physical is None and unit else "stored value"
    return unit or "modality value"


def histogram(shown: Shown, missing: Stored | None = None) -> Content | None:
    """Return how many pixels have values in each of up to 256 equal parts of the range present, padding aside.

    Each part has as many stored values, so that none stands out. None where no value is finite; `missing` pixels of a
    broken frame do not count.
    """
    if shown.values is None:
        return None
    counts = _counted(shown, missing)
    keep = np.isfinite(shown.values) & (counts > 0)
    if shown.fixed is not None:
        keep &= ~shown.fixed
    if not keep.any():
        return None
    values = shown.values[keep]
    low, high, bins = float(values.min()), float(values.max()), BINS
    if shown.first is not None:
        levels = int(np.ptp(np.flatnonzero(keep))) + 1
        apart = (high - low) / (levels - 1) if levels > 1 else 1.0
        together = -(-levels // BINS)
        bins = -(-levels // together)
        low -= apart / 2
        high = low + bins * together * apart
    found, edges = np.histogram(values, bins, (low, high), weights=counts[keep])
    return {
        "least": float(values.min()),
        "most": float(values.max()),
        "low": float(edges[0]),
        "high": float(edges[-1]),
        "counts": found.astype(int).tolist(),
    }


def _counted(shown: Shown, missing: Stored | None) -> Stored:
    """Return how often each entry occurs among pixels evenly spread over the frame."""
    stored = shown.stored.reshape(-1)
    places = np.arange(0, stored.size, -(-stored.size // COUNTED))
    if missing is not None:
        places = places[~missing.reshape(-1)[places]]
    if shown.first is not None:
        return np.bincount(stored[places].astype(np.intp) - shown.first, minlength=len(shown.shades))
    counts = np.zeros(stored.size, np.intp)
    counts[places] = 1
    return counts
