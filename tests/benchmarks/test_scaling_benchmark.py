"""The simulation against closed forms and measured runs."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest

from benchmarks.scaling.clock import Clock, Station
from benchmarks.scaling.cluster import Cluster, simulate_cluster
from benchmarks.scaling.costs import Costs, Messages
from benchmarks.scaling.learners import Learner
from benchmarks.scaling.training import PAPER_8B, simulate_training
from benchmarks.scaling.validation import MEASURED, simulated_rates


def station(servers: int, load: float, exponential: bool, jobs: int = 60_000) -> tuple[float, float]:
    """Return the mean wait and the utilisation of a station with Poisson arrivals and a mean service of one second."""
    clock, draws = Clock(), random.Random(7)
    served = Station(clock, servers)
    at = 0.0
    for _ in range(jobs):
        at += draws.expovariate(load * servers)
        seconds = draws.expovariate(1.0) if exponential else 1.0
        clock.after(at, lambda seconds=seconds: served.serve(seconds, lambda: None))  # type: ignore[misc]
    clock.run(at)
    return statistics.fmean(served.waits), served.busy_seconds / (servers * at)


def test_one_server_with_equal_jobs_waits_as_the_closed_form_says() -> None:
    """M/D/1: the mean wait is load / (2 (1 - load)) services."""
    wait, busy = station(1, 0.8, exponential=False)
    assert wait == pytest.approx(0.8 / (2 * 0.2), rel=0.05)
    assert busy == pytest.approx(0.8, rel=0.02)


def test_two_servers_wait_as_the_closed_form_says() -> None:
    """M/M/2: the mean wait is load^2 / (1 - load^2) services."""
    wait, busy = station(2, 0.7, exponential=True)
    assert wait == pytest.approx(0.49 / 0.51, rel=0.07)
    assert busy == pytest.approx(0.7, rel=0.02)


def test_jobs_are_served_in_their_order() -> None:
    """Two servers: 3 s and 1 s begin at once, 2 s at 1, 1 s at 3, together with the end of both."""
    clock = Clock()
    served, ends = Station(clock, 2), list[tuple[int, float]]()
    for number, seconds in enumerate((3.0, 1.0, 2.0, 1.0)):
        served.serve(seconds, lambda number=number: ends.append((number, clock.now)))  # type: ignore[misc]
    clock.run(10.0)
    assert ends == [(1, 1.0), (0, 3.0), (2, 3.0), (3, 4.0)]
    assert served.waits == [0.0, 0.0, 1.0, 3.0]
    assert (served.busy_seconds, served.utilisation(10.0), served.idle) == (7.0, 0.35, 2)


def test_enough_judges_do_not_slow_the_learner_down_and_too_few_do_by_their_share() -> None:
    small = replace(PAPER_8B, rollouts=128, conversations=384)
    busy = small.rollouts * small.responses / small.cycle * small.costs.mean
    assert simulate_training(replace(small, judges=round(2 * busy)), 20).slowdown == pytest.approx(1.0, abs=0.01)
    half = simulate_training(replace(small, judges=round(busy / 2)), 40)
    assert half.slowdown == pytest.approx(busy / round(busy / 2), rel=0.1)
    assert half.judge_busy == pytest.approx(1.0, abs=0.02)
    assert half == simulate_training(replace(small, judges=round(busy / 2)), 40)


@pytest.mark.parametrize(
    ("plan", "rate", "limit"),
    [
        (Cluster(cores=100, owners=1, costs=Costs(owner=0.0001)), 100 / Costs().mean, "cores"),
        (Cluster(cores=1000, owners=1, costs=Costs(owner=0.005)), 1 / 0.005, "owner"),
        (Cluster(cores=1000, bandwidth=1e6, messages=Messages(problem=0)), 1e6 / 3000, "network in"),
        (Cluster(cores=1000, bandwidth=1e7, messages=Messages(job=0), copies=5), 1e7 / (0.1 * 1e6), "network out"),
    ],
    ids=["cores", "owner", "network in", "network out"],
)
def test_the_busiest_part_limits_a_cluster(plan: Cluster, rate: float, limit: str) -> None:
    found = simulate_cluster(plan, 120.0)
    assert found.limit == limit
    assert found.jobs_per_second == pytest.approx(rate, rel=0.1)
    assert found == simulate_cluster(plan, 120.0)


def test_gpus_of_a_learner_by_hand() -> None:
    """18 operations a weight and token: 18 x 10^9 x 1,000 tokens x 1,000 rollouts, at 10^12 a second and 10 s."""
    learner = Learner(weights=1.0, cycle=10.0, tokens=1000.0, rollouts=1000, peak=2e12, share=0.5)
    assert learner.gpus == pytest.approx(18e15 / 1e13)


def test_measured_runs_come_out() -> None:
    """Within 10 % where programs compute; programs that sleep need new workers, whose start is not simulated."""
    for row, measured in MEASURED.items():
        found = simulated_rates(row)
        assert found.barrier == pytest.approx(measured.barrier, rel=0.1)
        if row == "cpu_tail":
            assert found.free == pytest.approx(measured.free, rel=0.1)
        else:
            assert measured.free < found.free < 1.5 * measured.free
