"""Seconds of fuzzing: what fuzz.campaign and fuzz.mutated_files search for minutes and hours."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dicompix
from fuzz.judge import GOOD, Outcome, judged
from fuzz.mutate import mutated, rows
from fuzz.mutated_files import BY_CHANCE, cases, every_length, judge
from fuzz.sandbox import Sandbox, fatal, judge_target
from fuzz.targets import TARGETS, Target

OURS = [target for target in TARGETS.values() if not target.fragile]
FRAGILE = [target for target in TARGETS.values() if target.fragile]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_search_begins_with_inputs_that_mean_something(target: Target) -> None:
    outcomes = {judged(target.run, seed).outcome for seed in target.seeds}
    assert outcomes & {Outcome.PIXELS, Outcome.WARNING}
    assert outcomes <= GOOD


@pytest.mark.parametrize("target", OURS, ids=lambda target: target.name)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_our_own_functions_end_well(target: Target, data: st.DataObject) -> None:
    verdict = judged(target.run, data.draw(rows(target.seeds)))
    assert verdict.good, verdict


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.mark.parametrize("target", FRAGILE, ids=lambda target: target.name)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_files_end_well(target: Target, sandbox: Sandbox, data: st.DataObject) -> None:
    strategy = rows(target.seeds, own=False)
    given_files = [(target.name, file) for file in data.draw(st.lists(strategy, min_size=10, max_size=10))]
    for verdict in sandbox.verdicts(judge_target, given_files):
        assert verdict.good, verdict


def test_mutated_files_end_well(sandbox: Sandbox) -> None:
    found = cases(900, None)
    assert {case.change for case in found} == set(BY_CHANCE)
    bad = [(case, verdict) for case, verdict in zip(found, sandbox.verdicts(judge, found), strict=True)]
    assert not [(case, verdict) for case, verdict in bad if not verdict.good]


def test_files_cut_short_give_the_whole_ones_pixels_or_say_so(sandbox: Sandbox) -> None:
    found = every_length()[::9]
    verdicts = list(sandbox.verdicts(judge, found))
    assert not [(case, verdict) for case, verdict in zip(found, verdicts, strict=True) if not verdict.good]
    assert Outcome.PIXELS in {verdict.outcome for verdict in verdicts}


def explode(data: bytes) -> None:
    raise KeyError(data.decode())


def test_a_foreign_exception_is_told_from_ours() -> None:
    verdict = judged(explode, b"x")
    assert verdict.outcome is Outcome.FOREIGN
    assert not verdict.good
    assert verdict.where.startswith("KeyError")


def test_a_crash_is_a_verdict_and_the_next_input_is_judged(sandbox: Sandbox) -> None:
    case = cases(1, None)[0]
    (crash,) = sandbox.verdicts(fatal, [case])
    assert crash.outcome is Outcome.CRASH
    (after,) = sandbox.verdicts(judge, [case])
    assert after.good


def test_files_end_well_where_decoding_is_isolated() -> None:
    random = Random(0)
    with dicompix.isolated(timeout=20, workers=1):
        for target in FRAGILE:
            whole = judged(target.run, target.seeds[0])
            assert whole.outcome in {Outcome.PIXELS, Outcome.WARNING}, whole
            for _ in range(5):
                verdict = judged(target.run, mutated(random.choice(target.seeds), random))
                assert verdict.good, verdict
