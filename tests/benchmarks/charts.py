"""Rows measured -> charts as SVG, by matplotlib."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.linearity import Linearity
from benchmarks.matrix import BARE, DROP_IN, OURS, READERS, Outcome

INK = "#7A7A7A"  # reads on white and on black alike: the page may be either
FAINT = "#80808040"
COLORS = {  # Okabe and Ito's, which the colour-blind can tell apart
    OURS: "#0072B2",
    DROP_IN: "#56B4E9",
    "pydicom": "#D55E00",
    "SimpleITK": "#009E73",
    "gdcm": "#CC79A7",
    "dicomsdl": "#E69F00",
    BARE: INK,
}
MARKS = {OURS: "D", DROP_IN: "d", BARE: "|"}
NAMES = {OURS: "dicompix", DROP_IN: "dicompix, pixel_array", BARE: "bare codec, one thread"}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "dicompix",
    "font.size": 9,
    "font.family": "sans-serif",
    "savefig.transparent": True,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}


def draw(groups: Mapping[str, Sequence[Outcome]], growth: Linearity, folder: Path) -> list[str]:
    """Write a chart for each group of rows, and one for the growth; return their names."""
    plot: Any = import_module("matplotlib.pyplot")
    plot.switch_backend("svg")
    names = []
    with plot.rc_context(STYLE):
        for group, outcomes in groups.items():
            names.append(f"{group.replace(' ', '-')}.svg")
            _save(plot, _rows(plot, group, outcomes), folder / names[-1])
        if growth:
            names.append("growth.svg")
            _save(plot, _growth(plot, growth), folder / names[-1])
    return names


def _save(plot: Any, figure: Any, path: Path) -> None:
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    plot.close(figure)


def _rows(plot: Any, group: str, outcomes: Sequence[Outcome]) -> Any:
    """Return a figure with a line for each row: times on the left, memory on the right, both on logarithmic axes."""
    figure, (left, right) = plot.subplots(
        1, 2, figsize=(10, 1.4 + 0.24 * len(outcomes)), sharey=True, layout="constrained"
    )
    for name in (BARE, *READERS, DROP_IN, OURS):
        style = {"color": COLORS[name], "marker": MARKS.get(name, "o"), "s": 30 if name != BARE else 70}
        timed = [(o.scores[name].ratio, i) for i, o in enumerate(outcomes) if name in o.scores]
        timed = [(ratio, i) for ratio, i in timed if ratio]
        left.scatter([t[0] for t in timed], [t[1] for t in timed], label=NAMES.get(name, name), zorder=3, **style)
        held = [(o.scores[name].peak, o.result_bytes, i) for i, o in enumerate(outcomes) if name in o.scores]
        kept = [(peak / size, i) for peak, size, i in held if peak and size > 1000]
        right.scatter([k[0] for k in kept], [k[1] for k in kept], zorder=3, **style)
    left.set_yticks(range(len(outcomes)), [outcome.what for outcome in outcomes])
    left.invert_yaxis()
    for axes, title in ((left, "time, dicompix = 1"), (right, "peak memory, result = 1")):
        axes.set_xscale("log")
        axes.axvline(1, color=INK, linewidth=1)
        axes.grid(axis="y", color=FAINT)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_title(f"{group}: {title}", fontsize=9)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure


def _growth(plot: Any, growth: Linearity) -> Any:
    """Return a figure of the cost of one frame against the number of frames."""
    figure, axes = plot.subplots(figsize=(7, 4), layout="constrained")
    for cost in growth:
        if cost.per != "file":
            line = "--" if cost.what.startswith("pydicom") else "-"
            axes.plot(list(cost.median), list(cost.median.values()), line, marker="o", label=cost.what)
    axes.set(xscale="log", yscale="log", xlabel="frames in the file", ylabel="us per frame")
    axes.grid(color=FAINT)
    axes.legend(frameon=False)
    return figure
