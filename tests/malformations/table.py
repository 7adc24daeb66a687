"""All malformations, by name."""

from malformations import containers, fragments, header, jpeg, jpeg_2000, jpeg_samples, native, run_length
from malformations.case import Case

GROUPS = (native, header, containers, fragments, jpeg, jpeg_samples, jpeg_2000, run_length)
TABLE: dict[str, Case] = {f"{case.group}: {case.name}": case for module in GROUPS for case in module.CASES}
assert len(TABLE) == sum(len(module.CASES) for module in GROUPS)
