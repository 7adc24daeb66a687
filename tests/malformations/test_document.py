"""The page of malformations is that of the table, and the page of findings knows each code."""

import json
import re

from malformations.document import DOCUMENT, render
from malformations.measure import STORED
from malformations.table import TABLE


def test_each_case_was_measured() -> None:
    assert set(json.loads(STORED.read_text())["outcomes"]) == set(TABLE)


def test_the_page_is_in_step() -> None:
    assert DOCUMENT.read_text() == render()


def test_each_code_is_explained() -> None:
    text = DOCUMENT.with_name("findings.md").read_text()
    known = set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE))
    assert {code for case in TABLE.values() for code in case.codes} <= known
