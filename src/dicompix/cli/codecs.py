"""The command `codecs`: which codec decodes and encodes which transfer syntax, and how to get a missing one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicompix.cli.group import misuse
from dicompix.cli.options import AsJson, known_syntaxes

if TYPE_CHECKING:
    from dicompix.pixels.codecs import CodecEntry
    from dicompix.pixels.registry import Registry


Syntax = Annotated[
    str,
    typer.Argument(
        metavar="SYNTAX",
        help="Transfer syntax: UID, name, or short as j2k-lossless; all where absent.",
        autocompletion=known_syntaxes,
    ),
]


def codecs(uid: Syntax = "", *, json: AsJson = False) -> None:
    """List the codecs of each transfer syntax: chosen, available, or missing and how to get it."""
    from dicompix.pixels.codecs import BUILT_IN
    from dicompix.pixels.compat.recode.names import syntax_uid
    from dicompix.pixels.registry import registry

    uids = list(BUILT_IN)
    if uid:
        with misuse():
            uids = [uid] if registry.entries(uid) else [syntax_uid(uid)]
    if json:
        from dicompix.cli.output import print_json

        print_json({"syntaxes": [_described(one) for one in uids]})
        return
    for one in uids:
        print(registry.explain(one))


def _described(uid: str) -> dict[str, Any]:
    """Return what `Registry.explain` says as values; the order of the codecs is the preference."""
    from dicompix.pixels.registry import registry
    from dicompix.pixels.syntaxes import syntax_for

    syntax = syntax_for(uid)
    return {
        "uid": uid,
        "name": syntax.name,
        "family": syntax.family,
        "lossy": syntax.lossy,
        "decoders": _states(registry, registry.entries(uid)),
        "encoders": _states(registry.encoding, registry.encoders(uid)),
        "unsupported": "" if registry.entries(uid) else registry.unsupported(uid),
    }


def _states(registry: "Registry", entries: "tuple[CodecEntry, ...]") -> list[dict[str, str]]:
    from dicompix.pixels.registry import how_to_get

    found: list[dict[str, str]] = []
    for entry in entries:
        why = registry.reason(entry)
        taken = any(one["state"] == "chosen" for one in found)
        found.append(
            {
                "name": entry.name,
                "state": "missing" if why else "available" if taken else "chosen",
                "reason": why,
                "how_to_get": how_to_get(entry) if why else "",
                "passed_over_for": entry.wrong_for,
            }
        )
    return found
