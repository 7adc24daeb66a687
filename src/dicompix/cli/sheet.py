"""Facts of a file -> lines for a person to read."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from dicompix.cli.facts import Facts
from dicompix.cli.group import counted, printable

Line = tuple[str, str]  # what it is about, and the text
_STYLES = {"finding": "yellow"}


def sheet(facts: Facts) -> Text:
    """Return a file's facts: its name, then a line for each."""
    text = Text(printable(facts["file"]), style="bold")
    before = ""
    for name, line in _lines(facts):
        label = "" if name == before else name
        style = f"not bold {_STYLES.get(name, '')}"
        text.append(f"\n  {label:<12}", style="not bold dim").append(printable(line), style=style)
        before = name
    return text


def _lines(facts: Facts) -> Iterator[Line]:
    kind = facts["sop_class"]["name"]
    yield "object", f"{kind}, modality {facts['modality']}" if facts["modality"] else kind or "of no SOP class"
    syntax = facts["transfer_syntax"]
    yield "syntax", f"{syntax['name']} ({syntax['uid']})"
    if "format" in facts:
        yield "format", _format(facts["format"])
    if "pixel_data" in facts:
        yield "pixel data", _pixel_data(facts["pixel_data"])
    if "codec" in facts:
        yield from _codec(facts["codec"])
    if "decoded" in facts:
        yield from _decoded(facts)
    if geometry := facts.get("geometry"):
        yield from _geometry(geometry)
    for finding in facts["findings"]:
        yield "finding", str(finding)
    if "error" not in facts and not facts["findings"]:
        yield "findings", "none"


def _format(fmt: Facts) -> str:
    frames = counted(fmt["frames"], "frame")
    samples = "" if fmt["samples"] == 1 else f" x {fmt['samples']}"
    if fmt["floating"]:
        bits = "floating point"
    else:
        sign = "signed" if fmt["signed"] else "unsigned"
        bits = f"{fmt['bits_stored']} of {fmt['bits_allocated']} bits, {sign}"
    size = f"{fmt['rows']} x {fmt['columns']}{samples}"
    return f"{frames} of {size} (rows x columns), {fmt['photometric']}, {bits}, {fmt['dtype']}"


def _pixel_data(found: Facts) -> str:
    size = f"{found['bytes']:,} bytes"
    if not found["encapsulated"]:
        return f"{size}, native, needs no offset table"
    ratio = found["decoded_bytes"] / max(found["bytes"], 1)
    return (
        f"{size} ({ratio:.1f} : 1) in {counted(found['fragments'], 'fragment')}, offset table: {found['offset_table']}"
    )


def _codec(codec: Facts) -> Iterator[Line]:
    if codec["chosen"] is None:
        yield "codec", f"none: {' '.join(codec['error'].split())}"
        return
    others = f"; also installed: {', '.join(codec['others'])}" if codec["others"] else ""
    yield "codec", f"{codec['chosen']}{others}"
    if stream := codec["codestream"]:
        loss = {True: "lossless", False: "lossy", None: "lossless or lossy"}[stream["lossless"]]
        color = f", {stream['color']}" if stream["color"] else ""
        size = f", {stream['rows']} x {stream['columns']} x {stream['samples']}, {stream['precision']} bits"
        yield "codestream", f"{stream['kind']}{size if stream['rows'] else ''}, {loss}{color}"  # RLE tells no size


def _decoded(facts: Facts) -> Iterator[Line]:
    decoded = facts["decoded"]
    values = f"{decoded['min']} to {decoded['max']}"
    yield "decoded", f"frame {decoded['frame']}: {decoded['photometric']}, {decoded['dtype']}, values {values}"
    for step in facts["transforms"]:
        yield "picture", f"{step['transform']}  from {step['attributes']} ({step['place']})"
    for number, view in enumerate(facts["views"]):
        yield "--voi", f"{number}: {view['transform']} {view['explanation']}".rstrip()
    more = [f"overlay {group}" for group in facts["overlays"]] + ["ICC profile"] * facts["icc_profile"]
    if more:
        yield "besides", ", ".join(more)


def _geometry(found: Facts) -> Iterator[Line]:
    spacing = found["pixel_spacing"]
    if spacing is not None:
        apart = found.get("slice_spacing")
        yield "geometry", f"pixels of {_mm(spacing)} mm" + (f", slices {apart:g} mm apart" if apart else "")
    if "position" in found:
        yield "geometry", f"position {_mm(found['position'])} mm, orientation {_mm(found['orientation'])}"
    if found.get("stack", "even") != "even":
        yield "geometry", " ".join(found["stack"].split())


def _mm(values: Any) -> str:
    return " x ".join(f"{value:g}" for value in values) if len(values) == 2 else ", ".join(f"{v:g}" for v in values)
