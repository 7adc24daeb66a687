"""`errors` of dcmread and pixel_array_options: a data set keeps its policy among its decoding options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dicompix.pixels.compat.cut import lost_findings
from dicompix.pixels.compat.results import Results
from dicompix.pixels.policy import policy_of, refuse
from dicompix.pixels.read import Dataset
from dicompix.pixels.read.display import fill_of


def policy_for(dataset: Dataset) -> str:
    """Return what a data set's pixel data is decoded under: "warn" unless it was told."""
    options: Mapping[str, Any] = dataset.__dict__.get("_pixel_array_opts") or {}
    return str(options.get("errors", "warn"))


def with_policy(options: dict[str, Any], dataset: Dataset) -> dict[str, Any]:
    """Return new decoding options with the data set's policy, unless they name another one."""
    policy = policy_of(options.get("errors", policy_for(dataset)))
    return options if policy == "warn" else {**options, "errors": policy}


def set_policy(dataset: Any, errors: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Have a data set's pixel data decoded under a policy; BadValueError for what is none.

    `args` and `kwargs` are those of the `dcmread` that gave it: "strict" also refuses what its file had wrong.
    """
    if policy_of(errors) != "warn":
        dataset.pixel_array_options(errors=errors)
    if errors == "strict":
        refuse(lost_findings(args, kwargs))


def filling(results: Results, dataset: Dataset) -> Results:
    """Return results whose missing samples, where frames are salvaged, get the data set's padding value."""
    if results.decoder.fill is not None:
        results.decoder = replace(results.decoder, fill=fill_of(dataset, results.fmt))
    return results
