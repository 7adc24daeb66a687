"""What to do about findings: warn and go on, refuse them, or salvage what there is of a broken frame."""

from collections.abc import Iterable
from typing import Literal, get_args

from dicompix.pixels.errors import BadValueError, Finding, FormatError, FrameError

Policy = Literal["strict", "warn", "salvage"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
SEVERITIES = ("info", "warning", "error")  # the least first
# Findings about this machine, not about the file.
OURS = frozenset({"codec-fallback", "large-frame", "large-array"})


class DeviationError(FormatError, FrameError):
    """Pixel data that breaks a rule, under the policy "strict"; `findings` are all that was known by then."""

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


def policy_of(errors: str) -> Policy:
    """Return a policy by its name, or raise BadValueError.

    >>> policy_of("strict")
    'strict'
    """
    for policy in POLICIES:
        if errors == policy:
            return policy
    raise BadValueError(f"errors is {errors!r}, needed one of {', '.join(map(repr, POLICIES))}")


def refuse(findings: Iterable[Finding]) -> None:
    """Raise DeviationError where a finding is a warning or an error about the pixel data.

    >>> refuse([Finding(code="odd-length", message="the pad byte is missing", severity="info")])
    """
    odd = tuple(found for found in findings if found.severity != "info" and found.code not in OURS)
    if odd:
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise DeviationError(f"{odd[0]}{more}; refused, as errors is 'strict'", odd)


def worst_of(findings: Iterable[Finding]) -> str:
    """Return the greatest severity among findings, "" where there are none."""
    return max((found.severity for found in findings), key=SEVERITIES.index, default="")
