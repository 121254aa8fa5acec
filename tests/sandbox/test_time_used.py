"""The decision about time, for given figures: a program is charged only for what it used itself."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rlef_env.sandbox import Limits, Status
from rlef_env.sandbox.time_used import TimeLimits, TimeUsed, status_at_the_end, status_so_far

ONE_SECOND = TimeLimits.of(Limits(cpu_seconds=1.0))  # so idle 1 s, wall 20 s
TRACE = Path(__file__).parents[3] / "shared/faults/starved-machine.jsonl"
TRACED = [json.loads(line) for line in TRACE.read_text().splitlines()] if TRACE.exists() else []

SO_FAR = {
    "it waited for a core, so it is not to blame": (
        TimeUsed(wall=25, cpu=0.4, off_core=24.6, queued=24.5),
        Status.STARVED,
    ),
    "it waits, and may continue": (TimeUsed(wall=15, cpu=0.4, off_core=14.6, queued=14.5), None),
    "its cores stood still for a while": (TimeUsed(wall=3, cpu=0.4, off_core=2.6, queued=1.2, stolen=1.4), None),
    "its cores stood still for long": (TimeUsed(wall=161, cpu=0.4, off_core=160.6, stolen=160), Status.STARVED),
    "it waits for the disk": (TimeUsed(wall=8, cpu=0.4, off_core=7.6, waiting=7.5), None),
    "it waited for the disk for long": (TimeUsed(wall=21, cpu=0.4, off_core=20.6, waiting=20.5), Status.STARVED),
    "it sleeps": (TimeUsed(wall=2, cpu=0.1, off_core=1.9), Status.TIME_LIMIT),
    "it sleeps less than it may": (TimeUsed(wall=1, cpu=0.1, off_core=0.9), None),
    "it computes": (TimeUsed(wall=1.1, cpu=1.05), Status.TIME_LIMIT),
    "it computes, and waits for a core": (TimeUsed(wall=9, cpu=1.05, off_core=7.95, queued=7.9), Status.TIME_LIMIT),
    "two threads compute": (TimeUsed(wall=0.6, cpu=1.1), Status.TIME_LIMIT),
    "it is charged for time that its core did not have": (TimeUsed(wall=3, cpu=2.5, stolen=1.8), None),
    "it computes on a core that is stolen from": (TimeUsed(wall=3, cpu=2.9, stolen=1.8), Status.TIME_LIMIT),
    "one tick of the kernel's counters is no stolen time": (
        TimeUsed(wall=1.1, cpu=1.01, stolen=0.02),
        Status.TIME_LIMIT,
    ),
    "a little of a long wait was stolen": (TimeUsed(wall=19, cpu=0.1, off_core=18.9, queued=17.75, stolen=0.18), None),
    "a little of a long wait was stolen, and charged": (
        TimeUsed(wall=20, cpu=1.15, off_core=18.85, queued=18.8, stolen=0.19),
        None,
    ),
    "it sleeps between samples": (TimeUsed(wall=21, cpu=0.5, off_core=20.5, queued=1), Status.TIME_LIMIT),
}


@pytest.mark.parametrize("case", SO_FAR)
def test_a_run_in_progress(case: str) -> None:
    used, status = SO_FAR[case]
    assert status_so_far(used, ONE_SECOND) is status


def test_a_program_that_is_ready_to_run_is_not_killed_for_idle_time() -> None:
    used = TimeUsed(wall=2, cpu=0.1, off_core=1.9)
    assert status_so_far(used, ONE_SECOND, may_sleep=True) is None


def test_time_in_which_another_program_works_is_not_idle_time() -> None:
    used = TimeUsed(wall=5, cpu=0.1, off_core=4.9)
    assert status_so_far(used, ONE_SECOND, excused=4.5) is None
    assert status_so_far(used, ONE_SECOND, excused=3.5) is Status.TIME_LIMIT


AT_THE_END = {
    "within, whatever was stolen": (TimeUsed(wall=30, cpu=0.99, stolen=20), None),
    "over, and nothing was stolen": (TimeUsed(wall=1.2, cpu=1.01), Status.TIME_LIMIT),
    "over, whatever was stolen": (TimeUsed(wall=4, cpu=3.2, stolen=2.0), Status.TIME_LIMIT),
    "undecided": (TimeUsed(wall=4, cpu=1.6, stolen=2.4), Status.STARVED),
    "far over, though more was stolen than it was charged": (
        TimeUsed(wall=40, cpu=20, stolen=30),  # a quarter of 20 s is more than twice the limit and half a second
        Status.TIME_LIMIT,
    ),
    "it ended by itself long after the wall limit": (TimeUsed(wall=90, cpu=0.4, off_core=89.6), None),
}


@pytest.mark.parametrize("case", AT_THE_END)
def test_a_run_that_ended_by_itself(case: str) -> None:
    used, status = AT_THE_END[case]
    assert status_at_the_end(used, ONE_SECOND) is status


seconds = st.floats(0, 1000)


@example(limit=0.25, cost=0.0, stolen=0.5, charged=0.0, waiting=47.0)
@given(limit=st.floats(0.05, 100), cost=st.floats(0, 1), stolen=seconds, charged=st.floats(0, 1), waiting=seconds)
def test_no_program_within_its_limit_is_over_it_whatever_time_is_stolen(
    limit: float, cost: float, stolen: float, charged: float, waiting: float
) -> None:
    """Any part of the stolen time may have been charged; the rest, and more, was waiting. This leaves out the one
    estimate in the decision: programs over twice the limit if the stolen time is spread evenly."""
    wall = cost * limit + stolen + waiting
    cpu = cost * limit + charged * stolen
    used = TimeUsed(wall, cpu, wall - cpu, waiting, waiting, stolen)
    assume((used.min_cpu < cpu or cpu < limit) and used.shared_cpu < 2 * limit + 0.5)
    limits = TimeLimits.of(Limits(cpu_seconds=limit * 1.000001))  # for what floats lose
    assert status_so_far(used, limits) is not Status.TIME_LIMIT
    assert status_at_the_end(used, limits) is not Status.TIME_LIMIT


# --- a real machine that is starved: docs/design.md -----------------------------------------------------------------


def lost(row: dict[str, Any]) -> list[float]:
    """Return, for each core, the time of a run that no column of /proc/stat except steal accounts for."""
    return [max(0.0, row["outer_wall"] - sum(row[core][:7]) / 100) for core in ("ticks_cpu0", "ticks_cpu1")]


def limit_of(program: str) -> TimeLimits:
    least: float = min(row["cpu"] for row in TRACED if row["program"] == program)
    return TimeLimits.of(Limits(cpu_seconds=max(0.1, 10 * least)))


@pytest.mark.skipif(not TRACED, reason="needs the developers' ../shared/faults")
@pytest.mark.parametrize("program", ["add", "loop", "memory"])
def test_no_honest_run_of_the_starved_machine_is_a_time_limit(program: str) -> None:
    """Whichever of its two cores is used to measure the stolen time."""
    rows, limits = [row for row in TRACED if row["program"] == program], limit_of(program)
    assert any(row["cpu"] > limits.cpu for row in rows), "the trace must hold what was wrongly refused"
    for row in rows:
        for stolen in lost(row):
            off_core = max(0.0, row["wall"] - row["cpu"])  # these programs never sleep, so they waited
            used = TimeUsed(row["wall"], row["cpu"], off_core, waiting=off_core, stolen=stolen)
            assert status_so_far(used, limits) is not Status.TIME_LIMIT
            assert status_at_the_end(used, limits) is not Status.TIME_LIMIT


@pytest.mark.skipif(not TRACED, reason="needs the developers' ../shared/faults")
def test_a_program_that_never_ends_is_a_time_limit_on_the_starved_machine_too() -> None:
    """It is charged at the rate of the trace's loop, on a core that loses as much as the core there."""
    limits, ends = limit_of("loop"), []
    for row in (row for row in TRACED if row["program"] == "loop"):
        for stolen in lost(row):
            cpu_rate, loss_rate = row["cpu"] / row["wall"], stolen / row["outer_wall"]
            for seconds in count(1):
                wall = seconds / 10
                used = TimeUsed(wall, cpu_rate * wall, (1 - cpu_rate) * wall, stolen=loss_rate * wall)
                if (status := status_so_far(used, limits, may_sleep=True)) is not None:
                    ends.append(status)
                    break
    assert ends.count(Status.TIME_LIMIT) / len(ends) > 0.9, ends
    assert set(ends) <= {Status.TIME_LIMIT, Status.STARVED}
