"""Which codec is asked, in which order, why one cannot be, and what a third party may add."""

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

from dicompix.pixels import registry as registry_module
from dicompix.pixels.codecs import BUILT_IN, CodecEntry
from dicompix.pixels.codecs.base import DecodeRequest, Frame
from dicompix.pixels.codestream import peek
from dicompix.pixels.decode import decode_frame
from dicompix.pixels.errors import BadValueError, CodecError, MissingCodecError, PixelError, UnsupportedError
from dicompix.pixels.format import PixelFormat
from dicompix.pixels.frames import Buffer
from dicompix.pixels.registry import WRONG_FOR, Registry, how_to_get, missing_reason, registry
from dicompix.pixels.syntaxes import HTJ2K, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS, JPEG_XL, RLE_LOSSLESS, SYNTAXES
from dicompix.pixels.testing import make_format
from support.arrays import gray
from support.golden import GOLDEN
from support.packing import rle

HERE = f"{__name__}:"
OWN = "1.2.3.4.5"
FMT = make_format((1, 2), transfer_syntax=OWN)


def constant(value: int) -> Callable[[Buffer, PixelFormat, DecodeRequest], Frame]:
    def decode(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
        return Frame(np.full(fmt.frame_shape, value, fmt.dtype), fmt.photometric)

    return decode


def failing(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    raise CodecError("not today")


def out_of_memory(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    raise MemoryError


class Known(Registry):
    """A registry whose codecs are given as functions, by name."""

    def __init__(self, **codecs: object) -> None:
        super().__init__({OWN: tuple(CodecEntry(name, f"none:{name}") for name in codecs)})
        self._loaded.update({f"none:{name}": codec for name, codec in codecs.items()})  # type: ignore[misc]


def names(codecs: Registry, uid: str, choice: str | list[str] | None = None) -> list[str]:
    return [entry.name for entry in codecs.find(uid, choice)]


def test_the_first_in_the_table_is_asked_first() -> None:
    codecs = Known(one=constant(1), two=constant(2))
    assert names(codecs, OWN) == ["one", "two"]
    frame = decode_frame(b"", FMT, codecs=codecs)
    assert (frame.array.tolist(), frame.findings) == ([[1, 1]], ())


def test_one_or_an_order_can_be_named() -> None:
    codecs = Known(one=constant(1), two=constant(2), three=constant(3))
    assert names(codecs, OWN, "two") == ["two"]
    assert names(codecs, OWN, ["three", "one"]) == ["three", "one"]
    assert decode_frame(b"", FMT, codecs=codecs, codec="two").array.tolist() == [[2, 2]]


def test_a_family_name_stands_for_its_members() -> None:
    assert names(registry, JPEG_LS, "pylibjpeg") == ["pylibjpeg-libjpeg"]
    assert names(registry, RLE_LOSSLESS, "pylibjpeg") == ["pylibjpeg-rle"]


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(BadValueError, match=r"No plugin named 'gcdm' .*'imagecodecs', .*'gdcm'") as found:
        registry.find(JPEG_BASELINE, "gcdm")
    assert isinstance(found.value, ValueError)
    with pytest.raises(BadValueError, match="'two'"):
        registry.find(JPEG_BASELINE, ["imagecodecs", "two"])
    with pytest.raises(BadValueError):
        registry.find(JPEG_BASELINE, [])


def test_after_a_failure_the_next_is_asked_and_that_is_reported() -> None:
    frame = decode_frame(b"", FMT, codecs=Known(bad=failing, good=constant(7)))
    assert frame.array.tolist() == [[7, 7]]
    (finding,) = frame.findings
    assert (finding.code, finding.found, finding.used) == ("codec-fallback", "bad", "good")
    assert "not today" in str(finding)


def test_when_all_fail_each_is_named() -> None:
    with pytest.raises(CodecError) as found:
        decode_frame(b"", FMT, codecs=Known(bad=failing, worse=failing))
    text = str(found.value)
    assert "Unable to decode as exceptions were raised by all available plugins:\n" in text
    assert "bad: not today" in text
    assert "worse: not today" in text
    assert isinstance(found.value, RuntimeError)
    assert isinstance(found.value.__cause__, CodecError)


def test_no_other_codec_is_asked_when_memory_is_short() -> None:
    with pytest.raises(MemoryError):
        decode_frame(b"", FMT, codecs=Known(full=out_of_memory, good=constant(7)))


def test_a_codec_that_trusts_its_streams_is_not_asked_after_a_failure() -> None:
    codecs = Known(strict=failing, trusting=constant(1), last=constant(2))
    codecs.add(OWN, CodecEntry("trusting", "none:trusting", trusting=True), first=True)
    assert decode_frame(b"", FMT, codecs=codecs).array.tolist() == [[1, 1]]
    codecs.add(OWN, CodecEntry("strict", "none:strict"), first=True)
    assert decode_frame(b"", FMT, codecs=codecs).array.tolist() == [[2, 2]]
    with pytest.raises(CodecError, match="trusting: not asked"):
        decode_frame(b"", FMT, codecs=codecs, codec=["strict", "trusting"])


def test_add_and_remove() -> None:
    codecs = Known(one=constant(1))
    assert names(codecs, OWN) == ["one"]
    codecs.add(OWN, CodecEntry("two", "none:two"))
    assert names(codecs, OWN) == ["one", "two"]
    codecs.add(OWN, CodecEntry("three", "none:three"), first=True)
    assert names(codecs, OWN) == ["three", "one", "two"]
    codecs.add(OWN, CodecEntry("one", "none:one", honours=("out",)))
    assert names(codecs, OWN) == ["three", "two", "one"]
    codecs.remove(OWN, "three")
    assert names(codecs, OWN) == ["two", "one"]
    with pytest.raises(BadValueError, match=r"no codec named 'three'.*'two', 'one'"):
        codecs.remove(OWN, "three")
    assert OWN not in BUILT_IN


@pytest.mark.parametrize(
    ("target", "why"),
    [("no_such_module_at_all:decode", "no_such_module_at_all"), ("dicompix.pixels.codecs.native:nothing", "nothing")],
)
def test_a_codec_that_cannot_be_loaded_says_why(target: str, why: str) -> None:
    codecs = Registry({OWN: (CodecEntry("broken", target, ("numpy>=1.0",)),)})
    entry = codecs.find(OWN)[0]
    with pytest.raises(MissingCodecError, match=f"{why}.*pip install") as found:
        codecs.load(entry)
    assert isinstance(found.value, RuntimeError)
    assert why in codecs.reason(entry)
    with pytest.raises(MissingCodecError, match=r"missing dependencies.*broken"):
        codecs.find(OWN)


@pytest.mark.parametrize(
    ("needs", "extra", "command"),
    [
        (("no-such-thing>=1.5",), "", 'pip install "no-such-thing>=1.5"'),
        (("no-such-thing>=1.5",), "gdcm", 'pip install "dicompix[gdcm]"'),
        (("numpy>=1.0", "no-such-thing>=2"), "", 'pip install "numpy>=1.0" "no-such-thing>=2"'),
    ],
)
def test_a_missing_codec_comes_with_its_pip_command(needs: tuple[str, ...], extra: str, command: str) -> None:
    entry = CodecEntry("absent", "absent:decode", needs, extra)
    codecs = Registry({OWN: (entry,)})
    assert how_to_get(entry) == command
    with pytest.raises(MissingCodecError, match=re.escape(command)):
        codecs.find(OWN)
    assert f"absent: missing: no-such-thing is not installed; {command}" in codecs.explain(OWN)


def test_an_old_version_is_missing_too() -> None:
    assert re.fullmatch(r"numpy is [\d.]+\S*, needed 9999.1 or newer", missing_reason("numpy>=9999.1"))
    assert missing_reason("numpy") == ""


def test_the_first_that_is_there_is_chosen() -> None:
    absent = CodecEntry("absent", "absent:decode", ("no-such-thing>=1.5",))
    there = CodecEntry("there", "dicompix.pixels.codecs.native:decode")
    codecs = Registry({OWN: (absent, there)})
    assert names(codecs, OWN) == ["there"]
    lines = codecs.explain(OWN).splitlines()
    assert lines[1].startswith("  absent: missing")
    assert lines[2] == "  there: chosen"


def test_explain_names_what_a_codec_is_passed_over_for() -> None:
    text = registry.explain(HTJ2K)
    assert "imagecodecs: chosen; passed over for: lossy htj2k" in text
    assert "imagecodecs-openjpeg: available" in text


@pytest.mark.parametrize("uid", [uid for uid in SYNTAXES if uid not in BUILT_IN])
def test_what_nothing_decodes_says_what_to_do(uid: str) -> None:
    with pytest.raises(UnsupportedError) as found:
        registry.find(uid)
    text = str(found.value)
    assert isinstance(found.value, NotImplementedError)
    assert uid in text
    assert SYNTAXES[uid].name in text
    hint = {
        "video": "FFmpeg",
        "jpip": "(0028,7FE0) 'Pixel Data Provider URL'",
        "other": "dicompix.codecs",
        "jpeg": "arithmetic or hierarchical",
    }
    assert hint[SYNTAXES[uid].family] in text
    assert text in registry.explain(uid)


# One codec at a time, for a stream that it is known to get wrong.
WRONG = [
    ("imagecodecs", HTJ2K, make_format((2, 2), transfer_syntax=HTJ2K)),
    ("pylibjpeg-libjpeg", JPEG_LOSSLESS, make_format((2, 2), 16, transfer_syntax=JPEG_LOSSLESS)),
    ("gdcm", RLE_LOSSLESS, make_format((2, 2), 32, transfer_syntax=RLE_LOSSLESS)),
    ("gdcm", RLE_LOSSLESS, make_format((2, 2, 3), 16, transfer_syntax=RLE_LOSSLESS)),
    ("gdcm", JPEG_LS, make_format((2, 2), 15, transfer_syntax=JPEG_LS)),
    ("gdcm", JPEG_BASELINE, make_format((2, 2, 3), transfer_syntax=JPEG_BASELINE)),
]


@pytest.mark.parametrize(("name", "uid", "fmt"), WRONG)
def test_a_codec_with_a_known_wrong_answer_is_passed_over(name: str, uid: str, fmt: PixelFormat) -> None:
    stream = peek(GOLDEN["baseline-8"].stream, "jpeg")
    all_of_them = names(registry, uid)
    if name not in all_of_them:
        pytest.skip(f"{name} is not installed")
    left = [entry.name for entry in registry.find(uid, None, fmt, stream)]
    assert name not in left
    assert left == [other for other in all_of_them if other in left]
    assert registry.find(uid, name, fmt, stream)[0].name == name


def test_when_every_installed_codec_is_wrong_that_is_said() -> None:
    entry = CodecEntry("only", "none:only", wrong_for="lossy htj2k")
    with pytest.raises(MissingCodecError, match="known to be wrong"):
        Registry({OWN: (entry,)}).find(OWN, None, FMT, peek(GOLDEN["baseline-8"].stream, "jpeg"))


def test_every_condition_of_the_table_exists() -> None:
    named = {entry.wrong_for for entries in BUILT_IN.values() for entry in entries}
    assert named - {""} == set(WRONG_FOR)


def plugin_codec(data: Buffer, fmt: PixelFormat, want: DecodeRequest) -> Frame:
    return constant(9)(data, fmt, want)


PLUGIN = {OWN: (CodecEntry("mine", f"{HERE}plugin_codec"),), JPEG_XL: [CodecEntry("mine", f"{HERE}plugin_codec")]}


def test_packages_add_codecs_and_syntaxes_through_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        EntryPoint("good", f"{HERE}PLUGIN", "dicompix.codecs"),
        EntryPoint("bad", "no_such_module_at_all:X", "dicompix.codecs"),
    ]
    asked: list[str] = []

    def entry_points(*, group: str) -> EntryPoints:
        asked.append(group)
        return EntryPoints(found)

    monkeypatch.setattr(registry_module, "entry_points", entry_points)
    codecs = Registry(BUILT_IN, plugins=True)
    assert asked == []
    assert names(codecs, OWN) == ["mine"]
    assert names(codecs, JPEG_XL)[-1] == "mine"
    assert decode_frame(b"", FMT, codecs=codecs).array.tolist() == [[9, 9]]
    assert asked == ["dicompix.codecs"]
    text = codecs.explain(OWN)
    assert "mine: chosen" in text
    assert "entry point bad: ModuleNotFoundError: No module named 'no_such_module_at_all'" in text


def test_without_plugins_none_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "entry_points", None)
    assert names(Registry(), RLE_LOSSLESS)


def test_real_codecs_agree_by_name() -> None:
    frame = gray(8)
    fmt = make_format(frame.shape, transfer_syntax=RLE_LOSSLESS)
    for name in names(registry, RLE_LOSSLESS):
        found = decode_frame(rle(frame), fmt, codec=name)
        np.testing.assert_array_equal(found.array, frame)
        assert found.findings == ()


def test_errors_are_ours() -> None:
    for kind in (BadValueError, MissingCodecError, UnsupportedError, CodecError):
        assert issubclass(kind, PixelError)
