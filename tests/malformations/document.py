"""Write docs/reference/malformations.md from the table and the measured outcomes: run this file."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from malformations.case import Case
from malformations.measure import STORED
from malformations.table import TABLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "malformations.md"
TITLES = {
    "native": "Native pixel data",
    "header": "The description",
    "container": "Transfer syntax, file meta information, encapsulation",
    "fragments": "Fragments and offset tables",
    "jpeg": "JPEG and JPEG-LS",
    "jpeg 2000": "JPEG 2000 and JPEG XL",
    "rle and deflate": "RLE and deflate",
}
WORDS = {"right": "right", "refused": "error", "wrong pixels": "**wrong**", "crashes": "**crash**", "hangs": "**hang**"}
WARNED = "wrong pixels, with a warning"
HEAD = """# Malformations

Files that break the rules, and what becomes of them. Each row is a file that the tests build in memory
(`tests/malformations`). Where the data has one right reading, dicompix reads it and reports [findings](findings.md);
where it has none, or only a part of the pixels is there, the answer is an error. None of these files gives wrong pixels
in silence.

What is right is our own reading of the standard. In two rows nothing tells which pixels are right: dicompix then gives
some and a finding, and the first table counts that as right. Known to go unnoticed, at some bytes: a lossy JPEG stream,
mostly in colour, that ends inside its last block of pixels, and a JPEG-LS one that lacks its last byte, both with an
end marker put after them; and a JPEG XL one that has a zero in place of its last byte.

The columns at the right say what other systems make of the same files, measured in default settings with
`python tests/malformations/measure.py`: *right* pixels, or an error where nothing else is right; an *error* for what
can be read; **wrong** pixels without a word; *wrong, warns*; **crash**, the process ends. Values count, not their type.
GDCM's and SimpleITK's own messages on the terminal do not count as warnings. SimpleITK reads with GDCM.

"""


def main() -> None:
    """Write the page."""
    DOCUMENT.write_text(render(), encoding="utf-8")


def render() -> str:
    """Return the page."""
    measured = json.loads(STORED.read_text(encoding="utf-8"))
    names = list(measured["versions"])
    lines = [HEAD, *_summary(measured, names)]
    for group, title in TITLES.items():
        lines += [f"\n## {title}\n", _row(["malformation", "right answer", "findings", "clause", *names])]
        lines.append(_row(["---"] * (4 + len(names))))
        for key, case in TABLE.items():
            if case.group == group:
                theirs = [word_of(case, measured["outcomes"][key][name]) for name in names]
                lines.append(_row([case.says, _answer(case), _codes(case), case.clause, *theirs]))
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _summary(measured: dict[str, Any], names: list[str]) -> list[str]:
    rows = [_row(["", "dicompix", *(f"{name} {measured['versions'][name]}" for name in names)])]
    rows.append(_row(["---"] * (2 + len(names))))
    words = {name: [word_of(case, measured["outcomes"][key][name]) for key, case in TABLE.items()] for name in names}
    for title, wanted in (
        ("right", {"right"}),
        ("an error for what can be read", {"error"}),
        ("wrong, with a warning", {"wrong, warns"}),
        ("wrong in silence", {"**wrong**"}),
        ("crash or hang", {"**crash**", "**hang**"}),
    ):
        ours = len(TABLE) if title == "right" else 0
        counts = [sum(word in wanted for word in words[name]) for name in names]
        rows.append(_row([title, str(ours), *map(str, counts)]))
    return rows


def word_of(case: Case, outcome: str) -> str:
    """Return the page's word for an outcome."""
    if outcome == "refused" and (case.error is not None or case.right is None):
        return "right"
    return "wrong, warns" if outcome == WARNED else WORDS[outcome]


def _answer(case: Case) -> str:
    if case.error is not None:
        return f"`{case.error.__name__}`"
    if case.right is None:
        return "pixels and a finding, or an error"
    return "declared frames; `pixel_array` has all" if case.every is not None else "pixels"


def _codes(case: Case) -> str:
    return ", ".join(f"`{code}`" for code in sorted(case.codes))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
