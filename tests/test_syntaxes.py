"""The table of transfer syntaxes against PS3.6 as pydicom has it, and against the standard's own facts."""

import pytest
from pydicom.uid import UID_dictionary

from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import BUILT_IN
from dicompix.pixels.fragments import START_MARKERS

PREFIX = "1.2.840.10008.1.2"
KNOWN = {uid for uid, (_, kind, *_) in UID_dictionary.items() if kind == "Transfer Syntax"}


def test_every_transfer_syntax_of_the_standard_is_there() -> None:
    assert set(s.SYNTAXES) >= KNOWN


def test_native_ones_are_the_only_ones_without_fragments() -> None:
    native = {uid for uid, syntax in s.SYNTAXES.items() if not syntax.encapsulated and syntax.family == "native"}
    assert native == {PREFIX, f"{PREFIX}.1", f"{PREFIX}.1.99", f"{PREFIX}.2", s.GE_PRIVATE_BIG, s.PAPYRUS_3}


@pytest.mark.parametrize(
    ("attribute", "uids"),
    [
        ("deflated_data_set", {f"{PREFIX}.1.99", f"{PREFIX}.4.95", f"{PREFIX}.4.205"}),
        ("big_endian_data_set", {f"{PREFIX}.2"}),
        ("big_endian_pixels", {f"{PREFIX}.2", s.GE_PRIVATE_BIG}),
        ("implicit_vr", {PREFIX, s.GE_PRIVATE_BIG, s.PAPYRUS_3}),
    ],
)
def test_facts(attribute: str, uids: set[str]) -> None:
    assert {uid for uid, syntax in s.SYNTAXES.items() if getattr(syntax, attribute)} == uids


LOSSLESS = [
    "5 rle",
    "8.1 deflated",
    "1.98 native",
    "4.57 jpeg",
    "4.70 jpeg",
    "4.80 jpeg-ls",
    "4.90 jpeg-2000",
    "4.92 jpeg-2000",
    "4.110 jpeg-xl",
    "4.201 jpeg-2000",
    "4.202 jpeg-2000",
]
LOSSY = [
    "4.50 jpeg",
    "4.51 jpeg",
    "4.53 jpeg",
    "4.55 jpeg",
    "4.81 jpeg-ls",
    "4.91 jpeg-2000",
    "4.93 jpeg-2000",
    "4.111 jpeg-xl",
    "4.112 jpeg-xl",
    "4.203 jpeg-2000",
    "4.100 video",
    "4.101.1 video",
    "4.102 video",
    "4.106 video",
    "4.107 video",
    "4.108 video",
]


@pytest.mark.parametrize("row", LOSSLESS + LOSSY)
def test_family_and_loss(row: str) -> None:
    number, family = row.split()
    syntax = s.SYNTAXES[f"{PREFIX}.{number}"]
    assert (syntax.family, syntax.lossy, syntax.encapsulated) == (family, row in LOSSY, True)


def test_what_has_codecs_is_what_holds_still_images_that_can_be_decoded() -> None:
    without = {syntax.uid for syntax in s.SYNTAXES.values() if syntax.uid not in BUILT_IN}
    retired = {f"{PREFIX}.4.{number}" for number in (52, 54, 56, *range(58, 67))}
    other = {uid for uid, syntax in s.SYNTAXES.items() if syntax.family in {"video", "jpip", "other"}}
    assert without == retired | other


def test_each_kind_of_codestream_has_a_syntax_that_allows_it() -> None:
    for kind, uid in s.SYNTAX_OF_KIND.items():
        assert kind in s.SYNTAXES[uid].kinds
    named = {kind for syntax in s.SYNTAXES.values() for kind in syntax.kinds}
    assert named - set(s.SYNTAX_OF_KIND) == {"jpeg-arithmetic", "rle"} | (named & {"jpeg-hierarchical"})


def test_families_with_start_markers_are_families() -> None:
    assert set(START_MARKERS) <= {syntax.family for syntax in s.SYNTAXES.values()}


def test_an_unknown_uid_counts_as_encapsulated() -> None:
    unknown = s.syntax_for("1.2.3.4")
    assert (unknown.uid, unknown.name, unknown.family, unknown.encapsulated) == ("1.2.3.4", "1.2.3.4", "other", True)
