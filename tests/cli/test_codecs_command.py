"""`dicompix codecs`: which there are, in which order, and how to get a missing one."""

import json

import pytest
from typer.testing import CliRunner

from dicompix.cli.commands import app
from dicompix.pixels import syntaxes as s
from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.registry import registry

RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (["1.2.840.10008.1.2.4.90"], "imagecodecs: chosen"),
        (["j2k-lossless"], "JPEG 2000 Lossless (1.2.840.10008.1.2.4.90)"),
        ([], "RLE Lossless"),
        (["1.2.840.10008.1.2.4.100"], "video decoder"),
    ],
)
def test_codecs_lists_them(arguments: list[str], phrase: str) -> None:
    result = RUNNER.invoke(app, ["codecs", *arguments])
    assert result.exit_code == 0
    assert phrase in result.stdout


def test_json_has_every_syntax_with_the_order_of_its_codecs() -> None:
    found = json.loads(RUNNER.invoke(app, ["codecs", "--json"]).stdout)["syntaxes"]
    assert [one["uid"] for one in found] == list(BUILT_IN)
    rle = next(one for one in found if one["uid"] == s.RLE_LOSSLESS)
    assert [codec["name"] for codec in rle["decoders"]][:3] == ["imagecodecs", "dicompix", "pylibjpeg-rle"]
    assert [codec["state"] for codec in rle["decoders"]][:3] == ["chosen", "available", "available"]
    assert rle["decoders"][3]["passed_over_for"] == "gdcm rle"
    assert [codec["name"] for codec in rle["encoders"]] == ["imagecodecs", "dicompix", "pylibjpeg-rle"]


def test_a_missing_codec_says_how_to_get_it() -> None:
    registry.add(s.RLE_LOSSLESS, CodecEntry("absent", "nowhere:decode", ("no-such-codec>=1.0",)), first=True)
    try:
        (rle,) = json.loads(RUNNER.invoke(app, ["codecs", "rle", "--json"]).stdout)["syntaxes"]
    finally:
        registry.remove(s.RLE_LOSSLESS, "absent")
    missing = {"name": "absent", "state": "missing", "reason": "no-such-codec is not installed"}
    how = 'pip install "no-such-codec>=1.0"'
    assert rle["decoders"][0] == {**missing, "how_to_get": how, "passed_over_for": ""}
    assert rle["decoders"][1]["state"] == "chosen"


def test_a_syntax_that_a_plugin_brings_is_known_by_its_uid() -> None:
    registry.add("1.2.3.4.5", CodecEntry("theirs", "somewhere:decode"))
    try:
        result = RUNNER.invoke(app, ["codecs", "1.2.3.4.5"])
    finally:
        registry.remove("1.2.3.4.5", "theirs")
    assert "theirs: chosen" in result.stdout
