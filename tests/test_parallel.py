"""The one thread pool: order, failures, nesting, and cores."""

import os
import sys
from threading import current_thread
from time import sleep

import pytest

from dicompix.pixels import parallel
from dicompix.pixels.parallel import available_cores, in_parallel, usable_cores

WORKERS = max(2, available_cores())  # one worker for each core: each thread stays on its own
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds threads to cores here")


def test_results_are_in_the_order_of_their_numbers() -> None:
    def slow_at_first(number: int) -> int:
        sleep(0.002 * (number < 3))
        return number * number

    assert in_parallel(slow_at_first, 20, WORKERS) == [i * i for i in range(20)]


@pytest.mark.parametrize("workers", [1, 2, WORKERS])
def test_the_failure_of_the_lowest_number_is_raised(workers: int) -> None:
    def fails(number: int) -> int:
        sleep(0.002 * (number == 3))  # a later one fails before it
        if number >= 3:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match=r"^3$"):
        in_parallel(fails, 50, workers)


def test_a_failure_leaves_the_rest_undone() -> None:
    done = []

    def fails(number: int) -> None:
        done.append(number)
        sleep(0.001)
        if number == 0:
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # it has no text
        in_parallel(fails, 1000, 2)
    assert len(done) < 1000


@pytest.mark.skipif(available_cores() < 2, reason="nothing runs in parallel on one core")
def test_a_nested_call_stays_on_its_thread() -> None:
    def nested(_: int) -> set[str]:
        assert usable_cores() == 1
        return {current_thread().name, *in_parallel(lambda _: current_thread().name, 3, WORKERS)}

    assert all(len(names) == 1 for names in in_parallel(nested, 4, WORKERS))


@linux
@pytest.mark.parametrize("fail", [False, True])
def test_threads_get_all_their_cores_back(fail: bool) -> None:  # noqa: FBT001
    before = os.sched_getaffinity(0)

    def job(number: int) -> set[int]:
        if fail:
            raise ValueError(number)
        return os.sched_getaffinity(0)

    if fail:
        with pytest.raises(ValueError, match="0"):
            in_parallel(job, 8, WORKERS)
    else:
        assert all(len(cores) == 1 for cores in in_parallel(job, 8, WORKERS)) or available_cores() == 1
    pool = parallel._pool(os.getpid())
    assert [pool.submit(os.sched_getaffinity, 0).result() for _ in range(8)] == [before] * 8
    assert os.sched_getaffinity(0) == before


@linux
def test_fewer_workers_than_cores_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    bound: list[list[int]] = []
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: bound.append(cores))
    assert in_parallel(lambda i: i, 4, 2) == [0, 1, 2, 3]
    assert not bound


@linux
def test_a_system_that_forbids_binding_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(process: int, cores: list[int]) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    assert in_parallel(lambda i: i, 4, WORKERS) == [0, 1, 2, 3]


def test_the_environment_lowers_the_cores_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICOMPIX_WORKERS", "1")
    assert available_cores() == 1
    monkeypatch.setenv("DICOMPIX_WORKERS", "many")
    assert available_cores() >= 1
